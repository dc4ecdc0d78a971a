"""Head pose from five landmarks: its signs, its zero, and what does not change it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.face import Vector
from server.domain.pose import eye_distance, yaw_pitch_roll

# Right eye, left eye, nose, corners of the mouth: the person's own right is left in the image.
UPRIGHT = np.array([[38, 52], [74, 52], [56, 72], [42, 92], [70, 92]], np.float32)
QUICK = settings(deadline=None, max_examples=30)
ANGLES, SCALES = st.floats(-179, 179), st.floats(0.2, 20)
SHIFTS = st.tuples(st.floats(-1000, 2000), st.floats(-1000, 2000))


def with_nose(east: float, south: float) -> Vector:
    """Returns the upright face with its nose moved, in pixels."""
    points = UPRIGHT.copy()
    points[2] += (east, south)
    return points


def placed(points: Vector, angle: float, scale: float, shift: tuple[float, float]) -> Vector:
    """Returns the face rolled (degrees, clockwise in the image), scaled and shifted."""
    a = math.radians(angle)
    turn = np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return (points.astype(float) @ turn.T * scale + shift).astype(np.float32)


class TestSigns:
    """What a number means to the person."""

    def test_a_face_that_looks_straight_ahead_is_zero(self) -> None:
        """Yaw and roll 0, pitch half-way between eyes and mouth."""
        yaw, pitch, roll = yaw_pitch_roll(UPRIGHT)

        assert (0, 0.5, 0) == pytest.approx((yaw, pitch, roll), abs=1e-6)

    def test_a_turn_to_the_own_left_is_positive(self) -> None:
        """The nose moves to the right of an image that is not mirrored."""
        assert 9 / 36 == pytest.approx(yaw_pitch_roll(with_nose(9, 0))[0])
        assert -9 / 36 == pytest.approx(yaw_pitch_roll(with_nose(-9, 0))[0])

    def test_pitch_grows_as_the_nose_nears_the_mouth(self) -> None:
        """Looking down is more, looking up is less."""
        assert yaw_pitch_roll(with_nose(0, 8))[1] == pytest.approx(0.7)
        assert yaw_pitch_roll(with_nose(0, -8))[1] == pytest.approx(0.3)

    def test_roll_is_the_angle_of_the_eyes_in_degrees(self) -> None:
        """Positive where the person's left eye is lower in the image."""
        assert 20 == pytest.approx(yaw_pitch_roll(placed(UPRIGHT, 20, 1, (0, 0)))[2], abs=1e-3)

    def test_a_crooked_corner_of_the_mouth_is_no_turn(self) -> None:
        """The nose is compared with the middle line at its own height."""
        crooked = UPRIGHT.copy()
        crooked[3:] += (4, 0)
        crooked[2] += (2.8, 8)  # 0.7 of the way down the middle line, which is now slanted

        assert 0 == pytest.approx(yaw_pitch_roll(crooked)[0], abs=1e-6)


class TestInvariance:
    """Where and how large a face is does not matter."""

    @QUICK
    @given(st.floats(-15, 15), st.floats(-15, 15), ANGLES, SCALES, SHIFTS)
    def test_roll_scale_and_place_do_not_change_yaw_and_pitch(
        self, east: float, south: float, angle: float, scale: float, shift: tuple[float, float]
    ) -> None:
        """A kiosk that hangs askew sees the same turn."""
        face = with_nose(east, south)
        yaw, pitch, _ = yaw_pitch_roll(face)

        moved_yaw, moved_pitch, roll = yaw_pitch_roll(placed(face, angle, scale, shift))

        assert (yaw, pitch) == pytest.approx((moved_yaw, moved_pitch), abs=2e-3)
        assert angle == pytest.approx(roll, abs=0.05)

    @QUICK
    @given(st.floats(-15, 15), st.floats(-15, 15))
    def test_a_mirror_turns_yaw_around(self, east: float, south: float) -> None:
        """Left becomes right, and right eye left eye."""
        face = with_nose(east, south)
        mirrored = (face * (-1, 1))[[1, 0, 2, 4, 3]].astype(np.float32)
        yaw, pitch, _ = yaw_pitch_roll(face)

        assert (-yaw, pitch) == pytest.approx(yaw_pitch_roll(mirrored)[:2], abs=1e-4)

    @QUICK
    @given(ANGLES, SCALES, SHIFTS)
    def test_the_eye_distance_scales(
        self, angle: float, scale: float, shift: tuple[float, float]
    ) -> None:
        """36 pixels at scale 1."""
        assert 36 * scale == pytest.approx(
            eye_distance(placed(UPRIGHT, angle, scale, shift)), rel=1e-3, abs=1e-2
        )


class TestDegenerate:
    """Landmarks that are no face."""

    @pytest.mark.parametrize("points", [np.zeros((5, 2)), np.full((5, 2), 7.5)])
    def test_one_point_has_no_pose(self, points: Vector) -> None:
        """Instead of a division by zero."""
        assert (0, 0, 0) == yaw_pitch_roll(points.astype(np.float32))

    @QUICK
    @given(st.lists(st.floats(-2000, 4000, width=32), min_size=10, max_size=10))
    def test_every_five_points_give_finite_numbers(self, values: list[float]) -> None:
        """No warning, no NaN."""
        assert all(map(math.isfinite, yaw_pitch_roll(np.array(values, np.float32).reshape(5, 2))))
