"""`hadir-bench load`: check-ins over real gRPC, in an open loop, up to the knee and far beyond.

Arrivals are Poisson and do not wait for each other, and times count from the moment a person
wanted to begin: a slow server is not spared by slow clients (no coordinated omission).
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks import cast as casting
from benchmarks import report
from benchmarks.crowd import FACES
from benchmarks.lobby import WALKERS, Lobby, LobbyRung, lobby_rung, open_lobby
from benchmarks.local import LocalServer
from benchmarks.network import Distance
from benchmarks.rung import Rung, open_crowd, people, run_rung
from benchmarks.sheet import Sheet, write

_HALF, _MOST = 0.5, 0.8
# A rung is carried if so much of what was offered was recorded in time.
CARRIED_MIN = 0.95
STEP_UP = 1.35
RUNGS_MAX = 12


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
    kiosks: Annotated[
        int, typer.Option(min=0, help="Kiosks beside the phones, with people who walk up.")
    ] = 0,
    server_cores: Annotated[
        int, typer.Option(min=1, help="Cores of the server; the client has the others.")
    ] = 1,
    delay_ms: Annotated[
        float, typer.Option(min=0, help="How far away phones and kiosks are: ms for each way.")
    ] = 0,
    jitter_ms: Annotated[
        float, typer.Option(min=0, help="So much more on average, at random; for each piece.")
    ] = 0,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("load-data"),
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Finds how many check-ins a second this machine carries, and what happens beyond.

    A server runs in a process of its own, on its own cores; simulated phones play whole check-ins
    with their challenge. The rate grows until less than 95 % is recorded: the most that was
    recorded a second on the way, there too, is the knee. Then half of it, four fifths of it, and
    ten times it.

    Example: hadir-bench load --seconds 30 --json load.json
    """
    console = Console()
    settings = {"seconds": seconds, "overload_seconds": overload_seconds, "phones": phones}
    settings |= {"start": start}
    settings |= {
        "kiosks": kiosks,
        "server_cores": server_cores,
        "delay_ms": delay_ms,
        "jitter_ms": jitter_ms,
        "frames_a_second": 10,
        "faces": FACES,
    }
    result = report.origin("load", settings)
    report.print_origin(console, result)
    far = Distance(delay_ms / 1e3, jitter_ms / 1e3)
    plan = Plan(seconds, overload_seconds, start, phones, kiosks, server_cores, far)
    with Progress(console=console, transient=True) as progress:
        rungs, lobbies = asyncio.run(_measure(directory, plan, progress))
    paragraphs: list[str | Sheet] = [sheet(rungs), *_left_over(rungs)]
    paragraphs += [lobby_sheet(lobbies)] if lobbies else []
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        found = {**result, "results": [asdict(rung) for rung in rungs]}
        found |= {"kiosks": [asdict(lobby) for lobby in lobbies]}
        write(json_file, found, paragraphs, partial(charts.plot_load, title="Load", rungs=rungs))


def _left_over(rungs: list[Rung]) -> Iterator[str]:
    for rung in rungs:
        if rung.other_refusals or rung.without_phone:
            reasons = ", ".join(f"{n} x {reason}" for reason, n in rung.other_refusals.items())
            yield (
                f"{rung.name} at {rung.offered:.2f}/s: not recorded for other reasons: "
                f"{reasons or 'none'}; {rung.without_phone} found every phone in use"
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and from which rate on, with what."""

    seconds: float
    overload_seconds: float
    start: float
    phones: int
    kiosks: int
    server_cores: int
    far: Distance


async def _measure(
    directory: Path, plan: Plan, progress: Progress
) -> tuple[list[Rung], list[LobbyRung]]:
    rungs: list[Rung] = []
    lobbies: list[LobbyRung] = []
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(
            directory, plan.phones, plan.server_cores, progress, stack, far=plan.far
        )
        lobby = await _lobby(server, plan, stack)

        async def play(name: str, rate: float, seconds: float) -> Rung:
            async with lobby.at_work() as tally:
                rung = await run_rung(
                    name, server, crowd, rate=rate, seconds=seconds, progress=progress
                )
            rungs.append(rung)
            lobbies.extend([lobby_rung(name, tally)] if plan.kiosks else [])
            return rung

        rate = plan.start
        while len(rungs) < RUNGS_MAX:
            rung = await play("ramp", rate, plan.seconds)
            if rung.recorded < CARRIED_MIN * rung.offered:
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
                await play(name, knee * share, seconds)
    return rungs, lobbies


async def _lobby(server: LocalServer, plan: Plan, stack: AsyncExitStack) -> Lobby:
    if not plan.kiosks:
        return Lobby([], [])
    cast = casting.group_photo()
    walkers = people(plan.phones + WALKERS)[plan.phones :]
    return await open_lobby(server, plan.kiosks, cast, walkers, stack)


def sheet(rungs: list[Rung]) -> Sheet:
    """Returns the rungs as a table."""
    return Sheet(
        "Check-ins with their challenge, open loop; half, 80 % and 10 x of the knee. offer, done, "
        "shed: check-ins a second; f: answer to a frame, ms; line: its waits "
        "before the server's workers, p99; w: whole check-in, s; s: refusal for load, ms; late: "
        "the client itself at p99, ms; CPU: ms of the server a check-in.",
        (
            "rung", "offer", "done", "shed", "f p50", "f p99", "line", "w p50", "w p99", "s p99",
            "late", "CPU", "frames", "cores", "MB",
        ),
        [
            (
                rung.name,
                f"{rung.offered:.2f}",
                f"{rung.recorded:.2f}",
                f"{rung.refused_for_load:.2f}",
                f"{rung.answer_p50_ms:.0f}",
                f"{rung.answer_p99_ms:.0f}",
                f"{rung.in_line_p99_ms:.0f}",
                f"{rung.check_in_p50_ms / 1e3:.1f}",
                f"{rung.check_in_p99_ms / 1e3:.1f}",
                f"{rung.refusal_p99_ms:.1f}",
                f"{rung.late_p99_ms:.1f}",
                f"{rung.cpu_ms_per_check_in:.0f}",
                f"{rung.frames_per_check_in:.0f}",
                f"{rung.server_cores_busy:.2f}",
                f"{rung.memory_mb:.0f}",
            )
            for rung in rungs
        ],
    )  # fmt: skip


def lobby_sheet(lobbies: Sequence[LobbyRung]) -> Sheet:
    """Returns what kiosks got as a table."""
    return Sheet(
        "Kiosks beside them: an empty view for 3 s, then a walk-up of 5 s at 5 frames a second. "
        "superseded: overtaken by a newer frame; dropped: empty views that gave way; held: frames "
        "that the camera took and that were not sent, as fewer were asked for; p50, p99: a frame's "
        "answer, ms.",
        (
            "rung", "visits", "recognised", "failed", "frames", "superseded", "empty", "dropped",
            "held", "p50", "p99",
        ),
        [
            (
                one.name,
                *(
                    f"{count:,}"
                    for count in (
                        one.visits, one.recognised, one.failed, one.frames, one.superseded,
                        one.empty_frames, one.empty_dropped, one.held,
                    )
                ),
                f"{one.answer_p50_ms:.0f}",
                f"{one.answer_p99_ms:.0f}",
            )
            for one in lobbies
        ],
    )  # fmt: skip
