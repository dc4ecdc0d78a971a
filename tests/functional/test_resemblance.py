"""Twins, and who looks like one: both are enrolled, so that neither is taken for the other."""

from itertools import islice

import pytest
from hadir.v1 import enrollment_pb2, event_pb2

from benchmarks.walker import walk
from tests.functional.test_enrolment import rows
from tests.functional.world import World, consent, outcomes, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN = event_pb2.EVENT_KIND_IN
REASON = "Saudara kembar, KTP keduanya dibandingkan"


def opening(nip: str, resembled: str, reason: str = REASON) -> enrollment_pb2.OpenEnrollment:
    """Returns the opening of an enrolment of somebody who resembles somebody else."""
    resemblance = enrollment_pb2.Resemblance(nip=resembled, reason=reason)
    return enrollment_pb2.OpenEnrollment(nip=nip, consent=consent(), resemblance=resemblance)


async def enrol(world: World, opened: enrollment_pb2.OpenEnrollment, jpegs) -> list[str]:
    """Enrols with an opening. Returns what became of each picture."""
    bkd, seen = await world.bkd(), []
    async with bkd.stream("Enroll") as stream:
        await stream.send(open=opened)
        await stream.receive()
        for jpeg in jpegs:
            await stream.show(jpeg)
            seen.append((await stream.receive()).progress.outcome)
        await stream.send(commit=enrollment_pb2.CommitEnrollment())
        await stream.receive()
    return outcomes(seen)


class TestTwins:
    """With the word of BKD that they are two, the second is enrolled beside the first."""

    async def test_neither_is_taken_for_the_other(self, open_copy, cast):
        """Alone in the gallery the first is credited at kiosks for both; with both, nobody is."""
        async with open_copy() as world:
            first, second = world.seed.people[0].nip, world.seed.people[4].nip
            kiosk = await world.kiosk()

            seen = await enrol(world, opening(second, first), islice(cast.actor(0).enrolment(), 4))
            walked = await walk(kiosk.client, cast.actor(0).walk(24), frames_per_second=15)
            at_kiosk = await world.events()
            result = await (await world.phone(0)).check_in(IN, world.place(0), cast.actor(0))
            size = world.app.services.enrollments.gallery_size
            log = "SELECT actor, resembles, reason FROM enrollment_changes WHERE nip = ?"
            logged = rows(world, log, second)

        assert ["USABLE"] * 3 == seen[:3]
        assert 5 == size
        assert [] == walked.recognised
        assert [] == at_kiosk
        assert result.recorded
        assert [("bkd", first, REASON)] == logged

    async def test_like_nobody_else(self, world, cast):
        """Who is named is the one employee whom the face may look like."""
        named, nip = world.seed.people[1].nip, world.seed.people[4].nip

        with refused("TOO_FEW_FRAMES", "FAILED_PRECONDITION"):
            await enrol(world, opening(nip, named), islice(cast.actor(0).enrolment(), 4))

    async def test_enrolled_again(self, open_copy, cast):
        """The second twin's next enrolment looks like the first and like itself: both are known."""
        async with open_copy() as world:
            first, second = world.seed.people[0].nip, world.seed.people[4].nip
            for _ in range(2):
                pictures = islice(cast.actor(0).enrolment(), 4)
                seen = await enrol(world, opening(second, first), pictures)
                assert ["USABLE"] * 3 == seen[:3]

            bkd = await world.bkd()
            assert second == (await bkd.call("GetEnrollment", nip=second)).nip

    async def test_what_is_no_resemblance(self, world):
        """It needs a reason, and another employee who is enrolled."""
        nip, other = world.seed.people[4].nip, world.seed.people[0].nip
        for opened, reason, code in (
            (opening(nip, other, "ya"), "REASON_REQUIRED", "INVALID_ARGUMENT"),
            (opening(nip, other, ""), "FIELD_REQUIRED", "INVALID_ARGUMENT"),
            (opening(nip, nip), "FIELD_INVALID", "INVALID_ARGUMENT"),
            (opening(other, nip), "ENROLLMENT_UNKNOWN", "NOT_FOUND"),
        ):
            with refused(reason, code):
                await enrol(world, opened, [])
