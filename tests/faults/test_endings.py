"""What was ended stays so when a backup is restored: ended again by the journal, and nothing more."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from server.domain.ending import Ending, EndingKind
from server.domain.model import (
    AccountAction,
    AccountChange,
    Consent,
    Device,
    DeviceKind,
    DeviceState,
    Principal,
    Role,
    StaffAccount,
)
from server.errors import DataInvalid
from server.services import endings as service
from server.services.devices import Devices
from server.services.endings import Endings
from server.services.live import LiveStreams
from server.services.timekeeping import begun_in_time
from server.storage import account_changes, devices, enrollments, sessions
from server.storage.database import Database, open_database
from server.storage.enrollments import Enrollment, Face, Templates
from server.storage.journal import Journal, journal_of
from server.storage.vault import Vault
from tests.faults.conftest import NIPS, NOW
from tests.faults.test_clock import Clock

BKD = Principal(Role.BKD, b"", NOW, username="bkd", nip=NIPS[7])
LATER = NOW + timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass
class Server:
    """What of a server ends things."""

    database: Database
    endings: Endings
    clock: Clock
    witness: datetime | None

    async def enrol(self, nip: str) -> None:
        """Enrols a face, now."""
        face = np.ones((3, 4), np.float32) / 2
        consent = Consent("2026-1", self.clock.now())
        head = Enrollment(nip, 3, "model", consent, "bkd", self.clock.now())
        faces = [Face(head, Templates(face, face[0]), [b"crop"])]
        vault = Vault(b"v" * 32)
        await self.database.write(lambda connection: enrollments.put(connection, vault, faces))

    async def erase(self, nip: str) -> None:
        """Erases it."""
        erase = partial(enrollments.erase, reason="diminta", actor="bkd", now=self.clock.now())
        await self.database.write(lambda connection: erase(connection, nip), fold=True)
        await self.endings.keep()

    async def open(self, username: str) -> None:
        """Makes an account, and logs it in."""
        account = StaffAccount(username, Role.OPERATOR, password_hash="x")
        session = Principal(Role.OPERATOR, username.encode(), LATER + 9 * HOUR, username=username)

        async def work(connection) -> None:
            await sessions.insert_account(connection, account, self.clock.now())
            await sessions.insert_session(connection, session)

        await self.database.write(work)

    async def close(self, username: str) -> None:
        """Closes it."""
        now = self.clock.now()
        change = AccountChange(username, AccountAction.CLOSED, "bkd", NIPS[7], now)

        async def work(connection) -> None:
            await sessions.close_account(connection, username, now)
            await account_changes.insert_change(connection, change)

        await self.database.write(work)
        await self.endings.keep()

    async def revoke(self, device_id: str) -> None:
        """Revokes a device, through its use case."""
        live = LiveStreams()
        case = Devices(self.database, live, self.clock, activation_hours=1, ended=self.endings.keep)
        await case.revoke(BKD, device_id, "ponsel hilang")

    async def bind(self, nip: str, device_id: str) -> None:
        """Gives somebody a phone."""
        made = Device(
            device_id,
            DeviceKind.PHONE,
            DeviceState.ACTIVE,
            device_id.encode(),
            self.clock.now(),
            nip,
        )
        await self.database.write(lambda connection: devices.insert_device(connection, made))


@asynccontextmanager
async def started(
    path: Path, now: datetime, key: bytes = b"k" * 32, *, trusted: bool = True
) -> AsyncIterator[Server]:
    """Starts on a database, as far as endings go. trusted: whether its clock is believed."""
    clock = Clock(now)
    with ThreadPoolExecutor(1) as executor:
        async with open_database(path) as database:
            journal = Journal(journal_of(path), key)
            endings = Endings(database, path, journal, clock, executor)
            witness = await endings.begin()
            if trusted:
                await endings.settle()
            yield Server(database, endings, clock, witness)


def rows(path: Path, statement: str) -> list[tuple]:
    """Returns what a closed database says."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def written(path: Path) -> list[tuple[str, str]]:
    """Returns kinds and subjects of the journal."""
    found = Journal(journal_of(path), b"k" * 32).read()
    return [(one.kind.value, one.subject) for one in found.endings]


def state(path: Path) -> dict[str, list]:
    """Returns who is enrolled, which phones are active and which accounts are open."""
    return {
        "faces": [nip for (nip,) in rows(path, "SELECT nip FROM enrollments ORDER BY nip")],
        "phones": [
            one for (one,) in rows(path, "SELECT device_id FROM devices WHERE state = 'ACTIVE'")
        ],
        "accounts": [
            name for (name,) in rows(path, "SELECT username FROM staff WHERE close_time IS NULL")
        ],
    }


OTHERS = [f"phone-{number}" for number in range(2, 8)]


@pytest_asyncio.fixture
async def night(path: Path, tmp_path: Path) -> Path:
    """A backup of a night after which a face, a phone and an account were ended; it is restored."""
    async with started(path, NOW) as server:
        await server.enrol(NIPS[0])
        await server.enrol(NIPS[1])
        await server.open("kepala")
        await server.open("tetap")
        code = partial(devices.put_code, nip=NIPS[7], expire_time=LATER, actor="bkd")
        await server.database.write(lambda connection: code(connection, b"code"))
    backup = tmp_path / "night.db"
    shutil.copy2(path, backup)
    async with started(path, LATER) as server:
        await server.erase(NIPS[0])
        await server.revoke("phone-0")
        await server.revoke("phone-1")
        await server.close("kepala")
    return backup


class TestRestored:
    """A database of before the endings."""

    async def test_all_of_them_again(self, path: Path, night: Path) -> None:
        """With who did it, when and why, as before; the rest goes on. Sessions and codes end."""
        logs = [
            "SELECT nip, reason, actor, erase_time, image_count, digest FROM erasures",
            "SELECT nip, action, change_time, device_id, actor, reason FROM binding_changes",
            "SELECT username, action, actor, actor_nip, change_time FROM account_changes",
            "SELECT device_id, state, revoke_time, revoke_reason, revoke_actor FROM devices",
            "SELECT username, close_time FROM staff ORDER BY username",
        ]
        ended, lines = [rows(path, one) for one in logs], written(path)
        shutil.copy2(night, path)
        ways_in = "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM activation_codes)"
        before = state(path), rows(path, ways_in)
        async with started(path, LATER + HOUR):
            pass

        everything = {"faces": [*NIPS[:2]], "accounts": ["kepala", "tetap"]}
        assert (everything | {"phones": ["phone-0", "phone-1", *OTHERS]}, [(2, 1)]) == before
        left = {"faces": [NIPS[1]], "phones": OTHERS, "accounts": ["tetap"]}
        assert left == state(path)
        assert ended == [rows(path, one) for one in logs]
        assert [(0, 0)] == rows(path, ways_in)
        assert [("FACE", NIPS[0]), ("DEVICE", "phone-0"), ("DEVICE", "phone-1"),
                ("ACCOUNT", "kepala")] == written(path) == lines  # fmt: skip

    async def test_once(self, path: Path, night: Path) -> None:
        """The next start has nothing to do, and ends nobody's session."""
        shutil.copy2(night, path)
        async with started(path, LATER + HOUR) as server:
            await server.open("baru")
            lines = written(path)
        async with started(path, LATER + 2 * HOUR) as server:
            assert server.witness is None

        assert [(1,)] == rows(path, "SELECT count(*) FROM sessions")
        assert lines == written(path)

    async def test_what_came_after_stays(self, path: Path, night: Path) -> None:
        """Enrolled again, another phone and a new account of the old name are not meant."""
        async with started(path, LATER + HOUR) as server:
            await server.enrol(NIPS[0])
            await server.bind(NIPS[0], "phone-new")
        expected = {"faces": [*NIPS[:2]], "phones": [*OTHERS, "phone-new"], "accounts": ["tetap"]}
        async with started(path, LATER + 2 * HOUR):
            pass
        again = state(path)
        # Of a backup of before all of it: what is new there is made behind the old endings.
        shutil.copy2(night, path)
        async with started(path, LATER + 3 * HOUR) as server:
            await server.enrol(NIPS[0])
            await server.bind(NIPS[0], "phone-new")
        async with started(path, LATER + 4 * HOUR):
            pass

        assert expected == again == state(path)

    async def test_what_only_came_later_ends_sessions_too(
        self, path: Path, night: Path, tmp_path: Path
    ) -> None:
        """A phone that was bound and revoked after the backup is not there, but its code is."""
        async with started(path, LATER + HOUR) as server:
            await server.open("baru")
            code = partial(devices.put_code, nip=NIPS[7], expire_time=LATER, actor="bkd")
            await server.database.write(lambda connection: code(connection, b"other"))
        backup = tmp_path / "later.db"
        shutil.copy2(path, backup)
        async with started(path, LATER + HOUR) as server:
            await server.bind(NIPS[0], "phone-thief")
            await server.revoke("phone-thief")
        shutil.copy2(backup, path)
        async with started(path, LATER + 2 * HOUR):
            pass

        assert [(0,)] == rows(path, "SELECT count(*) FROM sessions")
        assert [(0,)] == rows(path, "SELECT count(*) FROM activation_codes")

    async def test_a_clock_that_was_ahead(self, path: Path, night: Path, seeded: Path) -> None:
        """A line of the year after next holds up one start, and ends nothing that comes later."""
        async with started(path, LATER + 700 * 24 * HOUR) as server:
            await server.erase(NIPS[1])
        shutil.copy2(seeded, path)
        async with started(path, LATER + HOUR) as server:
            assert server.witness == LATER + 700 * 24 * HOUR
            await server.enrol(NIPS[1])
        async with started(path, LATER + 2 * HOUR) as server:
            assert server.witness is None

        assert [NIPS[1]] == state(path)["faces"]

    async def test_a_name_that_was_free_again(self, path: Path, night: Path, seeded: Path) -> None:
        """A database that never had account and face: what is made there later is not meant."""
        shutil.copy2(seeded, path)
        async with started(path, LATER + HOUR) as server:
            await server.open("kepala")
            await server.enrol(NIPS[0])
        async with started(path, LATER + 2 * HOUR):
            pass

        left = {"faces": [NIPS[0]], "phones": OTHERS, "accounts": ["kepala"]}
        assert left == state(path)

    async def test_a_clock_that_is_behind(self, path: Path, night: Path) -> None:
        """The journal knows how late it was: what is enrolled now must not seem older."""
        shutil.copy2(night, path)
        for _ in range(2):  # nor does the next start go on with it
            async with started(path, LATER - HOUR, trusted=False) as server:
                with pytest.raises(DataInvalid, match="the clock says"):
                    await begun_in_time(
                        server.database, server.clock, trusted=False, ended=server.witness
                    )

        assert {"faces": [NIPS[1]], "phones": OTHERS, "accounts": ["tetap"]} == state(path)

    async def test_erased_is_overwritten(self, path: Path, night: Path) -> None:
        """Nothing of the face is left in the file or its log."""
        [(hidden,)] = rows(
            night, f"SELECT hex(wrapped_key) FROM enrollments WHERE nip = '{NIPS[0]}'"
        )
        wrapped = bytes.fromhex(hidden)
        shutil.copy2(night, path)
        async with started(path, LATER + HOUR):
            log = path.with_name(path.name + "-wal")
            left = [wrapped in file.read_bytes() for file in (night, path, log)]

        assert [True, False, False] == left


class TestForeign:
    """What another hand put into the journal."""

    async def test_is_not_obeyed(self, path: Path, night: Path) -> None:
        """Nor does it hide the others; the file stays as it is, to be looked at."""
        forged = Ending(EndingKind.DEVICE, "phone-5", LATER, "bkd", "palsu")
        Journal(path.with_name("forged"), b"x" * 32).append([forged])
        content = path.with_name("forged").read_bytes() + journal_of(path).read_bytes()
        journal_of(path).write_bytes(content)
        shutil.copy2(night, path)
        async with started(path, LATER + HOUR):
            pass

        assert {"faces": [NIPS[1]], "phones": OTHERS, "accounts": ["tetap"]} == state(path)
        assert content == journal_of(path).read_bytes()

    async def test_another_key_file(self, path: Path, night: Path) -> None:
        """No server starts with it, and the journal stays as it is."""
        before = journal_of(path).read_bytes()
        with pytest.raises(DataInvalid, match=r"hadir\.endings is of this key file"):
            async with started(path, LATER + HOUR, key=b"x" * 32):
                pass

        assert before == journal_of(path).read_bytes()


class TestWriting:
    """A journal that is not what the database says."""

    @pytest.mark.parametrize("keep", [0, 1])
    async def test_what_it_lacks_is_added(self, path: Path, night: Path, keep: int) -> None:
        """At the next start, as after a crash right behind the commit; a torn line first."""
        lines, whole = written(path), journal_of(path).read_bytes().splitlines(keepends=True)
        journal_of(path).write_bytes(b"".join(whole[:keep]) + whole[2][:50])
        async with started(path, LATER + HOUR):
            pass

        assert sorted(lines) == sorted(written(path))

    async def test_a_full_disk(self, path: Path, night: Path) -> None:
        """The ending stands and its caller is told so; it is counted, and written once it can be."""
        journal = journal_of(path)
        async with started(path, LATER + HOUR) as server:
            kept = journal.rename(path.with_name("kept"))
            journal.symlink_to("/dev/full")
            await server.revoke("phone-2")
            await server.erase(NIPS[1])
            meanwhile = server.endings.unwritten
            journal.unlink()
            kept.rename(journal)
            await server.endings.keep()
            afterwards = server.endings.unwritten

        assert (2, 0) == (meanwhile, afterwards)
        assert {"faces": [], "phones": OTHERS[1:], "accounts": ["tetap"]} == state(path)
        assert [("FACE", NIPS[1]), ("DEVICE", "phone-2")] == sorted(written(path)[4:], reverse=True)

    async def test_years_ago(self, path: Path, night: Path, monkeypatch) -> None:
        """Dropped once, and not added again; a clock that is ahead drops nothing."""
        monkeypatch.setattr(service, "KEPT_DAYS", 30)
        async with started(path, LATER + timedelta(days=900)):
            pass
        before = written(path)
        async with started(path, LATER + timedelta(days=40)) as server:
            await server.revoke("phone-2")
        for _ in range(2):
            async with started(path, LATER + timedelta(days=41)):
                pass

        assert 4 == len(before)
        assert [("DEVICE", "phone-2")] == written(path)

    async def test_cannot_be_read(self, path: Path, night: Path) -> None:
        """No server starts: it might serve whom it has to shut out."""
        journal_of(path).unlink()
        journal_of(path).mkdir()

        with pytest.raises(OSError, match="directory"):
            async with started(path, LATER + HOUR):
                pass
