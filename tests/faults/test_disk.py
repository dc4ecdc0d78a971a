"""What storage does on a disk that is full or broken, with few readers, and with what is deleted."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncTransaction

from server.domain.model import Unit
from server.errors import StorageUnavailable
from server.storage import database as database_module
from server.storage import directory
from server.storage.database import Database, open_database
from tests.faults.test_storage_faults import PATIENCE_S, put_unit, unit_ids


class TestFold:
    """What was deleted is not left in the log of changes."""

    async def test_while_somebody_reads(self, database: Database, path: Path) -> None:
        """The write is not kept waiting, and the log is emptied later."""
        secret = "secret" * 100

        async def put(connection) -> None:
            await directory.put_unit(connection, Unit("secret", secret))

        async def delete(connection) -> None:
            await connection.exec_driver_sql("DELETE FROM units WHERE unit_id = 'secret'")

        def left() -> bool:
            log = path.with_name(path.name + "-wal")
            return any(secret.encode() in file.read_bytes() for file in (path, log))

        await database.write(put)
        async with database.read() as connection:
            await directory.list_units(connection)
            await database.write(delete, fold=True)
            meanwhile = left(), await database.fold()
        folded = await database.fold(), await database.fold()

        assert (True, 0) == meanwhile
        assert (1, 0) == folded
        assert not left()

    async def test_that_fails(self, database: Database, monkeypatch) -> None:
        """What was asked for is on disk, and the failure is counted."""

        async def fails(_) -> bool:
            raise sqlite3.OperationalError("out of memory")

        before = failures("OperationalError")
        with monkeypatch.context() as patched:
            patched.setattr(database_module, "_fold", fails)
            await database.write(put_unit("kept"), fold=True)
        await database.write(put_unit("next"))

        assert 1 == failures("OperationalError") - before
        assert {"kept", "next"} == await unit_ids(database)


class TestReaders:
    """Connections to read by are few."""

    async def test_who_gives_up_frees_one(self, database: Database) -> None:
        """At once: the statement, which would take half a minute, ends with its caller."""

        async def slow() -> None:
            async with database.read() as connection:
                await connection.exec_driver_sql(
                    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n"
                    " WHERE x < 50000000) SELECT count(*) FROM n"
                )

        task = asyncio.create_task(slow())
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait({task}, timeout=5)

        assert task.cancelled()
        assert set() == await unit_ids(database)


class TestDisk:
    """A disk that takes nothing more, and one that cannot be trusted."""

    async def test_no_room(self, database: Database) -> None:
        """It is counted by SQLite's name, and the database is writable once something is stored."""
        before = failures("SQLITE_READONLY")
        async with read_only(database):
            with pytest.raises(StorageUnavailable):
                await database.write(put_unit("lost"))
            await database.prove()
            without_room = database.writable
        await database.prove()

        assert [False, True] == [without_room, database.writable]
        assert 2 == failures("SQLITE_READONLY") - before
        assert set() == await unit_ids(database)

    @pytest.mark.parametrize("name", ["SQLITE_IOERR_FSYNC", "SQLITE_CORRUPT", "SQLITE_NOTADB"])
    async def test_broken(self, path: Path, monkeypatch, name: str) -> None:
        """Nothing is tried again: the next flush would claim to have worked. The end says why."""

        async def breaks(_: AsyncTransaction) -> None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = name
            raise exc.OperationalError("COMMIT", None, error)

        opened = open_database(path)
        database = await opened.__aenter__()
        with monkeypatch.context() as patched:
            patched.setattr(AsyncTransaction, "commit", breaks)
            with pytest.raises(StorageUnavailable):
                await database.write(put_unit("first"))
        await asyncio.wait_for(database.failed.wait(), PATIENCE_S)
        with pytest.raises(StorageUnavailable):
            await database.write(put_unit("second"))

        with pytest.raises(StorageUnavailable, match=f"{name}.*hadir-server check"):
            await opened.__aexit__(None, None, None)
        async with open_database(path) as again:
            assert set() == await unit_ids(again)


def failures(name: str) -> float:
    """Returns how many groups of writes failed by an error so far."""
    return REGISTRY.get_sample_value("hadir_storage_failures_total", {"error": name}) or 0.0


@contextlib.asynccontextmanager
async def read_only(database: Database) -> AsyncIterator[None]:
    """SQLite refuses every write during the block, as on a disk that became read-only."""

    async def driver(connection):
        return (await connection.get_raw_connection()).driver_connection

    raw = await database.write(driver)
    await raw.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        await raw.execute("PRAGMA query_only=OFF")
