"""People who walk up to a kiosk: recognised once, never guessed, pictures never recorded."""

import asyncio
import itertools
import math
import sqlite3
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hadir.v1 import event_pb2, kiosk_pb2

from benchmarks.virtual import Camera, Pose, encode, render_crowd
from benchmarks.walker import Walk, walk
from server.domain import track
from server.domain.track import SPOOF_AFTER_LOOKS
from server.vision.line import Urgency
from server.vision.pipeline import Pipeline
from tests.functional.attendance_world import go_to
from tests.functional.seeding import import_csv
from tests.functional.world import World, names, now, outcomes, refused

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

FPS = 15.0
IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT


def states(walked: Walk) -> set[str]:
    """Returns what a walk was shown."""
    return set(names(kiosk_pb2.FaceState, "FACE_STATE_", (face.state for face in walked.faces)))


def pair(cast, first: int, second: int, frames: int):
    """Yields frames of two people side by side who both look around."""
    rng = np.random.default_rng(11)
    fronts = [cast.actor(number).front.yaw_degrees for number in (first, second)]
    for index in range(frames):
        yaw = 14 * np.sin(index / 2.5)
        people = [
            (cast.people[number], Pose(yaw_degrees=front + yaw * turn, center=(x, 0.45)))
            for number, front, turn, x in zip(
                (first, second), fronts, (1, -1), (0.27, 0.73), strict=True
            )
        ]
        yield encode(render_crowd(people, rng=rng))


async def see(world: World, frames, *, site_id: str = "kantor-gubernur", language: str = "id"):
    """Walks past a kiosk."""
    kiosk = await world.kiosk(site_id, language=language)
    return await walk(kiosk.client, frames, frames_per_second=FPS)


class TestRecognition:
    """Who is enrolled is recognised and recorded, once."""

    async def test_three_people_in_a_row(self, world, cast):
        """Three people who follow each other get one event each, under their own names."""
        frames = itertools.chain(*(list(cast.actor(number).walk(18)) for number in (0, 1, 2)))

        walked = await see(world, frames)

        people = [world.seed.people[number] for number in (0, 1, 2)]
        events = [face.event for face in walked.recognised]
        assert "Kantor Gubernur" == walked.site_name
        assert [one.display_name for one in people] == [event.display_name for event in events]
        assert [one.unit_id for one in people] == [event.unit_id for event in events]
        assert {"Tercatat. Terima kasih."} == {face.text for face in walked.recognised}
        assert ["*" * 14 + one.nip[-4:] for one in people] == [event.nip for event in events]
        assert {(IN, event_pb2.EVENT_SOURCE_KIOSK)} == {(e.kind, e.source) for e in events}
        assert all(event.scores.similarity >= event.scores.threshold for event in events)
        assert all(event.scores.margin >= 0.05 for event in events)
        stored = await world.events()
        assert {event.event_id for event in events} == {event.event_id for event in stored}
        assert {one.nip for one in people} == {event.nip for event in stored}

    async def test_event_time(self, world, cast):
        """The moment that counts is when the person came into view, not when the vote was won."""
        start, shown = world.clock.now(), []

        def frames():
            for jpeg in cast.actor(3).walk(18):
                shown.append(datetime.now(UTC))
                yield jpeg

        walked = await see(world, frames())

        event = walked.recognised[0].event
        event_time = event.event_time.ToDatetime(UTC)
        # The first frame's own time is in the event: it was taken before the second was.
        taken = event.device_time.ToDatetime(UTC)
        assert timedelta(milliseconds=-1) <= taken - shown[0] <= shown[1] - shown[0]
        assert start <= event_time < event.create_time.ToDatetime(UTC)
        assert world.seed.kiosks["kantor-gubernur"].device_id == event.device_id
        assert 0.0 == event.distance_m

    async def test_person_of_another_site(self, world, cast):
        """Whoever works elsewhere is recognised too, at the kiosk's site."""
        walked = await see(world, cast.actor(0).walk(18), site_id="jalan-40", language="en")

        assert ["jalan-40"] == [face.event.site_id for face in walked.recognised]
        assert world.seed.people[0].display_name == walked.recognised[0].event.display_name
        assert "Recorded. Thank you." == walked.recognised[0].text

    async def test_in_then_out(self, open_copy, cast):
        """The first sighting of a day is IN, a repeat within minutes is that one, later is OUT."""
        async with open_copy(repeat_minutes=5) as world:
            go_to(world, "09:00")  # no midnight between two sightings
            first = await see(world, cast.actor(0).walk(18))
            world.clock.advance(minutes=3)
            repeat = await see(world, cast.actor(0).walk(18))
            world.clock.advance(minutes=3)
            later = await see(world, cast.actor(0).walk(18))
            stored = await world.events()

        faces = [walked.recognised[0] for walked in (first, repeat, later)]
        assert [IN, IN, OUT] == [face.event.kind for face in faces]
        assert [False, True, False] == [face.already_recorded for face in faces]
        assert faces[0].event == faces[1].event
        assert [OUT, IN] == [event.kind for event in stored]

    async def test_leaves_twice(self, open_copy, cast):
        """Seen by the door and minutes later again: the last check-out is kept."""
        async with open_copy(repeat_minutes=5) as world:
            go_to(world, "09:00")  # no midnight between two sightings
            await see(world, cast.actor(0).walk(18))
            world.clock.advance(minutes=6)
            await see(world, cast.actor(0).walk(18))
            world.clock.advance(minutes=4)
            last = await see(world, cast.actor(0).walk(18))
            stored = await world.events()

        assert [OUT, OUT, IN] == [event.kind for event in stored]
        assert not last.recognised[0].already_recorded

    async def test_phone_and_kiosk_at_once(self, open_copy, cast):
        """Who checks in by phone in front of the kiosk comes once, at the earlier moment."""
        async with open_copy(repeat_minutes=5) as world:
            phone = await world.phone(0)
            result, walked = await asyncio.gather(
                phone.check_in(IN, world.place(0), cast.actor(0)),
                see(world, cast.actor(0, take=1).walk(18)),
            )
            stored = await world.events()

        shown = {face.event.event_id for face in walked.recognised}
        shown.add(result.receipt.event.event_id)
        # One event; two only where what was stored first had happened later.
        assert shown == {event.event_id for event in stored}
        assert {IN} == {event.kind for event in stored}
        times = [event.event_time.ToDatetime(UTC) for event in reversed(stored)]
        assert sorted(set(times), reverse=True) == times

    async def test_two_people_at_once(self, world, cast):
        """Two people side by side are two tracks and two events."""
        walked = await see(world, pair(cast, 1, 2, 24))

        found = {face.event.display_name: face.track_number for face in walked.recognised}
        people = {world.seed.people[number].display_name for number in (1, 2)}
        assert people == set(found)
        assert 2 == len(set(found.values()))
        assert all(2 >= len(result.faces) for result in walked.results)

    async def test_stays_recognised(self, world, cast):
        """Who stays in view keeps the track and the event."""
        walked = await see(world, cast.actor(2).walk(30))

        recorded = [f for f in walked.faces if f.state == kiosk_pb2.FACE_STATE_RECOGNISED]
        assert len(recorded) > 5
        assert 1 == len({face.track_number for face in recorded})
        assert 1 == len({face.event.event_id for face in recorded})


class TestNobody:
    """Who is not enrolled, or is only a picture, is never recorded."""

    async def test_stranger(self, world, cast):
        """A stranger is not recognised: no name, no event."""
        before = await world.events()

        walked = await see(world, cast.actor(4).walk(20), language="en")

        unknown = [f for f in walked.faces if f.state == kiosk_pb2.FACE_STATE_NOT_RECOGNISED]
        assert "RECOGNISED" not in states(walked)
        assert {"Not recognised. Use your phone or ask BKD."} == {face.text for face in unknown}
        assert not any(face.HasField("event") for face in walked.faces)
        assert before == await world.events()

    async def test_flat_print(self, world, cast):
        """A print of an enrolled person is asked to turn, then suspected, never recorded."""
        before, printed = await world.events(), cast.actor(0, flat=True)
        start = world.clock.now()
        held = [
            printed.shot(Pose(yaw_degrees=14 * math.sin(index / 2.5)))
            for index in range(SPOOF_AFTER_LOOKS + 10)
        ]

        walked = await see(world, held)

        assert "RECOGNISED" not in states(walked)
        assert {"TURN_HEAD", "SPOOF_SUSPECTED"} <= states(walked)
        assert before == await world.events()
        assert [world.seed.people[0].nip] == self._suspected_since(world, start)

    async def test_picture_held_for_somebody_late(self, world, cast):
        """A picture wins no time for the person on it who comes later into the same place."""
        printed = cast.actor(0, flat=True)
        times = []

        def frames():
            for index in range(SPOOF_AFTER_LOOKS + 10):
                world.clock.advance(seconds=1)
                times.append(world.clock.now())
                yield printed.shot(Pose(yaw_degrees=14 * math.sin(index / 2.5)))
            yield from cast.actor(0).walk(24)

        walked = await see(world, frames())

        came = walked.recognised[0].event.event_time.ToDatetime(UTC)
        assert "SPOOF_SUSPECTED" in states(walked)
        assert came >= times[SPOOF_AFTER_LOOKS - 1]

    def _suspected_since(self, world, start) -> list[str]:
        """Returns whose pictures were noted as suspected spoofs."""
        connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
        found = connection.execute(
            "SELECT nip FROM refusals WHERE reason = 'SPOOF_SUSPECTED' AND refuse_time >= ?",
            (start.timestamp() * 1e6,),
        ).fetchall()
        connection.close()
        return [nip for (nip,) in found]

    async def test_nobody_in_view(self, world):
        """An empty lobby is an outcome."""
        empty = [encode(np.full((480, 640, 3), grey, np.uint8)) for grey in (90, 120)]

        walked = await see(world, empty)

        assert ["NO_FACE"] * 2 == outcomes(result.outcome for result in walked.results)

    async def test_erased(self, open_copy, cast):
        """After an erasure the kiosk recognises nobody, even in an open stream."""
        async with open_copy() as world:
            bkd, kiosk = await world.bkd(), await world.kiosk()
            nip = world.seed.people[2].nip
            before = await walk(kiosk.client, cast.actor(2).walk(18), frames_per_second=FPS)
            world.clock.advance(minutes=6)
            async with kiosk.stream("Identify") as stream:
                await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
                await stream.receive()
                await bkd.call("EraseEnrollment", nip=nip, reason="Permintaan pegawai")
                seen = []
                for jpeg in cast.actor(2).walk(18):
                    await stream.show(jpeg)
                    seen += (await stream.receive()).result.faces
            stored = await world.events()

        found = names(kiosk_pb2.FaceState, "FACE_STATE_", (face.state for face in seen))
        assert 1 == len(before.recognised)
        assert "NOT_RECOGNISED" in found
        assert "RECOGNISED" not in found
        assert 1 == len(stored)

    async def test_erased_before_the_turn(self, open_copy, cast, monkeypatch):
        """Votes from before an erasure record nobody once the head was turned."""
        relief, seen = [0.0], []
        monkeypatch.setattr(track, "relief", lambda *_: relief[0])
        async with open_copy() as world:
            bkd, kiosk = await world.bkd(), await world.kiosk()
            async with kiosk.stream("Identify") as stream:
                await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
                await stream.receive()
                for count, jpeg in enumerate(itertools.islice(cast.actor(2).walk(18), 6, 14)):
                    if count == 5:
                        nip = world.seed.people[2].nip
                        await bkd.call("EraseEnrollment", nip=nip, reason="Permintaan pegawai")
                        relief[0] = 1.0
                    await stream.show(jpeg)
                    seen += (await stream.receive()).result.faces
            stored = await world.events()

        found = names(kiosk_pb2.FaceState, "FACE_STATE_", (face.state for face in seen))
        assert "TURN_HEAD" == found[4]
        assert "RECOGNISED" not in found
        assert [] == stored

    async def test_out_of_service(self, open_copy, cast):
        """Whoever left the service is not recognised any more."""
        async with open_copy() as world:
            person = world.seed.people[1]
            row = f"nip,name,unit_id,state\n{person.nip},{person.display_name},bkd,INACTIVE\n"
            await import_csv(await world.bkd(), row.encode())

            walked = await see(world, cast.actor(1).walk(18))

        assert "NOT_RECOGNISED" in states(walked)
        assert "RECOGNISED" not in states(walked)


class TestFrames:
    """What is no good frame is an outcome; the stream goes on."""

    async def test_bad_frames(self, world, cast):
        """Bytes of every wrong kind are answered by name, and then a person is recognised."""
        good = cast.actor(0).shot(cast.actor(0).front)
        grey = encode(np.full((480, 640, 3), 90, np.uint8))
        small = encode(np.full((60, 640, 3), 90, np.uint8))
        large = encode(np.full((64, 1928, 3), 90, np.uint8))
        bad = {
            b"": "CORRUPT_IMAGE",
            b"no image at all": "CORRUPT_IMAGE",
            good[: len(good) // 2]: "CORRUPT_IMAGE",
            good[: len(good) // 2] + b"\xff\xd9": "CORRUPT_IMAGE",
            b"\x89PNG\r\n\x1a\n" + bytes(64): "UNSUPPORTED_IMAGE",
            b"GIF89a" + bytes(64): "UNSUPPORTED_IMAGE",
            good.replace(b"\xff\xc0", b"\xff\xc2", 1): "UNSUPPORTED_IMAGE",
            small: "BAD_IMAGE_SIZE",
            large: "BAD_IMAGE_SIZE",
            good + bytes(600_000): "BAD_IMAGE_SIZE",
            grey: "NO_FACE",
        }
        frames = [*bad, grey, *cast.actor(0).walk(18)]

        walked = await see(world, frames)

        seen = outcomes(result.outcome for result in walked.results)
        assert [*bad.values(), "DUPLICATE"] == seen[: len(bad) + 1]
        assert 1 == len(walked.recognised)
        assert list(range(1, len(frames) + 1)) == [r.frame_number for r in walked.results]

    async def test_poor_faces(self, world, cast):
        """A face that is too dark, too bright, too small or blurred says what to do better."""
        person, rng = cast.people[4], np.random.default_rng(3)
        shots = {
            "TOO_DARK": person.render(Pose(), Camera(light=0.16), rng=rng),
            "TOO_BRIGHT": person.render(Pose(), Camera(light=2.0), rng=rng),
            "TOO_SMALL": person.render(Pose(eye_distance_px=22), rng=rng),
            "BLURRED": person.render(Pose(), Camera(blur_sigma_px=6, noise_sigma=0), rng=rng),
        }

        walked = await see(world, [encode(shot) for shot in shots.values()])

        faces = [result.faces[0] for result in walked.results]
        assert list(shots) == outcomes(face.outcome for face in faces)
        assert {kiosk_pb2.FACE_STATE_UNUSABLE} == {face.state for face in faces}

    async def test_half_a_face(self, world, cast):
        """A face that the edge of the frame cuts through its eye is no usable face."""
        person, rng = cast.people[4], np.random.default_rng(3)
        shots = [person.render(Pose(center=(x, 0.45)), rng=rng) for x in (0.02, 0.98)]

        walked = await see(world, [encode(shot) for shot in shots])

        faces = [face for result in walked.results for face in result.faces]
        assert ["CROPPED", "CROPPED"] == outcomes(face.outcome for face in faces)

    async def test_overtaken_frames(self, world, cast):
        """Of a burst the newest counts; each frame is answered once, in order."""
        kiosk, jpegs = await world.kiosk(), list(cast.actor(1).walk(30))
        async with kiosk.stream("Identify") as stream:
            await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
            await stream.receive()
            for jpeg in jpegs:
                await stream.show(jpeg)
            await stream.duplex.done_writing()
            results = [message.result for message in await stream.rest()]

        found = outcomes(result.outcome for result in results)
        assert list(range(1, len(jpegs) + 1)) == [result.frame_number for result in results]
        assert {"SUPERSEDED", "USABLE"} == set(found)
        assert "USABLE" == found[-1]
        assert not any(r.faces for r, name in zip(results, found, strict=True) if name != "USABLE")

    async def test_ready(self, world):
        """The server says where the kiosk stands, what time it is and how many frames it wants."""
        kiosk = await world.kiosk()
        async with kiosk.stream("Identify") as stream:
            before = world.clock.now()
            await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
            ready = (await stream.receive()).ready
            after = world.clock.now()

        assert ("Kantor Gubernur", 5.0) == (ready.site_name, ready.max_frames_per_second)
        assert "Asia/Jayapura" == ready.time_zone
        assert before <= ready.server_time.ToDatetime(UTC) <= after

    async def test_disputed_clock(self, world, cast):
        """Events of a kiosk whose clock is off say so."""
        kiosk = await world.kiosk()
        world.clock.advance(minutes=6)

        walked = await walk(kiosk.client, cast.actor(2).walk(18), frames_per_second=FPS)

        assert walked.recognised[0].event.clock_disputed


class TestDrain:
    """A server that stops says so, and ends the streams of kiosks by itself."""

    async def test_resume_then_unavailable(self, open_copy):
        """The kiosk is told to come back, then the stream ends with a time to wait."""
        async with open_copy() as world:
            kiosk = await world.kiosk()
            async with kiosk.stream("Identify") as stream:
                await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
                await stream.receive()
                drained = asyncio.create_task(world.app.drain())
                resume = await stream.receive()
                with refused("SERVER_DRAINING", "UNAVAILABLE") as caught:
                    await stream.rest()
            await drained

        assert timedelta(seconds=2) == resume.resume.delay.ToTimedelta()
        assert 1.5 < caught.value.retry_after_s < 3


@pytest.fixture
def looks(monkeypatch) -> list[bool]:
    """For each frame, in order, whether its faces might be followed instead of searched for."""
    seen: list[bool] = []
    analyze = Pipeline.analyze

    async def watched(self, data, gate, urgency=Urgency.PERSON, *, gaze=None, traced=False):
        seen.append(bool(gaze and gaze.may_follow and gaze.boxes))
        return await analyze(self, data, gate, urgency, gaze=gaze, traced=traced)

    monkeypatch.setattr(Pipeline, "analyze", watched)
    return seen


class TestFollowing:
    """Only faces that have their event are followed: see Gaze for why."""

    async def test_once_recorded(self, world, cast, looks):
        """Not one frame before; afterwards most, and all are answered."""
        frames = [*cast.actor(0).walk(18), *itertools.islice(cast.actor(0).enrolment(), 5)]
        walked = await see(world, frames)
        looked = [result for result in walked.results if result.faces]  # not what was overtaken
        recorded = next(n for n, result in enumerate(looked) if result.faces[0].event.nip)
        assert not any(looks[: recorded + 1])
        assert any(looks[recorded + 1 :])

    async def test_not_beside_a_stranger(self, world, cast, looks):
        """Who was not recorded yet is looked at as if alone."""
        await see(world, pair(cast, 0, 4, 24))
        assert looks
        assert not any(looks)
