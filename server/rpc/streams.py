"""Reads what a caller streams: one reader task, newest frame wins, every limit with a name.

The reader notes each frame as it arrives; a frame that a newer one overtakes while the handler is
busy keeps its number only, so a waiting stream holds one image.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import Message

from server import traces
from server.clock import Clock
from server.domain import frame as frames
from server.domain.frame import Frame
from server.domain.quality import FrameOutcome
from server.errors import FrameBudget, OpenFirst, ServerDraining, SessionEnded, StreamIdle
from server.rpc import convert
from server.rpc.required import check_required
from server.services.live import LiveStream
from server.vision.jpeg import BYTES_MAX

# Answers that wait for the handler; beyond it the reader stops and flow control holds the client.
WAITING_ITEMS_MAX = 64
CONTROL_BYTES_MAX = 16 * 1024
# So soon a stream says what it is for: one that says nothing holds a place that others wait for.
OPEN_S_MAX = 5.0
# Of uploads: over a slow network the next part may take a while.
UPLOAD_IDLE_S = 60.0
PART_BYTES_MAX = 4 * 1024 * 1024
PARTS_WAITING_MAX = 2
# An image of the most bytes, with the other fields of its message.
FRAME_BYTES_MAX = BYTES_MAX + 1024


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """Limits of one stream; frames_max and bytes_max are for all of it, None for no limit.

    message_bytes_max: of each message that is no frame. waiting_max: messages that wait for the
    handler.
    """

    idle_s: float
    frames_max: int | None = None
    bytes_max: int | None = None
    message_bytes_max: int = CONTROL_BYTES_MAX
    waiting_max: int = WAITING_ITEMS_MAX


def upload_limits(bytes_max: int) -> StreamLimits:
    """Returns the limits of a stream that brings so many bytes at most, in parts."""
    return StreamLimits(UPLOAD_IDLE_S, None, bytes_max, PART_BYTES_MAX, PARTS_WAITING_MAX)


@dataclass(frozen=True, slots=True)
class Unseen:
    """A frame that is not looked at: overtaken by a newer one, or its arrival says why."""

    number: int
    outcome: FrameOutcome = FrameOutcome.SUPERSEDED


class Draining:
    """The server is about to stop; comes once."""


Item = Frame | Unseen | Draining | Message


def traced(frame: Frame, clock: Clock) -> traces.Step:
    """Returns the span of a frame that is looked at now, with how long it waited for that."""
    waited_ms = (clock.monotonic() - frame.arrived_s) * 1e3
    return traces.frame(number=frame.number, waited_ms=waited_ms)


class Inbox:
    """The messages of one stream, in order, as an async context manager and iterator.

    `arrived` is told of every frame in the order of arrival. An outcome that it returns is the
    frame's, and nobody looks at the frame then.
    """

    def __init__(
        self,
        requests: AsyncIterator[Any],
        live: LiveStream,
        clock: Clock,
        limits: StreamLimits,
    ) -> None:
        self.arrived: Callable[[Frame], FrameOutcome | None] = lambda _: None
        self._requests = requests
        self._live = live
        self._clock = clock
        self._limits = limits
        self._waiting: deque[Item] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._failure: BaseException | None = None
        self._closed = False
        self._told_drain = False
        self._frames = 0
        self._bytes = 0

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read(), name="stream-reader")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def open(self) -> Any:
        """Returns the content of the first message. Raises OpenFirst if it is not `open`.

        Raises StreamIdle after OPEN_S_MAX, and ServerDraining: what has not begun begins elsewhere.
        """
        try:
            async with asyncio.timeout(OPEN_S_MAX):
                item = await anext(self, None)
        except TimeoutError:
            raise StreamIdle(f"no open came for {OPEN_S_MAX} s") from None
        if isinstance(item, Draining):
            raise ServerDraining("the server is about to stop", retry_after_s=2)
        if isinstance(item, Message) and item.WhichOneof("message") == "open":
            return item.open  # type: ignore[attr-defined]
        raise OpenFirst("the first message must be open")

    async def parts(self) -> AsyncIterator[Any]:
        """Yields the messages of an upload; one that is under way may end within a drain."""
        async for item in self:
            if isinstance(item, Message):
                yield item

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        while True:
            if self._live.error is not None:
                raise self._live.error
            if self._live.principal.expire_time <= self._clock.now():
                raise SessionEnded("the session has ended by itself")
            if self._live.draining and not self._told_drain:
                self._told_drain = True
                return Draining()
            if self._waiting:
                self._room.set()
                return self._waiting.popleft()
            if self._failure is not None:
                raise self._failure
            if self._closed:
                raise StopAsyncIteration
            self._live.wake.clear()
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    await self._live.wake.wait()
            except TimeoutError:
                raise StreamIdle(f"nothing came for {self._limits.idle_s} s") from None

    async def _read(self) -> None:
        try:
            async for message in self._requests:
                self._live.heard_s = self._clock.monotonic()
                await self._room.wait()
                self._take(message)
                self._live.wake.set()
        except Exception as error:  # noqa: BLE001  a task's top: the handler raises it
            self._failure = error
        finally:
            self._closed = True
            self._live.wake.set()

    def _take(self, message: Message) -> None:
        if message.WhichOneof("message") == "frame":
            self._take_frame(message.frame)  # type: ignore[attr-defined]
        else:
            self._bytes += message.ByteSize()
            size_max, bytes_max = self._limits.message_bytes_max, self._limits.bytes_max
            if message.ByteSize() > size_max:
                raise FrameBudget(f"such a message has {size_max} bytes at most")
            if bytes_max is not None and self._bytes > bytes_max:
                raise FrameBudget("the stream sent more than one use needs")
            check_required(message)
            self._waiting.append(message)
        if len(self._waiting) >= self._limits.waiting_max:
            self._room.clear()

    def _take_frame(self, message: Any) -> None:
        self._frames += 1
        size = message.ByteSize()  # the image itself is copied whenever it is touched
        self._bytes += size
        for used, limit in (
            (self._frames, self._limits.frames_max),
            (self._bytes, self._limits.bytes_max),
        ):
            if limit is not None and used > limit:
                raise FrameBudget("the stream sent more than one use needs")
        jpeg = b"" if size > FRAME_BYTES_MAX else message.jpeg
        if size > FRAME_BYTES_MAX or len(jpeg) > BYTES_MAX:
            self._waiting.append(Unseen(message.frame_number, FrameOutcome.BAD_IMAGE_SIZE))
            return
        check_required(message)
        frame = frames.arrived(
            message.frame_number,
            jpeg,
            capture_time=convert.time(message.capture_time),
            receive_time=self._clock.now(),
            arrived_s=self._clock.monotonic(),
        )
        outcome = self.arrived(frame)
        if outcome is not None:
            self._waiting.append(Unseen(frame.number, outcome))
            return
        if self._waiting and isinstance(self._waiting[-1], Frame):
            self._waiting.append(Unseen(self._waiting.pop().number))  # type: ignore[union-attr]
        self._waiting.append(frame)
