"""What a kiosk keeps of those in view, and for how long it looks at whom nothing comes of."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hadir.v1 import kiosk_pb2

from benchmarks.virtual import Camera, encode
from benchmarks.walker import walk
from server.domain import track
from tests.functional.world import outcomes

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

FPS = 15.0


def portrait(cast, frames: int):
    """Yields pictures of a stranger who does not move at all."""
    rng = np.random.default_rng(5)
    for _ in range(frames):
        yield encode(cast.people[4].render(cast.actor(4).front, rng=rng))


class TestRest:
    """A face that keeps still and of which nothing comes costs little, until something changes."""

    async def test_portrait(self, world, cast):
        """It is embedded now and then, stays unknown, and whoever steps up is recognised."""
        pictures = list(portrait(cast, 60))
        kiosk = await world.kiosk()

        walked = await walk(
            kiosk.client, [*pictures, *cast.actor(1).walk(18)], frames_per_second=FPS
        )

        still = [result for result in walked.results[:60] if result.faces]
        embedded = [result.timings.batch > 0 for result in still]
        unknown = kiosk_pb2.FACE_STATE_NOT_RECOGNISED
        assert all(embedded[:8])
        assert sum(embedded[8:]) < len(embedded[8:]) / 4
        assert {unknown} == {result.faces[0].state for result in still[8:]}
        assert world.seed.people[1].display_name in {
            face.event.display_name for face in walked.recognised
        }


class TestPace:
    """At the rate at which kiosks are asked for frames, heads are heads and photos are photos."""

    async def test_people_who_walk_up(self, world, cast):
        """A turn takes few frames at 5 a second, and more than one."""
        kiosk = await world.kiosk()
        for number in (0, 1):
            walked = await walk(kiosk.client, cast.actor(number).walk(24))

            names = [face.event.display_name for face in walked.recognised]
            assert [world.seed.people[number].display_name] == names

    async def test_two_photos_in_turns(self, world, cast):
        """Of a person who looks left and right: each is still, and the step between is no turn."""
        rng, before = np.random.default_rng(5), await world.events()
        front = cast.actor(0).front
        sides = [replace(front, yaw_degrees=front.yaw_degrees + turn) for turn in (-10, 10)]
        poses = [sides[number // 6 % 2] for number in range(36)]
        photos = [encode(cast.people[0].render(pose, rng=rng)) for pose in poses]
        kiosk = await world.kiosk()

        walked = await walk(kiosk.client, photos)

        seen = {face.state for face in walked.faces}
        assert kiosk_pb2.FACE_STATE_TURN_HEAD in seen
        assert kiosk_pb2.FACE_STATE_RECOGNISED not in seen
        assert before == await world.events()


class TestTracks:
    """What is kept of the frames before."""

    async def test_tracks_keep_no_images(self, world, cast, monkeypatch):
        """Of the frames that tracks remember only the times count."""
        kept = []
        follow = track.Tracker.follow

        def watched(self, faces, frame):
            found = follow(self, faces, frame)
            kept.extend(one.first for one in found)
            return found

        monkeypatch.setattr(track.Tracker, "follow", watched)
        kiosk = await world.kiosk()
        await walk(kiosk.client, cast.actor(0).walk(6), frames_per_second=FPS)

        assert kept
        assert {b""} == {frame.jpeg for frame in kept}

    async def test_poor_faces_show_no_relief(self, world, cast, monkeypatch):
        """What is too blurred to be compared may be another picture: relief begins anew."""
        rng, seen = np.random.default_rng(3), []
        follow = track.Tracker.follow

        def watched(self, faces, frame):
            found = follow(self, faces, frame)
            seen.append(len(found[0].landmarks))
            return found

        monkeypatch.setattr(track.Tracker, "follow", watched)
        good = list(itertools.islice(cast.actor(0).walk(18), 8, 13))
        blur = Camera(blur_sigma_px=6, noise_sigma=0)
        blurred = encode(cast.people[0].render(cast.actor(0).front, blur, rng=rng))
        kiosk = await world.kiosk()
        walked = await walk(kiosk.client, [*good[:3], blurred, *good[3:]], frames_per_second=FPS)

        faces = [result.faces[0] for result in walked.results]
        assert "BLURRED" == outcomes([faces[3].outcome])[0]
        assert 1 == len({face.track_number for face in faces})
        assert [0, 1, 2, 3, 0, 1] == seen
