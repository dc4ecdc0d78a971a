"""kill -9 at every step of a check-in's write: what was acknowledged is there, and there once.

A child process serves the real storage and event log on a real file, and tells through a pipe what
it asked for and what it was answered. It is killed; then the database is opened again, checked, and
every request is sent again, as a phone does that got no answer.
"""

import asyncio
import contextlib
import multiprocessing
import signal
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import select
from ulid import ULID

from server import failpoints
from server.domain.model import Event, EventKind, EventSource, Scores
from server.domain.refusal import CheckInRefused
from server.storage import migrate
from server.storage.database import Database, open_database
from server.storage.events import insert_event
from server.storage.schema import events, requests
from tests.faults.conftest import NIPS, NOW, event_log, quiet

DIGEST = b"\x01" * 32
KILLS = 30
FAILPOINTS = ("before_begin", "after_insert", "after_request", "before_commit", "after_commit")
WRITERS = (1, 3, 12)
# More than a child can do before it is killed.
JOBS = 20_000
PATIENCE_S = 20.0
MOMENTS_S = 0.2
# A clean process that forks the children: this one may have threads of other tests.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["__main__", "tests.faults.test_kill"])


@dataclass(frozen=True, slots=True)
class Plan:
    """What a child does. hasty: it answers before the write is done, which no server may do."""

    path: Path
    first: int
    writers: int
    failpoint: str = ""
    after: int = 0
    checkpoint_often: bool = False
    hasty: bool = False


@dataclass(slots=True)
class Ledger:
    """What the last child was asked for, and what all of them answered: event ids by request."""

    asked: set[int] = field(default_factory=set)
    answered: dict[int, str] = field(default_factory=dict)
    kills: int = 0


def event_of(number: int) -> Event:
    """Returns the event of a request, under a new id; the digest of its frame tells whose it is."""
    moment = NOW + timedelta(hours=number)
    return Event(
        event_id=str(ULID()),
        nip=NIPS[number % len(NIPS)],
        display_name="Pegawai",
        unit_id="bkd",
        kind=EventKind.IN,
        source=EventSource.PHONE,
        event_time=moment,
        device_time=moment,
        clock_disputed=False,
        site_id="kantor",
        distance_m=3.0,
        device_id=f"phone-{number % len(NIPS)}",
        scores=Scores(0.8, 0.4, 0.3, 1.0, None),
        create_time=moment,
        frame_digest=request_of(number).encode(),
    )


def request_of(number: int) -> str:
    """Returns the id of a request."""
    return f"00000000-0000-4000-8000-{number:012d}"


def serve(plan: Plan, pipe: Connection) -> None:
    """The child: writes events until it is killed."""
    quiet()
    asyncio.run(_serve(plan, pipe))


async def _serve(plan: Plan, pipe: Connection) -> None:
    numbers = iter(range(plan.first, plan.first + JOBS))
    answers = 0
    async with open_database(plan.path) as database:
        if plan.checkpoint_often:
            await database.write(lambda one: one.exec_driver_sql("PRAGMA wal_autocheckpoint=2"))
        log = event_log(database, repeat_minutes=10)
        if plan.after == 0:
            failpoints.arm(plan.failpoint)

        async def write() -> None:
            nonlocal answers
            for number in numbers:
                event = event_of(number)
                pipe.send(("asked", number, ""))
                if plan.hasty:
                    pipe.send(("answered", number, event.event_id))
                recorded = await log.record_phone(event, request_of(number), DIGEST)
                pipe.send(("answered", number, recorded.event.event_id))
                answers += 1
                if answers == plan.after:
                    failpoints.arm(plan.failpoint)

        async with asyncio.TaskGroup() as group:
            for _ in range(plan.writers):
                group.create_task(write())


def upgrade(path: Path) -> None:
    """The child of the migration tests."""
    migrate.upgrade(path)


def run_and_kill(
    plan: Plan,
    ledger: Ledger,
    *,
    answers: int = 0,
    seconds: float = 0.0,
    wait_for_write: bool = False,
) -> None:
    """Runs a child until it kills itself, has given so many answers, or lived so many seconds."""
    receiver, sender = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=serve, args=(plan, sender))
    child.start()
    sender.close()
    ledger.asked.clear()
    if seconds:
        if wait_for_write:
            receiver.poll(PATIENCE_S)
        time.sleep(seconds)
        child.kill()
    before = len(ledger.answered)
    with receiver, contextlib.suppress(EOFError):
        while receiver.poll(PATIENCE_S):
            kind, number, event_id = receiver.recv()
            if kind == "asked":
                ledger.asked.add(number)
            else:
                ledger.answered[number] = event_id
            if answers and len(ledger.answered) - before >= answers:
                child.kill()
    child.join(PATIENCE_S)
    assert -signal.SIGKILL == child.exitcode
    ledger.kills += 1


async def faults(path: Path, ledger: Ledger) -> list[str]:
    """Opens the database again, as a server that restarts, and tells what is wrong in it."""
    async with open_database(path) as database:
        found = await _damage(database)
        before = await _stored(database)
        for number, event_id in ledger.answered.items():
            if event_id not in before.get(number, []):
                found.append(f"{number} was answered and is lost")
        found += await _wrong_retries(database, ledger, before)
        after = await _stored(database)
        found += [f"{number} is there twice" for number, ids in after.items() if len(ids) > 1]
        found += [f"{number} is not there" for number in ledger.asked - set(after)]
    return found


async def _damage(database: Database) -> list[str]:
    whole = select(events.c.frame_digest, requests.c.request_id).outerjoin(
        requests, requests.c.event_id == events.c.event_id
    )
    async with database.read() as connection:
        checks = list(await connection.exec_driver_sql("PRAGMA integrity_check"))
        keys = list(await connection.exec_driver_sql("PRAGMA foreign_key_check"))
        pairs = list(await connection.execute(whole))
    halves = [one for one in pairs if one.frame_digest.decode() != one.request_id]
    return [str(row) for row in (*checks, *keys, *halves) if row != ("ok",)]


async def _stored(database: Database) -> dict[int, list[str]]:
    """Returns the ids of all events by the number of their request."""
    found: dict[int, list[str]] = {}
    async with database.read() as connection:
        for row in await connection.execute(select(events.c.frame_digest, events.c.event_id)):
            found.setdefault(int(row.frame_digest[-12:]), []).append(row.event_id)
    return found


async def _wrong_retries(
    database: Database, ledger: Ledger, before: dict[int, list[str]]
) -> list[str]:
    """Sends again all that the last child was asked for; returns what is answered wrongly."""
    log = event_log(database, repeat_minutes=10)
    numbers = sorted(ledger.asked)
    answers = await asyncio.gather(
        *(log.record_phone(event_of(number), request_of(number), DIGEST) for number in numbers)
    )
    found = []
    for number, answer in zip(numbers, answers, strict=True):
        known = before.get(number, [])
        if answer.replayed != bool(known):
            found.append(f"{number}: replayed is {answer.replayed}")
        if known and answer.event.event_id != known[0]:
            found.append(f"{number}: another answer than the stored one")
    return found


class TestKill:
    """Every acknowledged event is there once, no event is there twice."""

    @pytest.mark.parametrize("name", FAILPOINTS)
    async def test_at_every_step_of_a_write(self, path: Path, name: str) -> None:
        """A process that dies at a step of the write loses nothing that it acknowledged."""
        ledger = Ledger()
        for kill in range(KILLS):
            plan = Plan(path, kill * JOBS, WRITERS[kill % 3], failpoint=name, after=kill % 5)
            run_and_kill(plan, ledger)

            assert [] == await faults(path, ledger)

        assert KILLS == ledger.kills
        assert len(ledger.answered) >= KILLS

    async def test_after_the_reply(self, path: Path) -> None:
        """A process that is killed the moment a reply arrives had the event on disk."""
        ledger = Ledger()
        for kill in range(KILLS):
            plan = Plan(path, kill * JOBS, WRITERS[kill % 3])
            run_and_kill(plan, ledger, answers=1 + kill % 5)

            assert [] == await faults(path, ledger)

        assert KILLS == ledger.kills
        assert len(ledger.answered) >= KILLS

    async def test_at_any_moment(self, path: Path) -> None:
        """So it is at any moment: while opening, recovering, writing or folding the log."""
        ledger = Ledger()
        silent = 0
        for kill in range(KILLS):
            before = len(ledger.answered)
            often = kill % 4 >= 2
            plan = Plan(path, kill * JOBS, WRITERS[kill % 3], checkpoint_often=often)
            # From the start in one half of the cases, from the first write in the other.
            moment = 0.005 + MOMENTS_S * kill / KILLS
            run_and_kill(plan, ledger, seconds=moment, wait_for_write=kill % 2 == 1)
            silent += len(ledger.answered) == before

            assert [] == await faults(path, ledger)

        assert KILLS == ledger.kills
        assert 0 < silent < KILLS


class TestControl:
    """The checks find what they look for, where there is something to find."""

    async def test_finds_a_hasty_answer(self, path: Path) -> None:
        """A server that answers before COMMIT loses what it acknowledged."""
        ledger = Ledger()
        run_and_kill(Plan(path, 0, 4, failpoint="before_commit", after=2, hasty=True), ledger)

        assert any("was answered and is lost" in fault for fault in await faults(path, ledger))

    async def test_finds_a_second_row(self, path: Path) -> None:
        """The same image under another request id; past the log, which refuses it."""
        ledger = Ledger()
        run_and_kill(Plan(path, 0, 1, failpoint="after_commit", after=1), ledger)
        async with open_database(path) as database:
            again = event_log(database, repeat_minutes=0)
            with pytest.raises(CheckInRefused, match="FRAMES_REUSED"):
                await again.record_phone(event_of(1), request_of(1 + JOBS), DIGEST)
            await database.write(lambda connection: insert_event(connection, event_of(1)))

        found = await faults(path, ledger)

        assert "1 is there twice" in found


class TestSameImage:
    """An image makes one event, whoever is quicker."""

    async def test_two_at_once(self, path: Path) -> None:
        """Two seals over the same best frame, under two request ids: one is refused."""
        async with open_database(path) as database:
            log = event_log(database, repeat_minutes=0)
            results = await asyncio.gather(
                log.record_phone(event_of(1), request_of(1), DIGEST),
                log.record_phone(event_of(1), request_of(1 + JOBS), DIGEST),
                return_exceptions=True,
            )
            stored = await _stored(database)

        recorded, refused = results
        assert isinstance(refused, CheckInRefused)
        assert {1: [recorded.event.event_id]} == stored

    async def test_a_retry_is_no_second_use(self, path: Path) -> None:
        """The same request with the same image gets its receipt again."""
        async with open_database(path) as database:
            log = event_log(database, repeat_minutes=0)
            first = await log.record_phone(event_of(1), request_of(1), DIGEST)
            again = await log.record_phone(event_of(1), request_of(1), DIGEST)

        assert (False, True) == (first.replayed, again.replayed)
        assert first.event == again.event


class TestKilledMigration:
    """A migration is done whole or not at all."""

    async def test_at_any_moment(self, tmp_path: Path) -> None:
        """After a kill the same command brings the file to the newest schema."""
        whole = tmp_path / "whole.db"
        migrate.upgrade(whole)
        halfway = 0
        for kill in range(8):
            path = tmp_path / f"{kill}.db"
            child = FORKS.Process(target=upgrade, args=(path,))
            child.start()
            wait_for_file(path.with_name(f"{path.name}-journal"), 0.01 * kill)
            child.kill()
            child.join(PATIENCE_S)
            halfway += child.exitcode == -signal.SIGKILL

            migrate.upgrade(path)

            migrate.check(path)
            assert schema_of(whole) == schema_of(path)
        assert halfway > 0


def wait_for_file(path: Path, seconds: float) -> None:
    """Waits until a file is there, and so long after."""
    end = time.monotonic() + PATIENCE_S
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(seconds)


def schema_of(path: Path) -> list[tuple]:
    """Returns all statements that made the tables, indexes and triggers."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
