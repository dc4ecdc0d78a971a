"""A full server: new check-ins are refused early with a hint, running ones are served."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, timedelta

import grpc
import numpy as np
import pytest
from hadir.client import ApiError, read_error
from hadir.v1 import checkin_pb2, event_pb2, session_pb2
from hadir.v1.checkin_pb2_grpc import CheckInServiceStub
from hadir.v1.session_pb2_grpc import SessionServiceStub
from prometheus_client import REGISTRY

from benchmarks.phone import Phone
from benchmarks.virtual import encode
from benchmarks.walker import walk
from server.rpc import interceptor, streams
from server.services.admission import CAMERA_S, CHECK_IN_FPS_MAX, PUT_OFF_S_MAX, Admission
from tests.conftest import Cast
from tests.faults.test_disk import read_only
from tests.functional.world import Api, World, refused

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT


def shed() -> float:
    """Returns how many check-ins were refused for load so far, as operators see it."""
    return REGISTRY.get_sample_value("hadir_shed_total", {"what": "check_in"}) or 0.0


class Noticed:
    """An actor; `asked` is set once the server wants to see the face."""

    def __init__(self, actor) -> None:
        self.asked = asyncio.Event()
        self._actor = actor

    def frame_for(self, step, progress):
        self.asked.set()
        return self._actor.frame_for(step, progress)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the server has no place: it has none until the only item is changed."""
    state = [True]
    monkeypatch.setattr(Admission, "full", property(lambda _: state[0]))
    return state


async def turned_away(world: World, cast: Cast, kind: int) -> Phone:
    """Returns a phone that was refused by a full server."""
    phone = await world.phone(1)
    with refused("OVERLOADED", "RESOURCE_EXHAUSTED"):
        await phone.check_in(kind, world.place(1), cast.actor(1))
    return phone


class TestFullServer:
    """One place, and two who want it."""

    async def test_the_second_is_refused_and_the_first_served(self, world, cast, monkeypatch):
        """Early, with a hint when to come back; afterwards there is room again."""
        monkeypatch.setattr("server.services.admission.places_of", lambda *_: 1)
        first, second = await world.phone(0), await world.phone(1)
        admission, before = world.app.services.checkins.admission, shed()
        person = Noticed(cast.actor(0))
        running = asyncio.create_task(first.check_in(IN, world.place(0), person))
        await person.asked.wait()
        with pytest.raises(ApiError) as caught:
            await second.check_in(IN, world.place(1), cast.actor(1))
        refusal = caught.value

        assert ("RESOURCE_EXHAUSTED", "OVERLOADED") == (refusal.code.name, refusal.reason)
        assert refusal.retry_after_s >= 1
        assert not running.done()  # nobody waited for the first
        assert before + 1 == shed()
        assert (await running).recorded
        assert (await second.check_in(IN, world.place(1), cast.actor(1))).recorded
        assert 0 == admission.open

    async def test_a_full_server_makes_nobody_late(self, world, cast, full):
        """Who comes back as told is dated from when the first refusal came; later again is not."""
        phone, clock = await world.phone(1), world.clock
        start = clock.now()
        for wait_s in (20, 25):
            with refused("OVERLOADED", "RESOURCE_EXHAUSTED"):
                await phone.check_in(IN, world.place(1), cast.actor(1))
            clock.advance(seconds=wait_s)
        full[0] = False
        in_time = (await phone.check_in(IN, world.place(1), cast.actor(1))).receipt.event
        clock.advance(minutes=6)
        later = (await phone.check_in(IN, world.place(1), cast.actor(1))).receipt.event

        credited = in_time.event_time.ToDatetime(UTC) - start
        assert timedelta() <= credited < timedelta(seconds=20)
        assert in_time.create_time.ToDatetime(UTC) - start > timedelta(seconds=45)
        assert later.event_time.ToDatetime(UTC) - start > timedelta(minutes=6, seconds=45)

    async def test_a_full_disk_makes_nobody_late(self, world, cast):
        """What could not be stored at the seal is dated from its opening when it comes back."""
        phone, clock = await world.phone(1), world.clock
        start = clock.now()
        async with read_only(world.app.services.storage):
            with refused("STORAGE_UNAVAILABLE", "UNAVAILABLE"):
                await phone.check_in(IN, world.place(1), cast.actor(1))
        clock.advance(seconds=20)
        back = clock.now()
        event = (await phone.check_in(IN, world.place(1), cast.actor(1, take=1))).receipt.event

        dated = event.event_time.ToDatetime(UTC)
        assert start <= dated < back - timedelta(seconds=20)

    async def test_leaving_is_not_dated_back(self, world, cast, full):
        """Who is turned away when going home and comes back has not left before."""
        phone = await turned_away(world, cast, OUT)
        world.clock.advance(seconds=20)
        full[0], back = False, world.clock.now()

        event = (await phone.check_in(OUT, world.place(1), cast.actor(1))).receipt.event

        assert back <= event.event_time.ToDatetime(UTC)

    async def test_who_was_elsewhere_is_not_dated_back(self, world, cast, full):
        """A place is refused once there is room: from then on it is the way that takes time."""
        phone = await turned_away(world, cast, IN)
        full[0] = False
        elsewhere = await phone.check_in(IN, world.place(1, north_m=5_000), cast.actor(1))
        world.clock.advance(seconds=20)
        back = world.clock.now()

        event = (await phone.check_in(IN, world.place(1), cast.actor(1))).receipt.event

        assert elsewhere.refusal is not None
        assert back <= event.event_time.ToDatetime(UTC)

    async def test_known_phones_are_refused_unasked(self, world, cast, full, monkeypatch):
        """While the server is full; with a place free, a session that has ended is no session."""
        phone = await turned_away(world, cast, IN)
        await SessionServiceStub(phone.client.channel).CloseSession(
            session_pb2.CloseSessionRequest(), metadata=phone.client.metadata
        )
        error = await _ended(phone, said=True)
        assert ("OVERLOADED", "RESOURCE_EXHAUSTED") == (error.reason, error.code.name)
        assert error.retry_after_s >= 1
        # Who says nothing is heard out before: a refusal that meets a write would lose its hint.
        monkeypatch.setattr(interceptor, "HEARD_S_MAX", 0.2)
        began_s = time.monotonic()
        assert "OVERLOADED" == (await _ended(phone, said=False)).reason
        assert time.monotonic() - began_s >= 0.2
        full[0] = False
        assert "UNAUTHENTICATED" == (await _ended(phone, said=False)).reason


async def _ended(phone, *, said: bool) -> ApiError:
    """Returns how a check-in ends that sends something at once, or nothing."""
    call = CheckInServiceStub(phone.client.channel).CheckIn(metadata=phone.client.metadata)
    if said:
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await call.write(checkin_pb2.CheckInRequest(open=checkin_pb2.OpenCheckIn()))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    return read_error(caught.value)


class TestNextFrame:
    """Streams are told when their next frame should come, so that they do not meet by chance."""

    async def test_phones(self, world, cast):
        """With each frame that was looked at, a quarter of a second ahead at most."""
        world.clock.advance(minutes=6)
        phone = await world.phone(0)
        result = await phone.check_in(IN, world.place(0), cast.actor(0))
        wishes_ms = [guidance.next_frame_ms for guidance in result.guidance]

        assert result.recorded
        assert 0.0 < result.challenge.first_frame_ms <= (CAMERA_S + PUT_OFF_S_MAX) * 1000 + 1
        assert 0.0 == wishes_ms[-1]  # the seal comes next
        assert any(wishes_ms)
        assert _in_time(wishes_ms, result.timings.round_trips_ms, CHECK_IN_FPS_MAX)

    async def test_kiosks(self, world, cast):
        """People in view are asked for; an empty view gives way to them anyway."""
        kiosk = await world.kiosk()
        person = list(cast.actor(2).walk(3))
        empty = [encode(np.full((480, 640, 3), grey, np.uint8)) for grey in (90, 110)]
        walked = await walk(kiosk.client, [*empty, *person], frames_per_second=5, heeds=True)
        wishes_ms = [result.next_frame_ms for result in walked.results]

        assert [0.0, 0.0] == wishes_ms[:2]
        assert any(wishes_ms[2:])
        assert _in_time(wishes_ms, walked.round_trips_ms, 5.0)


def _in_time(wishes_ms: list[float], took_ms: list[float], fps: float) -> bool:
    """Whether no frame is put off for longer than it may be; an answer that took longer is over."""
    assert len(wishes_ms) == len(took_ms)
    return all(
        wish_ms <= max(took, 1000 / fps) + 1000 * PUT_OFF_S_MAX + 1
        for wish_ms, took in zip(wishes_ms, took_ms, strict=True)
    )


class TestWithoutOpen:
    """A stream that says nothing."""

    async def test_holds_no_place_for_long(self, world, monkeypatch):
        """Who does not say soon what the stream is for is sent away, and the place is free."""
        monkeypatch.setattr(streams, "OPEN_S_MAX", 0.5)
        phone = Api((await world.phone(1)).client)
        async with phone.stream("CheckIn") as stream:
            with refused("STREAM_IDLE", "DEADLINE_EXCEEDED"):
                await stream.rest()

        assert 0 == world.app.services.checkins.admission.open
