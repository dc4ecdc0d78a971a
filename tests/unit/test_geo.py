"""Geofences: distances on the globe, inside and outside, and what is no fence."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.geo import (
    CORNERS_MAX,
    EARTH_RADIUS_M,
    RADIUS_M_MAX,
    RADIUS_M_MIN,
    Circle,
    Point,
    Polygon,
    distance_m,
    distance_outside_m,
    fault,
    is_point,
)

SOFIFI = (0.7366, 127.5619)
# A degree of the meridian on the sphere of this radius.
DEGREE_M = EARTH_RADIUS_M * math.pi / 180
LATITUDES, LONGITUDES = st.floats(-90, 90), st.floats(-180, 180)
POINTS = st.tuples(LATITUDES, LONGITUDES)
# Half of the centres lie so close to the antimeridian that a fence around them crosses it.
CENTERS = st.tuples(
    st.floats(-60, 60), LONGITUDES | st.floats(179.9, 180) | st.floats(-180, -179.9)
)
QUICK = settings(deadline=None, max_examples=30)


def moved(center: Point, bearing: float, metres: float) -> Point:
    """Returns the point so many metres away, by the formula of the great circle."""
    latitude, longitude = math.radians(center[0]), math.radians(center[1])
    arc = metres / EARTH_RADIUS_M
    there = math.asin(
        math.sin(latitude) * math.cos(arc) + math.cos(latitude) * math.sin(arc) * math.cos(bearing)
    )
    turn = math.atan2(
        math.sin(bearing) * math.sin(arc) * math.cos(latitude),
        math.cos(arc) - math.sin(latitude) * math.sin(there),
    )
    degrees = math.degrees(longitude + turn)
    return math.degrees(there), (degrees + 180) % 360 - 180


def round_fence(center: Point, radius_m: float, corners: int) -> Polygon:
    """Returns a regular polygon with its corners on a circle."""
    bearings = [2 * math.pi * number / corners for number in range(corners)]
    return Polygon(tuple(moved(center, bearing, radius_m) for bearing in bearings))


def near(center: Point, *metres: tuple[float, float]) -> Polygon:
    """Returns a polygon by metres (east, north) from a place close to the equator."""
    return Polygon(
        tuple((center[0] + north / DEGREE_M, center[1] + east / DEGREE_M) for east, north in metres)
    )


class TestDistance:
    """Great-circle distances."""

    @pytest.mark.parametrize(
        ("first", "second", "metres"),
        [
            ((0, 0), (0, 1), DEGREE_M),
            ((0, 0), (1, 0), DEGREE_M),
            ((60, 10), (60, 12), 111_190.8),  # half of two degrees, a little less on the short way
            ((0, 0), (90, 0), 90 * DEGREE_M),
            ((0, 179.5), (0, -179.5), DEGREE_M),
            ((90, 0), (90, 135), 0),
            ((0, 0), (0, 180), 180 * DEGREE_M),
            ((-90, 0), (90, 77), 180 * DEGREE_M),
        ],
    )
    def test_is_that_of_the_sphere(self, first: Point, second: Point, metres: float) -> None:
        """Degrees of equator and meridians, over the antimeridian, pole and antipodes."""
        assert metres == pytest.approx(distance_m(first, second), abs=1)

    @pytest.mark.parametrize(
        ("first", "second", "kilometres"),
        [
            ((40.6413, -73.7781), (51.4700, -0.4543), 5540),  # JFK to LHR
            ((-6.1256, 106.6559), (-2.5769, 140.5164), 3773),  # Jakarta to Sentani
        ],
    )
    def test_is_that_of_published_routes(
        self, first: Point, second: Point, kilometres: float
    ) -> None:
        """Great-circle routes between airports, within the flattening of the earth."""
        assert kilometres == pytest.approx(distance_m(first, second) / 1000, rel=0.005)

    @QUICK
    @given(POINTS, POINTS, POINTS)
    def test_is_a_metric(self, first: Point, second: Point, third: Point) -> None:
        """Symmetric, at most half around the globe, and no detour is shorter."""
        direct = distance_m(first, second)

        assert direct == pytest.approx(distance_m(second, first), abs=1e-3)
        assert 0 <= direct <= math.pi * EARTH_RADIUS_M + 1
        assert direct <= distance_m(first, third) + distance_m(third, second) + 1

    @QUICK
    @given(CENTERS, st.floats(0, 2 * math.pi), st.floats(1, 50_000))
    def test_undoes_a_move(self, center: Point, bearing: float, metres: float) -> None:
        """Who goes so many metres is so many metres away."""
        assert metres == pytest.approx(distance_m(center, moved(center, bearing, metres)), abs=0.01)


class TestCircle:
    """Round fences."""

    @QUICK
    @given(CENTERS, st.floats(10, 20_000), st.floats(0, 2 * math.pi), st.floats(0, 40_000))
    def test_measures_from_its_edge(
        self, center: Point, radius_m: float, bearing: float, metres: float
    ) -> None:
        """0 inside, the rest of the way outside."""
        place = moved(center, bearing, metres)

        outside = distance_outside_m(Circle(center, radius_m), place)

        assert max(0, metres - radius_m) == pytest.approx(outside, abs=0.02)


class TestPolygon:
    """Fences with corners."""

    @QUICK
    @given(
        CENTERS,
        st.floats(20, 10_000),
        st.integers(3, 40),
        st.floats(0, 2 * math.pi),
        st.floats(0, 3),
    )
    def test_measures_from_its_sides(
        self, center: Point, radius_m: float, corners: int, bearing: float, ratio: float
    ) -> None:
        """A regular polygon lies between its two circles, anywhere on the globe."""
        inner = radius_m * math.cos(math.pi / corners)
        metres = ratio * radius_m
        slack = 0.01 * radius_m + 0.01

        outside = distance_outside_m(
            round_fence(center, radius_m, corners), moved(center, bearing, metres)
        )

        if metres < inner - slack:
            assert outside == 0
        assert metres - radius_m - slack <= outside <= max(0, metres - inner) + slack

    @pytest.mark.parametrize("side", [179.9999, -179.9999])
    def test_may_lie_across_the_antimeridian(self, side: float) -> None:
        """Its two halves have longitudes of different signs."""
        fence = Polygon(((-0.01, 179.99), (-0.01, -179.99), (0.01, -179.99), (0.01, 179.99)))

        assert fault(fence) == ""
        assert distance_outside_m(fence, (0, side)) == 0
        assert 0.01 * DEGREE_M == pytest.approx(distance_outside_m(fence, (0, 179.98)), rel=0.001)
        assert 0.01 * DEGREE_M == pytest.approx(distance_outside_m(fence, (0, -179.98)), rel=0.001)

    def test_a_courtyard_open_to_one_side_is_outside(self) -> None:
        """A U-shaped office: its arms are inside, the gap between them is not."""
        fence = near(
            SOFIFI, (0, 0), (60, 0), (60, 60), (40, 60), (40, 20), (20, 20), (20, 60), (0, 60)
        )
        inside, gap = near(SOFIFI, (10, 50), (30, 50)).corners

        assert distance_outside_m(fence, inside) == 0
        assert 10 == pytest.approx(distance_outside_m(fence, gap), rel=0.01)

    def test_the_order_of_the_corners_does_not_matter(self) -> None:
        """Clockwise or not."""
        fence = near(SOFIFI, (0, 0), (100, 0), (100, 100), (0, 100))
        inside = near(SOFIFI, (50, 50)).corners[0]

        assert distance_outside_m(Polygon(fence.corners[::-1]), inside) == 0

    def test_the_other_side_of_the_globe_is_far_away(self) -> None:
        """Where the corners lie on both sides of 180 degrees from the place."""
        fence = near(SOFIFI, (-50, -50), (50, -50), (50, 50), (-50, 50))
        antipode = (SOFIFI[0], SOFIFI[1] - 180)

        assert distance_outside_m(fence, antipode) > 1_000_000


class TestFault:
    """What BKD may store as a fence."""

    @pytest.mark.parametrize("radius_m", [RADIUS_M_MIN, 100, RADIUS_M_MAX])
    def test_takes_circles_of_the_documented_size(self, radius_m: float) -> None:
        """10 m to 20 km."""
        assert fault(Circle(SOFIFI, radius_m)) == ""

    @pytest.mark.parametrize("radius_m", [9.99, 0, -100, 20_000.1, math.inf, math.nan])
    def test_refuses_other_radii(self, radius_m: float) -> None:
        """Too small for GPS, or larger than a town."""
        assert "radius" in fault(Circle(SOFIFI, radius_m))

    @pytest.mark.parametrize(
        "point", [(90.001, 0), (-91, 0), (0, 180.5), (0, -181), (math.nan, 0), (0, math.inf)]
    )
    def test_refuses_points_that_are_not_on_the_globe(self, point: Point) -> None:
        """Centres and corners."""
        assert not is_point(point)
        assert "centre" in fault(Circle(point, 100))
        assert "corner" in fault(Polygon((SOFIFI, (0.8, 127.5), point)))

    @QUICK
    @given(POINTS)
    def test_takes_every_point_of_the_globe(self, point: Point) -> None:
        """Edges too."""
        assert is_point(point)

    def test_refuses_polygons_with_too_few_or_too_many_corners(self) -> None:
        """3 to 200."""
        assert 200 == CORNERS_MAX
        assert "corners" in fault(Polygon((SOFIFI, (0.8, 127.5))))
        assert "corners" in fault(round_fence(SOFIFI, 500, CORNERS_MAX + 1))
        assert fault(round_fence(SOFIFI, 500, CORNERS_MAX)) == ""

    @QUICK
    @given(CENTERS, st.integers(4, 30), st.data())
    def test_refuses_polygons_whose_sides_cross(
        self, center: Point, count: int, data: st.DataObject
    ) -> None:
        """Swapping two neighbours of a round fence makes two of its sides cross."""
        corners = list(round_fence((center[0], center[1] * 0.99), 500, count).corners)
        place = data.draw(st.integers(0, count - 2))
        corners[place], corners[place + 1] = corners[place + 1], corners[place]

        assert "cross" in fault(Polygon(tuple(corners)))

    def test_takes_offices_with_two_fronts_in_one_line(self) -> None:
        """The ends of the arms of a U lie on one line and do not touch."""
        fence = near(
            SOFIFI, (0, 0), (60, 0), (60, 60), (40, 60), (40, 20), (20, 20), (20, 60), (0, 60)
        )

        assert fault(fence) == ""

    def test_refuses_a_side_that_runs_back_over_another(self) -> None:
        """Sides in one line that overlap are no border."""
        fence = near(SOFIFI, (0, 0), (60, 0), (60, 30), (40, 0), (20, 0), (0, 30))

        assert "cross" in fault(fence)

    @pytest.mark.parametrize("longitude", [0, 127.5, 179.97, 180, -179.99, -90])
    def test_does_not_depend_on_the_meridian(self, longitude: float) -> None:
        """A zigzag over the antimeridian is as good as one elsewhere."""
        east = [0, 0.02, 0.04, 0.02, 0.04, 0.02, 0, -0.02, 0, -0.02]
        north = [0, 0, 0.01, 0.02, 0.03, 0.04, 0.04, 0.03, 0.02, 0.01]
        corners = tuple(
            (y, (longitude + x + 180) % 360 - 180) for x, y in zip(east, north, strict=True)
        )

        assert fault(Polygon(corners)) == ""
