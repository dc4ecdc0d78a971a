"""Schedules: which hours a unit works on a date, by version, season and shift."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Protocol, TypeVar

DAY_S = 86_400


class Dated(Protocol):
    """What holds from a date on."""

    @property
    def start(self) -> date:
        """The first date."""
        ...


T = TypeVar("T", bound=Dated)


def in_effect(versions: Iterable[T], day: date) -> T | None:
    """Returns the version with the latest start that is not after a day."""
    started = [version for version in versions if version.start <= day]
    return max(started, key=lambda version: version.start, default=None)


@dataclass(frozen=True, slots=True)
class Windows:
    """When punches count, in seconds before and after the start and the end of work."""

    in_before_s: int
    in_after_s: int
    out_before_s: int
    out_after_s: int


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours of one day or shift, by the clock of the site.

    An end at or before the start is on the next day. break_s: rest inside, not part of working
    time. late_grace_s, early_grace_s: up to so many seconds nobody is late or early (59: 07:30:59
    is not late, Perka ANRI 18/2016). beyond_grace: minutes count from the end of the grace, not
    from the start of work. flex_before_s, flex_after_s: how much earlier or later one may begin, to
    leave as much earlier or later (Permen PANRB 4/2025). flexible_place: the geofence does not
    apply.
    """

    start: time
    end: time
    windows: Windows
    break_s: int = 0
    late_grace_s: int = 0
    early_grace_s: int = 0
    beyond_grace: bool = False
    flex_before_s: int = 0
    flex_after_s: int = 0
    flexible_place: bool = False

    @property
    def span_s(self) -> int:
        """Seconds from start to end by the clock, breaks included."""
        start, end = (datetime.combine(date.min, edge) for edge in (self.start, self.end))
        return int((end - start).total_seconds() - 1) % DAY_S + 1

    @property
    def work_s(self) -> int:
        """Seconds of working time."""
        return self.span_s - self.break_s


Week = tuple[DayHours | None, ...]  # Monday to Sunday; None is a day off


@dataclass(frozen=True, slots=True)
class Override:
    """Other hours for the dates first to last, both included: Ramadan (Perpres 21/2023 art. 4).

    A week or shifts that the override does not have are those of the schedule.
    """

    override_id: str
    first: date
    last: date
    week: Week | None = None
    shifts: Mapping[str, DayHours] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A version of a unit's schedule, from a date until the next version.

    week: who works by the week. shifts: who works by a roster; dates of which the roster says
    nothing go by the week, if there is one. holidays: whether national holidays and cuti bersama
    are free; units of direct service work on them.
    """

    version: str
    unit_id: str
    start: date
    week: Week | None = None
    shifts: Mapping[str, DayHours] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    holidays: bool = True


def override_on(schedule: Schedule, day: date) -> Override | None:
    """Returns the override of a day; of several the one that began last."""
    found = [one for one in schedule.overrides if one.first <= day <= one.last]
    return max(found, key=lambda one: (one.first, one.override_id), default=None)


def hours_of_week(schedule: Schedule, override: Override | None, day: date) -> DayHours | None:
    """Returns the hours of a weekday; None is a day off."""
    week = (override.week if override else None) or schedule.week
    return week[day.weekday()] if week else None


def hours_of_shift(schedule: Schedule, override: Override | None, shift: str) -> DayHours | None:
    """Returns the hours of a shift; None if there is no such shift."""
    changed = override.shifts if override else {}
    return changed.get(shift) or schedule.shifts.get(shift)


def weekly_work_s(week: Week) -> int:
    """Seconds of working time a week (Perpres 21/2023 art. 4: 37 h 30 min, Ramadan 32 h 30)."""
    return sum(hours.work_s for hours in week if hours)


def _closes_s(hours: DayHours) -> int:
    """Seconds from the midnight at which a day begins to the end of its check-out window."""
    begins = datetime.combine(date.min, hours.start) - datetime.combine(date.min, time.min)
    return int(begins.total_seconds()) + hours.span_s + hours.windows.out_after_s


def faults_of(hours: DayHours) -> list[str]:
    """Returns what BKD must mend in hours, as reasons; empty if nothing."""
    windows = hours.windows
    lengths = (
        windows.in_before_s, windows.in_after_s, windows.out_before_s, windows.out_after_s,
        hours.break_s, hours.late_grace_s, hours.early_grace_s,
        hours.flex_before_s, hours.flex_after_s,
    )  # fmt: skip
    checks = (
        (min(lengths) < 0, "SECONDS_NEGATIVE"),
        (max(lengths) >= DAY_S, "SECONDS_OVER_A_DAY"),
        (hours.break_s >= hours.span_s, "BREAK_TOO_LONG"),
        (windows.in_before_s < hours.flex_before_s, "CHECK_IN_OPENS_AFTER_FLEX"),
        (windows.in_after_s <= hours.flex_after_s + hours.late_grace_s, "CHECK_IN_CLOSES_TOO_SOON"),
        (windows.out_before_s < hours.flex_before_s, "CHECK_OUT_OPENS_TOO_LATE"),
        (windows.out_after_s <= hours.flex_after_s, "CHECK_OUT_CLOSES_TOO_SOON"),
        (_closes_s(hours) > 2 * DAY_S, "CHECK_OUT_CLOSES_TOO_LATE"),
    )
    return [reason for wrong, reason in checks if wrong]
