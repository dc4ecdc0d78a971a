"""What happens before a server serves: large files, and a signal that comes early."""

import asyncio
import os
import signal
import sqlite3
import threading
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from server import app as server_app
from server import main
from server.clock import SystemClock
from server.errors import DataInvalid, StorageUnavailable
from server.services.rules import Rules
from server.settings import Settings
from server.storage import database as database_module
from server.storage import migrate
from server.storage.database import open_database, verify
from server.storage.vault import write_key_file
from server.vision.pipeline import Pipeline


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
        told: list = []
        monkeypatch.setattr(database_module, "CHECKED_BYTES_MAX", path.stat().st_size - 1)
        log = SimpleNamespace(info=lambda name, **values: told.append((name, values)))
        monkeypatch.setattr(database_module, "log", log)
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

    def test_no_file(self, tmp_path) -> None:
        """What cannot be read is not called damaged."""
        with pytest.raises(StorageUnavailable, match="now"):
            verify(tmp_path / "none.db")

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


async def test_given_up_while_models_load(path, monkeypatch) -> None:
    """What a thread still loads is closed when it is there: else it keeps the process alive."""
    go_on, ruled = threading.Event(), asyncio.Event()
    closed = []

    class Loaded(Pipeline):
        def __init__(self) -> None:
            """Has no threads."""

        def close(self) -> None:
            closed.append(True)

    def load(*_: object) -> Pipeline:
        go_on.wait(30)
        return Loaded()

    async def begin(_self: object) -> None:
        ruled.set()

    monkeypatch.setattr(server_app, "_pipeline", load)
    monkeypatch.setattr(Rules, "begin", begin)
    key_file = path.with_name("hadir.key")
    write_key_file(key_file)
    settings = Settings(database=f"sqlite:///{path}", key_file=key_file)

    async def opening() -> None:
        async with server_app.open_services(settings, SystemClock()):
            raise AssertionError("opened")

    task = asyncio.create_task(opening())
    await ruled.wait()
    await asyncio.sleep(0.05)  # it waits for the models now
    task.cancel()
    asyncio.get_running_loop().call_later(0.1, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [True] == closed
