"""The flat-print cue: heads that turn have relief, prints and noise have none.

A head is five points in space, a print is the same five points in one plane; both are turned, moved
and drawn by a pinhole camera.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from server.domain import relief as relief_module
from server.domain.face import Vector
from server.domain.relief import FRAMES_MAX, FRAMES_MIN, RELIEF_MIN, relief

# Eyes, nose tip, corners of the mouth in millimetres: the nose stands out, the eyes lie back.
HEAD = np.array([[-31, -33, 0], [31, -33, 0], [0, 0, 28], [-24, 32, 4], [24, 32, 4]], float)
PRINT = HEAD * (1, 1, 0)
# Eye distance of 75 pixels at half a metre.
FOCAL_PX, DISTANCE_MM = 605.0, 500.0
QUICK = settings(deadline=None, max_examples=25)


def rotation(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Returns the matrix of a head turned by degrees."""
    a, b = math.radians(yaw), math.radians(pitch)
    around_y = [[math.cos(a), 0, math.sin(a)], [0, 1, 0], [-math.sin(a), 0, math.cos(a)]]
    around_x = [[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]]
    return np.array(around_y) @ np.array(around_x)


def drawn(points: NDArray[np.float64], yaw: float, pitch: float = 0) -> Vector:
    """Returns the landmarks of turned points in pixels of a VGA frame."""
    x, y, z = (points @ rotation(yaw, pitch).T).T
    depth = DISTANCE_MM - z
    return np.column_stack([320 + FOCAL_PX * x / depth, 240 + FOCAL_PX * y / depth])


def swaying(
    points: NDArray[np.float64],
    degrees: float,
    frames: int = 16,
    noise_px: float = 0,
    seed: int = 0,
) -> list[Vector]:
    """Returns the track of a head that sways once to both sides."""
    source = np.random.default_rng(seed)
    turns = degrees * np.sin(2 * np.pi * np.arange(frames) / frames)
    return [
        (drawn(points, yaw) + source.normal(0, noise_px, (5, 2))).astype(np.float32)
        for yaw in turns
    ]


class TestHead:
    """Depth shows as soon as the head turns."""

    @pytest.mark.parametrize("degrees", [10, 15, 20, 30])
    def test_a_turning_head_has_relief(self, degrees: float) -> None:
        """From ten degrees to each side."""
        assert relief(swaying(HEAD, degrees)) > RELIEF_MIN

    def test_more_turn_shows_more(self) -> None:
        """It grows with the angle."""
        values = [relief(swaying(HEAD, degrees)) for degrees in (0, 5, 10, 20, 30)]

        assert sorted(values) == values
        assert values[0] == pytest.approx(0, abs=1e-4)

    def test_a_turning_head_has_relief_under_noise(self) -> None:
        """20 degrees with half a pixel of noise: 50 of 50."""
        low = min(relief(swaying(HEAD, 20, noise_px=0.5, seed=seed)) for seed in range(50))

        assert low > RELIEF_MIN


class TestPrint:
    """A plane has none, however it is moved."""

    @QUICK
    @given(
        st.lists(
            st.tuples(st.floats(-25, 25), st.floats(-25, 25)),
            min_size=FRAMES_MIN,
            max_size=FRAMES_MAX,
        )
    )
    def test_a_tilted_print_has_nearly_none(self, tilts: list[tuple[float, float]]) -> None:
        """Perspective leaves a little, well under the limit."""
        track = [drawn(PRINT, yaw, pitch).astype(np.float32) for yaw, pitch in tilts]

        assert relief(track) < RELIEF_MIN

    @QUICK
    @given(st.integers(0, 2**32 - 1))
    def test_an_affine_map_of_one_print_has_none_at_all(self, seed: int) -> None:
        """Shear, stretch, roll, shift: the nose follows eyes and mouth exactly."""
        source = np.random.default_rng(seed)
        flat = drawn(PRINT, 0)
        track = [
            (flat @ (np.eye(2) + source.uniform(-0.3, 0.3, (2, 2))) + source.uniform(-90, 90, 2))
            for _ in range(12)
        ]

        assert 0 == pytest.approx(relief(track), abs=1e-6)


class TestNoise:
    """Trembling landmarks are no relief."""

    @pytest.mark.parametrize("frames", [8, 16, 24])
    def test_noise_on_a_print_averages_out(self, frames: int) -> None:
        """Half a pixel: at most 1 of 100 tracks reaches the limit."""
        track = drawn(PRINT, 0)
        source = np.random.default_rng(frames)
        passed = sum(
            relief([(track + source.normal(0, 0.5, (5, 2))) for _ in range(frames)]) >= RELIEF_MIN
            for _ in range(100)
        )

        assert passed <= 1

    def test_one_wild_frame_is_not_enough(self) -> None:
        """A nose that jumps for one frame has no neighbour that jumped with it."""
        track = [drawn(PRINT, 0) for _ in range(16)]
        track[7] = track[7] + np.array([[0, 0], [0, 0], [9, 0], [0, 0], [0, 0]])

        assert relief(track) < RELIEF_MIN


class TestFrames:
    """How many looks it takes, and what cannot be judged."""

    def test_too_few_frames_have_none(self) -> None:
        """Five looks say nothing yet, whatever they show; six do."""
        assert 6 == FRAMES_MIN
        track = swaying(HEAD, 12, FRAMES_MIN)

        assert relief(track) > 0
        assert relief(track[:-1]) == 0
        assert relief([]) == 0

    @pytest.mark.parametrize("interval_s", [0.05, 0.1, 0.5, 2])
    def test_a_busy_server_sees_the_same_head(self, interval_s: float) -> None:
        """Few frames a second show the same relief; what is too fast is judged by time."""
        track = swaying(HEAD, 20, frames=20)
        times_s = [number * interval_s for number in range(20)]

        assert relief(track) == relief(track, times_s)

    def test_one_picture_after_the_other_has_none(self) -> None:
        """Stills of a turned head, each for a while: between them the nose jumps."""
        stills = [[drawn(HEAD, yaw).astype(np.float32)] * 8 for yaw in (-20, 20, -20)]
        track = [points for still in stills for points in still]

        for interval_s in (0.1, 0.2, 0.3, 1.0):
            assert relief(track, [number * interval_s for number in range(24)]) < RELIEF_MIN
        # By speed alone it might be a head that turns and pauses between two frames.
        assert relief(track, np.arange(24) * 1.0, jumps=False) > RELIEF_MIN

    @pytest.mark.parametrize("degrees", [12, 16, 20, 30])
    @pytest.mark.parametrize("interval_s", [0.1, 0.2, 0.3])
    def test_stills_that_take_turns_have_none(self, degrees: float, interval_s: float) -> None:
        """Half a pixel of noise, or a quarter: at most 1 of 10 tracks reaches the limit."""
        passed = 0
        for seed in range(100):
            source = np.random.default_rng(seed)
            yaws = np.repeat([-degrees / 2, degrees / 2, -degrees / 2, degrees / 2], 6)
            track = [drawn(HEAD, yaw) + source.normal(0, 0.4, (5, 2)) for yaw in yaws]
            passed += relief(track, np.arange(24) * interval_s) >= RELIEF_MIN

        assert passed <= 10

    @pytest.mark.parametrize("turn_frames", [3, 4, 6])
    def test_a_head_that_turns_and_pauses_has_some(self, turn_frames: int) -> None:
        """Still, a turn of a few frames, still: what jumps is one frame, not a turn."""
        share = (1 - np.cos(np.pi * np.arange(turn_frames + 1) / turn_frames)) / 2
        yaws = [*[0.0] * 8, *(25 * share), *[25.0] * (15 - turn_frames)]

        assert relief([drawn(HEAD, yaw) for yaw in yaws], np.arange(24) * 0.2) > RELIEF_MIN

    def test_points_without_eyes_have_none(self) -> None:
        """No division by zero, no warning."""
        assert relief([np.zeros((5, 2), np.float32)] * 10) == 0

    @QUICK
    @given(st.floats(-180, 180), st.floats(0.3, 5), st.floats(-500, 500))
    def test_does_not_depend_on_camera_or_place(
        self, angle: float, scale: float, shift: float
    ) -> None:
        """A kiosk that hangs askew, far or near, sees the same."""
        a = math.radians(angle)
        turn = scale * np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
        track = swaying(HEAD, 20)

        moved = [(points.astype(float) @ turn + shift) for points in track]

        assert relief(track) == pytest.approx(relief(moved), rel=1e-3)


@st.composite
def tracks(draw) -> list[Vector]:
    """Tracks of any five points, also some that lie on a line."""
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = draw(st.integers(FRAMES_MIN, FRAMES_MAX))
    track = source.normal(100, draw(st.sampled_from([1.0, 30.0])), (frames, 5, 2))
    for index in draw(st.lists(st.integers(0, frames - 1), max_size=3)):
        track[index, :, 1] = track[index, :, 0] * 0.5
    return list(track)


class TestMap:
    """Eyes and mouth are mapped by least squares."""

    @given(tracks())
    @QUICK
    def test_as_linear_algebra_has_it(self, track: list[Vector]) -> None:
        """Frame by frame; where there is no one map, the nose is put in the middle."""
        shapes = np.stack([upright(points) for points in track])
        mean = shapes.mean(axis=0)
        plane = [0, 1, 3, 4]
        noses = []
        for shape in shapes:
            design = np.column_stack([shape[plane], np.ones(4)])
            found, _, rank, _ = np.linalg.lstsq(design, mean[plane, 0], rcond=1e-6)
            middle = mean[plane, 0].mean()
            noses.append(np.append(shape[2], 1) @ found if rank == 3 else middle)
        centred = np.array(noses) - np.mean(noses)
        wanted = math.sqrt(max(0.0, np.mean(centred[1:] * centred[:-1])))

        # Minutes between frames, and nothing is a jump: the track is one piece.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(relief_module, "JUMP_MIN", math.inf)
            found = relief(track, np.arange(len(track)) * 1e6)
        assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def upright(points: Vector) -> NDArray[np.float64]:
    """Returns landmarks with the eyes level and one apart."""
    z = points[:, 0] + 1j * points[:, 1]
    z = (z - (z[0] + z[1]) / 2) / (z[1] - z[0])
    return np.column_stack([z.real, z.imag])
