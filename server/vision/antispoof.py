"""Passive liveness with MiniFASNet, where the operator installed its two files.

Silent-Face-Anti-Spoofing (Apache-2.0): square crops at 2.7 and 4.0 times the box, 80 x 80 BGR
0 to 255, mean of both softmaxes, class 1 is live. Estimate: 2 networks of 1 to 3 ms a face.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from server.domain.face import BoundingBox, Image
from server.vision.session import Session

_SIDE = 80
_LIVE_CLASS = 1
# File name, digest (models of the upstream project, converted to ONNX), crop scale.
FILES = (
    ("2.7_80x80_MiniFASNetV2.onnx", 2.7),
    ("4_0_0_80x80_MiniFASNetV1SE.onnx", 4.0),
)


@dataclass(frozen=True, slots=True)
class _Network:
    session: Session
    scale: float


class MiniFasNet:
    """The average of networks that look at a face with more and with less surroundings."""

    def __init__(self, sessions: Sequence[tuple[Session, float]]) -> None:
        self._networks = [_Network(session, scale) for session, scale in sessions]

    def live_probability(self, image: Image, box: BoundingBox) -> float:
        """Returns the probability that the face in an RGB image is live, 0 to 1."""
        scores = []
        for network in self._networks:
            blob = _square(image, box, network.scale)[:, :, ::-1].transpose(2, 0, 1)[None]
            logits = network.session.run(np.ascontiguousarray(blob, np.float32))[0][0]
            raised = np.exp(logits - logits.max())
            scores.append(float(raised[_LIVE_CLASS] / raised.sum()))
        return sum(scores) / len(scores)


def _square(image: Image, box: BoundingBox, scale: float) -> Image:
    """Cuts the box, `scale` times as large and clamped to the frame, to 80 x 80."""
    height, width = image.shape[:2]
    scale = min((height - 1) / box.height, (width - 1) / box.width, scale)
    wide, high = box.width * scale, box.height * scale
    left = min(max(0.0, (box.left + box.right - wide) / 2), width - 1 - wide)
    top = min(max(0.0, (box.top + box.bottom - high) / 2), height - 1 - high)
    cut = image[int(top) : int(top + high) + 1, int(left) : int(left + wide) + 1]
    return np.asarray(cv2.resize(cut, (_SIDE, _SIDE)), np.uint8)
