"""Tells those who watch whose day changed; says nothing else, so nothing can be missed or pile up.

A watcher holds NIPs, each at most once: as many as there are employees, whatever happens.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watcher:
    """Whose day changed since the last look."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._nips: set[str] = set()

    def note(self, nip: str) -> None:
        """Remembers a change."""
        self._nips.add(nip)
        self._wake()

    def take(self) -> set[str]:
        """Returns whose day changed, and forgets it."""
        taken, self._nips = self._nips, set()
        return taken


class Changes:
    """The watchers of this process."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @contextmanager
    def watch(self, wake: Callable[[], None]) -> Iterator[Watcher]:
        """Registers a watcher; `wake` is called at every change."""
        watcher = Watcher(wake)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def note(self, nip: str) -> None:
        """Tells all watchers that a day of an employee changed."""
        for watcher in self._watchers:
            watcher.note(nip)
