"""Turns aligned crops into unit vectors with SFace.

Estimate a face: 2 ms on OpenVINO bf16 with AMX, 8 ms fp32 there, 20 to 60 ms on older cores.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from server.domain.face import Image, Vector
from server.vision.session import Array, Session


class Embedder(Protocol):
    """Embeds aligned crops."""

    @property
    def dimension(self) -> int:
        """Length of an embedding."""

    def embed(self, crops: Sequence[Image]) -> Array:
        """Returns n unit vectors for n aligned 112 x 112 x 3 RGB crops; n is at least 1."""


class SFace:
    """SFace (Zhong et al., 2021): 128 values; its Sub and Mul are in the graph."""

    dimension = 128

    def __init__(self, session: Session) -> None:
        self._session = session

    def embed(self, crops: Sequence[Image]) -> Array:
        """Returns n unit vectors for n aligned 112 x 112 x 3 RGB crops; n is at least 1."""
        batch = np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), np.float32)
        return unit(self._session.run(batch)[0])


def unit(vectors: Array) -> Vector:
    """Returns the vectors scaled to length 1 along the last axis; zero vectors stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: Vector = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return scaled
