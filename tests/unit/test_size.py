"""What `hadir-bench size` makes of a measurement: costs of a check-in, and how wrong a prediction was."""

from dataclasses import replace

import pytest

from benchmarks.costing import Idle, costs_of, pooled
from benchmarks.needs import Need
from benchmarks.rung import Rung, Tally, seed_of
from benchmarks.size import _limits, compare, p99_between
from benchmarks.sizing import predict
from server.services.admission import AWAITED_FPS_MAX

BATCH = {1: 1.0, 2: 1.9, 4: 3.8, 8: 7.2}
RUNG = Rung(
    name="costs",
    seconds=60,
    offered=0.3,
    recorded=0.3,
    carried=1.0,
    refused_for_load=0.0,
    other_refusals={},
    without_phone=0,
    answers=360,
    answer_p50_ms=62.0,
    answer_p99_ms=100.0,
    embedded_p50_ms=80.0,
    embedded_p99_ms=110.0,
    held_p50_ms=0.0,
    held_p99_ms=0.0,
    in_line_p99_ms=20.0,
    answer_mean_ms=62.0,
    check_in_p50_ms=2000.0,
    check_in_p99_ms=2500.0,
    refusal_p99_ms=0.0,
    late_p99_ms=1.0,
    cpu_ms_per_check_in=1000.0,
    loop_ms_per_check_in=40.0,
    frames_per_check_in=20.0,
    server_cores_busy=0.3,
    memory_mb=400.0,
    memory_peak_mb=410.0,
)
TALLY = Tally(
    looked=[20, 20],
    embedded=[7, 9],
    open_s=[0.1, 0.1],
    seal_s=[0.1, 0.1],
    steps_s=[[0.1, 0.87, 0.87, 0.87], [0.1, 0.87, 0.87, 0.87]],
    looks_s=[0.01],
    embeds_s=[0.02],
)


class TestCosts:
    """From a quiet rung."""

    def test_the_frames_cost_all_of_it(self):
        """What goes to network and disk is added to the frames: the rung, simulated, costs as much."""
        costs = costs_of(RUNG, TALLY, BATCH)
        again = predict(costs, RUNG.offered, 1, seconds=RUNG.seconds, seed=seed_of(RUNG.offered))

        assert (1.0, 0.4) == (costs.cpu_s, costs.embedded)
        assert pytest.approx(1.0, rel=0.02) == again.work_s
        assert pytest.approx(0.05) == costs.frame_s
        assert 1.0 < costs.beside < 0.05 / 0.018  # a part of it is opening and record

    def test_an_idle_server_is_no_cost_of_a_check_in(self):
        """Three check-ins in ten seconds, and 30 ms a second without any: a tenth of one's."""
        costs = costs_of(RUNG, TALLY, BATCH, idle=Idle(0.03, 0.012))
        busy = predict(costs, RUNG.offered, 1, seconds=RUNG.seconds).cores_busy

        assert pytest.approx(0.9) == costs.cpu_s
        assert 0.0 == costs.loop_s  # all of the loop's 40 ms was the idle one's
        assert pytest.approx(0.3, rel=0.1) == busy

    def test_the_event_loop(self):
        """Its time is the frames'."""
        assert pytest.approx(0.002) == costs_of(RUNG, TALLY, BATCH).loop_s

    def test_what_an_answer_takes_beside(self):
        """The rest of the mean answer: on its way, before and after the worker."""
        costs = costs_of(RUNG, TALLY, BATCH)
        again = predict(costs, RUNG.offered, 1, seconds=RUNG.seconds, seed=seed_of(RUNG.offered))

        assert costs.rest_s > 0
        assert pytest.approx(0.062, rel=0.01) == again.answer_mean_s

    def test_when_a_step_could_be_seen(self):
        """The frame that completed it is the second that showed it, and the first came late.

        By half of the time after which the next is asked for meanwhile.
        """
        moves = costs_of(RUNG, TALLY, BATCH).moves

        shown_s = 0.87 - 0.1 - 0.5 / AWAITED_FPS_MAX

        assert [0.0, shown_s, shown_s, shown_s] == pytest.approx(list(moves[0]))

    def test_a_pause_of_the_machine_is_no_cost(self):
        """A virtual machine that stood still for a second does so once, not with every check-in."""
        stood = replace(TALLY, looks_s=[0.01] * 99 + [1.0], embeds_s=[0.02] * 99 + [1.0])

        costs = costs_of(RUNG, stood, BATCH)

        assert (0.05, 0.1) == (
            pytest.approx(max(costs.looks)), pytest.approx(max(costs.embeds)),
        )  # fmt: skip

    def test_waits_for_the_disk_are_no_work(self):
        """A disk so slow that opening and record waited for longer than all of a check-in's work."""
        slow = replace(TALLY, open_s=[0.6, 0.6], seal_s=[0.6, 0.6])

        costs = costs_of(RUNG, slow, BATCH)
        again = predict(costs, RUNG.offered, 1, seconds=RUNG.seconds, seed=seed_of(RUNG.offered))

        assert 1.0 == costs.beside
        assert pytest.approx(1.0, rel=0.02) == again.work_s

    def test_a_machine_that_drifts(self):
        """A third slower afterwards: the frames of both times, at the cost in the middle."""
        before = costs_of(RUNG, TALLY, BATCH)
        after = costs_of(
            replace(RUNG, cpu_ms_per_check_in=1500.0, answer_mean_ms=90.0), TALLY, BATCH
        )

        costs = pooled(before, after)

        assert 1.25 == costs.cpu_s
        assert pytest.approx((before.beside + after.beside) / 2) == costs.beside
        assert pytest.approx((before.rest_s + after.rest_s) / 2) == costs.rest_s
        assert [0.01, 0.01] == costs.looks

    def test_nothing_recorded(self):
        """A server that did not work has no cost: the command says so and ends."""
        with pytest.raises(SystemExit, match="did not work"):
            costs_of(RUNG, Tally(), BATCH)


class TestInterval:
    """Within what a p99 would lie if chance had it otherwise."""

    def test_alike(self):
        """Where all stretches are alike there is no doubt."""
        assert (5.0, 5.0) == p99_between([(at / 10, 5.0) for at in range(1000)])

    def test_one_bad_moment(self):
        """A single crowded stretch may as well not have happened, or twice."""
        calm = [(at / 10, 5.0) for at in range(1000)]
        low, high = p99_between([*calm, *((50.0, 80.0) for _ in range(30))])

        assert (5.0, 80.0) == (low, high)

    def test_nothing_answered(self):
        """A server that refused everybody."""
        assert (0.0, 0.0) == p99_between([])


class TestCompare:
    """A prediction beside what was played."""

    def test_errors(self):
        """In parts of the measurement; below zero where too little was predicted."""
        predicted = predict(costs_of(RUNG, TALLY, BATCH), 0.3, 1)
        pooled = replace(predicted, answer_p99_s=predicted.answer_p99_s * 2)
        played = replace(
            RUNG,
            answer_p99_ms=predicted.answer_p99_s * 1e3 * 2,
            server_cores_busy=predicted.cores_busy / 1.1,
        )
        found = compare(0.5, predicted, pooled, played, [(0.0, 90.0)])

        assert (-0.5, 0.1) == (pytest.approx(found.p99_error), pytest.approx(found.cpu_error))
        assert (0.0, 0.1) == (
            pytest.approx(found.pooled_p99_error), pytest.approx(found.pooled_cpu_error),
        )  # fmt: skip


class TestLimits:
    """What a need rests on that was not measured is said beside it."""

    @pytest.mark.parametrize(
        ("cores", "replicas", "said"), [(1, 1, 0), (3, 1, 1), (16, 2, 2), (None, None, 0)]
    )
    def test_what_was_not_measured(self, cores, replicas, said):
        """More cores than the server had, and replicas, which are not built."""
        found = list(_limits([Need(1000, 0.8, cores, replicas, 0.5, 0.0, 9, 27)], 1))

        assert said == len(found)
        assert (replicas or 0) < 2 or "not built" in found[0]
