"""Attendance days: derived on demand from punches, rules and requests, for those who may see them.

A person's month is some 2 ms; whole units go through the queue of reports.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server import memory
from server.clock import Clock
from server.domain.attendance.closing import Figures, figures_by_unit
from server.domain.attendance.days import MARGIN, derive_days, running_date
from server.domain.attendance.discipline import Counters, counters
from server.domain.attendance.model import (
    AttendanceDay,
    DayStatus,
    Person,
    Posting,
    Punch,
    Request,
    Void,
)
from server.domain.attendance.plan import Planner, posting_on
from server.domain.attendance.recap import Recap, TppRecap, recap, tpp_recap
from server.domain.attendance.rules import RuleBook
from server.domain.model import Principal, Role
from server.errors import EmployeeUnknown, FieldInvalid, ServerDraining, SessionEnded
from server.services.changes import Changes, Watcher
from server.services.live import LiveStream
from server.services.reports import Reports
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import attendance, requests, voids
from server.storage.database import Connection, Database

PERSON_DAYS_MAX = 366
UNIT_DAYS_MAX = 62
# What time alone changes on a board (who is late, who is absent) shows after so long at most.
REFRESH_S = 30.0
# Changes that come together are derived together.
GATHER_S = 0.2
# The running day of so many people is derived at once: 2 ms of the event loop.
PEOPLE_AT_ONCE_MAX = 20
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PersonDays:
    """The days of an employee, by date; those served elsewhere are left out for who may not see."""

    nip: str
    display_name: str
    days: tuple[AttendanceDay, ...]


@dataclass(frozen=True, slots=True)
class PersonRecap:
    """What the days of an employee add up to.

    statuses: by date, without their reasons. by_unit: what of `tpp` was served in which unit.
    """

    nip: str
    display_name: str
    statuses: Mapping[date, DayStatus]
    recap: Recap
    tpp: TppRecap
    by_unit: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class _Material:
    """All that days of some people are derived from; days outside unit_ids are not shown."""

    people: Mapping[str, tuple[str, tuple[Posting, ...]]]
    punches: Mapping[str, Sequence[Punch]]
    requests: Mapping[str, Sequence[Request]]
    voids: Mapping[str, Void]
    book: RuleBook
    planner: Planner
    unit_ids: Collection[str] | None
    now: datetime


class Attendance:
    """Derives days for employees, heads and BKD."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        sight: Sight,
        *,
        changes: Changes,
        reports: Reports,
        clock: Clock,
    ) -> None:
        self._database = database
        self._rules = rules
        self._sight = sight
        self._changes = changes
        self._reports = reports
        self._clock = clock

    async def of_person(
        self, principal: Principal, nip: str, first: date, last: date
    ) -> PersonDays:
        """Returns the days of an employee: phones see their own, heads and BKD those of theirs.

        Raises EmployeeUnknown, also where the employee is not the caller's; FieldInvalid.
        """
        _check_span(first, last, PERSON_DAYS_MAX)
        async with self._database.read() as connection:
            units = await self._seen(connection, principal, nip)
            material = await self._material(connection, units, [nip], first, last)
        found = _derived(material, first, last)
        if not found:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        return found[0]

    async def place_waived(self, nip: str) -> bool:
        """Whether no geofence applies to an employee now, by schedule or by duty elsewhere."""
        around = self._sight.today()
        async with self._database.read() as connection:
            material = await self._material(connection, None, [nip], *_near(around))
        running = _running(material, around)
        return any(day.place_waived for one in running for day in one.days)

    async def zone_of(self, nip: str, day: date) -> ZoneInfo:
        """Returns the zone of where an employee serves on a date, the province's if nowhere."""
        async with self._database.read() as connection:
            people = await attendance.people_of(
                connection, None, zone=self._sight.zone.key, nips=[nip]
            )
        posting = posting_on(people[nip][1], day) if nip in people else None
        return ZoneInfo(posting.zone) if posting else self._sight.zone

    async def counters_of(self, principal: Principal, nip: str, year: int) -> Counters | None:
        """Returns the counters of PP 94/2021 of an employee; None if no thresholds hold.

        Days before the year let a row run over New Year.
        """
        first, last = date(year - 1, 12, 1), date(year, 12, 31)
        async with self._database.read() as connection:
            units = await self._seen(connection, principal, nip)
            material = await self._material(connection, units, [nip], first, last)
        # A table to come does not judge what was before it.
        table = material.book.discipline_on(min(last, self._sight.today()))
        found = _derived(material, first, last)
        return counters(found[0].days, year, table) if table and found else None

    @memory.reads_much
    async def of_unit(
        self, principal: Principal, unit_id: str, first: date, last: date
    ) -> list[PersonDays]:
        """Returns the days of all who served in a unit or below it, by NIP.

        Raises UnitUnknown, FieldInvalid, Overloaded.
        """
        material = await self._material_of_unit(principal, unit_id, first, last)
        return await self._reports.run(_derived, material, first, last)

    @memory.reads_much
    async def recaps(
        self, principal: Principal, unit_id: str, first: date, last: date
    ) -> list[PersonRecap]:
        """Returns what the days of a unit's people add up to. Raises as `of_unit`."""
        material = await self._material_of_unit(principal, unit_id, first, last)
        return await self._reports.run(_recaps, material, first, last)

    async def today(
        self, principal: Principal, unit_id: str, nips: Collection[str] | None = None
    ) -> list[PersonDays]:
        """Returns the running day of each of a unit's people (of some).

        After midnight that is still the day before for whoever works a night shift.
        """
        around = self._sight.today()
        few = nips is not None and len(nips) <= PEOPLE_AT_ONCE_MAX
        # A board that shows some news does not wait for a report.
        queue = nullcontext() if few else self._reports.reading()
        async with queue, self._database.read() as connection:
            units = await self._sight.subtree(connection, principal, unit_id)
            material = await self._material(connection, units, nips, *_near(around))
        if few:
            return _running(material, around)
        return await self._reports.run(_running, material, around)

    async def watch(
        self, principal: Principal, unit_id: str, live: LiveStream
    ) -> AsyncIterator[list[PersonDays]]:
        """Yields today's days of a unit, then those that changed, as long as the stream lives.

        Raises UnitUnknown, also once the unit is not the caller's any more; ServerDraining.
        """
        with self._changes.watch(live.wake.set) as watcher:
            shown: dict[str, PersonDays] = {}
            changed: set[str] | None = None
            while True:
                rows = await self.today(principal, unit_id, changed)
                news = [row for row in rows if shown.get(row.nip) != row]
                shown.update((row.nip, row) for row in news)
                if news or changed is None:
                    yield news
                changed = await self._next_change(watcher, live)

    async def _next_change(self, watcher: Watcher, live: LiveStream) -> set[str] | None:
        """Returns whose day changed; None when all are to be looked at again."""
        try:
            async with asyncio.timeout(REFRESH_S):
                while not (changed := watcher.take()):
                    _check_alive(live, self._clock.now())
                    live.wake.clear()
                    await live.wake.wait()
        except TimeoutError:
            _check_alive(live, self._clock.now())
            return None
        await asyncio.sleep(GATHER_S)
        return changed | watcher.take()

    async def _seen(
        self, connection: Connection, principal: Principal, nip: str
    ) -> frozenset[str] | None:
        """Returns the units whose days the caller may see of an employee; None for all."""
        if principal.role is Role.EMPLOYEE:
            if nip != principal.nip:
                raise EmployeeUnknown("no such employee", nip=nip[:18])
            return None
        return await self._sight.units(connection, principal)

    async def _material_of_unit(
        self, principal: Principal, unit_id: str, first: date, last: date
    ) -> "_Material":
        _check_span(first, last, UNIT_DAYS_MAX)
        self._reports.admit()
        async with self._reports.reading(), self._database.read() as connection:
            units = await self._sight.subtree(connection, principal, unit_id)
            return await self._material(connection, units, None, first, last)

    async def _material(
        self,
        connection: Connection,
        unit_ids: Collection[str] | None,
        nips: Collection[str] | None,
        first: date,
        last: date,
    ) -> _Material:
        people = await attendance.people_of(
            connection, unit_ids, zone=self._sight.zone.key, nips=nips
        )
        midnight = datetime.min.time()
        start = datetime.combine(first, midnight, tzinfo=self._sight.zone) - MARGIN
        end = datetime.combine(last, midnight, tzinfo=self._sight.zone) + MARGIN + _ONE_DAY
        known = list(people)
        punches = await attendance.punches_of(connection, known, start, end)
        for nip, punch in await requests.corrected_punches(connection, known, start, end):
            punches.setdefault(nip, []).append(punch)
        excuses: dict[str, list[Request]] = {}
        for filed in await requests.of_days(connection, known, first, last):
            excuses.setdefault(filed.request.nip, []).append(filed.judged())
        book = await self._rules.book_of(connection, known, first - MARGIN, last + MARGIN)
        return _Material(
            people=people,
            punches=punches,
            requests=excuses,
            voids=await voids.voids_of(connection, known),
            book=book,
            planner=book.planner(first, last),
            unit_ids=unit_ids,
            now=self._clock.now(),
        )


def _derived(material: _Material, first: date, last: date) -> list[PersonDays]:
    """Returns the days of all people of the material who served somewhere in that time."""
    return list(_each(material, first, last))


def _each(material: _Material, first: date, last: date) -> Iterator[PersonDays]:
    for nip in sorted(material.people):
        yield from _of_one(material, nip, first, last)


def _of_one(material: _Material, nip: str, first: date, last: date) -> Iterator[PersonDays]:
    """Yields the days of a person, or nothing where there are none to be shown."""
    name, postings = material.people[nip]
    days = derive_days(
        material.planner,
        _person(material, nip),
        first,
        last,
        punches=material.punches.get(nip, ()),
        requests=material.requests.get(nip, ()),
        voids=material.voids,
        now=material.now,
    )
    seen = tuple(day for day in days if _is_shown(material, day, postings))
    if seen:
        yield PersonDays(nip, name, seen)


def _person(material: _Material, nip: str) -> Person:
    return Person(nip, material.people[nip][1], material.book.roster(nip))


def _is_shown(material: _Material, day: AttendanceDay, postings: Sequence[Posting]) -> bool:
    if material.unit_ids is None:
        return posting_on(postings, day.day) is not None
    return day.unit_id in material.unit_ids


def _near(around: date) -> tuple[date, date]:
    """Returns the first and the last date that may be running anywhere."""
    return around - 2 * _ONE_DAY, around + 2 * _ONE_DAY


def _running(material: _Material, around: date) -> list[PersonDays]:
    """Returns of each person the day that is running where they serve."""
    found: list[PersonDays] = []
    for nip in sorted(material.people):
        person = _person(material, nip)
        day = running_date(material.planner, person, around, material.now)
        if posting_on(person.postings, day):
            found += _of_one(material, nip, day, day)
    return found


def _recaps(material: _Material, first: date, last: date) -> list[PersonRecap]:
    """Returns recaps, person by person: the days of a province with their reasons fill a GB."""
    return [_recap(one) for one in _each(material, first, last)]


def _recap(one: PersonDays) -> PersonRecap:
    tpp = tpp_recap(one.days)
    return PersonRecap(
        nip=one.nip,
        display_name=one.display_name,
        statuses={day.day: day.status for day in one.days},
        recap=recap(one.days),
        tpp=tpp,
        by_unit=figures_by_unit(one.days, tpp),
    )


def _check_span(first: date, last: date, days_max: int) -> None:
    if not 0 <= (last - first).days < days_max:
        raise FieldInvalid(f"1 to {days_max} days at once, the first before the last", field="last")


def _check_alive(live: LiveStream, now: datetime) -> None:
    if live.error is not None:
        raise live.error
    if live.principal.expire_time <= now:
        raise SessionEnded("the session has ended by itself")
    if live.draining:
        raise ServerDraining("the server is about to stop", retry_after_s=2)
