"""The rules that BKD edits, as a log of changes: the last of a kind, subject and date holds.

Nothing is overwritten, so it is always known who changed which rule when, and why. Until a unit has
a schedule or phase of its own it follows the unit above it, and the topmost the rule for all ("").
"""

import copy
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from server.domain.attendance import bands, hours
from server.domain.attendance.approval import ChainTable, Delegation
from server.domain.attendance.bands import CutTable
from server.domain.attendance.calendar import Calendar, FreeDay, national
from server.domain.attendance.discipline import DisciplineTable
from server.domain.attendance.hours import Schedule, in_effect
from server.domain.attendance.kept import Kept
from server.domain.attendance.model import Ended, PhasePeriod
from server.domain.attendance.plan import Planner
from server.domain.attendance.quota import QuotaTable
from server.domain.forensics import limits
from server.domain.forensics.limits import Limits
from server.domain.model import Unit
from server.domain.unit_history import UnitHistory

SHIFT_LENGTH_MAX = 40
EVERYBODY = ""
# Of one book: what is asked for lies in this year and the ones beside it.
PLANNERS_MAX = 8
# Quotas may differ: the form of the NIP says which one holds.
EMPLOYMENTS = frozenset({"PNS", "PPPK"})


class RuleKind(enum.Enum):
    """What a rule is about."""

    SCHEDULE = "SCHEDULE"
    PHASE = "PHASE"
    CUT_TABLE = "CUT_TABLE"
    DISCIPLINE = "DISCIPLINE"
    FREE_DAY = "FREE_DAY"
    SHIFT = "SHIFT"
    QUOTA = "QUOTA"
    CHAIN = "CHAIN"
    DELEGATION = "DELEGATION"
    FORENSIC_LIMITS = "FORENSIC_LIMITS"


@dataclass(frozen=True, slots=True)
class Shift:
    """The shift of an employee on a date; an empty name is off."""

    name: str


Content = (
    Schedule
    | PhasePeriod
    | CutTable
    | DisciplineTable
    | FreeDay
    | Shift
    | QuotaTable
    | ChainTable
    | Delegation
    | Limits
)
T = TypeVar("T", Schedule, PhasePeriod)
V = TypeVar("V", CutTable, DisciplineTable, ChainTable, Limits)

# By what a rule's subject is named; what is not here is a rule for all.
_OF_UNIT = frozenset({RuleKind.SCHEDULE, RuleKind.PHASE, RuleKind.DELEGATION})
_FOR_ALL_TOO = frozenset({RuleKind.SCHEDULE, RuleKind.PHASE})


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a subject (unit, NIP or everybody) from a date on; None takes it back."""

    kind: RuleKind
    subject: str
    start: date
    content: Content | None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule as somebody put it. sequence: 1 and up, later ones win."""

    sequence: int
    rule: Rule
    actor: str
    reason: str
    change_time: datetime
    superseded: bool = False


def version_of(change: RuleChange) -> str:
    """Returns how a trace names a rule: its date and the number of its change."""
    return f"{change.rule.start.isoformat()} #{change.sequence}"


def faults_of(rule: Rule, unit_ids: Collection[str], nips: Collection[str]) -> list[str]:
    """Returns what BKD must mend in a rule, as reasons; empty if nothing."""
    found = _subject_faults(rule, unit_ids, nips)
    content = rule.content
    if isinstance(content, Schedule):
        found += _schedule_faults(content)
    elif isinstance(content, CutTable):
        found += bands.faults_of(content)
    elif isinstance(content, DisciplineTable):
        rising = [step.days_min for step in content.steps]
        found += ["STEPS_NOT_RISING"] if rising != sorted(set(rising)) or 0 in rising else []
    elif isinstance(content, Delegation):
        found += ["EMPLOYEE_UNKNOWN"] if content.nip not in nips else []
        found += ["DATES_REVERSED"] if content.last < content.start else []
    elif isinstance(content, QuotaTable):
        days = (
            content.annual_days,
            content.remote_days,
            content.annual_two_years_max_days,
            *content.longest_days.values(),
        )
        found += ["DAYS_NEGATIVE"] if min(days) < 0 else []
        found += ["MAX_BELOW_QUOTA"] if content.annual_max_days < content.annual_days else []
        found += ["UNIT_UNKNOWN"] if content.remote_unit_ids - set(unit_ids) else []
    elif isinstance(content, Limits):
        found += limits.faults_of(content)
    elif isinstance(content, Shift) and len(content.name) > SHIFT_LENGTH_MAX:
        found += ["SHIFT_NAME_TOO_LONG"]
    return found


def _subject_faults(rule: Rule, unit_ids: Collection[str], nips: Collection[str]) -> list[str]:
    subject = rule.subject
    if rule.kind in _OF_UNIT:
        known = subject in unit_ids or (rule.kind in _FOR_ALL_TOO and subject == EVERYBODY)
        return [] if known else ["UNIT_UNKNOWN"]
    if rule.kind is RuleKind.SHIFT:
        return [] if subject in nips else ["EMPLOYEE_UNKNOWN"]
    if rule.kind is RuleKind.QUOTA and subject in EMPLOYMENTS:
        return []
    return [] if subject == EVERYBODY else ["SUBJECT_NOT_EMPTY"]


def _schedule_faults(schedule: Schedule) -> list[str]:
    days = [*(schedule.week or ()), *schedule.shifts.values()]
    found = []
    for override in schedule.overrides:
        days += [*(override.week or ()), *override.shifts.values()]
        found += ["DATES_REVERSED"] if override.last < override.first else []
    if not any(schedule.week or ()) and not schedule.shifts:
        found.append("NO_HOURS")
    return found + sorted({fault for day in days if day for fault in hours.faults_of(day)})


@dataclass(slots=True)
class _Sorted:
    """Current rules by kind."""

    schedules: dict[str, list[Schedule]] = field(default_factory=dict)
    phases: dict[str, list[PhasePeriod]] = field(default_factory=dict)
    tables: list[CutTable | DisciplineTable | ChainTable | Limits] = field(default_factory=list)
    free: list[FreeDay] = field(default_factory=list)
    quotas: dict[str, list[QuotaTable]] = field(default_factory=dict)
    delegations: list[Delegation] = field(default_factory=list)


class RuleBook:
    """All rules that hold now, for the units as they stood. Made anew when a rule changes.

    history: of the units; without it they have always stood as now. A unit that moves takes the
    rules of the units above it from the date of its move, and keeps those of before until then.

    Shifts are thousands a month and matter to one employee each: `with_rosters` adds those needed.
    """

    def __init__(
        self,
        changes: Iterable[RuleChange],
        units: Sequence[Unit],
        history: UnitHistory | None = None,
    ) -> None:
        self._now = _Sorted()
        self._planners = Kept[tuple[int, int], Planner](PLANNERS_MAX)  # shared by its copies
        self._unit_ids = [unit.unit_id for unit in units]
        self._history = history or UnitHistory(units)
        self._rosters: Mapping[str, Mapping[date, str]] | None = None
        for change in current(changes):
            _sort_in(self._now, change)

    @property
    def delegations(self) -> Sequence[Delegation]:
        """Who acts for whom."""
        return self._now.delegations

    def chains_on(self, day: date) -> ChainTable | None:
        """Returns the chains of approval of a day."""
        return in_effect(self._tables(ChainTable), day)

    def quota_on(self, day: date, employment: str) -> QuotaTable | None:
        """Returns the leave quotas of a day, for PNS, PPPK or who is neither."""
        quotas = self._now.quotas
        return in_effect(quotas.get(employment, ()), day) or in_effect(
            quotas.get(EVERYBODY, ()), day
        )

    def discipline_on(self, day: date) -> DisciplineTable | None:
        """Returns the thresholds of a day."""
        return in_effect(self._tables(DisciplineTable), day)

    def with_rosters(self, rosters: Mapping[str, Mapping[date, str]]) -> "RuleBook":
        """Returns this book, planners included, with the shifts of some employees by date."""
        book = copy.copy(self)
        book._rosters = rosters  # noqa: SLF001  its own copy
        return book

    def limits_on(self, day: date) -> Limits:
        """Returns the thresholds of forensics of a day; the proposals where BKD says nothing."""
        return in_effect(self._tables(Limits), day) or Limits()

    def roster(self, nip: str) -> Mapping[date, str]:
        """Returns the shifts of an employee by date; the book must have been given them."""
        if self._rosters is None:
            raise LookupError("a book without rosters: ask Rules.book_of")
        return self._rosters.get(nip, {})

    def is_usual_workday(self, unit_id: str, day: date, calendar: Calendar) -> bool:
        """Whether a unit's working week has a date: of a unit of shifts alone that of one above."""
        for subject in (*self._history.path(unit_id, day), EVERYBODY):
            schedule = in_effect(self._now.schedules.get(subject, ()), day)
            if schedule and schedule.week:
                free = schedule.holidays and calendar.on(day)
                return not free and schedule.week[day.weekday()] is not None
        return False

    def calendar(self, years: Iterable[int]) -> Calendar:
        """Returns the free days of the years."""
        return Calendar(national(years), self._now.free)

    def planner(self, first: date, last: date) -> Planner:
        """Returns a planner for the days first to last and some around them, made once a year."""
        key = (first.year, last.year)
        planner = self._planners.get(key)
        years = range(first.year - 1, last.year + 2)
        return planner or self._planners.put(key, self._make_planner(years))

    def _make_planner(self, years: Iterable[int]) -> Planner:
        schedules: list[Schedule | Ended] = []
        phases: list[PhasePeriod | Ended] = []
        for unit_id in self._unit_ids:
            schedules += [
                replace(one, unit_id=unit_id) for one in self._own(self._now.schedules, unit_id)
            ]
            phases += [
                replace(one, unit_id=unit_id) for one in self._own(self._now.phases, unit_id)
            ]
        return Planner(schedules, phases, self._tables(CutTable), self.calendar(years))

    def _tables(self, kind: type[V]) -> list[V]:
        return [table for table in self._now.tables if isinstance(table, kind)]

    def _own(self, by_unit: dict[str, list[T]], unit_id: str) -> list[T | Ended]:
        """Returns the versions that hold for a unit, by what stood above it at the time."""
        versions: list[T | Ended] = []
        for begin, path in self._history.paths(unit_id):
            inherited = _inherited(by_unit, path)
            before = in_effect(versions, begin)
            versions = [one for one in versions if one.start < begin]
            held = in_effect(inherited, begin)
            if held is None and before is not None:
                versions.append(Ended(unit_id, begin))
            elif held is not None and held != before:
                versions.append(replace(held, start=max(held.start, begin)))
            elif held is not None and held.start == begin:
                versions.append(held)
            versions += [one for one in inherited if one.start > begin]
        return versions


def _inherited(by_unit: dict[str, list[T]], path: Iterable[str]) -> list[T]:
    """Returns the versions of a unit; before its first one those of the units above hold."""
    versions: list[T] = []
    for subject in dict.fromkeys((*path, EVERYBODY)):
        first = min((one.start for one in versions), default=date.max)
        versions += [one for one in by_unit.get(subject, []) if one.start < first]
    return versions


def current(changes: Iterable[RuleChange]) -> list[RuleChange]:
    """Returns the changes that hold: the last of each kind, subject and start, if not a return."""
    latest = {
        (change.rule.kind, change.rule.subject, change.rule.start): change
        for change in sorted(changes, key=lambda change: change.sequence)
    }
    return [change for change in latest.values() if change.rule.content is not None]


def _sort_in(now: _Sorted, change: RuleChange) -> None:
    rule, content, version = change.rule, change.rule.content, version_of(change)
    match content:
        case Schedule():
            named = replace(content, version=version, unit_id=rule.subject, start=rule.start)
            now.schedules.setdefault(rule.subject, []).append(named)
        case PhasePeriod():
            period = replace(content, unit_id=rule.subject, start=rule.start)
            now.phases.setdefault(rule.subject, []).append(period)
        case CutTable() | DisciplineTable() | ChainTable() | Limits():
            now.tables.append(replace(content, start=rule.start))
        case FreeDay():
            now.free.append(replace(content, day=rule.start))
        case QuotaTable():
            table = replace(content, start=rule.start)
            now.quotas.setdefault(rule.subject, []).append(table)
        case Delegation():
            now.delegations.append(replace(content, unit_id=rule.subject, start=rule.start))
        case Shift() | None:
            pass
