"""A gate against work that creeps in: what one check-in takes of the server, counted, not timed.

The real server with its models. The test holds the clocks and sends each frame upon the answer to
the one before, so that every run does the same, however busy the machine is.
"""

import asyncio
import time
import uuid
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hadir.device import FrameChain, login, seal_message
from hadir.v1 import checkin_pb2, event_pb2, frame_pb2
from sqlalchemy import event

from server.app import open_app
from server.services.ledger import Ledger
from server.services.upkeep import Upkeep
from server.settings import DETECT_SIDE_PIXELS
from server.storage.database import Database
from server.vision import jpeg
from tests.functional.world import Api, World, settings_in

IN = event_pb2.EVENT_KIND_IN
# A take of its own: no other test moved on what its frames are made of.
PERSON, TAKE = 0, 41
STEPS = ("FRONT", "LEFT", "FRONT", "RIGHT")
# As often as a full server looks. Who is asked for a movement stays at rest for so many frames and
# is seen at its end then, far from where a step begins to count: noise decides nothing.
FRAME_S, REST = 0.25, 5
FRAMES_MAX = 100
# What a check-in takes, all of it. More is slower; what became less is written down here.
WORK = {
    # To complete FRONT, and for each later step: two frames that show it, after those at rest.
    "frames": 2 + 3 * (REST + 2),
    # Pictures that the detector saw: each frame as a whole, and its face again from near.
    "views": 2 * (2 + 3 * (REST + 2)),
    # Of those, in the size in which a face may hide anywhere: the first, of which nothing is known.
    "fine": 1,
    # Embedded, with the blanks of batches: both of FRONT, then the fourth of those that need not
    # be compared, and the one that completes the step.
    "faces": 2 + 3 * 2,
    # That wait for the disk: the record.
    "transactions": 1,
    # Of the database beside: the session, and what opening asks.
    "reads": 2,
    # Of SQL in all three, with each BEGIN: a turn of a database's thread each.
    "statements": 15,
}


class HeldClock:
    """Both clocks stand still until they are moved."""

    def __init__(self) -> None:
        self._now, self._monotonic = datetime.now(UTC), time.monotonic()

    def advance(self, seconds: float) -> None:
        """Moves both."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    def now(self) -> datetime:
        """Returns the wall time, aware, UTC."""
        return self._now

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        return self._monotonic


class Counted:
    """A session that counts what it runs on, row by row, and frames that it sees in full size."""

    def __init__(self, session, done: Counter, what: str) -> None:
        self.name = session.name
        self._session, self._done, self._what = session, done, what

    def run(self, batch):
        self._done[self._what] += len(batch)
        if self._what == "views" and batch.shape[-1] == DETECT_SIDE_PIXELS:
            self._done["fine"] += 1
        return self._session.run(batch)


@pytest.fixture
def done(monkeypatch) -> Counter:
    """What the server does, by name; what it does by itself is left out."""
    found: Counter = Counter()

    def count(owner: object, name: str, what: str) -> None:
        call = getattr(owner, name)

        def counting(*arguments):
            found[what] += 1
            return call(*arguments)

        monkeypatch.setattr(owner, name, counting)

    async def nothing(_: object) -> None:
        await asyncio.Event().wait()

    count(jpeg, "decode", "frames")
    count(Database, "write", "transactions")
    count(Database, "read", "reads")
    monkeypatch.setattr(Upkeep, "run", nothing)
    monkeypatch.setattr(Ledger, "run", nothing)
    return found


@asynccontextmanager
async def held_world(directory, seed, cast, done: Counter):
    """A server whose clocks the test moves, and whose models and statements are counted."""
    clock = HeldClock()
    async with open_app(settings_in(directory), clock) as app, AsyncExitStack() as stack:
        world = World(app.server.port, directory, seed, cast, stack)
        world.app, world.clock = app, clock
        checkins = app.services.checkins
        pack, database = checkins.pipeline._pack, checkins._database
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for model, what in ((pack.detector, "views"), (pack.embedder, "faces")):
            patch.setattr(model, "_session", Counted(model._session, done, what))
        for engine in (database._writer.sync_engine, database._readers.sync_engine):
            event.listen(engine, "before_cursor_execute", lambda *_: done.update(statements=1))
        yield world


async def check_in(world: World, done: Counter) -> checkin_pb2.CheckInReceipt:
    """Checks in, frame by frame; counts from the opening on, and not the login."""
    identity, actor = world.seed.phones[PERSON], world.cast.actor(PERSON, take=TAKE)
    api = Api(world.client())
    await login(api.client, identity)
    done.clear()
    opened = checkin_pb2.OpenCheckIn(
        request_id=str(uuid.uuid4()), kind=IN, location=world.place(PERSON)
    )
    opened.device_time.FromDatetime(world.clock.now())
    async with api.stream("CheckIn") as stream:
        await stream.send(open=opened)
        challenge = (await stream.receive()).challenge
        chain = FrameChain(challenge.nonce)
        step, since = challenge.steps[0], 0
        for number in range(1, FRAMES_MAX):
            world.clock.advance(FRAME_S)
            jpeg_ = actor.frame_for(step, 0.0 if number - since <= REST else 1.0)
            frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg_)
            frame.capture_time.FromDatetime(world.clock.now())
            chain.add(frame)
            await stream.send(frame=frame)
            guidance = (await stream.receive()).guidance
            if not guidance.step:
                break
            if guidance.step != step:
                step, since = guidance.step, number
        await stream.receive()  # asks for the seal
        message = seal_message(identity, opened, nonce=challenge.nonce, chain=chain.value())
        signature = identity.key.sign(message)
        await stream.send(seal=checkin_pb2.SealCheckIn(signature=signature))
        return (await stream.receive()).receipt


async def test_a_check_in(new_copy, seed, cast, steps, done):
    """Not one look, embedding, transaction, read or statement more."""
    steps(*STEPS)
    async with held_world(new_copy(), seed, cast, done) as world:
        receipt, work = await check_in(world, done), Counter(done)

    assert receipt.event.event_id
    assert WORK == work
