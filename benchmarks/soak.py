"""`hadir-bench soak`: hours of half load, and whether anything of the server grows meanwhile."""

import asyncio
import signal
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.progress import Progress
from scipy.stats import theilslopes

from benchmarks import local, report
from benchmarks.local import LocalServer
from benchmarks.options import Reaction, ServerCores
from benchmarks.phone import REACTION_S
from benchmarks.rung import Rung, Tally, open_crowd, run_rung
from benchmarks.sheet import Sheet, write

PHONES = 60
CONFIDENCE = 0.95
# The beginning fills caches and pools: so much of the samples says nothing of what comes later.
WARM_UP_SHARE = 0.25
# Samples after each other are alike; medians of so many blocks are less so, and a slope's
# confidence takes its points for independent.
BLOCKS_MAX = 30
POINTS_MIN = 8
# How long each rate is played on the way to the one that uses the wanted part of the cores.
_SEARCH_SECONDS, _SEARCH_RATES, _FIRST_RATE = 30.0, 3, 0.3
SAMPLED = ("memory_mb", "descriptors", "threads", "streams", "tasks", "gallery")
_METRICS = {
    "streams": "hadir_streams_open",
    "tasks": "hadir_tasks",
    "gallery": "hadir_gallery_people",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What the server's process held at a moment, seconds from the start.

    cpu_s: the processor time it had used by then, in all.
    """

    at_s: float
    cpu_s: float
    memory_mb: float
    descriptors: float
    threads: float
    streams: float
    tasks: float
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


@dataclass(slots=True)
class Soaked:
    """What was seen so far. rate: check-ins a second. ended: why, in words.

    missed: samples that the server did not give in time.
    """

    rate: float = 0.0
    tally: Tally = field(default_factory=Tally)
    samples: list[Sample] = field(default_factory=list)
    missed: int = 0
    ended: str = "as planned"

    @property
    def cores(self) -> float:
        """Cores of the server in use, between the first and the last sample."""
        if len(self.samples) < 2:
            return 0.0
        first, last = self.samples[0], self.samples[-1]
        return (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)


def soak(
    *,
    hours: Annotated[float, typer.Option(min=0.02, help="How long; fractions too.")] = 1.0,
    share: Annotated[
        float, typer.Option(min=0.05, max=0.9, help="Load: part of the cores' time to be used.")
    ] = 0.5,
    rate: Annotated[
        float | None,
        typer.Option(min=0.05, help="Load: check-ins a second, instead of --share."),
    ] = None,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two samples.")] = 5.0,
    reaction: Reaction = REACTION_S,
    server_cores: ServerCores = 1,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("soak-data"),
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Plays check-ins for hours and tells whether the server's process grows.

    Memory, descriptors and threads are read from /proc, open streams, tasks and the gallery from
    the metrics. A slope counts if its 95 % interval leaves out zero; the first quarter is warm-up.
    However it ends, also by Ctrl-C or with the server, there is a report so far. The load is half
    of the cores' time, found by playing some rates before.

    Example: hadir-bench soak --hours 0.5 --json soak.json
    """
    console = Console()
    settings = {"hours": hours, "share": None if rate else share, "rate": rate, "every": every}
    settings |= {"reaction_seconds": reaction, "server_cores": server_cores}
    result = report.origin("soak", settings)
    report.print_origin(console, result)
    soaked = Soaked()
    plan = Plan(directory, server_cores, hours * 3600, share, rate, every, reaction)
    try:
        with Progress(console=console, transient=True) as progress:
            asyncio.run(_play(plan, progress, soaked))
    except BaseException as failed:
        # Hours of samples are reported however they end, by Ctrl-C too; the fault goes on. Of a
        # server that failed the first line says it, the others are its log's.
        soaked.ended = f"{type(failed).__name__}: {failed}".partition("\n")[0].removesuffix(":")
        raise
    finally:
        _report(console, result, soaked, json_file)


def _report(
    console: Console, result: Mapping[str, Any], soaked: Soaked, json_file: Path | None
) -> None:
    slopes = slopes_of(soaked.samples)
    paragraphs: list[str | Sheet] = [_load(soaked), _sheet(slopes)]
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        found = {
            "rate": soaked.rate,
            "cores_used": soaked.cores,
            "ended": soaked.ended,
            "recorded": soaked.tally.recorded,
            "missed": soaked.missed,
            "slopes": [{**asdict(slope), "verdict": slope.verdict} for slope in slopes],
            "samples": [asdict(sample) for sample in soaked.samples],
        }
        title = f"Soak at {soaked.rate:.2f} check-ins a second, {soaked.cores:.2f} cores"
        draw = partial(charts.plot_soak, title=title, samples=soaked.samples)
        write(json_file, {**result, **found}, paragraphs, draw)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is played where, and how often it is sampled. rate: None for one by the share."""

    directory: Path
    server_cores: int
    seconds: float
    share: float
    rate: float | None
    every_s: float
    reaction_s: float


async def _play(plan: Plan, progress: Progress, soaked: Soaked) -> None:
    """Fills what is soaked until the end or Ctrl-C. Raises ServerFailed."""
    metrics = f"127.0.0.1:{local.free_port()}"
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(
            plan.directory,
            PHONES,
            plan.server_cores,
            progress,
            stack,
            reaction_s=plan.reaction_s,
            settings={"metrics_listen": metrics},
        )
        run = partial(run_rung, server=server, crowd=crowd, progress=progress)
        search = partial(run, "looking for the rate", seconds=_SEARCH_SECONDS)
        soaked.rate = plan.rate or await _rate_of(plan.share * plan.server_cores, search)
        play = run("soak", rate=soaked.rate, seconds=plan.seconds, tally=soaked.tally)
        load = asyncio.create_task(play)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, load.cancel)
        began = time.monotonic()
        while not load.done():
            try:
                soaked.samples.append(await _sample(server, metrics, time.monotonic() - began))
            except OSError:
                soaked.missed += 1  # busy for once; if it has ended, the load says so
            await asyncio.wait({load}, timeout=plan.every_s)
        if load.cancelled():
            soaked.ended = "by Ctrl-C"
        else:
            load.result()


async def _rate_of(cores: float, play: Callable[..., Awaitable[Rung]]) -> float:
    """Returns the rate that uses so many cores: a check-in among many costs less than one alone."""
    rate = _FIRST_RATE
    for _ in range(_SEARCH_RATES):
        rate *= cores / (await play(rate=rate)).server_cores_busy
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
        cpu_s=server.cpu_s(),
        memory_mb=server.memory_mb(),
        descriptors=server.descriptors(),
        threads=server.threads(),
        **{what: values[name] for what, name in _METRICS.items()},
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


def _load(soaked: Soaked) -> str:
    tally, samples = soaked.tally, soaked.samples
    minutes = samples[-1].at_s / 60 if samples else 0.0
    return (
        f"{minutes:.1f} minutes at {soaked.rate:.2f} check-ins a second, {soaked.cores:.2f} cores "
        f"of the server in use: {tally.recorded} recorded, "
        f"{tally.refused_for_load} refused for load, {sum(tally.refused.values())} for other "
        f"reasons; a frame's answer p50 {tally.answer.get_value_at_percentile(50) / 1e3:.0f} ms, "
        f"p99 {tally.answer.get_value_at_percentile(99) / 1e3:.0f} ms. Ended {soaked.ended}; "
        f"{soaked.missed} samples missed."
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
