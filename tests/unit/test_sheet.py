"""Reports as three files: figures for programs, tables for readers, a picture."""

import io
import json

import pytest
from rich.console import Console

from benchmarks import report
from benchmarks.sheet import Sheet, show, write

SHEET = Sheet("What it took", ("part", "ms"), [("decode", "0.9"), ("embed", "30")])


class TestSheet:
    """A table of figures."""

    def test_markdown(self):
        """Figures stand to the right, the first column to the left."""
        lines = SHEET.markdown().splitlines()

        assert ["What it took", ""] == lines[:2]
        assert ["| part | ms |", "| --- | ---: |", "| decode | 0.9 |", "| embed | 30 |"] == lines[
            2:
        ]

    def test_console(self):
        """The same cells."""
        shown = SHEET.table()

        assert [["decode", "embed"], ["0.9", "30"]] == [list(c.cells) for c in shown.columns]


class TestShow:
    """Sentences and tables on the console."""

    def test_as_they_are(self):
        """In their order; what looks like markup is none, and a long sentence stays one line."""
        console = Console(file=io.StringIO(), width=40)
        sentence = "a [bold] name of a file that is longer than the console is wide"

        show(console, [SHEET, sentence])

        printed = console.file.getvalue()
        assert sentence in printed
        assert printed.index("embed") < printed.index(sentence)


class TestWrite:
    """JSON, Markdown and PNG, side by side."""

    @pytest.fixture
    def written(self, tmp_path):
        result = {**report.origin("load", {"seconds": 30}), "results": [1]}
        path = tmp_path / "deep" / "load.json"
        write(path, result, [SHEET, "And that."], lambda picture: picture.write_bytes(b"png"))
        return path

    def test_json(self, written):
        """Everything, for programs."""
        assert [1] == json.loads(written.read_text())["results"]

    def test_markdown(self, written):
        """Its origin, then what was said in that order, then the picture."""
        text = written.with_suffix(".md").read_text()
        parts = ("# hadir-bench load", "- settings: seconds 30", "| decode | 0.9 |", "And that.")
        places = [text.index(part) for part in (*parts, "![](load.png)")]

        assert sorted(places) == places
        assert written.with_suffix(".png").exists()
