"""`hadir-bench micro`: what each part costs by itself: images, models, search, disk, a call.

Medians on one thread. The parts of `pipeline` and `load`, for whoever wants to make one faster.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import grpc
import typer
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks import report
from benchmarks.pipeline import cores, make_frames
from benchmarks.search import measure as measure_search
from server.settings import DETECT_SIDE_PIXELS
from server.storage import migrate
from server.storage.database import Database, open_database
from server.vision import align, jpeg
from server.vision.detector import Gaze
from server.vision.line import BUCKETS
from server.vision.pack import load_pack
from server.vision.session import Runtime

REPEATS, WARM_UPS = 40, 3
WRITERS = (1, 32)
SEARCHED = (1_000, 10_000, 100_000)
SEARCHED_MORE = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one part costs, milliseconds a piece: of a frame, a face, a search, a row, a call."""

    part: str
    ms: float
    note: str = ""


def micro(
    *,
    million: Annotated[
        bool, typer.Option("--million", help="Search a million people too: a minute, 2 GB.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.")
    ] = None,
) -> None:
    """Measures every part by itself, on one core: images, models, search, disk, a call.

    Example: hadir-bench micro --json micro.json
    """
    console = Console()
    result = report.origin("micro", {"million": million, "repeats": REPEATS, "cores": 1})
    report.print_origin(console, result)
    with cores(1), console.status("measuring ..."):
        costs = [*_vision(), *_searches(million=million), *asyncio.run(_storage_and_call())]
    shown = Table(title="One thread, median", title_justify="left")
    shown.add_column("part")
    shown.add_column("ms", justify="right")
    shown.add_column("note")
    for cost in costs:
        shown.add_row(cost.part, f"{cost.ms:.3f}", cost.note)
    console.print(shown)
    if json_file is not None:
        report.write_json(json_file, {**result, "results": [asdict(cost) for cost in costs]})


def _vision() -> Iterator[Cost]:
    pack = load_pack("default", runtime=Runtime.AUTO, detect_side=DETECT_SIDE_PIXELS)
    frame = make_frames(pack, None)[20]
    image = jpeg.decode(frame)
    face = pack.detector.detect(image)[0]
    crop = align.crop(image, face.landmarks)
    yield Cost("decode JPEG", _timed(lambda: jpeg.decode(frame)), f"VGA, {len(frame) // 1000} kB")
    yield Cost("align", _timed(lambda: align.crop(image, face.landmarks)), "112 x 112")
    yield Cost(
        "measure", _timed(lambda: align.measure(image, face.box, face.landmarks, crop)), "quality"
    )
    for runtime in (Runtime.ONNXRUNTIME, Runtime.OPENVINO):
        loaded = load_pack("default", runtime=runtime, detect_side=DETECT_SIDE_PIXELS)
        yield Cost("detect", _timed(lambda: loaded.detector.detect(image)), loaded.runtimes)  # noqa: B023
        near = (face.box,)
        followed = _timed(lambda: loaded.detector.detect(image, Gaze(True, near)))  # noqa: B023
        yield Cost("detect, followed", followed, loaded.runtimes)
        for bucket in BUCKETS:
            crops = [crop] * bucket
            took = _timed(lambda: loaded.embedder.embed(crops))  # noqa: B023
            yield Cost(f"embed, batch {bucket}", took / bucket, f"a face; {loaded.runtimes}")


def _searches(*, million: bool) -> Iterator[Cost]:
    sizes = [*SEARCHED, *([SEARCHED_MORE] if million else [])]
    for row in measure_search(sizes, 300):
        note = f"{row.kind}, p99 {row.p99_ms:.2f} ms, recall@1 {row.recall_at_1:.4f}"
        yield Cost(f"search {row.people:,} people", row.p50_ms, note)


async def _storage_and_call() -> list[Cost]:
    with _database_file() as path:
        async with open_database(path) as database:
            await database.write(_create)
            costs = [await _writes(database, writers) for writers in WRITERS]
    return [*costs, await _call()]


async def _writes(database: Database, writers: int) -> Cost:
    """Returns the time a row, with so many callers at once; each waits until its row is on disk."""

    async def once() -> None:
        await asyncio.gather(*(database.write(_insert) for _ in range(writers)))

    took = await _timed_async(once)
    return Cost(f"write, {writers} at once", took / writers, "a row, committed and flushed")


async def _create(connection: AsyncConnection) -> None:
    await connection.execute(text("CREATE TABLE bench (content BLOB)"))


async def _insert(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO bench VALUES (zeroblob(300))"))


async def _call() -> Cost:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        async def once() -> None:
            await stub.Check(health_pb2.HealthCheckRequest())

        took = await _timed_async(once)
    await server.stop(None)
    return Cost("call", took, "unary, grpc.aio on both ends, same core")


@contextmanager
def _database_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "bench.db"
        migrate.upgrade(path)
        yield path


def _timed(work: Callable[[], object]) -> float:
    """Returns the median of the processor time of this thread, milliseconds."""
    took = []
    for _ in range(WARM_UPS + REPEATS):
        started = time.thread_time()
        work()
        took.append((time.thread_time() - started) * 1e3)
    return median(took[WARM_UPS:])


async def _timed_async(work: Callable[[], Awaitable[None]]) -> float:
    """Returns the median of the time that passed, milliseconds."""
    took = []
    for _ in range(WARM_UPS + REPEATS):
        started = time.perf_counter()
        await work()
        took.append((time.perf_counter() - started) * 1e3)
    return median(took[WARM_UPS:])
