"""SQL that empties what may not be kept longer, in small parts, and the log of what was emptied."""

import enum
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile

from sqlalchemy import Column, Table, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.schema import (
    attendance_requests,
    document_chunks,
    documents,
    events,
    refusals,
    removals,
)
from server.storage.times import pack


class Kept(enum.Enum):
    """What is kept for a time only."""

    FINGERPRINTS = "FINGERPRINTS"
    REFUSALS = "REFUSALS"
    DOCUMENTS = "DOCUMENTS"


# The table, when its rows came to be, and what of them is emptied.
_EMPTIED: dict[Kept, tuple[Table, Column[int], tuple[str, ...]]] = {
    Kept.FINGERPRINTS: (events, events.c.event_time, ("frame_hash", "background_hash")),
    Kept.REFUSALS: (
        refusals,
        refusals.c.refuse_time,
        ("similarity", "relief", "passive", "distance_m"),
    ),
}


async def emptied_up_to(connection: AsyncConnection, kind: Kept) -> int:
    """Returns the sequence up to which all rows are emptied already."""
    statement = select(func.max(removals.c.last_sequence)).where(removals.c.kind == kind.value)
    return (await connection.execute(statement)).scalar() or 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a search is: the last row seen, and the last before which all were old."""

    seen: int
    emptied_to: int

    @property
    def unbroken(self) -> bool:
        """Whether every row so far was old."""
        return self.seen == self.emptied_to


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a search did: where it is now, how many it emptied, whether to go on."""

    place: Place
    count: int
    goes_on: bool


async def empty_rows(
    connection: AsyncConnection, kind: Kept, place: Place, *, now: datetime, days: int, limit: int
) -> Part:
    """Empties rows behind a place that are older than so many days, and logs it.

    Rows are in the order of their time but for minutes, and but for a clock that was wrong for a
    while: the search ends with a part that has neither old ones nor such of the future.
    """
    table, moment, names = _EMPTIED[kind]
    filled = or_(*(table.c[name].is_not(None) for name in names))
    statement = (
        select(table.c.sequence, moment, filled)
        .where(table.c.sequence > place.seen)
        .order_by(table.c.sequence)
        .limit(limit)
    )
    rows = (await connection.execute(statement)).all()
    before = now - timedelta(days=days)
    cut, future = pack(before), pack(now)
    old = [sequence for sequence, made, full in rows if made < cut and full]
    if old:
        await connection.execute(
            update(table).where(table.c.sequence.in_(old)).values(dict.fromkeys(names))
        )
    leading = list(takewhile(lambda row: row[1] < cut, rows)) if place.unbroken else []
    emptied_to = leading[-1].sequence if leading else place.emptied_to
    # A whole part in which nothing was left to empty is logged too: nobody looks at it again.
    if old or len(leading) == limit:
        await insert_removal(
            connection, kind, before=before, last_sequence=emptied_to, count=len(old), now=now
        )
    goes_on = len(rows) == limit and any(not cut <= made <= future for _, made, _ in rows)
    return Part(Place(rows[-1].sequence if rows else place.seen, emptied_to), len(old), goes_on)


async def old_documents(connection: AsyncConnection, before: date, limit: int) -> list[str]:
    """Returns ids of documents with content, of requests whose last day is before a date."""
    has_content = exists().where(document_chunks.c.document_id == documents.c.document_id)
    statement = (
        select(documents.c.document_id)
        .join(attendance_requests, attendance_requests.c.request_id == documents.c.request_id)
        .where(attendance_requests.c.last < before.isoformat(), has_content)
        .order_by(documents.c.document_id)
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def empty_document(connection: AsyncConnection, document_id: str) -> None:
    """Deletes the content of a document; its row, with type, size and hash, stays."""
    await connection.execute(
        delete(document_chunks).where(document_chunks.c.document_id == document_id)
    )


async def insert_removal(
    connection: AsyncConnection,
    kind: Kept,
    *,
    before: datetime,
    last_sequence: int,
    count: int,
    now: datetime,
) -> None:
    """Appends what was emptied to the log."""
    await connection.execute(
        insert(removals).values(
            kind=kind.value,
            before_time=pack(before),
            last_sequence=last_sequence,
            removed_count=count,
            remove_time=pack(now),
        )
    )
