"""Lays out months of units as tables: all days, what counts for TPP, the matrix, differences."""

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
    from server.services.months import Month

_NIP_WIDTH, _NAME_WIDTH, _COUNT_WIDTH = 20, 28, 8
# A province that is closed office by office would push the table off the page.
CLOSINGS_NAMED_MAX = 5


class RecapKind(enum.Enum):
    """What a table is about."""

    MONTH = "MONTH"
    TPP = "TPP"
    MATRIX = "MATRIX"
    DIFFERENCE = "DIFFERENCE"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a table. made: local time; head: name and NIP of who signs, or empty.

    unit_name: empty for all units.
    """

    unit_name: str
    first: date
    last: date
    made: datetime
    head: tuple[str, str]
    language: str


def lay_out(kind: RecapKind, month: "Month", frame: Frame) -> Sheet:
    """Returns a table of a unit's month."""
    return _LAYOUTS[kind](month, frame)


def _month(month: "Month", frame: Frame) -> Sheet:
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
        for one in month.recaps
    ]
    return _sheet("MONTH", columns, rows, month, frame, notes=(_legend(frame),))


def _tpp(month: "Month", frame: Frame) -> Sheet:
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
        for one in month.recaps
    ]
    warnings = _tpp_warnings(month.recaps, frame)
    return _sheet("TPP", columns, rows, month, frame, warnings=warnings)


def _matrix(month: "Month", frame: Frame) -> Sheet:
    numbers = range(1, (frame.last - frame.first).days + 2)
    columns = [*_people_columns(frame), *(Column(str(number), 4) for number in numbers)]
    rows = []
    for one in month.recaps:
        codes = {day: words.CODES[status.value][0] for day, status in one.statuses.items()}
        days = [date.fromordinal(frame.first.toordinal() + n - 1) for n in numbers]
        rows.append((*_person(one), *(codes.get(day, "") for day in days)))
    return _sheet("MATRIX", columns, rows, month, frame, notes=(_legend(frame),))


def _difference(month: "Month", frame: Frame) -> Sheet:
    """Pairs of figures, closed and now, of those who differ; how much more is cut now."""
    columns = [*_people_columns(frame)]
    for figure in ("WORKDAYS", "CUT", "WAIVED", "LEFT_OUT_DAYS"):
        word = _word(figure, frame)
        columns += [
            _count(_word(key, frame, figure=word)) for key in ("CLOSED_FIGURE", "FIGURE_NOW")
        ]
    columns.append(_count(_word("CUT_MORE", frame)))
    rows: list[tuple[Cell, ...]] = [
        (
            one.nip,
            month.names.get(one.nip, ""),
            *(one.closed.workdays, one.today.workdays),
            *(one.closed.percent, one.today.percent),
            *(one.closed.waived_percent, one.today.waived_percent),
            *(one.closed.left_out_days, one.today.left_out_days),
            one.today.percent - one.closed.percent,
        )
        for one in month.differences
    ]
    warnings = () if month.closings else (_word("NOT_CLOSED", frame),)
    return _sheet("DIFFERENCE", columns, rows, month, frame, warnings=warnings)


_LAYOUTS = {
    RecapKind.MONTH: _month,
    RecapKind.TPP: _tpp,
    RecapKind.MATRIX: _matrix,
    RecapKind.DIFFERENCE: _difference,
}


def _sheet(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[tuple[Cell, ...]],
    month: "Month",
    frame: Frame,
    *,
    notes: tuple[str, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Sheet:
    name, nip = frame.head
    return Sheet(
        title=messages.text(words.TITLES, title, frame.language, month=f"{frame.first:%m-%Y}"),
        above=(
            frame.unit_name or _word("ALL_UNITS", frame),
            _word("MADE", frame, time=_moment(frame.made)),
            *_closed_lines(month, frame),
            *warnings,
        ),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=notes,
        sign=(_word("HEAD", frame), "", "", "", name, f"NIP {nip}") if name else (),
        language=frame.language,
    )


def _closed_lines(month: "Month", frame: Frame) -> tuple[str, ...]:
    """Says who closed the month when and why, the latest first, and how many differ since."""
    latest = list(reversed(month.closings))
    lines = [
        _word(
            "CLOSED",
            frame,
            unit=closing.unit_id or _word("ALL_UNITS", frame),
            version=closing.version,
            time=_moment(closing.close_time.astimezone(frame.made.tzinfo)),
            actor=closing.actor,
            reason=closing.reason,
        )
        for closing in latest[:CLOSINGS_NAMED_MAX]
    ]
    if more := len(latest) - len(lines):
        lines.append(_word("CLOSED_MORE", frame, count=more))
    if latest:
        lines.append(_word("DIFFERING", frame, count=len(month.differences)))
    return tuple(lines)


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


def _moment(moment: datetime) -> str:
    return f"{moment:%d-%m-%Y %H:%M %Z}"


def _word(key: str, frame: Frame, **values: object) -> str:
    return messages.text(words.RECAP, key, frame.language, **values)
