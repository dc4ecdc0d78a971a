"""A backup beside a working server: of one moment, whole, sound and private, or not there."""

import asyncio
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from server import main
from server.domain.model import Unit
from server.errors import DataInvalid, StorageUnavailable
from server.storage import backup, migrate
from server.storage.backup import back_up
from server.storage.database import Database, open_database
from server.storage.directory import put_unit
from server.storage.schema import units
from tests.faults.test_opening import damage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A fresh database."""
    path = tmp_path / "hadir.db"
    migrate.upgrade(path)
    return path


async def put(database: Database, number: int) -> None:
    """Stores a unit."""
    unit = Unit(f"unit-{number:06}", "Bidang")
    await database.write(lambda connection: put_unit(connection, unit))


async def numbers(path: Path) -> set[int]:
    """Returns which units a database holds."""
    async with open_database(path) as database, database.read() as connection:
        rows = await connection.execute(select(units.c.unit_id))
        return {int(row.unit_id.removeprefix("unit-")) for row in rows}


def files_of(folder: Path) -> set[str]:
    """Returns the names in a folder."""
    return {file.name for file in folder.iterdir()}


class TestBeside:
    """While the server writes."""

    async def test_of_one_moment(self, path, tmp_path, monkeypatch) -> None:
        """All that was acknowledged before, nothing of a half, though every page takes its turn."""
        monkeypatch.setattr(backup, "_PAGES_AT_ONCE", 1)
        target = tmp_path / "copy" / "hadir.db"
        target.parent.mkdir()
        acknowledged: list[int] = []
        loop = asyncio.get_running_loop()
        turns: list[int] = []

        def write_meanwhile(done: int, pages: int) -> None:
            turns.append(pages)
            if len(turns) <= 20:
                later = asyncio.run_coroutine_threadsafe(put(database, 1000 + len(turns)), loop)
                later.result(timeout=10)
            assert done <= pages

        async with open_database(path) as database:
            for number in range(50):
                await put(database, number)
                acknowledged.append(number)
            await asyncio.to_thread(back_up, path, target, write_meanwhile)
            await put(database, 5000)  # and the server goes on

        assert {"hadir.db"} == files_of(target.parent)
        assert len(turns) > 20
        assert 1 == len(set(turns))
        assert set(acknowledged) == await numbers(target)
        assert {*acknowledged, *range(1001, 1021), 5000} == await numbers(path)

    async def test_private(self, path, tmp_path) -> None:
        """For this user alone: it holds names, places and encrypted faces."""
        target = tmp_path / "copy.db"
        back_up(path, target)

        assert 0o600 == stat.S_IMODE(target.stat().st_mode)

    async def test_a_server_starts_on_it(self, path, tmp_path) -> None:
        """With all that a database of ours needs: schema, log, triggers."""
        target = tmp_path / "copy.db"
        back_up(path, target)
        migrate.check(target)
        async with open_database(target) as database:
            await put(database, 1)

        assert {1} == await numbers(target)


class TestNotThere:
    """What is no backup has not its name."""

    def test_never_over_another(self, path, tmp_path) -> None:
        """Last night's stays as it is."""
        target = tmp_path / "copy.db"
        target.write_text("last night's")
        with pytest.raises(DataInvalid, match="choose another name"):
            back_up(path, target)

        assert "last night's" == target.read_text()

    def test_nor_over_one_that_came_meanwhile(self, path, tmp_path) -> None:
        """Two at once: the first stays."""
        target = tmp_path / "copy.db"
        with pytest.raises(DataInvalid, match="came meanwhile"):
            back_up(path, target, lambda _done, _pages: target.write_text("the first"))

        assert "the first" == target.read_text()
        assert {"hadir.db", "copy.db"} == files_of(tmp_path)

    def test_damaged(self, path, tmp_path) -> None:
        """A copy of a damaged database would replace good ones in time."""
        damage(path)
        with pytest.raises(DataInvalid, match=r"hadir\.db is damaged; restore it from an earlier"):
            back_up(path, tmp_path / "copy.db")

        assert {"hadir.db"} == files_of(tmp_path)

    def test_no_room(self, path, tmp_path, monkeypatch) -> None:
        """It says so before it fills the disk."""
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _: SimpleNamespace(free=path.stat().st_size)
        )
        with pytest.raises(StorageUnavailable, match="MiB are needed"):
            back_up(path, tmp_path / "copy.db")

        assert {"hadir.db"} == files_of(tmp_path)

    def test_cut_off(self, path, tmp_path) -> None:
        """Ctrl-C half-way leaves nothing, and what an earlier kill left is no obstacle."""

        def stop(_done: int, _pages: int) -> None:
            raise KeyboardInterrupt

        target = tmp_path / "copy.db"
        target.with_name("copy.db.part").write_text("cut off")
        with pytest.raises(KeyboardInterrupt):
            back_up(path, target, stop)
        assert {"hadir.db"} == files_of(tmp_path)

        back_up(path, target)
        assert {"hadir.db", "copy.db"} == files_of(tmp_path)

    @pytest.mark.parametrize("folder", ["nowhere", "hadir.db"])
    def test_no_place(self, path, tmp_path, folder) -> None:
        """A folder that is none."""
        with pytest.raises(StorageUnavailable, match="cannot write"):
            back_up(path, tmp_path / folder / "copy.db")

    def test_no_database(self, tmp_path) -> None:
        """Nothing to copy."""
        with pytest.raises(StorageUnavailable, match=r"there is no database .*none\.db"):
            back_up(tmp_path / "none.db", tmp_path / "copy.db")

        assert set() == files_of(tmp_path)


def test_command(path, tmp_path, monkeypatch) -> None:
    """It says what was written and how to get it back."""
    monkeypatch.setenv("HADIR_DATABASE", f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO units (unit_id, display_name) VALUES ('unit-7', 'Bidang')")
        connection.commit()
    target = tmp_path / "copy.db"
    done = CliRunner().invoke(main.app, ["backup", str(target)])

    assert 0 == done.exit_code, done.output
    assert "complete and sound" in done.output
    assert {7} == asyncio.run(numbers(target))
