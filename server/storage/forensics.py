"""SQL of what forensics looks at: sightings, refusals, bindings and permits, read in parts."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.forensics.model import Binding, Enrolment, Permit, Refusal, Ruling, Sighting
from server.domain.forensics.seniority import Seniority
from server.domain.geo import Point
from server.domain.model import BindingAction, EventKind, EventSource
from server.domain.refusal import Refusal as Reason
from server.storage.enrollment_changes import Earlier
from server.storage.events import fingerprint_of
from server.storage.schema import (
    attendance_requests,
    binding_changes,
    devices,
    documents,
    enrollment_changes,
    events,
    refusals,
    request_decisions,
    sites,
)
from server.storage.times import pack, unpack

# Rows between two turns of the event loop: some 5 ms of it.
ROWS_AT_ONCE = 500
T = TypeVar("T")


async def sightings(
    connection: AsyncConnection, start: datetime, end: datetime, zone: ZoneInfo
) -> list[Sighting]:
    """Returns the events with start <= event_time < end; zone: of events whose site is gone."""
    zones = {
        row.site_id: ZoneInfo(row.time_zone)
        for row in await connection.execute(select(sites.c.site_id, sites.c.time_zone))
    }
    statement = (
        select(events, devices.c.handset_hash)
        .outerjoin(devices, devices.c.device_id == events.c.device_id)
        .where(events.c.event_time >= pack(start), events.c.event_time < pack(end))
        .order_by(events.c.sequence)
    )
    return await _all(
        connection, statement, events.c.sequence, lambda row: _sighting(row, zones, zone)
    )


async def refused(
    connection: AsyncConnection, start: datetime, end: datetime, zone: ZoneInfo
) -> list[Refusal]:
    """Returns the refused check-ins of phones of a period, by its zone."""
    known = set(Reason.__members__)
    statement = (
        select(refusals)
        .where(
            refusals.c.refuse_time >= pack(start),
            refusals.c.refuse_time < pack(end),
            refusals.c.nip.is_not(None),
            refusals.c.reason.in_(sorted(known)),
        )
        .order_by(refusals.c.sequence)
    )
    return await _all(
        connection,
        statement,
        refusals.c.sequence,
        lambda row: Refusal(
            row.nip,
            row.device_id,
            Reason(row.reason),
            unpack(row.refuse_time).astimezone(zone).date(),
            unpack(row.refuse_time),
        ),
    )


async def bindings(connection: AsyncConnection, end: datetime) -> list[Binding]:
    """Returns all changes of phones before the end of a period: sharing takes time.

    The actor of an activation is who issued its code: the phone does the rest by itself.
    """
    issuers: dict[str, str] = {}

    def binding(row: Row[Any]) -> Binding:
        action, actor = BindingAction(row.action), row.actor
        if action is BindingAction.CODE_ISSUED:
            issuers[row.nip] = actor
        elif action is BindingAction.BOUND:
            actor = issuers.get(row.nip, actor)
        moment = unpack(row.change_time)
        model, handset = row.model or "", _handset(row)
        return Binding(row.nip, row.device_id, action, moment, actor, model, handset)

    statement = (
        select(binding_changes, devices.c.model, devices.c.handset_hash)
        .outerjoin(devices, devices.c.device_id == binding_changes.c.device_id)
        .where(binding_changes.c.change_time < pack(end))
        .order_by(binding_changes.c.sequence)
    )
    return await _all(connection, statement, binding_changes.c.sequence, binding)


async def enrolments(
    connection: AsyncConnection, start: datetime, end: datetime
) -> list[Enrolment]:
    """Returns the enrolments of a period before which there was a face."""
    columns = enrollment_changes.c
    before = (Earlier.COMPARED, Earlier.ERASED, Earlier.UNREADABLE)
    statement = (
        select(enrollment_changes)
        .where(
            columns.change_time >= pack(start),
            columns.change_time < pack(end),
            columns.earlier.in_([one.value for one in before]),
        )
        .order_by(columns.sequence)
    )

    def enrolment(row: Row[Any]) -> Enrolment:
        actor = row.actor_nip or row.actor
        return Enrolment(row.nip, unpack(row.change_time), actor, row.similarity, row.threshold)

    return await _all(connection, statement, columns.sequence, enrolment)


def _touches(first: date, last: date, zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether a request is for one of the dates, or was decided on one of them.

    What was granted late is seen in the month in which it was.
    """
    asked, decided = attendance_requests.c, request_decisions.c
    midnight = datetime.min.time()
    start = datetime.combine(first, midnight, tzinfo=zone)
    end = datetime.combine(last + timedelta(days=1), midnight, tzinfo=zone)
    made = select(decided.request_id).where(
        decided.decide_time >= pack(start), decided.decide_time < pack(end)
    )
    of_days = and_(asked.first <= last.isoformat(), asked.last >= first.isoformat())
    return or_(of_days, asked.request_id.in_(made))


async def deciders(
    connection: AsyncConnection, first: date, last: date, *, zone: ZoneInfo
) -> list[str]:
    """Returns the NIPs of all who decided on the requests of `permits`."""
    asked, decided = attendance_requests.c, request_decisions.c
    statement = (
        select(decided.nip)
        .distinct()
        .join(attendance_requests, asked.request_id == decided.request_id)
        .where(_touches(first, last, zone), decided.nip != "")
    )
    return sorted((await connection.execute(statement)).scalars())


async def permits(
    connection: AsyncConnection,
    first: date,
    last: date,
    *,
    seniority: Seniority,
    zone: ZoneInfo,
) -> list[Permit]:
    """Returns the requests for the dates first to last, or decided on them, with all decisions.

    Who annulled a request did not grant it, and is left out.
    """
    asked, decided = attendance_requests.c, request_decisions.c
    touches = _touches(first, last, zone)
    proofs: dict[str, list[str]] = {}
    attached = (
        select(documents.c.request_id, documents.c.digest)
        .join(attendance_requests, asked.request_id == documents.c.request_id)
        .where(touches)
    )
    for row in await connection.execute(attached):
        proofs.setdefault(row.request_id, []).append(row.digest.hex())
    made = (
        select(request_decisions)
        .join(attendance_requests, asked.request_id == decided.request_id)
        .where(touches, decided.decision != RequestState.ANNULLED.value)
        .order_by(decided.sequence)
    )
    decisions: dict[str, list[Any]] = {}
    for step in await connection.execute(made):
        decisions.setdefault(step.request_id, []).append(step)

    def ruling(nip: str, row: Row[Any]) -> Ruling:
        moment = unpack(row.decide_time)
        day = moment.astimezone(zone).date()
        return Ruling(
            approver=row.nip or row.actor,
            time=moment,
            delegate_of=seniority.head_of(row.deputy_of, day) if row.deputy_of else "",
            subordinate=seniority.is_below(row.nip, nip, day),
        )

    found = []
    for asking in await connection.execute(select(attendance_requests).where(touches)):
        rulings = [ruling(asking.nip, step) for step in decisions.get(asking.request_id, ())]
        found.append(_permit(asking, rulings, tuple(proofs.get(asking.request_id, ()))))
    return found


async def _all(
    connection: AsyncConnection,
    statement: Select[Any],
    sequence: Any,
    make: Callable[[Row[Any]], T],
) -> list[T]:
    """Returns the records of all rows, read in parts behind a sequence."""
    return [make(row) async for row in rows_of(connection, statement, sequence)]


async def rows_of(
    connection: AsyncConnection, statement: Select[Any], key: Any, after: Any = 0
) -> AsyncIterator[Row[Any]]:
    """Yields all rows, in parts behind a key that orders them; after: what is before all."""
    while True:
        some = statement.where(key > after).limit(ROWS_AT_ONCE)
        rows = (await connection.execute(some)).all()
        for row in rows:
            yield row
        if len(rows) < ROWS_AT_ONCE:
            return
        after = getattr(rows[-1], key.name)


def _handset(row: Row[Any]) -> str:
    return row.handset_hash.hex() if row.handset_hash else ""


def _sighting(row: Row[Any], zones: dict[str, ZoneInfo], zone: ZoneInfo) -> Sighting:
    moment, traces = unpack(row.event_time), fingerprint_of(row)
    place: Point | None = None
    if row.latitude is not None:
        place = (row.latitude, row.longitude)
    return Sighting(
        event_id=row.event_id,
        nip=row.nip,
        unit_id=row.unit_id,
        device_id=row.device_id,
        kind=EventKind(row.kind),
        source=EventSource(row.source),
        day=moment.astimezone(zones.get(row.site_id, zone)).date(),
        event_time=moment,
        device_time=unpack(row.device_time),
        site_id=row.site_id,
        place=place,
        accuracy_m=row.accuracy_m or 0.0,
        mock=bool(row.mock),
        distance_m=row.distance_m,
        frame=traces.frame if traces else None,
        background=traces.background if traces else None,
        handset=_handset(row),
    )


def _permit(row: Any, rulings: Sequence[Ruling], proofs: tuple[str, ...]) -> Permit:
    last = rulings[-1] if rulings else None
    return Permit(
        request_id=row.request_id,
        nip=row.nip,
        unit_id=row.unit_id,
        kind=RequestKind(row.kind),
        first=date.fromisoformat(row.first),
        last=date.fromisoformat(row.last),
        submit_time=unpack(row.submit_time),
        state=RequestState(row.state),
        decide_time=last.time if last else None,
        approver=last.approver if last else "",
        delegate_of=last.delegate_of if last else "",
        documents=proofs,
        subordinate=last is not None and last.subordinate,
        earlier=tuple(rulings[:-1]),
    )
