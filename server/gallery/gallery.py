"""Holds the current snapshot and builds the next: enrolment, deletion, merging in the background.

All changes go through one lock on the event loop; searches never wait for it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace

from server.domain.face import Vector
from server.domain.match import Candidate
from server.gallery.snapshot import Person, Snapshot, build_base

RECENT_MAX = 256
HIDDEN_MAX = 1024


class Gallery:
    """The people who can be recognised, by one model version."""

    def __init__(self, dimension: int, executor: Executor) -> None:
        self._dimension = dimension
        self._executor = executor
        self._changing = asyncio.Lock()
        self.snapshot = snapshot_of(1, {}, dimension)

    async def load(self, people: Iterable[Person]) -> None:
        """Replaces everything, from storage."""
        everyone = {person.nip: person for person in people}
        async with self._changing:
            self.snapshot = await self._built(lambda: everyone)

    async def put(self, person: Person) -> None:
        """Adds or replaces an employee; the next search finds the new templates only."""
        async with self._changing:
            self.snapshot = with_person(self.snapshot, person)
            await self._merge_if_large()

    async def remove(self, nip: str) -> None:
        """Takes an employee out; the next search does not find the person."""
        async with self._changing:
            self.snapshot = without_person(self.snapshot, nip)
            await self._merge_if_large()

    async def search(
        self, probe: Vector, count: int, site_id: str | None = None
    ) -> list[Candidate]:
        """Snapshot.search of the present state, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, self.snapshot.search, probe, count, site_id
        )

    def person(self, nip: str) -> Person | None:
        """Returns the templates of an employee as they are now; None once removed."""
        return self.snapshot.person(nip)

    async def _merge_if_large(self) -> None:
        now = self.snapshot
        if len(now.recent) <= RECENT_MAX and len(now.hidden) <= HIDDEN_MAX:
            return
        self.snapshot = await self._built(lambda: everyone_of(now))

    async def _built(self, people: Callable[[], Mapping[str, Person]]) -> Snapshot:
        """Builds a snapshot off the event loop; searches go on with the one before."""
        loop = asyncio.get_running_loop()
        version = self.snapshot.version + 1
        return await loop.run_in_executor(
            self._executor, lambda: snapshot_of(version, people(), self._dimension)
        )


def snapshot_of(version: int, people: Mapping[str, Person], dimension: int) -> Snapshot:
    """Returns a snapshot in which everyone is in the base."""
    counts = Counter(person.site_id for person in people.values())
    return Snapshot(version, build_base(people, dimension), {}, frozenset(), counts)


def with_person(now: Snapshot, person: Person) -> Snapshot:
    """Returns the next snapshot, with an employee added or replaced."""
    emptied = without_person(now, person.nip)
    counts = Counter(emptied.site_counts)
    counts[person.site_id] += 1
    recent = {**emptied.recent, person.nip: person}
    return replace(emptied, recent=recent, site_counts=counts)


def without_person(now: Snapshot, nip: str) -> Snapshot:
    """Returns the next snapshot, without an employee."""
    counts = Counter(now.site_counts)
    if (known := now.person(nip)) is not None:
        counts[known.site_id] -= 1
    recent = {key: person for key, person in now.recent.items() if key != nip}
    hidden = now.hidden | {nip} if nip in now.base.people else now.hidden
    return replace(now, version=now.version + 1, recent=recent, hidden=hidden, site_counts=counts)


def everyone_of(now: Snapshot) -> dict[str, Person]:
    """Returns all people who can be found, by NIP."""
    kept = {nip: one for nip, one in now.base.people.items() if nip not in now.hidden}
    return {**kept, **now.recent}
