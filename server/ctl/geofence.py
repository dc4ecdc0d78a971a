"""Reads and describes geofences: circles from options, polygons from JSON files."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hadir.v1 import directory_pb2

from server.ctl.errors import CtlError
from server.ctl.inputs import read_file
from server.ctl.texts import Language, Text

POLYGON_FILE_MIB_MAX: Final = 1


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle as it stands on the command line."""

    latitude: float | None
    longitude: float | None
    radius_m: float | None

    def checked(self, *, other: bool) -> directory_pb2.Circle | None:
        """Return the circle, or None if there is none. `other` says that a polygon is given too."""
        parts = (self.latitude, self.longitude, self.radius_m)
        if all(part is None for part in parts):
            return None
        if other or any(part is None for part in parts):
            raise CtlError(Text.GEOFENCE_INCOMPLETE, reason="GEOFENCE_INVALID")
        center = directory_pb2.LatLng(latitude=self.latitude, longitude=self.longitude)
        return directory_pb2.Circle(center=center, radius_m=self.radius_m)


def read_polygon(file: Path) -> directory_pb2.Polygon:
    """Return the polygon of a JSON file: pairs of latitude and longitude, or GeoJSON."""
    content = read_file(file, limit_mib=POLYGON_FILE_MIB_MAX)
    try:
        corners = _corners(json.loads(content))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise CtlError(
            Text.POLYGON_INVALID, reason="GEOFENCE_INVALID", hint=Text.DO_POLYGON, file=file.name
        ) from error
    return directory_pb2.Polygon(
        corners=[
            directory_pb2.LatLng(latitude=latitude, longitude=longitude)
            for latitude, longitude in corners
        ]
    )


def geofence_text(language: Language, site: directory_pb2.Site) -> str:
    """Return a geofence in words."""
    if site.WhichOneof("geofence") == "circle":
        center = site.circle.center
        return Text.CIRCLE(
            language,
            radius=site.circle.radius_m,
            latitude=center.latitude,
            longitude=center.longitude,
        )
    return Text.POLYGON(language, corners=len(site.polygon.corners))


def _corners(data: object) -> list[tuple[float, float]]:
    if isinstance(data, dict):
        # GeoJSON has longitude first.
        corners = [(latitude, longitude) for longitude, latitude in _pairs(_ring(data))]
    else:
        corners = _pairs(data)
    # GeoJSON repeats the first corner at the end, the API does not.
    return corners[:-1] if len(corners) > 1 and corners[0] == corners[-1] else corners


def _ring(geojson: dict[str, object]) -> object:
    match geojson:
        case {"type": "FeatureCollection", "features": [feature]} if isinstance(feature, dict):
            return _ring(feature)
        case {"type": "Feature", "geometry": geometry} if isinstance(geometry, dict):
            return _ring(geometry)
        case {"type": "Polygon", "coordinates": [ring]}:
            return ring
        case _:
            raise ValueError(geojson.get("type"))


def _pairs(data: object) -> list[tuple[float, float]]:
    if not isinstance(data, list):
        raise TypeError(type(data))
    # A third number, the height, is legal in GeoJSON and of no use here.
    return [(float(corner[0]), float(corner[1])) for corner in data]
