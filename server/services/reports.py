"""Runs reports one at a time and off the event loop; check-ins come before them.

One report reads at a time, too: the readers of the database are few, and every call needs one. A
report of 1,000 employees and a month is some second of one core in a thread of its own: the
event loop waits for the interpreter's lock 5 ms at most at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

from server import metrics
from server.errors import Overloaded

REPORTS_WAITING_MAX = 8
RETRY_S = 15.0

P = ParamSpec("P")
T = TypeVar("T")


class Reports:
    """The queue of reports. busy: whether check-ins need the whole machine now."""

    def __init__(self, executor: Executor, busy: Callable[[], bool]) -> None:
        self._executor = executor
        self._busy = busy
        self._waiting = 0
        self._one_reads = asyncio.Lock()

    def admit(self) -> None:
        """Raises Overloaded, with a hint when to come back, before anything is read."""
        if self._busy() or self._waiting >= REPORTS_WAITING_MAX:
            metrics.SHED.labels("report").inc()
            raise Overloaded("check-ins come before reports", retry_after_s=RETRY_S)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Lets a report read once those before it have."""
        self._waiting += 1
        try:
            async with self._one_reads:
                yield
        finally:
            self._waiting -= 1

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs pure work in the thread of reports."""
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, lambda: work(*args, **kwargs))
        finally:
            self._waiting -= 1
