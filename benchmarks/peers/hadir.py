"""Hadir's side: the real server on one core, and kiosks that send the next frame upon the answer.

Several streams keep the server busy, each with one frame under way: none is overtaken. The process
that calls should keep to another core.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median

from hadir import device
from hadir.client import Client
from hadir.v1 import kiosk_pb2
from rich.console import Console

from benchmarks import embedding, local, province
from benchmarks.bkd import Bkd
from benchmarks.embedding import Embedded
from benchmarks.local import LocalServer
from benchmarks.peers.figures import WARM_UP_SECONDS, PeerFailed, Run
from benchmarks.peers.process import peak_memory_mb
from benchmarks.walker import Walk, walk
from server.settings import DETECT_SIDE_PIXELS
from server.vision.pack import load_pack
from server.vision.pipeline import Pipeline
from server.vision.session import Runtime

# Far above what one core can do: the answer to the last frame sets the pace.
UNPACED_FPS = 10_000.0


class HadirServer:
    """A server with its kiosks. Make it with `open_hadir`."""

    def __init__(
        self, server: LocalServer, kiosks: Sequence[device.Identity], frames: Sequence[bytes]
    ) -> None:
        self._server = server
        self._kiosks = kiosks
        # Each stream begins elsewhere, so that they do not send the same frame at once.
        step = len(frames) // len(kiosks)
        self._frames = [
            itertools.cycle([*frames[start:], *frames[:start]])
            for start in range(0, step * len(kiosks), step)
        ]

    @property
    def peak_memory_mb(self) -> float:
        """See process.peak_memory_mb."""
        return peak_memory_mb(self._server.pid)

    def measure(self, seconds: float) -> Run:
        """Runs one round after its warm-up. Raises PeerFailed."""
        return asyncio.run(self._measure(seconds))

    async def _measure(self, seconds: float) -> Run:
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(_kiosk(self._server.address, kiosk))
                for kiosk in self._kiosks
            ]
            await self._walks(clients, WARM_UP_SECONDS)
            began = time.perf_counter()
            walks = await self._walks(clients, seconds)
            return run_of(walks, time.perf_counter() - began)

    async def _walks(self, clients: Sequence[Client], seconds: float) -> list[Walk]:
        end = time.perf_counter() + seconds
        return await asyncio.gather(
            *(
                walk(
                    client,
                    itertools.takewhile(lambda _: time.perf_counter() < end, frames),
                    frames_per_second=UNPACED_FPS,
                    in_flight_max=1,
                )
                for client, frames in zip(clients, self._frames, strict=True)
            )
        )


def run_of(walks: Sequence[Walk], seconds: float) -> Run:
    """Sums up the streams; a frame counts as embedded if a face of it passed the quality gate."""
    if any(one.resumed for one in walks):
        raise PeerFailed("the server stopped in the middle of a round")
    results = [result for one in walks for result in one.results]
    if not results:
        raise PeerFailed("the server answered no frame")
    embedded = sum(
        any(face.state != kiosk_pb2.FACE_STATE_UNUSABLE for face in result.faces)
        for result in results
    )
    latency = median(took for one in walks for took in one.round_trips_ms)
    return Run(frames=len(results), embedded=embedded, seconds=seconds, latency_ms=latency)


@contextmanager
def open_hadir(
    folder: Path, core: int, streams: int, frames: Sequence[bytes]
) -> Iterator[HadirServer]:
    """Starts a server on one core, with one worker, and activates a kiosk for each stream."""
    directory = folder / "hadir"
    local.make_folder(directory)
    with local.running(directory, {"workers": "1"}, {core}) as server:
        kiosks = asyncio.run(_activated(server, streams))
        yield HadirServer(server, kiosks, frames)


def embed(images: dict[str, Path], console: Console) -> Embedded:
    """Embeds the central face of images with the server's own pipeline: the API hides vectors."""
    pack = load_pack("default", runtime=Runtime.AUTO, detect_side=DETECT_SIDE_PIXELS)
    pipeline = Pipeline(pack, workers=1)
    try:
        with embedding.progress_bar(console) as progress:
            return asyncio.run(embedding.embed_images(pipeline, images, progress))
    finally:
        pipeline.close()


async def _activated(server: LocalServer, count: int) -> list[device.Identity]:
    await server.serving()
    async with local.connected(server.address) as client:
        desk = Bkd(client)
        await desk.login("bkd", server.password)
        await desk.seed(province.employees(1))
        codes = [await desk.kiosk_code(province.SITES[0].site_id) for _ in range(count)]
        return [await device.activate(client, code, model="benchmark") for code in codes]


@asynccontextmanager
async def _kiosk(address: str, identity: device.Identity) -> AsyncIterator[Client]:
    async with local.connected(address) as client:
        await device.login(client, identity)
        yield client
