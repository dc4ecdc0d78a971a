"""Near hashes are all found, and crowds cost no more than a line of neighbours."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.forensics.groups import NEIGHBOURS_MAX, linked, near_pairs, often_together
from server.domain.forensics.windows import bursts
from tests.forensics.world import at

# A few bases with some bits changed: random numbers are never near.
FLIPS = st.lists(st.integers(0, 63), max_size=6)
HASHES = st.lists(
    st.tuples(st.sampled_from([0, 2**64 - 1, 0x0123456789ABCDEF]), FLIPS), max_size=24
)


def changed(base, bits):
    """The hash with those bits changed."""
    for bit in set(bits):
        base ^= 1 << bit
    return base


class TestNearPairs:
    """Against comparing each with each."""

    @given(HASHES, st.integers(0, 6), st.integers(1, 3))
    def test_finds_what_comparing_all_finds(self, made, bits, groups):
        """No pair is missed, none is added, none is named twice."""
        hashes = [changed(*one) for one in made]
        group = [index % groups for index in range(len(hashes))]

        expected = [
            [i, j]
            for i in range(len(hashes))
            for j in range(i + 1, len(hashes))
            if group[i] == group[j] and (hashes[i] ^ hashes[j]).bit_count() <= bits
        ]

        assert expected == near_pairs(hashes, bits, group).tolist()

    def test_a_crowd_is_a_line_not_a_square(self):
        """A thousand times the same: so many neighbours each, as the docstring says."""
        pairs = near_pairs([7] * 1000, 2)

        assert 1000 * NEIGHBOURS_MAX - sum(range(NEIGHBOURS_MAX + 1)) == len(pairs)
        assert np.bincount(pairs.ravel()).min() >= NEIGHBOURS_MAX


class TestLinked:
    """Groups of what pairs connect."""

    def test_chains_are_one_group(self):
        """Whatever the order of the pairs."""
        pairs = [(1, 2), (3, 4), (5, 6), (4, 2)]

        assert sorted(map(sorted, linked(pairs))) == [[1, 2, 3, 4], [5, 6]]

    def test_who_meets_seldom_is_in_no_group(self):
        """Only pairs that met often connect; who is named first does not matter."""
        meetings = [("a", "b"), ("b", "a"), ("b", "c")]

        assert [{"a", "b"}] == often_together(meetings, lambda _, count: count >= 2)


class TestBursts:
    """Dense stretches, joined where they overlap."""

    @pytest.mark.parametrize(
        ("minutes", "expected"),
        [
            ([], []),
            ([0, 1, 2], [[0, 1, 2]]),
            ([0, 6, 12, 18], []),
            ([0, 4, 8, 12, 16], [[0, 4, 8, 12, 16]]),
            ([0, 1, 2, 30, 31, 32, 60], [[0, 1, 2], [30, 31, 32]]),
            ([32, 0, 31, 1, 30, 2], [[0, 1, 2], [30, 31, 32]]),
        ],
    )
    def test_three_within_ten_minutes(self, minutes, expected):
        """In whatever order they come."""
        found = bursts(
            minutes,
            lambda minute: at(0, minute),
            timedelta(minutes=10),
            lambda few: len(few) >= 3,
        )

        assert expected == found
