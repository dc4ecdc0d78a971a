"""face_recognition (dlib) as its README says: load_image_file, face_locations, face_encodings."""

from __future__ import annotations

import io
from importlib import metadata
from typing import TYPE_CHECKING

import dlib  # type: ignore[import-not-found,unused-ignore]  # in an environment of its own
import face_recognition  # type: ignore[import-not-found,unused-ignore]

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.peers.worker import Look, Seen


def versions() -> str:
    """Returns what runs here."""
    avx = "with" if dlib.USE_AVX_INSTRUCTIONS else "without"
    name = "face_recognition"
    return f"{name} {metadata.version(name)}, dlib {dlib.__version__} {avx} AVX"


def open_peer(_: Path) -> Look:
    """Returns a function from JPEG to faces; the models come with the package."""

    def look(jpeg: bytes) -> Seen:
        image = face_recognition.load_image_file(io.BytesIO(jpeg))
        height, width = image.shape[:2]
        boxes = face_recognition.face_locations(image)
        vectors = face_recognition.face_encodings(image, boxes)
        faces = [
            ((left + right) / 2, (top + bottom) / 2, vector)
            for (top, right, bottom, left), vector in zip(boxes, vectors, strict=True)
        ]
        return width, height, faces

    return look
