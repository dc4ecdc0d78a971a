"""Forensics over what is stored: gathers a period, examines it in the thread of reports."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from server.domain.attendance.approval import ApprovalLevel, Delegation, desk_of
from server.domain.forensics.examine import examine
from server.domain.forensics.limits import Limits
from server.domain.forensics.model import Employee, Finding, Permit, Records, Sighting
from server.domain.forensics.permits import audit_sample
from server.domain.geo import Circle, Geofence, Point
from server.domain.model import EventSource, Unit
from server.errors import FieldInvalid
from server.services.reports import Reports
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import directory, forensics
from server.storage.database import Connection, Database

DAYS_MAX = 92
PER_APPROVER_DEFAULT, PER_APPROVER_MAX = 5, 50
_ONE_DAY = timedelta(days=1)
LIMITS = Limits()


class Forensics:
    """Finds what BKD should look at. Thresholds: domain/forensics/limits.py."""

    def __init__(self, database: Database, rules: Rules, sight: Sight, *, reports: Reports) -> None:
        self._database = database
        self._rules = rules
        self._sight = sight
        self._reports = reports

    async def findings(self, first: date, last: date, nip: str) -> list[Finding]:
        """Returns the findings of the dates first to last, about one employee or all.

        The strongest of each kind comes first. Raises FieldInvalid, Overloaded.
        """
        _check_span(first, last)
        self._reports.admit()
        async with self._database.read() as connection:
            records = await self._records(connection, first, last)
        found = await self._reports.run(examine, records, LIMITS)
        about = [one for one in found if not nip or nip in one.nips]
        return sorted(about, key=lambda one: (one.kind.value, -one.strength, one.nips))

    async def sample(self, first: date, last: date, seed: str, per_approver: int) -> list[Permit]:
        """Returns accepted requests by lot, of every approver. Raises FieldInvalid, Overloaded."""
        _check_span(first, last)
        if not 0 <= per_approver <= PER_APPROVER_MAX:
            raise FieldInvalid(f"0 to {PER_APPROVER_MAX} of each", field="per_approver")
        self._reports.admit()
        async with self._database.read() as connection:
            permits = await forensics.permits(connection, first, last)
        return await self._reports.run(
            audit_sample, permits, seed, per_approver or PER_APPROVER_DEFAULT
        )

    async def _records(self, connection: Connection, first: date, last: date) -> Records:
        zone = self._sight.zone
        start = datetime.combine(first, time.min, tzinfo=zone)
        end = datetime.combine(last + _ONE_DAY, time.min, tzinfo=zone)
        units = await directory.list_units(connection)
        book = await self._rules.book(connection)
        sites = await directory.list_sites(connection)
        centers = {site.site_id: _center(site.geofence) for site in sites}
        seen = await forensics.sightings(connection, start, end, zone)
        return Records(
            sightings=tuple(_placed(one, centers) for one in seen),
            bindings=tuple(await forensics.bindings(connection, end)),
            refusals=tuple(await forensics.refused(connection, start, end, zone)),
            permits=tuple(await forensics.permits(connection, first, last)),
            employees=tuple(
                await _employees(connection, units, book.delegations, self._sight.today())
            ),
        )


async def _employees(
    connection: Connection, units: Sequence[Unit], delegations: Sequence[Delegation], day: date
) -> list[Employee]:
    found = []
    for nip, (_, unit_id, _, _) in (await directory.employees_as_stored(connection)).items():
        desk = desk_of(ApprovalLevel.HEAD, units, delegations, unit_id=unit_id, nip=nip, day=day)
        head = next((one.nip for one in desk.approvers if not one.deputy_of), "")
        found.append(Employee(nip, unit_id, head))
    return found


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
