"""Judges the place of a phone: mock provider, accuracy, distance from the site."""

from dataclasses import dataclass

from server.domain.geo import Geofence, distance_outside_m, is_point
from server.domain.model import Location
from server.domain.refusal import Refusal

# A fix is a circle of 68 %: this much of it is given to the person at the fence.
TOLERANCE_M_MAX = 50.0


@dataclass(frozen=True, slots=True)
class PlaceVerdict:
    """Why a place is refused (None if it is not), and metres outside the fence."""

    refusal: Refusal | None
    distance_m: float


def is_location(location: Location) -> bool:
    """Whether a location has a place on the globe and an accuracy above 0."""
    return is_point((location.latitude, location.longitude)) and 0 < location.accuracy_m < 1e6


def judge(location: Location, fence: Geofence | None, accuracy_m_max: float) -> PlaceVerdict:
    """Judges a location against the fence of the employee's site (None: no site is known)."""
    if fence is None:
        return PlaceVerdict(Refusal.NO_SITE, 0.0)
    outside = distance_outside_m(fence, (location.latitude, location.longitude))
    if location.mock:
        return PlaceVerdict(Refusal.MOCK_LOCATION, outside)
    if location.accuracy_m > accuracy_m_max:
        return PlaceVerdict(Refusal.LOCATION_INACCURATE, outside)
    if outside > min(location.accuracy_m, TOLERANCE_M_MAX):
        return PlaceVerdict(Refusal.OUTSIDE_GEOFENCE, outside)
    return PlaceVerdict(None, outside)
