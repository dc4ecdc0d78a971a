"""One rate of arrivals, played against a real server: whole check-ins over gRPC, in an open loop.

Arrivals wait for nobody, and times count from the moment a person wanted to begin: a slow server is
not spared by slow clients (no coordinated omission).
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from hadir.client import ApiError
from hadir.v1 import checkin_pb2, event_pb2
from hdrh.histogram import HdrHistogram
from rich.progress import Progress

from benchmarks import cast as casting
from benchmarks import local, province
from benchmarks.crowd import (
    FACES,
    BankedPerson,
    Crowd,
    FrameBank,
    banks_of,
    crowd_of,
    prepare,
)
from benchmarks.local import LocalServer, ServerFailed
from benchmarks.network import NEAR, Distance, slow_network
from benchmarks.phone import Answer, CheckInResult, Phone
from benchmarks.sizing import arrivals, settle_s

CHECK_IN_SECONDS_MAX = 60
_HIGHEST_US = 120_000_000
SITE = province.SITES[0]


def _histogram() -> HdrHistogram:
    return HdrHistogram(1, _HIGHEST_US, 3)


class Answered(NamedTuple):
    """An answer to a frame: when its check-in was due, when it came (monotonic, s), and its ms."""

    due_s: float
    at_s: float
    took_ms: float


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
    answer_embedded: HdrHistogram = field(default_factory=_histogram)
    held: HdrHistogram = field(default_factory=_histogram)
    # All answers, one by one, if wanted.
    answers: list[Answered] | None = None
    # What frames waited before the server's workers.
    in_line: HdrHistogram = field(default_factory=_histogram)
    refusal: HdrHistogram = field(default_factory=_histogram)
    late: HdrHistogram = field(default_factory=_histogram)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a server recorded in some time, and the processor time that it took for it.

    loop_s: that of its event loop, a part of cpu_s.
    """

    seconds: float
    recorded: int
    cpu_s: float
    loop_s: float

    def since(self, before: "Spent") -> "Spent":
        """Returns what came after another moment."""
        return Spent(
            self.seconds - before.seconds,
            self.recorded - before.recorded,
            self.cpu_s - before.cpu_s,
            self.loop_s - before.loop_s,
        )

    @property
    def rate(self) -> float:
        """Check-ins recorded a second."""
        return self.recorded / self.seconds

    @property
    def cores(self) -> float:
        """Cores in use."""
        return self.cpu_s / self.seconds

    def a_check_in_ms(self, spent_s: float) -> float:
        """Returns a part of the processor time for one that was recorded, in ms."""
        return spent_s / max(1, self.recorded) * 1e3


@dataclass(frozen=True, slots=True)
class Rung:
    """One rate of arrivals and what it gave. Times in milliseconds, rates a second.

    recorded, server_cores_busy: while people arrive, without the first seconds, in which nobody can
    be recorded yet (settle_s), and without the time to bring all to their end. carried: part of all
    who arrived that was recorded, however late. answers: how many the percentiles rest on;
    embedded: of frames whose face was embedded. held: for how much longer than their own pace
    phones kept frames back as the server wished. in_line: what frames waited before the server's
    workers. late: how late the client itself was; where this is no small part of the answers'
    times, the client was measured, not the server. memory_peak_mb: the most of the rung; memory_mb:
    at its end. loop_ms_per_check_in: what of cpu_ms_per_check_in was the event loop's.
    """

    name: str
    seconds: float
    offered: float
    recorded: float
    carried: float
    refused_for_load: float
    other_refusals: dict[str, int]
    without_phone: int
    answers: int
    answer_p50_ms: float
    answer_p99_ms: float
    embedded_p50_ms: float
    embedded_p99_ms: float
    held_p50_ms: float
    held_p99_ms: float
    in_line_p99_ms: float
    answer_mean_ms: float
    check_in_p50_ms: float
    check_in_p99_ms: float
    refusal_p99_ms: float
    late_p99_ms: float
    cpu_ms_per_check_in: float
    loop_ms_per_check_in: float
    frames_per_check_in: float
    server_cores_busy: float
    memory_mb: float
    memory_peak_mb: float


async def open_crowd(
    directory: Path,
    phones: int,
    server_cores: int,
    progress: Progress,
    stack: AsyncExitStack,
    *,
    reaction_s: float,
    settings: Mapping[str, str] | None = None,
    far: Distance = NEAR,
) -> tuple[LocalServer, Crowd]:
    """Makes a folder and a crowd, and starts the server on its cores, this process on others.

    reaction_s: until a person begins a step that is asked for. settings: HADIR_* settings of the
    server, more than a load needs. far: how far away the server seems. Without cores left for this
    process it shares the server's.
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
    await server.serving()
    if far != NEAR:
        seems = await stack.enter_async_context(slow_network(server.address, far))
        server = replace(server, address=seems)
    return server, await crowd_of(server, staff, banks, stack, reaction_s=reaction_s)


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
    then: Callable[[], Awaitable[None]] | None = None,
) -> Rung:
    """Lets people arrive at a rate, waits for the last of them, and returns what became of them.

    tally: gets every arrival, where the caller wants to know more than the rung tells. then: is
    done when the last has arrived, while the others are still at it. Raises ServerFailed.
    """
    tally = tally or Tally()
    play = _Play(server, tally)
    began_s = time.monotonic()
    bar = progress.add_task(f"{name}: {rate:.2f} a second", total=seconds)
    async with asyncio.TaskGroup() as group:
        window = group.create_task(play.window(seconds))
        for at in arrivals(rate, seconds, seed_of(rate)):
            due_s = began_s + at
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            if not server.running:
                window.cancel()
                break  # told below: here it would be one error of a group
            tally.late.record_value(_us_since(due_s))
            progress.update(bar, completed=at)
            tally.arrived += 1
            if crowd.idle:
                group.create_task(_check_in(crowd, tally, due_s))
            else:
                tally.without_phone += 1
        await asyncio.wait({window})
        if then is not None:
            with suppress(ServerFailed):  # told below
                await then()
    progress.remove_task(bar)
    server.check()
    return play.rung(name, seconds, window.result(), alone=then is None)


class _Play:
    """A rung in the making, from its begin on: what the server spends for it."""

    def __init__(self, server: LocalServer, tally: Tally) -> None:
        self._server, self._tally = server, tally
        self._began = self._now()
        self._peak_mb = 0.0
        server.forget_peak()

    async def window(self, seconds: float) -> Spent:
        """Waits while people arrive for so many seconds. Returns what came after the first ones."""
        began_s = time.monotonic()
        await asyncio.sleep(settle_s(seconds))
        opened = self._now()
        await asyncio.sleep(max(0.0, began_s + seconds - time.monotonic()))
        if self._server.running:
            self._peak_mb = self._server.memory_peak_mb()
        return self._now().since(opened)

    def rung(self, name: str, seconds: float, window: Spent, *, alone: bool) -> Rung:
        """Returns the rung, now that all have ended; alone: nobody else came meanwhile."""
        whole = self._now().since(self._began) if alone else window
        peak_mb = max(self._peak_mb, self._server.memory_peak_mb() if alone else 0.0)
        memory_mb = self._server.memory_mb(), peak_mb
        return rung_of(name, seconds, self._tally, window=window, whole=whole, memory_mb=memory_mb)

    def _now(self) -> Spent:
        now_s, recorded = time.monotonic(), self._tally.recorded
        if not self._server.running:
            return Spent(now_s, recorded, 0.0, 0.0)
        return Spent(now_s, recorded, self._server.cpu_s(), self._server.loop_cpu_s())


def seed_of(rate: float) -> int:
    """Returns the seed of a rate's arrivals, so that they can be simulated as they were played."""
    return round(rate * 1000)


async def _check_in(crowd: Crowd, tally: Tally, due_s: float) -> None:
    phone, bank = crowd.idle.pop(0)
    answers: list[Answer] = []
    try:
        async with asyncio.timeout(CHECK_IN_SECONDS_MAX):
            if crowd.logs_in:
                await phone.login()
            await _play(phone, crowd.person(bank), answers, tally, due_s)
    except ApiError as error:
        if error.reason == "OVERLOADED":
            tally.refused_for_load += 1
            tally.refusal.record_value(_us_since(due_s))
        else:
            tally.refused[error.reason] = tally.refused.get(error.reason, 0) + 1
    except TimeoutError:
        tally.refused["TIMEOUT"] = tally.refused.get("TIMEOUT", 0) + 1
    finally:
        # However it ended: those that waited longest are of check-ins that did not end well.
        count_answers(tally, answers, due_s)
        crowd.idle.append((phone, bank))


async def _play(
    phone: Phone, person: BankedPerson, answers: list[Answer], tally: Tally, due_s: float
) -> None:
    here = event_pb2.Location(latitude=SITE.latitude, longitude=SITE.longitude, accuracy_m=12)
    result = await phone.check_in(event_pb2.EVENT_KIND_IN, here, person, answers=answers)
    tally.frames += result.frames_sent
    if result.recorded:
        spent = [guidance.timings for guidance in result.guidance if guidance.timings.detect_ms]
        tally.recorded += 1
        tally.looked.append(len(spent))
        tally.embedded.append(sum(one.batch > 0 for one in spent))
        tally.open_s.append(result.timings.challenge_ms / 1e3)
        tally.seal_s.append(result.timings.seal_ms / 1e3)
        tally.steps_s.append([took_ms / 1e3 for took_ms in result.timings.steps_ms])
        tally.check_in.record_value(_us_since(due_s))
    else:
        reason = _reason(result)
        tally.refused[reason] = tally.refused.get(reason, 0) + 1


def count_answers(tally: Tally, answers: Sequence[Answer], due_s: float) -> None:
    """Counts what a check-in that was due then was answered."""
    for answer in answers:
        spent = answer.guidance.timings
        tally.answer.record_value(_us(answer.took_ms))
        if spent.batch:
            tally.answer_embedded.record_value(_us(answer.took_ms))
        if answer.held_ms is not None:
            tally.held.record_value(_us(answer.held_ms))
        if tally.answers is not None:
            at_s = answer.sent_s + answer.took_ms / 1e3
            tally.answers.append(Answered(due_s, at_s, answer.took_ms))
        if spent.detect_ms:
            tally.in_line.record_value(_us(spent.queue_ms))
            tally.looks_s.append((spent.decode_ms + spent.detect_ms) / 1e3)
            if spent.batch == 1:
                tally.embeds_s.append(spent.embed_ms / 1e3)


def _reason(result: CheckInResult) -> str:
    if result.refusal is None:
        return "HUNG_UP"
    name = checkin_pb2.RefusalReason.Name(result.refusal.reason)
    return name.removeprefix("REFUSAL_REASON_")


def _us(took_ms: float) -> int:
    return max(1, round(took_ms * 1000))


def _us_since(due_s: float) -> int:
    return _us((time.monotonic() - due_s) * 1e3)


def rung_of(
    name: str,
    seconds: float,
    tally: Tally,
    *,
    window: Spent,
    whole: Spent,
    memory_mb: tuple[float, float],
) -> Rung:
    """Returns a rung of what was counted.

    window: see Rung.recorded. whole: all of it, to the end of the last check-in. memory_mb: at the
    end, and at most.
    """

    def quantile_ms(of: HdrHistogram, percent: float) -> float:
        return float(of.get_value_at_percentile(percent)) / 1e3

    return Rung(
        name=name,
        seconds=seconds,
        offered=tally.arrived / seconds,
        recorded=window.rate,
        carried=tally.recorded / max(1, tally.arrived),
        refused_for_load=tally.refused_for_load / seconds,
        other_refusals=tally.refused,
        without_phone=tally.without_phone,
        answers=tally.answer.get_total_count(),
        answer_p50_ms=quantile_ms(tally.answer, 50),
        answer_p99_ms=quantile_ms(tally.answer, 99),
        embedded_p50_ms=quantile_ms(tally.answer_embedded, 50),
        embedded_p99_ms=quantile_ms(tally.answer_embedded, 99),
        held_p50_ms=quantile_ms(tally.held, 50),
        held_p99_ms=quantile_ms(tally.held, 99),
        in_line_p99_ms=quantile_ms(tally.in_line, 99),
        answer_mean_ms=tally.answer.get_mean_value() / 1e3,
        check_in_p50_ms=quantile_ms(tally.check_in, 50),
        check_in_p99_ms=quantile_ms(tally.check_in, 99),
        refusal_p99_ms=quantile_ms(tally.refusal, 99),
        late_p99_ms=quantile_ms(tally.late, 99),
        cpu_ms_per_check_in=whole.a_check_in_ms(whole.cpu_s),
        loop_ms_per_check_in=whole.a_check_in_ms(whole.loop_s),
        frames_per_check_in=tally.frames / max(1, tally.recorded),
        server_cores_busy=window.cores,
        memory_mb=memory_mb[0],
        memory_peak_mb=memory_mb[1],
    )
