"""Lays out recaps of a unit as tables: the month, what counts for the allowance, the matrix."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from server import attendance_messages as words
from server import messages
from server.domain.attendance.model import DayStatus, Phase
from server.domain.attendance.recap import LeftOut
from server.exports.sheet import Cell, Column, Sheet

if TYPE_CHECKING:
    from server.services.attendance import PersonRecap

_NIP_WIDTH, _NAME_WIDTH, _COUNT_WIDTH = 20, 28, 8


class RecapKind(enum.Enum):
    """What a table is about."""

    MONTH = "MONTH"
    TPP = "TPP"
    MATRIX = "MATRIX"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a table. made: local time; head: name and NIP of who signs, or empty."""

    unit_name: str
    first: date
    last: date
    made: datetime
    head: tuple[str, str]
    language: str


def lay_out(kind: RecapKind, recaps: Sequence["PersonRecap"], frame: Frame) -> Sheet:
    """Returns a table of the recaps of a unit's month."""
    return _LAYOUTS[kind](recaps, frame)


def _month(recaps: Sequence["PersonRecap"], frame: Frame) -> Sheet:
    statuses = list(DayStatus)
    columns = [
        *_people_columns(frame),
        *(_count(words.CODES[status.value][0]) for status in statuses),
        _count(_word("LATE_MINUTES", frame)),
        _count(_word("EARLY_MINUTES", frame)),
        Column(_word("BANDS", frame), 24),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            *_person(one),
            *(one.recap.statuses.get(status, 0) for status in statuses),
            one.recap.late_minutes,
            one.recap.early_minutes,
            ", ".join(f"{band} {count}" for band, count in sorted(one.recap.bands.items())),
        )
        for one in recaps
    ]
    return _sheet("MONTH", columns, rows, (_legend(frame),), frame)


def _tpp(recaps: Sequence["PersonRecap"], frame: Frame) -> Sheet:
    columns = [
        *_people_columns(frame),
        _count(_word("WORKDAYS", frame)),
        _count(_word("CUT", frame)),
        _count(_word("WAIVED", frame)),
        _count(_word("LEFT_OUT_DAYS", frame)),
        Column(_word("WHY", frame), 60),
    ]
    rows = [
        (
            *_person(one),
            one.tpp.workdays,
            one.tpp.percent,
            one.tpp.waived_percent,
            one.tpp.left_out_count,
            _left_out(one.tpp.left_out, frame.language),
        )
        for one in recaps
    ]
    return _sheet("TPP", columns, rows, (), frame, warnings=_tpp_warnings(recaps, frame))


def _matrix(recaps: Sequence["PersonRecap"], frame: Frame) -> Sheet:
    numbers = range(1, (frame.last - frame.first).days + 2)
    columns = [*_people_columns(frame), *(Column(str(number), 4) for number in numbers)]
    rows = []
    for one in recaps:
        codes = {day: words.CODES[status.value][0] for day, status in one.statuses.items()}
        days = [date.fromordinal(frame.first.toordinal() + n - 1) for n in numbers]
        rows.append((*_person(one), *(codes.get(day, "") for day in days)))
    return _sheet("MATRIX", columns, rows, (_legend(frame),), frame)


_LAYOUTS = {RecapKind.MONTH: _month, RecapKind.TPP: _tpp, RecapKind.MATRIX: _matrix}


def _sheet(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Cell, ...]],
    notes: tuple[str, ...],
    frame: Frame,
    *,
    warnings: tuple[str, ...] = (),
) -> Sheet:
    name, nip = frame.head
    return Sheet(
        title=messages.text(words.TITLES, title, frame.language, month=f"{frame.first:%m-%Y}"),
        above=(
            frame.unit_name,
            _word("MADE", frame, time=f"{frame.made:%d-%m-%Y %H:%M %Z}"),
            *warnings,
        ),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=notes,
        sign=(_word("HEAD", frame), "", "", "", name, f"NIP {nip}") if name else (),
        language=frame.language,
    )


def _tpp_warnings(recaps: Sequence["PersonRecap"], frame: Frame) -> tuple[str, ...]:
    """Says first if nothing counts, and how many days were left out and why."""
    total: dict[LeftOut, int] = {}
    for one in recaps:
        for reason, dates in one.tpp.left_out.items():
            total[reason] = total.get(reason, 0) + len(dates)
    official = any(Phase.OFFICIAL in one.recap.phases for one in recaps)
    notes = [] if official else [_word("NOTHING_COUNTS", frame)]
    notes += [
        _word(
            "LEFT_OUT_NOTE",
            frame,
            days=count,
            why=messages.text(words.LEFT_OUT, reason.value, frame.language),
        )
        for reason, count in sorted(total.items(), key=lambda item: item[0].value)
    ]
    return tuple(notes)


def _left_out(left_out: Mapping[LeftOut, Sequence[date]], language: str) -> str:
    parts = []
    for reason, dates in sorted(left_out.items(), key=lambda item: item[0].value):
        days = ", ".join(str(day.day) for day in dates)
        parts.append(f"{messages.text(words.LEFT_OUT, reason.value, language)}: {days}")
    return "; ".join(parts)


def _people_columns(frame: Frame) -> tuple[Column, Column]:
    return Column("NIP", _NIP_WIDTH), Column(_word("NAME", frame), _NAME_WIDTH)


def _person(one: "PersonRecap") -> tuple[str, str]:
    return one.nip, one.display_name


def _count(heading: str) -> Column:
    return Column(heading, _COUNT_WIDTH, number=True)


def _legend(frame: Frame) -> str:
    index = messages.LANGUAGES.index(frame.language)
    return ", ".join(f"{code} = {texts[index]}" for code, *texts in words.CODES.values())


def _word(key: str, frame: Frame, **values: object) -> str:
    return messages.text(words.RECAP, key, frame.language, **values)
