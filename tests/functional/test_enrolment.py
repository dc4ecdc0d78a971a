"""Enrolment: good, different pictures of one person and nobody else, with consent, kept sealed."""

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, timedelta

import cv2
import numpy as np
import pytest
from hadir.v1 import enrollment_pb2, event_pb2, frame_pb2

from benchmarks.virtual import Camera, Pose, encode, render_crowd
from benchmarks.walker import walk
from server.app import open_services
from server.errors import DataInvalid
from server.services import enrollment
from server.storage import enrollments
from server.storage.vault import write_key_file
from tests.functional.world import (
    SteppedClock,
    World,
    consent,
    open_world,
    outcomes,
    refused,
    settings_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN_NIP = "199001012015011999"
GREY = encode(np.full((480, 640, 3), 90, np.uint8))


def rows(world: World, query: str, *values: str) -> list[tuple]:
    """Reads the database as a visitor of the disk would."""
    connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
    found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def poor_pictures(cast) -> dict[str, bytes]:
    """Returns a picture for each fault that a person can mend, by its outcome."""
    person, rng = cast.people[0], np.random.default_rng(7)

    def shot(pose: Pose, **camera) -> bytes:
        return encode(person.render(pose, Camera(**camera), rng=rng))

    two = [
        (cast.people[0], Pose(center=(0.28, 0.45))),
        (cast.people[2], Pose(center=(0.72, 0.45))),
    ]
    good = shot(Pose())
    png = cv2.imencode(".png", np.zeros((240, 320, 3), np.uint8))[1].tobytes()
    return {
        "NO_FACE": GREY,
        "SEVERAL_FACES": encode(render_crowd(two, rng=rng)),
        "TOO_SMALL": shot(Pose(eye_distance_px=30)),
        "BLURRED": shot(Pose(), blur_sigma_px=5, noise_sigma=0),
        "TOO_DARK": shot(Pose(), light=0.2),
        "TOO_BRIGHT": shot(Pose(), light=1.8),
        "POSE": shot(Pose(yaw_degrees=46)),
        "CORRUPT_IMAGE": good[:-400],
        "BAD_IMAGE_SIZE": good + bytes(600_000),
        "UNSUPPORTED_IMAGE": png,
    }


def history(world: World, nip: str) -> list[tuple]:
    """Returns what the log says of an employee's enrolments, oldest first."""
    columns = "actor, actor_nip, template_count, earlier, similarity >= threshold"
    query = f"SELECT {columns} FROM enrollment_changes WHERE nip = ? ORDER BY sequence"
    return rows(world, query, nip)


async def try_pictures(world: World, nip: str, jpegs) -> list[frame_pb2.FrameOutcome]:
    """Shows pictures to an enrolment that is given up. Returns the answers."""
    bkd = await world.bkd()
    async with bkd.stream("Enroll") as stream:
        await stream.send(open=enrollment_pb2.OpenEnrollment(nip=nip, consent=consent()))
        answers = [await stream.receive()]
        for jpeg in jpegs:
            await stream.show(jpeg)
            answers.append(await stream.receive())
    return [answer.progress for answer in answers]


class TestPictures:
    """Each picture is answered with what became of it; only good, new ones of the person count."""

    async def test_poor_pictures(self, world, cast):
        """Every fault has its name, and none of them counts."""
        pictures = poor_pictures(cast)

        progress = await try_pictures(world, world.seed.people[4].nip, pictures.values())

        assert ["USABLE", *pictures] == outcomes(answer.outcome for answer in progress)
        assert {0} == {answer.accepted_count for answer in progress}
        assert list(range(len(pictures) + 1)) == [answer.frame_number for answer in progress]
        assert {(3, 8)} == {(answer.needed_count, answer.max_count) for answer in progress}

    @pytest.mark.parametrize("x", [0.02, 0.04, 0.06, 0.96])
    async def test_half_a_face(self, world, cast, x):
        """A face that the edge of the picture cuts through its eye is cut off."""
        person, rng = cast.people[4], np.random.default_rng(3)
        half = encode(person.render(Pose(center=(x, 0.45)), rng=rng))

        progress = await try_pictures(world, world.seed.people[4].nip, [half])

        assert ["CROPPED"] == outcomes([progress[1].outcome])

    async def test_face_of_another_employee(self, world, cast):
        """Nobody is enrolled with the face of another employee."""
        shots = list(cast.actor(0).enrolment())[:2]

        progress = await try_pictures(world, world.seed.people[4].nip, shots)

        assert ["LOOKS_LIKE_ANOTHER"] * 2 == outcomes(answer.outcome for answer in progress[1:])
        assert 0 == progress[-1].accepted_count
        other = world.seed.people[0].nip
        assert ["", other, other] == [answer.resembled_nip for answer in progress]

    async def test_another_person_on_the_way(self, open_copy, cast):
        """All pictures are of the person of the first."""
        async with open_copy() as world:
            bkd, erased = await world.bkd(), world.seed.people[3].nip
            await bkd.call("EraseEnrollment", nip=erased, reason="Untuk uji")
            first, second = list(cast.actor(4).enrolment())[:2]
            other = next(cast.actor(3).enrolment())

            progress = await try_pictures(world, world.seed.people[4].nip, [first, other, second])

        seen = outcomes(answer.outcome for answer in progress[1:])
        assert ["USABLE", "DIFFERENT_PERSON", "USABLE"] == seen
        assert 2 == progress[-1].accepted_count

    async def test_same_picture(self, world, cast):
        """The same picture twice is one picture."""
        shot = cast.actor(4).shot(cast.actor(4).front)

        progress = await try_pictures(world, world.seed.people[4].nip, [shot, shot])

        assert ["USABLE", "TOO_SIMILAR"] == outcomes(answer.outcome for answer in progress[1:])
        assert [1, 1] == [answer.accepted_count for answer in progress[1:]]

    async def test_texts_and_timings(self, world, cast):
        """The answer tells the clerk what to do and the operator what it cost."""
        progress = await try_pictures(world, world.seed.people[4].nip, [GREY])

        assert "Wajah tidak terlihat." == progress[1].text
        assert progress[1].timings.decode_ms > 0
        assert progress[1].timings.detect_ms > 0


class TestWhoAndWhy:
    """No enrolment without notice, employee and enough pictures; nothing is stored before."""

    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"confirmed": False}, "CONSENT_REQUIRED"),
            ({"notice_version": ""}, "FIELD_REQUIRED"),
            ({"confirm_time": None}, "FIELD_REQUIRED"),
            ({"notice_version": "v" * 61}, "FIELD_INVALID"),
        ],
        ids=["not confirmed", "no version", "no time", "long version"],
    )
    async def test_consent(self, world, fields, reason):
        """The notice is given and confirmed first."""
        bkd = await world.bkd()
        opened = enrollment_pb2.OpenEnrollment(
            nip=world.seed.people[4].nip, consent=consent(**fields)
        )
        async with bkd.stream("Enroll") as stream:
            await stream.send(open=opened)
            with refused(reason, "INVALID_ARGUMENT"):
                await stream.receive()

    async def test_no_consent_at_all(self, world):
        """Leaving the consent out is the same as not giving it."""
        bkd = await world.bkd()
        async with bkd.stream("Enroll") as stream:
            await stream.send(open=enrollment_pb2.OpenEnrollment(nip=world.seed.people[4].nip))
            with refused("FIELD_REQUIRED", "INVALID_ARGUMENT") as caught:
                await stream.receive()

        assert "consent" == caught.value.metadata["field"]

    async def test_unknown_employee(self, world):
        """Nobody is enrolled who is no employee."""
        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await world.enrol(UNKNOWN_NIP, [])

    async def test_own_face(self, world):
        """A person of BKD is enrolled by another one."""
        with refused("OWN_NIP", "PERMISSION_DENIED"):
            await world.enrol(world.seed.employees[-1].nip, [], bkd=await world.officer())

    async def test_log(self, open_copy, cast):
        """Each enrolment is kept: by whom, and how like the face that it replaces."""
        async with open_copy() as world:
            nip, officer = world.seed.people[1].nip, await world.officer()

            async def again(face: int) -> None:
                await world.enrol(nip, cast.actor(face).enrolment(), bkd=officer)

            await again(1)
            await again(4)
            await officer.call("EraseEnrollment", nip=nip, reason="Untuk uji")
            await again(4)
            with sqlite3.connect(world.directory / "hadir.db") as connection:
                broken = "UPDATE templates SET vector = x'00' WHERE nip = ?"
                connection.execute(broken, (nip,))
            connection.close()
            await again(1)
            found = history(world, nip)

        clerk = ("petugas", world.seed.employees[-1].nip)
        assert [("bkd", ""), clerk, clerk, clerk, clerk] == [row[:2] for row in found]
        assert all(row[2] >= enrollment.FRAMES_NEEDED for row in found)
        assert [
            ("NOTHING", None),
            ("COMPARED", 1),
            ("COMPARED", 0),
            ("ERASED", None),
            ("UNREADABLE", None),
        ] == [row[3:] for row in found]

    @pytest.mark.parametrize("count", [0, 2])
    async def test_too_few(self, world, cast, count):
        """Fewer than three good pictures make no enrolment, and the answer says how many."""
        nip = world.seed.people[4].nip

        with refused("TOO_FEW_FRAMES", "FAILED_PRECONDITION") as caught:
            await world.enrol(nip, list(cast.actor(4).enrolment())[:count])

        assert f"Baru {count} dari 3 foto yang baik dan berbeda." == caught.value.message
        assert [] == rows(world, "SELECT nip FROM enrollments WHERE nip = ?", nip)

    async def test_hang_up(self, world, cast):
        """An enrolment that is broken off leaves nothing behind."""
        bkd, nip = await world.bkd(), world.seed.people[4].nip
        await try_pictures(world, nip, list(cast.actor(4).enrolment())[:4])

        with refused("ENROLLMENT_UNKNOWN", "NOT_FOUND"):
            await bkd.call("GetEnrollment", nip=nip)

    async def test_same_face_twice_at_once(self, open_copy, cast):
        """Of two employees who are enrolled with one face at the same time, one is stored.

        The other is refused at the end, or frame by frame where the first was stored by then.
        """
        async with open_copy() as world:
            bkd = await world.bkd()
            nips = [world.seed.people[4].nip, world.seed.employees[12].nip]

            async def enrol(nip: str):
                return await world.enrol(nip, list(cast.actor(4).enrolment())[:4], bkd=bkd)

            results = await asyncio.gather(*map(enrol, nips), return_exceptions=True)
            stored = rows(world, "SELECT nip FROM enrollments WHERE nip IN (?, ?)", *nips)

        lost = [result for result in results if isinstance(result, Exception)]
        assert 1 == len(lost)
        assert lost[0].reason in {"LOOKS_LIKE_ANOTHER", "TOO_FEW_FRAMES"}
        assert 1 == len(stored)


class TestLifeOfAnEnrolment:
    """Stored, shown without the face, replaced, erased with proof."""

    async def test_shown(self, world):
        """What is shown is when, by whom, with which model and consent."""
        bkd = await world.bkd()

        found = await bkd.call("GetEnrollment", nip=world.seed.people[0].nip)

        assert 3 <= found.template_count <= 6
        assert "bkd" == found.actor
        assert found.model_version.startswith("sface-")
        assert ("2022-02", True) == (found.consent.notice_version, found.consent.confirmed)
        assert found.consent.confirm_time.ToDatetime(UTC) <= world.clock.now()
        assert timedelta() < world.clock.now() - found.create_time.ToDatetime(UTC)

    async def test_replaced(self, open_copy, cast):
        """A second enrolment takes the place of the first, rows and key."""
        async with open_copy() as world:
            nip = world.seed.people[1].nip
            key = "SELECT wrapped_key FROM enrollments WHERE nip = ?"
            templates = "SELECT template_id FROM templates WHERE nip = ?"
            before = rows(world, key, nip), set(rows(world, templates, nip))

            _, enrolment = await world.enrol(nip, list(cast.actor(1).enrolment())[:3])

            after = rows(world, key, nip), set(rows(world, templates, nip))
            kiosk = await world.kiosk()
            walked = await walk(kiosk.client, cast.actor(1).walk(18), frames_per_second=15)

        assert 3 == enrolment.template_count
        assert before[0] != after[0]
        assert 4 == len(after[1])
        assert before[1].isdisjoint(after[1])
        assert 1 == len(walked.recognised)

    async def test_erased_with_proof(self, open_copy):
        """The proof is the digest of the sealed rows that were there; no row is left."""
        async with open_copy() as world:
            bkd, nip = await world.bkd(), world.seed.people[2].nip
            digest = hashlib.sha256()
            vectors = "SELECT vector FROM templates WHERE nip = ? ORDER BY template_id"
            images = "SELECT image FROM enrollment_images WHERE nip = ? ORDER BY image_id"
            sealed = rows(world, vectors, nip), rows(world, images, nip)
            for (content,) in (*sealed[0], *sealed[1]):
                digest.update(content)

            proof = await bkd.call("EraseEnrollment", nip=nip, reason="Permintaan pegawai")

            left = [rows(world, query, nip) for query in (vectors, images)]
            kept = rows(world, "SELECT reason, actor, digest FROM erasures WHERE nip = ?", nip)
            with refused("ENROLLMENT_UNKNOWN", "NOT_FOUND"):
                await bkd.call("GetEnrollment", nip=nip)
            with refused("ENROLLMENT_UNKNOWN", "NOT_FOUND"):
                await bkd.call("EraseEnrollment", nip=nip, reason="Sekali lagi")

        assert (len(sealed[0]), len(sealed[1])) == (proof.template_count, proof.image_count)
        assert digest.digest() == proof.erased_digest
        assert [[], []] == left
        assert [("Permintaan pegawai", "bkd", digest.digest())] == kept

    async def test_erased_from_the_disk(self, open_copy, cast):
        """Neither the file nor its log of changes holds the key any more, or a sealed template."""
        async with open_copy() as world:
            bkd, nip = await world.bkd(), world.seed.people[1].nip
            await world.enrol(nip, list(cast.actor(1).enrolment())[:3])
            [(key,)] = rows(world, "SELECT wrapped_key FROM enrollments WHERE nip = ?", nip)
            [(vector,), *_] = rows(world, "SELECT vector FROM templates WHERE nip = ?", nip)
            files = [world.directory / name for name in ("hadir.db", "hadir.db-wal")]
            before = [any(one in file.read_bytes() for file in files) for one in (key, vector)]

            await bkd.call("EraseEnrollment", nip=nip, reason="Permintaan pegawai")

            after = [any(one in file.read_bytes() for file in files) for one in (key, vector)]

        assert [True, True] == before
        assert [False, False] == after

    async def test_erasure_needs_a_reason(self, world):
        """Without a reason nothing is erased."""
        bkd, nip = await world.bkd(), world.seed.people[0].nip

        for reason, name in (("", "FIELD_REQUIRED"), ("ya", "REASON_REQUIRED")):
            with refused(name, "INVALID_ARGUMENT"):
                await bkd.call("EraseEnrollment", nip=nip, reason=reason)

        assert nip == (await bkd.call("GetEnrollment", nip=nip)).nip


class TestAtRest:
    """Faces lie encrypted on disk; the key file opens them, and no other."""

    async def test_no_face_in_the_files(self, world):
        """Neither a template nor an image can be read from the database's files."""
        service, nip = world.app.services.enrollments, world.seed.people[0].nip
        async with service._database.read() as connection:
            face = await enrollments.templates_of(connection, service._vault, nip)
        secrets = [vector.astype("<f4").tobytes()[:32] for vector in (*face.singles, face.mean)]
        secrets += [b"\x89PNG\r\n\x1a\n", b"\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\x00\x10JFIF"]
        known = [b"2022-02", world.seed.people[0].display_name.encode()]

        content = b"".join(f.read_bytes() for f in sorted(world.directory.glob("hadir.db*")))

        assert [] == [secret for secret in secrets if secret in content]
        assert known == [word for word in known if word in content]

    async def test_key_file_is_private(self, world):
        """Only the owner reads the key file."""
        assert 0o600 == (world.directory / "hadir.key").stat().st_mode & 0o777

    async def test_restart(self, open_copy, cast, seed):
        """A server that starts on the same files recognises the same people."""
        async with open_copy() as world:
            directory = world.directory
            _, enrolment = await world.enrol(
                seed.people[4].nip, list(cast.actor(4).enrolment())[:3]
            )
        async with open_world(directory, seed, cast) as world:
            kiosk = await world.kiosk()
            walked = await walk(kiosk.client, cast.actor(4).walk(18), frames_per_second=15)
            size = world.app.services.enrollments.gallery_size

        assert 3 == enrolment.template_count
        assert 5 == size
        assert [seed.people[4].display_name] == [f.event.display_name for f in walked.recognised]

    async def test_another_key(self, open_copy, cast, seed):
        """With another key the server does not start: it never begins with an empty gallery."""
        async with open_copy() as world:
            directory = world.directory
        (directory / "hadir.key").unlink()
        write_key_file(directory / "hadir.key")

        with pytest.raises(DataInvalid, match="does not fit the key file"):
            async with open_world(directory, seed, cast):
                pass


class TestUnreadable:
    """A stored face that cannot be read, of one person among others."""

    async def test_keeps_nobody_else_from_work(self, new_copy, seed, cast):
        """The server starts without it and says so; the person is enrolled again."""
        directory = new_copy()
        broken = seed.people[0].nip
        with closing(sqlite3.connect(directory / "hadir.db")) as connection:
            connection.execute(
                "UPDATE templates SET vector = substr(vector, 1, length(vector) - 1)"
                " WHERE kind = 'MEAN' AND nip = ?",
                (broken,),
            )
            connection.commit()

        async with open_world(directory, seed, cast) as world:
            service = world.app.services.enrollments
            before = service.gallery_size, len(service.unreadable)
            walked = await walk((await world.kiosk()).client, cast.actor(2).walk(24))
            phone = await world.phone(0)
            with refused("NOT_ENROLLED", "FAILED_PRECONDITION"):
                await phone.check_in(event_pb2.EVENT_KIND_IN, world.place(0), cast.actor(0))
            await world.enrol(broken, cast.actor(0).enrolment())
            after = service.gallery_size, len(service.unreadable)

        people = len(seed.phones)
        assert (people - 1, 1) == before
        assert (people, 0) == after
        assert 1 == len(walked.recognised)


class TestReembed:
    """After a change of models the stored crops make new templates."""

    async def test_reembed(self, new_copy, seed, cast, monkeypatch):
        """Of everybody, retired or not; until then the server says that they are missing."""
        directory, warned = new_copy(), []
        monkeypatch.setattr(
            enrollment.log, "warning", lambda *what, **more: warned.append((*what, more["count"]))
        )
        people = len(seed.phones)
        retired = seed.people[0].nip
        connection = sqlite3.connect(directory / "hadir.db")
        connection.execute("UPDATE enrollments SET model_version = 'earlier'")
        connection.execute("UPDATE employees SET state = 'INACTIVE' WHERE nip = ?", (retired,))
        connection.commit()
        connection.close()

        async with open_world(directory, seed, cast) as world:
            before = world.app.services.enrollments.gallery_size
        async with open_services(settings_in(directory), SteppedClock()) as services:
            done, again = [await services.enrollments.reembed() for _ in range(2)]
        async with open_world(directory, seed, cast) as world:
            after = world.app.services.enrollments.gallery_size
            walked = await walk((await world.kiosk()).client, cast.actor(2).walk(24))
            [event] = await world.events()

        assert (0, people, 0) == (before, done, again)
        assert [("enrolments_outdated", people)] == warned
        assert people - 1 == after
        assert world.seed.people[2].display_name == event.display_name
        assert 1 == len(walked.recognised)
