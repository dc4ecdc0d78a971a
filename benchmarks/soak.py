"""`hadir-bench soak`: hours of half load, and whether anything of the server grows meanwhile."""

import asyncio
import signal
import time
import urllib.request
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import Progress
from scipy.stats import theilslopes

from benchmarks import local, report
from benchmarks.local import LocalServer
from benchmarks.rung import Tally, open_crowd, run_rung
from benchmarks.sheet import Sheet, write

PHONES = 60
CONFIDENCE = 0.95
# The beginning fills caches and pools: so much of the samples says nothing of what comes later.
WARM_UP_SHARE = 0.25
# Samples after each other are alike; medians of so many blocks are less so, and a slope's
# confidence takes its points for independent.
BLOCKS_MAX = 30
POINTS_MIN = 8
_COST_SECONDS = 30.0
_COST_RATE = 0.3
SAMPLED = ("memory_mb", "descriptors", "threads", "streams", "gallery")
_METRICS = {"streams": "hadir_streams_open", "gallery": "hadir_gallery_people"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server's process held at a moment, seconds from the start."""

    at_s: float
    memory_mb: float
    descriptors: float
    threads: float
    streams: float
    gallery: float


@dataclass(frozen=True, slots=True)
class Slope:
    """How something changed, an hour: Theil-Sen's slope and its 95 % interval; None if too short.

    first and last: medians of the first and the last block after the warm-up.
    """

    what: str
    first: float
    last: float
    an_hour: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the slope differs from zero, in plain words."""
        if self.low is None or self.high is None:
            return "too short to say"
        if self.low > 0:
            return "grows"
        return "falls" if self.high < 0 else "no slope seen"


def soak(
    *,
    hours: Annotated[float, typer.Option(min=0.02, help="How long; fractions too.")] = 1.0,
    share: Annotated[
        float, typer.Option(min=0.05, max=1, help="Load, in parts of what the cores carry.")
    ] = 0.5,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two samples.")] = 5.0,
    server_cores: Annotated[int, typer.Option(min=1, help="Cores of the server.")] = 1,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("soak-data"),
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Plays check-ins for hours and tells whether the server's process grows.

    Memory, descriptors and threads are read from /proc, open streams and the gallery from the
    metrics. A slope counts if its 95 % interval leaves out zero; the first quarter is warm-up.
    Ctrl-C ends it early, with the report so far.

    Example: hadir-bench soak --hours 0.5 --json soak.json
    """
    console = Console()
    settings = {"hours": hours, "share": share, "every": every, "server_cores": server_cores}
    result = report.origin("soak", settings)
    report.print_origin(console, result)
    tally, samples = Tally(), list[Sample]()
    with Progress(console=console, transient=True) as progress:
        rate = asyncio.run(
            _play(
                Plan(directory, server_cores, hours * 3600, share, every),
                progress=progress,
                tally=tally,
                samples=samples,
            )
        )
    slopes = slopes_of(samples)
    paragraphs: list[str | Sheet] = [_load(tally, samples, rate), _sheet(slopes)]
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        found = {
            "rate": rate,
            "recorded": tally.recorded,
            "slopes": [{**asdict(slope), "verdict": slope.verdict} for slope in slopes],
            "samples": [asdict(sample) for sample in samples],
        }
        draw = partial(charts.plot_soak, title=f"Soak at {share:.0%} load", samples=samples)
        write(json_file, {**result, **found}, paragraphs, draw)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played where, and how often it is sampled."""

    directory: Path
    server_cores: int
    seconds: float
    share: float
    every_s: float


async def _play(plan: Plan, *, progress: Progress, tally: Tally, samples: list[Sample]) -> float:
    """Fills tally and samples until the end or Ctrl-C. Returns the rate, check-ins a second."""
    metrics = f"127.0.0.1:{local.free_port()}"
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(
            plan.directory,
            PHONES,
            plan.server_cores,
            progress,
            stack,
            settings={"metrics_listen": metrics},
        )
        cost = await run_rung(
            "cost", server, crowd, rate=_COST_RATE, seconds=_COST_SECONDS, progress=progress
        )
        rate = plan.share * plan.server_cores / (cost.cpu_ms_per_check_in / 1e3)
        play = partial(run_rung, rate=rate, seconds=plan.seconds, progress=progress, tally=tally)
        load = asyncio.create_task(play("soak", server, crowd))
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, load.cancel)
        began = time.monotonic()
        while not load.done():
            samples.append(await _sample(server, metrics, time.monotonic() - began))
            await asyncio.wait({load}, timeout=plan.every_s)
        if not load.cancelled():
            load.result()
    return rate


async def _sample(server: LocalServer, metrics: str, at_s: float) -> Sample:
    text = await asyncio.to_thread(_scrape, f"http://{metrics}/metrics")
    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    return Sample(
        at_s=at_s,
        memory_mb=server.memory_mb(),
        descriptors=server.descriptors(),
        threads=server.threads(),
        streams=values[_METRICS["streams"]],
        gallery=values[_METRICS["gallery"]],
    )


def _scrape(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  our own server
        text: str = answer.read().decode()
    return text


def slopes_of(samples: Sequence[Sample]) -> list[Slope]:
    """Returns the slope of everything sampled, after the warm-up."""
    kept = samples[int(len(samples) * WARM_UP_SHARE) :]
    times_h = [sample.at_s / 3600 for sample in kept]
    return [slope_of(what, times_h, [getattr(sample, what) for sample in kept]) for what in SAMPLED]


def slope_of(what: str, times_h: Sequence[float], values: Sequence[float]) -> Slope:
    """Returns Theil-Sen's slope through the medians of blocks: some wild samples do not move it."""
    blocks = min(BLOCKS_MAX, len(values))
    if not blocks:
        return Slope(what, 0.0, 0.0)
    hours, levels = (
        [float(np.median(part)) for part in np.array_split(np.asarray(series), blocks)]
        for series in (times_h, values)
    )
    if blocks < POINTS_MIN:
        return Slope(what, levels[0], levels[-1])
    found = theilslopes(levels, hours, alpha=CONFIDENCE)
    return Slope(what, levels[0], levels[-1], float(found[0]), float(found[2]), float(found[3]))


def _load(tally: Tally, samples: Sequence[Sample], rate: float) -> str:
    minutes = samples[-1].at_s / 60 if samples else 0.0
    return (
        f"{minutes:.1f} minutes at {rate:.2f} check-ins a second: {tally.recorded} recorded, "
        f"{tally.refused_for_load} refused for load, {sum(tally.refused.values())} for other "
        f"reasons; a frame's answer p50 {tally.answer.get_value_at_percentile(50) / 1e3:.0f} ms, "
        f"p99 {tally.answer.get_value_at_percentile(99) / 1e3:.0f} ms."
    )


def _sheet(slopes: Sequence[Slope]) -> Sheet:
    rows = []
    for slope in slopes:
        change = (slope.an_hour, slope.low, slope.high)
        figures = ["-" if value is None else f"{value:+.2f}" for value in change]
        rows.append(
            (slope.what, f"{slope.first:.1f}", f"{slope.last:.1f}", *figures, slope.verdict)
        )
    return Sheet(
        "After the warm-up: level at first and last, change an hour (Theil-Sen) and its 95 % "
        "interval.",
        ("of the server", "first", "last", "an hour", "from", "to", "verdict"),
        rows,
    )
