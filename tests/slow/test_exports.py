"""Tables as files, read back: every cell, no formula, pages that can be signed."""

import csv
import io
from dataclasses import replace
from decimal import Decimal

import openpyxl
import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.nip import normalise
from server.exports.delimited import write_csv
from server.exports.pdf import write_pdf
from server.exports.sheet import Column, Sheet
from server.exports.xlsx import write_xlsx

NIP = "198501152010011001"
SHEET = Sheet(
    title="Rekap TPP 11-2026",
    above=("Biro Umum", "Dibuat 01-12-2026 08:00 WIT"),
    columns=(Column("NIP", 20), Column("Nama", 28), Column("Potongan %", 8, number=True)),
    rows=((NIP, "Siti Aminah", Decimal("2.5")), ("200012312024211001", "Budi & <Sons>", 0)),
    notes=("3 hari pegawai tidak dihitung: masa uji coba.",),
    sign=("Kepala perangkat daerah,", "", "Ani", f"NIP {NIP}"),
)
EVIL = ("=1+1", "+62811", "-5", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "=cmd|'/c'!A")


def cells_of(content: bytes) -> list[list[object]]:
    """Returns the cells of an Excel file, with their types."""
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in page.iter_rows()]


def text_of(content: bytes) -> str:
    """Returns the text of a print."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    return "\n".join(page.extract_text() for page in reader.pages)


class TestXlsx:
    """Excel."""

    def test_cells(self):
        """Text stays text, with all 18 digits; numbers are numbers."""
        rows = cells_of(write_xlsx(SHEET))

        assert "Rekap TPP 11-2026" == rows[0][0]
        assert ["NIP", "Nama", "Potongan %"] == rows[4]
        assert [NIP, "Siti Aminah", 2.5] == rows[5]
        assert ["200012312024211001", "Budi & <Sons>", 0] == rows[6]
        assert SHEET.notes[0] == rows[8][0]

    @pytest.mark.parametrize("evil", EVIL)
    def test_no_formula(self, evil):
        """What somebody typed is shown, not run."""
        book = openpyxl.load_workbook(
            io.BytesIO(write_xlsx(replace(SHEET, rows=((NIP, evil, 1),))))
        )
        types = {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value}

        assert types <= {"s", "n"}

    def test_without_rows(self):
        """A unit without people is a table without rows."""
        assert "NIP" == cells_of(write_xlsx(replace(SHEET, rows=())))[4][0]


class TestCsv:
    """For a double click."""

    @pytest.mark.parametrize(
        ("language", "delimiter", "percent"), [("id", ";", "2,5"), ("en", ",", "2.5")]
    )
    def test_cells(self, language, delimiter, percent):
        """UTF-8 with its mark; semicolons and a decimal comma in Indonesian."""
        content = write_csv(replace(SHEET, language=language))
        rows = list(
            csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter)
        )

        assert content.startswith(b"\xef\xbb\xbf")
        assert ["NIP", "Nama", "Potongan %"] == rows[0]
        assert ["19850115 201001 1 001", "Siti Aminah", percent] == rows[1]
        assert NIP == normalise(rows[1][0])
        assert 3 == len(rows)

    @pytest.mark.parametrize("evil", EVIL)
    def test_no_formula(self, evil):
        """An apostrophe stands before it; negative numbers of ours keep their sign."""
        content = write_csv(replace(SHEET, rows=((NIP, evil, Decimal("-1.5")),)))
        [_, [_, name, number]] = csv.reader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"
        )

        assert f"'{evil}" == name
        assert "-1,5" == number

    @settings(deadline=None, max_examples=60)
    @given(st.text(max_size=40))
    def test_any_text(self, text):
        """Comes back as it was, or with the apostrophe; never begins a formula."""
        content = write_csv(replace(SHEET, rows=((NIP, text, 1),)))
        [_, [_, name, _]] = csv.reader(
            io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"
        )

        assert name in {text, f"'{text}"}
        assert not name.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


class TestPdf:
    """For paper."""

    def test_pages(self):
        """Headings and numbers on each page, all rows, the signature once."""
        rows = tuple((f"{n:018}", f"Pegawai {n}", n) for n in range(150))
        content = write_pdf(replace(SHEET, rows=rows))
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        texts = [page.extract_text() for page in pages]

        assert len(pages) > 2
        assert all("Potongan %" in text for text in texts[:-1])
        assert [str(n) in text.split() for n, text in enumerate(texts, 1)] == [True] * len(pages)
        assert all(f"Pegawai {n}\n" in "\n".join(texts) + "\n" for n in (0, 75, 149))
        assert 1 == "\n".join(texts).count("Kepala perangkat daerah,")
        assert pages[0].mediabox.width > pages[0].mediabox.height

    def test_same_input_same_file(self):
        """A print can be compared."""
        assert write_pdf(SHEET) == write_pdf(SHEET)

    def test_markup_in_names(self):
        """Signs of markup are text, also where a long one is wrapped."""
        name = "Budi & <b>Sons</b> " * 8
        text = text_of(write_pdf(replace(SHEET, rows=((NIP, name, Decimal("0.5")),))))

        assert "<b>Sons</b>" in text.replace("\n", " ")
        assert "0,5" in text

    @settings(deadline=None, max_examples=25)
    @given(st.text(max_size=60))
    def test_any_name(self, name):
        """Whatever Unicode a name has, the file is made."""
        content = write_pdf(replace(SHEET, rows=((NIP, name, 1),)))

        assert 1 == len(pypdf.PdfReader(io.BytesIO(content)).pages)

    def test_a_month_of_columns(self):
        """31 narrow columns fit on the paper."""
        columns = (*SHEET.columns[:2], *(Column(str(n), 4) for n in range(1, 32)))
        rows = tuple((NIP, "Siti Aminah Binti Abdullah", *(["TK"] * 31)) for _ in range(40))
        text = text_of(write_pdf(replace(SHEET, columns=columns, rows=rows)))

        assert 40 * 31 == text.split().count("TK")
