"""`hadir-bench micro`: what each part costs by itself: images, models, search, disk, a call.

Medians on one thread. The parts of `pipeline` and `load`, for whoever wants to make one faster.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated

import grpc
import typer
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks import report
from benchmarks.panels import Panel, draw_bars
from benchmarks.pipeline import cores, make_frames
from benchmarks.search import SearchRow
from benchmarks.search import measure as measure_search
from benchmarks.sheet import Sheet, show, write
from server.services.usable import BACKGROUND_AREA_MAX
from server.settings import DETECT_SIDE_PIXELS
from server.storage import migrate
from server.storage.database import open_database
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
class Part:
    """Something to measure: `run` returns what one piece of it costs, milliseconds."""

    name: str
    run: Callable[[], float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one part costs, milliseconds a piece: of a frame, a face, a row, a call."""

    part: str
    ms: float
    note: str = ""


def micro(
    *,
    million: Annotated[
        bool, typer.Option("--million", help="Search a million people too: 2 minutes, 2 GB.")
    ] = False,
    probes: Annotated[
        int, typer.Option(min=100, help="Searches among each number of people.")
    ] = 5_000,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Measures every part by itself, on one core: images, models, search, disk, a call.

    Example: hadir-bench micro --json micro.json
    """
    console = Console()
    settings = {"million": million, "probes": probes, "repeats": REPEATS, "cores": 1}
    result = report.origin("micro", settings)
    report.print_origin(console, result)
    sizes = [*SEARCHED, *([SEARCHED_MORE] if million else [])]
    with cores(1), Progress(console=console, transient=True) as progress:
        costs, searches = measure(progress, sizes, probes)
    sheets = cost_sheet(costs), search_sheet(searches)
    show(console, sheets)
    if json_file is not None:
        found = {"results": [asdict(cost) for cost in costs]}
        found["searches"] = [asdict(row) for row in searches]
        panels = _panels(costs, searches)
        draw = partial(draw_bars, title="What each part costs by itself", panels=panels)
        write(json_file, {**result, **found}, sheets, draw)


def measure(
    progress: Progress, sizes: Sequence[int], probes: int
) -> tuple[list[Cost], list[SearchRow]]:
    """Measures every part, and the search among so many people, with so many probes."""
    task = progress.add_task("models", total=None)
    parts = [*_vision(), *_storage_and_call()]
    progress.update(task, total=len(parts) + len(sizes))
    costs, searches = [], []
    for part in parts:
        progress.update(task, description=part.name)
        costs.append(Cost(part.name, part.run(), part.note))
        progress.advance(task)
    for size in sizes:
        progress.update(task, description=f"search {size:,} people")
        searches.append(measure_search(size, probes))
        progress.advance(task)
    return costs, searches


def cost_sheet(costs: Sequence[Cost]) -> Sheet:
    """Returns what the parts cost as a table."""
    rows = [(cost.part, f"{cost.ms:.3f}", cost.note) for cost in costs]
    return Sheet("One thread, median", ("part", "ms", "note"), rows)


def search_sheet(searches: Sequence[SearchRow]) -> Sheet:
    """Returns what searches took and found as a table."""
    return Sheet(
        "Search, one thread. p50, p99: ms; recall: how often the best is the exact search's best, "
        "and the lower end of its 95 % interval; enrol: ms until somebody new is found, slowest of "
        "some; build: s; MB: of the index, without the means.",
        ("people", "index", "probes", "p50", "p99", "recall", "at least", "enrol", "build", "MB"),
        [
            (
                f"{row.people:,}",
                row.kind,
                f"{row.probes:,}",
                f"{row.p50_ms:.3f}",
                f"{row.p99_ms:.3f}",
                f"{row.recall_at_1:.4f}",
                f"{row.recall_at_least:.4f}",
                f"{row.enrol_to_found_ms:.1f}",
                f"{row.build_s:.1f}",
                f"{row.index_bytes / 1e6:.1f}",
            )
            for row in searches
        ],
    )


def _panels(costs: Sequence[Cost], searches: Sequence[SearchRow]) -> list[Panel]:
    parts = [f"{cost.part} ({cost.note})" for cost in costs]
    people = [f"{row.people:,} people" for row in searches]
    times = {"p50": [row.p50_ms for row in searches], "p99": [row.p99_ms for row in searches]}
    return [
        Panel("a piece, ms", parts, {"ms": [cost.ms for cost in costs]}, log=True),
        Panel("a search, ms", people, times, log=True),
    ]


def _vision() -> Iterator[Part]:
    pack = load_pack("default", runtime=Runtime.AUTO, detect_side=DETECT_SIDE_PIXELS)
    frame = make_frames(pack, None)[20]
    image = jpeg.decode(frame)
    face = pack.detector.detect(image)[0]
    crop = align.crop(image, face.landmarks)
    gazes = {
        "detect": None,
        "detect, one near face": Gaze(counts_from=BACKGROUND_AREA_MAX, boxes=(face.box,)),
        "detect, followed": Gaze(True, boxes=(face.box,)),
    }
    for name, work, note in (
        ("decode JPEG", partial(jpeg.decode, frame), f"VGA, {len(frame) // 1000} kB"),
        ("align", partial(align.crop, image, face.landmarks), "112 x 112"),
        ("measure", partial(align.measure, image, face.box, face.landmarks, crop), "quality"),
    ):
        yield Part(name, partial(_cpu_ms, work), note)
    for runtime in (Runtime.ONNXRUNTIME, Runtime.OPENVINO):
        loaded = load_pack("default", runtime=runtime, detect_side=DETECT_SIDE_PIXELS)
        detector, _, embedder = loaded.runtimes.partition(", ")
        detect, embed = loaded.detector.detect, loaded.embedder.embed
        for name, gaze in gazes.items():
            yield Part(name, partial(_cpu_ms, partial(detect, image, gaze)), detector)
        for bucket in BUCKETS:
            batch = partial(_cpu_ms, partial(embed, [crop] * bucket), pieces=bucket)
            yield Part(f"embed, batch {bucket}", batch, f"a face; {embedder}")


def _storage_and_call() -> Iterator[Part]:
    for writers in WRITERS:
        run = partial(_write_ms, writers)
        yield Part(f"write, {writers} at once", run, "a row, committed and flushed")
    yield Part("call", lambda: asyncio.run(_call()), "unary, grpc.aio on both ends, same core")


def _write_ms(writers: int) -> float:
    return asyncio.run(_writes(writers))


async def _writes(writers: int) -> float:
    """Returns the time a row, with so many callers at once; each waits until its row is on disk."""
    with _database_file() as path:
        async with open_database(path) as database:
            await database.write(_create)

            async def once() -> None:
                await asyncio.gather(*(database.write(_insert) for _ in range(writers)))

            return await _passed_ms(once) / writers


async def _create(connection: AsyncConnection) -> None:
    await connection.execute(text("CREATE TABLE bench (content BLOB)"))


async def _insert(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO bench VALUES (zeroblob(300))"))


async def _call() -> float:
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        async def once() -> None:
            await stub.Check(health_pb2.HealthCheckRequest())

        took_ms = await _passed_ms(once)
    await server.stop(None)
    return took_ms


@contextmanager
def _database_file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / "bench.db"
        migrate.upgrade(path)
        yield path


def _cpu_ms(work: Callable[[], object], pieces: int = 1) -> float:
    """Returns the median of the processor time of this thread a piece, milliseconds."""
    took = []
    for _ in range(WARM_UPS + REPEATS):
        started = time.thread_time()
        work()
        took.append((time.thread_time() - started) * 1e3)
    return median(took[WARM_UPS:]) / pieces


async def _passed_ms(work: Callable[[], Awaitable[None]]) -> float:
    """Returns the median of the time that passed, milliseconds."""
    took = []
    for _ in range(WARM_UPS + REPEATS):
        started = time.perf_counter()
        await work()
        took.append((time.perf_counter() - started) * 1e3)
    return median(took[WARM_UPS:])
