"""Slots: stretches of time that are given away, one after the other."""

import itertools
import random

import pytest

from server.services.slots import Slots


class TestSlots:
    """Which stretch comes next."""

    def test_the_first_is_free(self):
        """Nobody else wants it."""
        assert 1.0 == Slots().take("a", 1.0, 2.0, now_s=0.0, length_s=0.1)

    @pytest.mark.parametrize(
        ("wanted_s", "given_s"),
        [(0.85, 0.85), (0.95, 1.1), (1.05, 1.1), (1.1, 1.1), (5.0, 5.0)],
        ids=["before", "into the beginning", "in the middle", "after", "long after"],
    )
    def test_beside_one_that_is_taken(self, wanted_s, given_s):
        """The whole stretch must be free."""
        slots = Slots()
        slots.take("a", 1.0, 9.0, now_s=0.0, length_s=0.1)

        assert pytest.approx(given_s) == slots.take("b", wanted_s, 9.0, now_s=0.0, length_s=0.1)

    def test_a_gap_that_is_long_enough(self):
        """Between two that are taken: the short one fits, the long one comes after."""
        slots = Slots()
        for at_s in (1.0, 1.3):
            slots.take(at_s, at_s, 9.0, now_s=0.0, length_s=0.1)

        assert pytest.approx(1.4) == slots.take("c", 1.0, 9.0, now_s=0.0, length_s=0.25)
        assert pytest.approx(1.1) == slots.take("d", 1.0, 9.0, now_s=0.0, length_s=0.2)

    def test_never_later_than_allowed(self):
        """Whatever else begins then."""
        slots = Slots()
        taken = [slots.take(n, 0.0, 0.3, now_s=0.0, length_s=0.1) for n in range(6)]

        assert [0.0, 0.1, 0.2, 0.3, 0.3, 0.3] == pytest.approx(taken)

    def test_one_a_stream(self):
        """Who asks again, by sending more than it was asked for, keeps no time from others."""
        slots = Slots()
        for _ in range(50):
            slots.take("greedy", 1.0, 9.0, now_s=0.0, length_s=0.1)

        assert 1 == len(slots)
        assert pytest.approx(1.1) == slots.take("other", 1.0, 9.0, now_s=0.0, length_s=0.1)

    def test_what_is_over_is_free(self):
        """Streams that ended take no time, and no memory either."""
        slots = Slots()
        for number in range(1000):
            slots.take(number, number, number + 1, now_s=number, length_s=0.5)

        assert len(slots) < 3

    @pytest.mark.parametrize("seed", range(20))
    def test_none_overlap(self, seed):
        """Whoever asks for whatever and however often, as long as there is time."""
        slots, rng, given = Slots(), random.Random(seed), {}
        for _ in range(90):
            stream, wanted_s, length_s = rng.randrange(60), rng.random(), rng.uniform(0.001, 0.05)
            start_s = slots.take(stream, wanted_s, 99, now_s=0.0, length_s=length_s)
            given[stream] = (start_s, start_s + length_s)
        ordered = sorted(given.values())

        assert len(slots) == len(given)
        assert all(one[1] <= other[0] + 1e-9 for one, other in itertools.pairwise(ordered))
