"""`hadir-bench size`: what hardware a morning needs, from costs measured on this machine.

The model is in sizing.py. `--validate` plays the predicted rates for real and prints both.
"""

import asyncio
from collections.abc import Iterator, Sequence
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
from benchmarks.costing import embed_by_batch, measure_costs, pooled
from benchmarks.needs import BUSY_MAX, CORES_PER_REPLICA_MAX, Need, Replicas, need_of
from benchmarks.options import Reaction, ServerCores, seconds_of
from benchmarks.phone import REACTION_S
from benchmarks.rung import Rung, Tally, open_crowd, run_rung, seed_of
from benchmarks.sheet import Sheet, write
from benchmarks.sizing import Costs, Morning, Prediction, predict, rate_at
from server.vision.line import BUCKETS

# Sizes that operators ask for: trial, province, large province, all civil servants of Indonesia.
STAFF = (1_000, 10_000, 100_000, 4_700_000)
VALIDATED = (0.5, 0.8)
PHONES = 60
# A crowded moment is over within such a stretch: check-ins last some seconds.
_BLOCK_S, _BOOTSTRAPS = 10.0, 400


@dataclass(frozen=True, slots=True)
class Comparison:
    """A prediction beside its measurement; errors in parts of the measurement.

    share: part of the cores' time that the model says is used at this rate. predicted: before it
    was played; pooled: by the costs of before and after, as a machine's speed drifts.
    p99_between_ms: within what the measured p99 would lie if chance had it otherwise.
    """

    share: float
    predicted: Prediction
    pooled: Prediction
    measured: Rung
    p99_between_ms: tuple[float, float]
    p99_error: float
    cpu_error: float
    pooled_p99_error: float
    pooled_cpu_error: float


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
    reaction: Reaction = REACTION_S,
    server_cores: ServerCores = 1,
    seconds: Annotated[float, typer.Option(min=10, help="How long each measurement runs.")] = 180,
    validate: Annotated[
        bool,
        typer.Option(
            "--validate", help="Play the rates that should use 50 % and 80 % of the cores."
        ),
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
    morning = Morning(staff, seconds_of(within), seconds_of(busiest), busiest_share)
    console = Console()
    settings = {"within": within, "busiest": busiest, "busiest_share": busiest_share}
    settings |= {"deadline": deadline, "server_cores": server_cores, "seconds": seconds}
    settings["reaction_seconds"] = reaction
    result = report.origin("size", settings)
    report.print_origin(console, result)
    shares = VALIDATED if validate else ()
    with Progress(console=console, transient=True) as progress:
        found, compared = asyncio.run(
            _measure(directory, server_cores, seconds, shares, progress, reaction_s=reaction)
        )
    costs, *again = found
    replicas = Replicas(costs, seconds_of(deadline))
    mornings = [replace(morning, staff=count) for count in sorted({staff, *STAFF})]
    simulated = track(mornings, "simulating mornings", console=console, transient=True)
    needs = [need_of(costs, one, replicas) for one in simulated]
    paragraphs: list[str | Sheet] = [_costs(costs, replicas), _needs(needs)]
    paragraphs += _limits(needs, server_cores)
    paragraphs += _comparisons(compared) if compared else ()
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        whole = {
            "costs": asdict(costs),
            "costs_again": [asdict(one) for one in again],
            "needs": [asdict(need) for need in needs],
            "validation": [asdict(one) for one in compared],
        }
        draw = partial(charts.plot_size, title="Sizing", needs=needs, played=compared)
        write(json_file, {**result, **whole}, paragraphs, draw)


async def _measure(
    directory: Path,
    server_cores: int,
    seconds: float,
    shares: tuple[float, ...],
    progress: Progress,
    *,
    reaction_s: float,
) -> tuple[list[Costs], list[Comparison]]:
    """Returns the costs, those of before and after what was played, and how that compares."""
    batch = embed_by_batch(server_cores)
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(
            directory, PHONES, server_cores, progress, stack, reaction_s=reaction_s
        )
        play = partial(run_rung, server=server, crowd=crowd, seconds=seconds, progress=progress)

        async def costs(name: str) -> Costs:
            return await measure_costs(
                server, server_cores, batch, lambda rate, tally: play(name, rate=rate, tally=tally)
            )

        found, played = [await costs("costs")], []
        simulate = partial(predict, workers=server_cores, seconds=seconds)
        # What is predicted is so before it is played.
        rates = [await asyncio.to_thread(rate_at, found[0], server_cores, one) for one in shares]
        before = [simulate(found[0], rate, seed=seed_of(rate)) for rate in rates]
        for share, rate in zip(shares, rates, strict=True):
            tally = Tally(answers=[])
            rung = await play(f"{share:.0%} busy", rate=rate, tally=tally)
            played.append((rung, [(one.due_s, one.took_ms) for one in tally.answers or ()]))
        if not shares:
            return found, []
        found.append(await costs("costs again"))
        middle = pooled(*found)
        return found, [
            compare(share, predicted, simulate(middle, rate, seed=seed_of(rate)), *measured)
            for share, rate, predicted, measured in zip(shares, rates, before, played, strict=True)
        ]


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
    pooled: Prediction,
    measured: Rung,
    answers: Sequence[tuple[float, float]],
) -> Comparison:
    """Returns predictions beside what was measured at the same rate; answers: see p99_between."""

    def p99_error(one: Prediction) -> float:
        return one.answer_p99_s * 1e3 / measured.answer_p99_ms - 1

    def cpu_error(one: Prediction) -> float:
        return one.cores_busy / measured.server_cores_busy - 1

    return Comparison(
        share=share,
        predicted=predicted,
        pooled=pooled,
        measured=measured,
        p99_between_ms=p99_between(answers),
        p99_error=p99_error(predicted),
        cpu_error=cpu_error(predicted),
        pooled_p99_error=p99_error(pooled),
        pooled_cpu_error=cpu_error(pooled),
    )


def _costs(costs: Costs, replicas: Replicas) -> str:
    return (
        f"One check-in alone here: {costs.cpu_s * 1e3:.0f} ms of processor time, "
        f"{costs.frames:.0f} frames looked at, "
        f"{costs.frame_s * 1e3:.1f} ms each, of which the event loop takes "
        f"{costs.loop_s * 1e3:.1f}; "
        f"{costs.batch[BUCKETS[-1]] / BUCKETS[-1]:.0%} of an embedding in a batch of "
        f"{BUCKETS[-1]}. Many at once are asked for fewer frames: one core carries "
        f"{replicas.carries(1):.2f} a second, {BUSY_MAX:.0%} busy at most, by the model. "
        f"An idle server takes {costs.idle_cores:.1%} of a core."
    )


def _needs(needs: list[Need]) -> Sheet:
    return Sheet(
        "What a morning needs, with cores like these; used: part of the cores' time at the peak, "
        "shed: part of the people asked to come back, p50 and p99: a frame's answer, ms, all in "
        "each replica; -: no number of cores answers that fast",
        ("people", "peak/s", "cores", "replicas", "used", "shed", "p50", "p99"),
        [
            (
                f"{need.staff:,}",
                f"{need.peak_rate:,.1f}",
                _shown(need.cores, ",d"),
                _shown(need.replicas, ",d"),
                _shown(need.utilisation, ".0%"),
                _shown(need.refused, ".1%"),
                _shown(need.answer_p50_ms, ".0f"),
                _shown(need.answer_p99_ms, ".0f"),
            )
            for need in needs
        ],
    )


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _limits(needs: list[Need], server_cores: int) -> Iterator[str]:
    """Yields what the needs rest on that was not measured; server_cores: those that were."""
    if any((need.replicas or 0) > 1 for need in needs):
        yield (
            "More than one replica is not built yet; that one drives up to "
            f"{CORES_PER_REPLICA_MAX} cores is an assumption."
        )
    if any((need.cores or 0) > server_cores for need in needs):
        yield f"More cores than {server_cores} were not measured, but simulated."


def _comparisons(compared: list[Comparison]) -> tuple[Sheet, Sheet]:
    answers = Sheet(
        "Predicted before it was played on this machine, and played, the same arrivals. busy: part "
        "of the cores' time that is used by the model; p50 and p99: a frame's answer, ms; p99 "
        "rests on the slowest hundredth of so many answers, between: its 95 % interval in what was "
        "played; pooled: the error by the costs of before and after what was played; client: how "
        "late the client itself was at p99, ms.",
        (
            "busy", "rate/s", "p50", "played", "p99", "played", "between", "error", "pooled",
            "answers", "client",
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
                f"{one.pooled_p99_error:+.0%}",
                f"{one.measured.answers:,}",
                f"{one.measured.late_p99_ms:.0f}",
            )
            for one in compared
        ],
    )  # fmt: skip
    work = Sheet(
        "The same: cores used, and shed: part of the people asked to come back.",
        ("busy", "rate/s", "cores", "played", "error", "pooled", "shed", "played"),
        [
            (
                f"{one.share:.0%}",
                f"{one.measured.offered:.2f}",
                f"{one.predicted.cores_busy:.2f}",
                f"{one.measured.server_cores_busy:.2f}",
                f"{one.cpu_error:+.0%}",
                f"{one.pooled_cpu_error:+.0%}",
                f"{one.predicted.refused:.1%}",
                f"{one.measured.refused_for_load / max(one.measured.offered, 1e-9):.1%}",
            )
            for one in compared
        ],
    )
    return answers, work
