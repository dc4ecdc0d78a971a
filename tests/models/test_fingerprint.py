"""Fingerprints of frames, measured: what stays near, what stays far. `pytest -s` prints the figures.

People before walls are composed from the still of the tests. With HADIR_LFW=<folder of LFW images>
real photos are measured as well.
"""

import os
import random
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg

from benchmarks.lfw import find_images
from benchmarks.virtual import Pose
from server.domain.face import BoundingBox
from server.domain.forensics.limits import FrameLimits
from server.vision.fingerprint import distance, fingerprint

LIMITS = FrameLimits()
WIDTH, HEIGHT = 480, 640
PEOPLE_OF_LFW = 200


def encoded(image, quality=80):
    """The image as it comes out of a JPEG."""
    data = simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality)
    return simplejpeg.decode_jpeg(data, colorspace="RGB")


def rescaled(image, factor):
    """The image at another size."""
    return cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def cut(image, part):
    """The image without `part` of its width and height."""
    height, width = image.shape[:2]
    down, across = round(height * part / 2), round(width * part / 2)
    return image[down : height - down, across : width - across]


def lit(image, gain, offset):
    """The image in another light."""
    return np.clip(image.astype(np.float32) * gain + offset, 0, 255).astype(np.uint8)


COPIES = {
    "JPEG 40": lambda image: encoded(image, 40),
    "60 % of the size": lambda image: encoded(rescaled(image, 0.6)),
    "twice the size": lambda image: encoded(rescaled(image, 2.0)),
    "cut by 2 %": lambda image: encoded(cut(image, 0.02)),
    "brighter": lambda image: encoded(lit(image, 1.2, 8)),
    "darker": lambda image: encoded(lit(image, 0.75, 0)),
}

# A cut or much brighter copy may get away: a wider limit would take honest selfies for copies.
COPIES_NEAR = dict.fromkeys(COPIES, 0.95) | {"cut by 2 %": 0.4, "brighter": 0.4}


def shown(name, distances):
    """Prints a distribution; returns it as an array."""
    values = np.asarray(distances)
    points = np.percentile(values, [0, 1, 5, 50, 95, 99, 100]).round().astype(int)
    figures = "/".join(map(str, points))
    print(f"{name}: n {len(values)}, 0/1/5/50/95/99/100 % = {figures}")  # noqa: T201
    return values


def wall(seed):
    """A wall with doors, posters and shade; no two seeds alike."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.uniform(70, 190, (4, 3, 3)), (WIDTH, HEIGHT)).astype(np.uint8)
    for _ in range(14):
        x, y = int(rng.integers(-60, WIDTH)), int(rng.integers(-60, HEIGHT))
        size = rng.integers(40, 220, 2)
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        cv2.rectangle(image, (x, y), (x + int(size[0]), y + int(size[1])), colour, -1)
    return image


def shot(scene, person, rng):
    """Somebody before a scene: the frame as decoded, and about where a detector finds the face."""
    frame = scene.copy()
    eyes = float(rng.uniform(60, 80))
    x, y = 0.5 + rng.normal(0, 0.03, 2)
    person.paint(frame, Pose(*rng.normal(0, 4, 3), eyes, (float(x), float(y))))
    noisy = np.clip(frame + rng.normal(0, 2, frame.shape), 0, 255).astype(np.uint8)
    side, top = 0.95 * eyes, 1.3 * eyes
    x, y = x * WIDTH, y * HEIGHT
    return encoded(noisy), BoundingBox(x - side, y - top, x + side, y + top)


@pytest.fixture(scope="module")
def photos():
    """Real photos by person, up to three of each."""
    folder = os.environ.get("HADIR_LFW")
    if not folder:
        pytest.skip("HADIR_LFW names no folder")
    people = defaultdict(list)
    for name, path in sorted(find_images(Path(folder)).items()):
        people[name.rsplit("_", 1)[0]].append(path)
    several = [paths[:3] for paths in people.values() if len(paths) > 1]
    chosen = random.Random(3).sample(several, min(PEOPLE_OF_LFW, len(several)))
    return [[cv2.imread(str(path))[:, :, ::-1] for path in paths] for paths in chosen]


class TestFrame:
    """The whole frame: a copy is near, another shot is not."""

    @pytest.mark.parametrize("copy", COPIES)
    def test_a_copy_of_a_photo_is_near(self, photos, copy):
        """However a real photo was encoded anew."""
        distances = shown(
            f"frame, {copy}",
            [
                distance(fingerprint(one, None).frame, fingerprint(COPIES[copy](one), None).frame)
                for one, *_ in photos
            ],
        )

        assert np.mean(distances <= LIMITS.frame_bits) >= COPIES_NEAR[copy]

    def test_other_photos_are_far(self, photos):
        """Of the same person and of others: fewer than one pair in a thousand is near."""
        prints = [[fingerprint(one, None).frame for one in person] for person in photos]
        same = shown(
            "frame, other photo of the person",
            [distance(*pair) for person in prints for pair in combinations(person, 2)],
        )
        others = shown(
            "frame, other person",
            [distance(*pair) for pair in combinations([person[0] for person in prints], 2)],
        )

        assert np.mean(same <= LIMITS.frame_bits) < 0.01
        assert np.mean(others <= LIMITS.frame_bits) < 0.001

    @pytest.mark.parametrize("copy", COPIES)
    def test_a_copy_of_a_selfie_is_near(self, cast, copy):
        """People before walls, in the shape of a phone's frame."""
        rng = np.random.default_rng(4)
        distances = []
        for seed in range(30):
            frame, _ = shot(wall(seed), cast.people[seed % 5], rng)
            other = fingerprint(COPIES[copy](frame), None)
            distances.append(distance(fingerprint(frame, None).frame, other.frame))

        assert (
            np.mean(shown(f"selfie, {copy}", distances) <= LIMITS.frame_bits) >= COPIES_NEAR[copy]
        )

    def test_another_shot_before_the_same_wall_is_no_copy(self, cast):
        """The same person on the same stand, day after day: the pose differs, and so does this."""
        rng = np.random.default_rng(5)
        distances = []
        for seed in range(20):
            person, scene = cast.people[seed % 5], wall(seed)
            prints = [fingerprint(shot(scene, person, rng)[0], None).frame for _ in range(4)]
            distances += [distance(*pair) for pair in combinations(prints, 2)]

        assert np.mean(shown("frame, same stand", distances) <= LIMITS.frame_bits) <= 0.01


class TestBackground:
    """The rim of the frame: the room, whoever stands in it."""

    def test_the_room_is_known_with_another_person_in_it(self, cast):
        """The same camera on the same wall is near, other walls are far."""
        rng = np.random.default_rng(6)
        rooms = []
        for seed in range(40):
            shots = [shot(wall(seed), cast.people[(seed + k) % 5], rng) for k in range(3)]
            rooms.append([fingerprint(*one).background for one in shots])
        known = [[one for one in room if one is not None] for room in rooms]
        same = shown("room", [distance(*p) for room in known for p in combinations(room, 2)])
        first = [room[0] for room in known if room]
        others = shown("other room", [distance(*pair) for pair in combinations(first, 2)])

        assert sum(map(len, known)) >= 100
        assert np.mean(same <= LIMITS.background_bits) >= 0.9
        assert np.mean(others <= LIMITS.background_bits) < 0.005

    def test_a_plain_wall_has_none(self, cast):
        """Half the offices are painted alike: such a wall would tie strangers together."""
        rng = np.random.default_rng(7)
        ramp = np.linspace(120, 190, WIDTH)[None, :, None] * np.ones((HEIGHT, 1, 3))
        plain = ramp.astype(np.uint8)

        prints = [fingerprint(*shot(plain, person, rng)) for person in cast.people]

        assert [None] * 5 == [one.background for one in prints]

    @pytest.mark.parametrize(
        "face", [None, BoundingBox(0, 0, WIDTH, HEIGHT), BoundingBox(-90, 40, 260, 500)]
    )
    def test_none_where_a_face_hides_it(self, face):
        """Or where nobody knows what is background."""
        assert fingerprint(wall(1), face).background is None

    def test_where_the_face_is_does_not_change_it(self):
        """The ring is fixed: a detector's wobble of some pixels means nothing."""
        boxes = [BoundingBox(160 + d, 220 - d, 320 + d, 420 + d) for d in (-12, 0, 9)]

        assert 1 == len({fingerprint(wall(2), box).background for box in boxes})


class TestShape:
    """What a fingerprint is."""

    def test_fits_64_bits(self):
        """Unsigned, and the same for the same frame."""
        one = fingerprint(wall(3), BoundingBox(160, 220, 320, 420))

        assert 0 <= one.frame < 2**64
        assert 0 <= one.background < 2**64
        assert one == fingerprint(wall(3), BoundingBox(160, 220, 320, 420))

    @pytest.mark.parametrize("shape", [(64, 64), (65, 1920), (480, 640), (251, 333)])
    def test_any_frame_that_the_intake_lets_in(self, shape):
        """Whatever its sides, a brighter copy is near."""
        image = cv2.resize(wall(4), shape[::-1], interpolation=cv2.INTER_AREA)

        near = distance(fingerprint(image, None).frame, fingerprint(lit(image, 0.9, 0), None).frame)

        assert near <= LIMITS.frame_bits

    def test_distance_counts_bits(self):
        """From none to all."""
        assert [0, 1, 64] == [distance(5, 5), distance(5, 4), distance(0, 2**64 - 1)]
