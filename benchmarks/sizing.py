"""How many cores a morning needs: a model of arrivals, and a simulation of the workers' queue.

Pure: the costs are measured elsewhere (`hadir-bench size`). Check-ins arrive as a Poisson process;
each sends its frames one after the other, at its pace or as soon as it is answered; workers take
frames in their order; admission refuses whom there is no place for, as the server does. Half of the
staff is taken to come in the last ten minutes (a parameter).
"""

import heapq
import math
import random
import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from server.services.admission import places_of

# One process drives about so many cores; beyond, replicas share the work (DESIGN section 8).
CORES_PER_REPLICA_MAX = 8
# Part of the arrivals that may be asked to come back some seconds later.
REFUSED_MAX = 0.01
# Above this the waits grow without measure: no machine is sized to be busier.
BUSY_MAX = 0.7
SIMULATED_SECONDS = 600.0
WORKERS_SIMULATED_MAX = 64


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
    """What one check-in costs on one machine, measured.

    cpu_s: processor time of the server, all of it. frames: frames that are looked at. service_s:
    what frames cost a worker, a sample. rest_s: what an answer takes beside its worker.
    pace_s: time between two frames of a phone that does not wait.
    """

    cpu_s: float
    frames: float
    service_s: Sequence[float]
    rest_s: float
    pace_s: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a rate means for some workers: answer to a frame in seconds, cores in use.

    refused: part of the arrivals that are asked to come back.
    """

    rate: float
    workers: int
    answer_p50_s: float
    answer_p99_s: float
    cores_busy: float
    refused: float


def predict(costs: Costs, rate: float, workers: int, seed: int = 1) -> Prediction:
    """Simulates ten minutes at a rate. Deterministic for a seed."""
    morning = _Simulation(costs, workers, random.Random(seed))  # noqa: S311  no secret
    waits, refused = sorted(morning.run(rate)), morning.refused / max(1, morning.arrived)
    return Prediction(
        rate=rate,
        workers=workers,
        answer_p50_s=_quantile(waits, 0.50) + costs.rest_s,
        answer_p99_s=_quantile(waits, 0.99) + costs.rest_s,
        cores_busy=rate * (1 - refused) * costs.cpu_s,
        refused=refused,
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
    while cores <= WORKERS_SIMULATED_MAX:
        found = predict(costs, rate, cores)
        if found.answer_p99_s <= deadline_s and found.refused <= REFUSED_MAX:
            return cores
        if min(costs.service_s) + costs.rest_s > deadline_s:
            break
        cores += 1
    return cores


class _Simulation:
    """Frames of check-ins in a line before workers, event by event."""

    def __init__(self, costs: Costs, workers: int, rng: random.Random) -> None:
        self.arrived = self.refused = 0
        self._costs, self._rng = costs, rng
        self._free = workers
        self._places = places_of(workers, statistics.fmean(costs.service_s))
        # Time, what happens (0: a frame is sent, 1: a worker is done), whose frame.
        self._events: list[tuple[float, int, int]] = []
        self._waiting: deque[int] = deque()
        self._left: dict[int, int] = {}
        self._sent: dict[int, float] = {}

    def run(self, rate: float) -> list[float]:
        """Returns how long each frame took from its sending until a worker was done with it."""
        at, took = 0.0, []
        arrivals: list[tuple[float, int, int]] = []
        while (at := at + self._rng.expovariate(rate)) < SIMULATED_SECONDS:
            arrivals.append((at, 0, len(arrivals)))
        self._events = arrivals  # sorted, and so a heap
        self.arrived = len(arrivals)
        while self._events:
            now, done, number = heapq.heappop(self._events)
            if done:
                took.append(now - self._sent[number])
                self._answered(now, number)
            elif number in self._left or self._admitted(number):
                self._sent[number] = now
                self._waiting.append(number)
            self._work(now)
        return took

    def _admitted(self, number: int) -> bool:
        if len(self._left) >= self._places:
            self.refused += 1
            return False
        self._left[number] = max(1, round(self._costs.frames))
        return True

    def _answered(self, now: float, number: int) -> None:
        self._free += 1
        self._left[number] -= 1
        if self._left[number]:
            due = max(now, self._sent[number] + self._costs.pace_s)
            heapq.heappush(self._events, (due, 0, number))
        else:
            del self._left[number]

    def _work(self, now: float) -> None:
        while self._free and self._waiting:
            self._free -= 1
            done = now + self._rng.choice(self._costs.service_s)
            heapq.heappush(self._events, (done, 1, self._waiting.popleft()))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
