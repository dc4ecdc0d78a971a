"""The flat-print cue: on a print the nose follows the affine map of eyes and mouth, on a head not.

The eyes and the corners of the mouth of every frame are mapped onto those of the first by the best
affine map; what the nose then still moves is relief (parallax). Over a track of n frames the spread
of the nose is measured, so landmark noise averages out. A video replay passes it: one cue of several.
"""

from collections.abc import Sequence

import numpy as np

from server.domain.face import Vector

FRAMES_MIN = 4
FRAMES_MAX = 24
# Spread of the nose (standard deviation over eye distance) from which on it is a head. Chosen on
# virtual heads and prints of LFW faces with landmark noise; see benchmarks/README.md.
RELIEF_MIN = 0.035
_NOSE = 2
_PLANE = (0, 1, 3, 4)


def relief(track: Sequence[Vector]) -> float:
    """Returns the spread of the nose over a track of 5 x 2 landmarks, in eye distances.

    0 for fewer than FRAMES_MIN frames. Root of the mean square distance of the mapped noses from
    their mean, along the axis on which they move most.
    """
    if len(track) < FRAMES_MIN:
        return 0.0
    first = track[0].astype(np.float64)
    scale = float(np.linalg.norm(first[1] - first[0]))
    if scale < 1e-6:
        return 0.0
    noses = np.array([_mapped_nose(points.astype(np.float64), first) for points in track]) / scale
    centred = noses - noses.mean(axis=0)
    return float(np.sqrt(np.linalg.eigvalsh(centred.T @ centred / len(track))[-1]))


def _mapped_nose(points: Vector, first: Vector) -> Vector:
    source = np.column_stack([points[list(_PLANE)], np.ones(len(_PLANE))])
    matrix, *_ = np.linalg.lstsq(source, first[list(_PLANE)], rcond=None)
    mapped: Vector = np.append(points[_NOSE], 1.0) @ matrix
    return mapped
