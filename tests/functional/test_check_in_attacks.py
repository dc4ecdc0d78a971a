"""Check-ins that must not count: foreign seals, changed frames, replays, other faces, pictures."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
import pytest
import pytest_asyncio
from hadir.device import DeviceKey
from hadir.v1 import checkin_pb2, event_pb2, frame_pb2

from benchmarks.phone import ImposterKnobs
from benchmarks.virtual import Pose, encode, render_crowd
from kiosk_client.duplex import Pace
from server import app
from server.domain.challenge import Progress
from server.domain.timing import FrameTiming, TimingFault
from server.errors import DeviceRevoked
from server.services import checkin
from server.services.refusals import REFUSALS_ANY_MAX
from tests.functional.sources import Impatient, Opposite, Recorder, Replay, Still, Swapped
from tests.functional.world import (
    Api,
    World,
    none_open,
    now,
    open_world,
    outcomes,
    refusals_of,
    refused,
)

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

IN = event_pb2.EVENT_KIND_IN
STEPS = ("FRONT", "LEFT", "FRONT", "RIGHT")
HOLDER = 0


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_recorded(world: World, later: None) -> AsyncIterator[None]:
    """No event was stored by the time that a test of this file ends."""
    yield
    assert [] == await world.events()


def reason_of(result) -> str:
    """Returns why a check-in was refused; what else became of it where it was not."""
    if result.refusal is None:
        return "RECORDED" if result.recorded else "NO ANSWER"
    reason = checkin_pb2.RefusalReason
    return reason.Name(result.refusal.reason).removeprefix("REFUSAL_REASON_")


async def attempt(world: World, source, knobs: ImposterKnobs | None = None, number: int = HOLDER):
    """Checks in with the phone of a person. Returns the result."""
    phone = await world.phone(number, knobs=knobs or ImposterKnobs())
    return await phone.check_in(IN, world.place(number), source)


class LateKey:
    """Signs well, a minute after it was asked to."""

    def __init__(self, key: DeviceKey, clock) -> None:
        self._key, self._clock = key, clock

    def sign(self, data: bytes) -> bytes:
        self._clock.advance(seconds=61)
        return self._key.sign(data)


def other_jpeg(frame: frame_pb2.Frame) -> frame_pb2.Frame:
    """Puts a byte behind the image: it looks the same."""
    changed = frame_pb2.Frame()
    changed.CopyFrom(frame)
    changed.jpeg += b"\0"
    return changed


def other_time(frame: frame_pb2.Frame) -> frame_pb2.Frame:
    """Takes the third frame a millisecond later."""
    changed = frame_pb2.Frame()
    changed.CopyFrom(frame)
    if frame.frame_number == 3:
        changed.capture_time.FromMilliseconds(frame.capture_time.ToMilliseconds() + 1)
    return changed


def other_number(frame: frame_pb2.Frame) -> frame_pb2.Frame:
    """Counts from another number."""
    changed = frame_pb2.Frame()
    changed.CopyFrom(frame)
    changed.frame_number += 1
    return changed


class TestSeal:
    """The seal binds key, nonce and frames: with any of them changed it is worth nothing."""

    @pytest.mark.parametrize(
        "knobs",
        [
            ImposterKnobs(nonce=bytes(32)),
            ImposterKnobs(signature=b"\x30" * 71),
            ImposterKnobs(key=DeviceKey.generate()),
            ImposterKnobs(mutate_frame=other_jpeg),
            ImposterKnobs(mutate_frame=other_time),
            ImposterKnobs(mutate_frame=other_number),
        ],
        ids=["nonce", "garbage", "key", "image", "capture time", "number"],
    )
    async def test_foreign_seal(self, world, cast, steps, knobs):
        """What was sealed is not what was sent, by this phone, in this stream."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")

        result = await attempt(world, cast.actor(HOLDER), knobs)

        assert "SEAL_INVALID" == reason_of(result)

    async def test_seal_comes_first(self, world, cast, steps):
        """What nobody signed says nothing of frames and faces, whatever they look like."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")
        backwards = ImposterKnobs(signature=b"\x30" * 71, capture_interval_ms=-300)

        result = await attempt(world, cast.actor(HOLDER), backwards)

        assert "SEAL_INVALID" == reason_of(result)

    @pytest.mark.parametrize("changed", ["request_id", "kind", "location"])
    async def test_seal_over_another_request(self, world, cast, steps, changed):
        """A seal over another request id, kind or place does not fit."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")
        phone = await world.phone(HOLDER)
        place = world.place(HOLDER)

        class Liar:
            def sign(self, data: bytes) -> bytes:
                own = {
                    "request_id": (request_id.encode(), str(uuid.uuid4()).encode()),
                    "kind": (b"\0\0\0\x01\x01", b"\0\0\0\x01\x02"),
                    "location": (data[-68:-36], bytes(32)),
                }[changed]
                assert own[0] in data
                return phone.identity.key.sign(data.replace(*own))

        request_id = str(uuid.uuid4())
        phone.knobs = ImposterKnobs(key=Liar())

        result = await phone.check_in(IN, place, cast.actor(HOLDER), request_id=request_id)

        assert "SEAL_INVALID" == reason_of(result)

    async def test_late_seal(self, world, cast, steps):
        """A seal after the challenge's 60 seconds is late."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")
        key = LateKey(world.seed.phones[HOLDER].key, world.clock)

        result = await attempt(world, cast.actor(HOLDER), ImposterKnobs(key=key))

        assert "CHALLENGE_EXPIRED" == reason_of(result)

    async def test_seal_before_the_steps(self, world, cast):
        """A seal that nobody asked for ends the check-in."""
        phone = await world.phone(HOLDER)
        async with Api(phone.client).stream("CheckIn") as stream:
            await stream.send(open=opened(world))
            await stream.receive()
            await stream.show(cast.actor(HOLDER).shot(cast.actor(HOLDER).front))
            await stream.send(seal=checkin_pb2.SealCheckIn(signature=b"\x30" * 70))
            last = (await stream.rest())[-1]

        assert checkin_pb2.REFUSAL_REASON_SEAL_INVALID == last.refusal.reason

    async def test_no_seal(self, world, cast, steps):
        """Who hangs up instead of sealing has not checked in."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")

        result = await attempt(world, cast.actor(HOLDER), ImposterKnobs(omit_seal=True))

        assert "NO ANSWER" == reason_of(result)
        assert 4 == result.guidance[-1].steps_done


class TestFrames:
    """Frames come from a camera, now, in order."""

    @pytest.mark.parametrize(
        ("knobs", "fault"),
        [
            (ImposterKnobs(capture_interval_ms=-300), TimingFault.BACKWARDS),
            (ImposterKnobs(capture_interval_ms=1), TimingFault.TOO_FAST),
            (ImposterKnobs(capture_skew_ms=lambda n: 500 * n), TimingFault.AHEAD_OF_TIME),
            (
                ImposterKnobs(capture_skew_ms=lambda n: -20_000 if n == 1 else 0),
                TimingFault.AHEAD_OF_TIME,
            ),
        ],
        ids=["backwards", "burst", "ahead of time", "first long ago"],
    )
    async def test_capture_times(self, world, cast, steps, monkeypatch, knobs, fault):
        """Camera times that do not tell the same story as the arrivals void the check-in."""
        steps("FRONT", "LEFT", "FRONT", "CLOSER")
        made = []
        monkeypatch.setattr(
            checkin, "FrameTiming", lambda start_s: made.append(FrameTiming(start_s)) or made[-1]
        )

        result = await attempt(world, cast.actor(HOLDER), knobs)

        assert "FRAME_TIMING" == reason_of(result)
        assert [fault] == [timing.fault for timing in made]

    async def test_frames_of_an_earlier_check_in(self, world, cast, steps):
        """Old frames between new ones are noticed at the seal."""
        steps(*STEPS)
        recorder = Recorder(cast.actor(HOLDER))
        first = await attempt(world, recorder, ImposterKnobs(omit_seal=True))

        result = await attempt(world, Replay(recorder, cast.actor(HOLDER)))

        assert "NO ANSWER" == reason_of(first)
        assert "FRAMES_REUSED" == reason_of(result)
        assert "DUPLICATE" in outcomes(answer.outcome for answer in result.guidance)

    async def test_nothing_but_old_frames(self, world, cast, steps):
        """A replay of a whole check-in gets nowhere: each frame is known."""
        steps(*STEPS)
        recorder = Recorder(cast.actor(HOLDER))
        await attempt(world, recorder, ImposterKnobs(omit_seal=True))

        source = Impatient(Replay(recorder), world.clock, frames=20)

        result = await attempt(world, source)

        assert reason_of(result) in {"FRAMES_REUSED", "CHALLENGE_EXPIRED"}
        assert {0} == {answer.steps_done for answer in result.guidance}

    async def test_replay_after_a_restart(self, open_copy, cast, seed, steps, monkeypatch):
        """A restart forgets the frames that came, but not the one that an event was made of."""
        steps(*STEPS)
        # Each frame after the answer to the one before: both times the server looks at all of them.
        monkeypatch.setattr("benchmarks.phone.Pace", partial(Pace, in_flight_max=1))
        recorder = Recorder(cast.actor(HOLDER))
        async with open_copy() as world:
            first = await attempt(world, recorder)
            directory = world.directory
        async with open_world(directory, seed, cast) as world:
            world.clock.advance(minutes=6)
            phone = await world.phone(HOLDER)
            again = await phone.check_in(IN, world.place(HOLDER), Replay(recorder))
            stored, refusals = await world.events(), refusals_of(world, phone)

        assert first.recorded
        assert "FRAMES_REUSED" == reason_of(again)
        assert [first.receipt.event] == stored
        assert 1 == refusals.count("FRAMES_REUSED")


class TestFaces:
    """The face is the employee's, from the first step to the last."""

    async def test_another_person(self, world, cast, steps):
        """Another enrolled person at the phone is not its owner, and is credited nothing."""
        steps(*STEPS)

        result = await attempt(world, cast.actor(2))

        assert "FACE_MISMATCH" == reason_of(result)

    async def test_a_stranger(self, world, cast, steps):
        """Nor is somebody whom nobody enrolled."""
        steps(*STEPS)

        result = await attempt(world, cast.actor(4))

        assert "FACE_MISMATCH" == reason_of(result)

    async def test_swapped(self, world, cast, steps):
        """A face that changes on the way voids the check-in."""
        steps(*STEPS)

        result = await attempt(world, Swapped(cast.actor(HOLDER), cast.actor(2)))

        assert "IDENTITY_CHANGED" == reason_of(result)

    async def test_owner_comes_late(self, world, cast, steps):
        """Nor may another person begin what the owner ends."""
        steps(*STEPS)

        result = await attempt(world, Swapped(cast.actor(2), cast.actor(HOLDER)))

        assert "FACE_MISMATCH" == reason_of(result)

    async def test_two_people(self, world, cast):
        """With a second face as large beside it, no frame counts."""
        rng = np.random.default_rng(5)

        class Pair:
            def frame_for(self, step, progress):
                left = (cast.people[HOLDER], Pose(center=(0.28, 0.45)))
                right = (cast.people[2], Pose(center=(0.72, 0.45)))
                return encode(render_crowd([left, right], rng=rng))

        result = await attempt(world, Impatient(Pair(), world.clock, frames=8))

        assert "CHALLENGE_EXPIRED" == reason_of(result)
        assert {"SEVERAL_FACES"} == set(outcomes(answer.outcome for answer in result.guidance))


class TestLiveness:
    """A picture, or a person who does something else, does not pass."""

    async def test_other_movement(self, world, cast, steps):
        """Turning to the other side than asked voids the challenge."""
        steps(*STEPS)

        result = await attempt(world, Opposite(cast.actor(HOLDER)))

        assert "CHALLENGE_MISMATCH" == reason_of(result)

    async def test_no_movement(self, world, cast, steps):
        """Who only looks on runs out of time."""
        steps(*STEPS)
        source = Impatient(Still(cast.actor(HOLDER)), world.clock, frames=12)

        result = await attempt(world, source)

        assert "CHALLENGE_EXPIRED" == reason_of(result)
        assert 1 == max(answer.steps_done for answer in result.guidance)

    async def test_flat_print(self, world, cast, steps):
        """A print that is turned and brought closer as asked is never recorded."""
        steps("FRONT", "CLOSER", "FRONT", "LEFT")
        source = Impatient(cast.actor(HOLDER, flat=True), world.clock, frames=45)

        result = await attempt(world, source)

        assert reason_of(result) in {"CHALLENGE_EXPIRED", "CHALLENGE_MISMATCH", "SPOOF_SUSPECTED"}


class FakeModel:
    """A passive model that gives every face the same score."""

    def __init__(self, score: float) -> None:
        self._score = score

    def live_probability(self, image, box) -> float:
        return self._score


class TestPassiveModel:
    """With a passive model installed both cues must hold: it never makes a check-in easier."""

    @pytest.mark.parametrize(
        ("flat", "score"), [(False, 0.01), (True, 0.9)], ids=["replay", "print"]
    )
    async def test_one_cue_is_not_enough(
        self, open_copy, cast, steps, monkeypatch, tmp_path, flat, score
    ):
        """A replay moves as a head does, and a print may please the model: both are refused."""
        monkeypatch.setattr(app, "load_antispoof", lambda *_, **__: FakeModel(score))
        steps("FRONT", "LEFT", "FRONT", "RIGHT")
        source = cast.actor(HOLDER, flat=flat)
        if flat:  # a print cannot turn: let the challenge be one that it can do, held still
            steps(*["FRONT"] * 8)
            source = Still(source)
            monkeypatch.setattr(Progress, "look_again", lambda self: None)
        async with open_copy(antispoof_models=tmp_path) as world:
            result = await attempt(world, source)
            stored = await world.events()

        assert "SPOOF_SUSPECTED" == reason_of(result)
        assert [] == stored

    async def test_both_hold(self, open_copy, cast, steps, monkeypatch, tmp_path):
        """A head that moves and pleases the model is recorded."""
        monkeypatch.setattr(app, "load_antispoof", lambda *_, **__: FakeModel(0.9))
        steps(*STEPS)
        async with open_copy(antispoof_models=tmp_path) as world:
            result = await attempt(world, cast.actor(HOLDER))

        assert "RECORDED" == reason_of(result)
        assert 0.9 == pytest.approx(result.receipt.event.scores.passive)


class TestTooManyRefusals:
    """After five refusals that may be attacks the phone has to wait."""

    async def test_waits(self, world, cast):
        """The sixth try is refused for 30 seconds; other phones are not."""
        phone, other = await world.phone(3), await world.phone(1)
        mock = world.place(3, mock=True)
        reasons = []
        for _ in range(5):
            world.clock.advance(seconds=1)
            reasons.append(reason_of(await phone.check_in(IN, mock, cast.actor(3))))
        world.clock.advance(seconds=10)

        with refused("TOO_MANY_REFUSALS", "RESOURCE_EXHAUSTED") as caught:
            await phone.check_in(IN, world.place(3), cast.actor(3))
        elsewhere = await other.check_in(IN, world.place(1, mock=True), cast.actor(1))
        world.clock.advance(seconds=21)
        after = await phone.check_in(IN, mock, cast.actor(3))

        assert ["MOCK_LOCATION"] * 5 == reasons
        assert 12 < caught.value.retry_after_s < 30
        assert int(caught.value.metadata["seconds"]) in range(15, 21)
        assert "MOCK_LOCATION" == reason_of(elsewhere)
        assert "MOCK_LOCATION" == reason_of(after)

    async def test_those_that_accuse_nobody(self, world, cast):
        """Each is stored for good: a script that asks from elsewhere has to wait, too."""
        phone, away = await world.phone(3), world.place(3, north_m=5_000)
        reasons = [
            reason_of(await phone.check_in(IN, away, cast.actor(3)))
            for _ in range(REFUSALS_ANY_MAX)
        ]

        with refused("TOO_MANY_REFUSALS", "RESOURCE_EXHAUSTED"):
            await phone.check_in(IN, away, cast.actor(3))
        world.clock.advance(seconds=31)

        assert {"OUTSIDE_GEOFENCE"} == set(reasons)
        assert "OUTSIDE_GEOFENCE" == reason_of(await phone.check_in(IN, away, cast.actor(3)))

    async def test_hanging_up(self, world, cast):
        """Who hangs up after each challenge, to draw another, waits after five."""
        phone = await world.phone(3)
        for _ in range(5):
            await self._draw(world, phone)
        await kept(world, phone, 5)

        with refused("TOO_MANY_REFUSALS", "RESOURCE_EXHAUSTED"):
            await phone.check_in(IN, world.place(3), cast.actor(3))

    @pytest.mark.parametrize("end", ["revoked", "drain"])
    async def test_ended_by_the_server(self, open_copy, end):
        """A stream that the server ends is no hanging up."""
        async with open_copy() as world:
            phone = await world.phone(3)
            async with Api(phone.client).stream("CheckIn") as stream:
                await stream.send(open=opened(world, location=world.place(3)))
                await stream.receive()
                if end == "drain":
                    world.app.services.live.begin_drain()
                else:
                    world.app.services.live.end_all(DeviceRevoked("the device was revoked"))
                    with refused("DEVICE_REVOKED", "PERMISSION_DENIED"):
                        await stream.rest()
            await none_open(world)

            assert [] == refusals_of(world, phone)

    async def _draw(self, world, phone) -> None:
        """Gets a challenge and hangs up."""
        async with Api(phone.client).stream("CheckIn") as stream:
            await stream.send(open=opened(world, location=world.place(3)))
            assert (await stream.receive()).HasField("challenge")
        await none_open(world)

    async def test_innocent_refusals(self, world, cast):
        """Standing outside the fence is no attack, however often."""
        phone, outside = await world.phone(3), world.place(3, north_m=900)

        reasons = [reason_of(await phone.check_in(IN, outside, cast.actor(3))) for _ in range(7)]

        assert ["OUTSIDE_GEOFENCE"] * 7 == reasons

    async def test_refusals_are_kept(self, world, cast, steps):
        """Each refusal is stored with its reason and scores, for the person's appeal."""
        steps(*STEPS)
        phone = await world.phone(1)
        await phone.check_in(IN, world.place(1), cast.actor(2))

        assert "FACE_MISMATCH" == refusals_of(world, phone)[-1]
        assert world.seed.people[1].nip == refusals_of(world, phone, "nip")[-1]


async def kept(world: World, phone, count: int) -> None:
    """Waits until so many hang-ups of a phone are on the disk."""
    for _ in range(500):
        if count <= refusals_of(world, phone).count("ABANDONED"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(refusals_of(world, phone))


def opened(world: World, **fields) -> checkin_pb2.OpenCheckIn:
    values = {
        "request_id": str(uuid.uuid4()),
        "kind": IN,
        "location": world.place(HOLDER),
        "device_time": now(),
    }
    return checkin_pb2.OpenCheckIn(**{**values, **fields})
