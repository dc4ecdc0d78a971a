"""insightface as its README says: FaceAnalysis(directory), prepare(), get(image).

The directory holds SCRFD-500M and the recogniser that Hadir uses, SFace; FaceAnalysis takes both.
"""

from __future__ import annotations

import warnings
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnxruntime
from insightface.app import FaceAnalysis

if TYPE_CHECKING:
    from benchmarks.peers.worker import Look, Seen


def versions() -> str:
    """Returns what runs here."""
    names = ("insightface", "onnxruntime")
    return ", ".join(f"{name} {metadata.version(name)}" for name in names)


def open_peer(models: Path) -> Look:
    """Returns a function from JPEG to faces."""
    # Once a face, insightface calls a function that scikit-image renames.
    warnings.simplefilter("ignore", FutureWarning)
    options = onnxruntime.SessionOptions()
    # ONNX Runtime counts the cores of the machine, not those that the process may use: by itself
    # it would let a thread a core fight for this one, which takes three times as long.
    options.intra_op_num_threads = 1
    app = FaceAnalysis(name=str(models / "insightface"), sess_options=options)
    app.prepare()

    def look(jpeg: bytes) -> Seen:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        height, width = image.shape[:2]
        faces = [
            (*((face.bbox[:2] + face.bbox[2:]) / 2).tolist(), face.embedding)
            for face in app.get(image)
        ]
        return width, height, faces

    return look
