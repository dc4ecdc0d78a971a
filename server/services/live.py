"""The open streams: who has them, how many, and how to end them (revocation, drain)."""

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from server.domain.model import Principal
from server.errors import HadirError, ServerDraining, StreamReplaced, TooManyStreams

# Uploads apart: one that a lost connection left open stands in no check-in's way.
STREAMS_PER_CALLER_MAX = 2
UPLOADS_PER_CALLER_MAX = 4
STREAMS_MAX = 2000
# A handler that has not ended by itself so long after its stream was ended waits for a caller who
# does not read: it is cancelled.
END_S = 1.0
REPLACED_RETRY_S = 5


class LiveStream:
    """One open stream. `wake` is set whenever its handler has something to notice."""

    def __init__(self, principal: Principal, *, upload: bool = False) -> None:
        self.principal = principal
        self.upload = upload
        self.error: HadirError | None = None
        self.draining = False
        # When something came last, by the clock of who reads it.
        self.heard_s = -math.inf
        self.wake = asyncio.Event()
        self._handler: asyncio.Task[Any] | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Lets the stream's end and its deadline cancel the task that runs the block.

        A handler that waits for its caller to read notices nothing else.
        """
        self._handler = asyncio.current_task()
        try:
            yield
        finally:
            self._handler = None
            for timer in self._timers:
                timer.cancel()

    def cancel_in(self, seconds: float) -> None:
        """Cancels the handler if it still runs then."""
        if self._handler is not None:
            loop = self._handler.get_loop()
            self._timers.append(loop.call_later(seconds, self._handler.cancel))

    @property
    def left_to_us(self) -> bool:
        """Whether the server ends the stream, or is about to."""
        return self.draining or self.error is not None

    def end(self, error: HadirError) -> None:
        """Ends the stream; the first reason counts."""
        if self.error is None:
            self.cancel_in(END_S)
        self.error = self.error or error
        self.wake.set()

    def begin_drain(self) -> None:
        """Tells the handler that the server is about to stop."""
        self.draining = True
        self.wake.set()


class LiveStreams:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._streams: set[LiveStream] = set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._streams)

    @contextmanager
    def open(
        self, principal: Principal, *, upload: bool = False, alone: bool = False
    ) -> Iterator[LiveStream]:
        """Registers a stream; upload: one that only brings something.

        alone: ends the caller's others with StreamReplaced. Raises TooManyStreams, ServerDraining.
        """
        if self.draining:
            raise ServerDraining("the server is about to stop", retry_after_s=2)
        caller = principal.device_id or principal.username
        same = [
            s
            for s in self._streams
            if (s.principal.device_id or s.principal.username) == caller and s.upload is upload
        ]
        most = UPLOADS_PER_CALLER_MAX if upload else STREAMS_PER_CALLER_MAX
        if len(same) >= most or len(self._streams) >= STREAMS_MAX:
            raise TooManyStreams("too many open streams", retry_after_s=5)
        if alone:
            for older in same:
                older.end(
                    StreamReplaced("a newer stream took over", retry_after_s=REPLACED_RETRY_S)
                )
        stream = LiveStream(principal, upload=upload)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def end_devices(self, error: HadirError, *, nip: str = "", device_id: str = "") -> None:
        """Ends the streams of a device, or of all phones of an employee."""
        for stream in list(self._streams):
            caller = stream.principal
            of_phone = nip != "" and caller.device_id != "" and caller.nip == nip
            if of_phone or (device_id != "" and caller.device_id == device_id):
                stream.end(error)

    def end_employee(self, nip: str, error: HadirError) -> None:
        """Ends all streams of an employee, of phones and of staff accounts."""
        for stream in list(self._streams):
            if stream.principal.nip == nip:
                stream.end(error)

    def end_all(self, error: HadirError) -> None:
        """Ends every stream."""
        for stream in list(self._streams):
            stream.end(error)

    def end_session(self, session_hash: bytes, error: HadirError) -> None:
        """Ends the streams of a session."""
        for stream in list(self._streams):
            if stream.principal.session_hash == session_hash:
                stream.end(error)

    def end_account(self, username: str, error: HadirError, *, but: bytes = b"") -> None:
        """Ends the streams of a staff account, but those of one session."""
        for stream in list(self._streams):
            principal = stream.principal
            if principal.username == username and principal.session_hash != but:
                stream.end(error)

    def begin_drain(self) -> None:
        """Refuses new streams and tells the open ones that the server is about to stop."""
        self.draining = True
        for stream in self._streams:
            stream.begin_drain()
