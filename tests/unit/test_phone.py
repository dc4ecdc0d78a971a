"""The simulated phone and walker against small fake servers that check what they are sent."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import statistics
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hadir.client import ApiError, Client, Endpoint
from hadir.device import DeviceKey, Identity, IdentityError, seal_message
from hadir.v1 import (
    checkin_pb2,
    checkin_pb2_grpc,
    event_pb2,
    frame_pb2,
    kiosk_pb2,
    kiosk_pb2_grpc,
)

from benchmarks.phone import PROGRESS_MAX, Answer, ImposterKnobs, Phone, held_s
from benchmarks.walker import walk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    Context = grpc.aio.ServicerContext[Any, Any]
    CheckInAnswers = AsyncIterator[checkin_pb2.CheckInResponse]
    IdentifyAnswers = AsyncIterator[kiosk_pb2.IdentifyResponse]

NONCE = bytes(range(32))
STEPS = (
    checkin_pb2.CHALLENGE_STEP_FRONT,
    checkin_pb2.CHALLENGE_STEP_LEFT,
    checkin_pb2.CHALLENGE_STEP_RIGHT,
    checkin_pb2.CHALLENGE_STEP_CLOSER,
)
FRAMES_PER_STEP = 3
PLACE = event_pb2.Location(latitude=0.73, longitude=127.55, accuracy_m=8)
KEY = DeviceKey.generate()
IDENTITY = Identity("01PHONE", "phone", "", KEY, "199001012015011001")
FAST = 200.0


class FakeCheckIns(checkin_pb2_grpc.CheckInServiceServicer):
    """Leads through four steps of three frames each and checks the seal."""

    def __init__(
        self,
        *,
        fail: grpc.StatusCode | None = None,
        fail_after: int = 0,
        at_once: str = "",
        answer_s: float = 0.0,
        asked_ms: int = 0,
    ) -> None:
        self.fail = fail
        self.at_once = at_once
        self.answer_s = answer_s
        self.fail_after = fail_after
        self.asked_ms = asked_ms
        self.opened = checkin_pb2.OpenCheckIn()
        self.frames: list[frame_pb2.Frame] = []
        self.ended_politely = False

    async def CheckIn(
        self, requests: AsyncIterator[checkin_pb2.CheckInRequest], context: Context
    ) -> CheckInAnswers:
        """Check one person in."""
        self.opened = (await anext(requests)).open
        if self.fail is not None:
            await context.abort(self.fail, "no", (("grpc-retry-pushback-ms", "700"),))
        if self.at_once:
            yield self._end(self.at_once)
            return
        yield checkin_pb2.CheckInResponse(challenge=checkin_pb2.Challenge(nonce=NONCE, steps=STEPS))
        count = len(STEPS) * FRAMES_PER_STEP
        async for request in requests:
            if request.HasField("seal"):
                yield self._end("receipt" if self._fits(request.seal) else "refusal")
                break
            self.frames.append(request.frame)
            done = len(self.frames)
            if done <= count:
                await asyncio.sleep(self.answer_s)
                yield self._guidance(request.frame.frame_number, done // FRAMES_PER_STEP)
            if done == self.fail_after:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            if done == count:
                sealed = checkin_pb2.SealRequest(last_frame_number=count)
                yield checkin_pb2.CheckInResponse(seal_request=sealed)
        self.ended_politely = True

    def _guidance(self, number: int, steps_done: int) -> checkin_pb2.CheckInResponse:
        guidance = checkin_pb2.Guidance(
            frame_number=number,
            outcome=frame_pb2.FRAME_OUTCOME_USABLE,
            steps_done=steps_done,
            next_frame_ms=self.asked_ms,
        )
        if steps_done < len(STEPS):
            guidance.step = STEPS[steps_done]
        return checkin_pb2.CheckInResponse(guidance=guidance)

    def _end(self, name: str) -> checkin_pb2.CheckInResponse:
        if name == "receipt":
            event = event_pb2.Event(event_id="01EVENT", kind=self.opened.kind)
            return checkin_pb2.CheckInResponse(receipt=checkin_pb2.CheckInReceipt(event=event))
        reason = checkin_pb2.REFUSAL_REASON_SEAL_INVALID
        return checkin_pb2.CheckInResponse(refusal=checkin_pb2.CheckInRefusal(reason=reason))

    def _fits(self, seal: checkin_pb2.SealCheckIn) -> bool:
        chain = hashlib.sha256(b"hadir-frames-v1" + NONCE).digest()
        for frame in self.frames[: len(STEPS) * FRAMES_PER_STEP]:
            head = frame.frame_number.to_bytes(8, "big")
            head += frame.capture_time.ToMilliseconds().to_bytes(8, "big")
            chain = hashlib.sha256(chain + head + hashlib.sha256(frame.jpeg).digest()).digest()
        message = seal_message(IDENTITY, self.opened, nonce=NONCE, chain=chain)
        public = serialization.load_der_public_key(KEY.public_der)
        assert isinstance(public, ec.EllipticCurvePublicKey)
        try:
            public.verify(seal.signature, message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class FakeKiosks(kiosk_pb2_grpc.KioskServiceServicer):
    """Recognises one person from the third frame on."""

    def __init__(self, *, resume_after: int | None = None) -> None:
        self.resume_after = resume_after
        self.unanswered = self.unanswered_max = 0
        self.half_closed = False

    async def Identify(
        self, requests: AsyncIterator[kiosk_pb2.IdentifyRequest], context: Context
    ) -> IdentifyAnswers:
        """Answer each frame."""
        await anext(requests)
        yield kiosk_pb2.IdentifyResponse(ready=kiosk_pb2.IdentifyReady(site_name="Jalan 40"))
        async for request in requests:
            number = request.frame.frame_number
            if self.resume_after is not None and number > self.resume_after:
                yield kiosk_pb2.IdentifyResponse(resume=kiosk_pb2.Resume())
                await context.abort(grpc.StatusCode.UNAVAILABLE, "bye")
            face = kiosk_pb2.FaceResult(track_number=1, state=kiosk_pb2.FACE_STATE_LOOK_AGAIN)
            if number >= 3:
                face.state = kiosk_pb2.FACE_STATE_RECOGNISED
                face.event.event_id = "01EVENT"
            result = kiosk_pb2.FrameResult(frame_number=number, faces=[face])
            yield kiosk_pb2.IdentifyResponse(result=result)
        self.half_closed = True


class Person:
    """A frame source that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int | None, float]] = []

    def frame_for(self, step: checkin_pb2.ChallengeStep | None, progress: float) -> bytes:
        """Return a different image each time."""
        self.asked.append((step, progress))
        return b"jpeg %d" % len(self.asked)


@asynccontextmanager
async def serve(
    check_ins: FakeCheckIns | None = None, kiosks: FakeKiosks | None = None
) -> AsyncIterator[Client]:
    """Serve the fakes on a free port, to a client."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    checkin_pb2_grpc.add_CheckInServiceServicer_to_server(check_ins or FakeCheckIns(), server)
    kiosk_pb2_grpc.add_KioskServiceServicer_to_server(kiosks or FakeKiosks(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with Client(Endpoint(f"127.0.0.1:{port}"), token="t") as client:
        yield client
    await server.stop(None)


def phone(client: Client, knobs: ImposterKnobs | None = None) -> Phone:
    """Return an activated, fast phone."""
    return Phone(
        client,
        identity=IDENTITY,
        frames_per_second=FAST,
        step_s=0.02,
        knobs=knobs or ImposterKnobs(),
    )


class TestHonestPhone:
    """What the server gets is what the API asks for."""

    async def test_a_check_in_ends_with_a_receipt(self) -> None:
        """Open, challenge, frames, seal, receipt."""
        check_ins, person = FakeCheckIns(), Person()
        async with serve(check_ins) as client:
            result = await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, person)

        assert result.recorded
        assert result.refusal is None
        assert result.receipt is not None
        assert result.receipt.event.event_id == "01EVENT"
        assert str(uuid.UUID(result.request_id)) == result.request_id == check_ins.opened.request_id
        assert check_ins.opened.location == PLACE
        assert check_ins.opened.device_time.seconds > 0
        assert check_ins.ended_politely

    async def test_frames_are_numbered_and_follow_the_guidance(self) -> None:
        """The person is asked for each step, with progress from 0 up."""
        check_ins, person = FakeCheckIns(), Person()
        async with serve(check_ins) as client:
            result = await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, person)

        numbers = [frame.frame_number for frame in check_ins.frames]
        times = [frame.capture_time.ToMilliseconds() for frame in check_ins.frames]
        assert numbers == list(range(1, len(numbers) + 1))
        assert times == sorted(times)
        assert len(numbers) <= result.frames_sent
        steps = list(dict.fromkeys(step for step, _ in person.asked))
        assert steps[:4] == list(STEPS)
        assert set(steps[4:]) <= {None}
        assert all(0 <= progress <= PROGRESS_MAX for _, progress in person.asked)

    async def test_timings_and_guidance_are_kept(self) -> None:
        """One round trip for each answer."""
        async with serve(FakeCheckIns(answer_s=0.005)) as client:
            result = await phone(client).check_in(event_pb2.EVENT_KIND_OUT, PLACE, Person())

        assert len(result.guidance) == len(result.timings.round_trips_ms) == 12
        assert min(result.timings.round_trips_ms) >= 4
        assert 0 < result.timings.challenge_ms < result.timings.total_ms
        assert 0 < result.timings.seal_ms < result.timings.total_ms

    async def test_answers_of_a_check_in_that_fails_are_kept(self) -> None:
        """Whoever passes a list has them, though no result is returned."""
        answers: list[Answer] = []
        async with serve(FakeCheckIns(fail_after=5)) as client:
            with pytest.raises(ApiError):
                await phone(client).check_in(
                    event_pb2.EVENT_KIND_IN, PLACE, Person(), answers=answers
                )

        assert [answer.guidance.frame_number for answer in answers] == [1, 2, 3, 4, 5]

    async def test_held_by_the_wish_of_the_server(self) -> None:
        """Asked for a frame every 50 ms, a phone that could send one every 5 holds each for 45."""
        answers: list[Answer] = []
        async with serve(FakeCheckIns(asked_ms=50)) as client:
            await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, Person(), answers=answers)

        first, _, *others = answers
        assert first.held_ms is None
        assert statistics.median(one.held_ms or 0 for one in others) == pytest.approx(45, abs=5)

    @pytest.mark.parametrize(
        ("passed_s", "asked_s", "held"),
        [
            (0.1, 0.0, 0.0),
            (0.3, 0.0, 0.0),
            (0.25, 0.25, 0.15),
            (0.9, 0.25, 0.15),
            (0.12, 0.3, 0.02),
        ],
        ids=[
            "own pace",
            "late by itself",
            "as asked",
            "asked and late",
            "sent before it was asked",
        ],
    )
    def test_held(self, passed_s: float, asked_s: float, held: float) -> None:
        """Beyond the pace and as long as was wished; what made it later still is something else."""
        assert held_s(passed_s, asked_s, 0.1) == pytest.approx(held)

    async def test_at_most_two_frames_await_an_answer(self) -> None:
        """However slow the server is."""
        check_ins = FakeCheckIns(answer_s=0.01)
        async with serve(check_ins) as client:
            result = await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, Person())

        assert result.frames_sent <= len(result.guidance) + 2

    @pytest.mark.parametrize("end", ["receipt", "refusal"])
    async def test_an_answer_at_once(self, end: str) -> None:
        """The stored receipt of an earlier try, or a place too far away."""
        async with serve(FakeCheckIns(at_once=end)) as client:
            result = await phone(client).check_in(
                event_pb2.EVENT_KIND_IN, PLACE, Person(), request_id="same"
            )

        assert (result.recorded, result.refusal is None) == (end == "receipt", end == "receipt")
        assert result.request_id == "same"
        assert result.frames_sent == 0

    async def test_an_error_is_readable_and_says_when_to_try_again(self) -> None:
        """With the same request id, which the caller holds."""
        async with serve(FakeCheckIns(fail=grpc.StatusCode.UNAVAILABLE)) as client:
            with pytest.raises(ApiError) as caught:
                await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, Person())

        assert caught.value.code is grpc.StatusCode.UNAVAILABLE
        assert caught.value.retry_after_s == 0.7

    async def test_a_person_that_fails_ends_the_check_in(self) -> None:
        """An error in the frame source is not swallowed."""

        class Broken(Person):
            def frame_for(self, step: Any, progress: float) -> bytes:
                message = "no more frames"
                raise LookupError(message)

        async with serve() as client:
            with pytest.raises(LookupError, match="no more frames"):
                await phone(client).check_in(event_pb2.EVENT_KIND_IN, PLACE, Broken())

    async def test_a_phone_without_identity_says_so(self) -> None:
        """Before it is activated."""
        async with serve() as client:
            with pytest.raises(IdentityError, match="activate"):
                _ = Phone(client).identity


def _other_image(frame: frame_pb2.Frame) -> frame_pb2.Frame:
    changed = frame_pb2.Frame()
    changed.CopyFrom(frame)
    if frame.frame_number == 2:
        changed.jpeg = b"another image"
    return changed


class TestImposter:
    """Each lie reaches the server, and the seal gives it away."""

    @pytest.mark.parametrize(
        "knobs",
        [
            ImposterKnobs(nonce=b"x" * 32),
            ImposterKnobs(signature=b"forged"),
            ImposterKnobs(key=DeviceKey.generate()),
            ImposterKnobs(mutate_frame=_other_image),
        ],
        ids=["nonce", "signature", "key", "frame"],
    )
    async def test_the_seal_does_not_fit(self, knobs: ImposterKnobs) -> None:
        """The fake server checks it as the real one does."""
        async with serve() as client:
            result = await phone(client, knobs).check_in(event_pb2.EVENT_KIND_IN, PLACE, Person())

        assert result.refusal is not None
        assert result.refusal.reason == checkin_pb2.REFUSAL_REASON_SEAL_INVALID
        assert not result.recorded

    async def test_a_clock_that_runs_backwards_still_seals(self) -> None:
        """The chain holds the times as sent: judging them is the server's part."""
        check_ins = FakeCheckIns()
        knobs = ImposterKnobs(capture_interval_ms=-7)
        async with serve(check_ins) as client:
            result = await phone(client, knobs).check_in(event_pb2.EVENT_KIND_IN, PLACE, Person())

        times = [frame.capture_time.ToMilliseconds() for frame in check_ins.frames]
        assert {-7} == {later - earlier for earlier, later in itertools.pairwise(times)}
        assert result.recorded

    async def test_hanging_up_before_the_seal(self) -> None:
        """Neither receipt nor refusal."""
        async with serve() as client:
            result = await phone(client, ImposterKnobs(omit_seal=True)).check_in(
                event_pb2.EVENT_KIND_IN, PLACE, Person()
            )

        assert (result.receipt, result.refusal) == (None, None)

    async def test_a_late_seal(self) -> None:
        """It comes after the given delay."""
        async with serve() as client:
            result = await phone(client, ImposterKnobs(seal_delay_s=0.1)).check_in(
                event_pb2.EVENT_KIND_IN, PLACE, Person()
            )

        assert result.timings.total_ms >= 100


class TestWalk:
    """Every frame is sent and its answer kept."""

    async def test_a_walk_collects_all_answers(self) -> None:
        """And counts one event once."""
        kiosks = FakeKiosks()
        async with serve(kiosks=kiosks) as client:
            seen = await walk(client, [b"jpeg"] * 6, frames_per_second=FAST)

        assert seen.site_name == "Jalan 40"
        assert [result.frame_number for result in seen.results] == [1, 2, 3, 4, 5, 6]
        assert len(seen.round_trips_ms) == seen.frames_sent == 6
        assert [face.event.event_id for face in seen.recognised] == ["01EVENT"]
        assert kiosks.half_closed

    async def test_a_walk_may_end_early(self) -> None:
        """As soon as the person is recognised."""
        async with serve() as client:
            seen = await walk(
                client, [b"jpeg"] * 100, frames_per_second=FAST, until=lambda r: r.frame_number == 3
            )

        assert len(seen.results) == 3
        assert seen.frames_sent <= 5

    async def test_a_server_that_restarts(self) -> None:
        """What was answered until then is kept."""
        async with serve(kiosks=FakeKiosks(resume_after=2)) as client:
            seen = await walk(client, [b"jpeg"] * 6, frames_per_second=FAST)

        assert seen.resumed
        assert len(seen.results) == 2
