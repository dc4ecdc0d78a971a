"""SQL that empties what may not be kept longer, in small parts, and the log of what was emptied."""

import enum
from datetime import date, datetime

from sqlalchemy import Column, Table, delete, exists, func, insert, select, update
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
    """Returns the sequence up to which rows are emptied already."""
    statement = select(func.max(removals.c.last_sequence)).where(removals.c.kind == kind.value)
    return (await connection.execute(statement)).scalar() or 0


async def empty_rows(
    connection: AsyncConnection, kind: Kept, *, after: int, before: datetime, limit: int
) -> tuple[int, int]:
    """Empties rows behind a sequence that are older than a time; returns (last sequence, count).

    Rows are in the order of their time but for minutes: the first young one ends the search.
    """
    table, moment, names = _EMPTIED[kind]
    statement = (
        select(table.c.sequence, moment)
        .where(table.c.sequence > after)
        .order_by(table.c.sequence)
        .limit(limit)
    )
    old: list[int] = []
    for sequence, made in await connection.execute(statement):
        if made >= pack(before):
            break
        old.append(sequence)
    if old:
        await connection.execute(
            update(table)
            .where(table.c.sequence.between(old[0], old[-1]))
            .values(dict.fromkeys(names))
        )
    return (old[-1] if old else after), len(old)


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
