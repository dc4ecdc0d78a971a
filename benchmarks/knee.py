"""Where a server has enough: which rate to play next, knee, peak, and how soon it is as before.

Pure: over what was played, nothing is interpolated.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

# A rung is carried if so much of those who came was recorded.
CARRIED_MIN = 0.95
# The rate grows by such steps until what is recorded grew by less than RISE_MIN in FLAT_RUNGS in a
# row; where the first is too much already, it falls. Then rates between the last that was carried
# and the first that was not are played until they are close.
STEP_UP, RISE_MIN, FLAT_RUNGS = 1.35, 0.03, 2
CLOSE = 1.1
RUNGS_MAX = 24
RATE_MIN = 0.05
# What is normal after too much: answers as at half of the knee, with the room of chance.
NORMAL_P99, NORMAL_P50 = 1.5, 3.0
WINDOW_S = 5.0


class Played(Protocol):
    """What is asked of a rung; see rung.Rung."""

    @property
    def offered(self) -> float:
        """Check-ins that came a second."""

    @property
    def recorded(self) -> float:
        """Check-ins recorded a second."""

    @property
    def carried(self) -> float:
        """Part of those who came that was recorded."""


def next_rate(ramp: Sequence[Played], start: float) -> float | None:
    """Returns the rate to play after those of a ramp, or None if it is over."""
    if not ramp:
        return start
    rates = sorted(rung.offered for rung in ramp)
    carried = knee(ramp)
    if len(ramp) >= RUNGS_MAX:
        return None
    if carried is None:
        lower = rates[0] / STEP_UP
        return lower if lower >= RATE_MIN else None
    if not _flat(ramp):
        return rates[-1] * STEP_UP
    beyond = min((rate for rate in rates if rate > carried), default=carried)
    return (carried * beyond) ** 0.5 if beyond > CLOSE * carried else None


def knee(ramp: Sequence[Played]) -> float | None:
    """Returns the highest rate that was carried; None if none was."""
    return max((rung.offered for rung in ramp if rung.carried >= CARRIED_MIN), default=None)


def peak(ramp: Sequence[Played]) -> float:
    """Returns the most that was recorded a second at any rate."""
    return max(rung.recorded for rung in ramp)


def _flat(ramp: Sequence[Played]) -> bool:
    """Whether the highest rates gave no more than the ones below them."""
    recorded = [rung.recorded for rung in sorted(ramp, key=lambda rung: rung.offered)]
    if len(recorded) <= FLAT_RUNGS:
        return False
    return max(recorded[-FLAT_RUNGS:]) <= (1 + RISE_MIN) * max(recorded[:-FLAT_RUNGS])


def normal_ms(p50_ms: float, p99_ms: float) -> float:
    """Returns the p99 that counts as normal where half of the knee gave these answers."""
    return max(NORMAL_P99 * p99_ms, NORMAL_P50 * p50_ms)


def recovery_s(
    answers: Sequence[tuple[float, float]], *, from_s: float, until_s: float, normal: float
) -> int | None:
    """Returns after how many seconds a stretch of WINDOW_S began whose p99 was normal; or None.

    answers: when each came, in seconds, and its ms. from_s: when too much had come. Stretches that
    begin after until_s - WINDOW_S are not whole, and those without an answer are not normal.
    """
    for passed_s in range(int(until_s - from_s - WINDOW_S) + 1):
        begins_s = from_s + passed_s
        took = [ms for at_s, ms in answers if begins_s <= at_s < begins_s + WINDOW_S]
        if took and np.percentile(took, 99) <= normal:
            return passed_s
    return None
