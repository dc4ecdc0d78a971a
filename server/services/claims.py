"""Punches that somebody says are missing: whether they would count, by all that is known now."""

from datetime import date, datetime, timedelta

from server.domain.attendance import filing
from server.domain.attendance.days import MARGIN
from server.domain.attendance.filing import PunchClaim
from server.domain.attendance.model import Person, Punch
from server.errors import EmployeeUnknown
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import attendance, requests
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
        people = await attendance.people_of(connection, None, zone=self._sight.zone.key, nips=[nip])
        if nip not in people:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        book = await self._rules.book_of(connection, [nip])
        person = Person(nip, people[nip][1], book.roster(nip))
        punches = await self._punches(connection, nip, day)
        return filing.fault_of_claim(claim, book.planner(day, day), person, day, punches)

    async def _punches(self, connection: Connection, nip: str, day: date) -> list[Punch]:
        midnight = datetime.combine(day, datetime.min.time(), tzinfo=self._sight.zone)
        start, end = midnight - MARGIN, midnight + _ONE_DAY + MARGIN
        events = await attendance.punches_of(connection, [nip], start, end)
        added = await requests.corrected_punches(connection, [nip], start, end)
        return [*events.get(nip, ()), *(punch for _, punch in added)]
