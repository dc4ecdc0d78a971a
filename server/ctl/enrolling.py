"""One enrolment stream: a frame, its answer, the next frame. Knows no file and no camera."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Final

import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.v1 import enrollment_pb2, frame_pb2

from server.ctl.errors import CtlError
from server.ctl.labels import enum_name
from server.ctl.render import Screen
from server.ctl.texts import Text

ANSWER_DEADLINE_S: Final = 30.0
# In the morning the server may be too busy for a frame: wait a little, then show it again.
BUSY_RETRIES_MAX: Final = 3
BUSY_WAIT_S: Final = 1.0

_OUTCOME_PREFIX: Final = "FRAME_OUTCOME_"
Call = grpc.aio.StreamStreamCall[enrollment_pb2.EnrollRequest, enrollment_pb2.EnrollResponse]


class Enrolling:
    """Sends an enrolment and remembers what became of each frame."""

    def __init__(self, call: Call, screen: Screen) -> None:
        self.progress = enrollment_pb2.EnrollProgress()
        self.frames: list[dict[str, object]] = []
        self._call = call
        self._screen = screen
        self._frame_number = 0

    async def send(
        self,
        opening: enrollment_pb2.OpenEnrollment,
        shots: AsyncGenerator[tuple[str, bytes], None],
        *,
        at_most_needed: bool,
    ) -> bool:
        """Open the stream and send frames until it is enough. Returns whether it is."""
        answer = await self._exchange(enrollment_pb2.EnrollRequest(open=opening))
        self.progress = answer.progress
        self._screen.note(
            Text.ENROLL_OPEN, style="bold", nip=opening.nip, needed=self.progress.needed_count
        )
        async with aclosing(shots):
            async for source, jpeg in shots:
                await self._send_frame(source, jpeg)
                wanted = self.progress.needed_count if at_most_needed else self.progress.max_count
                if self.progress.accepted_count >= wanted:
                    break
        return self.progress.accepted_count >= self.progress.needed_count

    async def commit(self) -> enrollment_pb2.Enrollment:
        """Store the enrolment."""
        request = enrollment_pb2.EnrollRequest(commit=enrollment_pb2.CommitEnrollment())
        answer = await self._exchange(request)
        await self._call.done_writing()
        return answer.enrollment

    @property
    def hint(self) -> Text:
        """What to do where too few frames were good: more of somebody else's would not help."""
        seen = {frame["outcome"] for frame in self.frames}
        if "LOOKS_LIKE_ANOTHER" in seen:
            return Text.DO_CHECK_RESEMBLANCE
        return Text.DO_CHECK_PERSON if "DIFFERENT_PERSON" in seen else Text.DO_MORE_IMAGES

    async def _send_frame(self, source: str, jpeg: bytes) -> None:
        for attempt in range(1 + BUSY_RETRIES_MAX):
            if attempt:
                await asyncio.sleep(BUSY_WAIT_S)
            self._frame_number += 1
            # Files carry no dependable time; the moment of sending keeps the frames in order.
            now = Timestamp()
            now.GetCurrentTime()
            frame = frame_pb2.Frame(frame_number=self._frame_number, jpeg=jpeg, capture_time=now)
            answer = await self._exchange(enrollment_pb2.EnrollRequest(frame=frame))
            self.progress = answer.progress
            self._show(source)
            if self.progress.outcome != frame_pb2.FRAME_OUTCOME_OVERLOADED:
                return

    async def _exchange(
        self, request: enrollment_pb2.EnrollRequest
    ) -> enrollment_pb2.EnrollResponse:
        try:
            async with asyncio.timeout(ANSWER_DEADLINE_S):
                # Where the server has ended the stream, writing fails, and reading tells why.
                with suppress(asyncio.InvalidStateError):
                    await self._call.write(request)
                answer = await self._call.read()
        except TimeoutError as error:
            raise CtlError(
                Text.NO_ANSWER, reason="DEADLINE_EXCEEDED", seconds=ANSWER_DEADLINE_S
            ) from error
        if not isinstance(answer, enrollment_pb2.EnrollResponse):
            raise CtlError(Text.STREAM_ENDED, reason="STREAM_ENDED")
        return answer

    def _show(self, source: str) -> None:
        outcome = enum_name(frame_pb2.FrameOutcome, self.progress.outcome)
        outcome = outcome.removeprefix(_OUTCOME_PREFIX)
        resembled = self.progress.resembled_nip
        shown = {
            "number": self._frame_number,
            "source": source,
            "outcome": outcome,
            "accepted": self.progress.accepted_count,
            "needed": self.progress.needed_count,
            "text": f"{self.progress.text} ({resembled})" if resembled else self.progress.text,
        }
        self.frames.append(shown)
        good = self.progress.outcome == frame_pb2.FRAME_OUTCOME_USABLE
        self._screen.note(Text.ENROLL_FRAME, style="green" if good else "yellow", **shown)
