"""Takes every record that may never change into the ledger, and signs what the ledger is.

Records are taken in some seconds after they were stored, beside all other work. What a server finds
untaken when it starts is marked as late: after a crash some seconds of records, else a forgery.
Estimate: 0.5 ms of a thread every 5 s without news, 25 us a record with them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from server.clock import Clock
from server.domain.ledger import Checkpoint, Frontier
from server.errors import StorageUnavailable
from server.services.finish import finish
from server.services.notes import Signer
from server.storage import ledger as rows
from server.storage.database import Database
from server.storage.ledger import Entry, Marks

INTERVAL_S = 5.0
# A checkpoint every so often, if there is something new; and at the end.
CHECKPOINT_S = 300.0
# Records that go into one transaction.
TAKEN_AT_ONCE_MAX = 500

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed checkpoint, and the public key in one line."""

    size: int
    note: str
    make_time: datetime
    public_key: str


class Ledger:
    """The ledger of one database."""

    def __init__(
        self, database: Database, path: Path, signer: Signer, clock: Clock, executor: Executor
    ) -> None:
        self._database, self._path, self._signer = database, path, signer
        self._clock, self._executor = clock, executor
        self._one = asyncio.Lock()
        self._frontier = Frontier()
        self._marks: Marks = {}
        # Rows that were there when this server started.
        self._found: Marks = {}
        self._signed_size = 0
        self._signed_s = 0.0

    @property
    def size(self) -> int:
        """How many records it holds."""
        return self._frontier.size

    async def begin(self) -> None:
        """Reads where it was, before anything new is stored."""
        self._frontier, self._signed_size = await self._read(rows.frontier_of)
        self._marks = await self._read(rows.marks_of)
        self._found = await self._read(rows.last_rows)

    async def run(self) -> None:
        """Takes in what is new until it is cancelled; what fails is tried again."""
        while True:
            try:
                await self.take_in()
                if self._clock.monotonic() - self._signed_s >= CHECKPOINT_S:
                    await self.sign()
            except StorageUnavailable as error:
                log.warning("ledger_waits", reason=str(error))
            await asyncio.sleep(INTERVAL_S)

    async def end(self) -> None:
        """Takes in and signs the last records."""
        try:
            await self.take_in()
            await self.sign()
        except StorageUnavailable as error:
            log.warning("ledger_not_closed", reason=str(error))

    async def take_in(self) -> int:
        """Takes in all records that are stored and new. Returns how many."""
        # What is stored and what is known of it stay together, also when the server stops.
        return await finish(self._take_in())

    async def _take_in(self) -> int:
        taken, late = 0, dict[str, int]()
        async with self._one:
            while entries := await self._read(self._behind):
                for is_late in (True, False):
                    some = [entry for entry in entries if self._is_late(entry) is is_late]
                    await self._append(some, late=is_late)
                    for entry in some if is_late else ():
                        late[entry.kind] = late.get(entry.kind, 0) + 1
                taken += len(entries)
        if late:
            log.warning("ledger_took_in_late", records=late, do="see hadir-server check --help")
        return taken

    async def sign(self) -> None:
        """Signs and stores what the ledger is now, if it grew."""
        await finish(self._sign())

    async def _sign(self) -> None:
        async with self._one:
            self._signed_s = self._clock.monotonic()
            size = self._frontier.size
            if size == self._signed_size:
                return
            signed = self._signed()
            store = partial(
                rows.insert_checkpoint,
                size=size,
                frontier=self._frontier.packed(),
                note=signed.note,
                now=signed.make_time,
            )
            await self._database.write(store)
            self._signed_size = size
        # Whoever keeps the log keeps what nobody can take back from the database.
        log.info("ledger_checkpoint", size=size, note=signed.note)

    async def checkpoint(self) -> Signed:
        """Takes in all that is stored, and returns a signed checkpoint of it."""
        await self.take_in()
        await self.sign()
        return self._signed()

    def _signed(self) -> Signed:
        one = Checkpoint(self._frontier.size, self._frontier.root)
        return Signed(
            size=one.size,
            note=self._signer.note_of(one.text),
            make_time=self._clock.now(),
            public_key=self._signer.verifier.line,
        )

    def _behind(self, connection: rows.Reading) -> list[Entry]:
        return rows.behind(connection, self._marks, TAKEN_AT_ONCE_MAX)

    def _is_late(self, entry: Entry) -> bool:
        return entry.row <= self._found[entry.kind]

    async def _append(self, entries: list[Entry], *, late: bool) -> None:
        if not entries:
            return
        first = self._frontier.size + 1
        await self._database.write(partial(rows.append, entries=entries, first=first, late=late))
        for entry in entries:
            self._frontier.add(entry.leaf)
            self._marks[entry.kind] = max(self._marks[entry.kind], entry.row)

    async def _read(self, work: Callable[[rows.Reading], T]) -> T:
        def read() -> T:
            with rows.reading(self._path) as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._executor, read)
