"""The virtual person turns, is lit and is disturbed as its pose and camera say.

A drawn face with coloured dots on its landmarks stands in for a photo: where the dots are found
in a frame is compared with where the head model puts them. No detector is needed.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import simplejpeg

from benchmarks import virtual

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANDMARKS = np.array([[160, 170], [240, 170], [200, 214], [167, 262], [233, 262]], np.float64)
# The dots differ in hue, right eye first; skin and backgrounds are grey.
DOTS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
CLEAN = virtual.Camera(noise_sigma=0, background=(90, 90, 90))
EYES_PX = 90.0


def drawn_face() -> NDArray[np.uint8]:
    """Return a grey oval with five coloured dots, 400 x 400 pixels."""
    image = np.full((400, 400, 3), 60, np.uint8)
    cv2.ellipse(image, (200, 215), (110, 150), 0, 0, 360, (180, 180, 180), -1)
    for (x, y), color in zip(LANDMARKS.astype(int).tolist(), DOTS, strict=True):
        cv2.circle(image, (x, y), 6, color, -1)
    return image


def find_dots(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the middles of the five dots, 5 x 2 pixels."""
    middles = []
    for color in DOTS:
        bright = np.minimum.reduce([frame[..., i] for i in range(3) if color[i]])
        dark = np.maximum.reduce([frame[..., i] for i in range(3) if not color[i]])
        rows, columns = np.nonzero(cv2.subtract(bright, dark) > 100)
        middles.append((columns.mean(), rows.mean()))
    return np.array(middles)


def nose_offset(points: NDArray[np.float64]) -> float:
    """Return how far the nose is from the middle of the eyes along them, in eye distances."""
    eyes = points[1] - points[0]
    return float((points[2] - points[:2].mean(axis=0)) @ eyes / (eyes @ eyes))


def affine_residual(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Return how far the nose is from the affine map of eyes and mouth, in eye distances."""
    corners = [0, 1, 3, 4]
    start = np.column_stack([before, np.ones(5)])
    affine = np.linalg.lstsq(start[corners], after[corners], rcond=None)[0]
    return float(
        np.linalg.norm(start[2] @ affine - after[2]) / np.linalg.norm(before[1] - before[0])
    )


@pytest.fixture(scope="module")
def person() -> virtual.VirtualPerson:
    """Return a person made from the drawn face."""
    return virtual.VirtualPerson(drawn_face(), LANDMARKS)


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a seeded source of randomness."""
    return np.random.default_rng(7)


class TestRender:
    """One frame of one person."""

    @pytest.mark.parametrize(
        "pose",
        [
            virtual.Pose(),
            virtual.Pose(yaw_degrees=-30),
            virtual.Pose(yaw_degrees=20, pitch_degrees=10),
            virtual.Pose(pitch_degrees=-20),
            virtual.Pose(yaw_degrees=-15, roll_degrees=25, center=(0.4, 0.55)),
        ],
    )
    def test_landmarks_are_where_the_model_says(
        self, person: virtual.VirtualPerson, pose: virtual.Pose, rng: np.random.Generator
    ) -> None:
        """The pixels of the landmarks move exactly as the turned head predicts."""
        pose = replace(pose, eye_distance_px=EYES_PX)
        found = find_dots(person.render(pose, CLEAN, rng=rng))

        assert person.landmarks(pose, CLEAN) == pytest.approx(found, abs=2.5)

    def test_eyes_are_as_far_apart_as_asked(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The distance to the camera is given by the eyes, the place by the face's middle."""
        pose = virtual.Pose(eye_distance_px=60, center=(0.25, 0.5))
        found = find_dots(person.render(pose, CLEAN, rng=rng))

        assert pytest.approx(60, abs=0.7) == found[1, 0] - found[0, 0]
        assert pytest.approx((160, 240), abs=3) == found[[0, 1, 3, 4]].mean(axis=0)

    def test_a_turn_to_the_own_left_moves_the_nose_to_the_right(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The nose passes from left to right as the yaw grows, by a quarter of the eyes or more."""
        poses = [
            virtual.Pose(yaw_degrees=yaw, eye_distance_px=EYES_PX) for yaw in range(-35, 36, 10)
        ]
        offsets = [nose_offset(find_dots(person.render(pose, CLEAN, rng=rng))) for pose in poses]

        assert sorted(offsets) == offsets
        assert offsets[-1] - offsets[0] > 0.25

    def test_looking_up_moves_the_nose_up(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """A positive pitch brings the nose nearer to the line of the eyes."""
        up, down = (
            find_dots(person.render(virtual.Pose(pitch_degrees=pitch), CLEAN, rng=rng))
            for pitch in (15, -15)
        )

        assert up[2, 1] - up[:2, 1].mean() < down[2, 1] - down[:2, 1].mean()

    def test_outside_the_head_is_background(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The still fades out: no rectangle of it shows."""
        frame = person.render(virtual.Pose(yaw_degrees=20), CLEAN, rng=rng)

        assert (frame[:, :120] == 90).all()
        assert (frame[:, -120:] == 90).all()

    def test_a_face_half_out_of_the_frame_is_cut_off(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """Poses may put the face over or beyond the border."""
        half = person.render(virtual.Pose(yaw_degrees=10, center=(0.0, 0.5)), CLEAN, rng=rng)
        gone = person.render(virtual.Pose(center=(-2.0, 0.5)), CLEAN, rng=rng)

        assert (half != 90).any()
        assert (gone == 90).all()

    def test_a_far_face_is_not_aliased(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """Small faces are drawn from a smaller copy of the still: all five dots survive."""
        camera = replace(CLEAN, width=160, height=120)
        frame = person.render(virtual.Pose(eye_distance_px=14), camera, rng=rng)

        assert (camera.height, camera.width, 3) == frame.shape
        assert person.landmarks(virtual.Pose(eye_distance_px=14), camera) == pytest.approx(
            find_dots(frame), abs=1.5
        )


class TestCamera:
    """Light, blur, noise and background."""

    def test_light_scales_grey_levels(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """Half the light gives half the grey level, double the light saturates."""
        dim = person.render(virtual.Pose(), replace(CLEAN, light=0.5), rng=rng)
        glaring = person.render(virtual.Pose(), replace(CLEAN, light=3.0), rng=rng)

        assert dim[0, 0, 0] == 45
        assert glaring[0, 0, 0] == 255

    def test_noise_has_the_given_sigma_and_differs_by_frame(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """No two frames are equal, although nothing moves."""
        camera = replace(CLEAN, noise_sigma=4.0)
        first, second = (person.render(virtual.Pose(), camera, rng=rng) for _ in range(2))

        assert pytest.approx(4.0, abs=0.2) == first[:, :100].std()
        assert (first != second).mean() > 0.5

    def test_equal_seeds_give_equal_frames(self, person: virtual.VirtualPerson) -> None:
        """A load run can be repeated."""
        first, second = (
            person.render(virtual.Pose(yaw_degrees=5), rng=np.random.default_rng(3))
            for _ in range(2)
        )

        assert (first == second).all()

    def test_blur_softens(self, person: virtual.VirtualPerson, rng: np.random.Generator) -> None:
        """A blurred frame has less detail."""
        sharp, soft = (
            cv2.Laplacian(person.render(virtual.Pose(), camera, rng=rng), cv2.CV_64F).var()
            for camera in (CLEAN, replace(CLEAN, blur_sigma_px=3.0))
        )

        assert soft < sharp / 4

    def test_gradient_runs_from_top_to_bottom(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The first row has the top colour, the last row the bottom colour."""
        scale = virtual.Gradient(top=(10, 20, 30), bottom=(200, 210, 220))
        frame = person.render(virtual.Pose(), replace(CLEAN, background=scale), rng=rng)

        assert frame[0, 0].tolist() == [10, 20, 30]
        assert frame[-1, 0].tolist() == [200, 210, 220]


class TestPrint:
    """The flat print, against which the head is told apart."""

    @pytest.mark.parametrize("yaw", [10, 15, 20])
    def test_the_nose_of_a_print_follows_the_plane(
        self, person: virtual.VirtualPerson, yaw: float, rng: np.random.Generator
    ) -> None:
        """The affine residual of the nose stays near 0 on a print and does not on a head."""
        frontal = virtual.Pose(eye_distance_px=EYES_PX)
        turned = replace(frontal, yaw_degrees=yaw)
        flat, head = (
            affine_residual(
                find_dots(render(frontal, CLEAN, rng=rng)),
                find_dots(render(turned, CLEAN, rng=rng)),
            )
            for render in (person.render_print, person.render)
        )

        assert flat < 0.015
        assert head > 0.04

    def test_a_print_has_an_edge(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The paper's white margin is in the picture."""
        frame = person.render_print(virtual.Pose(eye_distance_px=60), CLEAN, rng=rng)

        assert (frame.min(axis=-1) > 220).sum() > 1000


class TestCrowd:
    """Several people in one frame."""

    def test_the_nearer_person_is_in_front(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """Whatever the order given, eyes further apart are drawn last."""
        near = (person, virtual.Pose(eye_distance_px=90))
        far = (person, virtual.Pose(eye_distance_px=40, center=(0.55, 0.45)))
        alone = virtual.render_crowd([near], CLEAN, rng=rng)
        for people in ([near, far], [far, near]):
            both = virtual.render_crowd(people, CLEAN, rng=rng)

            assert (both[150:280, 270:370] == alone[150:280, 270:370]).all()

    def test_nobody_leaves_the_background(self, rng: np.random.Generator) -> None:
        """An empty crowd is an empty scene."""
        assert (virtual.render_crowd([], CLEAN, rng=rng) == 90).all()


class TestPath:
    """Poses between key poses."""

    def test_key_poses_are_met_and_counted(self) -> None:
        """The path has every key pose and the asked number of poses between two of them."""
        keys = [virtual.Pose(), virtual.Pose(yaw_degrees=30), virtual.Pose(center=(0.2, 0.3))]
        poses = list(virtual.path(keys, 4))

        assert len(poses) == 11
        assert keys == poses[::5]

    def test_it_eases(self) -> None:
        """The middle of a turn is faster than its start and its end."""
        yaws = [
            pose.yaw_degrees
            for pose in virtual.path([virtual.Pose(), virtual.Pose(yaw_degrees=30)], 9)
        ]
        steps = [after - before for before, after in itertools.pairwise(yaws)]

        assert min(steps) > 0
        assert max(steps[0], steps[-1]) < steps[5] / 3

    def test_sway_stays_within_its_amplitude(self) -> None:
        """A person who stands still moves a little, never more than asked."""
        poses = list(virtual.path([virtual.Pose()] * 2, 99, sway_degrees=1.5))

        assert 1.0 < max(abs(pose.yaw_degrees) for pose in poses) <= 1.5
        assert 0.5 < max(abs(pose.pitch_degrees) for pose in poses) <= 1.5

    @pytest.mark.parametrize("count", [0, 1])
    def test_few_keys(self, count: int) -> None:
        """No key pose gives no path, one gives itself."""
        assert [virtual.Pose()] * count == list(virtual.path([virtual.Pose()] * count, 5))


class TestEncode:
    """JPEG output."""

    def test_it_is_a_baseline_jpeg_of_the_frame(
        self, person: virtual.VirtualPerson, rng: np.random.Generator
    ) -> None:
        """The bytes decode to about the same picture; no progressive scan (SOF2) is used."""
        frame = person.render(virtual.Pose(), CLEAN, rng=rng)
        jpeg = virtual.encode(frame)

        decoded = simplejpeg.decode_jpeg(jpeg, colorspace="RGB").astype(int)
        assert np.abs(decoded - frame).mean() < 2
        assert b"\xff\xc0" in jpeg
        assert b"\xff\xc2" not in jpeg
        assert len(virtual.encode(frame, 40)) < len(jpeg)


class TestStill:
    """What a person can be made from."""

    def test_a_large_tilted_still_gives_an_upright_face(self, rng: np.random.Generator) -> None:
        """Size and tilt of the photo do not matter."""
        matrix = cv2.getRotationMatrix2D((200, 200), 20, 4.0)
        matrix[:, 2] += 600
        tilted = np.asarray(cv2.warpAffine(drawn_face(), matrix, (1600, 1600)), np.uint8)
        points = LANDMARKS @ matrix[:, :2].T + matrix[:, 2]
        found = find_dots(
            virtual.VirtualPerson(tilted, points).render(virtual.Pose(), CLEAN, rng=rng)
        )

        assert pytest.approx(0, abs=1) == found[1, 1] - found[0, 1]
        assert pytest.approx(75, abs=1) == found[1, 0] - found[0, 0]

    @pytest.mark.parametrize(
        ("image", "landmarks"),
        [
            (np.zeros((400, 400), np.uint8), LANDMARKS),
            (np.zeros((400, 400, 3), np.float32), LANDMARKS),
            (np.zeros((400, 400, 3), np.uint8), LANDMARKS[:4]),
            (np.zeros((400, 400, 3), np.uint8), LANDMARKS / 20),
            (np.zeros((400, 400, 3), np.uint8), LANDMARKS * np.nan),
        ],
    )
    def test_unusable_input_is_refused(
        self, image: NDArray[np.uint8], landmarks: NDArray[np.float64]
    ) -> None:
        """Grey or float images, wrong landmarks and tiny faces raise."""
        with pytest.raises(ValueError, match="must be"):
            virtual.VirtualPerson(image, landmarks)
