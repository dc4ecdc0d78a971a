"""What happens before a server serves: large files, and a signal that comes early."""

import asyncio
import os
import signal
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server import main
from server.errors import DataInvalid
from server.settings import Settings
from server.storage import database as database_module
from server.storage import migrate
from server.storage.database import open_database, verify


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A fresh database."""
    path = tmp_path / "hadir.db"
    migrate.upgrade(path)
    return path


def damage(path: Path) -> None:
    """Overwrites pages that hold no table of contents, as a failing disk may."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        roots = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'employees'")
        (root,) = roots.fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * page_bytes)
        file.write(b"\xa5" * page_bytes)


class TestCheck:
    """A small file is read through at a start, a large one by `hadir-server check`."""

    async def test_small_and_damaged(self, path) -> None:
        """The server does not start on it, and says what to do."""
        damage(path)
        with pytest.raises(DataInvalid, match="restore it from a backup"):
            async with open_database(path):
                raise AssertionError("opened")

    async def test_large(self, path, monkeypatch) -> None:
        """The check is left to the operator, and the log says so."""
        told = []
        monkeypatch.setattr(database_module, "CHECKED_BYTES_MAX", path.stat().st_size - 1)
        monkeypatch.setattr(
            database_module.log, "info", lambda name, **values: told.append((name, values))
        )
        damage(path)
        async with open_database(path):
            pass
        ((name, values),) = told
        assert ("database_not_checked", "hadir-server check") == (name, values["do"])

    def test_command(self, path, monkeypatch) -> None:
        """It says that a file is sound, and of a damaged one what to do."""
        sound = CliRunner().invoke(main.app, ["check", str(path)])
        assert (0, True) == (sound.exit_code, "It is sound." in sound.output)
        damage(path)
        monkeypatch.setenv("HADIR_DATABASE", f"sqlite:///{path}")
        damaged = CliRunner().invoke(main.app, ["check"])
        assert isinstance(damaged.exception, DataInvalid)
        assert "restore it from a backup" in str(damaged.exception)

    async def test_beside_a_server(self, path) -> None:
        """It reads what a server has open, and leaves nothing locked."""
        async with open_database(path) as database:
            verify(path)
            assert 1 == await database.write(_one)


async def _one(connection) -> int:
    return (await connection.exec_driver_sql("SELECT 1")).scalar_one()


async def test_signal_while_opening(monkeypatch) -> None:
    """SIGTERM while models and faces are being read ends that, and closes what was open."""
    closed = []

    @asynccontextmanager
    async def opening(_settings):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(3600)
            yield
        finally:
            closed.append(True)

    monkeypatch.setattr(main, "open_app", opening)
    await main._serve(Settings())
    assert [True] == closed
