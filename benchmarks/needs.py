"""How many cores and replicas a rate of check-ins needs, by what sizing.py predicts. Pure."""

import math
from dataclasses import dataclass

from benchmarks.sizing import Costs, Morning, Prediction, quick

# One process is taken to drive so many cores; beyond, replicas would share the work.
CORES_PER_REPLICA_MAX = 8
# Part of the arrivals that may be asked to come back some seconds later.
REFUSED_MAX = 0.01
# Above this the waits grow without measure: no machine is sized to be busier.
BUSY_MAX = 0.7
# The highest rate is looked for in such steps, and then in halves of the last one (to 1 %).
_STEP, _STEPS_MAX, _HALVES = 1.2, 25, 4


@dataclass(frozen=True, slots=True)
class Need:
    """What so many people need. cores: in all; None where no number of them meets the deadline.

    utilisation: part of their time that is used at the peak. refused: part of the arrivals that are
    asked to come back. Both, and the answers, are each replica's.
    """

    staff: int
    peak_rate: float
    cores: int | None
    replicas: int | None
    utilisation: float | None
    refused: float | None
    answer_p50_ms: float | None
    answer_p99_ms: float | None


class Replicas:
    """What replicas of 1 to CORES_PER_REPLICA_MAX cores carry, found when it is asked for."""

    def __init__(self, costs: Costs, deadline_s: float) -> None:
        self._costs, self._deadline_s = costs, deadline_s
        self._carried: dict[int, float] = {}
        self._found: dict[tuple[int, float], Prediction] = {}

    def carries(self, cores: int) -> float:
        """Returns the highest rate at which one meets the deadline, refuses few, and has room.

        0 where the deadline is shorter than what a frame takes anyway.
        """
        if cores not in self._carried:
            self._carried[cores] = self._search(cores)
        return self._carried[cores]

    def needed(self, rate: float) -> tuple[int, int] | None:
        """Returns the fewest replicas for a rate, and the fewest cores of each; or None.

        A higher rate never needs fewer cores in all: a replica more is at least as large as to
        bring as many together as those that were full.
        """
        largest = self.carries(CORES_PER_REPLICA_MAX) if rate > self.carries(1) else self.carries(1)
        if not largest:
            return None
        count = math.ceil(rate / largest)
        smallest = max(1, math.ceil(CORES_PER_REPLICA_MAX * (count - 1) / count))
        for cores in range(smallest, CORES_PER_REPLICA_MAX):
            if self.carries(cores) >= rate / count:
                return count, cores
        return count, CORES_PER_REPLICA_MAX

    def _search(self, cores: int) -> float:
        low = high = BUSY_MAX * cores / self._costs.cpu_s
        for _ in range(_STEPS_MAX):
            if self._does(cores, low) and not self._does(cores, high):
                break
            low, high = (high, high * _STEP) if self._does(cores, high) else (low / _STEP, low)
        else:
            return 0.0
        for _ in range(_HALVES):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if self._does(cores, middle) else (low, middle)
        return low

    def _does(self, cores: int, rate: float) -> bool:
        if (cores, rate) not in self._found:
            self._found[cores, rate] = quick(self._costs, rate, cores)
        found = self._found[cores, rate]
        return (
            found.answer_p99_s <= self._deadline_s
            and found.refused <= REFUSED_MAX
            and found.utilisation <= BUSY_MAX
        )


def need_of(costs: Costs, morning: Morning, replicas: Replicas) -> Need:
    """Returns what a morning needs on machines with these costs: those of the replicas."""
    rate = morning.peak_rate
    if (found := replicas.needed(rate)) is None:
        return Need(morning.staff, rate, None, None, None, None, None, None)
    count, cores = found
    # What outgrows a machine is split: each replica sees its share of the arrivals.
    one = quick(costs, rate / count, cores)
    return Need(
        staff=morning.staff,
        peak_rate=rate,
        cores=count * cores,
        replicas=count,
        utilisation=one.utilisation,
        refused=one.refused,
        answer_p50_ms=one.answer_p50_s * 1e3,
        answer_p99_ms=one.answer_p99_s * 1e3,
    )
