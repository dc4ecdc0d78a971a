"""SQL from which days are derived: who served where, and when they came. A few columns, many rows.

Estimate: a month of 10,000 employees is 500,000 punches of some 4 us each, 2 s.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.model import Posting, Punch, PunchSource
from server.domain.attendance.plan import postings_as_put
from server.domain.model import EventKind
from server.storage.parts import in_parts
from server.storage.schema import employees, events, postings, sites, units
from server.storage.times import pack, unpack

_ONE_DAY = timedelta(days=1)
# A month of so many is some 1,000 punches: 5 ms of the event loop.
PEOPLE_AT_ONCE = 16
# Rows between two turns of the event loop: some 5 ms of it.
ROWS_AT_ONCE = 500
_KINDS = {kind.value: kind for kind in EventKind}
_SOURCES = {source.value: source for source in PunchSource}


@dataclass(frozen=True, slots=True)
class PostingChange:
    """A posting as somebody put it; actor and put_time: None where this was not kept yet."""

    sequence: int
    nip: str
    start: date
    unit_id: str
    site_id: str
    actor: str | None
    reason: str
    put_time: datetime | None


async def insert_postings(
    connection: AsyncConnection,
    rows: Sequence[tuple[str, date, str, str]],
    *,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Appends (NIP, from when, unit or "" for nowhere, own site or "")."""
    put = {"actor": actor, "reason": reason, "put_time": pack(now)}
    values = [
        {"nip": nip, "start": start.isoformat(), "unit_id": unit_id, "site_id": site_id, **put}
        for nip, start, unit_id, site_id in rows
    ]
    for begin in range(0, len(values), ROWS_AT_ONCE):
        await connection.execute(insert(postings), values[begin : begin + ROWS_AT_ONCE])


async def posting_changes(
    connection: AsyncConnection, nip: str, *, before: int | None, limit: int
) -> list[PostingChange]:
    """Returns postings of an employee ("" for all) before a sequence, newest first."""
    statement = select(postings).order_by(postings.c.sequence.desc()).limit(limit)
    if nip:
        statement = statement.where(postings.c.nip == nip)
    if before is not None:
        statement = statement.where(postings.c.sequence < before)
    return [
        PostingChange(
            sequence=row.sequence,
            nip=row.nip,
            start=date.fromisoformat(row.start),
            unit_id=row.unit_id,
            site_id=row.site_id,
            actor=row.actor,
            reason=row.reason or "",
            put_time=unpack(row.put_time),
        )
        for row in await connection.execute(statement)
    ]


async def people_of(
    connection: AsyncConnection,
    unit_ids: Collection[str] | None,
    *,
    zone: str,
    nips: Collection[str] | None = None,
) -> dict[str, tuple[str, tuple[Posting, ...]]]:
    """Returns (name, postings) by NIP of who ever served in the units, or has one of the NIPs.

    None is any; with both, both hold. zone: where a posting has no site.
    """
    chosen = select(postings.c.nip).distinct()
    if nips is not None:
        chosen = chosen.where(postings.c.nip.in_(sorted(nips)))
    if unit_ids is not None:
        chosen = chosen.where(postings.c.unit_id.in_(sorted(unit_ids)))
    zone_there = func.coalesce(sites.c.time_zone, zone).label("time_zone")
    own_site = func.nullif(postings.c.site_id, "")
    statement = (
        select(postings, employees.c.display_name, zone_there)
        .join_from(postings, employees, postings.c.nip == employees.c.nip)
        .outerjoin(units, units.c.unit_id == postings.c.unit_id)
        .outerjoin(sites, sites.c.site_id == func.coalesce(own_site, units.c.site_id))
        .order_by(postings.c.nip, postings.c.sequence)
    )
    found: dict[str, tuple[str, tuple[Posting, ...]]] = {}
    for some in in_parts((await connection.execute(chosen)).scalars().all()):
        people: dict[str, tuple[str, list[Any]]] = {}
        for row in await connection.execute(statement.where(postings.c.nip.in_(some))):
            people.setdefault(row.nip, (row.display_name, []))[1].append(row)
        for number, (name, rows) in people.items():
            found[number] = name, postings_as_put(map(_posting, rows))
    return found


async def punches_of(
    connection: AsyncConnection, nips: Collection[str], start: datetime, end: datetime
) -> dict[str, list[Punch]]:
    """Returns the punches of employees with start <= event_time < end, by NIP."""
    columns = events.c
    statement = select(
        columns.nip, columns.event_id, columns.kind, columns.event_time, columns.source
    ).where(columns.event_time >= pack(start), columns.event_time < pack(end))
    found: dict[str, list[Punch]] = {}
    for some in in_parts(nips, PEOPLE_AT_ONCE):
        rows = await connection.execute(statement.where(columns.nip.in_(some)))
        for nip, event_id, kind, moment, source in rows:
            punch = Punch(event_id, _KINDS[kind], unpack(moment), _SOURCES[source])
            found.setdefault(nip, []).append(punch)
    return found


def _posting(row: Any) -> Posting:
    return Posting(date.fromisoformat(row.start), row.unit_id, row.time_zone)
