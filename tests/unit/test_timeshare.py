"""Simulated threads that share cores."""

import math
from functools import partial

import pytest

from benchmarks.timeshare import TimeShare


def ends_of(cores: int, *begins: tuple[float, float]) -> list[float]:
    """Returns when each of (when it begins, seconds that it takes) ends."""
    share, ends = TimeShare(cores), [math.nan] * len(begins)

    def play_until(at_s: float) -> None:
        while share.busy and share.ends_s <= at_s:
            now_s = share.ends_s
            share.end()()
            ends[ended.pop()] = now_s

    ended: list[int] = []
    for number, (at_s, takes_s) in enumerate(begins):
        play_until(at_s)
        share.advance(at_s)
        share.begin(takes_s, partial(ended.append, number))
    play_until(math.inf)
    return ends


class TestTimeShare:
    """When what runs ends."""

    def test_alone(self):
        """A core of its own; nothing ends where nothing runs."""
        assert [3.0] == ends_of(1, (1.0, 2.0))
        assert math.inf == TimeShare(1).ends_s

    def test_two_share_a_core(self):
        """Both are half as fast while both run, and no work is lost."""
        assert [3.0, 4.0] == ends_of(1, (0.0, 2.0), (1.0, 2.0))

    def test_a_core_each(self):
        """Nobody is in anybody's way."""
        assert [2.0, 3.0] == ends_of(2, (0.0, 2.0), (1.0, 2.0))

    def test_three_on_two_cores(self):
        """Two thirds of the speed."""
        assert [3.0, 3.0, 3.0] == pytest.approx(ends_of(2, *[(0.0, 2.0)] * 3))

    def test_a_short_one_passes_a_long_one(self):
        """It does not wait for what began before, and costs it what it takes itself."""
        assert [10.5, 2.0] == pytest.approx(ends_of(1, (0.0, 10.0), (1.0, 0.5)))

    def test_a_pause_costs_nothing(self):
        """What begins after an idle time takes as long as at the start."""
        assert [1.0, 51.0] == ends_of(1, (0.0, 1.0), (50.0, 1.0))
