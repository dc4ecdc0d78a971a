"""Reads the employee CSV that BKD exports from SIMPEG, and names every problem by its line."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from server.domain import nip as nips
from server.domain.model import EmployeeState

COLUMNS_NEEDED = ("nip", "name", "unit_id")
COLUMNS = (*COLUMNS_NEEDED, "site_id", "state")
NAME_MAX = 200
ROWS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Row:
    """One employee of the file; site_id may be empty."""

    line: int
    nip: str
    display_name: str
    unit_id: str
    site_id: str
    state: EmployeeState


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a line; an error keeps the whole file from being stored.

    reason: a key of the message table. value: the text that is wrong.
    """

    line: int
    reason: str
    is_error: bool
    value: str = ""


class NotRoster(Exception):
    """The text is no CSV with the documented columns; the message says what is missing."""


def read(
    text: str, unit_ids: Iterable[str], site_ids: Iterable[str]
) -> tuple[list[Row], list[Problem]]:
    """Returns the rows and the problems of a file. Raises NotRoster."""
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    lines = io.StringIO(text, newline="")
    reader = csv.DictReader(lines, delimiter=delimiter, strict=True)
    try:
        columns = reader.fieldnames or ()
    except csv.Error as error:
        raise NotRoster(f"line 1: {error}") from error
    missing = [name for name in COLUMNS_NEEDED if name not in columns]
    if missing:
        raise NotRoster(f"missing columns: {', '.join(missing)}")
    known_units, known_sites = frozenset(unit_ids), frozenset(site_ids)
    rows: list[Row] = []
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    try:
        for record in reader:
            row, found = _row(reader.line_num, record, known_units, known_sites)
            if row.nip in first_line:
                found.append(Problem(row.line, "NIP_TWICE", True, row.nip))
            first_line.setdefault(row.nip, row.line)
            rows.append(row)
            problems.extend(found)
            if len(rows) > ROWS_MAX:
                raise NotRoster(f"more than {ROWS_MAX} rows")
    except csv.Error as error:
        raise NotRoster(f"line {reader.reader.line_num}: {error}") from error
    return rows, problems


def _row(
    line: int, record: dict[str, str], unit_ids: frozenset[str], site_ids: frozenset[str]
) -> tuple[Row, list[Problem]]:
    value = {name: (record.get(name) or "").strip() for name in COLUMNS}
    number = nips.normalise(value["nip"])
    state = value["state"].upper() or EmployeeState.ACTIVE.value
    checks = (
        (not nips.is_nip(number), "NIP_NOT_18_DIGITS", True, number),
        (
            nips.is_nip(number) and nips.form(number) is nips.NipForm.UNKNOWN,
            "NIP_FORM_UNKNOWN",
            False,
            number,
        ),
        (not value["name"], "NAME_EMPTY", True, ""),
        (len(value["name"]) > NAME_MAX, "NAME_TOO_LONG", True, value["name"][:20]),
        (value["unit_id"] not in unit_ids, "UNIT_UNKNOWN", True, value["unit_id"]),
        (
            bool(value["site_id"]) and value["site_id"] not in site_ids,
            "SITE_UNKNOWN",
            True,
            value["site_id"],
        ),
        (state not in EmployeeState.__members__, "STATE_UNKNOWN", True, state),
        (None in record, "TOO_MANY_COLUMNS", True, ""),
    )
    problems = [
        Problem(line, reason, grave, text) for wrong, reason, grave, text in checks if wrong
    ]
    row = Row(
        line,
        number,
        value["name"],
        value["unit_id"],
        value["site_id"],
        EmployeeState.__members__.get(state, EmployeeState.ACTIVE),
    )
    return row, problems
