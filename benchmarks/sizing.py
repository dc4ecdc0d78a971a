"""What a rate of check-ins means for cores: arrivals, and a simulation of what the server does.

Pure: the costs are measured elsewhere (`hadir-bench size`). Check-ins arrive as a Poisson process.
The line before the workers and the admission, which also asks phones for their next frames, are the
server's own code on simulated time; people need as long for their movements as they were measured.
"""

import heapq
import itertools
import math
import random
import statistics
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.timeshare import TimeShare
from kiosk_client.duplex import IN_FLIGHT_FRAMES_MAX
from server.domain.challenge import HOLD_FRAMES
from server.domain.trail import MATCHING_FRONTS_MIN, UNCOMPARED_MAX
from server.services.admission import AWAITED_FPS_MAX, CHECK_IN_FPS_MAX, Admission
from server.vision.cost import FrameCost
from server.vision.line import Line, LineFull, Urgency, bucket_of
from server.vision.pipeline import WAITING_FRAMES_PER_WORKER_MAX

SIMULATED_SECONDS = 600.0
# The first who come are recorded some seconds later: what is recorded a second counts from then.
SETTLE_S_MAX = 5.0
# Whoever looks for a rate simulates so many check-ins for each that is tried, once.
SEARCH_CHECK_INS, SEARCH_SECONDS_MIN = 1_500, 60.0
_SEARCH_TRIES, _CLOSE, _MOST = 8, 0.005, 0.5
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
class Costs:
    """What one check-in costs on one machine, measured. Times in seconds.

    cpu_s: processor time of the server, all of it but what it takes when nobody is there, and
    idle_cores is that. frames: how many a check-in had looked at.
    looks, embeds: what looking at a frame and embedding a face alone cost a worker, samples.
    embedded: part of the frames whose face is embedded. open_s, seal_s: what a check-in takes a
    core before its challenge, and for its record. loop_s: what a frame takes of the event loop,
    with its part of all that the loop does. beside: how many times that a frame costs the
    cores, with all that it needs beside its worker. moves: from when each step was asked for to
    when a frame could show it, of check-ins, a sample. batch: what embedding 1, 2, 4 or 8 faces at
    once costs, in parts of one alone. rest_s: what an answer takes beside its worker. pace_s: time
    between two frames of a phone.
    """

    cpu_s: float
    frames: float
    looks: Sequence[float]
    embeds: Sequence[float]
    embedded: float
    moves: Sequence[Sequence[float]]
    batch: Mapping[int, float]
    open_s: float
    seal_s: float
    pace_s: float
    idle_cores: float = 0.0
    loop_s: float = 0.0
    beside: float = 1.0
    rest_s: float = 0.0

    @property
    def frame_s(self) -> float:
        """What a frame costs the cores on average, with its part of all that a check-in costs."""
        return self.cpu_s / self.frames


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a rate means for some workers: answer to a frame in seconds, cores in use.

    cores_busy: while people arrive, without the first seconds; see settle_s. work_s: processor time
    a check-in. refused: part of the arrivals that are asked to come back. batch: faces embedded at
    once, mean.
    """

    rate: float
    workers: int
    answer_p50_s: float
    answer_p99_s: float
    answer_mean_s: float
    work_s: float
    cores_busy: float
    refused: float
    batch: float

    @property
    def utilisation(self) -> float:
        """Part of the cores' time that is used; there are as many cores as workers."""
        return self.cores_busy / self.workers


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    """Returns when people come, seconds from the start, in order; the same for a seed.

    A Poisson process given its count: exactly round(rate * seconds) of them, uniform and
    independent, so a run offers what it says and keeps the bursts of chance.
    """
    rng = random.Random(seed)  # noqa: S311  no secret
    return sorted(rng.uniform(0, seconds) for _ in range(round(rate * seconds)))


def settle_s(seconds: float) -> float:
    """Returns after how long of so many seconds of arrivals as many are recorded as arrive."""
    return min(SETTLE_S_MAX, seconds / 3)


def predict(
    costs: Costs,
    rate: float,
    workers: int,
    *,
    seconds: float = SIMULATED_SECONDS,
    seed: int = 1,
    replays: int = REPLAYS,
) -> Prediction:
    """Simulates the arrivals of a rate, of a seed. Deterministic."""
    comes = arrivals(rate, seconds, seed)
    plays = [_Simulation(costs, workers, random.Random(seed + n)) for n in range(replays)]  # noqa: S311
    for play in plays:
        play.run(comes, seconds)
    waits = sorted(took for play in plays for took in play.took)
    worked_s, refused = sum(p.worked_s for p in plays), sum(p.refused for p in plays)
    return Prediction(
        rate=rate,
        workers=workers,
        answer_p50_s=_quantile(waits, 0.50),
        answer_p99_s=_quantile(waits, 0.99),
        answer_mean_s=statistics.fmean(waits or [0.0]),
        work_s=worked_s / max(1, replays * len(comes) - refused),
        cores_busy=costs.idle_cores + statistics.fmean(play.cores_busy for play in plays),
        refused=refused / max(1, replays * len(comes)),
        batch=sum(p.faces for p in plays) / max(1, sum(p.batches for p in plays)),
    )


def rate_at(costs: Costs, workers: int, share: float) -> float:
    """Returns the rate at which a share of so many cores is predicted to be busy. Deterministic.

    Not in proportion to a quiet check-in's cost: the more come, the fewer frames each is asked for.
    Where so much cannot be used, a rate of which most is refused.
    """
    rate = share * workers / costs.cpu_s
    for _ in range(_SEARCH_TRIES):
        found = quick(costs, rate, workers)
        if abs(found.utilisation / share - 1) <= _CLOSE or found.refused > _MOST:
            break
        rate *= share / found.utilisation
    return rate


def quick(costs: Costs, rate: float, workers: int) -> Prediction:
    """Returns a prediction that rests on SEARCH_CHECK_INS."""
    seconds = min(SIMULATED_SECONDS, max(SEARCH_SECONDS_MIN, SEARCH_CHECK_INS / rate))
    return predict(costs, rate, workers, seconds=seconds, replays=1)


class _Machine:
    """What admission asks for, see Capacity in services/admission.py; it knows its costs."""

    def __init__(self, costs: Costs, workers: int) -> None:
        self.workers = workers
        self.cost = FrameCost(workers=workers, cores=workers, process_s=lambda: 0.0)
        look_s, embed_s = statistics.fmean(costs.looks), statistics.fmean(costs.embeds)
        factor = costs.frame_s / (look_s + costs.embedded * embed_s)
        self.cost.set(look_s * factor, embed_s * factor, embedded=costs.embedded)
        self.frames_waiting = 0

    @property
    def wait_s(self) -> float:
        return self.frames_waiting * self.cost.frame_s / self.workers


@dataclass(slots=True, eq=False)
class _CheckIn:
    """A person, a phone and its stream: frames are sent by their pace, and looked at one by one."""

    moves: Sequence[float]
    step: int = 0
    asked_s: float = 0.0
    held: int = 0
    compared: int = 0
    uncompared: int = 0
    last_s: float = -math.inf
    wish_s: float = 0.0
    under_way: int = 0
    looking: bool = False
    # At most one frame waits in the stream: two are under way, and one of them is looked at.
    waiting: "_Frame | None" = None

    @property
    def complete(self) -> bool:
        return self.step >= len(self.moves)

    @property
    def completes_next(self) -> bool:
        """As Progress says it."""
        return self.held + 1 >= HOLD_FRAMES

    @property
    def compares_next(self) -> bool:
        """As FaceTrail says it; nobody is a stranger here, and nobody jumps."""
        return self.compared < MATCHING_FRONTS_MIN or self.uncompared >= UNCOMPARED_MAX

    def shows(self, frame: "_Frame") -> bool:
        """Whether a frame shows the step to do."""
        return frame.sent_s - self.asked_s >= self.moves[self.step]

    def must_compare(self, frame: "_Frame") -> bool:
        """Whether the face of a frame is embedded."""
        return self.compares_next or (self.completes_next and self.shows(frame))

    def due_s(self, pace_s: float) -> float:
        """When the next frame may go."""
        return self.last_s + max(pace_s, self.wish_s)

    def follow(self, frame: "_Frame", now: float) -> None:
        """Takes a frame into the challenge; the next step is asked for with its answer."""
        self.held = self.held + 1 if self.shows(frame) else 0
        if self.held >= HOLD_FRAMES:
            self.step, self.held, self.asked_s = self.step + 1, 0, now


@dataclass(slots=True, eq=False)
class _Frame:
    owner: _CheckIn
    sent_s: float


class _Thread:
    """What a replica does one after the other, however many cores it has: chores, and then what."""

    def __init__(self) -> None:
        self.chores: deque[tuple[float, Callable[[], None]]] = deque()
        self.free = True


class _Simulation:
    """Check-ins before workers, event by event; `took` is each frame's time to its answer."""

    def __init__(self, costs: Costs, workers: int, rng: random.Random) -> None:
        self.took: list[float] = []
        self.refused = self.faces = self.batches = 0
        self.worked_s = self.cores_busy = 0.0
        self._costs, self._rng, self._free = costs, rng, workers
        self._machine, self._cores = _Machine(costs, workers), TimeShare(workers)
        self._now = 0.0
        self._admission = Admission(self._machine, monotonic=lambda: self._now)
        # Frames pass the event loop; openings and records wait for each other, mostly elsewhere.
        self._loop, self._desk = _Thread(), _Thread()
        self._line: Line[_Frame, _Frame] = Line(workers * WAITING_FRAMES_PER_WORKER_MAX)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def run(self, comes: Sequence[float], seconds: float) -> None:
        """Plays all arrivals, at least so many seconds, to the end of the last check-in."""
        for at in comes:
            self._later(at, self._arrive)
        opens_s = settle_s(seconds)
        while self._events or self._cores.busy:
            ends_s = self._cores.ends_s
            if self._events and self._events[0][0] <= ends_s:
                self._now, _, happens = heapq.heappop(self._events)
                self._cores.advance(self._now)
            else:
                self._now, happens = ends_s, self._cores.end()
            before_s = self.worked_s
            happens()
            self._work()
            self._machine.frames_waiting = self._line.frames_waiting
            if opens_s <= self._now < seconds:
                self.cores_busy += (self.worked_s - before_s) / (seconds - opens_s)

    def _later(self, at: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._order), happens))

    def _arrive(self) -> None:
        if self._admission.full:
            self.refused += 1
            return
        self._admission.open += 1
        self._desk.chores.append((self._costs.open_s, self._challenge))

    def _challenge(self) -> None:
        one = _CheckIn(self._rng.choice(self._costs.moves), asked_s=self._now)
        self._later(self._now + self._admission.first_frame_s(one), partial(self._send, one))

    def _seal(self) -> None:
        self._desk.chores.append((self._costs.seal_s, self._leave))

    def _leave(self) -> None:
        self._admission.open -= 1

    def _send(self, one: _CheckIn) -> None:
        """Sends a frame when one may go; as `Pace` in kiosk_client/duplex.py."""
        now, due_s = self._now, one.due_s(self._costs.pace_s)
        if one.complete or one.under_way >= IN_FLIGHT_FRAMES_MAX or now < due_s:
            return
        one.under_way += 1
        one.last_s = now if now - due_s > self._costs.pace_s / 2 else due_s
        self._later(one.due_s(self._costs.pace_s), partial(self._send, one))
        frame = _Frame(one, now)
        if one.looking:
            one.waiting = frame
        else:
            self._submit(frame)

    def _submit(self, frame: _Frame) -> None:
        frame.owner.looking = True
        self._loop.chores.append((self._costs.loop_s, partial(self._queue, frame)))

    def _queue(self, frame: _Frame) -> None:
        try:
            self._line.add_frame(frame, Urgency.PERSON)
        except LineFull:
            self._answer(frame, looked=False)

    def _work(self) -> None:
        """Gives threads their chores, and every free worker what the line says is next."""
        for thread in (self._loop, self._desk):
            if thread.chores and thread.free:
                took_s, then = thread.chores.popleft()
                thread.free = False
                self._busy(took_s, partial(self._done, thread, then))
        while self._free:
            if faces := self._line.next_faces(self._now):
                alone = [self._rng.choice(self._costs.embeds) for _ in faces]
                took_s = statistics.fmean(alone) * self._costs.batch[bucket_of(len(faces))]
                self.faces, self.batches = self.faces + len(faces), self.batches + 1
                self._free -= 1
                self._busy(took_s * self._costs.beside, partial(self._embedded, faces))
            elif (frame := self._line.next_frame()) is not None:
                took_s = self._rng.choice(self._costs.looks) * self._costs.beside
                self._free -= 1
                self._busy(took_s, partial(self._looked, frame))
            else:
                return

    def _busy(self, took_s: float, done: Callable[[], None]) -> None:
        self.worked_s += took_s
        self._cores.begin(took_s, done)

    def _done(self, thread: _Thread, then: Callable[[], None]) -> None:
        thread.free = True
        then()

    def _looked(self, frame: _Frame) -> None:
        self._free += 1
        one = frame.owner
        if one.must_compare(frame):
            one.compared, one.uncompared = one.compared + 1, 0
            self._line.add_faces(frame, 1, self._now)
        else:
            one.uncompared += 1
            self._answer(frame)

    def _embedded(self, faces: Sequence[_Frame]) -> None:
        self._free += 1
        for frame in faces:
            self._answer(frame)

    def _answer(self, frame: _Frame, *, looked: bool = True) -> None:
        """Answers a frame; the stream goes on with the one that waited."""
        one, answered_s = frame.owner, self._now + self._costs.rest_s
        if looked:
            one.follow(frame, answered_s)
        waiting, one.waiting, one.looking = one.waiting, None, False
        wish_s = 0.0
        if not one.complete:
            wish_s = self._admission.next_frame_s(
                one,
                frame.sent_s,
                faces=int(one.compares_next or one.completes_next),
                fps_max=CHECK_IN_FPS_MAX if one.completes_next else AWAITED_FPS_MAX,
            )
        self._later(answered_s, partial(self._told, frame, wish_s))
        if one.complete:
            self._later(answered_s, self._seal)
            if waiting is not None:  # the challenge is over: answered without a look
                self._later(answered_s, partial(self._told, waiting, 0.0))
        elif waiting is not None:
            self._submit(waiting)

    def _told(self, frame: _Frame, wish_s: float) -> None:
        """The phone has the answer, and goes on when the server wants it to."""
        one, now = frame.owner, self._now
        self.took.append(now - frame.sent_s)
        one.under_way -= 1
        one.wish_s = wish_s
        self._later(max(now, one.due_s(self._costs.pace_s)), partial(self._send, one))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
