"""The sizing model: arrivals of a morning, the workers' queue, and what follows for cores."""

import math
from dataclasses import replace

import pytest

from benchmarks.sizing import (
    BUSY_MAX,
    CORES_PER_REPLICA_MAX,
    REFUSED_MAX,
    Costs,
    Morning,
    cores_needed,
    predict,
    replicas_needed,
    workers_needed,
)

COSTS = Costs(cpu_s=0.2, frames=20, service_s=[0.01], rest_s=0.002, pace_s=0.1)


class TestMorning:
    """When people come."""

    @pytest.mark.parametrize(
        ("morning", "rate"),
        [
            (Morning(1200), 1.0),
            (Morning(1200, busiest_share=0.25), 0.5),
            (Morning(1200, within_s=600), 2.0),
            (Morning(1200, within_s=300, busiest_s=600), 4.0),
        ],
        ids=["half in ten minutes", "a quarter", "as long as the peak", "shorter than the peak"],
    )
    def test_peak(self, morning, rate):
        """The busiest time decides, not the mean."""
        assert rate == pytest.approx(morning.peak_rate)


class TestPrediction:
    """What a rate means for some workers."""

    def test_alone(self):
        """Hardly anybody: a frame takes its service and the rest."""
        found = predict(COSTS, 0.01, 4)

        assert 0.012 == pytest.approx(found.answer_p99_s)
        assert (0.0, pytest.approx(0.002)) == (found.refused, found.cores_busy)

    def test_waits_grow_with_the_rate(self):
        """Half and most of what a worker carries."""
        half, most = (predict(COSTS, rate, 1).answer_p99_s for rate in (2.5, 4.5))

        assert 0.012 < half < most

    def test_more_workers_wait_less(self):
        """At the same rate."""
        assert predict(COSTS, 4.5, 2).answer_p99_s < predict(COSTS, 4.5, 1).answer_p99_s

    def test_beyond_capacity_is_refused(self):
        """Twice what a worker carries: about half is sent away, and the worker is full."""
        found = predict(COSTS, 10, 1)

        assert found.refused == pytest.approx(0.5, abs=0.1)
        assert found.cores_busy == pytest.approx(1.0, abs=0.1)

    def test_the_same_twice(self):
        """A report can be repeated."""
        assert predict(COSTS, 3, 1) == predict(COSTS, 3, 1)


class TestNeed:
    """What to buy."""

    @pytest.mark.parametrize("rate", [0.1, 3.5, 3.6, 100, 3917])
    def test_never_too_busy(self, rate):
        """And not a core more than that asks for."""
        cores = cores_needed(COSTS, rate)

        assert rate * COSTS.cpu_s <= BUSY_MAX * cores * (1 + 1e-9)
        assert cores == 1 or rate * COSTS.cpu_s > BUSY_MAX * (cores - 1)

    def test_a_deadline_asks_for_more(self):
        """Where busy workers alone would answer too late."""
        plain, strict = (workers_needed(COSTS, 3.4, deadline) for deadline in (2.0, 0.013))

        assert plain < strict
        assert predict(COSTS, 3.4, strict).answer_p99_s <= 0.013
        assert predict(COSTS, 3.4, plain).refused <= REFUSED_MAX

    def test_a_deadline_that_no_core_meets(self):
        """More cores do not make one frame faster: the count stays finite."""
        slow = replace(COSTS, service_s=[1.0], cpu_s=20.0)

        assert math.isfinite(workers_needed(slow, 1, 0.5))

    def test_replicas(self):
        """One process drives some cores, and the next one begins there."""
        counts = [replicas_needed(n * CORES_PER_REPLICA_MAX + k) for n in (1, 3) for k in (0, 1)]

        assert [1, 2, 3, 4] == counts
