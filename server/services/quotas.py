"""Leave quotas and workdays of employees, from the rules, their requests and their schedule."""

from collections.abc import Collection
from datetime import date, timedelta

from server.domain.attendance.calendar import FreeKind
from server.domain.attendance.model import DayStatus, Person, Posting, Request
from server.domain.attendance.plan import Planner, posting_on
from server.domain.attendance.quota import (
    YEARS_BACK,
    IsWorkday,
    LeaveFile,
    Quota,
    QuotaTable,
    annual,
    fault_of,
)
from server.domain.attendance.rules import RuleBook
from server.domain.nip import form
from server.domain.units import subtree
from server.errors import EmployeeUnknown
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import attendance, directory, requests
from server.storage.database import Connection


class Quotas:
    """Counts annual leave and says whether a leave fits."""

    def __init__(self, rules: Rules, sight: Sight) -> None:
        self._rules = rules
        self._sight = sight

    async def of_year(self, connection: Connection, nip: str, year: int) -> Quota | None:
        """Returns the annual leave of an employee's year; None if no quota holds.

        By the quotas of today, or of the day of the year that is next to it. Raises
        EmployeeUnknown.
        """
        book = await self._rules.book_of(connection, [nip])
        today = min(max(self._sight.today(), date(year, 1, 1)), date(year, 12, 31))
        table = book.quota_on(today, form(nip).value)
        if table is None:
            return None
        return annual(table, year, await self._file(connection, book, table, nip, year))

    async def fault_of(self, connection: Connection, request: Request) -> str:
        """Returns why a leave does not fit its quota, empty if it does or none holds."""
        book = await self._rules.book_of(connection, [request.nip])
        table = book.quota_on(request.first, form(request.nip).value)
        if table is None or request.leave is None:
            return ""
        file = await self._file(connection, book, table, request.nip, request.first.year)
        return fault_of(request, table, file)

    async def workdays(
        self, connection: Connection, nip: str, first: date, last: date
    ) -> IsWorkday:
        """Returns whether an employee would work on a date from first to last.

        Raises EmployeeUnknown.
        """
        book = await self._rules.book_of(connection, [nip])
        postings = await self._postings(connection, nip)
        return _workdays(book, nip, postings, range(first.year, last.year + 1))

    async def _postings(self, connection: Connection, nip: str) -> tuple[Posting, ...]:
        people = await attendance.people_of(connection, None, zone=self._sight.zone.key, nips=[nip])
        if nip not in people:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        return people[nip][1]

    async def _file(
        self, connection: Connection, book: RuleBook, table: QuotaTable, nip: str, year: int
    ) -> LeaveFile:
        """Returns what the annual leave of a year, and of all that come, is counted from."""
        first = date(year - YEARS_BACK - 1, 1, 1)
        postings = await self._postings(connection, nip)
        asked = await requests.of_days(connection, [nip], first, date.max)
        years = range(first.year, max([year, *(one.request.last.year for one in asked)]) + 2)
        posting = posting_on(postings, self._sight.today())
        remote = subtree(await directory.list_units(connection), table.remote_unit_ids)
        return LeaveFile(
            requests=[filed.request for filed in asked],
            is_workday=_workdays(book, nip, postings, years),
            joint_leave=[
                free.day for free in book.calendar(years).all() if free.kind is FreeKind.JOINT_LEAVE
            ],
            remote=posting is not None and posting.unit_id in remote,
            recorded=max(
                await requests.first_submitted(connection),
                min((one.start for one in postings), default=date.max),
            ),
        )


def _workdays(book: RuleBook, nip: str, postings: Collection[Posting], years: range) -> IsWorkday:
    """Returns whether an employee would work on a date: by schedule and roster, no holiday.

    Where no roster was imported yet, as for most of a year, the unit's working week counts.
    """
    planner: Planner = book.planner(date(years[0], 1, 1), date(years[-1], 12, 31))
    calendar = book.calendar(years)
    # Before and after a posting nobody knows of a schedule: the nearest one is assumed.
    known = sorted(postings, key=lambda one: one.start)
    spread = tuple(
        Posting(date.min + timedelta(days=2) if number == 0 else one.start, one.unit_id, one.zone)
        for number, one in enumerate(known)
    )
    person = Person(nip, spread, book.roster(nip))

    def is_workday(day: date) -> bool:
        plan = planner.of(person, day)
        if plan.rest.status is not DayStatus.UNSCHEDULED:
            return plan.work is not None
        return book.is_usual_workday(plan.unit_id, day, calendar)

    return is_workday
