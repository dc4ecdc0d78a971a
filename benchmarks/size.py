"""`hadir-bench size`: what hardware a morning needs, from costs measured on this machine.

The model is in sizing.py. `--validate` plays the predicted rates for real and prints both.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress, track

from benchmarks import report
from benchmarks.phone import FRAMES_PER_SECOND
from benchmarks.pipeline import cores, make_frames
from benchmarks.rung import Rung, Tally, open_crowd, run_rung, seed_of
from benchmarks.sheet import Sheet, write
from benchmarks.sizing import (
    BUSY_MAX,
    Costs,
    Morning,
    Prediction,
    predict,
    replicas_needed,
    workers_needed,
)
from server.domain.challenge import HOLD_FRAMES
from server.settings import DETECT_SIDE_PIXELS
from server.vision import align, jpeg
from server.vision.line import BUCKETS
from server.vision.pack import load_pack
from server.vision.session import Runtime

# Sizes that operators ask for: trial, province, large province, all civil servants of Indonesia.
STAFF = (1_000, 10_000, 100_000, 4_700_000)
VALIDATED = (0.5, 0.8)
PHONES = 60
# The rate at which costs are measured, in parts of what a first guess says is possible.
_QUIET = 0.15
_GUESSED_CPU_S = 0.5
# What takes so many times the median is a pause of the machine (a virtual one stands still for up
# to a second now and then), seen once and not to be played again every few hundred frames.
_PAUSE = 5
_TRIES = 6
_IDLE_S = 15.0
# A crowded moment is over within such a stretch: check-ins last some seconds.
_BLOCK_S, _BOOTSTRAPS = 10.0, 400
_EMBED_REPEATS, _EMBED_WARM_UPS = 15, 2
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Need:
    """What so many people need."""

    staff: int
    peak_rate: float
    cores: int
    replicas: int
    answer_p50_ms: float | None
    answer_p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prediction beside its measurement; errors in parts of the measurement.

    p99_between_ms: within what the measured p99 would lie if chance had it otherwise.
    """

    share: float
    predicted: Prediction
    measured: Rung
    p99_between_ms: tuple[float, float]
    p99_error: float
    cpu_error: float


def size(
    *,
    staff: Annotated[int, typer.Option(min=1, help="People who check in.")] = 1000,
    within: Annotated[str, typer.Option(help="In what time they come: 30m, 1h.")] = "30m",
    busiest: Annotated[str, typer.Option(help="The busiest time within it.")] = "10m",
    busiest_share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Part of them who come in the busiest time.")
    ] = 0.5,
    deadline: Annotated[
        str, typer.Option(help="In what time 99 of 100 frames must be answered.")
    ] = "2s",
    server_cores: Annotated[int, typer.Option(min=1, help="Cores of the measured server.")] = 1,
    seconds: Annotated[float, typer.Option(min=10, help="How long each measurement runs.")] = 180,
    validate: Annotated[
        bool, typer.Option("--validate", help="Play the predicted rates, and print both.")
    ] = False,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("size-data"),
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Answers "what hardware do I need for N people?" for machines like this one.

    Measures what a check-in costs here, then predicts cores, replicas and answer times for the
    morning peak: half of the people come in the last ten of thirty minutes, unless you say
    otherwise. Cores are sized to be 70 % busy at most, and to ask 1 of 100 people at most to come
    back some seconds later.

    Example: hadir-bench size --staff 1000 --within 30m --deadline 2s --validate
    """
    morning = Morning(staff, _seconds(within), _seconds(busiest), busiest_share)
    console = Console()
    settings = {"within": within, "busiest": busiest, "busiest_share": busiest_share}
    settings |= {"deadline": deadline, "server_cores": server_cores, "seconds": seconds}
    result = report.origin("size", settings)
    report.print_origin(console, result)
    shares = VALIDATED if validate else ()
    with Progress(console=console, transient=True) as progress:
        costs, compared = asyncio.run(_measure(directory, server_cores, seconds, shares, progress))
    mornings = [replace(morning, staff=count) for count in sorted({staff, *STAFF})]
    simulated = track(mornings, "simulating mornings", console=console, transient=True)
    needs = [need_of(costs, one, deadline) for one in simulated]
    paragraphs: list[str | Sheet] = [_costs(costs), _needs(needs)]
    paragraphs += [_comparisons(compared)] if compared else []
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        found = {
            "costs": asdict(costs),
            "needs": [asdict(need) for need in needs],
            "validation": [asdict(one) for one in compared],
        }
        draw = partial(charts.plot_size, title="Sizing", needs=needs, played=compared)
        write(json_file, {**result, **found}, paragraphs, draw)


def need_of(costs: Costs, morning: Morning, deadline: str) -> Need:
    """Returns what a morning needs on machines with these costs."""
    rate = morning.peak_rate
    cores = workers_needed(costs, rate, _seconds(deadline))
    # What outgrows a machine is split: each replica sees its share of the arrivals.
    replicas = replicas_needed(cores)
    one = predict(costs, rate / replicas, max(1, round(cores / replicas)))
    return Need(
        staff=morning.staff,
        peak_rate=rate,
        cores=cores,
        replicas=replicas,
        answer_p50_ms=one.answer_p50_s * 1e3,
        answer_p99_ms=one.answer_p99_s * 1e3,
    )


async def _measure(
    directory: Path,
    server_cores: int,
    seconds: float,
    shares: tuple[float, ...],
    progress: Progress,
) -> tuple[Costs, list[Comparison]]:
    batch = embed_by_batch(server_cores)
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(directory, PHONES, server_cores, progress, stack)
        play = partial(run_rung, server=server, crowd=crowd, seconds=seconds, progress=progress)

        async def measured_costs(name: str) -> Costs:
            tally, rate = Tally(), _QUIET * server_cores / _GUESSED_CPU_S
            idle_s = server.cpu_s()
            await asyncio.sleep(_IDLE_S)
            idle_cores = (server.cpu_s() - idle_s) / _IDLE_S
            quiet = await play(name, rate=rate, tally=tally)
            return costs_of(quiet, tally, batch, server_cores=server_cores, idle_cores=idle_cores)

        costs = await measured_costs("costs")
        rates = {share: share * server_cores / costs.cpu_s for share in shares}
        tallies = {share: Tally(answers=[]) for share in shares}
        played = {
            share: await play(f"{share:.0%}", rate=rate, tally=tallies[share])
            for share, rate in rates.items()
        }
        if played:
            costs = pooled(costs, await measured_costs("costs again"))
        return costs, [
            compare(
                share,
                predict(costs, rate, server_cores, seconds=seconds, seed=seed_of(rate)),
                played[share],
                tallies[share].answers or [],
            )
            for share, rate in rates.items()
        ]


def costs_of(
    quiet: Rung,
    tally: Tally,
    batch: Mapping[int, float],
    *,
    server_cores: int = 1,
    idle_cores: float = 0.0,
) -> Costs:
    """Returns the costs by a rung at which hardly anybody waited; batch: see embed_by_batch.

    The server's processor time beside its workers (network, parsing, storage) uses the same cores.
    What a check-in waited for its challenge and its receipt is taken as theirs; the rest is added
    to the frames in proportion, so that the quiet rung, simulated, costs all of it.
    idle_cores: what the server takes when nobody is there, which is no cost of check-ins.
    """
    if not tally.looked or not tally.embeds_s:
        raise SystemExit("No check-in was recorded: the server did not work, see server.log.")
    pace_s = 1 / FRAMES_PER_SECOND
    plain = Costs(
        cpu_s=quiet.cpu_ms_per_check_in / 1e3 - idle_cores / quiet.recorded,
        frames=statistics.fmean(tally.looked),
        looks=_without_pauses(tally.looks_s),
        embeds=_without_pauses(tally.embeds_s),
        embedded=sum(tally.embedded) / sum(tally.looked),
        moves=[_moves(steps_s, pace_s) for steps_s in tally.steps_s],
        batch=batch,
        open_s=statistics.median(tally.open_s),
        seal_s=statistics.median(tally.seal_s),
        idle_cores=idle_cores,
        pace_s=pace_s,
    )

    def played(costs: Costs) -> Prediction:
        rate = quiet.offered
        return predict(costs, rate, server_cores, seconds=quiet.seconds, seed=seed_of(rate))

    # What costs more is asked for less often, and what takes longer too: not in proportion.
    costs = plain
    for _ in range(_TRIES):
        found = played(costs)
        rest_s = costs.rest_s + quiet.answer_mean_ms / 1e3 - found.answer_mean_s
        dearer = costs.cpu_s / found.work_s
        costs = replace(costs, beside=costs.beside * dearer, rest_s=max(0.0, rest_s))
        if costs.beside < 1:
            # No frame costs less than its worker measured: what was waited for opening and record
            # was the disk's time, and no core's.
            open_s, seal_s = costs.open_s * dearer, costs.seal_s * dearer
            costs = replace(costs, beside=1.0, open_s=open_s, seal_s=seal_s)
    return costs


def _moves(steps_s: Sequence[float], pace_s: float) -> list[float]:
    """Returns when frames could show the steps that were completed after so many seconds.

    The frames that hold a step come after the first, and that comes half a pace late on average.
    """
    return [max(0.0, took_s - (HOLD_FRAMES - 0.5) * pace_s) for took_s in steps_s]


def pooled(before: Costs, after: Costs) -> Costs:
    """Returns the costs of a machine whose speed drifts, measured before and after a play.

    A shared machine was a fifth faster or slower from one minute to the next.
    """
    return replace(
        before,
        cpu_s=_middle(before.cpu_s, after.cpu_s),
        frames=_middle(before.frames, after.frames),
        looks=[*before.looks, *after.looks],
        embeds=[*before.embeds, *after.embeds],
        embedded=_middle(before.embedded, after.embedded),
        moves=[*before.moves, *after.moves],
        idle_cores=_middle(before.idle_cores, after.idle_cores),
        open_s=_middle(before.open_s, after.open_s),
        seal_s=_middle(before.seal_s, after.seal_s),
        beside=_middle(before.beside, after.beside),
        rest_s=_middle(before.rest_s, after.rest_s),
    )


def _middle(one: float, other: float) -> float:
    return (one + other) / 2


def _without_pauses(costs: Sequence[float]) -> list[float]:
    """Returns the costs without what the machine stood still, see _PAUSE."""
    most = _PAUSE * statistics.median(costs)
    return [min(one, most) for one in costs]


def embed_by_batch(server_cores: int) -> dict[int, float]:
    """Returns what embedding each bucket of faces costs on one core, in parts of one face."""
    with cores(server_cores):
        pack = load_pack("default", runtime=Runtime.AUTO, detect_side=DETECT_SIDE_PIXELS)
        image = jpeg.decode(make_frames(pack, None)[0])
        crop = align.crop(image, pack.detector.detect(image)[0].landmarks)
        took = {bucket: [0.0] * _EMBED_REPEATS for bucket in BUCKETS}
        for turn in range(-_EMBED_WARM_UPS, _EMBED_REPEATS):
            for bucket in BUCKETS:
                started = time.perf_counter()
                pack.embedder.embed([crop] * bucket)
                took[bucket][turn] = time.perf_counter() - started
    alone_s = statistics.median(took[1])
    return {bucket: statistics.median(times) / alone_s for bucket, times in took.items()}


def p99_between(answers: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Returns the 95 % interval of the p99 of answers: (when their check-in was due in s, ms).

    Block bootstrap (Kuensch 1989): frames of one crowded moment are late together, so whole
    stretches of time are drawn, not single answers. Of few stretches it is too narrow rather than
    too wide.
    """
    if not answers:
        return 0.0, 0.0
    due_s, took_ms = np.array(sorted(answers)).T
    starts = np.arange(due_s[0], due_s[-1], _BLOCK_S)[1:]
    blocks = np.split(took_ms, np.searchsorted(due_s, starts))
    rng = np.random.default_rng(1)
    drawn = rng.integers(len(blocks), size=(_BOOTSTRAPS, len(blocks)))
    p99s = [np.percentile(np.concatenate([blocks[n] for n in one]), 99) for one in drawn]
    low, high = np.percentile(p99s, [2.5, 97.5])
    return float(low), float(high)


def compare(
    share: float,
    predicted: Prediction,
    measured: Rung,
    answers: Sequence[tuple[float, float]],
) -> Comparison:
    """Returns a prediction beside what was measured at the same rate; answers: see p99_between."""
    return Comparison(
        share=share,
        predicted=predicted,
        measured=measured,
        p99_between_ms=p99_between(answers),
        p99_error=predicted.answer_p99_s * 1e3 / measured.answer_p99_ms - 1,
        cpu_error=predicted.cores_busy / measured.server_cores_busy - 1,
    )


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r}: write a time as 90s, 30m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def _costs(costs: Costs) -> str:
    return (
        f"One check-in here: {costs.cpu_s * 1e3:.0f} ms of processor time, "
        f"{costs.frames:.0f} frames looked at, "
        f"{costs.frame_s * 1e3:.1f} ms each, "
        f"{costs.batch[BUCKETS[-1]] / BUCKETS[-1]:.0%} of an embedding in a batch of "
        f"{BUCKETS[-1]}; one core carries "
        f"{1 / costs.cpu_s:.2f} a second, {BUSY_MAX / costs.cpu_s:.2f} at {BUSY_MAX:.0%}. "
        f"An idle server takes {costs.idle_cores:.1%} of a core."
    )


def _needs(needs: list[Need]) -> Sheet:
    return Sheet(
        "What a morning needs, with cores like these",
        ("people", "peak/s", "cores", "replicas", "answer p50 ms", "p99 ms"),
        [
            (
                f"{need.staff:,}",
                f"{need.peak_rate:,.1f}",
                f"{need.cores:,}",
                f"{need.replicas:,}",
                f"{need.answer_p50_ms:.0f}",
                f"{need.answer_p99_ms:.0f}",
            )
            for need in needs
        ],
    )


def _comparisons(compared: list[Comparison]) -> Sheet:
    return Sheet(
        "Predicted and played on this machine, the same arrivals: p50 and p99 of a frame's answer "
        "in ms; p99 rests on the slowest hundredth of so many answers, between: its 95 % interval "
        "in what was played; client: how late the client itself was at p99, ms; shed: part of the "
        "people asked to come back.",
        (
            "load", "rate/s", "p50", "played", "p99", "played", "between", "error", "answers",
            "client",
            "cores", "used", "error", "shed", "played",
        ),
        [
            (
                f"{one.share:.0%}",
                f"{one.measured.offered:.2f}",
                f"{one.predicted.answer_p50_s * 1e3:.0f}",
                f"{one.measured.answer_p50_ms:.0f}",
                f"{one.predicted.answer_p99_s * 1e3:.0f}",
                f"{one.measured.answer_p99_ms:.0f}",
                "{:.0f}-{:.0f}".format(*one.p99_between_ms),
                f"{one.p99_error:+.0%}",
                f"{one.measured.answers:,}",
                f"{one.measured.late_p99_ms:.0f}",
                f"{one.predicted.cores_busy:.2f}",
                f"{one.measured.server_cores_busy:.2f}",
                f"{one.cpu_error:+.0%}",
                f"{one.predicted.refused:.1%}",
                f"{one.measured.refused_for_load / max(one.measured.offered, 1e-9):.1%}",
            )
            for one in compared
        ],
    )  # fmt: skip
