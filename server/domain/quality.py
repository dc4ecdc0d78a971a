"""Judges whether a face is good enough, from its measures: the quality gate.

The limits were chosen on LFW and on blurred, darkened and shrunk copies of it; see
benchmarks/README.md for how a change of them moves accuracy.
"""

import enum
from dataclasses import dataclass

from server.domain.face import Measures


class FrameOutcome(enum.Enum):
    """What became of a frame or face; the names equal those of the API."""

    USABLE = "USABLE"
    NO_FACE = "NO_FACE"
    SEVERAL_FACES = "SEVERAL_FACES"
    TOO_SMALL = "TOO_SMALL"
    BLURRED = "BLURRED"
    TOO_DARK = "TOO_DARK"
    TOO_BRIGHT = "TOO_BRIGHT"
    POSE = "POSE"
    CROPPED = "CROPPED"
    CORRUPT_IMAGE = "CORRUPT_IMAGE"
    BAD_IMAGE_SIZE = "BAD_IMAGE_SIZE"
    UNSUPPORTED_IMAGE = "UNSUPPORTED_IMAGE"
    DUPLICATE = "DUPLICATE"
    SUPERSEDED = "SUPERSEDED"
    OVERLOADED = "OVERLOADED"
    LOOKS_LIKE_ANOTHER = "LOOKS_LIKE_ANOTHER"
    DIFFERENT_PERSON = "DIFFERENT_PERSON"
    TOO_SIMILAR = "TOO_SIMILAR"


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Limits of the measures; see Measures for the units."""

    eye_distance_min: float
    sharpness_min: float
    brightness_min: float
    brightness_max: float
    inside_min: float
    yaw_max: float
    pitch_min: float
    pitch_max: float
    roll_max: float


# Enrolment is attended: it can ask for a good image.
ENROLMENT = QualityLimits(
    eye_distance_min=40,
    sharpness_min=25,
    brightness_min=55,
    brightness_max=215,
    inside_min=0.98,
    yaw_max=0.35,
    pitch_min=0.25,
    pitch_max=0.85,
    roll_max=25,
)
# Recognition takes what a lobby offers; what it embeds must still be worth the time.
RECOGNITION = QualityLimits(
    eye_distance_min=24,
    sharpness_min=12,
    brightness_min=40,
    brightness_max=230,
    inside_min=0.9,
    yaw_max=0.35,
    pitch_min=0.2,
    pitch_max=0.9,
    roll_max=35,
)
# A challenge asks for turned heads.
CHALLENGE = QualityLimits(
    eye_distance_min=30,
    sharpness_min=12,
    brightness_min=40,
    brightness_max=230,
    inside_min=0.9,
    yaw_max=0.6,
    pitch_min=0.1,
    pitch_max=1.0,
    roll_max=35,
)


def judge(measures: Measures, limits: QualityLimits) -> FrameOutcome:
    """Returns USABLE, or the first fault in the order in which a person can mend it."""
    faults = (
        (measures.inside < limits.inside_min, FrameOutcome.CROPPED),
        # A turned head has its eyes closer together: before the size.
        (abs(measures.yaw) > limits.yaw_max, FrameOutcome.POSE),
        (not limits.pitch_min <= measures.pitch <= limits.pitch_max, FrameOutcome.POSE),
        (abs(measures.roll) > limits.roll_max, FrameOutcome.POSE),
        (measures.eye_distance < limits.eye_distance_min, FrameOutcome.TOO_SMALL),
        (measures.brightness < limits.brightness_min, FrameOutcome.TOO_DARK),
        (measures.brightness > limits.brightness_max, FrameOutcome.TOO_BRIGHT),
        (measures.sharpness < limits.sharpness_min, FrameOutcome.BLURRED),
    )
    return next((outcome for wrong, outcome in faults if wrong), FrameOutcome.USABLE)
