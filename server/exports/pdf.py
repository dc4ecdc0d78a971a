"""Writes a table as a print: A4 landscape, headings on every page, page numbers, a signature.

The font is one that the library brings: nothing is downloaded. Signs that it lacks are shown as
boxes.
"""

import io
from decimal import Decimal
from functools import cache, partial
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

from server.exports.sheet import Cell, Sheet

_FONT, _BOLD = "Vera", "VeraBd"
_SIZE, _HEAD_SIZE = 7, 11
_MARGIN = 12 * mm
# A matrix of 31 days is wider than paper at the usual size: it gets a smaller one.
_SIZE_MIN = 4.5
_WIDTH_OF_CHARACTER = 0.62


def write_pdf(sheet: Sheet) -> bytes:
    """Returns the file. 1,000 rows take 1.4 to 2.6 s: only in the thread of reports."""
    _register_fonts()
    target = io.BytesIO()
    width = landscape(A4)[0] - 2 * _MARGIN
    document = SimpleDocTemplate(
        target,
        pagesize=landscape(A4),
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN + 4 * mm,
        title=sheet.title,
        invariant=True,
    )
    asked = sum(column.width for column in sheet.columns)
    size = max(_SIZE_MIN, min(_SIZE, width / asked / _WIDTH_OF_CHARACTER))
    parts: list[Flowable] = [Paragraph(escape(sheet.title), _style(_HEAD_SIZE, bold=True))]
    parts += [Paragraph(escape(line), _style(_SIZE + 1)) for line in sheet.above]
    parts += [Spacer(1, 3 * mm), _table(sheet, size, width), Spacer(1, 3 * mm)]
    parts += [Paragraph(escape(note), _style(_SIZE)) for note in sheet.notes]
    if sheet.sign:
        right = _style(_SIZE + 1, indent=width * 0.65)
        lines: list[Flowable] = [Spacer(1, 8 * mm)]
        lines += [Paragraph(escape(line) or "&nbsp;", right) for line in sheet.sign]
        parts.append(KeepTogether(lines))
    footer = partial(_footer, sheet)
    document.build(parts, onFirstPage=footer, onLaterPages=footer)
    return target.getvalue()


def _table(sheet: Sheet, size: float, width: float) -> LongTable:
    asked = sum(column.width for column in sheet.columns)
    widths = [column.width / asked * width for column in sheet.columns]
    cell, head = _style(size), _style(size, bold=True)
    rows: list[list[object]] = [[Paragraph(escape(c.heading), head) for c in sheet.columns]]
    fits = [width / size / _WIDTH_OF_CHARACTER for width in widths]
    for cells in sheet.rows:
        texts = [_text(one, sheet.language) for one in cells]
        # Plain strings are laid out ten times faster than paragraphs, which only long texts need.
        rows.append(
            [
                text if len(text) <= room else Paragraph(escape(text), cell)
                for text, room in zip(texts, fits, strict=True)
            ]
        )
    table = LongTable(rows, colWidths=widths, repeatRows=1)
    style: list[tuple[object, ...]] = [
        ("FONT", (0, 0), (-1, -1), _FONT, size, size * 1.2),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, colors.black),
        ("LINEBELOW", (0, 1), (-1, -1), 0.2, colors.lightgrey),
        ("LEFTPADDING", (0, 0), (-1, -1), 1.5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 1.5),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
    for number, column in enumerate(sheet.columns):
        if column.number:
            style.append(("ALIGN", (number, 1), (number, -1), "RIGHT"))
    table.setStyle(style)
    return table


def _text(cell: Cell, language: str) -> str:
    if isinstance(cell, Decimal) and language == "id":
        return str(cell).replace(".", ",")
    return str(cell)


def _footer(sheet: Sheet, canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, _SIZE)
    canvas.drawString(_MARGIN, _MARGIN - 2 * mm, sheet.title)
    canvas.drawRightString(landscape(A4)[0] - _MARGIN, _MARGIN - 2 * mm, str(document.page))


def _style(size: float, *, bold: bool = False, indent: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        "cell",
        fontName=_BOLD if bold else _FONT,
        fontSize=size,
        leading=size * 1.2,
        leftIndent=indent,
    )


@cache
def _register_fonts() -> None:
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
