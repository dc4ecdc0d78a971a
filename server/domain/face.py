"""What the pipeline says of one face, in numbers. Pure data: arrays and floats, no models."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class BoundingBox:
    """A face in pixels of the frame: left, top, right, bottom; may reach outside."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Area in square pixels; 0 for an empty box."""
        return max(0.0, self.width) * max(0.0, self.height)

    def overlap(self, other: "BoundingBox") -> float:
        """Intersection over union with another box, 0 to 1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class Measures:
    """Measured quality of a face; domain/quality.py judges it.

    eye_distance: pixels of the frame between the eyes. sharpness: variance of the Laplacian of the
    aligned 112 x 112 grey crop. brightness: mean grey of it, 0 to 255. inside: part of the box and
    of the aligned face that lies inside the frame, 0 to 1, the smaller of the two. yaw, pitch,
    roll: see domain/pose.py.
    """

    eye_distance: float
    sharpness: float
    brightness: float
    inside: float
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two hashes of a frame, each 0 to 2^64 - 1, of which no face can be made.

    frame: of the whole frame. background: of the rim around the person, None where a face covers
    it, where it is too plain to be known again, or where no face was found.
    """

    frame: int
    background: int | None


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a frame.

    landmarks: 5 x 2 pixels of the frame: right eye, left eye, nose tip, right and left corner of
    the mouth (the person's own right comes first). crop: aligned 112 x 112 x 3 RGB. embedding: unit
    vector, or None where the face did not pass the gate. passive: probability of a live face by
    MiniFASNet, or None where it is not installed or was not asked. fingerprint: of the frame around
    the face, or None where the face did not pass the gate.
    """

    box: BoundingBox
    score: float
    landmarks: Vector
    measures: Measures
    crop: Image
    embedding: Vector | None = None
    passive: float | None = None
    fingerprint: Fingerprint | None = None
