"""One SQLite file: a single writer that commits whole transactions in groups, and readers.

Writes wait in a bounded queue; the writer opens BEGIN IMMEDIATE, runs up to GROUP_MAX of them, each
in a savepoint if several, and answers only after COMMIT (synchronous=FULL). Estimate: 0.3 ms a
commit, 0.1 ms a row. Readers are query_only and short. One server process a file, held by a lock.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncTransaction,
    create_async_engine,
)
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_

from server import metrics, traces
from server.errors import DataInvalid, StorageUnavailable
from server.failpoints import failpoint
from server.storage.faults import Fault, fault_of, name_of

WRITES_WAITING_MAX = 1024
# Of them, of callers without a session: the rest of the queue is for those who have one.
STRANGERS_WRITES_MAX = 64
GROUP_MAX = 32
READERS_MAX = 4
BUSY_MS_MAX = 2000
# All writes wait for a reader meanwhile.
FOLD_MS_MAX = 200
CACHE_KIB = 16 * 1024
# Larger files are not read through at a start: SQLite was not through 3.3 GB after 6 minutes.
CHECKED_BYTES_MAX = 256 * 2**20

T = TypeVar("T")
log = structlog.get_logger()
Connection = AsyncConnection
Work = Callable[[Connection], Awaitable[T]]


@dataclass(slots=True)
class _Write:
    work: Work[Any]
    done: asyncio.Future[Any]
    fold: bool = False


# Database errors of one write that leave the transaction as it was.
_FAILS_ALONE = (exc.IntegrityError, exc.DataError)
# A write, its result, and why it failed.
_Result = tuple[_Write, Any, BaseException | None]


class Database:
    """Reads and writes one SQLite file. Open it with `open_database`."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._waiting: asyncio.Queue[_Write | None] = asyncio.Queue(WRITES_WAITING_MAX)
        self._strangers = asyncio.Semaphore(STRANGERS_WRITES_MAX)
        self._stopped = False
        # Whether a reader kept the log from being emptied.
        self._fold_due = False
        # False from a commit that found no room until one is on disk again, see `prove`.
        self.writable = True
        # Set when the writer ended by an error: a server must not go on without it.
        self.failed = asyncio.Event()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the data and cannot write; keep it short."""
        try:
            async with self._readers.connect() as connection:
                yield connection
        except (exc.OperationalError, exc.TimeoutError) as error:
            raise StorageUnavailable("the database cannot be read now") from error

    @property
    def writes_waiting(self) -> int:
        """How many transactions wait for the writer."""
        return self._waiting.qsize()

    async def write(self, work: Work[T], *, fold: bool = False) -> T:
        """Runs `work` in a transaction and returns its result once that is on disk.

        fold: also empties the log of changes, in which what `work` deletes can still be read;
        where a reader keeps it from that, call `fold` later. `work` gets a connection, may be run
        once only, and rolls back alone if it raises. Raises StorageUnavailable if the queue is full
        or the commit fails: nothing was stored then. A caller that is cancelled while the write
        waits takes it back; later it is completed.
        """
        if self._stopped:
            raise StorageUnavailable("the database is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait(_Write(work, done, fold))
        except asyncio.QueueFull:
            raise StorageUnavailable("too many writes wait", retry_after_s=1) from None
        with traces.step("commit"):
            return await done

    async def write_for_stranger(self, work: Work[T]) -> T:
        """Like `write`, for a caller without a session: waits in turn outside the queue.

        Few of them are in the queue at once, so that nobody without a session can fill it.
        """
        async with self._strangers:
            return await self.write(work)

    async def fold(self) -> int:
        """Empties the log of changes where a reader kept a write from it. Returns 1 if so, else 0.

        Where one does so again, the next time does it.
        """
        if not self._fold_due:
            return 0
        await self.write(_nothing, fold=True)
        return int(not self._fold_due)

    async def prove(self) -> None:
        """Writes the file's header as it is; `writable` if that is on disk."""
        with suppress(StorageUnavailable):
            await self.write(_rewrite_header)
            self.writable = True

    async def run_writer(self) -> None:
        """Serves the queue until `stop_writer`; exactly one task runs it.

        Raises StorageUnavailable with what to do once the disk or the file is broken.
        """
        try:
            async with self._writer.connect() as connection:
                while (group := await self._next_group()) is not None:
                    results, failed = await _commit_group(connection, group)
                    try:
                        if failed is None and any(write.fold for write in group):
                            failed = await self._folded(connection)
                    finally:
                        _answer(results)
                    if failed is not None:
                        self._judge(failed)
        except Exception:
            # The top of the writer's task: the server must learn of it, and stop. First, since the
            # log may be what failed.
            self.failed.set()
            log.critical("storage_writer_failed", exc_info=True)
            raise
        finally:
            self._stopped = True
            while not self._waiting.empty():
                if (write := self._waiting.get_nowait()) is not None and not write.done.done():
                    write.done.set_exception(StorageUnavailable("the database was closed"))

    async def stop_writer(self) -> None:
        """Ends the writer after the writes that wait already."""
        await self._waiting.put(None)

    async def _next_group(self) -> list[_Write] | None:
        first = await self._waiting.get()
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP_MAX and not self._waiting.empty():
            if (write := self._waiting.get_nowait()) is None:
                self._waiting.put_nowait(None)  # seen again once this group is on disk
                break
            group.append(write)
        return group

    async def _folded(self, connection: AsyncConnection) -> sqlite3.Error | None:
        """Empties the log. Returns why it could not be; what was written is on disk anyway."""
        try:
            self._fold_due = not await _fold(connection)
        except sqlite3.Error as error:
            self._fold_due = True
            return error
        return None

    def _judge(self, error: Exception) -> None:
        """Notes why a commit failed. Raises StorageUnavailable if another must not be tried.

        A disk that lost what it was told to flush says so once: the next flush would succeed.
        """
        name = name_of(error)
        fault = fault_of(name)
        metrics.STORAGE_FAILURES.labels(name).inc()
        log.error("storage_commit_failed", error=name, fault=fault.value, detail=str(error))
        if fault is Fault.NO_ROOM:
            self.writable = False
        if fault is Fault.BROKEN:
            raise StorageUnavailable(
                f"the database cannot be written any more ({name}): look after the disk, run "
                "`hadir-server check`, restore a backup if it is damaged, else start again"
            ) from error

    async def close(self) -> None:
        """Closes all connections; the last one folds the log into the file."""
        await self._readers.dispose()
        await self._writer.dispose()


async def _commit_group(
    connection: AsyncConnection, group: list[_Write]
) -> tuple[list[_Result], Exception | None]:
    """Runs a group in one transaction. Returns what to answer, and why the database failed."""
    failed: Exception | None = None
    wanted = [write for write in group if not write.done.cancelled()]
    results: list[_Result] = []
    try:
        failpoint("before_begin")
        transaction = await connection.begin()
        for write in wanted:
            # One by itself has the transaction to itself: a savepoint costs as much as a row.
            part = transaction if len(wanted) == 1 else await connection.begin_nested()
            results.append(await _run(connection, write, part))
            if part is not transaction and part.is_active:
                await part.commit()
        failpoint("before_commit")
        if not _is_undone(results):
            await _assert_open(connection)
            await transaction.commit()
        failpoint("after_commit")
    except (exc.DBAPIError, OSError) as error:
        failure = StorageUnavailable("the database cannot be written now", retry_after_s=1)
        failure.__cause__ = failed = error
        results = [(write, None, failure) for write in wanted]
        await _rolled_back(connection)
    except Exception:
        # A bug of ours or of a driver: nobody waits for ever, and the writer ends.
        _answer([(write, None, StorageUnavailable("the database failed")) for write in wanted])
        raise
    return results, failed


async def _fold(connection: AsyncConnection) -> bool:
    """Moves the log of changes into the file and empties it. Returns whether nobody read it."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None, "it has just committed"

    # Past SQLAlchemy, which would begin a transaction: none may be open.
    async def pragma(text: str) -> Any:
        async with driver.execute(f"PRAGMA {text}") as cursor:
            return await cursor.fetchone()

    await pragma(f"busy_timeout={FOLD_MS_MAX}")
    try:
        busy, _, _ = await pragma("wal_checkpoint(TRUNCATE)")
    finally:
        await pragma(f"busy_timeout={BUSY_MS_MAX}")
    return not busy


async def _nothing(_: AsyncConnection) -> None:
    """A write of nothing."""


def _answer(results: list[_Result]) -> None:
    for write, result, fault in results:
        if write.done.done():
            continue
        if fault is None:
            write.done.set_result(result)
        else:
            write.done.set_exception(fault)


async def _rolled_back(connection: AsyncConnection) -> None:
    """Leaves the failed transaction; a connection that cannot even do that is replaced."""
    try:
        await connection.rollback()
    except (exc.SQLAlchemyError, OSError):
        await connection.invalidate()


async def _run(connection: AsyncConnection, write: _Write, part: AsyncTransaction) -> _Result:
    """Runs a write in its part of the transaction, which is rolled back if it raises."""
    try:
        return write, await write.work(connection), None
    except Exception as error:
        # What a use case refuses, and a bug in one, fails alone; what the database fails in, all.
        if isinstance(error, exc.DBAPIError) and not isinstance(error, _FAILS_ALONE):
            raise
        try:
            await part.rollback()
        except (exc.SQLAlchemyError, OSError):
            await connection.invalidate()  # it may still be in the transaction, and so for ever
            raise
        return write, None, error


async def _rewrite_header(connection: AsyncConnection) -> None:
    version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
    await connection.exec_driver_sql(f"PRAGMA user_version={version}")


def _is_undone(results: list[_Result]) -> bool:
    """Whether there was one write only, and it took its transaction back."""
    return len(results) == 1 and results[0][2] is not None


async def _assert_open(connection: AsyncConnection) -> None:
    """Raises OSError if SQLite gave the transaction up by itself (full disk, no memory).

    Its COMMIT would do nothing then, and say so to nobody.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None or not driver.in_transaction:
        raise OSError("SQLite rolled the transaction back")


def is_reader(connection: AsyncConnection) -> bool:
    """Whether a connection sees only what is on disk: a writer's may still be rolled back."""
    return bool(connection.info["reader"])


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Opens the file for one server process. Raises DataInvalid if it cannot be used."""
    with exclusive(path):
        writer, readers = _engine(path, reader=False), _engine(path, reader=True)
        database = Database(writer, readers)
        try:
            await _assert_durable(writer, path)
            task = asyncio.create_task(database.run_writer(), name="storage-writer")
            try:
                yield database
            finally:
                await database.stop_writer()
                await task
        finally:
            await database.close()


def _engine(path: Path, *, reader: bool) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=READERS_MAX if reader else 1,
        max_overflow=0,
        pool_timeout=BUSY_MS_MAX / 1000,
        hide_parameters=True,  # an error's text goes to the log, a statement's values never
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, record: Any) -> None:
        record.info["reader"] = reader
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS_MAX}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        if reader:
            cursor.execute("PRAGMA query_only=ON")
            cursor.execute("PRAGMA wal_autocheckpoint=0")
        else:
            cursor.execute("PRAGMA recursive_triggers=ON")  # so that REPLACE meets them too
            cursor.execute("PRAGMA secure_delete=ON")  # erased means overwritten
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA journal_size_limit=67108864")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")

    if reader:
        event.listen(engine.sync_engine, "handle_error", _interrupt)
    return engine


def _interrupt(context: ExceptionContext) -> None:
    """Ends the statement of a reader whose caller gave up: else it holds its connection on."""
    given_up = isinstance(context.original_exception, asyncio.CancelledError)
    driver = context.connection.connection.driver_connection if context.connection else None
    if given_up and driver is not None:
        await_(driver.interrupt())


async def _assert_durable(engine: AsyncEngine, path: Path) -> None:
    try:
        async with engine.connect() as connection:
            wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
            for pragma, value in wanted.items():
                found = (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()
                if found != value:
                    raise DataInvalid(f"{path}: PRAGMA {pragma} is {found}, needs {value}")
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
            page_bytes = (await connection.exec_driver_sql("PRAGMA page_size")).scalar_one()
            if pages * page_bytes > CHECKED_BYTES_MAX:
                log.info("database_not_checked", bytes=pages * page_bytes, do="hadir-server check")
                return
            check = (await connection.exec_driver_sql("PRAGMA quick_check(1)")).scalar()
    except exc.DatabaseError as error:
        raise DataInvalid(f"{path}: {error.orig}; restore it from a backup") from error
    if check != "ok":
        raise DataInvalid(f"{path} is damaged ({check}); restore it from a backup")


def verify(path: Path) -> None:
    """Reads the whole file, which may take many minutes. Raises DataInvalid if it is damaged.

    Raises StorageUnavailable if it cannot be read now. It may run beside a server, whose log of
    changes grows meanwhile.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            (check,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        # Says nothing of the file: it is not there, locked, or in a folder that is read-only.
        raise StorageUnavailable(f"cannot read {path} now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DataInvalid(f"{path}: {error}; restore it from a backup") from error
    if check != "ok":
        raise DataInvalid(f"{path} is damaged ({check}); restore it from a backup")


class exclusive:  # noqa: N801  reads as a statement
    """Holds the lock file beside the database. Raises DataInvalid if another process does."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + ".lock")

    def __enter__(self) -> None:
        try:
            self._file = self._path.open("w")
        except OSError as error:
            raise DataInvalid(f"cannot write {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise DataInvalid(f"another server uses {self._path}; stop it first") from error

    def __exit__(self, *_: object) -> None:
        self._file.close()
