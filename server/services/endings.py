"""Keeps endings in a file beside the database, and does again what a restored backup lacks.

A journal that cannot be written fails nobody: the ending itself is on disk. It is told in the log
and by a gauge, tried again, and added at the next start.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from server.clock import Clock
from server.domain.ending import Ending, Key
from server.errors import DataInvalid, StorageUnavailable
from server.failpoints import failpoint
from server.storage import endings as rows
from server.storage.database import Database
from server.storage.journal import Journal
from server.storage.ledger import Reading, reading

# After so long an ending is dropped: a backup that is older brings back what was ended before.
KEPT_DAYS = 5 * 366
AGAIN_S = 60.0

T = TypeVar("T")
log = structlog.get_logger()


class Endings:
    """The journal of one database."""

    def __init__(
        self, database: Database, path: Path, journal: Journal, clock: Clock, executor: Executor
    ) -> None:
        self._database, self._path, self._journal = database, path, journal
        self._clock, self._executor = clock, executor
        self._one = asyncio.Lock()
        self._known: set[Key] = set()
        # Before, endings are kept no more.
        self._since = datetime.min.replace(tzinfo=UTC)
        # What a restored database did not know of, until the clock is believed.
        self._unknown: Sequence[Ending] = ()
        # Endings that are in the database and could not be written yet.
        self.unwritten = 0

    async def begin(self) -> datetime | None:
        """Does again what the journal has and the database lacks, then adds what it lacks itself.

        Before faces are loaded and anybody is served. Returns when the last ending happened that
        the database did not know of, None if there is none. Raises OSError if it cannot be read,
        DataInvalid if it is of another key file.
        """
        written = await self._run(self._journal.mend)
        if written.foreign and not written.endings:
            raise DataInvalid(
                f"no line of {self._journal.path} is of this key file: put the key file back that "
                "belongs to it, or move the journal aside if there is none any more"
            )
        if written.foreign:
            log.error(
                "endings_foreign",
                lines=written.foreign,
                do="these lines are not of this key file, and were not obeyed: see who wrote them",
            )
        if written.torn:
            log.warning("endings_torn", bytes=written.torn, why="the last line was cut off")
        found = await self._read(partial(rows.compared, journal=written.endings))
        if found.unknown:
            again = partial(rows.end_again, endings=found.going_on)
            await self._database.write(again, fold=True)
            count = Counter(one.kind.value.lower() for one in found.going_on)
            log.warning("endings_done_again", why="the database is of before them", **count)
        elif found.unwritten and not self._journal.path.exists():
            log.warning(
                "endings_missing",
                file=str(self._journal.path),
                do="if this database was restored, stop, put the newest copy of its journal there "
                "and start again; what was ended since that copy must be ended again by hand",
            )
        if written.endings:
            # By the last ending, too: a clock that is ahead drops nothing.
            now = min(written.endings[-1].time, self._clock.now())
            self._since = now - timedelta(days=KEPT_DAYS)
        self._unknown = found.unknown
        self._known = {one.key for one in written.endings}
        if not written.foreign:
            await self._drop(written.endings)
        await self.keep()
        return found.unknown[-1].time if found.unknown else None

    async def settle(self) -> None:
        """Keeps that the journal was heeded, once the clock is believed: begin looks back no more.

        Else a line of a clock that was ahead would hold up every start, or end what came later.
        """
        if self._unknown:
            await self._database.write(partial(rows.heed, endings=self._unknown))
            self._unknown = ()

    async def run(self) -> None:
        """Writes until it is cancelled what could not be written, or nobody told of."""
        while True:
            await asyncio.sleep(AGAIN_S)
            await self.keep()

    async def keep(self) -> None:
        """Writes what was ended since. Fails nobody."""
        async with self._one:
            new: list[Ending] = []
            try:
                new = await self._read(self._new)
                if new:
                    failpoint("before_journal")
                    await self._run(partial(self._journal.append, new))
            except (OSError, StorageUnavailable) as error:
                self.unwritten = max(1, len(new))
                log.error(  # noqa: TRY400  the reason is enough
                    "endings_not_written",
                    count=self.unwritten,
                    reason=str(error),
                    do="a backup that is restored now would bring these back; it is tried again",
                )
                return
            self.unwritten = 0
            self._known.update(one.key for one in new)

    def _new(self, connection: Reading) -> list[Ending]:
        """Returns what the journal lacks; in a thread, since it passes all that ever ended."""
        there = rows.ended(connection)
        return [one for one in there if one.key not in self._known and one.time >= self._since]

    async def _drop(self, endings: Sequence[Ending]) -> None:
        """Drops lines of so long ago that no backup is of before them."""
        young = [one for one in endings if one.time >= self._since]
        if len(young) == len(endings):
            return
        try:
            await self._run(partial(self._journal.keep, young))
        except OSError as error:
            log.warning("endings_not_dropped", reason=str(error))
        else:
            log.info("endings_dropped", lines=len(endings) - len(young))

    async def _read(self, work: Callable[[Reading], T]) -> T:
        def read() -> T:
            with reading(self._path) as connection:
                return work(connection)

        return await self._run(read)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
