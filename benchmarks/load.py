"""`hadir-bench load`: check-ins over real gRPC, in an open loop, up to the knee and far beyond.

Arrivals are Poisson and do not wait for each other, and times count from the moment a person
wanted to begin: a slow server is not spared by slow clients (no coordinated omission).
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks import cast as casting
from benchmarks import knee, report
from benchmarks.crowd import FACES
from benchmarks.lobby import WALKERS, Lobby, LobbyRung, lobby_rung, open_lobby
from benchmarks.local import LocalServer
from benchmarks.network import Distance
from benchmarks.options import Reaction, ServerCores
from benchmarks.phone import REACTION_S
from benchmarks.rung import Rung, Tally, open_crowd, people, run_rung
from benchmarks.sheet import Sheet, write

_HALF, _MOST, _TOO_MUCH = 0.5, 0.8, 10.0
# So long half of the knee comes right after too much of it, to see when answers are as before.
RECOVERY_S = 30.0


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
    logins: Annotated[
        bool,
        typer.Option(
            "--logins",
            help="Everybody logs in anew before the check-in, as in the morning: two calls more, "
            "with a signature and two transactions. Its time counts.",
        ),
    ] = False,
    reaction: Reaction = REACTION_S,
    server_cores: ServerCores = 1,
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
    with their challenge. The rate grows until no more is recorded. The highest rate of which 95 %
    was recorded is the knee, the most that was recorded a second is the peak. Then half of the
    knee, four fifths of it, and ten times it.

    Example: hadir-bench load --seconds 30 --json load.json
    """
    console = Console()
    settings = {
        "seconds": seconds,
        "overload_seconds": overload_seconds,
        "phones": phones,
        "start": start,
        "kiosks": kiosks,
        "logins": logins,
        "reaction_seconds": reaction,
        "server_cores": server_cores,
        "delay_ms": delay_ms,
        "jitter_ms": jitter_ms,
        "frames_a_second": 10,
        "faces": FACES,
    }
    result = report.origin("load", settings)
    report.print_origin(console, result)
    far = Distance(delay_ms / 1e3, jitter_ms / 1e3)
    plan = Plan(
        seconds, overload_seconds, start, phones, kiosks, logins, reaction, server_cores, far
    )
    with Progress(console=console, transient=True) as progress:
        found = asyncio.run(_measure(directory, plan, progress))
    _report(console, result, found, json_file)


def _report(
    console: Console, result: Mapping[str, Any], found: "Found", json_file: Path | None
) -> None:
    paragraphs: list[str | Sheet] = [*sheets(found.rungs), *said(found), *_left_over(found.rungs)]
    paragraphs += [lobby_sheet(found.lobbies)] if found.lobbies else []
    for one in paragraphs:
        console.print(one.table() if isinstance(one, Sheet) else one)
    if json_file is not None:
        from benchmarks import charts

        whole = {
            **result,
            "knee": found.knee,
            "peak": found.peak,
            "goodput_of_peak": found.goodput,
            "recovery_s": found.recovery_s,
            "results": [asdict(rung) for rung in found.rungs],
            "kiosks": [asdict(lobby) for lobby in found.lobbies],
        }
        draw = partial(charts.plot_load, title="Load", rungs=found.rungs)
        write(json_file, whole, paragraphs, draw)


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
    logins: bool
    reaction_s: float
    server_cores: int
    far: Distance


@dataclass(slots=True)
class Found:
    """What was measured. knee: None if no rate was carried. recovery_s: see knee.recovery_s."""

    rungs: list[Rung] = field(default_factory=list)
    lobbies: list[LobbyRung] = field(default_factory=list)
    recovery_s: int | None = None

    @property
    def ramp(self) -> list[Rung]:
        """The rungs that look for the knee."""
        return [rung for rung in self.rungs if rung.name == "ramp"]

    @property
    def knee(self) -> float | None:
        """See knee.knee."""
        return knee.knee(self.ramp)

    @property
    def peak(self) -> float:
        """See knee.peak."""
        return knee.peak(self.ramp)

    @property
    def goodput(self) -> float | None:
        """What was recorded of too much, in parts of the peak; None if it was not played."""
        over = next((rung for rung in self.rungs if rung.name == "10 x"), None)
        return over.recorded / max(1e-9, self.peak) if over else None


def said(found: Found) -> Iterator[str]:
    """Yields what follows from the rungs, in words."""
    peak = f"peak, the most recorded a second at any rate of the ramp: {found.peak:.2f}"
    if found.knee is None:
        yield f"No rate was carried, so there is no knee; {peak}."
        return
    yield f"Knee, the highest rate of which 95 % was recorded: {found.knee:.2f} a second; {peak}."
    if found.goodput is not None:
        yield f"At ten times the knee {found.goodput:.0%} of the peak was recorded."
    if found.recovery_s is not None:
        yield (
            f"Answers were normal again after {found.recovery_s} s: then a stretch of "
            f"{knee.WINDOW_S:.0f} s began whose p99 was at most {knee.NORMAL_P99} times that of "
            f"the rung half, or {knee.NORMAL_P50:.0f} times its p50, with half of the knee coming."
        )
    elif found.lobbies:
        yield "When answers are normal again is not measured with kiosks."
    elif found.goodput is not None:
        yield f"Answers were not normal again within {RECOVERY_S:.0f} s."


async def _measure(directory: Path, plan: Plan, progress: Progress) -> Found:
    found = Found()
    async with AsyncExitStack() as stack:
        server, crowd = await open_crowd(
            directory,
            plan.phones,
            plan.server_cores,
            progress,
            stack,
            reaction_s=plan.reaction_s,
            far=plan.far,
        )
        crowd.logs_in = plan.logins
        run = partial(run_rung, server=server, crowd=crowd, progress=progress)
        lobby = await _lobby(server, plan, stack)

        async def play(name: str, rate: float, seconds: float, **more: Any) -> Rung:
            async with lobby.at_work() as tally:
                rung = await run(name, rate=rate, seconds=seconds, **more)
            found.rungs.append(rung)
            found.lobbies.extend([lobby_rung(name, tally)] if plan.kiosks else [])
            return rung

        while (rate := knee.next_rate(found.ramp, plan.start)) is not None:
            await play("ramp", rate, plan.seconds)
        if (carried := found.knee) is None:
            return found
        half = await play("half", _HALF * carried, plan.seconds)
        await play("80 %", _MOST * carried, plan.seconds)
        if not plan.overload_seconds:
            return found
        over, again = Tally(answers=[]), Tally(answers=[])
        ended_s = 0.0

        async def recover() -> None:
            nonlocal ended_s
            ended_s = time.monotonic()
            await run("recovery", rate=_HALF * carried, seconds=RECOVERY_S, tally=again)

        # Kiosks play a rung to its end, and go on in the next: half would not come at once.
        then = None if plan.kiosks else recover
        await play("10 x", _TOO_MUCH * carried, plan.overload_seconds, tally=over, then=then)
        if then is not None:
            found.recovery_s = knee.recovery_s(
                [
                    (one.at_s, one.took_ms)
                    for one in (*(over.answers or ()), *(again.answers or ()))
                ],
                from_s=ended_s,
                until_s=ended_s + RECOVERY_S,
                normal=knee.normal_ms(half.answer_p50_ms, half.answer_p99_ms),
            )
        await play("after", _HALF * carried, plan.seconds)
    return found


async def _lobby(server: LocalServer, plan: Plan, stack: AsyncExitStack) -> Lobby:
    if not plan.kiosks:
        return Lobby([], [])
    cast = casting.group_photo()
    walkers = people(plan.phones + WALKERS)[plan.phones :]
    return await open_lobby(server, plan.kiosks, cast, walkers, stack)


def sheets(rungs: list[Rung]) -> tuple[Sheet, Sheet]:
    """Returns the rungs as tables: what became of check-ins, and how their frames were answered."""
    fates = Sheet(
        "Check-ins with their challenge, open loop; half, 80 % and 10 x of the knee. offer, shed: "
        "check-ins a second; done: recorded a second while they came, without the first seconds; "
        "carried: part of all of them that was recorded; w: whole check-in, s; s: refusal for "
        "load, ms; late: the client itself at p99, ms; CPU: ms of the server a check-in; MB: at "
        "most, and at the end.",
        (
            "rung", "offer", "done", "carried", "shed", "w p50", "w p99", "s p99", "late", "CPU",
            "frames", "cores", "MB", "end",
        ),
        [
            (
                rung.name,
                f"{rung.offered:.2f}",
                f"{rung.recorded:.2f}",
                f"{rung.carried:.1%}",
                f"{rung.refused_for_load:.2f}",
                f"{rung.check_in_p50_ms / 1e3:.1f}",
                f"{rung.check_in_p99_ms / 1e3:.1f}",
                f"{rung.refusal_p99_ms:.1f}",
                f"{rung.late_p99_ms:.1f}",
                f"{rung.cpu_ms_per_check_in:.0f}",
                f"{rung.frames_per_check_in:.0f}",
                f"{rung.server_cores_busy:.2f}",
                f"{rung.memory_peak_mb:.0f}",
                f"{rung.memory_mb:.0f}",
            )
            for rung in rungs
        ],
    )  # fmt: skip
    answers = Sheet(
        "Their frames, ms. f: answer to a frame, e: to one whose face was embedded; line: waits "
        "before the server's workers, p99; held: for how much longer than its own pace a phone "
        "kept a frame back as the server wished, which no answer's time contains.",
        ("rung", "offer", "f p50", "f p99", "e p50", "e p99", "line", "held p50", "held p99"),
        [
            (
                rung.name,
                f"{rung.offered:.2f}",
                *(
                    f"{took_ms:.0f}"
                    for took_ms in (
                        rung.answer_p50_ms, rung.answer_p99_ms, rung.embedded_p50_ms,
                        rung.embedded_p99_ms, rung.in_line_p99_ms, rung.held_p50_ms,
                        rung.held_p99_ms,
                    )
                ),
            )
            for rung in rungs
        ],
    )  # fmt: skip
    return fates, answers


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
