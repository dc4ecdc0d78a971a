"""The sizing model: arrivals of a morning, the workers' queue, and what follows for cores."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import sizing
from benchmarks.needs import (
    BUSY_MAX,
    CORES_PER_REPLICA_MAX,
    REFUSED_MAX,
    Replicas,
    need_of,
)
from benchmarks.sizing import Costs, Morning, arrivals, predict, quick, rate_at, settle_s

# Twenty frames: two for the first step, six for each of the others. Every 0.154 s one is asked for
# until it shows the step, which is the fifth, and the next comes after 0.1 s. Eight are compared.
COSTS = Costs(
    cpu_s=0.128,
    frames=20,
    looks=[0.004],
    embeds=[0.006],
    embedded=0.4,
    moves=[(0.0, 0.7, 0.7, 0.7)],
    batch={1: 1.0, 2: 2.0, 4: 4.0, 8: 8.0},
    open_s=0.0,
    seal_s=0.0,
    rest_s=0.002,
    pace_s=0.1,
)
# What comes between the frames: nobody waits for anybody where all of them come as asked.
CHORES = replace(COSTS, open_s=0.02, seal_s=0.02)
# Openings and records that a replica of many cores has time for.
MANY = replace(COSTS, open_s=0.005, seal_s=0.005)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulates a minute and a half, once: enough to tell more from less."""
    monkeypatch.setitem(predict.__kwdefaults__, "seconds", 90.0)
    monkeypatch.setitem(predict.__kwdefaults__, "replays", 1)
    monkeypatch.setattr(sizing, "SEARCH_CHECK_INS", 200)
    monkeypatch.setattr(sizing, "SEARCH_SECONDS_MIN", 20.0)


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


class TestArrivals:
    """When people come, second by second."""

    @pytest.mark.parametrize("seed", [1, 2])
    def test_as_many_as_said(self, seed):
        """A rung offers its rate, whatever chance does; in order, within its time."""
        comes = arrivals(0.5, 180, seed)

        assert 90 == len(comes)
        assert sorted(comes) == comes
        assert 0 <= comes[0] < comes[-1] <= 180

    def test_bursts(self):
        """The gaps are those of chance: exponential, so their spread is their mean."""
        comes = arrivals(10, 1000, 1)
        gaps = np.diff(comes)

        assert 1.0 == pytest.approx(gaps.std() / gaps.mean(), abs=0.05)

    def test_the_same_for_a_seed(self):
        """What was played can be simulated."""
        assert arrivals(1, 60, 7) == arrivals(1, 60, 7) != arrivals(1, 60, 8)


class TestPrediction:
    """What a rate means for some workers."""

    def test_alone(self):
        """Hardly anybody: a frame takes its service and the rest, and the check-in all its frames."""
        found = predict(COSTS, 0.01, 4, seconds=100)

        assert (0.006, 0.012) == (
            pytest.approx(found.answer_p50_s),
            pytest.approx(found.answer_p99_s),
        )
        assert (0.0, pytest.approx(0.128)) == (found.refused, found.work_s)
        assert pytest.approx(0.128 / (100 - settle_s(100))) == found.cores_busy

    def test_alone_one_frame_waits_for_the_one_before(self):
        """Two under way, one looked at: where a frame outlasts the pace, the next one waits."""
        slow = replace(COSTS, looks=[0.05], embeds=[0.1])

        assert 0.2 + 0.002 <= predict(slow, 0.01, 4).answer_p99_s

    def test_what_comes_beside(self):
        """Network and storage use the cores of the workers."""
        found = predict(replace(COSTS, beside=1.5), 0.01, 4)

        assert pytest.approx(1.5 * 0.128) == found.work_s

    def test_a_check_in_costs_more_than_its_frames(self):
        """Its opening and its record take the cores too, and frames are slower meanwhile."""
        alone, busy = (predict(CHORES, rate, 1) for rate in (0.01, 4.0))

        assert pytest.approx(0.128 + 0.04) == alone.work_s
        assert predict(COSTS, 4.0, 1).answer_p99_s + 0.01 < busy.answer_p99_s

    def test_many_are_asked_for_fewer_frames(self):
        """Movements take their time, so the work of a check-in falls, and hardly anybody waits."""
        quiet, busy = (predict(COSTS, rate, 1) for rate in (0.01, 7.0))

        assert quiet.work_s * 0.95 > busy.work_s
        assert 3 * quiet.answer_p99_s > busy.answer_p99_s

    def test_company(self):
        """Alone a face is embedded by itself, in a crowd with others: and so it waits for them."""
        quiet, busy = (predict(CHORES, rate, 1).batch for rate in (0.01, 16))

        assert 1.0 == quiet < 1.3 < busy

    def test_batches_save_work(self):
        """Where eight cost as much as one, a busy worker does a check-in with less."""
        cheap = replace(CHORES, batch=dict.fromkeys(CHORES.batch, 1.0))
        plain, saved = (predict(costs, 12, 1).work_s for costs in (CHORES, cheap))

        assert plain * 0.95 > saved

    def test_nobody_waits_who_comes_as_asked(self):
        """Each frame has its stretch of a worker's time, the first one of a check-in too."""
        assert pytest.approx(0.012) == predict(COSTS, 4.5, 1).answer_p99_s

    def test_waits_grow_with_the_rate(self):
        """Half and most of what a worker carries."""
        half, most = (predict(CHORES, rate, 1).answer_p99_s for rate in (2.5, 4.5))

        assert 0.012 < half < most

    def test_more_workers_wait_less(self):
        """At the same rate."""
        assert predict(CHORES, 4.5, 2).answer_p99_s < predict(CHORES, 4.5, 1).answer_p99_s

    def test_beyond_capacity_is_refused(self):
        """Twice what a worker carries: about half is sent away, and the worker is full."""
        found = predict(COSTS, 24, 1)

        assert found.refused == pytest.approx(0.5, abs=0.1)
        assert found.cores_busy == pytest.approx(1.0, abs=0.1)

    def test_the_same_twice(self):
        """A report can be repeated."""
        assert predict(COSTS, 3, 1) == predict(COSTS, 3, 1)


class TestBusy:
    """The rate at which a part of the cores is used."""

    @pytest.mark.parametrize(("share", "cores"), [(0.5, 1), (0.8, 1), (0.5, 2)])
    def test_it_is(self, share, cores):
        """By the model itself."""
        rate = rate_at(CHORES, cores, share)

        assert share == pytest.approx(quick(CHORES, rate, cores).utilisation, rel=0.01)

    def test_a_quiet_check_in_costs_more(self):
        """Its cost would say that fewer check-ins use the cores as much."""
        assert 0.8 / (CHORES.cpu_s + CHORES.open_s + CHORES.seal_s) < rate_at(CHORES, 1, 0.8)

    def test_only_while_people_come(self):
        """Neither the time before the first is recorded nor that after the last came counts."""
        short, long = (predict(COSTS, 24, 1, seconds=s).cores_busy for s in (15.0, 60.0))

        assert short == pytest.approx(long, rel=0.03)


class TestLoop:
    """What frames take of the one event loop."""

    def test_more_cores_do_not_help(self):
        """A loop that needs 12 ms a frame passes 80 a second, whatever the workers could do."""
        slow = replace(COSTS, loop_s=0.012, cpu_s=0.128 + 20 * 0.012)
        few, many = (predict(slow, 12, cores, seconds=30) for cores in (2, 8))

        assert few.answer_p99_s > 0.1
        assert many.answer_p99_s > 0.1

    def test_its_time_is_used(self):
        """It is a part of what a check-in takes of the cores."""
        found = predict(replace(COSTS, loop_s=0.001), 0.01, 4)

        assert pytest.approx(0.128 + 20 * 0.001) == found.work_s
        assert pytest.approx(0.013) == found.answer_p99_s


# Finds once what it is asked for; every test asks for some of it.
REPLICAS = Replicas(MANY, 2.0)
RATES = (0.5, 3.0, 5.0, 8.0, 20.0, 40.0, 46.0, 60.0, 90.0, 100.0, 150.0, 500.0, 3917.0)


class TestNeed:
    """What to buy."""

    def test_never_too_busy_and_not_a_core_more(self):
        """Of one replica: what is needed has room, and one core less would not."""
        for rate in (3.0, 5.0, 20.0):
            count, cores = REPLICAS.needed(rate)
            found = quick(MANY, rate, cores)

            assert 1 == count
            assert found.utilisation <= BUSY_MAX * 1.01
            assert found.refused <= REFUSED_MAX
            assert cores == 1 or quick(MANY, rate, cores - 1).utilisation > BUSY_MAX * 0.99

    def test_more_people_never_need_less(self):
        """Also where one more replica begins."""
        totals = [count * cores for count, cores in map(REPLICAS.needed, RATES)]

        assert sorted(totals) == totals
        assert totals[0] < totals[-1]

    def test_a_check_in_among_many_costs_less(self):
        """So a core carries more than the cost of one alone says."""
        alone = MANY.cpu_s + MANY.open_s + MANY.seal_s

        assert BUSY_MAX / alone < REPLICAS.carries(1)

    def test_each_replica_carries_its_part(self):
        """None is larger than one may be."""
        for rate in RATES:
            count, cores = REPLICAS.needed(rate)

            assert cores <= CORES_PER_REPLICA_MAX
            assert rate / count <= REPLICAS.carries(cores)

    def test_a_deadline_asks_for_more(self):
        """Where busy workers alone would answer too late."""
        rate = 3.4
        (_, plain), (_, strict) = (Replicas(CHORES, s).needed(rate) for s in (2.0, 0.02))

        assert plain < strict
        assert quick(CHORES, rate, strict).answer_p99_s <= 0.02

    def test_a_deadline_that_no_core_meets(self):
        """More cores do not make one frame faster: it is said, and no number invented."""
        slow = replace(COSTS, looks=[0.6], embeds=[0.4], cpu_s=20.0)
        found = need_of(slow, Morning(1000), Replicas(slow, 0.5))

        assert (None, None, None) == (found.cores, found.replicas, found.utilisation)

    def test_what_is_told(self):
        """All of a replica's figures are those of its part of the people."""
        found = need_of(MANY, Morning(100_000), REPLICAS)

        assert found.replicas > 1
        assert 0.4 < found.utilisation <= BUSY_MAX * 1.01
        assert found.answer_p50_ms <= found.answer_p99_ms <= 2000
