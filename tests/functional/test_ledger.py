"""Nobody changes history unseen: a check-in of a phone, its ledger, and what an audit finds."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from hadir.v1 import event_pb2
from typer.testing import CliRunner, Result

from server.domain.ledger import Checkpoint
from server.main import app
from server.services.audit import audit
from server.services.notes import Signer, Verifier
from server.storage.vault import read_key_file

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(open_copy, cast):
    """A database in which two people checked in, with the checkpoint that BKD kept between."""
    async with open_copy() as world:
        first = await (await world.phone(0)).check_in(IN, world.place(0), cast.actor(0))
        bkd, operator = await world.bkd(), await world.staff("operator")
        kept = await bkd.call("GetCheckpoint")
        second = await (await world.phone(1)).check_in(IN, world.place(1), cast.actor(1))
        later = await operator.call("GetCheckpoint")
        while_running = audit(world.directory / "hadir.db", Verifier.of_line(later.public_key))
        assert first.recorded
        assert second.recorded
    return world.directory, kept, later, while_running


async def check(*arguments: str) -> Result:
    """Runs the command."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["check", *arguments])


def changed(source: Path, folder: Path, *statements: str) -> Path:
    """Returns a copy that somebody changed who first took the triggers away."""
    copy = folder / "changed.db"
    copy.write_bytes((source / "hadir.db").read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
        connection.commit()
    return copy


class TestWhatIsSound:
    """A server's own doing."""

    async def test_checkpoints(self, closed):
        """Whoever asks gets one of all that is stored, under one key; it grows."""
        directory, kept, later, _ = closed
        verifier = Signer(read_key_file(directory / "hadir.key").subkey("ledger")).verifier

        assert verifier.line == kept.public_key == later.public_key
        assert kept.size == Checkpoint.read(verifier.text_of(kept.note)).size < later.size

    async def test_audit(self, closed):
        """Every record is in the ledger once the server stopped, and each phone's seal fits."""
        directory, kept, later, while_running = closed
        verifier = Verifier.of_line(kept.public_key)
        notes = [Checkpoint.read(verifier.text_of(one.note)) for one in (kept, later)]

        found = audit(directory / "hadir.db", verifier, notes)

        assert [] == found.faults == while_running.faults
        assert (2, 0, 0) == (found.seals, found.unsealed, found.new)
        assert found.records >= later.size
        # Of the seed, which was made without a server that runs.
        assert "events" not in found.late
        assert found.checkpoints >= 2


class TestCommand:
    """`hadir-server check`, as an auditor runs it."""

    async def test_sound(self, closed, tmp_path, monkeypatch):
        """A copy and two notes, with the public key alone."""
        directory, kept, later, _ = closed
        monkeypatch.chdir(tmp_path)
        notes = []
        for name, one in (("kept.txt", kept), ("later.txt", later)):
            (tmp_path / name).write_text(one.note, encoding="utf-8")
            notes += ["--checkpoint", name]

        database = str(directory / "hadir.db")
        shown = await check(database, *notes, "--public-key", kept.public_key)
        unsigned = await check(database)

        assert (0, 0) == (shown.exit_code, unsigned.exit_code)
        assert "2 kept elsewhere" in shown.stdout
        assert "2 check-ins signed by phones" in shown.stdout
        assert shown.stdout.endswith("It is sound.\n")
        assert "were not checked" in unsigned.stdout

    async def test_not_sound(self, closed, tmp_path, monkeypatch):
        """Faults are named, and the exit code is 1; a note that was changed is refused."""
        directory, kept, *_ = closed
        monkeypatch.chdir(tmp_path)
        copy = changed(directory, tmp_path, "DELETE FROM events WHERE sequence = 1")
        note = tmp_path / "kept.txt"
        note.write_text(kept.note.replace("ledger\n", "ledger\n1"), encoding="utf-8")
        key = ("--public-key", kept.public_key)

        shown = await check(str(copy), *key)
        forged = await check(str(copy), *key, "--checkpoint", str(note))

        assert (1, 1) == (shown.exit_code, forged.exit_code)
        assert "events 1: it is in the ledger, and was removed" in shown.stdout
        assert "is not as it was" in str(shown.exception)
        assert "not signed by this server's key" in str(forged.exception)


class TestWhatIsFound:
    """Somebody with the file, without and with the server's key."""

    @pytest.mark.parametrize(
        ("statement", "fault"),
        [
            (
                "UPDATE events SET event_time = event_time - 600000000 WHERE sequence = 1",
                "events 1: it was changed",
            ),
            ("DELETE FROM events WHERE sequence = 1", "events 1: it is in the ledger, and was"),
            (
                "UPDATE postings SET start = '2020-01-01' WHERE sequence = 1",
                "postings 1: it was changed",
            ),
            ("UPDATE devices SET public_key = zeroblob(rowid + 40)", "it was changed"),
            ("DELETE FROM ledger WHERE position = 2", "ledger: entry 2 is missing"),
            ("UPDATE checkpoints SET note = replace(note, '=', 'A')", "checkpoint of"),
        ],
    )
    async def test_one_record(self, closed, tmp_path, statement, fault):
        """What was changed or removed is named."""
        directory, kept, *_ = closed

        found = audit(changed(directory, tmp_path, statement), Verifier.of_line(kept.public_key))

        assert any(fault in one for one in found.faults), found.faults

    async def test_signed_by_nobody(self, closed, tmp_path):
        """A check-in that is put in has no phone that signed it, and came in late."""
        directory, kept, *_ = closed
        columns = (
            "nip, display_name, unit_id, kind, source, event_time, device_time, clock_disputed"
        )
        columns += ", site_id, distance_m, device_id, similarity, threshold, margin, relief"
        columns += ", frame_digest, seal, nonce, chain_head, create_time"
        forged = (
            f"INSERT INTO events (event_id, {columns}) "
            f"SELECT 'forged', {columns} FROM events WHERE sequence = 1"
        )

        found = audit(changed(directory, tmp_path, forged), Verifier.of_line(kept.public_key))

        assert ["events 3: its phone did not sign it as it is"] == found.faults
        assert 1 == found.new

    async def test_newest_cut_off(self, closed, tmp_path):
        """Records, entries and checkpoints that end earlier are found by what was kept elsewhere."""
        directory, kept, later, _ = closed
        verifier = Verifier.of_line(kept.public_key)
        cut = [
            f"DELETE FROM ledger WHERE position > {kept.size}",
            f"DELETE FROM checkpoints WHERE size > {kept.size}",
            "DELETE FROM requests WHERE event_id IN (SELECT event_id FROM events WHERE sequence = 2)",
            "DELETE FROM events WHERE sequence = 2",
        ]
        copy = changed(directory, tmp_path, *cut)
        note = Checkpoint.read(verifier.text_of(later.note))

        alone, witnessed = audit(copy, verifier), audit(copy, verifier, [note])

        assert [] == alone.faults
        fault = f"is of {later.size:,} records, and the ledger holds {kept.size:,}: the newest were"
        assert 1 == witnessed.fault_count
        assert fault in witnessed.faults[0]

    async def test_another_history(self, closed, tmp_path):
        """Who has the key too can write it all anew, but not what was kept elsewhere."""
        directory, kept, *_ = closed
        verifier = Verifier.of_line(kept.public_key)
        forget = "DELETE FROM ledger", "DELETE FROM checkpoints"
        late = "UPDATE events SET event_time = event_time - 600000000 WHERE sequence = 1"
        copy = changed(directory, tmp_path, late, *forget)
        note = Checkpoint.read(verifier.text_of(kept.note))

        found = audit(copy, verifier, [note])

        assert any("the checkpoint that was kept" in fault for fault in found.faults)
