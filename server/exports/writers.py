"""The writers of sheets by file suffix. Their libraries are imported by the thread that writes.

Importing them takes a quarter of a second: at the start for nothing, since most servers export once
a month, and on the event loop in everybody's way.
"""

from server.exports.sheet import Sheet


def write_xlsx(sheet: Sheet) -> bytes:
    """Returns a sheet as an Excel file."""
    from server.exports.xlsx import write_xlsx as write

    return write(sheet)


def write_csv(sheet: Sheet) -> bytes:
    """Returns a sheet as CSV."""
    from server.exports.delimited import write_csv as write

    return write(sheet)


def write_pdf(sheet: Sheet) -> bytes:
    """Returns a sheet as a print to sign."""
    from server.exports.pdf import write_pdf as write

    return write(sheet)
