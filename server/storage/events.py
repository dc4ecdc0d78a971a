"""SQL of attendance events, request ids and refusals: append-only, held so by triggers."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, case, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.face import Fingerprint
from server.domain.model import Event, EventKind, EventSource, Location, Scores
from server.failpoints import failpoint
from server.storage.schema import events, refusals, requests, voids
from server.storage.times import pack, unpack

_HASHES = 2**64
# Asked for by every check-in: to build a statement anew costs as much as to run it.
_INSERT_EVENT, _INSERT_REQUEST = insert(events), insert(requests)
_FIND = (
    select(events, requests.c.content_digest)
    .join(requests, requests.c.event_id == events.c.event_id)
    .where(
        and_(requests.c.nip == bindparam("nip"), requests.c.request_id == bindparam("request_id"))
    )
)
_BETWEEN = (
    select(events)
    .where(
        and_(
            events.c.nip == bindparam("nip"),
            events.c.event_time >= bindparam("start"),
            events.c.event_time < bindparam("end"),
            events.c.event_id.not_in(
                select(voids.c.event_id).where(voids.c.nip == bindparam("nip"))
            ),
        )
    )
    .order_by(events.c.event_time, events.c.sequence)
)
_USED = select(events.c.event_id).where(events.c.frame_digest == bindparam("digest")).limit(1)
_USED_BEFORE = (
    select(events.c.event_id)
    .where(
        and_(
            events.c.frame_digest.in_(bindparam("digests", expanding=True)),
            events.c.event_time < bindparam("before"),
        )
    )
    .limit(1)
)
_NAMED = refusals.c.reason.in_(bindparam("reasons", expanding=True))
_REFUSALS = select(
    func.count(case((_NAMED, 1))),
    func.max(case((_NAMED, refusals.c.refuse_time))),
    func.count(),
    func.max(refusals.c.refuse_time),
).where(
    and_(
        refusals.c.device_id == bindparam("device_id"),
        # Not those that a clock dated which was ahead: they would lock a phone until then.
        refusals.c.refuse_time.between(bindparam("since"), bindparam("now")),
    )
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused check-in or a suspected spoof, kept for forensics and for the person's appeal."""

    device_id: str
    reason: str
    refuse_time: datetime
    nip: str = ""
    similarity: float | None = None
    relief: float | None = None
    passive: float | None = None
    distance_m: float | None = None


async def insert_event(connection: AsyncConnection, event: Event) -> None:
    """Appends an event."""
    place, traces = event.location, event.fingerprint
    await connection.execute(
        _INSERT_EVENT,
        {
            "event_id": event.event_id,
            "nip": event.nip,
            "display_name": event.display_name,
            "unit_id": event.unit_id,
            "kind": event.kind.value,
            "source": event.source.value,
            "event_time": pack(event.event_time),
            "device_time": pack(event.device_time),
            "clock_disputed": event.clock_disputed,
            "site_id": event.site_id,
            "distance_m": event.distance_m,
            "device_id": event.device_id,
            "similarity": event.scores.similarity,
            "threshold": event.scores.threshold,
            "margin": event.scores.margin,
            "relief": event.scores.relief,
            "passive": event.scores.passive,
            "latitude": place.latitude if place else None,
            "longitude": place.longitude if place else None,
            "accuracy_m": place.accuracy_m if place else None,
            "mock": place.mock if place else None,
            "frame_digest": event.frame_digest,
            "frame_hash": signed(traces.frame) if traces else None,
            "background_hash": signed(traces.background) if traces else None,
            "seal": event.seal,
            "nonce": event.nonce,
            "chain_head": event.chain_head,
            "create_time": pack(event.create_time),
        },
    )
    failpoint("after_insert")


async def insert_request(
    connection: AsyncConnection,
    *,
    nip: str,
    request_id: str,
    content_digest: bytes,
    event_id: str,
    now: datetime,
) -> None:
    """Ties a request id to its event, in the transaction that stores the event."""
    await connection.execute(
        _INSERT_REQUEST,
        {
            "nip": nip,
            "request_id": request_id,
            "content_digest": content_digest,
            "event_id": event_id,
            "create_time": pack(now),
        },
    )
    failpoint("after_request")


async def find_request(
    connection: AsyncConnection, nip: str, request_id: str
) -> tuple[Event, bytes] | None:
    """Returns the event of a request id and the digest of what was asked for."""
    row = (await connection.execute(_FIND, {"nip": nip, "request_id": request_id})).first()
    return (_event(row), row.content_digest) if row else None


async def between(
    connection: AsyncConnection, nip: str, start: datetime, end: datetime
) -> list[Event]:
    """Returns an employee's events with start <= event_time < end, oldest first, without voided."""
    named = {"nip": nip, "start": pack(start), "end": pack(end)}
    return [_event(row) for row in await connection.execute(_BETWEEN, named)]


async def page(
    connection: AsyncConnection,
    *,
    nip: str | None = None,
    unit_ids: frozenset[str] | None = None,
    start: datetime | None,
    end: datetime | None,
    before: int | None,
    limit: int,
) -> list[tuple[int, Event]]:
    """Returns (sequence, event), newest first, of an employee or of units, before a sequence.

    Those that were voided are among them, and say so.
    """
    statement = (
        select(events, voids.c.event_id.is_not(None).label("voided"))
        .outerjoin(voids, voids.c.event_id == events.c.event_id)
        .order_by(events.c.sequence.desc())
        .limit(limit)
    )
    if nip is not None:
        statement = statement.where(events.c.nip == nip)
    if unit_ids is not None:
        statement = statement.where(events.c.unit_id.in_(sorted(unit_ids)))
    if before is not None:
        statement = statement.where(events.c.sequence < before)
    statement = _in_period(statement, start, end)
    return [
        (row.sequence, replace(_event(row), voided=row.voided))
        for row in await connection.execute(statement)
    ]


async def frame_was_used(connection: AsyncConnection, digest: bytes) -> bool:
    """Whether an event was already recorded from the very same image."""
    return (await connection.execute(_USED, {"digest": digest})).first() is not None


async def frames_were_used(
    connection: AsyncConnection, digests: Collection[bytes], before: datetime
) -> bool:
    """Whether an event of before a time was recorded from one of these images."""
    wanted = {"digests": list(digests), "before": pack(before)}
    return (await connection.execute(_USED_BEFORE, wanted)).first() is not None


async def insert_refusal(connection: AsyncConnection, refusal: Refusal) -> None:
    """Appends a refusal."""
    await connection.execute(
        insert(refusals).values(
            nip=refusal.nip or None,
            device_id=refusal.device_id,
            reason=refusal.reason,
            refuse_time=pack(refusal.refuse_time),
            similarity=refusal.similarity,
            relief=refusal.relief,
            passive=refusal.passive,
            distance_m=refusal.distance_m,
        )
    )


async def refusals_since(
    connection: AsyncConnection,
    device_id: str,
    now: datetime,
    window: timedelta,
    reasons: frozenset[str],
) -> tuple[tuple[int, datetime | None], tuple[int, datetime | None]]:
    """Returns how many refusals for these reasons a device got of late, and the last; and all."""
    wanted = {
        "device_id": device_id,
        "since": pack(now - window),
        "now": pack(now),
        "reasons": sorted(reasons),
    }
    named, last_named, every, last = (await connection.execute(_REFUSALS, wanted)).one()
    return (int(named), unpack(last_named)), (int(every), unpack(last))


def _in_period(statement: Select[Any], start: datetime | None, end: datetime | None) -> Select[Any]:
    if start is not None:
        statement = statement.where(events.c.event_time >= pack(start))
    if end is not None:
        statement = statement.where(events.c.event_time < pack(end))
    return statement


def fingerprint_of(row: Row[Any]) -> Fingerprint | None:
    """Returns the fingerprint of an event's row."""
    if row.frame_hash is None:
        return None
    background = row.background_hash
    return Fingerprint(
        row.frame_hash % _HASHES, None if background is None else background % _HASHES
    )


def signed(value: int | None) -> int | None:
    """Returns a hash of 64 bits as SQL's signed integers hold it."""
    return value if value is None or value < _HASHES // 2 else value - _HASHES


def _event(row: Row[Any]) -> Event:
    location = None
    if row.latitude is not None:
        location = Location(row.latitude, row.longitude, row.accuracy_m, row.mock)
    return Event(
        event_id=row.event_id,
        nip=row.nip,
        display_name=row.display_name,
        unit_id=row.unit_id,
        kind=EventKind(row.kind),
        source=EventSource(row.source),
        event_time=unpack(row.event_time),
        device_time=unpack(row.device_time),
        clock_disputed=row.clock_disputed,
        site_id=row.site_id,
        distance_m=row.distance_m,
        device_id=row.device_id,
        scores=Scores(row.similarity, row.threshold, row.margin, row.relief, row.passive),
        create_time=unpack(row.create_time),
        location=location,
        frame_digest=row.frame_digest,
        fingerprint=fingerprint_of(row),
        seal=row.seal,
        nonce=row.nonce,
        chain_head=row.chain_head,
    )
