"""The kiosk's stream to the server: newest frames out, results in, again after every break.

Knows cameras and screens only by the frames it is offered and the updates it yields.
"""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import grpc
from hadir.client import ApiError
from hadir.device import login
from hadir.v1 import frame_pb2, kiosk_pb2, kiosk_pb2_grpc

from kiosk_client.duplex import Duplex, Pace
from kiosk_client.updates import Answer, Ended, Offline, Online

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from hadir.client import Client
    from hadir.device import Identity

    from kiosk_client.updates import Shot, Update

FRAMES_PER_SECOND: Final = 5.0
BACKOFF_S_MIN: Final = 0.5
BACKOFF_S_MAX: Final = 30.0
_BACKOFF_DOUBLINGS_MAX: Final = 10
# A waiting time that the server asks for is kept, within reason, plus this share at random.
RETRY_AFTER_S_MAX: Final = 300.0
RETRY_AFTER_JITTER: Final = 0.25
READY_DEADLINE_S: Final = 10.0
RESUME_DRAIN_S: Final = 2.0
# A frame that is not answered for this long means that the kiosk is offline.
ANSWER_DEADLINE_S: Final = 5.0
PACE_S_MAX: Final = 2.0
PACE_BACK: Final = 2.0
PACE_RECOVER: Final = 0.9

# Reasons that no waiting mends, and what to say.
_FOR_GOOD: Final = {"DEVICE_REVOKED": "revoked", "ROLE_DENIED": "role"}
_TEXTS: Final = {
    "revoked": (
        "Kiosk ini dicabut oleh BKD. Minta kode baru, lalu `hadir-kiosk activate KODE`.",
        "BKD revoked this kiosk. Ask for a new code, then run `hadir-kiosk activate CODE`.",
    ),
    "role": (
        "Perangkat ini bukan kiosk. Aktifkan dengan kode aktivasi kiosk dari BKD.",
        "This device is no kiosk. Activate it with a kiosk's activation code from BKD.",
    ),
    "login": (
        "Login kiosk ditolak. Jika terus terjadi, minta BKD memeriksa atau mengaktifkan ulang.",
        "The kiosk's login was refused. If this goes on, ask BKD to check or activate it again.",
    ),
    "silent": ("Server tidak menjawab.", "The server does not answer."),
    "restart": ("Server sedang dimulai ulang.", "The server is restarting."),
    "closed": ("Server menutup sambungan.", "The server closed the connection."),
}

Call = Duplex[kiosk_pb2.IdentifyRequest, kiosk_pb2.IdentifyResponse]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waiting times with jitter, so that kiosks do not come back all at once."""

    s_min: float = BACKOFF_S_MIN
    s_max: float = BACKOFF_S_MAX
    random: random.Random = field(default_factory=random.SystemRandom)

    def delay_s(self, attempt: int, *, at_least_s: float | None = None) -> float:
        """Return the wait before the next try; `attempt` counts failures since the last answer."""
        doublings = min(attempt + 1, _BACKOFF_DOUBLINGS_MAX)
        delay_s = self.random.uniform(self.s_min, min(self.s_max, self.s_min * 2**doublings))
        if at_least_s is None:
            return delay_s
        asked_s = min(at_least_s, RETRY_AFTER_S_MAX)
        return max(delay_s, asked_s * (1 + self.random.uniform(0, RETRY_AFTER_JITTER)))


class _StreamError(Exception):
    """A stream ended: what to show, and when to try again."""

    def __init__(
        self,
        text: str,
        *,
        at_least_s: float | None = None,
        at_once: bool = False,
        for_good: bool = False,
        no_picture: bool = False,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.no_picture = no_picture
        self.at_least_s = at_least_s
        self.at_once = at_once
        self.for_good = for_good


class KioskStream:
    """Keeps an Identify stream open. One frame waits at most: a newer one takes its place."""

    def __init__(
        self,
        client: Client,
        identity: Identity,
        *,
        frames_per_second: float = FRAMES_PER_SECOND,
        backoff: Backoff | None = None,
        answer_deadline_s: float = ANSWER_DEADLINE_S,
    ) -> None:
        self._client = client
        self._identity = identity
        self._fps_max = frames_per_second
        self._backoff = backoff or Backoff()
        self._answer_deadline_s = answer_deadline_s
        self._waiting: Shot | None = None
        self._arrived = asyncio.Event()
        self._finished = asyncio.Event()
        self._signed_in_now = False
        self._answered = False
        self._restart_s: float | None = None
        self.dropped_count = 0

    def offer(self, shot: Shot) -> None:
        """Give the newest frame; call it on the event loop's thread."""
        if self._waiting is not None:
            self.dropped_count += 1
        self._waiting = shot
        self._arrived.set()

    def finish(self) -> None:
        """No more frames come: answer what was sent, then end."""
        self._finished.set()
        self._arrived.set()

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Yield what happens, until the kiosk is revoked or `finish` was called."""
        attempt = 0
        while True:
            self._answered, self._restart_s = False, None
            try:
                async with aclosing(self._stream()) as updates:
                    async for update in updates:
                        yield update
                broken = _StreamError(self._text("closed"))
            except ApiError as error:
                broken = self._judge(error)
            except TimeoutError:
                broken = _StreamError(self._text("silent"))
            except _StreamError as error:
                broken = error
            if self._restart_s is not None:
                broken = _StreamError(self._text("restart"), at_least_s=self._restart_s)
            if broken.for_good:
                yield Ended(broken.text)
                return
            if self._finished.is_set():
                return
            if broken.at_once:
                continue
            attempt = 0 if self._answered else attempt
            delay_s = self._backoff.delay_s(attempt, at_least_s=broken.at_least_s)
            attempt += 1
            yield Offline(
                broken.text, delay_s, planned=self._restart_s is not None or broken.no_picture
            )
            await self._pause(delay_s)

    async def _stream(self) -> AsyncGenerator[Update, None]:
        """One stream, from signing in to its end."""
        await self._sign_in()
        stub = kiosk_pb2_grpc.KioskServiceStub(self._client.channel)
        call = stub.Identify(metadata=self._client.metadata)
        async with Duplex(call, language=self._client.endpoint.language) as duplex:
            ready = await self._open(duplex)
            offset_s = ready.server_time.ToMilliseconds() / 1000 - time.time()
            yield Online(ready.site_name, offset_s, ready.time_zone)
            link = _Link(self._pace(ready))
            duplex.send_with(self._send(duplex, link))
            while (response := await self._read(duplex)) is not None:
                if response.HasField("result"):
                    self._answered = True
                    yield link.answer(response.result)
                elif response.HasField("resume"):
                    link.pace.stop()
                    self._restart_s = response.resume.delay.ToMilliseconds() / 1000

    async def _sign_in(self) -> None:
        self._signed_in_now = self._client.token is None
        if self._signed_in_now:
            await login(self._client, self._identity)

    async def _open(self, duplex: Call) -> kiosk_pb2.IdentifyReady:
        opened = kiosk_pb2.OpenIdentify()
        opened.device_time.GetCurrentTime()
        async with asyncio.timeout(READY_DEADLINE_S):
            await duplex.write(kiosk_pb2.IdentifyRequest(open=opened))
            response = await duplex.read()
        if response is None or not response.HasField("ready"):
            raise _StreamError(self._text("closed"))
        return response.ready

    async def _read(self, duplex: Call) -> kiosk_pb2.IdentifyResponse | None:
        # After `resume` only the answers that are already on their way are worth a wait.
        async with asyncio.timeout(None if self._restart_s is None else RESUME_DRAIN_S):
            return await duplex.read()

    async def _send(self, duplex: Call, link: _Link) -> None:
        """Send the newest frame whenever one may go; TimeoutError if nothing comes back."""
        while True:
            async with asyncio.timeout(self._answer_deadline_s):
                if not await link.pace.turn():
                    return
            shot = await self._newest()
            async with asyncio.timeout(self._answer_deadline_s):
                if shot is None:
                    await self._drain(duplex, link)
                    return
                if not await duplex.write(link.request(shot)):
                    return

    async def _newest(self) -> Shot | None:
        while self._waiting is None and not self._finished.is_set():
            self._arrived.clear()
            await self._arrived.wait()
        shot, self._waiting = self._waiting, None
        return shot

    async def _drain(self, duplex: Call, link: _Link) -> None:
        link.pace.answered()  # the turn that was taken for no frame
        await duplex.done_writing()
        await link.pace.idle()

    async def _pause(self, delay_s: float) -> None:
        try:
            async with asyncio.timeout(delay_s):
                await self._finished.wait()
        except TimeoutError:
            return

    def _pace(self, ready: kiosk_pb2.IdentifyReady) -> Pace:
        asked = ready.max_frames_per_second
        return Pace(min(self._fps_max, asked) if asked > 0 else self._fps_max)

    def _judge(self, error: ApiError) -> _StreamError:
        """Decide what an error of the API means for a kiosk."""
        if error.reason in _FOR_GOOD:
            return _StreamError(self._text(_FOR_GOOD[error.reason]), for_good=True)
        if error.reason == "LOGIN_REFUSED":
            return _StreamError(self._text("login"), at_least_s=error.retry_after_s)
        signed_out = error.code is grpc.StatusCode.UNAUTHENTICATED
        if signed_out or error.reason == "SESSION_ENDED":
            self._client.token = None
            return _StreamError(error.message, at_once=not self._signed_in_now)
        # The server heard nothing since the camera gave nothing: no trouble of the network.
        silent = error.reason == "STREAM_IDLE"
        return _StreamError(error.message, at_least_s=error.retry_after_s, no_picture=silent)

    def _text(self, name: str) -> str:
        indonesian, english = _TEXTS[name]
        return english if self._client.endpoint.language.startswith("en") else indonesian


class _Link:
    """What one stream must remember of its frames."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._interval_s_min = pace.interval_s
        self._last_number = 0

    def request(self, shot: Shot) -> kiosk_pb2.IdentifyRequest:
        """Make a numbered frame."""
        self._last_number += 1
        frame = frame_pb2.Frame(frame_number=self._last_number, jpeg=shot.jpeg)
        frame.capture_time.FromMilliseconds(shot.capture_time_ms)
        return kiosk_pb2.IdentifyRequest(frame=frame)

    def answer(self, result: kiosk_pb2.FrameResult) -> Answer:
        """Note an answer; a busy server gets fewer frames for a while."""
        self.pace.answered(asked_s=result.next_frame_ms / 1000)
        busy = result.outcome == frame_pb2.FRAME_OUTCOME_OVERLOADED
        factor = PACE_BACK if busy else PACE_RECOVER
        interval_s = min(self.pace.interval_s * factor, PACE_S_MAX)
        self.pace.interval_s = max(interval_s, self._interval_s_min)
        return Answer(result)
