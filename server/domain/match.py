"""Decides who a face is, or that it is nobody: never a guess.

The threshold follows the number of people searched: FPIR = 1 - (1 - FMR)^N.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.domain.face import Vector

MARGIN_MIN = 0.05


class Verdict(enum.Enum):
    """What a search says."""

    MATCH = "MATCH"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An employee whom a search found, with the cosine to the mean template, -1 to 1."""

    nip: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its scores; nip is empty unless the verdict is MATCH."""

    verdict: Verdict
    nip: str = ""
    similarity: float = -1.0
    threshold: float = 1.0
    margin: float = 0.0


def similarity(probe: Vector, template: Vector) -> float:
    """Cosine of two unit vectors, -1 to 1."""
    return float(np.dot(probe, template))


def mean_template(singles: Vector) -> Vector:
    """Returns the normalised mean (d) of unit vectors (n x d); n is at least 1."""
    mean = singles.mean(axis=0)
    unit: Vector = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return unit


def decide(candidates: Sequence[Candidate], rescored: float, threshold: float) -> Decision:
    """Judges a search.

    candidates: best first, each employee once. rescored: cosine of the probe to the winner's own
    stored template, read by the winner's NIP and not by the row of the index.
    """
    if not candidates or not rescored >= threshold:  # NaN is neither
        return Decision(Verdict.UNKNOWN, similarity=rescored, threshold=threshold)
    margin = rescored - candidates[1].similarity if len(candidates) > 1 else 1.0
    verdict = Verdict.MATCH if margin >= MARGIN_MIN else Verdict.AMBIGUOUS
    nip = candidates[0].nip if verdict is Verdict.MATCH else ""
    return Decision(verdict, nip, rescored, threshold, margin)
