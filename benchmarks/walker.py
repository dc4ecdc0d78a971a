"""A simulated walk past a kiosk: given frames, sent at a given rate on one Identify stream.

For demos, load and tests. Unlike the real kiosk it drops no frame and does not come back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hadir.v1 import frame_pb2, kiosk_pb2, kiosk_pb2_grpc

from kiosk_client.duplex import IN_FLIGHT_FRAMES_MAX, Duplex, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hadir.client import Client

FRAMES_PER_SECOND: Final = 5.0
# A walk takes seconds; a call that lives much longer hangs.
WALK_DEADLINE_S: Final = 120.0

Call = Duplex[kiosk_pb2.IdentifyRequest, kiosk_pb2.IdentifyResponse]


@dataclass(slots=True)
class Walk:
    """What the kiosk was told during a walk."""

    site_name: str = ""
    results: list[kiosk_pb2.FrameResult] = field(default_factory=list)
    round_trips_ms: list[float] = field(default_factory=list)
    frames_sent: int = 0
    # The server asked for a new stream; what was not answered by then is missing from `results`.
    resumed: bool = False

    @property
    def faces(self) -> list[kiosk_pb2.FaceResult]:
        """All faces of all results."""
        return [face for result in self.results for face in result.faces]

    @property
    def recognised(self) -> list[kiosk_pb2.FaceResult]:
        """The first face of each stored event."""
        first: dict[str, kiosk_pb2.FaceResult] = {}
        for face in self.faces:
            if face.state == kiosk_pb2.FACE_STATE_RECOGNISED:
                first.setdefault(face.event.event_id, face)
        return list(first.values())


async def walk(
    client: Client,
    frames: Iterable[bytes],
    *,
    frames_per_second: float = FRAMES_PER_SECOND,
    in_flight_max: int = IN_FLIGHT_FRAMES_MAX,
    until: Callable[[kiosk_pb2.FrameResult], bool] | None = None,
    heeds: bool = False,
) -> Walk:
    """Send `frames` and collect the answers; ends early once `until` is true for an answer.

    heeds: whether frames wait, like a real kiosk's, until the server wants them.

    ApiError where the server ends the stream with an error, except after its `resume`.
    """
    stub = kiosk_pb2_grpc.KioskServiceStub(client.channel)
    call = stub.Identify(metadata=client.metadata, timeout=WALK_DEADLINE_S)
    async with Duplex(call, language=client.endpoint.language) as duplex:
        opened = kiosk_pb2.OpenIdentify()
        opened.device_time.GetCurrentTime()
        await duplex.write(kiosk_pb2.IdentifyRequest(open=opened))
        pace = Pace(frames_per_second, in_flight_max=in_flight_max)
        walker = _Walker(duplex, pace, heeds=heeds)
        while (response := await duplex.read()) is not None:
            if response.HasField("ready"):
                walker.seen.site_name = response.ready.site_name
                duplex.send_with(walker.send(frames))
            elif response.HasField("resume"):
                walker.seen.resumed = True
                break
            elif walker.answered(response.result, until):
                break
        return walker.seen


class _Walker:
    def __init__(self, duplex: Call, pace: Pace, *, heeds: bool) -> None:
        self._duplex, self._pace, self._heeds = duplex, pace, heeds
        self._sent_s: dict[int, float] = {}
        self.seen = Walk()

    async def send(self, frames: Iterable[bytes]) -> None:
        """Send all frames, each when it may go, then say that no more follow."""
        for jpeg in frames:
            if not await self._pace.turn() or not await self._duplex.write(self._request(jpeg)):
                return
        await self._pace.idle()
        await self._duplex.done_writing()

    def answered(
        self,
        result: kiosk_pb2.FrameResult,
        until: Callable[[kiosk_pb2.FrameResult], bool] | None,
    ) -> bool:
        """Note an answer and return whether the walk may end."""
        self._pace.answered(asked_s=result.next_frame_ms / 1000 if self._heeds else 0.0)
        self.seen.results.append(result)
        sent_s = self._sent_s.pop(result.frame_number, None)
        if sent_s is not None:
            self.seen.round_trips_ms.append((time.monotonic() - sent_s) * 1000)
        return until is not None and until(result)

    def _request(self, jpeg: bytes) -> kiosk_pb2.IdentifyRequest:
        self.seen.frames_sent += 1
        number = self.seen.frames_sent
        self._sent_s[number] = time.monotonic()
        frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg)
        frame.capture_time.FromMilliseconds(time.time_ns() // 1_000_000)
        return kiosk_pb2.IdentifyRequest(frame=frame)
