"""A stream's faces are followed, or searched as coarsely as will do, with the real detector."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.virtual import Camera, Pose, render_crowd
from server.domain.face import Image
from server.vision.detector import FOLLOWED_MAX, Detector, Gaze
from server.vision.pack import load_pack
from server.vision.session import Runtime

LEFT, RIGHT = Pose(center=(0.27, 0.45)), Pose(center=(0.73, 0.45))
# Of the area of the largest face; see services/usable.py.
COUNTS_FROM = 0.25


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


@pytest.fixture
def first_looks(detector, monkeypatch) -> list[int]:
    """Returns how wide the network saw each frame, second looks left out."""
    widths: list[int] = []
    run = detector._session.run

    def seen(batch: Image) -> object:
        height, width = batch.shape[2:]
        if height != width:
            widths.append(width)
        return run(batch)

    monkeypatch.setattr(detector, "_session", SimpleNamespace(run=seen))
    return widths


def test_who_is_near_is_searched_coarsely(detector, frame, first_looks) -> None:
    """Once a large face is in view, and for it alone; it is found where it was."""
    gaze = Gaze(counts_from=COUNTS_FROM)
    for _ in range(2):
        (fine,), (face,) = detector.detect(frame(LEFT)), detector.detect(frame(LEFT), gaze)
        assert fine.box.overlap(face.box) > 0.8
    *fine_looks, coarse = first_looks
    assert [288] * 3 == fine_looks
    assert coarse <= 224
    for _ in range(2):
        detector.detect(frame(replace(LEFT, eye_distance_px=100)), gaze)
    assert 160 == first_looks[-1], "no coarser than that, however near"


def test_who_is_far_is_searched_finely(detector, frame, first_looks) -> None:
    """A small face, and every one of a stream where all count."""
    far, gaze = replace(LEFT, eye_distance_px=35), Gaze(counts_from=COUNTS_FROM)
    for pose, its_gaze in ((far, gaze), (LEFT, Gaze())):
        for _ in range(2):
            assert 1 == len(detector.detect(frame(pose), its_gaze))
    assert [288] * 4 == first_looks


@pytest.mark.parametrize("eyes_px", [45, 60, 75])
def test_who_counts_is_seen_at_once(detector, frame, first_looks, eyes_px) -> None:
    """Somebody steps beside a face, with a third of its area or more: two in the next frame."""
    gaze = Gaze(counts_from=COUNTS_FROM)
    detector.detect(frame(LEFT), gaze)
    assert 2 == len(detector.detect(frame(LEFT, replace(RIGHT, eye_distance_px=eyes_px)), gaze))
    assert first_looks[-1] < 288


def test_who_stands_behind_is_found_when_the_first_leaves(detector, frame, first_looks) -> None:
    """A view without a near face is searched again, finely, before it is called empty."""
    gaze = Gaze(counts_from=COUNTS_FROM)
    detector.detect(frame(LEFT), gaze)
    (face,) = detector.detect(frame(replace(RIGHT, eye_distance_px=25)), gaze)
    assert face.box.left > 320
    first, coarse, again = first_looks
    assert coarse < first == again == 288
