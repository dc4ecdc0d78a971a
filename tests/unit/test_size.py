"""What `hadir-bench size` makes of a measurement: costs of a check-in, and how wrong a prediction was."""

from dataclasses import replace

import pytest

from benchmarks.rung import Rung, Tally
from benchmarks.size import compare, costs_of, pooled
from benchmarks.sizing import FrameCost, predict

BATCH = {1: 1.0, 2: 1.9, 4: 3.8, 8: 7.2}
RUNG = Rung(
    name="costs",
    seconds=60,
    offered=0.3,
    recorded=0.3,
    refused_for_load=0.0,
    other_refusals={},
    without_phone=0,
    answers=360,
    answer_p50_ms=62.0,
    answer_p99_ms=100.0,
    check_in_p50_ms=2000.0,
    check_in_p99_ms=2500.0,
    refusal_p99_ms=0.0,
    late_p99_ms=1.0,
    cpu_ms_per_check_in=1000.0,
    frames_per_check_in=20.0,
    server_cores_busy=0.3,
    memory_mb=400.0,
)
TALLY = Tally(looked=[18, 22], costs=[FrameCost(0.01, 0.03), FrameCost(0.01, 0.03)])


class TestCosts:
    """From a quiet rung."""

    def test_the_frames_cost_all_of_it(self):
        """Twenty frames of 40 ms leave 200 of 1000 ms to network and disk: each frame bears its part."""
        costs = costs_of(RUNG, TALLY, BATCH)

        assert (1.0, 0.05) == (costs.cpu_s, pytest.approx(costs.frame_s))
        assert pytest.approx(costs.each[0].look_s) == costs.each[0].embed_s / 3

    def test_what_an_answer_takes_beside(self):
        """The rest of the median answer: on its way, before and after the worker."""
        assert 0.012 == pytest.approx(costs_of(RUNG, TALLY, BATCH).rest_s)

    def test_a_pause_of_the_machine_is_no_cost(self):
        """A virtual machine that stood still for a second does so once, not with every check-in."""
        costs = [FrameCost(0.01, 0.03)] * 98 + [FrameCost(1.0, 0.03), FrameCost(0.01, 1.0)]

        each = costs_of(RUNG, Tally(looked=[20], costs=costs), BATCH).each

        assert max(one.look_s for one in each) == pytest.approx(5 * each[0].look_s)
        assert max(one.embed_s for one in each) == pytest.approx(5 * each[0].embed_s)
        assert pytest.approx(1.0) == 20 * sum(one.look_s + one.embed_s for one in each) / 100

    def test_a_machine_that_drifts(self):
        """A third slower afterwards: the frames of both times, at the cost in the middle."""
        before = costs_of(RUNG, TALLY, BATCH)
        after = costs_of(
            replace(RUNG, cpu_ms_per_check_in=1500.0, answer_p50_ms=90.0), TALLY, BATCH
        )

        costs = pooled(before, after)

        assert 1.25 == costs.cpu_s == pytest.approx(20 * costs.frame_s)
        assert [18, 22, 18, 22] == costs.frames
        assert pytest.approx((before.rest_s + after.rest_s) / 2) == costs.rest_s

    def test_nothing_recorded(self):
        """A server that did not work has no cost: the command says so and ends."""
        with pytest.raises(SystemExit, match="did not work"):
            costs_of(RUNG, Tally(), BATCH)


class TestCompare:
    """A prediction beside what was played."""

    def test_errors(self):
        """In parts of the measurement; below zero where too little was predicted."""
        predicted = predict(costs_of(RUNG, TALLY, BATCH), 0.3, 1)
        played = replace(
            RUNG,
            answer_p99_ms=predicted.answer_p99_s * 1e3 * 2,
            server_cores_busy=predicted.cores_busy / 1.1,
        )
        found = compare(0.5, predicted, played)

        assert (-0.5, 0.1) == (pytest.approx(found.p99_error), pytest.approx(found.cpu_error))
