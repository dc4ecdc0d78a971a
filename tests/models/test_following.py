"""A stream's faces are followed from frame to frame, with the real detector."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.virtual import Camera, Pose, render_crowd
from server.domain.face import Image
from server.vision.detector import FOLLOWED_MAX, Detector, Gaze
from server.vision.pack import load_pack
from server.vision.session import Runtime

LEFT, RIGHT = Pose(center=(0.27, 0.45)), Pose(center=(0.73, 0.45))


@pytest.fixture(scope="module")
def detector() -> Detector:
    """The default detector."""
    return load_pack("default", runtime=Runtime.AUTO, detect_side=288).detector


@pytest.fixture
def frame(cast):
    """Draws a frame of people, each in a pose."""

    def draw(*poses: Pose, camera: Camera | None = None) -> Image:
        people = [(cast.people[index], pose) for index, pose in enumerate(poses)]
        return render_crowd(people, camera or Camera(), rng=np.random.default_rng(1))

    return draw


def off_px(detector: Detector, image: Image, gaze: Gaze) -> float:
    """Returns how far followed landmarks lie from those of a frame that nothing is known of.

    In the mean; the virtual person's own lie 4 px from where either look finds them.
    """
    (alone,), (followed,) = detector.detect(image), detector.detect(image, gaze)
    assert gaze.followed, "the face was followed"
    return float(np.abs(alone.landmarks - followed.landmarks).mean())


def test_lands_where_a_first_look_does(detector, frame) -> None:
    """A head that turns and moves is followed as it is found."""
    gaze = Gaze(may_follow=True)
    detector.detect(frame(LEFT), gaze)
    for step in range(1, FOLLOWED_MAX + 1):
        moved = replace(LEFT, yaw_degrees=6.0 * step, center=(0.27 + 0.02 * step, 0.45))
        assert off_px(detector, frame(moved), gaze) < 6


def test_follows_only_where_it_may(detector, frame) -> None:
    """Else every frame is searched, and where the faces are is kept for when it may."""
    gaze = Gaze()
    for _ in range(2):
        detector.detect(frame(LEFT), gaze)
        assert 0 == gaze.followed
    gaze.may_follow = True
    detector.detect(frame(LEFT), gaze)
    assert 1 == gaze.followed


def test_who_comes_is_seen(detector, frame) -> None:
    """Somebody who steps beside a followed face is missed in FOLLOWED_MAX frames at most."""
    gaze = Gaze(may_follow=True)
    detector.detect(frame(LEFT), gaze)
    counts = [len(detector.detect(frame(LEFT, RIGHT), gaze)) for _ in range(FOLLOWED_MAX + 1)]
    assert [1] * FOLLOWED_MAX + [2] == counts


def test_who_leaves_is_gone_at_once(detector, frame) -> None:
    """Of two, one leaves: the next frame has one face; and none when that one left too."""
    gaze = Gaze(may_follow=True)
    assert 2 == len(detector.detect(frame(LEFT, RIGHT), gaze))
    assert 1 == len(detector.detect(frame(LEFT), gaze))
    assert [] == detector.detect(frame(), gaze)
    assert () == gaze.boxes


def test_two_are_followed_as_two(detector, frame) -> None:
    """Neither takes the other's place, largest first."""
    near = replace(RIGHT, eye_distance_px=90)
    gaze = Gaze(may_follow=True)
    detector.detect(frame(LEFT, near), gaze)
    larger, smaller = detector.detect(frame(LEFT, near), gaze)
    assert 1 == gaze.followed
    assert larger.box.left > 320 > smaller.box.right


def test_one_who_jumps_is_found_anew(detector, frame) -> None:
    """A face that is elsewhere is no face that moved."""
    gaze = Gaze(may_follow=True)
    detector.detect(frame(LEFT), gaze)
    (face,) = detector.detect(frame(RIGHT), gaze)
    assert 0 == gaze.followed
    assert face.box.left > 320


def test_a_frame_of_another_size(detector, frame) -> None:
    """Boxes of a larger frame lead nowhere in a smaller one, and do no harm."""
    gaze = Gaze(may_follow=True)
    detector.detect(frame(RIGHT), gaze)
    small = frame(Pose(center=(0.3, 0.45), eye_distance_px=40), camera=Camera(320, 240))
    assert 1 == len(detector.detect(small, gaze))
