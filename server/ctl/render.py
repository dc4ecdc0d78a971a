"""Shows answers as tables for people or as JSON for programs. Knows no command."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text as Line

from server.ctl.errors import Trouble
from server.ctl.texts import Language, Text

M = TypeVar("M", bound=Message)
Cell = str | int | float | bool | Timestamp | Text
# The columns of a table, or the lines of a single record: heading and what to show under it.
Columns = Mapping[Text, Callable[[M], Cell]]

# Headings whose cells may run over several lines.
FREE_TEXTS: Final = frozenset(
    {
        Text.NAME, Text.PROBLEM, Text.REASON, Text.MODEL, Text.GEOFENCE, Text.RULE, Text.WHY,
        Text.FIGURES, Text.EVIDENCE, Text.LEFT_OUT, Text.DOCUMENTS,
        Text.REFUSED, Text.DESPITE,
    }
)  # fmt: skip
# A pipe has no width to fit into: wide enough for the widest table, so that rows stay whole.
PIPE_WIDTH: Final = 240
TABLE_WIDTH_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Screen:
    """Where answers appear: results on standard output, everything else on standard error."""

    language: Language
    zone: ZoneInfo
    as_json: bool = False
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def text(self, text: Text, /, **values: object) -> str:
        """Return a text in the language of the screen."""
        return text(self.language, **values)

    def cell(self, value: Cell) -> str:
        """Return a value as people read it. An unset time is empty."""
        match value:
            case bool():
                return self.text(Text.YES if value else Text.NO)
            case Text():
                return self.text(value)
            case float():
                return f"{value:.3f}"
            case Timestamp():
                return self.time(value)
            case _:
                return _printable(str(value))

    def time(self, value: Timestamp) -> str:
        """Return a time in the zone of the screen."""
        if value == Timestamp():
            return ""
        return value.ToDatetime(self.zone).strftime("%Y-%m-%d %H:%M:%S %Z")

    def records(self, messages: Sequence[M], columns: Columns[M]) -> None:
        """Show a list: as a table, or one below the other where the screen is too narrow."""
        if self.as_json:
            self.data([as_data(message) for message in messages])
            return
        if not messages:
            self.note(Text.NOTHING_FOUND)
            return
        table = self._table(messages, columns)
        unbounded = self.out.options.update(max_width=TABLE_WIDTH_MAX)
        if Measurement.get(self.out, unbounded, table).minimum <= self.out.width:
            self.out.print(table)
        else:
            for message in messages:
                self.record(message, columns)
                self.out.print()
        self.note(Text.COUNT, count=len(messages))

    def record(self, message: M, columns: Columns[M]) -> None:
        """Show one thing in full."""
        if self.as_json:
            self.data(as_data(message))
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for heading, cell in columns.items():
            table.add_row(self.text(heading), Line(self.cell(cell(message))))
        self.out.print(table)

    def _table(self, messages: Sequence[M], columns: Columns[M]) -> Table:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for heading in columns:
            text = self.text(heading)
            # Only free text may break: a NIP or a time on two lines cannot be read or copied.
            wraps = heading in FREE_TEXTS
            header = text.replace(" ", "\n") if self.out.is_terminal else text
            table.add_column(header, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis")
        for message in messages:
            table.add_row(*(Line(self.cell(cell(message))) for cell in columns.values()))
        return table

    def page(
        self, messages: Sequence[M], columns: Columns[M], *, more: bool, limit: int | None
    ) -> None:
        """Show the rows up to a limit, and say so if there are more."""
        self.records(messages, columns)
        if more:
            self.note(Text.MORE, style="yellow", limit=limit)

    def done(self, message: Message, text: Text, /, **values: object) -> None:
        """Say what was done; programs get the answer instead."""
        if self.as_json:
            self.data(as_data(message))
        else:
            self.out.print(_printable(self.text(text, **values)), soft_wrap=True)

    def data(self, data: object) -> None:
        """Write data as JSON."""
        self.out.print(json.dumps(data, ensure_ascii=False, indent=2), soft_wrap=True)

    def note(self, text: Text, /, *, style: str = "dim", **values: object) -> None:
        """Tell people something beside the result; programs do not see it."""
        if not self.as_json:
            line = _printable(self.text(text, **values))
            self.err.print(line, style=style, soft_wrap=True)

    def trouble(self, trouble: Trouble) -> None:
        """Show an error: what is wrong, then what to do."""
        if self.as_json:
            error = {"reason": trouble.reason, "message": trouble.message, "hint": trouble.hint}
            self.err.print(json.dumps({"error": error}, ensure_ascii=False), soft_wrap=True)
            return
        line = _printable(f"{trouble.message} ({trouble.reason})")
        self.err.print(line, style="bold red", soft_wrap=True)
        if trouble.hint:
            self.err.print(_printable(f"→ {trouble.hint}"), soft_wrap=True)

    def progress(self, *, counted: bool = False) -> Progress:
        """Return a progress bar for bytes, or things; programs and pipes do not see it."""
        amount = MofNCompleteColumn() if counted else DownloadColumn()
        columns = (TextColumn("{task.description}"), BarColumn(), amount)
        hidden = self.as_json or not self.err.is_terminal
        return Progress(*columns, console=self.err, disable=hidden, transient=True)


def as_data(message: Message) -> dict[str, object]:
    """Return a message as JSON data, with fields that hold their default."""
    data: dict[str, object] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return data


def _console(*, stderr: bool) -> Console:
    # Nothing that comes from the server or a file may be read as markup.
    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def _printable(text: str) -> str:
    """Return the text without characters that could steer a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
