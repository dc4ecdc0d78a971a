"""YuNet and SFace as the demo of OpenCV Zoo runs them: the frame's own size, score 0.9, NMS 0.3."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from benchmarks.peers.worker import Look, Seen

SCORE_MIN, NMS, TOP = 0.9, 0.3, 5000


def versions() -> str:
    """Returns what runs here."""
    return f"opencv {cv2.__version__}"


def open_peer(models: Path) -> Look:
    """Returns a function from JPEG to faces."""
    yunet, sface = models / "opencv_zoo" / "yunet.onnx", models / "opencv_zoo" / "sface.onnx"
    detector = cv2.FaceDetectorYN.create(str(yunet), "", (320, 320), SCORE_MIN, NMS, TOP)
    recogniser = cv2.FaceRecognizerSF.create(str(sface), "")

    def look(jpeg: bytes) -> Seen:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        height, width = image.shape[:2]
        detector.setInputSize((width, height))
        _, found = detector.detect(image)
        faces = [
            (
                float(row[0] + row[2] / 2),
                float(row[1] + row[3] / 2),
                # The recogniser gives out its own buffer: keep a copy.
                np.array(recogniser.feature(recogniser.alignCrop(image, row)), np.float32),
            )
            for row in (found if found is not None else ())
        ]
        return width, height, faces

    return look
