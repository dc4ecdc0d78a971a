"""Finds faces with YuNet on a reduced frame, then looks at each face again for its landmarks.

The second look, at 160 pixels, costs a third of the first and raises TPIR with one enrolled image
by 1 to 2 points, since landmarks of the reduced frame are off by pixels (benchmarks/README.md).
Where nothing hinges on the last pixel (`Gaze`), a stream's faces are followed by the second look
alone, and three of four frames need no first one. Where only faces count that are not much smaller
than a large one in view, the first look is as coarse as finds those.
Estimate for VGA reduced to 288 x 216: resize 0.3 ms, network 1.0 ms (AMX) to 5 ms, decode 0.2 ms;
half of that for a face whose eyes are 75 pixels apart; a second look 0.6 to 2 ms.
"""

import math
from collections.abc import Sequence
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
# So many frames in a row show only what the frame before showed: who comes beside it is noticed in
# the next one. A face is the one before if their boxes overlap so far.
FOLLOWED_MAX = 3
_FOLLOWED_OVERLAP_MIN = 0.3
# Faces of this side (of a square of their area) in what the network sees are found: eyes 11 apart,
# all of 250 photos (`hadir-bench reach`). Twice as wide, as the largest is in a coarse look, LFW
# figures are those of a fine one (server/README.md). Sides differ by steps as the network takes.
_FOUND_SIDE_MIN = 27.0
_SEARCH_STEP, _SEARCH_SIDE_MIN = 32, 160
_NO_ROWS = np.empty((0, 15), np.float32)


@dataclass(frozen=True, slots=True)
class Detection:
    """A face as a detector sees it; pixels of the frame, score 0 to 1, landmarks 5 x 2."""

    box: BoundingBox
    score: float
    landmarks: Vector


@dataclass(slots=True)
class Gaze:
    """Where the faces of a stream's last frame were; whoever streams keeps one and lends it.

    may_follow: whether the next frame's faces may be looked for there alone. Landmarks hang a
    little on how a face lies in the view: followed eyes may be a twentieth closer together, heads
    have a tenth less relief, prints that are slid sideways have more. So not while a movement or
    a sign of life is looked for.

    counts_from: faces of less than this share of the largest one's area count for nothing, 0 to 1.
    """

    may_follow: bool = False
    counts_from: float = 0.0
    boxes: tuple[BoundingBox, ...] = ()
    followed: int = 0


class Detector(Protocol):
    """Finds faces in one image."""

    def detect(self, image: Image, gaze: Gaze | None = None) -> list[Detection]:
        """Returns the faces of an RGB image, largest first, FACES_MAX at most.

        gaze: of the stream that the image is the next frame of; is brought up to date.
        """


class YuNet:
    """YuNet (Wu et al., 2023) with the post-processing of OpenCV's FaceDetectorYN."""

    def __init__(self, session: Session, *, side: int, score_min: float = 0.6) -> None:
        self._session = session
        self._side = side
        self._score_min = score_min

    def detect(self, image: Image, gaze: Gaze | None = None) -> list[Detection]:
        """Returns the faces of an RGB image, largest first, FACES_MAX at most; see Detector."""
        if gaze is None:
            return self._found(image, self._side)
        follow = gaze.may_follow and gaze.followed < FOLLOWED_MAX
        faces = self._followed(image, gaze.boxes) if follow and gaze.boxes else []
        gaze.followed = gaze.followed + 1 if faces else 0
        side = self._search_side(image, gaze)
        faces = faces or self._found(image, side)
        if not faces and side < self._side:
            faces = self._found(image, self._side)  # who was there left; others may be further away
        gaze.boxes = tuple(face.box for face in faces)
        return faces

    def _search_side(self, image: Image, gaze: Gaze) -> int:
        """Returns to what side an image is reduced, so that whoever counts in it is found."""
        least = math.sqrt(gaze.counts_from * gaze.boxes[0].area) if gaze.boxes else 0.0
        if not least:
            return self._side
        steps: int = math.ceil(max(image.shape[:2]) * _FOUND_SIDE_MIN / least / _SEARCH_STEP)
        return min(self._side, max(_SEARCH_SIDE_MIN, steps * _SEARCH_STEP))

    def _found(self, image: Image, search_side: int) -> list[Detection]:
        """Returns the faces of an image that is reduced to a side."""
        blob, scale = _blob(image, search_side)
        rows = self._candidates(self._session.run(blob), 0, blob.shape[3])
        if not len(rows):
            return []
        rows[:, 1:] /= scale
        found = [_detection(row) for row in rows[_suppress(rows)]]
        found = sorted(found, key=lambda face: -face.box.area)[:FACES_MAX]
        return self._second_look(image, found)

    def _followed(self, image: Image, boxes: Sequence[BoundingBox]) -> list[Detection]:
        """Returns the faces near those of the frame before; none if one of them is not there."""
        faces: list[Detection] = []
        for box, rows in zip(boxes, self._look(image, boxes), strict=True):
            near = [face for face in map(_detection, rows) if _is_same(face.box, box)]
            if not near or any(_is_same(near[0].box, other.box) for other in faces):
                return []
            faces.append(near[0])
        return sorted(faces, key=lambda face: -face.box.area)

    def _second_look(self, image: Image, found: list[Detection]) -> list[Detection]:
        """Returns the faces with landmarks from a close look at each, where it finds them."""
        refined = []
        for face, rows in zip(found, self._look(image, [face.box for face in found]), strict=True):
            marks = rows[:, 5:].reshape(-1, 5, 2)
            moved = np.abs(marks - face.landmarks).max(axis=(1, 2))
            if moved.size and moved.min() <= _LOOK_MOVE_MAX * _side(face.box):
                refined.append(replace(face, landmarks=marks[moved.argmin()].copy()))
            else:
                refined.append(face)
        return refined

    def _look(self, image: Image, boxes: Sequence[BoundingBox]) -> list[Array]:
        """Returns the candidates of a close look around each box, in the frame's pixels."""
        views = [_view(box) for box in boxes]
        outputs = self._session.run(np.stack([_warped(image, view) for view in views]))
        found = []
        for number, (scale, left, top) in enumerate(views):
            rows = self._candidates(outputs, number, _LOOK_SIDE)
            rows[:, 1:] = rows[:, 1:] / scale + np.tile((left, top), 7)
            found.append(rows)
        return found

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


def _blob(image: Image, side: int) -> tuple[Array, float]:
    """Returns what the network sees of an image, and the scale to it."""
    small, scale = _reduced(image, side)
    rows, columns = small.shape[:2]
    # Multiples of 32, as the network needs; BGR, as it was trained.
    blob = np.zeros((1, 3, -(-rows // 32) * 32, -(-columns // 32) * 32), np.float32)
    for channel, plane in enumerate(reversed(cv2.split(small))):
        blob[0, channel, :rows, :columns] = plane
    return blob, scale


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


def _side(box: BoundingBox) -> float:
    """Returns the side of the square around a box that the second look sees, in pixels."""
    return _LOOK_SCALE * max(box.width, box.height)


def _is_same(box: BoundingBox, before: BoundingBox) -> bool:
    return box.overlap(before) >= _FOLLOWED_OVERLAP_MIN


def _view(box: BoundingBox) -> tuple[float, float, float]:
    """Returns (scale, left, top) of the square around a box that the second look sees."""
    side = _side(box)
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
