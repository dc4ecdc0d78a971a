"""Punches that somebody says are missing: whether they would count, by all that is known now."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.attendance import filing
from server.domain.attendance.days import MARGIN, running_date
from server.domain.attendance.filing import PunchClaim
from server.domain.attendance.model import Person, Punch
from server.domain.attendance.plan import posting_on
from server.domain.attendance.requests import in_time
from server.domain.attendance.rules import RuleBook
from server.errors import EmployeeUnknown
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import attendance, requests, voids
from server.storage.database import Connection

_ONE_DAY = timedelta(days=1)


class Claims:
    """Judges claimed punches by schedules, events and corrections as they stand."""

    def __init__(self, rules: Rules, sight: Sight) -> None:
        self._rules = rules
        self._sight = sight

    async def fault_of(self, connection: Connection, nip: str, day: date, claim: PunchClaim) -> str:
        """Returns why a punch would not count for a day, empty if it would.

        Raises EmployeeUnknown.
        """
        person, book = await self._person(connection, nip)
        punches, _ = await self._punches(connection, nip, day)
        return filing.fault_of_claim(claim, book.planner(day, day), person, day, punches)

    async def fault_of_correction(self, connection: Connection, nip: str, claim: PunchClaim) -> str:
        """Returns why BKD cannot add a punch, empty if it can: judged for the day it belongs to.

        The deadline of employees' corrections holds for BKD's as well, but not where the very punch
        is put back that was voided by mistake. Raises EmployeeUnknown.
        """
        person, book = await self._person(connection, nip)
        around = claim.punch_time.astimezone(self._sight.zone).date()
        planner = book.planner(around, around)
        day = running_date(planner, person, around, claim.punch_time)
        posting = posting_on(person.postings, day)
        today = self._sight.today(ZoneInfo(posting.zone) if posting else None)
        table = book.chains_on(today)
        punches, voided = await self._punches(connection, nip, day)
        restores = (claim.kind, claim.punch_time) in {(one.kind, one.event_time) for one in voided}
        late = table is not None and not in_time(day, today, table.correction_days)
        fault = filing.fault_of_claim(claim, planner, person, day, punches)
        return fault or ("DEADLINE_PASSED" if late and not restores else "")

    async def _person(self, connection: Connection, nip: str) -> tuple[Person, RuleBook]:
        """Returns an employee as days are derived, with the rules. Raises EmployeeUnknown."""
        people = await attendance.people_of(connection, None, zone=self._sight.zone.key, nips=[nip])
        if nip not in people:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        book = await self._rules.book_of(connection, [nip])
        return Person(nip, people[nip][1], book.roster(nip)), book

    async def _punches(
        self, connection: Connection, nip: str, day: date
    ) -> tuple[list[Punch], list[Punch]]:
        """Returns the punches around a day that count, and those that were voided."""
        midnight = datetime.combine(day, datetime.min.time(), tzinfo=self._sight.zone)
        start, end = midnight - MARGIN, midnight + _ONE_DAY + MARGIN
        events = await attendance.punches_of(connection, [nip], start, end)
        added = await requests.corrected_punches(connection, [nip], start, end)
        known = [*events.get(nip, ()), *(punch for _, punch in added)]
        gone = await voids.voids_of(connection, [nip])
        return (
            [punch for punch in known if punch.event_id not in gone],
            [punch for punch in known if punch.event_id in gone],
        )
