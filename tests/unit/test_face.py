"""Boxes of faces: their size, and how much two of them overlap."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.face import BoundingBox

EDGES = st.integers(-50, 2000)
BOXES = st.builds(BoundingBox, EDGES, EDGES, EDGES, EDGES)
SIDES = st.tuples(st.integers(0, 1000), st.integers(1, 500))
FULL = st.builds(lambda x, y: BoundingBox(x[0], y[0], sum(x), sum(y)), SIDES, SIDES)
UNIT = BoundingBox(0, 0, 10, 10)
QUICK = settings(deadline=None, max_examples=30)


class TestSize:
    """Width, height and area in pixels."""

    def test_is_that_of_the_edges(self) -> None:
        """Also where the box reaches out of the frame."""
        box = BoundingBox(-10, 5, 30, 25)

        assert (40, 20, 800) == (box.width, box.height, box.area)

    @QUICK
    @given(BOXES)
    def test_the_area_is_never_negative(self, box: BoundingBox) -> None:
        """Two edges that changed places make an empty box, not a large one."""
        assert (box.width > 0 and box.height > 0) == (box.area > 0)


class TestOverlap:
    """Intersection over union."""

    @pytest.mark.parametrize(
        ("other", "overlap"),
        [
            (UNIT, 1),
            (BoundingBox(5, 0, 15, 10), 50 / 150),
            (BoundingBox(5, 5, 15, 15), 25 / 175),
            (BoundingBox(2, 2, 8, 8), 36 / 100),
            (BoundingBox(10, 0, 20, 10), 0),
            (BoundingBox(0, 11, 10, 20), 0),
            (BoundingBox(20, 20, 5, 5), 0),
        ],
    )
    def test_known_cases(self, other: BoundingBox, overlap: float) -> None:
        """Same, shifted, inside, touching, apart, empty."""
        assert overlap == pytest.approx(UNIT.overlap(other))

    @QUICK
    @given(BOXES, BOXES)
    def test_is_symmetric_and_a_share(self, first: BoundingBox, second: BoundingBox) -> None:
        """For all boxes, empty ones too."""
        overlap = first.overlap(second)

        assert overlap == second.overlap(first)
        assert 0 <= overlap <= 1

    @QUICK
    @given(FULL, FULL)
    def test_is_one_only_for_the_same_box(self, first: BoundingBox, second: BoundingBox) -> None:
        """And always for it."""
        assert first.overlap(first) == 1
        assert (first == second) == (first.overlap(second) == 1)
