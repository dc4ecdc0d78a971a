"""Holds the current snapshot and builds the next: enrolment, deletion, merging in the background.

Changes happen on the event loop, at once. What takes long is built elsewhere from the snapshot as
it was; what changed meanwhile is made up for when it is published. Searches take no lock.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager

import structlog

from server import traces
from server.domain.face import Vector
from server.domain.match import Candidate
from server.gallery.base import Base, build_base, merge_base
from server.gallery.index import EXACT_MAX
from server.gallery.snapshot import Person, changed, everyone_of, fresh

__all__ = ["Gallery", "everyone_of"]

# More than these are merged into the base.
RECENT_MAX = 256
HIDDEN_MAX = 1024
# A change waits so long for a merge under way, and to its end where so much waits to be merged:
# changes cannot outrun the merges.
MERGE_WAIT_SECONDS_MAX = 0.05
UNMERGED_MAX = 4096

Changes = dict[str, Person | None]

log = structlog.get_logger()


class Gallery:
    """The people who can be recognised, by one model version.

    executor: runs searches. background: runs what takes long, else the executor does.
    exact_max: how many people are searched exactly.
    """

    def __init__(
        self,
        dimension: int,
        executor: Executor,
        background: Executor | None = None,
        *,
        exact_max: int = EXACT_MAX,
    ) -> None:
        self._dimension = dimension
        self._executor = executor
        self._background = background or executor
        self._exact_max = exact_max
        self._loading = asyncio.Lock()
        self._merging: asyncio.Task[None] | None = None
        self._notes: tuple[Changes, ...] = ()
        self.snapshot = fresh(1, build_base((), dimension, exact_max))

    async def load(self, people: Iterable[Person]) -> None:
        """Replaces everything, from storage. Changes made from now on stay."""
        everyone = list(people)
        with self._noting() as changes:
            async with self._loading:
                base = await self._built(
                    lambda: build_base(everyone, self._dimension, self._exact_max)
                )
                self._publish(base, changes)

    async def put(self, person: Person) -> None:
        """Adds or replaces an employee; the next search finds the new templates only."""
        await self._change(person.nip, person)

    async def remove(self, nip: str) -> None:
        """Takes an employee out; the next search does not find the person."""
        await self._change(nip, None)

    async def search(
        self, probe: Vector, count: int, site_id: str | None = None
    ) -> list[Candidate]:
        """Snapshot.search of the present state, off the event loop."""
        (found,) = await self.searches(probe, count, (site_id,))
        return found

    async def searches(
        self, probe: Vector, count: int, site_ids: Sequence[str | None]
    ) -> list[list[Candidate]]:
        """Snapshot.search at each of some sites (None: at all), of one state and in one turn."""
        loop, search = asyncio.get_running_loop(), self.snapshot.search
        with traces.stage("search", whole_province=None in site_ids):
            return await loop.run_in_executor(
                self._executor, lambda: [search(probe, count, site_id) for site_id in site_ids]
            )

    def person(self, nip: str) -> Person | None:
        """Returns the templates of an employee as they are now; None once removed."""
        return self.snapshot.person(nip)

    async def _change(self, nip: str, person: Person | None) -> None:
        self.snapshot = changed(self.snapshot, {nip: person})
        for changes in self._notes:
            changes[nip] = person
        recent, hidden = len(self.snapshot.recent), len(self.snapshot.hidden)
        if recent <= RECENT_MAX and hidden <= HIDDEN_MAX:
            return
        if self._merging is None or self._merging.done():
            self._merging = asyncio.create_task(self._merge(), name="gallery-merge")
        timeout = MERGE_WAIT_SECONDS_MAX if max(recent, hidden) <= UNMERGED_MAX else None
        await asyncio.wait({self._merging}, timeout=timeout)

    async def _merge(self) -> None:
        before = self.snapshot
        gone, new = before.hidden, before.recent.people.values()
        try:
            with self._noting() as changes:
                base = await self._built(
                    lambda: merge_base(before.base, gone, new, self._exact_max)
                )
                # Who was loaded meanwhile counts, and not what was merged.
                if self.snapshot.base is before.base:
                    self._publish(base, changes)
        except Exception:  # The top of a task; the snapshot is right, the next change tries again.
            log.exception("gallery_merge_failed")

    @contextmanager
    def _noting(self) -> Iterator[Changes]:
        """Notes what changes, for a snapshot that is built from an older state."""
        changes: Changes = {}
        self._notes = (*self._notes, changes)
        try:
            yield changes
        finally:
            self._notes = tuple(one for one in self._notes if one is not changes)

    async def _built(self, build: Callable[[], Base]) -> Base:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._background, build)

    def _publish(self, base: Base, changes: Changes) -> None:
        self.snapshot = changed(fresh(self.snapshot.version, base), changes)
