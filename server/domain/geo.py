"""Geofences: circles and polygons on the globe, and how far a place is from them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
RADIUS_M_MIN, RADIUS_M_MAX = 10.0, 20_000.0
CORNERS_MIN, CORNERS_MAX = 3, 200

Point = tuple[float, float]  # latitude, longitude in degrees, WGS 84


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle; radius in metres."""

    center: Point
    radius_m: float


@dataclass(frozen=True, slots=True)
class Polygon:
    """A polygon by its corners in order, the first not repeated."""

    corners: tuple[Point, ...]


Geofence = Circle | Polygon


def is_point(point: Point) -> bool:
    """Whether a pair of numbers is a place on the globe."""
    latitude, longitude = point
    finite = math.isfinite(latitude) and math.isfinite(longitude)
    return finite and -90 <= latitude <= 90 and -180 <= longitude <= 180


def fault(fence: Geofence) -> str:
    """Returns what is wrong with a geofence, in English; empty if nothing is."""
    if isinstance(fence, Circle):
        if not is_point(fence.center):
            return "the centre is not on the globe"
        if not RADIUS_M_MIN <= fence.radius_m <= RADIUS_M_MAX:
            return f"the radius is not {RADIUS_M_MIN:.0f} to {RADIUS_M_MAX:.0f} m"
        return ""
    if not CORNERS_MIN <= len(fence.corners) <= CORNERS_MAX:
        return f"a polygon has {CORNERS_MIN} to {CORNERS_MAX} corners"
    if not all(map(is_point, fence.corners)):
        return "a corner is not on the globe"
    # Flat, so that the antimeridian is a line like any other.
    corners = [_flat(corner, fence.corners[0]) for corner in fence.corners]
    return "sides cross each other" if _crosses_itself(corners) else ""


def distance_m(first: Point, second: Point) -> float:
    """Great-circle distance in metres (haversine formula)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*first, *second))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def distance_outside_m(fence: Geofence, place: Point) -> float:
    """Metres from the place to the fence; 0 inside."""
    if isinstance(fence, Circle):
        return max(0.0, distance_m(fence.center, place) - fence.radius_m)
    # Flattened around the fence: around a place on the other side of the globe, its corners would
    # lie to both sides of that place.
    east, north = _flat(place, fence.corners[0])
    flat = (_flat(corner, fence.corners[0]) for corner in fence.corners)
    corners = [(x - east, y - north) for x, y in flat]
    if _contains_origin(corners):
        return 0.0
    return min(_origin_to_side(a, b) for a, b in _sides(corners))


def _flat(point: Point, origin: Point) -> Point:
    """Metres east and north of an origin; good to 0.1 % within the size of a fence."""
    north = math.radians(point[0] - origin[0]) * EARTH_RADIUS_M
    turn = (point[1] - origin[1] + 180) % 360 - 180
    east = math.radians(turn) * EARTH_RADIUS_M * math.cos(math.radians(origin[0]))
    return east, north


def _sides(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    return list(pairwise([*corners, corners[0]]))


def _contains_origin(corners: Sequence[Point]) -> bool:
    """Even-odd rule for a ray from (0, 0) to the east."""
    inside = False
    for (x1, y1), (x2, y2) in _sides(corners):
        if (y1 > 0) != (y2 > 0) and x1 + (0 - y1) / (y2 - y1) * (x2 - x1) > 0:
            inside = not inside
    return inside


def _origin_to_side(first: Point, second: Point) -> float:
    dx, dy = second[0] - first[0], second[1] - first[1]
    span = dx * dx + dy * dy
    along = 0.0 if span == 0 else max(0.0, min(1.0, -(first[0] * dx + first[1] * dy) / span))
    return math.hypot(first[0] + along * dx, first[1] + along * dy)


def _crosses_itself(corners: Sequence[Point]) -> bool:
    sides = _sides(corners)
    for i, first in enumerate(sides):
        for j in range(i + 1, len(sides)):
            if j - i in {1, len(sides) - 1}:
                continue  # neighbours share a corner
            if _cross(first, sides[j]):
                return True
    return False


def _cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = first, second
    for axis in (0, 1):  # apart, which also tells sides in one line from sides that overlap
        if max(a[axis], b[axis]) < min(c[axis], d[axis]):
            return False
        if max(c[axis], d[axis]) < min(a[axis], b[axis]):
            return False
    return _turn(a, b, c) * _turn(a, b, d) <= 0 and _turn(c, d, a) * _turn(c, d, b) <= 0


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
