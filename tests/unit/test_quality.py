"""The quality gate: each fault has its outcome, and the one that is mended first is named."""

from dataclasses import replace

import pytest

from server.domain.face import Measures
from server.domain.quality import (
    CHALLENGE,
    ENROLMENT,
    RECOGNITION,
    FrameOutcome,
    QualityLimits,
    judge,
)

GOOD = Measures(eye_distance=60, sharpness=80, brightness=120, inside=1, yaw=0, pitch=0.5, roll=0)
GATES = [ENROLMENT, RECOGNITION, CHALLENGE]
# One change that fails every gate, in the order in which judge() names them.
FAULTS = [
    ({"inside": 0.5}, FrameOutcome.CROPPED),
    ({"yaw": 0.7}, FrameOutcome.POSE),
    ({"eye_distance": 12}, FrameOutcome.TOO_SMALL),
    ({"brightness": 20}, FrameOutcome.TOO_DARK),
    ({"brightness": 250}, FrameOutcome.TOO_BRIGHT),
    ({"sharpness": 5}, FrameOutcome.BLURRED),
]


class TestJudge:
    """Every measure at its limit."""

    @pytest.mark.parametrize("limits", GATES)
    def test_a_good_face_is_usable(self, limits: QualityLimits) -> None:
        """All three gates take it."""
        assert FrameOutcome.USABLE is judge(GOOD, limits)

    @pytest.mark.parametrize("limits", GATES)
    @pytest.mark.parametrize(("change", "outcome"), FAULTS)
    def test_names_the_fault(
        self, limits: QualityLimits, change: dict[str, float], outcome: FrameOutcome
    ) -> None:
        """One fault, one outcome."""
        assert outcome is judge(replace(GOOD, **change), limits)

    @pytest.mark.parametrize("limits", GATES)
    @pytest.mark.parametrize(
        ("measure", "limit", "step", "outcome"),
        [
            ("eye_distance", "eye_distance_min", -0.01, FrameOutcome.TOO_SMALL),
            ("sharpness", "sharpness_min", -0.01, FrameOutcome.BLURRED),
            ("brightness", "brightness_min", -0.01, FrameOutcome.TOO_DARK),
            ("brightness", "brightness_max", 0.01, FrameOutcome.TOO_BRIGHT),
            ("inside", "inside_min", -0.01, FrameOutcome.CROPPED),
            ("yaw", "yaw_max", 0.01, FrameOutcome.POSE),
            ("pitch", "pitch_min", -0.01, FrameOutcome.POSE),
            ("pitch", "pitch_max", 0.01, FrameOutcome.POSE),
            ("roll", "roll_max", 0.01, FrameOutcome.POSE),
        ],
    )
    def test_the_limit_itself_is_good(
        self, limits: QualityLimits, measure: str, limit: str, step: float, outcome: FrameOutcome
    ) -> None:
        """Just beyond it is not."""
        edge = getattr(limits, limit)

        assert FrameOutcome.USABLE is judge(replace(GOOD, **{measure: edge}), limits)
        assert outcome is judge(replace(GOOD, **{measure: edge + step}), limits)

    @pytest.mark.parametrize("limits", GATES)
    def test_turns_count_to_both_sides(self, limits: QualityLimits) -> None:
        """Yaw and roll are signed, their limits are not."""
        for change in ({"yaw": -limits.yaw_max - 0.01}, {"roll": -limits.roll_max - 0.01}):
            assert FrameOutcome.POSE is judge(replace(GOOD, **change), limits)


class TestOrder:
    """Of several faults the one is named that a person mends first."""

    def test_each_fault_hides_what_follows(self) -> None:
        """In the frame before turned, turned before near, near before lit, lit before sharp."""
        chain = [fault for fault in FAULTS if fault[1] is not FrameOutcome.TOO_BRIGHT]
        measures = GOOD

        for change, outcome in reversed(chain):
            measures = replace(measures, **change)
            assert outcome is judge(measures, RECOGNITION)


class TestGates:
    """How the three gates relate."""

    def test_enrolment_asks_for_more_than_recognition(self) -> None:
        """What may be enrolled may be recognised."""
        assert ENROLMENT.eye_distance_min > RECOGNITION.eye_distance_min
        assert ENROLMENT.sharpness_min > RECOGNITION.sharpness_min
        assert ENROLMENT.brightness_min > RECOGNITION.brightness_min
        assert ENROLMENT.brightness_max < RECOGNITION.brightness_max
        assert ENROLMENT.inside_min > RECOGNITION.inside_min

    def test_a_challenge_takes_turned_heads(self) -> None:
        """It asks for them."""
        turned = replace(GOOD, yaw=0.5)

        assert FrameOutcome.USABLE is judge(turned, CHALLENGE)
        assert FrameOutcome.POSE is judge(turned, RECOGNITION)
