"""Derives the days of a person from all punches and requests of that time, in one pass."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from server.domain.attendance.day import derive, without, without_punches
from server.domain.attendance.model import AttendanceDay, Person, Punch, Request, Void
from server.domain.attendance.plan import Planner
from server.domain.attendance.punches import order
from server.domain.attendance.requests import annulled, by_day, counts

# How far around the days asked for punches may lie, for shifts over midnight: fetch so much more.
MARGIN = timedelta(days=2)
_ONE_DAY = timedelta(days=1)
_NO_VOIDS: Mapping[str, Void] = {}


def running_date(planner: Planner, person: Person, around: date, now: datetime) -> date:
    """Returns the date to which a punch of this moment belongs: of a night shift until it closes.

    around: the date now somewhere near. now: UTC.
    """
    plans, edges = planner.span(person, around - _ONE_DAY, around + _ONE_DAY)
    return plans[bisect_right(edges, now)].day


def derive_days(
    planner: Planner,
    person: Person,
    first: date,
    last: date,
    *,
    punches: Iterable[Punch],
    requests: Iterable[Request],
    voids: Mapping[str, Void] = _NO_VOIDS,
    now: datetime,
) -> list[AttendanceDay]:
    """Returns the days first to last of a person, one for each date.

    punches: valid events of the person in any order, each as often as one likes, at least those
    within MARGIN of the days. requests: all of the person. voids: by the id of the punch, which is
    named and counts for nothing. now: UTC.
    """
    known = sorted(punches, key=order)
    ordered = [punch for punch in known if punch.event_id not in voids] if voids else known
    voided = [punch for punch in known if punch.event_id in voids] if voids else []
    times = [punch.event_time for punch in ordered]
    plans, edges = planner.span(person, first, last)
    requests = list(requests)
    excuses = by_day(requests, first, last, counts)
    gone = by_day(requests, first, last, annulled)
    days = []
    for plan, begin, end in zip(plans[1:-1], edges, edges[1:], strict=False):
        start = bisect_left(times, begin)
        own = ordered[start : bisect_left(times, end, start)]
        day = derive(plan, own, excuses.get(plan.day, ()), now)
        if plan.day in gone:
            day = without(day, gone[plan.day])
        wrong = [punch for punch in voided if begin <= punch.event_time < end]
        days.append(without_punches(day, wrong, voids) if wrong else day)
    return days
