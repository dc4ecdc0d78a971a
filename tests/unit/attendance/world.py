"""An office in Sofifi for the tests of attendance: rules, people, and days in one line each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.attendance.bands import CutTable
from server.domain.attendance.calendar import Calendar, FreeDay
from server.domain.attendance.days import derive_days
from server.domain.attendance.hours import DayHours, Schedule, Week, Windows
from server.domain.attendance.model import (
    AttendanceDay,
    LeaveType,
    Person,
    Phase,
    PhasePeriod,
    Posting,
    Punch,
    PunchSource,
    Request,
    RequestKind,
    RequestState,
    Void,
)
from server.domain.attendance.plan import Planner
from server.domain.attendance.starter import CUTS, FIVE_DAYS
from server.domain.model import EventKind

WIT = ZoneInfo("Asia/Jayapura")
IN, OUT = EventKind.IN, EventKind.OUT
PHONE, KIOSK = PunchSource.PHONE, PunchSource.KIOSK
NIP, HEAD = "198501152010011001", "197003032000032002"
MONDAY, FRIDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 28)
NO_VOIDS: Mapping[str, Void] = {}
BEGIN = date(2026, 1, 1)
LATER = datetime(2028, 1, 1, tzinfo=UTC)
USUAL = FIVE_DAYS[0]
OFFICE = Schedule("office-1", "bkd", BEGIN, FIVE_DAYS)
OFFICIAL = PhasePeriod("bkd", BEGIN, Phase.OFFICIAL)
ANI = Person(NIP, (Posting(BEGIN, "bkd", "Asia/Jayapura"),))
NIGHT = DayHours(time(22), time(6), Windows(7200, 7200, 7200, 14_400), late_grace_s=59)


def at(day: date, clock: str, zone: ZoneInfo = WIT) -> datetime:
    """Returns a local time such as 07:30 or 07:30:59 in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def punch(
    day: date, clock: str, kind: EventKind = IN, source: PunchSource = PHONE, name: str = ""
) -> Punch:
    """Returns a punch; its id says when it was."""
    return Punch(name or f"{day} {clock} {kind.value}", kind, at(day, clock), source)


def worked(day: date, come: str, leave: str) -> list[Punch]:
    """Returns a check-in and a check-out of one date; an empty time is none."""
    both = ((come, IN), (leave, OUT))
    return [punch(day, clock, kind) for clock, kind in both if clock]


def request(kind: RequestKind, day: date = MONDAY, **changes: object) -> Request:
    """Returns an accepted request for one day, by the head."""
    base = Request(
        kind.value.lower(), NIP, kind, day, day, RequestState.ACCEPTED, HEAD, "094/17/2026"
    )
    return replace(base, **changes)


def leave(kind: LeaveType, day: date = MONDAY) -> Request:
    """Returns accepted leave of a type."""
    return request(RequestKind.CUTI, day, leave=kind)


def planner(
    *schedules: Schedule,
    phases: Sequence[PhasePeriod] = (OFFICIAL,),
    tables: Sequence[CutTable] = (CUTS,),
    free: Sequence[FreeDay] = (),
) -> Planner:
    """Returns the rules of the office, or others; the tables of the Ministry of Agriculture."""
    return Planner(schedules or (OFFICE,), phases, tables, Calendar([], free))


def week(hours: DayHours, days: int = 5) -> Week:
    """Returns a week of equal workdays from Monday on."""
    return tuple(hours if number < days else None for number in range(7))


def office(hours: DayHours, days: int = 5) -> Planner:
    """Returns the rules of an office with other hours."""
    return planner(replace(OFFICE, week=week(hours, days)))


def span(
    first: date,
    last: date,
    punches: Sequence[Punch] = (),
    requests: Sequence[Request] = (),
    *,
    voids: Mapping[str, Void] = NO_VOIDS,
    rules: Planner | None = None,
    person: Person = ANI,
    now: datetime = LATER,
) -> list[AttendanceDay]:
    """Returns the days of a person."""
    rules = rules or planner()
    return derive_days(
        rules, person, first, last, punches=punches, requests=requests, voids=voids, now=now
    )


def one(
    day: date, punches: Sequence[Punch] = (), requests: Sequence[Request] = (), **more
) -> AttendanceDay:
    """Returns one day of a person."""
    [found] = span(day, day, punches, requests, **more)
    return found


def dates(first: date, count: int) -> list[date]:
    """Returns so many dates in a row."""
    return [first + timedelta(days=number) for number in range(count)]
