"""Units, sites and employees: BKD's master data."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from server.clock import Clock
from server.domain import geo, roster
from server.domain.model import (
    Employee,
    EmployeeState,
    Principal,
    Site,
    SiteChange,
    Unit,
)
from server.domain.unit_history import UnitChange, UnitHistory
from server.domain.units import (
    ID,
    NAME_LENGTH_MAX,
    faults_of,
    makes_cycle,
    moves,
    parents_first,
)
from server.errors import (
    CsvInvalid,
    EmployeeInactive,
    EmployeeUnknown,
    FieldInvalid,
    GeofenceInvalid,
    IdInvalid,
    ReferenceUnknown,
    UnitCycle,
    ZoneUnknown,
)
from server.services.devices import REASON_LENGTH_MAX, REASON_LENGTH_MIN, checked_reason
from server.services.finish import finish
from server.services.live import LiveStreams
from server.services.sight import Sight
from server.storage import attendance, directory, site_changes, unit_changes
from server.storage.attendance import PostingChange
from server.storage.database import Connection, Database

UNITS_AT_ONCE_MAX = 2000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did or would do."""

    rows: int
    created: int
    updated: int
    unchanged: int
    problems: tuple[roster.Problem, ...]
    stored: bool


def checked_id(value: str, field: str) -> str:
    """Returns an id of the documented form. Raises IdInvalid."""
    if not ID.fullmatch(value):
        raise IdInvalid(f"{field} is not [a-z]([a-z0-9-]{{0,61}}[a-z0-9])?", field=field)
    return value


def checked_name(value: str) -> str:
    """Returns a name of the documented length. Raises FieldInvalid."""
    if not 0 < len(value.strip()) <= NAME_LENGTH_MAX:
        raise FieldInvalid(f"a name has 1 to {NAME_LENGTH_MAX} characters", field="display_name")
    return value.strip()


def _checked_length(reason: str) -> str:
    """Returns a reason, which may be empty. Raises FieldInvalid."""
    if len(reason.strip()) > REASON_LENGTH_MAX:
        raise FieldInvalid(f"a reason has {REASON_LENGTH_MAX} characters at most", field="reason")
    return reason.strip()


class Directory:
    """Reads and writes master data. `moved` is called after people changed site or state."""

    def __init__(
        self,
        database: Database,
        live: LiveStreams,
        clock: Clock,
        *,
        sight: Sight,
        background: Executor,
        moved: Callable[[], Awaitable[object]],
    ) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._background = background
        self._sight = sight
        self._moved = moved

    async def list_units(self, principal: Principal) -> list[Unit]:
        """Returns the units that the caller may see."""
        async with self._database.read() as connection:
            units = await directory.list_units(connection)
            visible = await self._sight.units(connection, principal)
        return [unit for unit in units if visible is None or unit.unit_id in visible]

    async def put_unit(
        self, principal: Principal, unit: Unit, *, start: date | None, reason: str
    ) -> Unit:
        """Creates or replaces a unit, from a date on (None: today), and logs it.

        Raises IdInvalid, UnitCycle, ReferenceUnknown, FieldInvalid for a date to come, and
        ReasonRequired where the unit moves, by how it stood on that date and since.
        """
        checked_id(unit.unit_id, "unit_id")
        start, reason = self._checked_start(start), _checked_length(reason)
        unit = replace(unit, display_name=checked_name(unit.display_name))

        async def work(connection: Connection) -> bool:
            units = await directory.list_units(connection)
            known = {other.unit_id for other in units}
            if unit.parent_unit_id and unit.parent_unit_id not in known | {unit.unit_id}:
                raise ReferenceUnknown("no such unit", parent_unit_id=unit.parent_unit_id)
            if makes_cycle(units, unit):
                raise UnitCycle("the unit would stand above itself", unit_id=unit.unit_id)
            if unit.site_id and await directory.get_site(connection, unit.site_id) is None:
                raise ReferenceUnknown("no such site", site_id=unit.site_id)
            if unit.head_nip and not await directory.known_nips(connection, [unit.head_nip]):
                raise ReferenceUnknown("no such employee", head_nip=unit.head_nip)
            before = next((old for old in units if old.unit_id == unit.unit_id), None)
            if await _that_move(connection, units, [unit], start):
                checked_reason(reason)
            await self._put_units(connection, [unit], principal, start, reason)
            return before is not None and before.site_id != unit.site_id

        async def store() -> None:
            if await self._database.write(work):
                await self._moved()

        await finish(store())
        log.info("unit_stored", unit_id=unit.unit_id)
        return unit

    async def import_units(
        self,
        principal: Principal,
        some: Sequence[Unit],
        *,
        start: date | None,
        reason: str,
        dry_run: bool,
    ) -> list[tuple[int, str]]:
        """Stores units from a date on (None: today), all or none, and logs them.

        Returns (place from 1, reason) of what is wrong. Raises FieldInvalid.
        """
        start, reason = self._checked_start(start), _checked_length(reason)
        if not 0 < len(some) <= UNITS_AT_ONCE_MAX:
            raise FieldInvalid(f"1 to {UNITS_AT_ONCE_MAX} units at once", field="units")

        async def faults(connection: Connection) -> list[tuple[int, str]]:
            known = await directory.list_units(connection)
            unsaid = len(reason) < REASON_LENGTH_MIN
            return faults_of(
                some,
                known,
                moved=await _that_move(connection, known, some, start) if unsaid else (),
                site_ids={site.site_id for site in await directory.list_sites(connection)},
                nips=await directory.known_nips(connection, [one.head_nip for one in some]),
            )

        async def work(connection: Connection) -> list[tuple[int, str]]:
            found = await faults(connection)
            if not found:
                await self._put_units(connection, parents_first(some), principal, start, reason)
            return found

        if dry_run:
            async with self._database.read() as connection:
                return await faults(connection)

        async def store() -> list[tuple[int, str]]:
            found = await self._database.write(work)
            if not found:
                await self._moved()
            return found

        found = await finish(store())
        if not found:
            log.info("units_imported", actor=principal.username, units=len(some))
        return found

    async def unit_changes(
        self, unit_id: str, *, before: int | None, limit: int
    ) -> list[UnitChange]:
        """Returns who put a unit ("" for any) when, newest first."""
        async with self._database.read() as connection:
            return await unit_changes.page(connection, unit_id, before=before, limit=limit)

    async def list_sites(self) -> list[Site]:
        """Returns all sites."""
        async with self._database.read() as connection:
            return await directory.list_sites(connection)

    async def put_site(self, principal: Principal, site: Site, *, reason: str) -> Site:
        """Creates or replaces a site, and logs it.

        Raises IdInvalid, GeofenceInvalid, ZoneUnknown, FieldInvalid, and ReasonRequired where its
        fence or time zone becomes another: people are there by the one, late by the other.
        """
        checked_id(site.site_id, "site_id")
        site = replace(site, display_name=checked_name(site.display_name))
        if fault := geo.fault(site.geofence):
            raise GeofenceInvalid(fault)
        try:
            ZoneInfo(site.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ZoneUnknown("no such time zone", time_zone=site.time_zone[:64]) from None
        reason = _checked_length(reason)

        async def work(connection: Connection) -> None:
            before = await directory.get_site(connection, site.site_id)
            if before and (before.geofence, before.time_zone) != (site.geofence, site.time_zone):
                checked_reason(reason)
            await directory.put_site(connection, site)
            await site_changes.insert_change(
                connection,
                site,
                actor=principal.username,
                reason=reason,
                now=self._clock.now(),
            )

        await self._database.write(work)
        log.info("site_stored", site_id=site.site_id, actor=principal.username)
        return site

    async def site_changes(
        self, site_id: str, *, before: int | None, limit: int
    ) -> list[SiteChange]:
        """Returns who put a site ("" for any) when, newest first."""
        async with self._database.read() as connection:
            return await site_changes.page(connection, site_id, before=before, limit=limit)

    async def posting_changes(
        self, nip: str, *, before: int | None, limit: int
    ) -> list[PostingChange]:
        """Returns who posted an employee ("" for any) where and when, newest first."""
        async with self._database.read() as connection:
            return await attendance.posting_changes(connection, nip, before=before, limit=limit)

    async def get_employee(self, principal: Principal, nip: str) -> Employee:
        """Returns an employee. Raises EmployeeUnknown, also where not the caller's."""
        async with self._database.read() as connection:
            visible = await self._sight.units(connection, principal)
            employee = await directory.get_employee(connection, nip, unit_ids=visible)
        if employee is None:
            raise EmployeeUnknown("no such employee", nip=nip[:18])
        return employee

    async def list_employees(
        self, principal: Principal, unit_id: str, *, after_nip: str, limit: int
    ) -> list[Employee]:
        """Returns employees by NIP, of a unit and those below or of all that the caller sees."""
        async with self._database.read() as connection:
            if unit_id:
                unit_ids: frozenset[str] | None = await self._sight.subtree(
                    connection, principal, unit_id
                )
            else:
                unit_ids = await self._sight.units(connection, principal)
            return await directory.list_employees(
                connection, unit_ids, after_nip=after_nip, limit=limit
            )

    async def import_employees(
        self,
        principal: Principal,
        content: bytes,
        *,
        start: date | None,
        reason: str,
        dry_run: bool,
    ) -> ImportResult:
        """Creates and updates employees from a CSV file, all or nothing.

        Who is new or moves serves there from a date on (None: today). Raises CsvInvalid,
        FieldInvalid for a date to come, and ReasonRequired where somebody who is known moves or
        leaves from a date before today on: days that were judged are judged anew.
        """
        start, reason = self._checked_start(start), _checked_length(reason)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise CsvInvalid("the file is not UTF-8", position=error.start) from None

        plan = await self._plan(text)
        if plan.moves and start < self._sight.today():
            checked_reason(reason)
        stored = not dry_run and not any(problem.is_error for problem in plan.problems)
        if stored:
            await finish(self._put_employees(plan, start, principal.username, reason))
            log.info("employees_imported", actor=principal.username, rows=plan.rows)
        return ImportResult(
            rows=plan.rows,
            created=plan.created,
            updated=len(plan.changed) - plan.created,
            unchanged=plan.rows - len(plan.changed),
            problems=plan.problems,
            stored=stored,
        )

    def _checked_start(self, start: date | None) -> date:
        """Returns a date from which a change holds, today if none is named."""
        today = self._sight.today()
        if start is not None and start > today:
            raise FieldInvalid("a change holds from today or a date before", field="start")
        return start or today

    async def _put_units(
        self,
        connection: Connection,
        units: Sequence[Unit],
        principal: Principal,
        start: date,
        reason: str,
    ) -> None:
        for unit in units:
            await directory.put_unit(connection, unit)
        await unit_changes.insert_changes(
            connection,
            units,
            start=start,
            actor=principal.username,
            reason=reason,
            now=self._clock.now(),
        )

    async def _put_employees(self, plan: "_Plan", start: date, actor: str, reason: str) -> None:
        """Stores employees; who left the service is not recognised or served from here on."""

        async def work(connection: Connection) -> None:
            await directory.put_employees(connection, plan.changed)
            await attendance.insert_postings(
                connection,
                [_posting(employee, start) for employee in plan.transferred],
                actor=actor,
                reason=reason,
                now=self._clock.now(),
            )

        await self._database.write(work)
        # First: a gallery takes a while to load, and may fail to.
        for employee in plan.changed:
            if employee.state is not EmployeeState.ACTIVE:
                gone = EmployeeInactive("the employee is not in service")
                self._live.end_employee(employee.nip, gone)
        await self._moved()

    async def _plan(self, text: str) -> "_Plan":
        """Reads an import off the event loop and the writer: check-ins go on meanwhile."""
        async with self._database.read() as connection:
            units = {unit.unit_id for unit in await directory.list_units(connection)}
            sites = {site.site_id for site in await directory.list_sites(connection)}
            stored = await directory.employees_as_stored(connection)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._background, _plan, text, units, sites, stored, self._clock.now()
        )


async def _that_move(
    connection: Connection, known: Sequence[Unit], some: Iterable[Unit], start: date
) -> set[str]:
    """Returns which units would stand elsewhere than on a date, or since, by what is put.

    A unit is put whole: an earlier date takes back what was to hold from a later one.
    """
    history = UnitHistory(known, await unit_changes.all_changes(connection))
    return {
        unit.unit_id
        for unit in some
        if any(moves(old, unit) for old in history.since(unit.unit_id, start))
    }


@dataclass(frozen=True, slots=True)
class _Plan:
    rows: int
    created: int
    changed: list[Employee]
    # Of these, who is new, or whose unit, site or state is another than before.
    transferred: list[Employee]
    # Whether somebody of these was known before.
    moves: bool
    problems: tuple[roster.Problem, ...]


def _plan(
    text: str,
    unit_ids: set[str],
    site_ids: set[str],
    stored: dict[str, tuple[str, ...]],
    now: datetime,
) -> _Plan:
    """Reads an import file and compares it with what is stored. Raises CsvInvalid."""
    try:
        rows, problems = roster.read(text, unit_ids, site_ids)
    except roster.NotRoster as error:
        raise CsvInvalid(str(error), detail=error) from None
    changed = [row for row in rows if stored.get(row.nip) != _as_stored(row)]
    transferred = [row for row in changed if stored.get(row.nip, ())[1:] != _as_stored(row)[1:]]
    return _Plan(
        rows=len(rows),
        created=sum(row.nip not in stored for row in changed),
        changed=[_employee(row, now) for row in changed],
        transferred=[_employee(row, now) for row in transferred],
        moves=any(row.nip in stored for row in transferred),
        problems=tuple(problems),
    )


def _as_stored(row: roster.Row) -> tuple[str, ...]:
    return row.display_name, row.unit_id, row.site_id, row.state.value


def _employee(row: roster.Row, now: datetime) -> Employee:
    return Employee(row.nip, row.display_name, row.unit_id, row.site_id, row.state, now)


def _posting(employee: Employee, start: date) -> tuple[str, date, str, str]:
    """Returns where an employee serves from a date on; who left the service serves nowhere."""
    active = employee.state is EmployeeState.ACTIVE
    return employee.nip, start, employee.unit_id if active else "", employee.site_id
