"""What commands read beside their arguments: passwords, files and moments in time."""

import csv
import io
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import typer
from google.protobuf.timestamp_pb2 import Timestamp

from server.ctl.errors import CtlError
from server.ctl.texts import Text

PASSWORD_CHARS_MAX: Final = 256
CSV_MIB_MAX: Final = 4
_MIB: Final = 1024 * 1024
_STDIN: Final = Path("-")
_DAYS_AGO: Final = {"today": 0, "hari-ini": 0, "yesterday": 1, "kemarin": 1}


def read_password(file: Path | None, question: str, *, confirm: bool = False) -> str:
    """Return a password from the first line of a file, of standard input (`-`), or by asking."""
    if file is None:
        asked: str = typer.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)
        return asked
    password = _first_line(file)
    if not password:
        raise CtlError(Text.PASSWORD_EMPTY, reason="PASSWORD_EMPTY")
    if len(password) > PASSWORD_CHARS_MAX:
        raise CtlError(Text.PASSWORD_LONG, reason="PASSWORD_LONG")
    return password


def read_file(file: Path, *, limit_mib: int) -> bytes:
    """Return the content of a file that may not be larger than a limit."""
    if file.stat().st_size > limit_mib * _MIB:
        raise CtlError(
            Text.FILE_TOO_LARGE, reason="FILE_TOO_LARGE", file=file.name, limit_mib=limit_mib
        )
    return file.read_bytes()


def read_csv(file: Path, columns: set[str]) -> list[tuple[int, dict[str, str]]]:
    """Return (line, stripped values by column) of a CSV file with a header; , or ; divide."""
    try:
        text = read_file(file, limit_mib=CSV_MIB_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CtlError(Text.FILE_NOT_TEXT, reason="FILE_TROUBLE", file=file) from error
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    if missing := columns - set(reader.fieldnames or ()):
        names = ", ".join(sorted(missing))
        raise CtlError(Text.CSV_COLUMNS, reason="CSV_COLUMNS", file=file.name, columns=names)
    return [
        (reader.line_num, {name: (value or "").strip() for name, value in row.items() if name})
        for row in reader
    ]


def read_moment(value: str, zone: ZoneInfo, now: datetime, *, end: bool = False) -> Timestamp:
    """Return a moment. A day means its first moment, as an end the first of the next day."""
    try:
        moment = _moment(value, zone, now, end=end)
    except ValueError as error:
        raise CtlError(
            Text.TIME_INVALID, reason="TIME_INVALID", hint=Text.DO_TIME, value=value
        ) from error
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def read_date(value: str, zone: ZoneInfo, now: datetime) -> str:
    """Return a date as the API writes it: a day, today or yesterday by the clock of a zone."""
    day = _day(value, now.astimezone(zone).date())
    if day is None:
        raise CtlError(Text.DATE_INVALID, reason="DATE_INVALID", hint=Text.DO_DATE, value=value)
    return day.isoformat()


def _first_line(file: Path) -> str:
    try:
        if file == _STDIN:
            return sys.stdin.readline().rstrip("\r\n")
        with file.open(encoding="utf-8") as lines:
            return lines.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise CtlError(Text.FILE_NOT_TEXT, reason="FILE_TROUBLE", file=file) from error


def _moment(value: str, zone: ZoneInfo, now: datetime, *, end: bool) -> datetime:
    day = _day(value, now.astimezone(zone).date())
    if day is not None:
        return datetime.combine(day + timedelta(days=1 if end else 0), time.min, zone)
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _day(value: str, today: date) -> date | None:
    if value in _DAYS_AGO:
        return today - timedelta(days=_DAYS_AGO[value])
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
