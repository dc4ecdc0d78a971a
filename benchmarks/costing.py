"""What a check-in costs on this machine: measured while hardly anybody waits, for sizing.py."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmarks.local import LocalServer
from benchmarks.phone import FRAMES_PER_SECOND
from benchmarks.pipeline import cores, make_frames
from benchmarks.rung import Rung, Tally, seed_of
from benchmarks.sizing import Costs, Prediction, predict
from server.domain.challenge import HOLD_FRAMES
from server.services.admission import AWAITED_FPS_MAX, CHECK_IN_FPS_MAX
from server.settings import DETECT_SIDE_PIXELS
from server.vision import align, jpeg
from server.vision.line import BUCKETS
from server.vision.pack import load_pack
from server.vision.session import Runtime

# The rate at which costs are measured, in parts of what a first guess says is possible. Predictions
# from it, and from half of it, were 9 to 13 % of processor time above what was played; why is not
# known. This one has twice the samples.
_QUIET = 0.3
_GUESSED_CPU_S = 0.5
# What takes so many times the median is a pause of the machine (a virtual one stands still for up
# to a second now and then), seen once and not to be played again every few hundred frames.
_PAUSE = 5
_TRIES = 6
_IDLE_S = 15.0
_EMBED_REPEATS, _EMBED_WARM_UPS = 15, 2


@dataclass(frozen=True, slots=True)
class Idle:
    """What a server takes of a core when nobody is there; loop: its event loop, a part of it."""

    cores: float = 0.0
    loop: float = 0.0


async def measure_costs(
    server: LocalServer,
    server_cores: int,
    batch: Mapping[int, float],
    play: Callable[[float, Tally], Awaitable[Rung]],
) -> Costs:
    """Returns the costs by a quiet rung that `play` plays at a rate; batch: see embed_by_batch."""
    tally = Tally()
    cpu_s, loop_s = server.cpu_s(), server.loop_cpu_s()
    await asyncio.sleep(_IDLE_S)
    idle = Idle((server.cpu_s() - cpu_s) / _IDLE_S, (server.loop_cpu_s() - loop_s) / _IDLE_S)
    quiet = await play(_QUIET * server_cores / _GUESSED_CPU_S, tally)
    return costs_of(quiet, tally, batch, server_cores=server_cores, idle=idle)


def costs_of(
    quiet: Rung,
    tally: Tally,
    batch: Mapping[int, float],
    *,
    server_cores: int = 1,
    idle: Idle = Idle(),
) -> Costs:
    """Returns the costs by a rung at which hardly anybody waited; batch: see embed_by_batch.

    The server's processor time beside its workers (network, parsing, storage) uses the same cores.
    What a check-in waited for its challenge and its receipt is taken as theirs; the rest is added
    to the frames in proportion, so that the quiet rung, simulated, costs all of it.
    idle: what the server takes when nobody is there, which is no cost of check-ins.
    """
    if not tally.looked or not tally.embeds_s:
        raise SystemExit("No check-in was recorded: the server did not work, see server.log.")
    pace_s = 1 / FRAMES_PER_SECOND
    recorded, frames = quiet.offered * quiet.carried, statistics.fmean(tally.looked)
    loop_s = quiet.loop_ms_per_check_in / 1e3 - idle.loop / recorded
    plain = Costs(
        cpu_s=quiet.cpu_ms_per_check_in / 1e3 - idle.cores / recorded,
        frames=frames,
        looks=_without_pauses(tally.looks_s),
        embeds=_without_pauses(tally.embeds_s),
        embedded=sum(tally.embedded) / sum(tally.looked),
        moves=[_moves(steps_s) for steps_s in tally.steps_s],
        batch=batch,
        open_s=statistics.median(tally.open_s),
        seal_s=statistics.median(tally.seal_s),
        loop_s=max(0.0, loop_s) / frames,
        idle_cores=idle.cores,
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


def _moves(steps_s: Sequence[float]) -> list[float]:
    """Returns when frames could show the steps that were completed after so many seconds.

    The frames that hold a step come after the first, and that comes half of the time late on
    average in which the next is asked for while a step is awaited.
    """
    late_s = (HOLD_FRAMES - 1) / CHECK_IN_FPS_MAX + 0.5 / AWAITED_FPS_MAX
    return [max(0.0, took_s - late_s) for took_s in steps_s]


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
        loop_s=_middle(before.loop_s, after.loop_s),
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
