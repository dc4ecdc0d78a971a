"""KioskService: the long-lived stream of a kiosk."""

from collections.abc import AsyncIterator

from google.protobuf.duration_pb2 import Duration
from hadir.v1 import kiosk_pb2, kiosk_pb2_grpc

from server import messages
from server.clock import Clock
from server.domain.frame import Frame
from server.domain.nip import mask
from server.domain.track import FaceState
from server.errors import OpenFirst, ServerDraining
from server.rpc import convert
from server.rpc.call import Context, caller, language
from server.rpc.streams import Draining, Inbox, StreamLimits, Unseen, traced
from server.services.kiosk import FrameResult, Kiosks, KioskSession, Sighting
from server.services.live import LiveStreams

RESUME_DELAY_MS = 2000


class KioskServicer(kiosk_pb2_grpc.KioskServiceServicer):
    """Recognition of people who walk up."""

    def __init__(
        self,
        kiosks: Kiosks,
        live: LiveStreams,
        clock: Clock,
        *,
        idle_s: float,
    ) -> None:
        self._kiosks = kiosks
        self._live = live
        self._clock = clock
        self._limits = StreamLimits(idle_s)

    async def Identify(
        self,
        request_iterator: AsyncIterator[kiosk_pb2.IdentifyRequest],
        context: Context,
    ) -> AsyncIterator[kiosk_pb2.IdentifyResponse]:
        """See kiosk.proto."""
        with self._live.open(caller(), alone=True) as live, live.guarded():
            async with (
                self._kiosks.alone(live),
                Inbox(request_iterator, live, self._clock, self._limits) as inbox,
            ):
                opened = await inbox.open()
                session = await self._kiosks.open(caller(), convert.time(opened.device_time))
                yield self._ready(session)
                async for item in inbox:
                    if isinstance(item, Draining):
                        yield _resume()
                        raise ServerDraining("the server is about to stop", retry_after_s=2)
                    if isinstance(item, Unseen):
                        yield _response(item.number, FrameResult(item.outcome))
                    elif isinstance(item, Frame):
                        with traced(item, self._clock) as span:
                            result = await session.observe(item)
                            span.note(outcome=result.outcome.value, faces=len(result.sightings))
                        yield _response(item.number, result)
                    else:
                        raise OpenFirst("open comes once, then frames")

    def _ready(self, session: KioskSession) -> kiosk_pb2.IdentifyResponse:
        return kiosk_pb2.IdentifyResponse(
            ready=kiosk_pb2.IdentifyReady(
                site_name=session.site.display_name,
                server_time=convert.stamp(self._clock.now()),
                max_frames_per_second=self._kiosks.fps_max,
                time_zone=session.site.time_zone,
            )
        )


def _resume() -> kiosk_pb2.IdentifyResponse:
    delay = Duration()
    delay.FromMilliseconds(RESUME_DELAY_MS)
    return kiosk_pb2.IdentifyResponse(resume=kiosk_pb2.Resume(delay=delay))


def _response(frame_number: int, result: FrameResult) -> kiosk_pb2.IdentifyResponse:
    return kiosk_pb2.IdentifyResponse(
        result=kiosk_pb2.FrameResult(
            frame_number=frame_number,
            outcome=convert.outcome(result.outcome),
            faces=[_face(sighting) for sighting in result.sightings],
            timings=convert.timings(result.timings),
            next_frame_ms=result.next_frame_s * 1e3,
        )
    )


def _face(sighting: Sighting) -> kiosk_pb2.FaceResult:
    recorded = sighting.recorded
    unusable = sighting.state is FaceState.UNUSABLE
    text = (
        messages.text(messages.FRAMES, sighting.outcome.value, language())
        if unusable
        else messages.text(messages.FACES, sighting.state.value, language())
    )
    return kiosk_pb2.FaceResult(
        track_number=sighting.track,
        box=convert.box(sighting.box),
        state=f"FACE_STATE_{sighting.state.value}",
        outcome=convert.outcome(sighting.outcome) if unusable else None,
        text=text,
        event=(convert.event(recorded.event, nip=mask(recorded.event.nip)) if recorded else None),
        already_recorded=recorded.replayed if recorded else False,
    )
