"""Counts workdays without a reason (PP 94/2021 art. 11) and names the step that is reached.

The counters are shown to the employee, the head and BKD; they decide nothing by themselves. They
count official days alone: a trial has no consequences.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.attendance.model import (
    NO_WORK,
    AttendanceDay,
    Fault,
    Phase,
)


@dataclass(frozen=True, slots=True)
class Step:
    """From how many days on a step is reached; code: a key of the message table."""

    code: str
    days_min: int


@dataclass(frozen=True, slots=True)
class DisciplineTable:
    """A version of the thresholds, from a date on.

    steps: by days in a calendar year, rising. in_a_row: reached by consecutive workdays.
    day_minutes: unwaived minutes of lateness and early leaving that make one day (450 in PP
    53/2010); None: none do.
    """

    version: str
    start: date
    steps: tuple[Step, ...]
    in_a_row: Step
    day_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one calendar year.

    days: absent without a reason in the year. from_minutes: further days that minutes add up to.
    row_max: the longest row of such workdays that touches the year. dates: the days counted. step,
    row_step: the codes reached, empty if none.
    """

    year: int
    days: int
    from_minutes: int
    row_max: int
    dates: tuple[date, ...]
    step: str = ""
    row_step: str = ""


def counters(days: Iterable[AttendanceDay], year: int, table: DisciplineTable) -> Counters:
    """Returns the counters of a year. days: in any order; those before it let rows run over it."""
    official = sorted(
        (day for day in days if day.phase is Phase.OFFICIAL and day.final),
        key=lambda day: day.day,
    )
    dates = tuple(day.day for day in official if day.day.year == year and day.unexcused)
    minutes = sum(unwaived_minutes(day) for day in official if day.day.year == year)
    more = minutes // table.day_minutes if table.day_minutes else 0
    row_max = _longest_row(official, year)
    return Counters(
        year=year,
        days=len(dates),
        from_minutes=more,
        row_max=row_max,
        dates=dates,
        step=_reached(table.steps, len(dates) + more),
        row_step=_reached((table.in_a_row,), row_max),
    )


def unwaived_minutes(day: AttendanceDay) -> int:
    """Returns the minutes late and early of a day that no request waives or excuses."""
    if day.request:
        return 0
    waived = {cut.fault for cut in day.cuts if cut.waived_by}
    late = 0 if Fault.LATE in waived else day.late_minutes
    return late + (0 if Fault.EARLY in waived else day.early_minutes)


def _longest_row(days: Iterable[AttendanceDay], year: int) -> int:
    """Free days neither count nor end a row; every other day that is not unexcused ends it."""
    longest = row = 0
    for day in days:
        if day.status in NO_WORK:
            continue
        row = row + 1 if day.unexcused else 0
        if day.day.year == year:
            longest = max(longest, row)
    return longest


def _reached(steps: Iterable[Step], count: int) -> str:
    return max(
        ((step.days_min, step.code) for step in steps if step.days_min <= count), default=(0, "")
    )[1]
