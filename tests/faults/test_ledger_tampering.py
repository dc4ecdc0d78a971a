"""Random tampering with a database whose triggers are gone: the audit finds every single one."""

import asyncio
import contextlib
import random
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from server.clock import SystemClock
from server.domain.ledger import Checkpoint
from server.services.audit import Audit, audit
from server.services.ledger import Ledger
from server.services.notes import Signer
from server.storage import ledger as rows
from server.storage.database import open_database
from server.storage.ledger import KINDS
from tests.faults.conftest import NIPS

SIGNER = Signer(bytes(range(32)))
# More by hand: 10,000 take two minutes.
TAMPERINGS = 400
EVENT = (
    "INSERT INTO events VALUES ({0}, 'event-{0}', :nip, 'Ani', 'bkd', 'IN', 'KIOSK', {0}, {0}, 0,"
    " 'kantor', 1.5, 'phone-0', 0.8, 0.4, 0.3, 1.0, NULL, 0.7, 127.5, 12.0, 0, x'01', x'', {0},"
    " 4, 5, NULL, NULL)"
)
FACTS = (
    EVENT,
    "INSERT INTO corrections VALUES ('more-{0}', :nip, 'IN', {0}, NULL, 'bkd', 'padam', {0}, 'b')",
    "INSERT INTO voids VALUES ('event-{0}', :nip, :nip, 'bkd-siti', 'foto', {0})",
    "INSERT INTO postings VALUES ({0} + 50, :nip, '2026-03-02', 'bkd', 'kantor', 'b', '', 1)",
    "INSERT INTO rules VALUES ({0}, 'PHASE', '', '2026-03-0{0}', NULL, 'bkd', 'SK', {0})",
    "INSERT INTO closings VALUES ({0}, 'bkd', '2026-0{0}', 1, :nip, 'b', 'BA', '', 0, 1, 9, {0})",
    'INSERT INTO closed_units VALUES ({0}, {0}, \'bkd\', \'[["{0}",21,"4","0",0]]\')',
    "INSERT INTO refusals VALUES ({0}, :nip, 'phone-0', 'SPOOF', {0}, 0.1, 0.2, 0.3, 4.0)",
)
ROWS = 8


@pytest_asyncio.fixture
async def closed(path: Path) -> Path:
    """A database with some of everything, taken in and signed; its triggers are gone."""

    async def work(connection) -> None:
        for number in range(1, ROWS + 1):
            for statement in FACTS:
                await connection.execute(
                    text(statement.format(number)), {"nip": NIPS[number % len(NIPS)]}
                )

    with ThreadPoolExecutor(1) as executor:
        async with open_database(path) as database:
            ledger = Ledger(database, path, SIGNER, SystemClock(), executor)
            await ledger.begin()
            await database.write(work)
            await ledger.end()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.commit()
    return path


def kept(path: Path) -> Checkpoint:
    """Returns the last checkpoint, as somebody kept it elsewhere."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT note FROM checkpoints ORDER BY size DESC"
        return Checkpoint.read(SIGNER.verifier.text_of(connection.execute(query).fetchone()[0]))


def tamper(connection: sqlite3.Connection, rng: random.Random) -> str:
    """Does one thing to a database. Returns what, as SQL."""
    filled = [k for k in KINDS if connection.execute(f"SELECT 1 FROM {k.of}").fetchone()]
    kind = rng.choice(filled)
    rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {kind.of}")]
    row = rng.choice(rows)
    (last,) = connection.execute("SELECT max(position) FROM ledger").fetchone()
    position = rng.randint(1, last)
    column = rng.choice(kind.columns)
    query = f"SELECT {column} FROM {kind.of} WHERE rowid = {row}"
    (value,) = connection.execute(query).fetchone()
    other = {str: f"'{value}x'", bytes: f"x'{rng.randbytes(9).hex()}'", type(None): "'x'"}
    changed = other.get(type(value), f"{column} + {rng.randint(1, 9)}")
    statements = [
        *[f"UPDATE {kind.of} SET {column} = {changed} WHERE rowid = {row}"] * 4,
        f"DELETE FROM {kind.of} WHERE rowid = {row}",
        f"DELETE FROM {kind.of}",
        f"DELETE FROM ledger WHERE position = {position}",
        f"DELETE FROM ledger WHERE position >= {position}",
        f"UPDATE ledger SET leaf = x'{rng.randbytes(32).hex()}' WHERE position = {position}",
        "UPDATE checkpoints SET note = replace(note, 'hadir/', 'hadir./')",
        f"UPDATE checkpoints SET size = size + {rng.randint(1, 9)}",
        "DELETE FROM ledger; DELETE FROM checkpoints",
    ]
    if not kind.name:
        statements.append(f"UPDATE {kind.of} SET rowid = {max(rows) + 1} WHERE rowid = {row}")
    statement = rng.choice(statements)
    try:
        connection.executescript(f"PRAGMA foreign_keys=OFF; {statement}")
    except sqlite3.IntegrityError:  # a key that is taken: nothing was done
        return tamper(connection, rng)
    connection.commit()
    return statement


class TestTampering:
    """Changes, removals and moves, of records, of the ledger and of its checkpoints."""

    async def test_all_are_found(self, closed, tmp_path):
        """Not one of hundreds passes, and each is found by the audit alone."""
        rng, note, copy = random.Random(20261127), kept(closed), tmp_path / "copy.db"
        before = audit(closed, SIGNER.verifier, [note])

        missed: list[tuple[str, Audit]] = []
        for _ in range(TAMPERINGS):
            shutil.copyfile(closed, copy)
            with closing(sqlite3.connect(copy)) as connection:
                statement = tamper(connection, rng)
            found = audit(copy, SIGNER.verifier, [note])
            if not found.fault_count:
                missed.append((statement, found))

        assert [] == before.faults
        assert before.records > 8 * ROWS
        assert [] == missed

    async def test_put_in_between_two_runs(self, closed, path):
        """A record that came while no server ran is taken in as late, and the audit tells."""
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(
                "INSERT INTO voids VALUES ('event-x', ?, ?, 'bkd', 'x', 1)", (NIPS[0], NIPS[0])
            )
            connection.commit()
        with ThreadPoolExecutor(1) as executor:
            async with open_database(path) as database:
                ledger = Ledger(database, path, SIGNER, SystemClock(), executor)
                await ledger.begin()
                await ledger.end()

        found = audit(path, SIGNER.verifier)

        assert [] == found.faults
        assert {"voids": 1} == {k: n for k, n in found.late.items() if k == "voids"}

    async def test_after_a_crash(self, closed, path):
        """What a killed server had not taken in yet is taken in by the next one, once."""
        size = kept(path).size
        with ThreadPoolExecutor(1) as executor:
            for number in (1, 2):
                async with open_database(path) as database:
                    ledger = Ledger(database, path, SIGNER, SystemClock(), executor)
                    await ledger.begin()
                    statement = text("INSERT INTO voids VALUES (:id, :nip, :nip, 'b', 'x', 1)")
                    values = {"id": f"event-x{number}", "nip": NIPS[0]}
                    await database.write(lambda c, v=values, s=statement: c.execute(s, v))
                    if number == 2:
                        await ledger.take_in()

            async with open_database(path) as database:
                ledger = Ledger(database, path, SIGNER, SystemClock(), executor)
                await ledger.begin()
                taken = await ledger.take_in()
                await ledger.sign()

        found = audit(path, SIGNER.verifier)

        assert 0 == taken
        assert size + 2 == ledger.size == found.records
        assert ([], 0) == (found.faults, found.new)

    @pytest.mark.parametrize(
        ("step", "store"), [("take_in", "append"), ("sign", "insert_checkpoint")]
    )
    async def test_stopped_half_way(self, closed, path, monkeypatch, step, store):
        """A server that stops while records are being stored takes each in once, and signs once."""
        begun, release, real = asyncio.Event(), asyncio.Event(), getattr(rows, store)

        async def slow(*arguments, **named):
            await real(*arguments, **named)
            begun.set()
            await release.wait()

        statement = text("INSERT INTO voids VALUES ('event-y', :nip, :nip, 'b', 'x', 1)")
        with ThreadPoolExecutor(1) as executor:
            async with open_database(path) as database:
                ledger = Ledger(database, path, SIGNER, SystemClock(), executor)
                await ledger.begin()
                size = ledger.size
                await database.write(lambda c: c.execute(statement, {"nip": NIPS[0]}))
                if step == "sign":
                    await ledger.take_in()
                monkeypatch.setattr(rows, store, slow)
                working = asyncio.create_task(getattr(ledger, step)())
                await begun.wait()
                working.cancel()
                release.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await working
                await ledger.end()

        found = audit(path, SIGNER.verifier)

        assert size + 1 == ledger.size == found.records
        assert ([], 0) == (found.faults, found.new)
