"""The server as a process: set up, log, second start, stop."""

import asyncio
import os
import resource
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from hadir.client import ApiError
from hadir.v1 import event_pb2, kiosk_pb2
from typer.testing import CliRunner

from server import main
from server.storage.journal import journal_of
from tests.functional.processes import START_S, STOP_S, command, run_server
from tests.functional.workday import work
from tests.functional.world import PASSWORD, Api, now, open_world, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN = event_pb2.EVENT_KIND_IN


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(new_copy, seed, cast):
    """A server with its log, after a day's work in short: see `work`."""
    async with run_server(new_copy(), seed, cast) as (world, process):
        done = await work(world)
        yield world, process, done


class TestLog:
    """One JSON line a call and one a decision: ids and reasons, never secrets or faces."""

    async def test_calls(self, running):
        """Every call has a line with its method, its own id, how it ended and how long it took."""
        _, process, _ = running

        calls = [record for record in process.records() if record["event"] == "rpc"]

        ids = [record["request_id"] for record in calls]
        assert len(set(ids)) == len(ids) > 15
        assert all(record["method"].startswith("/hadir.v1.") for record in calls)
        assert all(record["took_ms"] >= 0 and record["outcome"] for record in calls)
        assert {"info"} == {record["level"] for record in calls}
        methods = {record["method"].rpartition("/")[2] for record in calls}
        assert {"CheckIn", "Identify", "Enroll", "OpenStaffSession"} <= methods

    async def test_errors_lead_to_their_line(self, running):
        """The id that a caller was shown leads to the line of that call."""
        _, process, done = running
        calls = {r["request_id"]: r for r in process.records() if r["event"] == "rpc"}

        reasons = [calls[e.metadata["request_id"]]["outcome"] for e in done["errors"]]

        expected = ["LOGIN_REFUSED", "UNAUTHENTICATED", "ROLE_DENIED", "EMPLOYEE_UNKNOWN"]
        assert expected == [error.reason for error in done["errors"]]
        assert expected == reasons

    async def test_decisions(self, running):
        """Events, refusals, enrolments, activations and erasures have a line each, with ids."""
        _, process, done = running
        records = process.records()
        by_event = {record["event"]: record for record in records}

        recorded = [r["event_id"] for r in records if r["event"] == "event_recorded"]

        assert done["event_ids"] == recorded
        assert done["refused"]
        assert "OUTSIDE_GEOFENCE" == by_event["check_in_refused"]["reason"]
        assert {"enrolled", "device_activated", "session_opened", "login_refused"} <= set(by_event)
        assert "bkd" == by_event["enrolment_erased"]["actor"]

    async def test_no_secrets(self, running):
        """Neither tokens, passwords, codes, pictures, nor numbers and names of employees."""
        _, process, done = running
        text = "\n".join(process.lines())

        assert [] == [secret for secret in done["secrets"] if secret in text]
        assert [] == [word for word in done["people"] if word in text]

    async def test_nothing_failed(self, running):
        """A day without faults has no error in its log."""
        _, process, _ = running

        levels = {record["level"] for record in process.records()}

        assert levels <= {"info", "warning"}

    async def test_one_server_a_database(self, running):
        """A second server on the same files does not start, and says what to do."""
        world, _, _ = running
        key = str(world.directory / "hadir.key")

        code, _, errors = await command(
            "run", "--config", str(world.directory / "hadir.toml"), HADIR_KEY_FILE=key
        )

        assert 1 == code
        assert "another server uses" in errors
        assert "stop it first" in errors
        assert "Traceback" not in errors

    async def test_no_migration_under_a_server(self, running):
        """It is stopped first: the schema does not change while somebody uses it."""
        world, _, _ = running

        code, _, errors = await command("migrate", "--config", str(world.directory / "hadir.toml"))

        assert 1 == code
        assert "stop it first" in errors


class TestStop:
    """SIGTERM ends a server in good order."""

    async def test_while_it_opens(self, new_copy):
        """While models load, too: nothing is left that keeps the process alive."""
        directory = new_copy()
        lock = directory / "hadir.db.lock"
        lock.unlink(missing_ok=True)
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server.main", "run"),
            cwd=directory,
            stderr=asyncio.subprocess.DEVNULL,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(main.__file__).parents[1]),
                "HADIR_LISTEN": "127.0.0.1:0",
                "HADIR_DATABASE": "sqlite:///hadir.db",
                "HADIR_KEY_FILE": "hadir.key",
            },
        )
        async with asyncio.timeout(START_S):
            while not lock.exists():  # noqa: ASYNC110  made when the models have begun to load
                await asyncio.sleep(0.01)
        started.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            assert 0 == await started.wait()

    async def test_drain(self, new_copy, seed, cast):
        """A check-in under way is recorded, a kiosk is told to come back, the exit code is 0."""
        directory = new_copy()
        async with run_server(directory, seed, cast, drain_seconds="120") as (world, process):
            phone, kiosk, begun = await world.phone(0), await world.kiosk(), asyncio.Event()
            actor = cast.actor(0)

            class Watched:
                def frame_for(self, step, progress):
                    begun.set()
                    return actor.frame_for(step, progress)

            async with kiosk.stream("Identify") as stream:
                await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
                await stream.receive()
                check_in = asyncio.create_task(phone.check_in(IN, world.place(0), Watched()))
                await begun.wait()
                process.stop()
                resume = await stream.receive()
                with refused("SERVER_DRAINING", "UNAVAILABLE"):
                    await stream.rest()
                result = await check_in
            code = await process.exit_code()
            events = [record["event"] for record in process.records()]

        assert resume.HasField("resume")
        assert result.recorded
        assert 0 == code
        assert ["draining", "stopped"] == [e for e in events if e in {"draining", "stopped"}]
        assert not list(directory.glob("hadir.db-wal"))
        assert [(result.receipt.event.event_id,)] == _stored(directory)


class TestDisk:
    """A disk that fails ends the server: what it says of later writes is worth nothing."""

    async def test_write_error(self, new_copy, seed, cast):
        """The caller is told to come back, the exit code is 1, the last line what to do."""
        directory = new_copy()
        async with run_server(directory, seed, cast) as (world, process):
            await world.phone(0)
            # The log of changes may grow no more: EFBIG, as from a disk that is broken.
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
            with pytest.raises(ApiError) as refused:
                for _ in range(100):
                    await world.phone(0)
            code = await process.exit_code()
            lines = process.lines()

        assert ("UNAVAILABLE", "STORAGE_UNAVAILABLE") == (
            refused.value.code.name, refused.value.reason,
        )  # fmt: skip
        assert 1 == code
        assert "SQLITE_IOERR_WRITE" in lines[-1]
        assert "hadir-server check" in lines[-1]


class TestRestore:
    """A backup of before somebody was shut out."""

    async def test_shut_out_for_good(self, new_copy, seed, cast, tmp_path):
        """Restored without a word of SQL: face, phone, kiosk and account end again, at the start."""
        directory, backup = new_copy(), tmp_path / "night.db"
        environment = {"HADIR_KEY_FILE": str(directory / "hadir.key")}
        options = ("--config", str(directory / "hadir.toml"))
        site, nips = "kantor-gubernur", [seed.people[number].nip for number in (0, 1)]
        account = {"username": "pergi", "role": "ROLE_BKD", "nip": nips[1]}
        async with run_server(directory, seed, cast) as (world, process):
            bkd = await world.bkd()
            await bkd.call("CreateStaffAccount", password=PASSWORD, **account)
            token = (await world.staff("pergi")).client.token
            other = {"device_id": seed.kiosks["jalan-40"].device_id, "reason": "rusak"}
            await bkd.call("RevokeDevice", **other)
            backed_up = await command("backup", str(backup), *options, **environment)
            await bkd.call("EraseEnrollment", nip=nips[1], reason="diminta")
            await bkd.call("RebindDevice", nip=nips[0], reason="ponsel hilang")
            kiosk = {"device_id": seed.kiosks[site].device_id, "reason": "dicuri"}
            await bkd.call("RevokeDevice", **kiosk)
            await bkd.call("CloseStaffAccount", username="pergi")
            process.stop()
            await process.exit_code()
        before = await command("check", *options, **environment)
        of_backup = await command("check", str(backup), *options, **environment)
        for name in ("hadir.db", "hadir.db-wal", "hadir.db-shm"):
            (directory / name).unlink(missing_ok=True)
        shutil.copy2(backup, directory / "hadir.db")

        async with run_server(directory, seed, cast) as (world, process):
            again = await process.record("endings_done_again")
            served = [record["event"] for record in process.records()]
            bkd = await world.bkd()
            with refused("ENROLLMENT_UNKNOWN", "NOT_FOUND"):
                await bkd.call("GetEnrollment", nip=nips[1])
            for shut_out in (lambda: world.phone(0), lambda: world.kiosk(site)):
                with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
                    await shut_out()
            with refused("LOGIN_REFUSED", "UNAUTHENTICATED"):
                await world.staff("pergi")
            with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
                await Api(world.client(token=token)).call("GetSession")
            await world.phone(2)
            gallery = (await process.record("serving"))["people"]
        after = await command("check", *options, **environment)

        assert [0, 0, 0, 0] == [one[0] for one in (backed_up, before, of_backup, after)]
        assert 1 == len(backup.with_suffix(".endings").read_bytes().splitlines())
        assert (1, 2, 1) == (again["face"], again["device"], again["account"])
        assert served.index("endings_done_again") < served.index("serving")
        assert 3 == gallery
        assert "5 endings in" in before[1]
        assert "4 go on in the database: a start ends them again" in of_backup[1]
        assert not [one for one in (before[1], after[1]) if "go on" in one or "alone" in one]
        assert "erasures" not in after[1]  # taken into the ledger as what is done now, not late

    async def test_killed_before_the_line(self, new_copy, seed, cast):
        """What was committed and is not in the journal yet is added at the next start."""
        directory = new_copy()
        options = ("--config", str(directory / "hadir.toml"))
        environment = {"HADIR_KEY_FILE": str(directory / "hadir.key")}
        armed = run_server(directory, seed, cast, failpoint="before_journal")
        async with armed as (world, process):
            bkd = await world.bkd()
            with pytest.raises(ApiError):
                await bkd.call("EraseEnrollment", nip=seed.people[1].nip, reason="diminta")
            code = await process.exit_code()
        journal = journal_of(directory / "hadir.db")
        there = journal.exists()
        before = await command("check", *options, **environment)
        async with run_server(directory, seed, cast):
            pass

        assert (-signal.SIGKILL, False) == (code, there)
        assert "1 are in the database alone: a start adds them" in before[1]
        assert 1 == len(journal.read_bytes().splitlines())


class TestSetUp:
    """`hadir-server init` makes what a server needs, once."""

    async def test_init_then_login(self, tmp_path, cast, seed, shared_models):
        """After init the first account logs in; a second init changes nothing."""
        password = tmp_path / "password"
        password.write_text(f"{PASSWORD}\n")
        home = tmp_path / "hadir"
        arguments = ["init", str(home), "--username", "pertama", "--password-file", str(password)]
        invoke = CliRunner().invoke
        first = await asyncio.to_thread(invoke, main.app, arguments)
        key = (home / "hadir.key").read_bytes()
        second = await asyncio.to_thread(invoke, main.app, arguments)

        async with open_world(home, seed, cast) as world:
            api = await world.staff("pertama")
            session = await api.call("GetSession")
            listed = await api.call("ListEmployees")

        assert (0, 0) == (first.exit_code, second.exit_code)
        assert "pertama (BKD)" in first.output
        assert key == (home / "hadir.key").read_bytes()
        assert "pertama" == session.username
        assert [] == list(listed.employees)

    async def test_what_is_missing(self, new_copy):
        """A missing file keeps the server from starting; it is named, without a traceback."""
        files = ["hadir.db", "hadir.key"]
        results = await asyncio.gather(*(self._run_without(new_copy(), name) for name in files))

        assert [1, 1] == [code for code, _, _ in results]
        for name, (_, _, errors) in zip(files, results, strict=True):
            assert name in errors
            assert "Traceback" not in errors

    @pytest.mark.parametrize(
        ("name", "value"), [("calibration", "none.json"), ("metrics_listen", "192.0.2.1:9464")]
    )
    async def test_wrong_setting(self, new_copy, name, value):
        """What fails once threads run still ends the process, and names the setting's fault."""
        directory = new_copy()
        config = directory / "hadir.toml"
        config.write_text(
            'listen = "127.0.0.1:0"\ndatabase = "sqlite:///hadir.db"\nkey_file = "hadir.key"\n'
            f'{name} = "{value}"\n'
        )
        code, _, errors = await command("run", "--config", str(config))

        assert 1 == code
        assert value in errors
        assert "Traceback" not in errors

    async def test_clock_that_is_behind(self, new_copy):
        """A server whose clock is behind what is stored does not serve; the error says why."""
        directory = new_copy()
        config = directory / "hadir.toml"
        config.write_text('database = "sqlite:///hadir.db"\nkey_file = "hadir.key"\n')
        with closing(sqlite3.connect(directory / "hadir.db")) as connection:
            connection.execute(
                "INSERT INTO rules (kind, subject, start, content, actor, reason, change_time)"
                " SELECT kind, subject, start, content, actor, reason, change_time + 864000000000"
                " FROM rules ORDER BY sequence DESC LIMIT 1"
            )
            connection.commit()
        code, _, errors = await command("run", "--config", str(config))

        assert 1 == code
        assert "trust_clock = true" in errors
        assert "Traceback" not in errors

    async def test_nothing_to_migrate(self, tmp_path):
        """Where there is no database none is made, which would look like an empty one."""
        config = tmp_path / "hadir.toml"
        config.write_text('database = "sqlite:///hadir.db"\n')

        code, _, errors = await command("migrate", "--config", str(config))

        assert 1 == code
        assert "no database" in errors
        assert [config] == list(tmp_path.iterdir())

    async def test_a_key_for_a_database_that_has_another(self, new_copy, tmp_path):
        """A restored database without its key gets no new one: its faces could not be read."""
        directory, password = new_copy(), tmp_path / "password"
        (directory / "hadir.toml").write_text(
            'database = "sqlite:///hadir.db"\nkey_file = "hadir.key"\n'
        )
        (directory / "hadir.key").unlink()
        password.write_text(f"{PASSWORD}\n")

        code, _, errors = await command("init", str(directory), "--password-file", str(password))

        assert 1 == code
        assert "copy it back" in errors
        assert not (directory / "hadir.key").exists()

    async def test_no_password_file(self, tmp_path):
        """A file that cannot be read is named, without a traceback."""
        code, _, errors = await command(
            "init", str(tmp_path / "hadir"), "--password-file", str(tmp_path / "none")
        )

        assert 1 == code
        assert "none: No such file" in errors
        assert "Traceback" not in errors

    async def test_misspelled_settings(self, tmp_path):
        """In the file they are refused, in the environment named: silence would be dangerous."""
        config = tmp_path / "hadir.toml"
        config.write_text('liste = "127.0.0.1:0"\n')

        refused = await command("settings", "--config", str(config))
        config.write_text("")
        warned = await command("settings", "--config", str(config), HADIR_TLS_CERTFICATE="x")

        assert (1, 0) == (refused[0], warned[0])
        assert f"{config}: there is no setting liste" in refused[2]
        assert "HADIR_TLS_CERTFICATE names no setting" in warned[2]

    async def _run_without(self, directory, name: str) -> tuple[int, str, str]:
        config = directory / "hadir.toml"
        config.write_text('database = "sqlite:///hadir.db"\nkey_file = "hadir.key"\n')
        (directory / name).unlink()
        return await command("run", "--config", str(config))


def _stored(directory: Path) -> list[tuple]:
    connection = sqlite3.connect(f"file:{directory}/hadir.db?mode=ro", uri=True)
    found = connection.execute("SELECT event_id FROM events").fetchall()
    connection.close()
    return found
