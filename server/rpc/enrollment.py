"""EnrollmentService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator

from hadir.v1 import enrollment_pb2, enrollment_pb2_grpc

from server import messages
from server.clock import Clock
from server.domain.frame import Frame
from server.domain.quality import FrameOutcome
from server.errors import OpenFirst, ServerDraining
from server.rpc import convert
from server.rpc.call import Context, caller, language
from server.rpc.streams import Draining, Inbox, StreamLimits, Unseen, traced
from server.services.enrollment import (
    FRAMES_KEPT_MAX,
    FRAMES_NEEDED,
    Enrollments,
    EnrollmentSession,
    Resemblance,
)
from server.services.live import LiveStreams
from server.services.usable import Look
from server.vision.pipeline import Timings

FRAMES_MAX = 600
BYTES_MAX = 128 * 1024 * 1024
# BKD picks photos by hand meanwhile.
IDLE_S = 300


class EnrollmentServicer(enrollment_pb2_grpc.EnrollmentServiceServicer):
    """Enrolment of faces, attended by BKD."""

    def __init__(self, enrollments: Enrollments, live: LiveStreams, clock: Clock) -> None:
        self._enrollments = enrollments
        self._live = live
        self._clock = clock
        self._limits = StreamLimits(IDLE_S, FRAMES_MAX, BYTES_MAX)

    async def Enroll(
        self,
        request_iterator: AsyncIterator[enrollment_pb2.EnrollRequest],
        context: Context,
    ) -> AsyncIterator[enrollment_pb2.EnrollResponse]:
        """See enrollment.proto."""
        with self._live.open(caller()) as live, live.guarded():
            async with Inbox(request_iterator, live, self._clock, self._limits) as inbox:
                opened = await inbox.open()
                session = await self._enrollments.open(
                    caller(),
                    opened.nip,
                    convert.consent(opened.consent),
                    confirmed=opened.consent.confirmed,
                    resemblance=_resemblance(opened),
                )
                yield _progress(session, 0, Look(FrameOutcome.USABLE, Timings()))
                async for item in inbox:
                    if isinstance(item, Draining):
                        if not session.faces:
                            raise ServerDraining("the server is about to stop", retry_after_s=2)
                        continue  # it may be committed within the time to drain
                    if isinstance(item, Unseen):
                        yield _progress(session, item.number, Look(item.outcome, Timings()))
                    elif isinstance(item, Frame):
                        with traced(item, self._clock) as span:
                            look = await self._enrollments.observe(session, item)
                            span.note(outcome=look.outcome.value)
                        yield _progress(session, item.number, look)
                    elif item.WhichOneof("message") == "commit":
                        stored = await self._enrollments.commit(session)
                        yield enrollment_pb2.EnrollResponse(enrollment=convert.enrollment(stored))
                        return
                    else:
                        raise OpenFirst("open comes once, then frames, then commit")

    async def GetEnrollment(
        self, request: enrollment_pb2.GetEnrollmentRequest, context: Context
    ) -> enrollment_pb2.Enrollment:
        """See enrollment.proto."""
        return convert.enrollment(await self._enrollments.get(request.nip))

    async def EraseEnrollment(
        self, request: enrollment_pb2.EraseEnrollmentRequest, context: Context
    ) -> enrollment_pb2.EraseEnrollmentResponse:
        """See enrollment.proto."""
        erasure = await self._enrollments.erase(caller(), request.nip, request.reason)
        return enrollment_pb2.EraseEnrollmentResponse(
            template_count=erasure.template_count,
            image_count=erasure.image_count,
            erased_digest=erasure.digest,
            erase_time=convert.stamp(erasure.erase_time),
        )


def _progress(
    session: EnrollmentSession, frame_number: int, look: Look
) -> enrollment_pb2.EnrollResponse:
    resembles = look.outcome is FrameOutcome.LOOKS_LIKE_ANOTHER
    return enrollment_pb2.EnrollResponse(
        progress=enrollment_pb2.EnrollProgress(
            frame_number=frame_number,
            outcome=convert.outcome(look.outcome),
            accepted_count=len(session.faces),
            needed_count=FRAMES_NEEDED,
            max_count=FRAMES_KEPT_MAX,
            text=messages.text(messages.FRAMES, look.outcome.value, language()),
            timings=convert.timings(look.timings),
            resembled_nip=session.resembled_nip if resembles else "",
        )
    )


def _resemblance(opened: enrollment_pb2.OpenEnrollment) -> Resemblance | None:
    if not opened.HasField("resemblance"):
        return None
    return Resemblance(opened.resemblance.nip, opened.resemblance.reason)
