"""Cores that threads share alike, on simulated time: what runs, and when each of it ends.

Generalised processor sharing by virtual time (Parekh and Gallager 1993): O(log n) a thread.
"""

import heapq
import itertools
import math
from collections.abc import Callable

Then = Callable[[], None]


class TimeShare:
    """Where more threads run than there are cores, all of them are slower alike."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._now_s = 0.0
        # What a thread has got that ran from the start: one that needs n seconds ends when this is
        # n more than at its beginning, whoever else comes and goes.
        self._served_s = 0.0
        self._running: list[tuple[float, int, Then]] = []
        self._order = itertools.count()

    @property
    def busy(self) -> bool:
        """Whether any thread runs."""
        return bool(self._running)

    @property
    def ends_s(self) -> float:
        """When the next of what runs ends if nothing begins before; infinite if nothing runs."""
        if not self._running:
            return math.inf
        return self._now_s + max(0.0, self._running[0][0] - self._served_s) / self._speed

    @property
    def _speed(self) -> float:
        return min(1.0, self._cores / max(1, len(self._running)))

    def begin(self, takes_s: float, then: Then) -> None:
        """Begins now what takes so many seconds on a core of its own."""
        heapq.heappush(self._running, (self._served_s + takes_s, next(self._order), then))

    def advance(self, now_s: float) -> None:
        """Lets what runs go on until then, `ends_s` at most."""
        self._served_s += self._speed * (now_s - self._now_s)
        self._now_s = now_s

    def end(self) -> Then:
        """Goes on to the next end, at `ends_s`. Returns what is to be done then."""
        self.advance(self.ends_s)
        return heapq.heappop(self._running)[2]
