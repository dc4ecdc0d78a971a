"""Leave quotas: how many days somebody may still take, and whether a request fits.

Annual leave (cuti tahunan) is 12 workdays a year. What is left of a year is added to the next, up
to 18 in all; where none was taken for two years in a row, up to 24. Carried days are used first;
what is not used of them lapses. Who works in a place hard to reach gets up to 12 calendar days more
(PP 11/2017, Perban BKN 24/2017). Here those 12 count like workdays: to be confirmed by BKD, as are
the set of PPPK and the reading of "two years": both without a single day.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.attendance.requests import elsewhere

# What was carried over is counted from so many years back; before, a full carry-over is assumed.
YEARS_BACK = 5


@dataclass(frozen=True, slots=True)
class QuotaTable:
    """A version of the quotas, from a date on.

    annual_days: workdays of annual leave. annual_max_days: with what was carried over.
    annual_two_years_max_days: the same where none was taken for two years, if it is more.
    remote_days: more for those in remote_unit_ids and below. joint_leave_counts: cuti bersama takes
    days from annual leave. longest_days: the longest leave in calendar days, by type; 0: this type
    is not granted.
    """

    version: str
    start: date
    annual_days: int
    annual_max_days: int
    remote_days: int = 0
    joint_leave_counts: bool = False
    longest_days: Mapping[LeaveType, int] = field(default_factory=dict)
    remote_unit_ids: frozenset[str] = frozenset()
    annual_two_years_max_days: int = 0


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
    def whole(self) -> int:
        """All that may be taken in the year."""
        return self.granted + self.carried_over + self.remote

    @property
    def left(self) -> int:
        """What may still be asked for."""
        return max(0, self.whole - self.used - self.pending)

    @property
    def over(self) -> int:
        """By how much more was asked for than there is, 0 if it was not."""
        return max(0, self.used + self.pending - self.whole)


IsWorkday = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class LeaveFile:
    """What annual leave of a person is counted from.

    requests: all of the person in the years asked for and YEARS_BACK before. is_workday: whether
    somebody would work on a date of these years. joint_leave: dates of cuti bersama. recorded: from
    when on all leave is on record.
    """

    requests: Sequence[Request]
    is_workday: IsWorkday
    joint_leave: Collection[date] = ()
    remote: bool = False
    recorded: date = date.max


def annual(table: QuotaTable, year: int, file: LeaveFile) -> Quota:
    """Returns the annual leave of a year."""
    used = _taken(table, file, RequestState.ACCEPTED)
    pending = _taken(table, file, RequestState.PENDING)
    return Quota(
        year=year,
        granted=table.annual_days,
        carried_over=_carried(table, year, _added(used, pending), file.recorded),
        remote=table.remote_days if file.remote else 0,
        used=used.get(year, 0),
        pending=pending.get(year, 0),
    )


def workdays_by_year(request: Request, is_workday: IsWorkday) -> dict[int, int]:
    """Returns how many workdays a request takes of each year that it touches."""
    found: dict[int, int] = {}
    for day in _days(request):
        found[day.year] = found.get(day.year, 0) + is_workday(day)
    return found


def fault_of(request: Request, table: QuotaTable, file: LeaveFile) -> str:
    """Returns why a leave does not fit beside what the file has, empty if it does.

    Neither its own years may be exceeded by it, nor later ones that count on what they carry over.
    """
    if request.kind is not RequestKind.CUTI or request.leave is None:
        return ""
    longest = table.longest_days.get(request.leave)
    if longest == 0:
        return "LEAVE_NOT_GRANTED"
    if longest is not None and (request.last - request.first).days + 1 > longest:
        return "LEAVE_TOO_LONG"
    if request.leave is not LeaveType.TAHUNAN:
        return ""
    if not any(workdays_by_year(request, file.is_workday).values()):
        return "NO_WORKDAY"
    after = replace(file, requests=(*file.requests, request))
    last = max(one.last.year for one in after.requests)
    exceeded = any(
        annual(table, year, after).over > annual(table, year, file).over
        for year in range(request.first.year, last + 1)
    )
    return "QUOTA_EXCEEDED" if exceeded else ""


def _carried(table: QuotaTable, year: int, taken: Mapping[int, int], recorded: date) -> int:
    """Returns what is carried over into a year: year by year, carried days being used first."""
    usual = table.annual_max_days - table.annual_days
    most = max(usual, table.annual_two_years_max_days - table.annual_days)
    begin = max(min(year, recorded.year, *taken), year - YEARS_BACK)
    carried = usual
    for before in range(begin, year):
        whole = table.annual_days + carried
        left = max(0, min(table.annual_days, whole - taken.get(before, 0)))
        none_taken = not taken.get(before) and not taken.get(before - 1)
        if none_taken and recorded <= date(before - 1, 1, 1):
            carried = min(whole, most)
        else:
            carried = min(left, usual)
    return carried


def _taken(table: QuotaTable, file: LeaveFile, state: RequestState) -> dict[int, int]:
    """Returns the workdays of annual leave in a state, by year; joint leave is accepted.

    Who is called back to duty meanwhile keeps those days: to be confirmed by BKD.
    """
    duty = {
        day
        for request in file.requests
        if request.state is RequestState.ACCEPTED and elsewhere([request])
        for day in _days(request)
    }
    found: dict[int, int] = {}
    for request in file.requests:
        if request.leave is LeaveType.TAHUNAN and request.state is state:
            takes = workdays_by_year(request, lambda day: day not in duty and file.is_workday(day))
            found = _added(found, takes)
    if table.joint_leave_counts and state is RequestState.ACCEPTED:
        for day in file.joint_leave:
            found = _added(found, {day.year: 1})
    return found


def _added(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    return {year: one.get(year, 0) + other.get(year, 0) for year in {*one, *other}}


def _days(request: Request) -> Iterable[date]:
    for number in range((request.last - request.first).days + 1):
        yield request.first + timedelta(days=number)
