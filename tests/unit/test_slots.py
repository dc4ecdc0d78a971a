"""Slots: stretches of time that are given away, one after the other."""

import itertools
import random

import pytest

from server.services.slots import Slots


class TestSlots:
    """Which stretch comes next."""

    def test_the_first_is_free(self):
        """Nobody else wants it."""
        assert 1.0 == Slots().take(1.0, 2.0, now_s=0.0, length_s=0.1)

    @pytest.mark.parametrize(
        ("wanted_s", "given_s"),
        [(0.85, 0.85), (0.95, 1.1), (1.05, 1.1), (1.1, 1.1), (5.0, 5.0)],
        ids=["before", "into the beginning", "in the middle", "after", "long after"],
    )
    def test_beside_one_that_is_taken(self, wanted_s, given_s):
        """The whole stretch must be free."""
        slots = Slots()
        slots.take(1.0, 9.0, now_s=0.0, length_s=0.1)

        assert pytest.approx(given_s) == slots.take(wanted_s, 9.0, now_s=0.0, length_s=0.1)

    def test_a_gap_that_is_long_enough(self):
        """Between two that are taken: the short one fits, the long one comes after."""
        slots = Slots()
        for at_s in (1.0, 1.3):
            slots.take(at_s, 9.0, now_s=0.0, length_s=0.1)

        assert pytest.approx(1.4) == slots.take(1.0, 9.0, now_s=0.0, length_s=0.25)
        assert pytest.approx(1.1) == slots.take(1.0, 9.0, now_s=0.0, length_s=0.2)

    def test_never_later_than_allowed(self):
        """Whatever else begins then."""
        slots = Slots()
        taken = [slots.take(0.0, 0.3, now_s=0.0, length_s=0.1) for _ in range(6)]

        assert [0.0, 0.1, 0.2, 0.3, 0.3, 0.3] == pytest.approx(taken)

    def test_what_is_over_is_free(self):
        """Another clock's beginning does not fill the memory either."""
        slots = Slots()
        for number in range(1000):
            slots.take(number, number + 1, now_s=number, length_s=0.5)

        assert len(slots._taken) < 3

    @pytest.mark.parametrize("seed", range(20))
    def test_none_overlap(self, seed):
        """Whoever asks for whatever, as long as there is time."""
        slots, rng, given = Slots(), random.Random(seed), []
        for _ in range(60):
            now_s, length_s = rng.uniform(0, 1), rng.uniform(0.001, 0.05)
            given.append((slots.take(now_s, 99, now_s=0.0, length_s=length_s), length_s))
        given.sort()

        assert all(
            one + length <= other + 1e-9 for (one, length), (other, _) in itertools.pairwise(given)
        )
