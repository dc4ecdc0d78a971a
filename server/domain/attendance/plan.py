"""What a date demands of a unit, worked out once: windows in UTC, phase, percentages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from server.domain.attendance.bands import CutTable
from server.domain.attendance.calendar import Calendar
from server.domain.attendance.hours import (
    DayHours,
    Override,
    Schedule,
    hours_of_shift,
    hours_of_week,
    in_effect,
    override_on,
)
from server.domain.attendance.kept import Kept
from server.domain.attendance.model import (
    AttendanceDay,
    DayStatus,
    Ended,
    Person,
    Phase,
    PhasePeriod,
    Posting,
    TraceLine,
    TraceRule,
)

_ONE_DAY = timedelta(days=1)
# Of one planner. A month of 300 units is some 20,000 plans and 300 spans; whoever asks for other
# dates again and again makes no more than this.
PLANS_MAX = 20_000
SPANS_MAX = 1_000
T = TypeVar("T", Schedule, PhasePeriod)
Versions = Mapping[str, Sequence[T | Ended]]


@dataclass(frozen=True, slots=True)
class WorkTimes:
    """The times of one workday in UTC; each window holds its beginning but not its end."""

    start: datetime
    end: datetime
    in_open: datetime
    in_close: datetime
    out_open: datetime
    out_close: datetime
    begin_first: datetime  # flexible time: begun before, work counts from here
    begin_last: datetime  # flexible time: begun after, one is late
    hours: DayHours


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What a date demands.

    midnight: when the date begins at the site. opens, closes: when punches count; of a date without
    work the midnights. All in UTC. lines: the trace so far. rest: the day if nobody had to work.
    """

    day: date
    unit_id: str
    phase: Phase
    midnight: datetime
    opens: datetime
    closes: datetime
    work: WorkTimes | None
    table: CutTable | None
    lines: tuple[TraceLine, ...]
    rest: AttendanceDay


Span = tuple[list[DayPlan], list[datetime]]


class Planner:
    """Finds the plan of a unit, date, zone and shift, each worked out once.

    It reads the rules as they were given: when BKD changes one, make a new planner.
    """

    def __init__(
        self,
        schedules: Iterable[Schedule | Ended],
        phases: Iterable[PhasePeriod | Ended],
        tables: Iterable[CutTable],
        calendar: Calendar,
    ) -> None:
        self._schedules = _by_unit(schedules)
        self._phases = _by_unit(phases)
        self._tables = tuple(tables)
        self._calendar = calendar
        self._plans = Kept[tuple[str, str, date, str | None], DayPlan](PLANS_MAX)
        self._spans = Kept[tuple[str, str, date, date], Span](SPANS_MAX)

    def span(self, person: Person, first: date, last: date) -> Span:
        """Returns the plans of an employee's dates and of the two around them, with the edges.

        They are shared by all who stay in one place and have no roster.
        """
        alone = person.postings[0] if len(person.postings) == 1 and not person.roster else None
        if alone is None or alone.end is not None or alone.start > first - 2 * _ONE_DAY:
            return self._span(person, first, last)
        key = (alone.unit_id, alone.zone, first, last)
        span = self._spans.get(key)
        return span or self._spans.put(key, self._span(person, first, last))

    def of(self, person: Person, day: date) -> DayPlan:
        """Returns the plan of an employee's date, by the posting and the roster of that date."""
        posting = posting_on(person.postings, day)
        unit_id, zone = (posting.unit_id, posting.zone) if posting else ("", "UTC")
        return self.plan(unit_id, zone, day, person.roster.get(day))

    def plan(self, unit_id: str, zone: str, day: date, shift: str | None = None) -> DayPlan:
        """Returns the plan of a unit's date; shift None: the roster says nothing, "": off."""
        key = (unit_id, zone, day, shift)
        plan = self._plans.get(key)
        return plan or self._plans.put(key, self._make(unit_id, ZoneInfo(zone), day, shift))

    def _span(self, person: Person, first: date, last: date) -> Span:
        dates = [first + timedelta(days=number) for number in range(-2, (last - first).days + 2)]
        plans = [self.of(person, day) for day in dates]
        edges = [edge(plan, following) for plan, following in pairwise(plans)]
        # A window that reaches over a whole free day ends behind it: no edge lies before another.
        return plans[1:], list(accumulate(edges, max))[1:]

    def _make(self, unit_id: str, zone: ZoneInfo, day: date, shift: str | None) -> DayPlan:
        schedule = _held(self._schedules, unit_id, day)
        period = _held(self._phases, unit_id, day)
        phase = period.phase if period else Phase.SOCIALISATION
        since = period.start.isoformat() if period else ""
        table = in_effect(self._tables, day)
        hours, free, lines = self._hours(schedule, day, shift)
        lines = (TraceLine(TraceRule.PHASE, source=f"{phase.value} {since}".strip()), *lines)
        work = work_times(hours, day, zone) if hours else None
        midnight = _utc(day, time.min, zone)
        if work and table:
            lines = (*lines, TraceLine(TraceRule.CUT_TABLE, source=table.version))
        rest = AttendanceDay(
            day=day,
            unit_id=unit_id,
            status=free,
            phase=phase,
            place_waived=bool(hours and hours.flexible_place),
            schedule=schedule.version if schedule else "",
            cut_table=table.version if table else "",
            why=lines,
        )
        return DayPlan(
            day=day,
            unit_id=unit_id,
            phase=phase,
            midnight=midnight,
            opens=work.in_open if work else midnight,
            closes=work.out_close if work else _utc(day + _ONE_DAY, time.min, zone),
            work=work,
            table=table,
            lines=lines,
            rest=rest,
        )

    def _hours(
        self, schedule: Schedule | None, day: date, shift: str | None
    ) -> tuple[DayHours | None, DayStatus, tuple[TraceLine, ...]]:
        """Returns the hours, or None and the status of the free day, and the rules applied."""
        if schedule is None:
            return None, DayStatus.UNSCHEDULED, (TraceLine(TraceRule.NO_SCHEDULE),)
        override = override_on(schedule, day)
        lines = [TraceLine(TraceRule.SCHEDULE, source=schedule.version)]
        if override:
            lines.append(TraceLine(TraceRule.OVERRIDE, source=override.override_id))
        holiday = self._calendar.on(day) if schedule.holidays else None
        if holiday:
            source = f"{holiday.name} {holiday.decree}".strip()
            lines.append(TraceLine(TraceRule.HOLIDAY, source=source))
            return None, DayStatus.HOLIDAY, tuple(lines)
        hours, free, line = _hours_of(schedule, override, day, shift)
        lines += [line] if line else []
        if hours and hours.flexible_place:
            lines.append(TraceLine(TraceRule.FLEXIBLE_PLACE, source=schedule.version))
        return hours, free, tuple(lines)


def postings_as_put(entries: Iterable[Posting]) -> tuple[Posting, ...]:
    """Returns postings by date, each with its end, of entries in the order in which they were put.

    An entry replaces what was to hold from its date on, like a change of a unit (UnitHistory); one
    without a unit ends the service.
    """
    held: list[Posting] = []
    for entry in entries:
        held = [*(one for one in held if one.start < entry.start), entry]
    ends = [following.start - _ONE_DAY for following in held[1:]] + [None]
    return tuple(replace(one, end=end) for one, end in zip(held, ends, strict=True) if one.unit_id)


def posting_on(postings: Iterable[Posting], day: date) -> Posting | None:
    """Returns where an employee serves on a day; None before, after and between postings."""
    posting = in_effect(postings, day)
    return posting if posting and (posting.end is None or day <= posting.end) else None


def work_times(hours: DayHours, day: date, zone: ZoneInfo) -> WorkTimes:
    """Returns the times of a workday in UTC; a shift belongs to the date on which it begins."""
    start = _utc(day, hours.start, zone)
    overnight = hours.end <= hours.start
    end = _utc(day + _ONE_DAY if overnight else day, hours.end, zone)
    windows = hours.windows
    return WorkTimes(
        start=start,
        end=end,
        in_open=start - timedelta(seconds=windows.in_before_s),
        in_close=start + timedelta(seconds=windows.in_after_s),
        out_open=end - timedelta(seconds=windows.out_before_s),
        out_close=end + timedelta(seconds=windows.out_after_s),
        begin_first=start - timedelta(seconds=hours.flex_before_s),
        begin_last=start + timedelta(seconds=hours.flex_after_s),
        hours=hours,
    )


def edge(plan: DayPlan, following: DayPlan) -> datetime:
    """Returns where the punches of a date end and those of the next begin.

    That is midnight, or the end of the check-out window if it is later, or the beginning of the
    next check-in window if it is earlier. Where both windows overlap, halfway from work to work
    divides what they share. So a punch belongs to one date only.
    """
    end = max(plan.closes, following.midnight)
    if following.work is None:
        return end
    if plan.work is None or following.opens >= plan.closes:
        return min(end, following.opens)
    last = plan.work.end + (plan.work.begin_last - plan.work.start)
    halfway = last + (following.work.start - last) / 2
    return min(plan.closes, max(following.opens, halfway))


def _hours_of(
    schedule: Schedule, override: Override | None, day: date, shift: str | None
) -> tuple[DayHours | None, DayStatus, TraceLine | None]:
    if not schedule.shifts or (shift is None and schedule.week):
        hours = hours_of_week(schedule, override, day)
        return hours, DayStatus.OFF, None if hours else TraceLine(TraceRule.DAY_OFF)
    if shift == "":
        return None, DayStatus.OFF, TraceLine(TraceRule.DAY_OFF)
    hours = hours_of_shift(schedule, override, shift) if shift else None
    # A roster that says nothing, or names a shift that is not there, makes nobody absent.
    rule = TraceRule.ROSTER if hours else TraceRule.NO_SCHEDULE
    return hours, DayStatus.UNSCHEDULED, TraceLine(rule, source=shift or "")


def _utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _held(versions: "Versions[T]", unit_id: str, day: date) -> T | None:
    """Returns the version that holds for a unit on a day."""
    held = in_effect(versions.get(unit_id, ()), day)
    return None if isinstance(held, Ended) else held


def _by_unit(items: Iterable[T | Ended]) -> dict[str, list[T | Ended]]:
    grouped: dict[str, list[T | Ended]] = {}
    for item in items:
        grouped.setdefault(item.unit_id, []).append(item)
    return grouped
