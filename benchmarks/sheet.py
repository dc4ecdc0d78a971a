"""A table of figures for the console and for Markdown, and a report's three files side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks import report


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows of cells under their heads; the first column is text, the others are figures."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def table(self) -> Table:
        """Returns it for the console."""
        shown = Table(
            title=self.title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
        )
        for number, head in enumerate(self.heads):
            shown.add_column(head, justify="right" if number else "left")
        for row in self.rows:
            shown.add_row(*row)
        return shown

    def markdown(self) -> str:
        """Returns it as a paragraph and a table of Markdown."""
        lines = [self.heads, ["---", *["---:"] * (len(self.heads) - 1)], *self.rows]
        return "\n".join((self.title, "", *(f"| {' | '.join(line)} |" for line in lines)))


def show(console: Console, paragraphs: Sequence[str | Sheet]) -> None:
    """Prints sentences and tables."""
    for one in paragraphs:
        shown = one.table() if isinstance(one, Sheet) else one
        console.print(shown, markup=False, highlight=False, soft_wrap=isinstance(one, str))


def write(
    json_file: Path,
    result: Mapping[str, Any],
    paragraphs: Sequence[str | Sheet],
    draw: Callable[[Path], None],
) -> None:
    """Writes a report as JSON, and beside it as Markdown and as the PNG that `draw` writes.

    result: begins with report.origin. paragraphs: what the Markdown says below its origin.
    """
    report.write_json(json_file, result)
    picture = json_file.with_suffix(".png")
    draw(picture)
    texts = [one.markdown() if isinstance(one, Sheet) else one for one in paragraphs]
    whole = [f"# {result['command']}", report.origin_text(result), *texts, f"![]({picture.name})"]
    json_file.with_suffix(".md").write_text("\n\n".join(whole) + "\n", encoding="utf-8")
