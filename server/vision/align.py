"""Brings a face into the ArcFace 112 x 112 frame and measures its quality there.

Estimate: similarity in closed form 20 us, warp 0.1 ms, measures 0.1 ms a face.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.domain.face import BoundingBox, Image, Measures, Vector
from server.domain.pose import eye_distance, yaw_pitch_roll

CROP_SIDE = 112
# Reference landmarks of ArcFace (Deng et al., 2019), 112 x 112.
REFERENCE: Vector = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float32,
)


# Points of the crop that hold the face: hair and background say nothing of focus and light on it.
_TOP, _BOTTOM, _LEFT, _RIGHT = 16, 104, 16, 96
_MIDDLE = np.stack(
    np.meshgrid(np.linspace(_LEFT, _RIGHT, 12), np.linspace(_TOP, _BOTTOM, 12)), axis=-1
).reshape(-1, 2)


def similarity(source: Vector, target: Vector) -> NDArray[np.float64]:
    """Returns the 2 x 3 rotation, scale and shift that best maps source to target (n x 2).

    Least squares in closed form over complex numbers; without reflection this is the solution of
    Umeyama (1991).
    """
    source_z = source[:, 0].astype(float) + 1j * source[:, 1]
    target_z = target[:, 0].astype(float) + 1j * target[:, 1]
    source_mean, target_mean = source_z.mean(), target_z.mean()
    centred = source_z - source_mean
    spread = float(np.vdot(centred, centred).real)
    factor = np.vdot(centred, target_z - target_mean) / spread if spread else 1.0 + 0j
    shift = target_mean - factor * source_mean
    return np.array(
        [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    )


def crop(image: Image, landmarks: Vector) -> Image:
    """Returns the aligned 112 x 112 x 3 crop of a face, in the colours of the image."""
    matrix = similarity(landmarks, REFERENCE)
    warped = cv2.warpAffine(image, matrix, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR)
    return np.asarray(warped, np.uint8)


def _share_inside(width: int, height: int, landmarks: Vector) -> float:
    """Returns how much of the crop's middle comes from inside the image, 0 to 1.

    A detector's box ends at the frame's edge; what the embedder sees beyond it is black.
    """
    back = similarity(REFERENCE, landmarks)
    points = _MIDDLE @ back[:, :2].T + back[:, 2]
    inside = (points >= 0) & (points <= (width - 1, height - 1))
    return float(inside.all(axis=1).mean())


def measure(image: Image, box: BoundingBox, landmarks: Vector, aligned: Image) -> Measures:
    """Returns the measured quality of a face; `aligned` is its crop, RGB."""
    grey = cv2.cvtColor(aligned[_TOP:_BOTTOM, _LEFT:_RIGHT], cv2.COLOR_RGB2GRAY)
    height, width = image.shape[:2]
    seen = BoundingBox(
        max(0.0, box.left), max(0.0, box.top), min(width, box.right), min(height, box.bottom)
    )
    box_share = seen.area / box.area if box.area else 0.0
    yaw, pitch, roll = yaw_pitch_roll(landmarks)
    return Measures(
        eye_distance=eye_distance(landmarks),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
        brightness=float(grey.mean()),
        inside=min(box_share, _share_inside(width, height, landmarks)),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
    )
