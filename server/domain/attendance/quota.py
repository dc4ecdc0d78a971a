"""Leave quotas: how many days somebody may still take, and whether a request fits.

Annual leave (cuti tahunan) is 12 workdays a year; what is left of the year before is added up to 18
in all; who works in a place hard to reach gets up to 12 calendar days more (PP 11/2017, Perban BKN
24/2017). Here those 12 count like workdays: to be confirmed by BKD, as is the set of PPPK.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """A version of the quotas, from a date on.

    annual_days: workdays of annual leave. annual_max_days: with what was carried over.
    remote_days: more for those in remote_unit_ids and below. joint_leave_counts: cuti bersama takes
    days from annual leave. longest_days: the longest leave in calendar days, by type.
    """

    version: str
    start: date
    annual_days: int
    annual_max_days: int
    remote_days: int = 0
    joint_leave_counts: bool = False
    longest_days: Mapping[LeaveType, int] = field(default_factory=dict)
    remote_unit_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Quota:
    """Annual leave of a year, in workdays; left is never below 0, pending is taken off it."""

    year: int
    granted: int
    carried_over: int
    remote: int
    used: int
    pending: int

    @property
    def left(self) -> int:
        """What may still be asked for."""
        whole = self.granted + self.carried_over + self.remote
        return max(0, whole - self.used - self.pending)


IsWorkday = Callable[[date], bool]


def annual(
    table: QuotaTable,
    year: int,
    requests: Iterable[Request],
    is_workday: IsWorkday,
    *,
    joint_leave: Iterable[date] = (),
    remote: bool = False,
) -> Quota:
    """Returns the annual leave of a year.

    requests: all of the person that touch the year or the one before; is_workday: whether somebody
    would work on a date of these years; joint_leave: dates of cuti bersama.
    """
    requests, joint = list(requests), list(joint_leave) if table.joint_leave_counts else []
    before = _taken(requests, year - 1, RequestState.ACCEPTED, is_workday)
    before += sum(day.year == year - 1 for day in joint)
    carried = min(max(0, table.annual_days - before), table.annual_max_days - table.annual_days)
    return Quota(
        year=year,
        granted=table.annual_days,
        carried_over=max(0, carried),
        remote=table.remote_days if remote else 0,
        used=_taken(requests, year, RequestState.ACCEPTED, is_workday)
        + sum(day.year == year for day in joint),
        pending=_taken(requests, year, RequestState.PENDING, is_workday),
    )


def workdays_by_year(request: Request, is_workday: IsWorkday) -> dict[int, int]:
    """Returns how many workdays a request takes of each year that it touches."""
    found: dict[int, int] = {}
    for day in _days(request):
        found[day.year] = found.get(day.year, 0) + is_workday(day)
    return found


def fault_of(
    request: Request, table: QuotaTable, left: Mapping[int, int], is_workday: IsWorkday
) -> str:
    """Returns why a leave does not fit, empty if it does; left: days of annual leave by year."""
    if request.kind is not RequestKind.CUTI or request.leave is None:
        return ""
    longest = table.longest_days.get(request.leave)
    if longest is not None and (request.last - request.first).days + 1 > longest:
        return "LEAVE_TOO_LONG"
    if request.leave is not LeaveType.TAHUNAN:
        return ""
    wanted = workdays_by_year(request, is_workday)
    if any(days > left.get(year, 0) for year, days in wanted.items()):
        return "QUOTA_EXCEEDED"
    return "" if any(wanted.values()) else "NO_WORKDAY"


def _taken(
    requests: Iterable[Request], year: int, state: RequestState, is_workday: IsWorkday
) -> int:
    return sum(
        workdays_by_year(request, is_workday).get(year, 0)
        for request in requests
        if request.leave is LeaveType.TAHUNAN and request.state is state
    )


def _days(request: Request) -> Iterable[date]:
    for number in range((request.last - request.first).days + 1):
        yield request.first + timedelta(days=number)
