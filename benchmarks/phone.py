"""A simulated employee's phone: activates, signs in and checks in with frames it is given.

For demos, load and tests; `ImposterKnobs` makes it lie. Knows the API and no model or server.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from hadir.device import (
    DeviceKey,
    FrameChain,
    Identity,
    IdentityError,
    activate,
    login,
    seal_message,
)
from hadir.v1 import checkin_pb2, checkin_pb2_grpc, event_pb2, frame_pb2

from kiosk_client.duplex import Duplex, Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from hadir.client import Client
    from hadir.v1 import session_pb2

FRAMES_PER_SECOND: Final = 10.0
# How long a person takes for one step; a frame source follows `progress` from 0 to 1.
STEP_S: Final = 1.0
# How long a person takes to read and to begin a step, in loads that size servers. An assumption:
# choices by eye take 0.4 to 0.6 s (Hick, 1952), and nobody expects the next step.
REACTION_S: Final = 0.5
# A challenge ends after 60 seconds; a call that lives much longer hangs.
CHECK_IN_DEADLINE_S: Final = 90.0
MODEL: Final = "Simulated phone"

Call = Duplex[checkin_pb2.CheckInRequest, checkin_pb2.CheckInResponse]


# How long a source is told apart that a step lasts, in parts of the time it should take.
PROGRESS_MAX: Final = 4.0


class FrameSource(Protocol):
    """The person in front of the phone. Called on the event loop: prepare what is slow."""

    def frame_for(self, step: checkin_pb2.ChallengeStep | None, progress: float) -> bytes:
        """Return the next JPEG for a step (None: all are done), `progress` of the way into it.

        1.0 when a step should be done; up to PROGRESS_MAX while it lasts longer.
        """


@dataclass(frozen=True, slots=True)
class ImposterKnobs:
    """Ways to lie in the protocol, for tests. The default is honest."""

    # Sign and chain over another nonce than the server's.
    nonce: bytes | None = None
    # Send this instead of a signature.
    signature: bytes | None = None
    # Sign with another key than the device's.
    key: DeviceKey | None = None
    # Wait before the seal.
    seal_delay_s: float = 0.0
    # Hang up instead of sealing.
    omit_seal: bool = False
    # What goes over the wire instead of the frame in the chain.
    mutate_frame: Callable[[frame_pb2.Frame], frame_pb2.Frame] | None = None
    # Added to every capture time, by frame number.
    capture_skew_ms: Callable[[int], int] | None = None
    # So far apart are the capture times from the first one on, however fast the frames go out.
    capture_interval_ms: int | None = None


HONEST: Final = ImposterKnobs()


@dataclass(frozen=True, slots=True)
class Answer:
    """A frame that was answered: when it was sent (monotonic), and how long its answer took.

    held_ms: for how much longer than its own pace asks for the phone kept the frame back because
    the server wished it so; None of the first, which has no frame before it.
    """

    sent_s: float
    took_ms: float
    held_ms: float | None
    guidance: checkin_pb2.Guidance


@dataclass(frozen=True, slots=True)
class CheckInTimings:
    """What the employee waited for, in milliseconds.

    steps_ms: from when each step was asked for to when the frame that completed it was taken.
    """

    challenge_ms: float
    steps_ms: list[float]
    seal_ms: float
    total_ms: float
    round_trips_ms: list[float]


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """How a check-in ended: `receipt` or `refusal`, or neither where the phone hung up."""

    request_id: str
    receipt: checkin_pb2.CheckInReceipt | None
    refusal: checkin_pb2.CheckInRefusal | None
    challenge: checkin_pb2.Challenge | None
    guidance: list[checkin_pb2.Guidance]
    frames_sent: int
    timings: CheckInTimings

    @property
    def recorded(self) -> bool:
        """Whether the event is on the server's disk."""
        return self.receipt is not None


class Phone:
    """One phone with one key. `client` carries its session."""

    def __init__(
        self,
        client: Client,
        *,
        identity: Identity | None = None,
        frames_per_second: float = FRAMES_PER_SECOND,
        step_s: float = STEP_S,
        reaction_s: float = 0.0,
        knobs: ImposterKnobs = HONEST,
    ) -> None:
        self.client = client
        self.frames_per_second = frames_per_second
        self.step_s = step_s
        self.reaction_s = reaction_s
        self.knobs = knobs
        self._identity = identity

    @property
    def identity(self) -> Identity:
        """Who the phone is."""
        if self._identity is None:
            message = "the phone is not activated: call activate() first"
            raise IdentityError(message)
        return self._identity

    async def activate(self, code: str, *, model: str = MODEL) -> Identity:
        """Bind the phone with a code of BKD; it has a new key afterwards."""
        self._identity = await activate(self.client, code, model=model)
        return self._identity

    async def login(self) -> session_pb2.Session:
        """Open a session."""
        return await login(self.client, self.identity)

    async def check_in(
        self,
        kind: event_pb2.EventKind,
        location: event_pb2.Location,
        source: FrameSource,
        *,
        request_id: str | None = None,
        answers: list[Answer] | None = None,
    ) -> CheckInResult:
        """Check in or out; ApiError where the server ends the stream with an error.

        To try again after UNAVAILABLE, pass the same `request_id`. answers: gets each answer when
        it comes, so that those of a check-in that fails are known too.
        """
        opened = checkin_pb2.OpenCheckIn(
            request_id=request_id or str(uuid.uuid4()), kind=kind, location=location
        )
        opened.device_time.GetCurrentTime()
        stub = checkin_pb2_grpc.CheckInServiceStub(self.client.channel)
        call = stub.CheckIn(metadata=self.client.metadata, timeout=CHECK_IN_DEADLINE_S)
        async with Duplex(call, language=self.client.endpoint.language) as duplex:
            return await _CheckIn(self, duplex, opened, source, answers=answers).run()


@dataclass(slots=True)
class _Progress:
    """What a check-in has gathered so far."""

    start_s: float
    challenge_s: float = 0.0
    seal_s: float = 0.0
    challenge: checkin_pb2.Challenge | None = None
    guidance: list[checkin_pb2.Guidance] = field(default_factory=list)
    # When each frame was sent that has no answer yet, and how long it had been held.
    sent: dict[int, tuple[float, float | None]] = field(default_factory=dict)
    steps_ms: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    frames_sent: int = 0


class _CheckIn:
    """One check-in stream, from `open` to its end."""

    def __init__(
        self,
        phone: Phone,
        duplex: Call,
        opened: checkin_pb2.OpenCheckIn,
        source: FrameSource,
        *,
        answers: list[Answer] | None = None,
    ) -> None:
        self._phone, self._duplex = phone, duplex
        self._opened, self._source = opened, source
        self._knobs = phone.knobs
        self._pace = Pace(phone.frames_per_second)
        self._nonce = b""
        self._chain = FrameChain(b"")
        self._step: checkin_pb2.ChallengeStep | None = None
        self._step_start_s = 0.0
        self._first_ms = 0
        self._asked_s = 0.0
        self._last_sent_s: float | None = None
        self._seen = _Progress(time.monotonic(), answers=[] if answers is None else answers)

    async def run(self) -> CheckInResult:
        """Answer whatever the server sends until it ends the check-in."""
        await self._duplex.write(checkin_pb2.CheckInRequest(open=self._opened))
        while (response := await self._duplex.read()) is not None:
            match response.WhichOneof("message"):
                case "challenge":
                    self._begin(response.challenge)
                case "guidance":
                    self._follow(response.guidance)
                case "seal_request":
                    if not await self._seal(response.seal_request.last_frame_number):
                        break
                case "receipt" | "refusal":
                    result = self._result(response)
                    await self._duplex.end()
                    return result
        return self._result(None)

    def _begin(self, challenge: checkin_pb2.Challenge) -> None:
        self._seen.challenge, self._seen.challenge_s = challenge, time.monotonic()
        self._nonce = challenge.nonce if self._knobs.nonce is None else self._knobs.nonce
        self._chain = FrameChain(self._nonce)
        self._turn_to(challenge.steps[0] if challenge.steps else None)
        self._duplex.send_with(self._send(challenge.first_frame_ms / 1e3))

    def _follow(self, guidance: checkin_pb2.Guidance) -> None:
        self._asked_s = guidance.next_frame_ms / 1e3
        self._pace.answered(asked_s=self._asked_s)
        self._seen.guidance.append(guidance)
        sent_s, held_ms = self._seen.sent.pop(guidance.frame_number, (None, None))
        if sent_s is not None:
            took_ms = (time.monotonic() - sent_s) * 1000
            self._seen.answers.append(Answer(sent_s, took_ms, held_ms, guidance))
            if guidance.steps_done > len(self._seen.steps_ms):
                self._seen.steps_ms.append((sent_s - self._step_start_s) * 1000)
        self._turn_to(guidance.step or None)

    def _turn_to(self, step: checkin_pb2.ChallengeStep | None) -> None:
        if step != self._step:
            self._step, self._step_start_s = step, time.monotonic()

    async def _send(self, first_s: float) -> None:
        await asyncio.sleep(first_s)
        while await self._pace.turn():
            frame = self._next_frame()
            self._chain.add(frame)
            if self._knobs.mutate_frame is not None:
                frame = self._knobs.mutate_frame(frame)
            if not await self._duplex.write(checkin_pb2.CheckInRequest(frame=frame)):
                return

    def _next_frame(self) -> frame_pb2.Frame:
        moving_s = time.monotonic() - self._step_start_s - self._phone.reaction_s
        progress = min(PROGRESS_MAX, max(0.0, moving_s) / self._phone.step_s)
        jpeg = self._source.frame_for(self._step, progress)
        self._seen.frames_sent += 1
        number = self._seen.frames_sent
        frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg)
        frame.capture_time.FromMilliseconds(self._capture_time_ms(number))
        now_s = time.monotonic()
        held_ms = None
        if self._last_sent_s is not None:
            passed_s = now_s - self._last_sent_s
            held_ms = held_s(passed_s, self._asked_s, self._pace.interval_s) * 1000
        self._seen.sent[number] = now_s, held_ms
        self._last_sent_s = now_s
        return frame

    def _capture_time_ms(self, number: int) -> int:
        now_ms = time.time_ns() // 1_000_000
        self._first_ms = self._first_ms or now_ms
        if self._knobs.capture_interval_ms is not None:
            return self._first_ms + self._knobs.capture_interval_ms * (number - 1)
        return now_ms + (self._knobs.capture_skew_ms(number) if self._knobs.capture_skew_ms else 0)

    async def _seal(self, last_frame_number: int) -> bool:
        """Stop sending and seal. False: this phone hangs up instead."""
        self._pace.stop()
        await self._duplex.sent()
        await asyncio.sleep(self._knobs.seal_delay_s)
        if self._knobs.omit_seal:
            return False
        self._seen.seal_s = time.monotonic()
        seal = checkin_pb2.SealCheckIn(signature=self._signature(last_frame_number))
        if await self._duplex.write(checkin_pb2.CheckInRequest(seal=seal)):
            await self._duplex.done_writing()
        return True

    def _signature(self, last_frame_number: int) -> bytes:
        if self._knobs.signature is not None:
            return self._knobs.signature
        identity = self._phone.identity
        chain = self._chain.value(last_frame_number)
        message = seal_message(identity, self._opened, nonce=self._nonce, chain=chain)
        return (self._knobs.key or identity.key).sign(message)

    def _result(self, response: checkin_pb2.CheckInResponse | None) -> CheckInResult:
        seen, end_s = self._seen, time.monotonic()
        end = "" if response is None else response.WhichOneof("message")
        return CheckInResult(
            request_id=self._opened.request_id,
            receipt=response.receipt if response and end == "receipt" else None,
            refusal=response.refusal if response and end == "refusal" else None,
            challenge=seen.challenge,
            guidance=seen.guidance,
            frames_sent=seen.frames_sent,
            timings=CheckInTimings(
                challenge_ms=max(0.0, seen.challenge_s - seen.start_s) * 1000,
                steps_ms=seen.steps_ms,
                seal_ms=(end_s - seen.seal_s) * 1000 if seen.seal_s else 0.0,
                total_ms=(end_s - seen.start_s) * 1000,
                round_trips_ms=[answer.took_ms for answer in seen.answers],
            ),
        )


def held_s(passed_s: float, asked_s: float, interval_s: float) -> float:
    """Returns how much of the time between two frames was the server's wish and not the pace's.

    passed_s: between them. asked_s: so long after the first the server asked for the second.
    """
    return max(0.0, min(passed_s, asked_s) - interval_s)
