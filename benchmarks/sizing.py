"""How many cores a morning needs: arrivals, and a simulation of what the server does with frames.

Pure: the costs are measured elsewhere (`hadir-bench size`). Check-ins arrive as a Poisson process.
The line before the workers and the admission are the server's own code, on simulated time; a phone
has two frames under way, and its stream looks at one at a time.
"""

import heapq
import itertools
import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from kiosk_client.duplex import IN_FLIGHT_FRAMES_MAX
from server.services.admission import WAIT_S_MAX, places_of
from server.vision.line import Line, Urgency, bucket_of
from server.vision.pipeline import WAITING_FRAMES_PER_WORKER_MAX

# One process drives about so many cores; beyond, replicas share the work (DESIGN section 8).
CORES_PER_REPLICA_MAX = 8
# Part of the arrivals that may be asked to come back some seconds later.
REFUSED_MAX = 0.01
# Above this the waits grow without measure: no machine is sized to be busier.
BUSY_MAX = 0.7
SIMULATED_SECONDS = 600.0
WORKERS_SIMULATED_MAX = 64
# The same arrivals are played so often, with other frames: chance in the costs evens out.
REPLAYS = 3


@dataclass(frozen=True, slots=True)
class Morning:
    """When people come: all within so many seconds, a share of them in the busiest ones."""

    staff: int
    within_s: float = 1800.0
    busiest_s: float = 600.0
    busiest_share: float = 0.5

    @property
    def peak_rate(self) -> float:
        """Check-ins a second in the busiest time."""
        if self.within_s <= self.busiest_s:
            return self.staff / self.within_s
        return self.staff * self.busiest_share / self.busiest_s


@dataclass(frozen=True, slots=True)
class FrameCost:
    """What a frame costs a worker, seconds: the look, and embedding its face alone (0: none)."""

    look_s: float
    embed_s: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What one check-in costs on one machine, measured.

    cpu_s: processor time of the server, all of it. frames: how many frames check-ins had looked
    at, a sample. each: what such frames cost, a sample; together they make up cpu_s. batch: what
    embedding 1, 2, 4 or 8 faces at once costs, in parts of one alone. rest_s: what an answer takes
    beside its worker. pace_s: time between two frames of a phone.
    """

    cpu_s: float
    frames: Sequence[int]
    each: Sequence[FrameCost]
    batch: Mapping[int, float]
    rest_s: float
    pace_s: float

    @property
    def frame_s(self) -> float:
        """What a frame costs a worker on average, alone."""
        return statistics.fmean(one.look_s + one.embed_s for one in self.each)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a rate means for some workers: answer to a frame in seconds, cores in use.

    refused: part of the arrivals that are asked to come back. batch: faces embedded at once, mean.
    """

    rate: float
    workers: int
    answer_p50_s: float
    answer_p99_s: float
    cores_busy: float
    refused: float
    batch: float


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Returns when people come, seconds from the start, in order; the same for a seed.

    A Poisson process given its count: exactly round(rate * seconds) of them, uniform and
    independent, so a run offers what it says and keeps the bursts of chance.
    """
    rng = random.Random(seed)  # noqa: S311  no secret
    return sorted(rng.uniform(0, seconds) for _ in range(round(rate * seconds)))


def predict(
    costs: Costs, rate: float, workers: int, *, seconds: float = SIMULATED_SECONDS, seed: int = 1
) -> Prediction:
    """Simulates the arrivals of a rate, of a seed. Deterministic."""
    comes = arrivals(rate, seconds, seed)
    plays = [_Simulation(costs, workers, random.Random(seed + n)) for n in range(REPLAYS)]  # noqa: S311
    for play in plays:
        play.run(comes, seconds)
    waits = sorted(took for play in plays for took in play.took)
    return Prediction(
        rate=rate,
        workers=workers,
        answer_p50_s=_quantile(waits, 0.50) + costs.rest_s,
        answer_p99_s=_quantile(waits, 0.99) + costs.rest_s,
        cores_busy=sum(p.worked_s for p in plays) / max(1e-9, sum(p.ended_s for p in plays)),
        refused=sum(p.refused for p in plays) / max(1, REPLAYS * len(comes)),
        batch=sum(p.faces for p in plays) / max(1, sum(p.batches for p in plays)),
    )


def cores_needed(costs: Costs, rate: float) -> int:
    """Returns how many cores keep a rate below BUSY_MAX."""
    return max(1, math.ceil(rate * costs.cpu_s / BUSY_MAX - 1e-9))


def replicas_needed(cores: int) -> int:
    """Returns how many processes drive so many cores."""
    return math.ceil(cores / CORES_PER_REPLICA_MAX)


def workers_needed(costs: Costs, rate: float, deadline_s: float) -> int:
    """Returns the fewest cores that meet a deadline at p99, refuse few and are not too busy.

    Beyond WORKERS_SIMULATED_MAX the deadline follows from not being too busy.
    """
    cores = cores_needed(costs, rate)
    fastest_s = min(one.look_s + one.embed_s for one in costs.each) + costs.rest_s
    while cores <= WORKERS_SIMULATED_MAX:
        found = predict(costs, rate, cores)
        if found.answer_p99_s <= deadline_s and found.refused <= REFUSED_MAX:
            return cores
        if fastest_s > deadline_s:
            break
        cores += 1
    return cores


@dataclass(slots=True, eq=False)
class _CheckIn:
    """A phone and its stream: frames are sent by their pace, and looked at one by one."""

    left: int
    due_s: float = 0.0
    under_way: int = 0
    held: bool = False
    looking: bool = False
    # At most one frame waits in the stream: two are under way, and one of them is looked at.
    waiting: "_Frame | None" = None


@dataclass(slots=True, eq=False)
class _Frame:
    owner: _CheckIn
    sent_s: float
    cost: FrameCost


@dataclass(slots=True)
class _Simulation:
    """Check-ins before workers, event by event; `took` is each frame's time to its answer."""

    costs: Costs
    workers: int
    rng: random.Random
    took: list[float] = field(default_factory=list)
    refused: int = 0
    worked_s: float = 0.0
    ended_s: float = 0.0
    faces: int = 0
    batches: int = 0
    _open: int = 0
    _free: int = 0
    _events: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _line: Line[_Frame, _Frame] = field(init=False)

    def run(self, comes: Sequence[float], seconds: float) -> None:
        """Plays all arrivals, at least so many seconds, to the end of the last check-in."""
        self._free = self.workers
        self._line = Line(self.workers * WAITING_FRAMES_PER_WORKER_MAX)
        for at in comes:
            self._later(at, self._arrive)
        while self._events:
            now, _, happens = heapq.heappop(self._events)
            happens(now)
            self._work(now)
            self.ended_s = max(seconds, now)

    def _later(self, at: float, happens: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happens))

    def _arrive(self, now: float) -> None:
        frame_s = self.costs.frame_s
        wait_s = self._line.frames_waiting * frame_s / self.workers
        if self._open >= places_of(self.workers, frame_s) or wait_s > WAIT_S_MAX:
            self.refused += 1
            return
        self._open += 1
        self._send(_CheckIn(self.rng.choice(self.costs.frames), due_s=now), now)

    def _send(self, one: _CheckIn, now: float) -> None:
        """Sends a frame, or holds it back until an answer; as `Pace` in kiosk_client/duplex.py."""
        one.held = one.under_way >= IN_FLIGHT_FRAMES_MAX
        if one.held or not one.left:
            return
        one.under_way += 1
        late = now - one.due_s > self.costs.pace_s / 2
        one.due_s = (now if late else one.due_s) + self.costs.pace_s
        self._later(one.due_s, partial(self._send, one))
        frame = _Frame(one, now, self.rng.choice(self.costs.each))
        if one.looking:
            one.waiting = frame
        else:
            self._submit(frame)

    def _submit(self, frame: _Frame) -> None:
        frame.owner.looking = True
        self._line.add_frame(frame, Urgency.PERSON)

    def _work(self, now: float) -> None:
        """Gives every free worker what the line says is next."""
        while self._free:
            if faces := self._line.next_faces(now):
                alone_s = statistics.fmean(one.cost.embed_s for one in faces)
                self._busy(now, alone_s * self._part(len(faces)), partial(self._embedded, faces))
            elif (frame := self._line.next_frame()) is not None:
                self._busy(now, frame.cost.look_s, partial(self._looked, frame))
            else:
                return

    def _part(self, faces: int) -> float:
        self.faces += faces
        self.batches += 1
        return self.costs.batch[bucket_of(faces)]

    def _busy(self, now: float, took_s: float, done: Callable[[float], None]) -> None:
        self._free -= 1
        self.worked_s += took_s
        self._later(now + took_s, done)

    def _looked(self, frame: _Frame, now: float) -> None:
        self._free += 1
        if frame.cost.embed_s:
            self._line.add_faces(frame, 1, now)
        else:
            self._answer(frame, now)

    def _embedded(self, faces: Sequence[_Frame], now: float) -> None:
        self._free += 1
        for frame in faces:
            self._answer(frame, now)

    def _answer(self, frame: _Frame, now: float) -> None:
        """Answers a frame; the stream goes on with the one that waited, the phone with the next."""
        one = frame.owner
        self.took.append(now - frame.sent_s)
        one.under_way -= 1
        one.left -= 1
        waiting, one.waiting, one.looking = one.waiting, None, False
        if not one.left:
            self._open -= 1
            if waiting is not None:  # the challenge is over: answered without a look
                self.took.append(now - waiting.sent_s)
            return
        if waiting is not None:
            self._submit(waiting)
        if one.held:
            self._send(one, now)


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
