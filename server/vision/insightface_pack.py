"""Runs a directory of insightface models (SCRFD + ArcFace) through insightface's own classes.

The classes get ONNX Runtime sessions of ours, so nothing is looked up or downloaded. The weights
are for non-commercial research: the settings must accept that by name.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from server.domain.face import BoundingBox, Image
from server.errors import ModelInvalid
from server.vision.detector import FACES_MAX, Detection, Gaze
from server.vision.embedder import Embedder, unit
from server.vision.pack import Pack, file_version, load_sface
from server.vision.session import Array, OrtSession, Runtime

_SCRFD_OUTPUTS = {6, 9, 10, 15}


def load(directory: Path, *, runtime: Runtime, detect_side: int, calls: int) -> Pack:
    """Loads the detector and the recogniser of a directory.

    A package without a recogniser is completed with SFace. Raises ModelInvalid.
    """
    if find_spec("insightface") is None:
        raise ModelInvalid("the package insightface is missing: pip install 'hadir[insightface]'")
    detector, recogniser = None, None
    for path in sorted(directory.glob("*.onnx")):
        session = OrtSession(path.read_bytes(), file=path)
        inputs, outputs = session.raw.get_inputs()[0].shape, session.raw.get_outputs()
        if len(outputs) in _SCRFD_OUTPUTS and detector is None:
            detector = Scrfd(session, side=detect_side)
        elif len(outputs) == 1 and list(inputs[2:4]) == [112, 112] and recogniser is None:
            recogniser = ArcFace(path, session), file_version(path)
    if detector is None:
        raise ModelInvalid(f"no SCRFD detector (*.onnx) in {directory}", path=directory)
    embedder: Embedder
    if recogniser is None:
        embedder, version, runtime_name = load_sface(runtime, calls)
    else:
        (embedder, version), runtime_name = recogniser, OrtSession.name
    return Pack(
        detector=detector,
        embedder=embedder,
        model_version=version,
        commercial_use=False,
        runtimes=f"detector {OrtSession.name}, embedder {runtime_name}",
    )


class Scrfd:
    """SCRFD (Guo et al., 2021) by insightface."""

    def __init__(self, session: OrtSession, *, side: int) -> None:
        from insightface.model_zoo.scrfd import SCRFD

        self._model: Any = SCRFD(session=session.raw, static_shape_sessions=False)
        self._side = -(-side // 32) * 32

    def detect(self, image: Image, gaze: Gaze | None = None) -> list[Detection]:  # noqa: ARG002
        """Returns the faces of an RGB image, largest first, FACES_MAX at most; gaze is no help."""
        boxes, points = self._model.detect(
            np.ascontiguousarray(image[:, :, ::-1]), input_size=(self._side, self._side)
        )
        if points is None:
            return []
        found = [
            Detection(
                BoundingBox(*(float(value) for value in row[:4])),
                float(row[4]),
                np.asarray(marks, np.float32),
            )
            for row, marks in zip(boxes, points, strict=True)
        ]
        return sorted(found, key=lambda face: -face.box.area)[:FACES_MAX]


class ArcFace:
    """An ArcFace-like recogniser by insightface, which knows the file's normalisation."""

    def __init__(self, path: Path, session: OrtSession) -> None:
        from insightface.model_zoo.arcface_onnx import ArcFaceONNX

        self._model: Any = ArcFaceONNX(model_file=str(path), session=session.raw)
        self.dimension = int(self._model.output_shape[-1])

    def embed(self, crops: Sequence[Image]) -> Array:
        """Returns n unit vectors for n aligned 112 x 112 x 3 RGB crops; n is at least 1."""
        bgr = [np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), np.uint8) for crop in crops]
        return unit(np.asarray(self._model.get_feat(bgr), np.float32))
