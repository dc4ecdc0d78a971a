"""Leave quotas of employees, from the rules, their requests and the workdays of their schedule."""

from collections.abc import Collection
from datetime import date, timedelta

from server.domain.attendance.calendar import FreeKind
from server.domain.attendance.model import Person, Posting, Request
from server.domain.attendance.plan import Planner, posting_on
from server.domain.attendance.quota import (
    IsWorkday,
    Quota,
    QuotaTable,
    annual,
    fault_of,
    workdays_by_year,
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

        Raises EmployeeUnknown.
        """
        book = await self._rules.book_of(connection, [nip])
        table = book.quota_on(date(year, 12, 31), form(nip).value)
        if table is None:
            return None
        return await self._annual(connection, book, table, nip, year)

    async def fault_of(self, connection: Connection, request: Request) -> str:
        """Returns why a leave does not fit its quota, empty if it does or none holds."""
        book = await self._rules.book_of(connection, [request.nip])
        table = book.quota_on(request.first, form(request.nip).value)
        if table is None or request.leave is None:
            return ""
        postings = await self._postings(connection, request.nip)
        is_workday = _workdays(book, request.nip, postings, request.first.year, request.last.year)
        left = {}
        for year in workdays_by_year(request, is_workday):
            quota = await self._annual(connection, book, table, request.nip, year)
            left[year] = quota.left
        return fault_of(request, table, left, is_workday)

    async def _annual(
        self,
        connection: Connection,
        book: RuleBook,
        table: QuotaTable,
        nip: str,
        year: int,
    ) -> Quota:
        postings = await self._postings(connection, nip)
        asked = await self._asked(connection, nip, year)
        posting = posting_on(postings, self._sight.today())
        units = await directory.list_units(connection)
        remote = subtree(units, table.remote_unit_ids)
        joint = [
            free.day
            for free in book.calendar([year - 1, year]).all()
            if free.kind is FreeKind.JOINT_LEAVE
        ]
        return annual(
            table,
            year,
            asked,
            _workdays(book, nip, postings, year - 1, year),
            joint_leave=joint,
            remote=posting is not None and posting.unit_id in remote,
        )

    async def _asked(self, connection: Connection, nip: str, year: int) -> list[Request]:
        first, last = date(year - 1, 1, 1), date(year, 12, 31)
        return [filed.request for filed in await requests.of_days(connection, [nip], first, last)]

    async def _postings(self, connection: Connection, nip: str) -> tuple[Posting, ...]:
        people = await attendance.people_of(connection, None, zone=self._sight.zone.key, nips=[nip])
        if nip not in people:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        return people[nip][1]


def _workdays(
    book: RuleBook, nip: str, postings: Collection[Posting], first_year: int, last_year: int
) -> IsWorkday:
    """Returns whether an employee would work on a date: by schedule and roster, no holiday."""
    planner: Planner = book.planner(date(first_year, 1, 1), date(last_year, 12, 31))
    # Before and after a posting nobody knows of a schedule: the nearest one is assumed.
    known = sorted(postings, key=lambda one: one.start)
    spread = tuple(
        Posting(date.min + timedelta(days=2) if number == 0 else one.start, one.unit_id, one.zone)
        for number, one in enumerate(known)
    )
    person = Person(nip, spread, book.roster(nip))
    return lambda day: planner.of(person, day).work is not None
