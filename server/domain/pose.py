"""Head pose from five landmarks, as ratios that need no camera model.

yaw: nose offset along the eye axis over the eye distance; grows when the person turns to the own
left (the nose moves to the right of an unmirrored image). pitch: nose height between the line of
the eyes (0) and the line of the mouth (1); about 0.5 to 0.6 upright. roll: degrees of the eye axis.
"""

import math

from server.domain.face import Vector


def eye_distance(landmarks: Vector) -> float:
    """Distance between the eyes in pixels, for 5 x 2 landmarks."""
    return float(math.dist(landmarks[0], landmarks[1]))


def yaw_pitch_roll(landmarks: Vector) -> tuple[float, float, float]:
    """Returns (yaw, pitch, roll) for 5 x 2 landmarks; zeros where eyes or mouth coincide."""
    right_eye, left_eye, nose, right_mouth, left_mouth = landmarks.astype(float)
    axis = left_eye - right_eye
    span = float(axis @ axis)
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    down = mouth - eyes
    height = float(down @ down)
    if span < 1e-6 or height < 1e-6:
        return 0.0, 0.0, 0.0
    # The nose is compared with the middle line of the face at its own height, so that a tilted
    # head or a crooked landmark of the mouth does not count as a turn.
    pitch = float((nose - eyes) @ down) / height
    yaw = float((nose - (eyes + pitch * down)) @ axis) / span
    roll = math.degrees(math.atan2(axis[1], axis[0]))
    return yaw, pitch, roll
