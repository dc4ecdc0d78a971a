"""Months of units: what they add up to, closed by BKD for good, and how today differs from that.

A closing is reckoned like a recap, in the thread of reports (10,000 people: some 8 s), and stored
in one short transaction. What is stored between the two is a difference like any later one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import structlog

from server.clock import Clock
from server.domain.attendance.closing import (
    VERSIONS_MAX,
    Closing,
    Difference,
    Figures,
    differences,
    fault_of,
    holding,
)
from server.domain.attendance.recap import LeftOut
from server.domain.model import Principal
from server.errors import FieldInvalid, MonthClosed, MonthOpen
from server.exports.sheet import Sheet
from server.services.attendance import Attendance, PersonRecap
from server.services.desks import checked_person
from server.services.devices import checked_reason
from server.services.ledger import Ledger
from server.services.reports import Reports
from server.services.rules import Rules
from server.services.sheets import Frame, RecapKind, lay_out
from server.services.sight import Sight
from server.storage import closings, directory, requests, unit_changes
from server.storage.database import Connection, Database

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a unit as it is today, beside the closings that hold for its units.

    closings: the oldest first; empty: none was closed. differences: by NIP. names: of those who
    differ.
    """

    recaps: Sequence[PersonRecap]
    closings: Sequence[Closing]
    differences: Sequence[Difference]
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """What BKD wants to close: the dates first to last of a unit and those below ("" for all).

    version: 1, or the next one where the month of this tree is closed already. despite: why it is
    closed although requests wait or the deadline of corrections runs; empty: then it is not.
    """

    unit_id: str
    first: date
    last: date
    version: int
    reason: str
    despite: str = ""


class Months:
    """Recaps, closings and what lies between them."""

    def __init__(
        self,
        database: Database,
        attendance: Attendance,
        ledger: Ledger,
        *,
        rules: Rules,
        sight: Sight,
        reports: Reports,
        clock: Clock,
    ) -> None:
        self._database = database
        self._attendance = attendance
        self._ledger = ledger
        self._rules = rules
        self._sight = sight
        self._reports = reports
        self._clock = clock

    async def of_unit(self, principal: Principal, unit_id: str, first: date, last: date) -> Month:
        """Returns a month of a unit and those below. Raises UnitUnknown, Overloaded."""
        recaps = await self._attendance.recaps(principal, unit_id, first, last)
        async with self._reports.reading(), self._database.read() as connection:
            unit_ids = await self._sight.subtree(connection, principal, unit_id)
            held = await _held(connection, first, unit_ids)
            if not held:
                return Month(recaps, (), (), {})
            wanted = {unit: closing.sequence for unit, closing in held.items()}
            texts = await closings.figures_of(connection, wanted)
        differing = await self._reports.run(_compared, texts, recaps, held)
        async with self._database.read() as connection:
            names = await directory.names_of(connection, [one.nip for one in differing])
        shown = {closing.sequence: closing for closing in held.values()}
        return Month(recaps, [shown[sequence] for sequence in sorted(shown)], differing, names)

    async def closing_of(self, unit_id: str, day: date) -> Closing | None:
        """Returns the closing that holds for a date in a unit; None while its month is open."""
        async with self._database.read() as connection:
            held = await _held(connection, day.replace(day=1), [unit_id])
        return held.get(unit_id)

    async def export(
        self,
        principal: Principal,
        unit_id: str,
        span: tuple[date, date],
        *,
        kind: RecapKind,
        write: Callable[[Sheet], bytes],
        language: str,
    ) -> bytes:
        """Returns a month of a unit as a file. Raises as `of_unit`."""
        first, last = span
        month = await self.of_unit(principal, unit_id, first, last)
        async with self._database.read() as connection:
            units = {unit.unit_id: unit for unit in await directory.list_units(connection)}
            unit = units.get(unit_id)
            head_nip = unit.head_nip if unit else ""
            names = await directory.names_of(connection, [head_nip] if head_nip else [])
        frame = Frame(
            unit_name=unit.display_name if unit else "",
            first=first,
            last=last,
            made=self._clock.now().astimezone(self._sight.zone),
            head=(names.get(head_nip, ""), head_nip),
            language=language,
        )
        return await self._reports.run(lambda: write(lay_out(kind, month, frame)))

    async def close(self, principal: Principal, wish: Wish) -> Closing:
        """Closes a month: stores what its days come to now, for each employee and unit.

        Raises AccountWithoutPerson, ReasonRequired, FieldInvalid, UnitUnknown, MonthOpen,
        MonthClosed, Overloaded.
        """
        actor, reason = checked_person(principal), checked_reason(wish.reason)
        despite = checked_reason(wish.despite) if wish.despite else ""
        if not 0 < wish.version <= VERSIONS_MAX:
            raise FieldInvalid(f"a version is 1 to {VERSIONS_MAX}", field="version")
        async with self._database.read() as connection:
            await _check_version(connection, wish)
            await self._check_over(connection, principal, wish)
            # Before the figures: what is accepted, or moved, meanwhile was waiting, or elsewhere.
            asking = await requests.waiting_nips(connection, wish.first, wish.last)
            units = set(await self._sight.subtree(connection, principal, wish.unit_id))
        signed = await self._ledger.checkpoint()
        recaps = await self._attendance.recaps(principal, wish.unit_id, wish.first, wish.last)
        async with self._database.read() as connection:
            units &= set(await self._sight.subtree(connection, principal, wish.unit_id))
            people = {one.nip for one in recaps}
            waiting = sum(nip in people for nip in asking)
            running = any(LeftOut.NOT_OVER in one.tpp.left_out for one in recaps)
            await self._check_over(connection, principal, wish, waiting=waiting, days_open=running)
        figures = await self._reports.run(_packed, recaps, units)
        closing = Closing(
            sequence=0,
            unit_id=wish.unit_id,
            month=wish.first,
            version=wish.version,
            actor=actor,
            username=principal.username,
            reason=reason,
            despite=despite,
            waiting=waiting,
            people=len(recaps),
            ledger_size=signed.size,
            close_time=self._clock.now(),
        )

        async def work(connection: Connection) -> Closing:
            await _check_version(connection, wish)
            return await closings.insert_closing(connection, closing, figures)

        stored = await self._database.write(work)
        log.info(
            "month_closed",
            unit_id=wish.unit_id,
            month=f"{wish.first:%Y-%m}",
            version=wish.version,
            actor=actor,
            username=principal.username,
        )
        return stored

    async def page(
        self, principal: Principal, unit_id: str, *, before: int | None, limit: int
    ) -> list[Closing]:
        """Returns closings for a unit or one below ("" for all that the caller sees), newest first.

        Raises UnitUnknown.
        """
        async with self._database.read() as connection:
            unit_ids = await self._sight.subtree(connection, principal, unit_id)
            return await closings.page(connection, unit_ids, before=before, limit=limit)

    async def _check_over(
        self,
        connection: Connection,
        principal: Principal,
        wish: Wish,
        *,
        waiting: int = 0,
        days_open: bool = False,
    ) -> None:
        """Raises MonthOpen, UnitUnknown."""
        unit_ids = await self._sight.subtree(connection, principal, wish.unit_id)
        zones = {site.site_id: site.time_zone for site in await directory.list_sites(connection)}
        units = await directory.list_units(connection)
        here = self._sight.zone.key
        used = {zones.get(one.site_id, here) for one in units if one.unit_id in unit_ids}
        today = min(self._sight.today(ZoneInfo(zone)) for zone in used or {here})
        table = (await self._rules.book(connection)).chains_on(today)
        fault = fault_of(
            wish.last,
            today,
            correction_days=table.correction_days if table else 0,
            waiting=waiting,
            days_open=days_open,
            despite=wish.despite,
        )
        if fault:
            raise MonthOpen(
                "the month cannot be closed yet",
                fault=fault,
                month=f"{wish.first:%Y-%m}",
                waiting=waiting,
            )


async def _held(
    connection: Connection, month: date, unit_ids: Collection[str]
) -> dict[str, Closing]:
    """Returns by unit the closing of a month that holds for it; month: its first date."""
    found = await closings.of_month(connection, month)
    if not found:
        return {}
    by_sequence = {closing.sequence: closing for closing in found}
    last_with = await closings.last_with(connection, month, unit_ids)
    kept = {unit_id: by_sequence[sequence] for unit_id, sequence in last_with.items()}
    made = await unit_changes.first_times(connection)
    return holding(found, kept, await directory.list_units(connection), unit_ids, made=made)


async def _check_version(connection: Connection, wish: Wish) -> None:
    """Raises MonthClosed where the wish is not for the next version: a retry closes nothing."""
    version = 1 + await closings.last_version(connection, wish.unit_id, wish.first)
    if wish.version != version:
        raise MonthClosed(
            "the month of this tree has another version next",
            month=f"{wish.first:%Y-%m}",
            version=version,
        )


def _packed(recaps: Sequence[PersonRecap], unit_ids: AbstractSet[str]) -> dict[str, str]:
    """Returns the figures of each unit as they are stored, also of one without people."""
    by_unit = _by_unit(recaps)
    return {
        unit_id: closings.packed(by_unit.get(unit_id, {})) for unit_id in unit_ids | set(by_unit)
    }


def _by_unit(recaps: Sequence[PersonRecap]) -> dict[str, dict[str, Figures]]:
    """Returns figures by unit and NIP."""
    found: dict[str, dict[str, Figures]] = {}
    for one in recaps:
        for unit_id, figures in one.by_unit.items():
            found.setdefault(unit_id, {})[one.nip] = figures
    return found


def _compared(
    texts: Mapping[str, str], recaps: Sequence[PersonRecap], held: Mapping[str, Closing]
) -> list[Difference]:
    closed = {unit_id: closings.unpacked(text) for unit_id, text in texts.items()}
    return differences(closed, _by_unit(recaps), held)
