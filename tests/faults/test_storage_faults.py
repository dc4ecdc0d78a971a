"""What storage does when it is full, locked, damaged or shared."""

import asyncio
import contextlib
import gc
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncTransaction

from server.domain.model import Unit
from server.errors import DataInvalid, HadirError, StorageUnavailable
from server.storage import database as database_module
from server.storage import directory, migrate
from server.storage.database import Database, open_database

PAGE = 4096
PATIENCE_S = 30


def put_unit(unit_id: str):
    """Returns a write of one unit."""
    return lambda connection: directory.put_unit(connection, Unit(unit_id, unit_id))


async def unit_ids(database: Database) -> set[str]:
    """Returns the units that were added to the seed."""
    async with database.read() as connection:
        return {unit.unit_id for unit in await directory.list_units(connection)} - {"bkd"}


class Hold:
    """Keeps the writer busy, so that what is written meanwhile waits and makes one group."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._begun, self._end = asyncio.Event(), asyncio.Event()

    async def __aenter__(self) -> None:
        async def work(_) -> None:
            self._begun.set()
            await self._end.wait()

        self._task = asyncio.create_task(self._database.write(work))
        await self._begun.wait()

    async def __aexit__(self, *_: object) -> None:
        self._end.set()
        await self._task


def started(database: Database, *works) -> list[asyncio.Task]:
    """Returns tasks that write."""
    return [asyncio.create_task(database.write(work)) for work in works]


async def refused(connection) -> None:
    """A write that is half done when its rules forbid it."""
    await put_unit("refused")(connection)
    raise HadirError("not allowed")


async def broken(connection) -> None:
    """A bug of ours half-way."""
    await put_unit("broken")(connection)
    raise ZeroDivisionError


async def orphan(connection) -> None:
    """The database refuses its second row."""
    await put_unit("orphan")(connection)
    await directory.put_unit(connection, Unit("child", "Child", parent_unit_id="nobody"))


class TestQueue:
    """Writes wait in one line of a known length."""

    async def test_refuses_what_goes_beyond(self, database: Database) -> None:
        """A full queue answers at once with when to come back; what waits is stored."""
        count = database_module.WRITES_WAITING_MAX
        async with Hold(database):
            waiting = started(database, *(put_unit(f"unit-{number}") for number in range(count)))
            await asyncio.sleep(0)

            with pytest.raises(StorageUnavailable) as refused:
                await database.write(put_unit("late"))

            assert not any(task.done() for task in waiting)
        await asyncio.gather(*waiting)

        assert 1 == refused.value.retry_after_s
        assert {f"unit-{number}" for number in range(count)} == await unit_ids(database)

    async def test_strangers_leave_room(self, database: Database) -> None:
        """Callers without a session wait in turn outside, and each is stored in the end."""
        count, room = 200, database_module.STRANGERS_WRITES_MAX
        async with Hold(database):
            waiting = [
                asyncio.create_task(database.write_for_stranger(put_unit(f"unit-{number}")))
                for number in range(count)
            ]
            await asyncio.sleep(0)
            taken = database.writes_waiting
            known = started(database, put_unit("known"))
            await asyncio.sleep(0)
            both = database.writes_waiting
        await asyncio.gather(*waiting, *known)

        assert (room, room + 1) == (taken, both)
        assert count + 1 == len(await unit_ids(database))

    async def test_failure_stays_alone(self, database: Database) -> None:
        """In one group, a caller that fails takes back its own rows and nobody else's."""
        async with Hold(database):
            tasks = started(
                database, put_unit("a"), refused, put_unit("b"), broken, orphan, put_unit("c")
            )
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)

        kinds = [type(result) for result in results if result is not None]
        assert [HadirError, ZeroDivisionError, exc.IntegrityError] == kinds
        assert {"a", "b", "c"} == await unit_ids(database)

    @pytest.mark.parametrize(
        ("work", "error"),
        [(refused, HadirError), (broken, ZeroDivisionError), (orphan, exc.IntegrityError)],
    )
    async def test_failure_of_one_by_itself(self, database: Database, work, error) -> None:
        """Alone in its transaction: nothing of it is stored, and the next one is."""
        with pytest.raises(error):
            await database.write(work)
        assert set() == await unit_ids(database)

        await database.write(put_unit("next"))
        assert {"next"} == await unit_ids(database)

    async def test_rollback_that_fails(self, database: Database, monkeypatch) -> None:
        """The connection is replaced: nobody is left in a transaction for ever."""
        rollback = AsyncTransaction.rollback

        async def failing(_: AsyncTransaction) -> None:
            monkeypatch.setattr(AsyncTransaction, "rollback", rollback)
            raise exc.OperationalError("ROLLBACK", None, sqlite3.OperationalError("disk I/O error"))

        monkeypatch.setattr(AsyncTransaction, "rollback", failing)
        with pytest.raises(StorageUnavailable):
            await database.write(refused)

        await database.write(put_unit("next"))
        assert {"next"} == await unit_ids(database)

    async def test_transaction_that_sqlite_gave_up(self, database: Database) -> None:
        """What was rolled back behind our back is not acknowledged."""

        async def given_up(connection) -> None:
            await put_unit("lost")(connection)
            await connection.exec_driver_sql("ROLLBACK")

        with pytest.raises(StorageUnavailable):
            await database.write(given_up)

        await database.write(put_unit("next"))
        assert {"next"} == await unit_ids(database)

    async def test_cancelled_while_waiting(self, database: Database) -> None:
        """A caller that gives up before its turn has written nothing."""
        async with Hold(database):
            first, second = started(database, put_unit("first"), put_unit("second"))
            await asyncio.sleep(0)
            first.cancel()
        await second

        with pytest.raises(asyncio.CancelledError):
            await first
        assert {"second"} == await unit_ids(database)

    async def test_cancelled_while_written(self, database: Database) -> None:
        """A caller that gives up in its turn is stored, and the others get their answers."""
        turn = asyncio.Event()

        async def slow(connection) -> None:
            await put_unit("slow")(connection)
            turn.set()
            await asyncio.sleep(0.01)

        task, other = started(database, slow, put_unit("other"))
        await turn.wait()
        task.cancel()
        await other

        with pytest.raises(asyncio.CancelledError):
            await task
        assert {"slow", "other"} == await unit_ids(database)

    async def test_closed(self, path: Path) -> None:
        """A write after the end is refused; one that waited at the end was stored."""
        async with open_database(path) as database, Hold(database):
            (last,) = started(database, put_unit("last"))
            await asyncio.sleep(0)
        await last

        with pytest.raises(StorageUnavailable):
            await database.write(put_unit("late"))
        async with open_database(path) as again:
            assert {"last"} == await unit_ids(again)

    async def test_writer_that_breaks(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the writer itself fails nobody waits for ever, and its error is not lost."""

        async def breaks(_: AsyncTransaction) -> None:
            raise ValueError("no active connection")

        opened = open_database(path)
        database = await opened.__aenter__()
        monkeypatch.setattr(AsyncTransaction, "commit", breaks)
        for unit_id in ("first", "second"):
            with pytest.raises(StorageUnavailable):
                await asyncio.wait_for(database.write(put_unit(unit_id)), PATIENCE_S)

        with pytest.raises(ValueError, match="no active connection"):
            await opened.__aexit__(None, None, None)


class TestLocked:
    """Another process that holds the file."""

    async def test_recovers_alone(self, database: Database, path: Path) -> None:
        """While the file is locked writes are refused and reads go on; then all is as before."""
        with locked(path):
            tasks = started(database, put_unit("a"), put_unit("b"))
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert set() == await unit_ids(database)
            with pytest.raises(StorageUnavailable):
                await database.write(put_unit("z"))
        await database.write(put_unit("c"))

        assert [StorageUnavailable] * 2 == [type(result) for result in results]
        assert [1, 1] == [result.retry_after_s for result in results]
        assert {"c"} == await unit_ids(database)
        assert database.writable  # somebody else writes, and there is room

    async def test_full_disk(self, database: Database) -> None:
        """Where nothing more fits writes are refused and reads go on; then all is as before."""

        async def limit(connection, pages: int) -> None:
            await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        async def fill(connection) -> None:
            await directory.put_unit(connection, Unit("full", "x" * 50 * PAGE))

        await database.write(lambda connection: limit(connection, 1))

        with pytest.raises(StorageUnavailable):
            await database.write(fill)
        assert set() == await unit_ids(database)
        await database.write(lambda connection: limit(connection, 1_000_000))
        await database.write(fill)
        assert {"full"} == await unit_ids(database)

    async def test_second_server(self, database: Database, path: Path) -> None:
        """A second server on the file does not start, and the first one goes on."""
        with pytest.raises(DataInvalid, match="another server uses"):
            async with open_database(path):
                pass

        await database.write(put_unit("a"))
        assert {"a"} == await unit_ids(database)

    async def test_next_server(self, path: Path) -> None:
        """The lock ends with the server."""
        for name in ("first", "second"):
            async with open_database(path) as database:
                await database.write(put_unit(name))

        async with open_database(path) as database:
            assert {"first", "second"} == await unit_ids(database)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock during the block."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-I", "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert b"held\n" == other.stdout.readline()
        yield


class TestDamage:
    """A file that is not what was written."""

    @pytest.mark.parametrize("pages", [0.1, 1, 2, 10, -1])
    async def test_truncated(self, path: Path, pages: float) -> None:
        """A file that was cut is refused, with what to do."""
        _rewrite(path, lambda content: content[: int(pages * PAGE)])

        await _assert_refused(path)

    @pytest.mark.parametrize("page", range(1, 20, 3))
    async def test_flipped_bit_in_a_table(self, path: Path, page: int) -> None:
        """One flipped bit in the structure of a page is found."""
        _flip(path, (page - 1) * PAGE + (100 if page == 1 else 0))

        await _assert_refused(path)

    @pytest.mark.parametrize("offset", [0, 16, 28, 101])
    async def test_flipped_bit_in_the_header(self, path: Path, offset: int) -> None:
        """So is one in the header of the file."""
        _flip(path, offset)

        await _assert_refused(path)

    async def test_no_database(self, path: Path) -> None:
        """Other content is refused by the server and by the migration, and left as it is."""
        content = bytes(range(256)) * 32
        _rewrite(path, lambda _: content)

        await _assert_refused(path)
        with pytest.raises(DataInvalid):
            migrate.upgrade(path)
        _rewrite(path, lambda left: left if left == content else pytest.fail("was changed"))

    async def test_unwritable_place(self, tmp_path: Path) -> None:
        """A folder that is not there is told by name."""
        with pytest.raises(DataInvalid, match="cannot write"):
            async with open_database(tmp_path / "none" / "hadir.db"):
                pass

    async def test_leaves_nothing_open(self, path: Path) -> None:
        """A refused file is closed again."""
        _flip(path, 101)

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ResourceWarning)
            await _assert_refused(path)
            gc.collect()

        assert [] == [str(one.message) for one in told]


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _flip(path: Path, offset: int) -> None:
    def flipped(content: bytes) -> bytes:
        return content[:offset] + bytes([content[offset] ^ 0x40]) + content[offset + 1 :]

    _rewrite(path, flipped)


async def _assert_refused(path: Path) -> None:
    with pytest.raises(DataInvalid, match="restore it from a backup"):
        async with open_database(path):
            pass


class TestPragmas:
    """How connections are set up."""

    async def test_writer_is_durable(self, database: Database) -> None:
        """The log is written ahead, every commit is flushed, references are checked."""

        async def read_all(connection) -> dict[str, object]:
            return {name: await pragma(connection, name) for name in wanted}

        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "query_only": 0}
        wanted["busy_timeout"] = database_module.BUSY_MS_MAX

        assert wanted == await database.write(read_all)

    async def test_readers_cannot_write(self, database: Database) -> None:
        """A reading connection writes nothing and folds no log."""
        async with database.read() as connection:
            assert 1 == await pragma(connection, "query_only")
            assert 0 == await pragma(connection, "wal_autocheckpoint")

        with pytest.raises(StorageUnavailable):
            async with database.read() as connection:
                await put_unit("never")(connection)
        assert set() == await unit_ids(database)

    async def test_reader_sees_one_state(self, database: Database) -> None:
        """What is written while a reader reads is not seen by it."""
        async with database.read() as connection:
            before = len(await directory.list_units(connection))
            await database.write(put_unit("new"))

            assert before == len(await directory.list_units(connection))
        assert {"new"} == await unit_ids(database)


async def pragma(connection, name: str) -> object:
    """Returns a PRAGMA's value."""
    return (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
