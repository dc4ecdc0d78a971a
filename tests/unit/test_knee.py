"""Where a server has enough: which rates are played, knee and peak, and when it is as before."""

from dataclasses import dataclass

import pytest

from benchmarks.knee import (
    CARRIED_MIN,
    CLOSE,
    RATE_MIN,
    RISE_MIN,
    RUNGS_MAX,
    STEP_UP,
    knee,
    next_rate,
    normal_ms,
    peak,
    recovery_s,
)


@dataclass(frozen=True)
class Played:
    """A rung."""

    offered: float
    recorded: float
    carried: float


def server(capacity, *, most=None):
    """A server that records all up to its capacity, and then up to the most it can."""
    most = most or capacity

    def play(rate):
        done = rate if rate <= capacity else min(rate * 0.9, most)
        return Played(rate, done, done / rate)

    return play


def ramp_of(play, start):
    """Plays as long as there is a next rate."""
    rungs = []
    while (rate := next_rate(rungs, start)) is not None:
        rungs.append(play(rate))
    return rungs


class TestRamp:
    """Which rates are played."""

    def test_until_no_more_is_recorded(self):
        """Far beyond the knee this server still records more: the peak is not where the knee is."""
        ramp = ramp_of(server(7.0, most=10.0), 0.5)

        assert 7.0 / CLOSE < knee(ramp) <= 7.0
        assert 10.0 == peak(ramp)

    def test_two_rungs_without_more_end_it(self):
        """Not the first that is not carried, and not the first that gives no more."""
        rungs = [Played(1.0, 1.0, 1.0), Played(2.0, 1.5, 0.75), Played(3.0, 1.5, 0.5)]
        more = Played(4.0, 1.5, 0.375)

        assert 3.0 * STEP_UP == next_rate(rungs, 1.0)
        assert next_rate([*rungs, more], 1.0) < 2.0

    def test_the_knee_is_closed_in_on(self):
        """Between the last rate that was carried and the first that was not: played, not guessed."""
        ramp = ramp_of(server(7.0), 0.5)
        lost = min(rung.offered for rung in ramp if rung.carried < CARRIED_MIN)

        assert lost <= CLOSE * knee(ramp)
        assert knee(ramp) in {rung.offered for rung in ramp}

    def test_a_first_rate_that_is_too_much(self):
        """Down until one is carried."""
        ramp = ramp_of(server(1.0), 4.0)

        assert 1.0 / CLOSE < knee(ramp) <= 1.0
        assert 1.0 == peak(ramp)

    def test_nothing_is_carried(self):
        """A server that records nothing has no knee, and the ramp ends."""
        ramp = ramp_of(lambda rate: Played(rate, 0.0, 0.0), 4.0)

        assert None is knee(ramp)
        assert RATE_MIN <= min(rung.offered for rung in ramp)

    def test_a_machine_without_end(self):
        """The ramp ends all the same."""
        assert RUNGS_MAX == len(ramp_of(lambda rate: Played(rate, rate, 1.0), 0.5))


class TestKnee:
    """Of rungs that were played."""

    @pytest.mark.parametrize(("carried", "found"), [(CARRIED_MIN, 2.0), (CARRIED_MIN - 0.01, 1.0)])
    def test_the_highest_that_was_carried(self, carried, found):
        """As offered, not as recorded."""
        assert found == knee([Played(1.0, 0.99, 1.0), Played(2.0, 1.9, carried)])

    def test_a_small_rise_is_none(self):
        """Chance adds some in a hundred."""
        rungs = [Played(1, 1, 1), Played(2, 1 + RISE_MIN, 0.6), Played(3, 1 + RISE_MIN, 0.4)]
        risen = [*rungs[:2], Played(3, 1.01 + RISE_MIN, 0.4)]

        assert next_rate(rungs, 1) < 2
        assert 3 * STEP_UP == next_rate(risen, 1)


class TestRecovery:
    """After how many seconds answers are normal again."""

    def test_the_first_whole_stretch(self):
        """Slow for 12 seconds after the end of too much, then as before."""
        answers = [(100 + n / 10, 80.0 if n < 120 else 9.0) for n in range(300)]

        assert 12 == recovery_s(answers, from_s=100, until_s=130, normal=20.0)

    def test_at_once(self):
        """What was answered before is not asked."""
        answers = [(90 + n / 10, 500.0 if n < 100 else 9.0) for n in range(400)]

        assert 0 == recovery_s(answers, from_s=100, until_s=130, normal=20.0)

    @pytest.mark.parametrize("took_ms", [80.0, None], ids=["slow", "silent"])
    def test_never(self, took_ms):
        """Slow to the end; or without any answer, which is not normal either."""
        answers = [(100 + n / 10, took_ms) for n in range(300) if took_ms]

        assert None is recovery_s(answers, from_s=100, until_s=130, normal=20.0)

    def test_normal(self):
        """With the room of chance, which is larger where p99 is near p50."""
        assert (33.0, 30.0) == (normal_ms(7, 22), normal_ms(10, 12))
