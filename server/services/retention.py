"""Keeps what cameras and documents gave no longer than its time; what is left is the proof.

Emptied are fingerprints of frames, scores of refused check-ins and the content of documents. The
events, the refusals and why, and the documents' hashes stay, and a log says what was emptied when.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from server.clock import Clock
from server.services.sight import Sight
from server.storage import retention
from server.storage.database import Connection, Database
from server.storage.retention import Kept, Part, Place

# Of one transaction, some 5 ms: check-ins commit in between.
ROWS_AT_ONCE_MAX = 500
DOCUMENTS_AT_ONCE_MAX = 5
# Years that were never emptied are millions of rows: the writer is left to others meanwhile.
PAUSE_S = 0.02

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Periods:
    """How many days what is kept; documents: after the last day of their request."""

    fingerprint_days: int
    refusal_days: int
    document_days: int


class Retention:
    """Empties what is too old. Each method returns how much it emptied."""

    def __init__(self, database: Database, sight: Sight, clock: Clock, periods: Periods) -> None:
        self._database = database
        self._sight = sight
        self._clock = clock
        self._periods = periods

    async def fingerprints(self) -> int:
        """Empties the fingerprints of old events."""
        return await self._rows(Kept.FINGERPRINTS, self._periods.fingerprint_days)

    async def refusals(self) -> int:
        """Empties the scores and distances of old refusals."""
        return await self._rows(Kept.REFUSALS, self._periods.refusal_days)

    async def documents(self) -> int:
        """Deletes the content of documents of old requests."""
        days = timedelta(days=self._periods.document_days)
        now, count = self._clock.now(), 0
        while True:
            async with self._database.read() as connection:
                some = await retention.old_documents(
                    connection, self._sight.today() - days, DOCUMENTS_AT_ONCE_MAX
                )
            if not some:
                break

            async def work(connection: Connection, some: list[str] = some) -> None:
                for document_id in some:
                    await retention.empty_document(connection, document_id)
                await retention.insert_removal(
                    connection,
                    Kept.DOCUMENTS,
                    before=now - days,
                    last_sequence=0,
                    count=len(some),
                    now=now,
                )

            await self._database.write(work)
            count += len(some)
            await asyncio.sleep(PAUSE_S)
        return _told(Kept.DOCUMENTS, count)

    async def _rows(self, kind: Kept, days: int) -> int:
        now, count = self._clock.now(), 0
        async with self._database.read() as connection:
            last = await retention.emptied_up_to(connection, kind)
        part = Part(Place(last, last), 0, goes_on=True)
        while part.goes_on:

            async def work(connection: Connection, place: Place = part.place) -> Part:
                return await retention.empty_rows(
                    connection, kind, place, now=now, days=days, limit=ROWS_AT_ONCE_MAX
                )

            part = await self._database.write(work)
            count += part.count
            await asyncio.sleep(PAUSE_S)
        return _told(kind, count)


def _told(kind: Kept, count: int) -> int:
    """Says in the server's log what the database's log has part by part. Returns the count."""
    if count:
        log.info("retention_done", kind=kind.value, count=count)
    return count
