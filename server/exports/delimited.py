"""Writes a table as CSV that a double click opens rightly in Excel, and that runs nothing.

An Indonesian Excel splits at semicolons and writes 0,5; an English one at commas. The byte order
mark tells both that it is UTF-8. A cell that a spreadsheet would take for a formula gets an
apostrophe before it (OWASP, CSV injection). A NIP is written in its groups: of 18 digits in a row
Excel keeps 15; the import of employees reads groups as well.
"""

import csv
import io
from decimal import Decimal

from server.domain.nip import is_nip
from server.exports.sheet import Cell, Sheet

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(sheet: Sheet) -> bytes:
    """Returns the file: headings, rows; title and notes are for people and not in it."""
    indonesian = sheet.language == "id"
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=";" if indonesian else ",")
    writer.writerow(column.heading for column in sheet.columns)
    for cells in sheet.rows:
        writer.writerow(_cell(cell, comma=indonesian) for cell in cells)
    return target.getvalue().encode("utf-8-sig")


def _cell(cell: Cell, *, comma: bool) -> str:
    if isinstance(cell, str) and is_nip(cell):
        return " ".join((cell[:8], cell[8:14], cell[14], cell[15:]))
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_FORMULA) else cell
    if isinstance(cell, Decimal) and comma:
        return str(cell).replace(".", ",")
    return str(cell)
