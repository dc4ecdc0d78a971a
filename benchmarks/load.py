"""`hadir-bench load`: check-ins over real gRPC, in an open loop, up to the knee and far beyond.

Arrivals are Poisson and do not wait for each other, and times count from the moment a person
wanted to begin: a slow server is not spared by slow clients (no coordinated omission).
"""

import asyncio
import os
import random
import time
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from hadir.client import ApiError
from hadir.v1 import checkin_pb2, event_pb2
from hdrh.histogram import HdrHistogram
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import cast as casting
from benchmarks import local, province, report
from benchmarks.crowd import FACES, Crowd, FrameBank, banks_of, crowd_of, prepare
from benchmarks.local import LocalServer
from benchmarks.phone import CheckInResult, Phone

CHECK_IN_SECONDS_MAX = 60
_HIGHEST_US = 120_000_000
_HALF, _MOST = 0.5, 0.8
# A rung is carried if so much of what was offered was recorded in time.
CARRIED_MIN = 0.95
STEP_UP = 1.35
RUNGS_MAX = 12
SITE = province.SITES[0]


@dataclass(slots=True)
class Tally:
    """What became of the arrivals of one rung; times in microseconds."""

    arrived: int = 0
    recorded: int = 0
    refused_for_load: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    without_phone: int = 0
    frames: int = 0
    # What each frame that was looked at cost a worker, seconds.
    service_s: list[float] = field(default_factory=list)
    check_in: HdrHistogram = field(default_factory=lambda: HdrHistogram(1, _HIGHEST_US, 3))
    answer: HdrHistogram = field(default_factory=lambda: HdrHistogram(1, _HIGHEST_US, 3))
    refusal: HdrHistogram = field(default_factory=lambda: HdrHistogram(1, _HIGHEST_US, 3))


@dataclass(frozen=True, slots=True)
class Rung:
    """One rate of arrivals and what it gave. Times in milliseconds, rates a second."""

    name: str
    seconds: float
    offered: float
    recorded: float
    refused_for_load: float
    other_refusals: dict[str, int]
    without_phone: int
    answer_p50_ms: float
    answer_p99_ms: float
    check_in_p50_ms: float
    check_in_p99_ms: float
    refusal_p99_ms: float
    cpu_ms_per_check_in: float
    frames_per_check_in: float
    server_cores_busy: float
    memory_mb: float


def load(
    *,
    seconds: Annotated[float, typer.Option(min=5, help="How long each rate runs.")] = 30,
    overload_seconds: Annotated[
        float, typer.Option(min=0, help="How long ten times the knee runs; 0 for not at all.")
    ] = 60,
    start: Annotated[float, typer.Option(min=0.05, help="First rate, check-ins a second.")] = 0.5,
    phones: Annotated[
        int, typer.Option(min=10, help="Simulated phones; more than are ever busy at once.")
    ] = 200,
    server_cores: Annotated[
        int, typer.Option(min=1, help="Cores of the server; the client has the others.")
    ] = 1,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("load-data"),
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.")
    ] = None,
) -> None:
    """Finds how many check-ins a second this machine carries, and what happens beyond.

    A server runs in a process of its own, on its own cores; simulated phones play whole check-ins
    with their challenge. The rate grows until less than 95 % is recorded: the best rate before is
    the knee. Then half of it, four fifths of it, and ten times it.

    Example: hadir-bench load --seconds 30 --json load.json
    """
    console = Console()
    settings = {"seconds": seconds, "overload_seconds": overload_seconds, "phones": phones}
    settings |= {"server_cores": server_cores, "frames_a_second": 10, "faces": FACES}
    result = report.origin("load", settings)
    report.print_origin(console, result)
    plan = Plan(seconds, overload_seconds, start)
    with Progress(console=console, transient=True) as progress:
        rungs = asyncio.run(_measure(directory, phones, server_cores, plan, progress))
    console.print(table(rungs))
    for rung in rungs:
        if rung.other_refusals or rung.without_phone:
            reasons = ", ".join(f"{n} x {reason}" for reason, n in rung.other_refusals.items())
            console.print(
                f"{rung.name} at {rung.offered:.2f}/s: not recorded for other reasons: "
                f"{reasons or 'none'}; {rung.without_phone} found every phone in use"
            )
    if json_file is not None:
        report.write_json(json_file, {**result, "results": [asdict(rung) for rung in rungs]})


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and from which rate on."""

    seconds: float
    overload_seconds: float
    start: float


async def _measure(
    directory: Path, phones: int, server_cores: int, plan: Plan, progress: Progress
) -> list[Rung]:
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(directory, phones, server_cores, progress, stack)
        rungs: list[Rung] = []
        rate = plan.start
        while len(rungs) < RUNGS_MAX:
            rungs.append(
                await run_rung(
                    "ramp", server, crowd, rate=rate, seconds=plan.seconds, progress=progress
                )
            )
            if rungs[-1].recorded < CARRIED_MIN * rungs[-1].offered:
                break
            rate *= STEP_UP
        knee = max(rung.recorded for rung in rungs)
        for name, share, seconds in (
            ("half", _HALF, plan.seconds),
            ("80 %", _MOST, plan.seconds),
            ("10 x", 10.0, plan.overload_seconds),
            ("after", _HALF, plan.seconds if plan.overload_seconds else 0.0),
        ):
            if seconds:
                rung = await run_rung(
                    name, server, crowd, rate=knee * share, seconds=seconds, progress=progress
                )
                rungs.append(rung)
        return rungs


async def open_crowd(
    directory: Path, phones: int, server_cores: int, progress: Progress, stack: AsyncExitStack
) -> tuple[LocalServer, Crowd]:
    """Makes a folder and a crowd, and starts the server on its cores, this process on others."""
    cast, people = casting.group_photo(), _people(phones)
    drawing = progress.add_task("drawing frames", total=FACES * FrameBank.size())
    banks = banks_of(cast, lambda: progress.advance(drawing))
    local.make_folder(directory)
    await prepare(directory, cast, people)
    everything = sorted(os.sched_getaffinity(0))
    own = set(everything[:-server_cores]) or set(everything)
    settings = {"repeat_minutes": "0", "log_level": "WARNING"}
    server = stack.enter_context(
        local.running(directory, settings, set(everything[-server_cores:]))
    )
    os.sched_setaffinity(0, own)
    await local.wait_until_serving(server.address)
    return server, await crowd_of(server, people, banks, stack)


def _people(count: int) -> list[province.DemoEmployee]:
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
    rng = random.Random(round(rate * 1000))  # noqa: S311  arrivals, no secret
    cpu_s, began = server.cpu_s(), time.perf_counter()
    due = began
    async with asyncio.TaskGroup() as group:
        while (due := due + rng.expovariate(rate)) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            progress.update(bar, completed=due - began)
            tally.arrived += 1
            if not crowd.idle:
                tally.without_phone += 1
                continue
            group.create_task(_check_in(crowd, tally, due))
    progress.remove_task(bar)
    cpu_s, took_s = server.cpu_s() - cpu_s, time.perf_counter() - began
    return _rung(name, seconds, tally, cores=cpu_s / took_s, cpu_s=cpu_s, server=server)


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
    for guidance in result.guidance:
        spent = guidance.timings
        if spent.detect_ms:
            cost_ms = spent.decode_ms + spent.detect_ms + spent.embed_ms / max(1, spent.batch)
            tally.service_s.append(cost_ms / 1e3)
    if result.recorded:
        tally.recorded += 1
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
        answer_p50_ms=tally.answer.get_value_at_percentile(50) / 1e3,
        answer_p99_ms=tally.answer.get_value_at_percentile(99) / 1e3,
        check_in_p50_ms=tally.check_in.get_value_at_percentile(50) / 1e3,
        check_in_p99_ms=tally.check_in.get_value_at_percentile(99) / 1e3,
        refusal_p99_ms=tally.refusal.get_value_at_percentile(99) / 1e3,
        cpu_ms_per_check_in=cpu_s / done * 1e3,
        frames_per_check_in=tally.frames / done,
        server_cores_busy=cores,
        memory_mb=server.memory_mb(),
    )


def table(rungs: list[Rung]) -> Table:
    """Returns the rungs as a table for the console."""
    title = (
        "Check-ins with their challenge, open loop; half, 80 % and 10 x of the knee.\n"
        "offer, done, shed: check-ins a second; f: answer to a frame, ms; w: whole check-in, s; "
        "s: refusal for load, ms; CPU: ms of the server a check-in"
    )
    shown = Table(
        title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0)
    )
    shown.add_column("rung")
    for head in (
        "offer", "done", "shed", "f p50", "f p99", "w p50", "w p99", "s p99", "CPU", "frames",
        "cores", "MB",
    ):  # fmt: skip
        shown.add_column(head, justify="right")
    for rung in rungs:
        shown.add_row(
            rung.name,
            f"{rung.offered:.2f}",
            f"{rung.recorded:.2f}",
            f"{rung.refused_for_load:.2f}",
            f"{rung.answer_p50_ms:.0f}",
            f"{rung.answer_p99_ms:.0f}",
            f"{rung.check_in_p50_ms / 1e3:.1f}",
            f"{rung.check_in_p99_ms / 1e3:.1f}",
            f"{rung.refusal_p99_ms:.1f}",
            f"{rung.cpu_ms_per_check_in:.0f}",
            f"{rung.frames_per_check_in:.0f}",
            f"{rung.server_cores_busy:.2f}",
            f"{rung.memory_mb:.0f}",
        )
    return shown
