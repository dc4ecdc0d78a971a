"""Forensics over what is stored: gathers a period, examines it in the thread of reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from server import memory
from server.domain.attendance.approval import ApprovalLevel, Delegation, desk_of
from server.domain.forensics.examine import examine
from server.domain.forensics.limits import Limits
from server.domain.forensics.model import (
    Amendment,
    Backdating,
    Binding,
    Employee,
    Enrolment,
    Finding,
    FindingState,
    Permit,
    Records,
    Refusal,
    Sighting,
)
from server.domain.forensics.permits import audit_sample
from server.domain.forensics.seniority import Seniority
from server.domain.geo import Circle, Geofence, Point
from server.domain.model import EventSource, Site, Unit
from server.domain.unit_history import UnitChange, UnitHistory
from server.errors import FieldInvalid
from server.services.reports import Reports
from server.services.rules import FOUNDER, Rules
from server.services.sight import Sight
from server.storage import attendance, directory, forensics, forensics_past, unit_changes
from server.storage.database import Connection, Database
from server.storage.forensics_past import Put

DAYS_MAX = 92
PER_APPROVER_DEFAULT, PER_APPROVER_MAX = 5, 50
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Material:
    """All that a period is examined from."""

    sightings: Sequence[Sighting]
    bindings: Sequence[Binding]
    refusals: Sequence[Refusal]
    permits: Sequence[Permit]
    enrolments: Sequence[Enrolment]
    corrections: Sequence[Amendment]
    voids: Sequence[Amendment]
    backdatings: Sequence[Backdating]
    unit_of: Mapping[str, str]
    units: Sequence[Unit]
    sites: Sequence[Site]
    delegations: Sequence[Delegation]
    limits: Limits
    begin: datetime
    last: date


class Forensics:
    """Finds what BKD should look at, by the thresholds of the last date of a period."""

    def __init__(self, database: Database, rules: Rules, sight: Sight, *, reports: Reports) -> None:
        self._database = database
        self._rules = rules
        self._sight = sight
        self._reports = reports

    @memory.reads_much
    async def findings(self, first: date, last: date, nip: str) -> list[Finding]:
        """Returns the findings of the dates first to last, about one employee or all.

        The strongest of each kind comes first, what is confirmed last. Raises FieldInvalid,
        Overloaded.
        """
        _check_span(first, last)
        self._reports.admit()
        async with self._reports.reading(), self._database.read() as connection:
            material = await self._material(connection, first, last)
        found = await self._reports.run(_examined, material)
        about = [one for one in found if not nip or nip in one.nips]
        return sorted(about, key=_order)

    async def sample(self, first: date, last: date, seed: str, per_approver: int) -> list[Permit]:
        """Returns accepted requests by lot, of every approver. Raises FieldInvalid, Overloaded."""
        _check_span(first, last)
        if not 0 <= per_approver <= PER_APPROVER_MAX:
            raise FieldInvalid(f"0 to {PER_APPROVER_MAX} of each", field="per_approver")
        self._reports.admit()
        async with self._reports.reading(), self._database.read() as connection:
            permits = await self._permits(connection, first, last)
        return await self._reports.run(
            audit_sample, permits, seed, per_approver or PER_APPROVER_DEFAULT
        )

    async def _material(self, connection: Connection, first: date, last: date) -> _Material:
        zone = self._sight.zone
        start = datetime.combine(first, time.min, tzinfo=zone)
        end = datetime.combine(last + _ONE_DAY, time.min, tzinfo=zone)
        book = await self._rules.book(connection)
        history = await self._history(connection)
        stored = await directory.employees_as_stored(connection)
        return _Material(
            sightings=await forensics.sightings(connection, start, end, zone),
            bindings=await forensics.bindings(connection, end),
            refusals=await forensics.refused(connection, start, end, zone),
            permits=await self._permits(connection, first, last),
            enrolments=await forensics.enrolments(connection, start, end),
            corrections=await forensics_past.added(connection, start, end, zone),
            voids=await forensics_past.voided(connection, start, end, zone),
            backdatings=await self._backdatings(connection, start, end),
            unit_of={nip: unit_id for nip, (_, unit_id, _, _) in stored.items()},
            units=history.on(last),
            sites=await directory.list_sites(connection),
            delegations=book.delegations,
            limits=book.limits_on(last),
            begin=start,
            last=last,
        )

    async def _permits(self, connection: Connection, first: date, last: date) -> list[Permit]:
        """Returns permits, with who was whose head on the days of the decisions."""
        book, zone = await self._rules.book(connection), self._sight.zone
        nips = await forensics.deciders(connection, first, last, zone=zone)
        people = await attendance.people_of(connection, None, zone=zone.key, nips=nips)
        postings = {nip: postings for nip, (_, postings) in people.items()}
        seniority = Seniority(await self._history(connection), book.delegations, postings)
        return await forensics.permits(connection, first, last, seniority=seniority, zone=zone)

    async def _backdatings(
        self, connection: Connection, start: datetime, end: datetime
    ) -> list[Backdating]:
        """Returns what was put in a period for days that were over, of those with attendance."""
        first = await forensics_past.first_event(connection)
        if first is None:
            return []
        owners = await forensics_past.owners(connection)
        zone = self._sight.zone
        begun = first.astimezone(zone).date()
        put = [
            *await forensics_past.put_rules(connection, start, end),
            *await forensics_past.put_postings(connection, start, end),
            *_moves(await unit_changes.all_changes(connection), start, end),
        ]
        found = []
        for one in put:
            days = (one.time.astimezone(zone).date() - max(one.start, begun)).days
            if days > 0 and one.username != FOUNDER:
                actor = owners.get(one.username, one.username)
                found.append(
                    Backdating(
                        one.what,
                        one.subject,
                        one.start,
                        days,
                        actor,
                        one.reason,
                        one.time,
                        one.nip,
                    )
                )
        return found

    async def _history(self, connection: Connection) -> UnitHistory:
        units = await directory.list_units(connection)
        return UnitHistory(units, await unit_changes.all_changes(connection))


def _order(one: Finding) -> tuple[str, bool, float, tuple[str, ...]]:
    return one.kind.value, one.state is FindingState.CONFIRMED, -one.strength, one.nips


def _examined(material: _Material) -> list[Finding]:
    centers = {site.site_id: _center(site.geofence) for site in material.sites}
    records = Records(
        sightings=tuple(_placed(one, centers) for one in material.sightings),
        bindings=tuple(material.bindings),
        refusals=tuple(material.refusals),
        permits=tuple(material.permits),
        employees=tuple(_employees(material)),
        enrolments=tuple(material.enrolments),
        corrections=tuple(material.corrections),
        voids=tuple(material.voids),
        backdatings=tuple(material.backdatings),
    )
    return examine(records, material.limits, material.begin)


def _moves(changes: Sequence[UnitChange], start: datetime, end: datetime) -> Iterator[Put]:
    """Yields what gave a known unit another one above it, or another head, in a period."""
    before: dict[str, list[UnitChange]] = {}
    for change in changes:
        unit, known = change.unit, before.setdefault(change.unit.unit_id, [])
        if start <= change.change_time < end:
            since = UnitHistory((), known).since(unit.unit_id, change.start)
            if any(
                (old.parent_unit_id, old.head_nip) != (unit.parent_unit_id, unit.head_nip)
                for old in since
            ):
                reason, moment = change.reason, change.change_time
                yield Put("UNIT", unit.unit_id, change.start, change.actor, reason, moment, "")
        known.append(change)


def _employees(material: _Material) -> Iterator[Employee]:
    """Yields who serves where, with the head who decides on permits at the end of the period."""
    for nip, unit_id in material.unit_of.items():
        desk = desk_of(
            ApprovalLevel.HEAD,
            material.units,
            material.delegations,
            unit_id=unit_id,
            nip=nip,
            day=material.last,
        )
        # Of a vacant post the Plt. is the one.
        by_right = sorted(desk.approvers, key=lambda one: bool(one.deputy_of))
        head = by_right[0].nip if by_right else ""
        yield Employee(nip, unit_id, head)


def _placed(one: Sighting, centers: dict[str, Point]) -> Sighting:
    """Returns a sighting with the place of its kiosk's site."""
    if one.source is not EventSource.KIOSK or one.site_id not in centers:
        return one
    return replace(one, place=centers[one.site_id])


def _center(fence: Geofence) -> Point:
    if isinstance(fence, Circle):
        return fence.center
    count = len(fence.corners)
    return (
        sum(corner[0] for corner in fence.corners) / count,
        sum(corner[1] for corner in fence.corners) / count,
    )


def _check_span(first: date, last: date) -> None:
    if not 0 <= (last - first).days < DAYS_MAX:
        raise FieldInvalid(f"1 to {DAYS_MAX} days at once, the first before the last", field="last")
