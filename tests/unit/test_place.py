"""The place of a phone: which locations are accepted, and why others are refused."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.geo import Circle, distance_outside_m
from server.domain.model import Location
from server.domain.place import TOLERANCE_M_MAX, PlaceVerdict, is_location, judge
from server.domain.refusal import Refusal

FENCE = Circle((0.7366, 127.5619), 100)
ACCURACY_M_MAX = 150
METRE = 1 / 111_195  # degrees of latitude
QUICK = settings(deadline=None, max_examples=30)


def at(metres: float, accuracy_m: float = 10, *, mock: bool = False) -> Location:
    """Returns a location so far north of the centre."""
    return Location(0.7366 + metres * METRE, 127.5619, accuracy_m, mock)


class TestJudge:
    """One location against one fence."""

    def test_accepts_who_is_inside(self) -> None:
        """With the distance, which is kept with the event."""
        assert PlaceVerdict(None, 0.0) == judge(at(50), FENCE, ACCURACY_M_MAX)

    def test_gives_the_accuracy_to_the_person(self) -> None:
        """20 m outside with a fix of 30 m may be inside."""
        verdict = judge(at(120, 30), FENCE, ACCURACY_M_MAX)

        assert verdict.refusal is None
        assert 20 == pytest.approx(verdict.distance_m, abs=0.1)

    def test_gives_no_more_than_the_tolerance(self) -> None:
        """A vague fix is no way in from 60 m away."""
        assert judge(at(149, 140), FENCE, ACCURACY_M_MAX).refusal is None
        assert judge(at(160, 140), FENCE, ACCURACY_M_MAX).refusal is Refusal.OUTSIDE_GEOFENCE

    def test_says_how_far_outside(self) -> None:
        """The person reads the distance."""
        verdict = judge(at(1100), FENCE, ACCURACY_M_MAX)

        assert verdict.refusal is Refusal.OUTSIDE_GEOFENCE
        assert 1000 == pytest.approx(verdict.distance_m, abs=1)

    def test_refuses_a_fix_that_is_too_vague(self) -> None:
        """Even in the middle of the site; the limit itself is accepted."""
        assert judge(at(0, 151), FENCE, ACCURACY_M_MAX).refusal is Refusal.LOCATION_INACCURATE
        assert judge(at(0, 150), FENCE, ACCURACY_M_MAX).refusal is None

    def test_a_mock_provider_is_named_before_anything_else(self) -> None:
        """However exact and near it claims to be."""
        assert judge(at(0, mock=True), FENCE, ACCURACY_M_MAX).refusal is Refusal.MOCK_LOCATION
        assert judge(at(9e3, 999, mock=True), FENCE, 150).refusal is Refusal.MOCK_LOCATION

    def test_nobody_is_inside_where_no_site_is_known(self) -> None:
        """BKD must say where people work."""
        assert PlaceVerdict(Refusal.NO_SITE, 0.0) == judge(at(0), None, ACCURACY_M_MAX)

    @QUICK
    @given(st.floats(0, 5000), st.floats(0.1, 300))
    def test_never_accepts_beyond_fence_and_tolerance(
        self, metres: float, accuracy_m: float
    ) -> None:
        """Whatever accuracy a phone claims."""
        location = at(metres, accuracy_m)
        outside = distance_outside_m(FENCE, (location.latitude, location.longitude))

        accepted = judge(location, FENCE, ACCURACY_M_MAX).refusal is None

        assert accepted == (
            accuracy_m <= ACCURACY_M_MAX and outside <= min(accuracy_m, TOLERANCE_M_MAX)
        )


class TestIsLocation:
    """What may be judged at all."""

    @pytest.mark.parametrize("accuracy_m", [0, -1, math.nan, math.inf, 1e6])
    def test_refuses_a_circle_without_a_size(self, accuracy_m: float) -> None:
        """Zero would be perfect, infinity everywhere."""
        assert not is_location(at(0, accuracy_m))

    @pytest.mark.parametrize("place", [(math.nan, 0), (0, math.inf), (91, 0), (0, -180.1)])
    def test_refuses_what_is_not_on_the_globe(self, place: tuple[float, float]) -> None:
        """NaN compares with nothing and must not pass a fence."""
        assert not is_location(Location(*place, 10, mock=False))

    def test_takes_an_ordinary_fix(self) -> None:
        """Sofifi."""
        assert is_location(at(0))
