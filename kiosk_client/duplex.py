"""One bidirectional call: a sender beside the reads, its pace, and one end for both.

Shared by the kiosk and the simulated clients; knows gRPC and no message of the API.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar, cast

import grpc
import grpc.aio
from hadir.client import ApiError, readable_errors

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType

Request = TypeVar("Request")
Response = TypeVar("Response")

# Two frames on their way keep the server busy over a slow network; more would only grow stale.
IN_FLIGHT_FRAMES_MAX: Final = 2
# After the last message the status follows at once; a call that is cut off instead looks like a
# lost client to the server.
END_S: Final = 1.0


class Duplex(Generic[Request, Response]):
    """Reads and writes one call. Leaving the context ends the call and the sender, always."""

    def __init__(
        self, call: grpc.aio.StreamStreamCall[Request, Response], *, language: str = "id"
    ) -> None:
        self._call = call
        self._language = language
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A call that is only abandoned is never collected by gRPC.
        self._call.cancel()
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.wait({self._sender})
            if not self._sender.cancelled():
                self._sender.exception()

    def send_with(self, sender: Coroutine[None, None, None]) -> None:
        """Run the sender beside the reads; what it raises, `read` raises."""
        self._sender = asyncio.create_task(sender)

    async def sent(self) -> None:
        """Wait until the sender has ended by itself."""
        if self._sender is not None:
            await asyncio.wait({self._sender})

    async def write(self, request: Request) -> bool:
        """Send a message. False: the call has ended, and the next `read` says why."""
        # A write to an ended call would replace its status by "Internal error from Core".
        if self._call.done():
            return False
        try:
            await self._call.write(request)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            return False
        return True

    async def done_writing(self) -> None:
        """Say that no more messages follow."""
        await self._call.done_writing()

    async def read(self) -> Response | None:
        """Return the next message, or None where the server ended the call without an error."""
        read = asyncio.ensure_future(self._read())
        try:
            await self._first_of(read)
        finally:
            if not read.done():
                read.cancel()
                await asyncio.wait({read})
        if read.cancelled():
            # gRPC raises CancelledError for a call that the other side cancelled, too.
            message = "Sambungan diputus. / The call was cancelled by the server or on the way."
            raise ApiError(grpc.StatusCode.CANCELLED, "CANCELLED", message)
        return read.result()

    async def end(self) -> None:
        """Give the other side the moment it needs to end the call by itself."""
        try:
            async with asyncio.timeout(END_S):
                await self.read()
        except (TimeoutError, ApiError):
            return

    async def _read(self) -> Response | None:
        with readable_errors(self._language):
            response = await self._call.read()
        return None if response is grpc.aio.EOF else cast("Response", response)

    async def _first_of(self, read: asyncio.Future[Response | None]) -> None:
        sender = self._sender
        if sender is not None and not sender.done():
            both: set[asyncio.Future[Response | None] | asyncio.Task[None]] = {read, sender}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if sender is not None and sender.done() and not read.done():
            sender.result()
        await asyncio.wait({read})


class Pace:
    """When the next frame may go: not before its time, nor while too many await an answer."""

    def __init__(
        self, frames_per_second: float, *, in_flight_max: int = IN_FLIGHT_FRAMES_MAX
    ) -> None:
        self.interval_s = 1 / frames_per_second
        self._in_flight_max = in_flight_max
        self._in_flight = 0
        self._last_s = -math.inf
        self._asked_s = 0.0
        self._stopped = False
        self._changed = asyncio.Event()

    async def turn(self) -> bool:
        """Wait until a frame may go and count it as sent. False: no more frames."""
        while not self._stopped:
            now_s = asyncio.get_running_loop().time()
            due_s = self._last_s + max(self.interval_s, self._asked_s)
            free = self._in_flight < self._in_flight_max
            if free and now_s >= due_s:
                self._in_flight += 1
                # A little lateness evens out; more is not caught up, since the frames of a burst
                # only overtake each other.
                late = now_s - due_s > self.interval_s / 2
                self._last_s = now_s if late else due_s
                return True
            await self._wait(due_s - now_s if free else None)
        return False

    def answered(self, *, asked_s: float = 0.0) -> None:
        """Count an answer; asked_s: so long after that frame the server wants the next one."""
        self._in_flight = max(0, self._in_flight - 1)
        self._asked_s = asked_s
        self._changed.set()

    def stop(self) -> None:
        """No frame may go any more."""
        self._stopped = True
        self._changed.set()

    async def idle(self) -> None:
        """Wait until every frame was answered."""
        while self._in_flight:
            await self._wait(None)

    async def _wait(self, timeout_s: float | None) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
