"""The flat-print cue: on a print the nose follows the affine map of eyes and mouth, on a head not.

The eyes and mouth corners of every frame are mapped onto the track's mean face by the best affine
map; what the nose then still moves sideways is relief (parallax). Landmark noise is independent
from frame to frame, a turn is not: so neighbouring frames are multiplied (autocovariance at lag 1),
and noise averages out. A video replay passes it: one cue of several.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.domain.face import Vector

FRAMES_MIN = 6
FRAMES_MAX = 24
# In eye distances. Virtual prints of 45 LFW faces, turned up to 18 degrees either way, stay under
# it in 98 of 100 tracks of 24 frames or less (turned 25 degrees: in 84); heads that sway 12 degrees
# are above it in 98 of 100 tracks of 16 frames, heads that sway 18 degrees in all.
RELIEF_MIN = 0.028
# A turning nose moves less than this in a second; what moves faster is another picture.
SPEED_MAX = 1.2
FRAME_S = 0.1
# Nor does it move this far at once, and in the frames around it by less than this share of that: a
# head turns over some frames. Slower frames hide a quick turn, which is then asked for again; of
# closer ones (a kiosk sends 5 a second) noise is too much of a step. Two photos of 45 virtual heads
# turned 20 degrees apart, swapped every 1.2 s, reach RELIEF_MIN within 6 s in 26 of 100 tracks of 5
# frames a second (without this rule in 99); heads that sway 12 degrees in 98 (98), that turn 25
# degrees in half a second and back in 95 (100).
JUMP_MIN = 0.06
JUMP_GAP_MIN_S = 0.08
AROUND_SHARE_MIN = 0.4
_AROUND = 2
# Eyes closer together, in pixels, and eyes and mouth nearer to one line, as a part of their spread,
# are none of a face.
_APART_MIN, _OFF_LINE_MIN = 1e-6, 1e-9
_NOSE = 2
_PLANE = [0, 1, 3, 4]

Points = NDArray[np.float64]


def relief(
    track: Sequence[Vector], times_s: Sequence[float] | None = None, *, jumps: bool = True
) -> float:
    """Returns how much the nose moves against eyes and mouth over a track of 5 x 2 landmarks.

    In eye distances, 0 and up; 0 for fewer than FRAMES_MIN frames. Order matters: oldest first.
    times_s: when each frame was taken, by the device's clock; FRAME_S apart if not given. The track
    is cut where the nose jumps, and the largest relief of a piece counts: the step from one still
    print to the next is none. jumps: whether steps that stand alone are told, too, and not only
    what is faster than SPEED_MAX; a quick turn may lie between two frames.
    """
    # Not when they arrived: behind a slow network frames arrive together, and a nose that turned
    # meanwhile would seem to jump. A phone's FrameTiming ties these times to the arrivals, and
    # whoever forges them injects frames anyway, against which relief is no cue.
    if len(track) < FRAMES_MIN:
        return 0.0
    shapes = _upright(np.stack(track).astype(np.float64))
    sideways = _mapped_noses(shapes, shapes.mean(axis=0))
    gaps_s = np.full(len(track) - 1, FRAME_S) if times_s is None else np.diff(times_s)
    cuts = np.abs(np.diff(sideways)) > SPEED_MAX * np.maximum(FRAME_S, gaps_s)
    if jumps:
        cuts |= _jumps(sideways) & (gaps_s >= JUMP_GAP_MIN_S)
    return max(map(_movement, np.split(sideways, np.flatnonzero(cuts) + 1)))


def _jumps(sideways: Points) -> NDArray[np.bool_]:
    """Returns behind which frames the nose moved, and stayed where it was before and after.

    Not the first and the last: a piece of one frame more or less has no other relief.
    """
    steps = np.diff(sideways)
    jumps = np.zeros(len(steps), bool)
    for at in np.flatnonzero(np.abs(steps[1:-1]) >= JUMP_MIN) + 1:
        before, after = sideways[max(0, at - _AROUND) : at], sideways[at + 2 : at + 2 + _AROUND]
        around = sideways[at] - before.mean() + after.mean() - sideways[at + 1]
        jumps[at] = around * np.sign(steps[at]) < AROUND_SHARE_MIN * abs(steps[at])
    return jumps


def _movement(sideways: Points) -> float:
    """Returns the root of the autocovariance at lag 1, 0 for too few or for noise."""
    if len(sideways) < FRAMES_MIN:
        return 0.0
    centred = sideways - sideways.mean()
    return float(np.sqrt(max(0.0, np.mean(centred[1:] * centred[:-1]))))


def _upright(tracks: Points) -> Points:
    """Returns landmarks (n x 5 x 2) with the eyes level, one apart, their middle at the origin."""
    z = tracks[..., 0] + 1j * tracks[..., 1]
    axis = z[:, 1] - z[:, 0]
    found = np.abs(axis) >= _APART_MIN
    z = (z - (z[:, :1] + z[:, 1:2]) / 2) / np.where(found, axis, 1.0)[:, None]
    shapes: Points = np.stack([z.real, z.imag], axis=2) * found[:, None, None]
    return shapes


def _mapped_noses(shapes: Points, mean: Points) -> Points:
    """Returns where noses (n) lie sideways once eyes and mouth are mapped onto the mean.

    Least squares by the normal equations of the centred points: 2 x 2 for each frame.
    """
    plane, wanted = shapes[:, _PLANE], mean[_PLANE, 0]
    centre = plane.mean(axis=1)
    x, y = np.moveaxis(plane - centre[:, None], 2, 0)
    off = wanted - wanted.mean()
    xx, yy, xy = (x * x).sum(axis=1), (y * y).sum(axis=1), (x * y).sum(axis=1)
    off_x, off_y = x @ off, y @ off
    area = xx * yy - xy * xy
    # Four points on a line have no such map: their nose is put where the eyes and mouth are.
    area = np.where(area <= _OFF_LINE_MIN * xx * yy, np.inf, area)
    nose = shapes[:, _NOSE] - centre
    mapped: Points = (
        wanted.mean()
        + (nose[:, 0] * (off_x * yy - off_y * xy) + nose[:, 1] * (off_y * xx - off_x * xy)) / area
    )
    return mapped
