"""Kiosks beside a load of phones: an empty view for a while, then somebody walks up.

The walkers are other faces than the phones' and enrolled once, so a kiosk can tell who they are.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from hadir.client import ApiError, Client
from hadir.device import activate, login
from hadir.v1 import frame_pb2
from hdrh.histogram import HdrHistogram

from benchmarks import local
from benchmarks.bkd import Bkd
from benchmarks.cast import Cast
from benchmarks.crowd import FACES, unique
from benchmarks.local import LocalServer
from benchmarks.province import DemoEmployee
from benchmarks.rung import SITE
from benchmarks.virtual import encode
from benchmarks.walker import FRAMES_PER_SECOND, Walk, walk

# Faces of the group photo that walk past kiosks; turned, the next one is not found in every pose.
WALKERS = 2
EMPTY_FRAMES, WALK_FRAMES = 15, 24
_HIGHEST_US = 120_000_000


@dataclass(slots=True)
class LobbyTally:
    """What kiosks got. held: frames their cameras took and did not send."""

    visits: int = 0
    recognised: int = 0
    failed: int = 0
    frames: int = 0
    superseded: int = 0
    empty_frames: int = 0
    empty_dropped: int = 0
    held: int = 0
    answer: HdrHistogram = field(default_factory=lambda: HdrHistogram(1, _HIGHEST_US, 3))

    def add(self, seen: Walk, took_s: float) -> None:
        """Counts a visit: the first EMPTY_FRAMES frames show nobody, the others a walk-up."""
        self.visits += 1
        self.recognised += bool(seen.recognised)
        self.frames += seen.frames_sent
        self.held += max(0, int(took_s * FRAMES_PER_SECOND) - seen.frames_sent)
        for result in seen.results:
            empty = result.frame_number <= EMPTY_FRAMES
            self.empty_frames += empty
            self.superseded += result.outcome == frame_pb2.FRAME_OUTCOME_SUPERSEDED
            self.empty_dropped += empty and result.outcome == frame_pb2.FRAME_OUTCOME_OVERLOADED
        for took_ms in seen.round_trips_ms:
            self.answer.record_value(max(1, round(took_ms * 1000)))


@dataclass(frozen=True, slots=True)
class LobbyRung:
    """A rung as its kiosks saw it; times in milliseconds."""

    name: str
    visits: int
    recognised: int
    failed: int
    frames: int
    superseded: int
    empty_frames: int
    empty_dropped: int
    held: int
    answer_p50_ms: float
    answer_p99_ms: float


class Lobby:
    """Kiosks that are logged in, and who walks up to them."""

    def __init__(self, kiosks: Sequence[Client], walks: Sequence[Sequence[bytes]]) -> None:
        self._kiosks = kiosks
        self._walks = walks
        self._serial = itertools.count(1 << 40)
        self._empty = _empty_view()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[LobbyTally]:
        """Runs the kiosks until the block ends; each then ends its visit: the tally is whole."""
        tally, closing = LobbyTally(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(self._kiosks):
                group.create_task(self._visits(number, client, tally, closing))
            try:
                yield tally
            finally:
                closing.set()

    async def _visits(
        self, number: int, client: Client, tally: LobbyTally, closing: asyncio.Event
    ) -> None:
        # Kiosks do not begin together.
        await asyncio.sleep(number / FRAMES_PER_SECOND / len(self._kiosks))
        for visit in itertools.count(number):
            if closing.is_set():
                return
            began = time.monotonic()
            try:
                seen = await walk(client, self._frames(visit), heeds=True)
            except ApiError:
                tally.failed += 1
                await asyncio.sleep(1)
                continue
            tally.add(seen, time.monotonic() - began)

    def _frames(self, visit: int) -> Iterator[bytes]:
        for jpeg in itertools.chain(
            itertools.repeat(self._empty, EMPTY_FRAMES), self._walks[visit % len(self._walks)]
        ):
            yield unique(jpeg, next(self._serial))


async def open_lobby(
    server: LocalServer,
    count: int,
    cast: Cast,
    people: Sequence[DemoEmployee],
    stack: AsyncExitStack,
) -> Lobby:
    """Enrols the faces that phones do not use for `people`, and activates so many kiosks."""
    walkers = cast.staff[FACES : FACES + WALKERS]
    async with local.connected(server.address) as desk:
        bkd = Bkd(desk)
        await bkd.login("bkd", server.password)
        await bkd.seed(list(people))
        for employee, player in zip(people, walkers, strict=False):
            if (await bkd.enrol(employee.nip, player.enrolment())).stored is None:
                raise SystemExit("A face of the lobby could not be enrolled.")
        codes = [await bkd.kiosk_code(SITE.site_id) for _ in range(count)]
    kiosks = []
    for code in codes:
        client: Client = await stack.enter_async_context(local.connected(server.address))
        await login(client, await activate(client, code, model="Simulated kiosk"))
        kiosks.append(client)
    return Lobby(kiosks, [list(player.walk(WALK_FRAMES)) for player in walkers])


def lobby_rung(name: str, tally: LobbyTally) -> LobbyRung:
    """Returns a rung of what was counted."""
    return LobbyRung(
        name=name,
        visits=tally.visits,
        recognised=tally.recognised,
        failed=tally.failed,
        frames=tally.frames,
        superseded=tally.superseded,
        empty_frames=tally.empty_frames,
        empty_dropped=tally.empty_dropped,
        held=tally.held,
        answer_p50_ms=tally.answer.get_value_at_percentile(50) / 1e3,
        answer_p99_ms=tally.answer.get_value_at_percentile(99) / 1e3,
    )


def _empty_view() -> bytes:
    grain = np.random.default_rng(0).normal(128, 6, (480, 640, 3))
    return encode(np.clip(grain, 0, 255).astype(np.uint8))
