"""`hadir-bench pipeline`: what one core makes of camera frames, stage by stage, for each runtime.

Frames are of a virtual person in front of a plain wall, VGA; every one is embedded. No network,
gallery or storage takes part.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import report
from benchmarks.panels import Panel, draw_bars
from benchmarks.sheet import Sheet, write
from benchmarks.virtual import Pose, VirtualPerson, encode, path
from server.errors import ModelInvalid
from server.settings import DETECT_SIDE_PIXELS
from server.vision import jpeg
from server.vision.jpeg import ImageRejected
from server.vision.pack import Pack, load_pack
from server.vision.pipeline import Analysis, Pipeline
from server.vision.session import Runtime

# A walk-up in miniature: the head turns a little and comes closer.
POSES = (
    Pose(yaw_degrees=-10, eye_distance_px=60),
    Pose(pitch_degrees=5, eye_distance_px=75),
    Pose(yaw_degrees=10, eye_distance_px=90),
)
FRAMES_BETWEEN = 14
FRAMES_PER_WORKER = 8
WARM_UP_SECONDS = 1.0


class StillUnusable(Exception):
    """The photo that frames should be made of has no face."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What one runtime reached.

    Times are medians in milliseconds; embed_ms is that of the whole batch. cpu_ms is the
    processor time of the whole process a frame: it hardly depends on what else runs here.
    cores_used: what it got of as many cores as workers; where this is less, others had them.
    """

    runtimes: str
    workers: int
    frames: int
    frames_per_second: float
    cores_used: float
    cpu_ms: float
    decode_ms: float
    detect_ms: float
    embed_ms: float


def pipeline(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each runtime runs.")] = 10,
    workers: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help="Worker threads; so many cores are used. May be given several times, to see how "
            "speed grows with cores. Default: 1.",
        ),
    ] = None,
    runtime: Annotated[
        list[Runtime] | None,
        typer.Option(help="What runs the models; may be given several times. Default: each."),
    ] = None,
    pack: Annotated[str, typer.Option(help="Model pack: default or insightface:DIR.")] = "default",
    detect_side: Annotated[
        int, typer.Option(min=64, help="Longer side for the detector, pixels.")
    ] = DETECT_SIDE_PIXELS,
    image: Annotated[
        Path | None,
        typer.Option(
            help="JPEG photo of a face, baseline, to make the frames of. Default: a sample that "
            "comes with insightface.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Measures how many camera frames a second one core decodes, searches for faces and embeds.

    Divide the faces a second that your morning peak brings by this figure to see how many cores
    it needs; kiosks send several frames of each person.

    The process keeps to as many cores as it has workers. On a machine that does other work, trust
    the processor time a frame (CPU ms) more than the frames a second.

    Example: hadir-bench pipeline --seconds 5 --runtime auto --workers 1 --workers 2
    """
    console = Console()
    runtimes, counts = runtime or list(Runtime), sorted(set(workers or [1]))
    settings = {
        "seconds": seconds,
        "workers": ", ".join(map(str, counts)),
        "pack": pack.partition(":")[0],
    }
    settings |= {"detect_side": detect_side, "frame": "640 x 480, one face"}
    result = report.origin("pipeline", settings)
    report.print_origin(console, result)
    rows: list[Speed] = []
    try:
        for name, count in itertools.product(runtimes, counts):
            with cores(count):
                loaded = load_pack(pack, runtime=name, detect_side=detect_side, calls=count)
                frames = make_frames(loaded, image)
                rows.append(measure(loaded, frames, seconds=seconds, workers=count))
    except (ModelInvalid, ImageRejected, StillUnusable, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(code=1) from error
    console.print(sheet(rows).table())
    if json_file is not None:
        pairs = zip(rows, scaling(rows), strict=True)
        results = [{**asdict(row), "times": times} for row, times in pairs]
        draw = partial(draw_bars, title="Camera frames, every one embedded", panels=_panels(rows))
        write(json_file, {**result, "results": results}, [sheet(rows)], draw)


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Keeps this process and its new threads to some of its cores, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    # Core 0 also serves interrupts: take the last ones.
    os.sched_setaffinity(0, set(sorted(before)[-count:]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def make_frames(pack: Pack, image: Path | None) -> list[bytes]:
    """Returns the JPEG frames of a short walk-up. Raises ImageRejected, StillUnusable."""
    if image is None:
        sample = resources.files("insightface") / "data" / "images" / "t1.jpg"
        still = jpeg.decode(sample.read_bytes())
    else:
        still = jpeg.decode(image.read_bytes())
    faces = pack.detector.detect(still)
    if not faces:
        raise StillUnusable("no face in the photo")
    largest = max(faces, key=lambda face: face.box.area)
    person, rng = VirtualPerson(still, largest.landmarks), np.random.default_rng(0)
    return [encode(person.render(pose, rng=rng)) for pose in path(POSES, FRAMES_BETWEEN)]


def measure(pack: Pack, frames: list[bytes], *, seconds: float, workers: int) -> Speed:
    """Sends frames around through the pipeline for so many seconds, after a warm-up."""
    pipeline_ = Pipeline(pack, workers=workers)
    try:
        asyncio.run(_run(pipeline_, frames, min(seconds, WARM_UP_SECONDS)))
        started, cpu_started = time.perf_counter(), time.process_time()
        analyses = asyncio.run(_run(pipeline_, frames, seconds))
        elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu_started
    finally:
        pipeline_.close()
    if not any(analysis.faces for analysis in analyses):
        raise StillUnusable("no face is found in the frames made of the photo")
    timings = [analysis.timings for analysis in analyses if analysis.faces]
    return Speed(
        runtimes=pack.runtimes,
        workers=workers,
        frames=len(analyses),
        frames_per_second=len(analyses) / elapsed,
        cores_used=cpu / elapsed,
        cpu_ms=cpu / len(analyses) * 1e3,
        decode_ms=median(timing.decode_ms for timing in timings),
        detect_ms=median(timing.detect_ms for timing in timings),
        embed_ms=median(timing.embed_ms for timing in timings),
    )


async def _run(pipeline_: Pipeline, frames: list[bytes], seconds: float) -> list[Analysis]:
    """Keeps every worker busy; returns what came out."""
    analyses: list[Analysis] = []
    waiting = itertools.cycle(frames)
    end = time.perf_counter() + seconds

    async def work() -> None:
        while time.perf_counter() < end:
            analyses.append(await pipeline_.analyze(next(waiting), lambda _: True))

    async with asyncio.TaskGroup() as group:
        for _ in range(pipeline_.workers * FRAMES_PER_WORKER):
            group.create_task(work())
    return analyses


def scaling(rows: Sequence[Speed]) -> list[float]:
    """Returns each row's frames a second in parts of the first row's with the same runtimes."""
    first: dict[str, float] = {}
    for row in rows:
        first.setdefault(row.runtimes, row.frames_per_second)
    return [row.frames_per_second / first[row.runtimes] for row in rows]


def sheet(rows: Sequence[Speed]) -> Sheet:
    """Returns what the runtimes reached as a table."""
    return Sheet(
        "VGA frames with one face, every one embedded. times: as fast as the first row of the same "
        "runtimes; cores: used; CPU ms: of the whole process a frame; decode, detect, embed: "
        "median ms, embed of a whole batch.",
        (
            "detector, embedder", "workers", "frames/s", "times", "cores", "CPU ms", "decode",
            "detect", "embed",
        ),
        [
            (
                _names(row),
                str(row.workers),
                f"{row.frames_per_second:.1f}",
                f"{times:.2f}",
                f"{row.cores_used:.2f}",
                f"{row.cpu_ms:.1f}",
                f"{row.decode_ms:.1f}",
                f"{row.detect_ms:.1f}",
                f"{row.embed_ms:.1f}",
            )
            for row, times in zip(rows, scaling(rows), strict=True)
        ],
    )  # fmt: skip


def _panels(rows: Sequence[Speed]) -> list[Panel]:
    over = [f"{_names(row)}, workers: {row.workers}" for row in rows]
    return [
        Panel("frames a second", over, {"": [row.frames_per_second for row in rows]}),
        Panel("processor time a frame, ms", over, {"": [row.cpu_ms for row in rows]}),
    ]


def _names(row: Speed) -> str:
    return row.runtimes.replace("detector ", "").replace("embedder ", "")
