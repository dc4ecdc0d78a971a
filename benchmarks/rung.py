"""One rate of arrivals, played against a real server: whole check-ins over gRPC, in an open loop.

Arrivals wait for nobody, and times count from the moment a person wanted to begin: a slow server is
not spared by slow clients (no coordinated omission).
"""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hadir.client import ApiError
from hadir.v1 import checkin_pb2, event_pb2
from hdrh.histogram import HdrHistogram
from rich.progress import Progress

from benchmarks import cast as casting
from benchmarks import local, province
from benchmarks.crowd import FACES, Crowd, FrameBank, banks_of, crowd_of, prepare
from benchmarks.local import LocalServer
from benchmarks.network import NEAR, Distance, slow_network
from benchmarks.phone import CheckInResult, Phone
from benchmarks.sizing import arrivals

CHECK_IN_SECONDS_MAX = 60
_HIGHEST_US = 120_000_000
SITE = province.SITES[0]


def _histogram() -> HdrHistogram:
    return HdrHistogram(1, _HIGHEST_US, 3)


@dataclass(slots=True)
class Tally:
    """What became of the arrivals of one rung; times in microseconds."""

    arrived: int = 0
    recorded: int = 0
    refused_for_load: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    without_phone: int = 0
    frames: int = 0
    # Of each check-in: frames that were looked at and those embedded, how long it waited for its
    # challenge and for its receipt, and how long each step took to the frame that completed it.
    looked: list[int] = field(default_factory=list)
    embedded: list[int] = field(default_factory=list)
    open_s: list[float] = field(default_factory=list)
    seal_s: list[float] = field(default_factory=list)
    steps_s: list[list[float]] = field(default_factory=list)
    # What looking at a frame and embedding a face alone cost a worker.
    looks_s: list[float] = field(default_factory=list)
    embeds_s: list[float] = field(default_factory=list)
    check_in: HdrHistogram = field(default_factory=_histogram)
    answer: HdrHistogram = field(default_factory=_histogram)
    # Each answer: when its check-in was due, in seconds, and how long it took, in ms; if wanted.
    answers: list[tuple[float, float]] | None = None
    # What frames waited before the server's workers.
    in_line: HdrHistogram = field(default_factory=_histogram)
    refusal: HdrHistogram = field(default_factory=_histogram)
    late: HdrHistogram = field(default_factory=_histogram)


@dataclass(frozen=True, slots=True)
class Rung:
    """One rate of arrivals and what it gave. Times in milliseconds, rates a second.

    answers: how many the percentiles rest on. in_line_p99_ms: what frames waited before the
    server's workers. late_p99_ms: how late the client itself was; where this is no small part of
    the answers' times, the client was measured, not the server.
    """

    name: str
    seconds: float
    offered: float
    recorded: float
    refused_for_load: float
    other_refusals: dict[str, int]
    without_phone: int
    answers: int
    answer_p50_ms: float
    answer_p99_ms: float
    in_line_p99_ms: float
    answer_mean_ms: float
    check_in_p50_ms: float
    check_in_p99_ms: float
    refusal_p99_ms: float
    late_p99_ms: float
    cpu_ms_per_check_in: float
    frames_per_check_in: float
    server_cores_busy: float
    memory_mb: float


async def open_crowd(
    directory: Path,
    phones: int,
    server_cores: int,
    progress: Progress,
    stack: AsyncExitStack,
    *,
    settings: Mapping[str, str] | None = None,
    far: Distance = NEAR,
) -> tuple[LocalServer, Crowd]:
    """Makes a folder and a crowd, and starts the server on its cores, this process on others.

    settings: HADIR_* settings of the server, more than a load needs. far: how far away the server
    seems. Without cores left for this process it shares the server's.
    """
    cast, staff = casting.group_photo(), people(phones)
    drawing = progress.add_task("drawing frames", total=FACES * FrameBank.size())
    banks = banks_of(cast, lambda: progress.advance(drawing))
    local.make_folder(directory)
    await prepare(directory, cast, staff)
    everything = sorted(os.sched_getaffinity(0))
    own = set(everything[:-server_cores]) or set(everything)
    settings = {"repeat_minutes": "0", "log_level": "WARNING", **(settings or {})}
    server = stack.enter_context(
        local.running(directory, settings, set(everything[-server_cores:]))
    )
    os.sched_setaffinity(0, own)
    await local.wait_until_serving(server.address)
    if far != NEAR:
        seems = await stack.enter_async_context(slow_network(server.address, far))
        server = replace(server, address=seems)
    return server, await crowd_of(server, staff, banks, stack)


def people(count: int) -> list[province.DemoEmployee]:
    """Returns employees of the site at which everybody checks in."""
    here = dict(SITE.units)
    everyone = province.employees(count * len(province.SITES) * 2)
    return [one for one in everyone if one.unit_id in here][:count]


async def run_rung(
    name: str,
    server: LocalServer,
    crowd: Crowd,
    *,
    rate: float,
    seconds: float,
    progress: Progress,
    tally: Tally | None = None,
) -> Rung:
    """Lets people arrive at a rate, waits for the last of them, and returns what became of them.

    tally: gets every arrival, where the caller wants to know more than the rung tells.
    """
    bar = progress.add_task(f"{name}: {rate:.2f} a second", total=seconds)
    tally = tally or Tally()
    cpu_s, began = server.cpu_s(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for at in arrivals(rate, seconds, seed_of(rate)):
            due = began + at
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tally.late.record_value(_us_since(due))
            progress.update(bar, completed=at)
            tally.arrived += 1
            if not crowd.idle:
                tally.without_phone += 1
                continue
            group.create_task(_check_in(crowd, tally, due))
        await asyncio.sleep(max(0.0, began + seconds - time.perf_counter()))
    progress.remove_task(bar)
    cpu_s, took_s = server.cpu_s() - cpu_s, time.perf_counter() - began
    return _rung(name, seconds, tally, cores=cpu_s / took_s, cpu_s=cpu_s, server=server)


def seed_of(rate: float) -> int:
    """Returns the seed of a rate's arrivals, so that they can be simulated as they were played."""
    return round(rate * 1000)


async def _check_in(crowd: Crowd, tally: Tally, due: float) -> None:
    phone, bank = crowd.idle.pop(0)
    here = event_pb2.Location(latitude=SITE.latitude, longitude=SITE.longitude, accuracy_m=12)
    try:
        async with asyncio.timeout(CHECK_IN_SECONDS_MAX):
            await _play(phone, crowd.person(bank), here, tally, due)
    except ApiError as error:
        if error.reason == "OVERLOADED":
            tally.refused_for_load += 1
            tally.refusal.record_value(_us_since(due))
        else:
            tally.refused[error.reason] = tally.refused.get(error.reason, 0) + 1
    except TimeoutError:
        tally.refused["TIMEOUT"] = tally.refused.get("TIMEOUT", 0) + 1
    finally:
        crowd.idle.append((phone, bank))


async def _play(
    phone: Phone, person: Any, here: event_pb2.Location, tally: Tally, due: float
) -> None:
    result = await phone.check_in(event_pb2.EVENT_KIND_IN, here, person)
    tally.frames += result.frames_sent
    for took_ms in result.timings.round_trips_ms:
        tally.answer.record_value(max(1, round(took_ms * 1000)))
        if tally.answers is not None:
            tally.answers.append((due, took_ms))
    spent = [guidance.timings for guidance in result.guidance if guidance.timings.detect_ms]
    for one in spent:
        tally.in_line.record_value(max(1, round(one.queue_ms * 1000)))
    tally.looks_s.extend((one.decode_ms + one.detect_ms) / 1e3 for one in spent)
    tally.embeds_s.extend(one.embed_ms / 1e3 for one in spent if one.batch == 1)
    if result.recorded:
        tally.recorded += 1
        tally.looked.append(len(spent))
        tally.embedded.append(sum(one.batch > 0 for one in spent))
        tally.open_s.append(result.timings.challenge_ms / 1e3)
        tally.seal_s.append(result.timings.seal_ms / 1e3)
        tally.steps_s.append([took_ms / 1e3 for took_ms in result.timings.steps_ms])
        tally.check_in.record_value(_us_since(due))
    else:
        reason = _reason(result)
        tally.refused[reason] = tally.refused.get(reason, 0) + 1


def _reason(result: CheckInResult) -> str:
    if result.refusal is None:
        return "HUNG_UP"
    name = checkin_pb2.RefusalReason.Name(result.refusal.reason)
    return name.removeprefix("REFUSAL_REASON_")


def _us_since(due: float) -> int:
    return max(1, round((time.perf_counter() - due) * 1e6))


def _rung(
    name: str, seconds: float, tally: Tally, *, cores: float, cpu_s: float, server: LocalServer
) -> Rung:
    done = max(1, tally.recorded)
    return Rung(
        name=name,
        seconds=seconds,
        offered=tally.arrived / seconds,
        recorded=tally.recorded / seconds,
        refused_for_load=tally.refused_for_load / seconds,
        other_refusals=tally.refused,
        without_phone=tally.without_phone,
        answers=tally.answer.get_total_count(),
        answer_p50_ms=tally.answer.get_value_at_percentile(50) / 1e3,
        answer_p99_ms=tally.answer.get_value_at_percentile(99) / 1e3,
        in_line_p99_ms=tally.in_line.get_value_at_percentile(99) / 1e3,
        answer_mean_ms=tally.answer.get_mean_value() / 1e3,
        check_in_p50_ms=tally.check_in.get_value_at_percentile(50) / 1e3,
        check_in_p99_ms=tally.check_in.get_value_at_percentile(99) / 1e3,
        refusal_p99_ms=tally.refusal.get_value_at_percentile(99) / 1e3,
        late_p99_ms=tally.late.get_value_at_percentile(99) / 1e3,
        cpu_ms_per_check_in=cpu_s / done * 1e3,
        frames_per_check_in=tally.frames / done,
        server_cores_busy=cores,
        memory_mb=server.memory_mb(),
    )
