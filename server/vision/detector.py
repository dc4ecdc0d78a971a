"""Finds faces with YuNet on a reduced frame, then looks at each face again for its landmarks.

The second look, at 160 pixels, costs a third of the first and raises TPIR with one enrolled image
by 1 to 2 points, since landmarks of the reduced frame are off by pixels (benchmarks/README.md).
Estimate for VGA reduced to 288 x 216: resize 0.1 ms, network 1.0 ms (AMX) to 5 ms, decode 0.1 ms;
a second look 0.6 to 2 ms.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np

from server.domain.face import BoundingBox, Image, Vector
from server.vision.session import Array, Session

_STRIDES = (8, 16, 32)
_NMS_OVERLAP = 0.3
CANDIDATES_MAX = 200
FACES_MAX = 8
# Second look: a square of so many times the box, warped to so many pixels.
_LOOK_SCALE = 2.0
_LOOK_SIDE = 160
# Landmarks that move further than this part of the square belong to another face.
_LOOK_MOVE_MAX = 0.1
_NO_ROWS = np.empty((0, 15), np.float32)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face as a detector sees it; pixels of the frame, score 0 to 1, landmarks 5 x 2."""

    box: BoundingBox
    score: float
    landmarks: Vector


class Detector(Protocol):
    """Finds faces in one image."""

    def detect(self, image: Image) -> list[Detection]:
        """Returns the faces of an RGB image, largest first, FACES_MAX at most."""


class YuNet:
    """YuNet (Wu et al., 2023) with the post-processing of OpenCV's FaceDetectorYN."""

    def __init__(self, session: Session, *, side: int, score_min: float = 0.6) -> None:
        self._session = session
        self._side = side
        self._score_min = score_min

    def detect(self, image: Image) -> list[Detection]:
        """Returns the faces of an RGB image, largest first, FACES_MAX at most."""
        blob, scale = self._blob(image)
        rows = self._candidates(self._session.run(blob), 0, blob.shape[3])
        if not len(rows):
            return []
        rows[:, 1:] /= scale
        found = [_detection(row) for row in rows[_suppress(rows)]]
        found = sorted(found, key=lambda face: -face.box.area)[:FACES_MAX]
        return self._second_look(image, found)

    def _second_look(self, image: Image, found: list[Detection]) -> list[Detection]:
        """Returns the faces with landmarks from a close look at each, where it finds them."""
        views = [_view(face.box) for face in found]
        blob = np.stack([_warped(image, view) for view in views])
        outputs = self._session.run(blob)
        refined = []
        for number, (face, (scale, left, top)) in enumerate(zip(found, views, strict=True)):
            rows = self._candidates(outputs, number, _LOOK_SIDE)
            before = (face.landmarks - (left, top)) * scale
            marks = rows[:, 5:].reshape(-1, 5, 2)
            moved = np.abs(marks - before).max(axis=(1, 2))
            if moved.size and moved.min() <= _LOOK_MOVE_MAX * _LOOK_SIDE:
                after = marks[moved.argmin()] / scale + (left, top)
                refined.append(replace(face, landmarks=after.astype(np.float32)))
            else:
                refined.append(face)
        return refined

    def _blob(self, image: Image) -> tuple[Array, float]:
        small, scale = _reduced(image, self._side)
        rows, columns = small.shape[:2]
        # Multiples of 32, as the network needs; BGR, as it was trained.
        blob = np.zeros((1, 3, -(-rows // 32) * 32, -(-columns // 32) * 32), np.float32)
        for channel, plane in enumerate(reversed(cv2.split(small))):
            blob[0, channel, :rows, :columns] = plane
        return blob, scale

    def _candidates(self, outputs: list[Array], number: int, width: int) -> Array:
        """Returns, for one image of a batch, rows of score, 4 box and 10 landmark coordinates.

        width: of the network's input, in pixels. Best score first.
        """
        found = []
        for index, stride in enumerate(_STRIDES):
            cls, obj, box, points = (outputs[group * 3 + index][number] for group in range(4))
            score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
            keep = np.flatnonzero(score >= self._score_min)
            if not keep.size:
                continue
            columns = width // stride
            cell = np.stack([keep % columns, keep // columns], axis=1).astype(np.float32)
            center = (cell + box[keep, :2]) * stride
            half = np.exp(box[keep, 2:]) * stride / 2
            marks = (points[keep].reshape(-1, 5, 2) + cell[:, None]) * stride
            parts = [score[keep, None], center - half, center + half, marks.reshape(-1, 10)]
            found.append(np.concatenate(parts, axis=1))
        if not found:
            return _NO_ROWS
        rows = np.concatenate(found).astype(np.float32)
        order = np.argsort(-rows[:, 0], kind="stable")[:CANDIDATES_MAX]
        return rows[order]


def _reduced(image: Image, side: int) -> tuple[Image, float]:
    """Returns the image with its longer side at most `side`, and the scale that this took."""
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    # By halves as far as they go: OpenCV halves an image ten times faster than it divides by 2.5.
    small = image
    while max(small.shape[:2]) >= 2 * side:
        half = (small.shape[1] // 2, small.shape[0] // 2)
        small = np.asarray(cv2.resize(small, half, interpolation=cv2.INTER_AREA), np.uint8)
    size = (round(width * scale), round(height * scale))
    if size != (small.shape[1], small.shape[0]):
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return small, scale


def _view(box: BoundingBox) -> tuple[float, float, float]:
    """Returns (scale, left, top) of the square around a box that the second look sees."""
    side = _LOOK_SCALE * max(box.width, box.height)
    left, top = (box.left + box.right - side) / 2, (box.top + box.bottom - side) / 2
    return _LOOK_SIDE / side, left, top


def _warped(image: Image, view: tuple[float, float, float]) -> Array:
    scale, left, top = view
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    square = cv2.warpAffine(image, matrix, (_LOOK_SIDE, _LOOK_SIDE), flags=cv2.INTER_LINEAR)
    blob: Array = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1), np.float32)
    return blob


def _suppress(rows: Array) -> list[int]:
    """Greedy non-maximum suppression; rows are sorted by score. Returns the kept row numbers."""
    left, top, right, bottom = rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4]
    area = (right - left) * (bottom - top)
    waiting, kept = np.arange(len(rows)), []
    while waiting.size:
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        shared = np.clip(width, 0, None) * np.clip(height, 0, None)
        waiting = rest[shared / (area[best] + area[rest] - shared) <= _NMS_OVERLAP]
    return kept


def _detection(row: Array) -> Detection:
    left, top, right, bottom = (float(value) for value in row[1:5])
    return Detection(
        box=BoundingBox(left, top, right, bottom),
        score=float(row[0]),
        landmarks=row[5:15].reshape(5, 2).copy(),
    )
