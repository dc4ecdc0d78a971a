"""BKD voids wrong punches: days leave them out and say so, the events stay."""

from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.v1 import event_pb2
from ulid import ULID

from tests.functional.attendance_world import (
    gather,
    go_to,
    moment,
    own_day,
    phone_api,
    punch,
    stamp,
    status,
)
from tests.functional.world import PASSWORD, World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT
HEAD, STAFF = 0, 1


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF,))


class TestVoided:
    """What counts for nothing any more."""

    async def test_an_event(self, world):
        """The day is derived anew and says who and why; the event stays; once is enough."""
        day = go_to(world, "23:00")
        await punch(world, STAFF, "IN", moment(day, "07:20"))
        wrong = await punch(world, STAFF, "OUT", moment(day, "16:10"))
        api, officer = await phone_api(world, STAFF), await world.officer()
        before, events = await own_day(api, day), await world.events()

        voided = await officer.call("VoidPunch", event_id=wrong, reason="absen oleh orang lain")
        again = await officer.call("VoidPunch", event_id=wrong, reason="alasan lain")
        why = await api.call("WhyDay", date=day.isoformat())

        assert ["PRESENT", "NO_CHECK_OUT"] == [status(before), status(why.day)]
        listed = await world.events()
        assert [wrong] == [one.event_id for one in listed if one.voided]
        for one in listed:
            one.voided = False
        assert events == listed
        assert voided == again
        assert (world.seed.people[STAFF].nip, wrong) == (voided.nip, voided.punch.event_id)
        [line] = [line for line in why.lines if line.rule == "VOIDED_PUNCH"]
        assert ([wrong], world.seed.employees[-1].nip, "absen oleh orang lain") == (
            list(line.event_ids), line.approver, line.reason,
        )  # fmt: skip
        assert "16.10.00" in line.text

    async def test_a_correction_by_mistake(self, world):
        """A punch that was added can be voided, and put back at any time, but not another one."""
        day = go_to(world, "23:00")
        nip, officer = world.seed.people[STAFF].nip, await world.officer()
        fields = {"nip": nip, "kind": OUT, "reason": "listrik padam"}
        fields["event_time"] = stamp(moment(day, "16:00"))
        added = await officer.call("CorrectAttendance", **fields)
        await officer.call("VoidPunch", event_id=added.event_id, reason="salah orang")
        go_to(world, "12:00", day=day + timedelta(days=20))
        api, officer = await phone_api(world, STAFF), await world.officer()
        without = await own_day(api, day)

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT"):
            later = {"event_time": stamp(moment(day, "16:01"))}
            await officer.call("CorrectAttendance", **{**fields, **later})
        back = await officer.call("CorrectAttendance", **fields)

        assert not without.HasField("departure")
        assert back.event_id == (await own_day(api, day)).departure.event_id

    async def test_a_new_check_in_repeats_no_voided_one(self, world, cast):
        """Three minutes behind a wrong check-in the true one is an event of its own."""
        go_to(world, "07:20")
        officer, phone = await world.officer(), await world.phone(STAFF)
        wrong = await phone.check_in(IN, world.place(STAFF), cast.actor(STAFF))
        wrong_id = wrong.receipt.event.event_id
        await officer.call("VoidPunch", event_id=wrong_id, reason="foto layar")
        world.clock.advance(minutes=1)

        true = await phone.check_in(IN, world.place(STAFF), cast.actor(STAFF))

        assert true.recorded
        assert wrong_id != true.receipt.event.event_id


class TestByWhom:
    """A person of BKD, for somebody else."""

    async def test_refused(self, world):
        """Not by an account of nobody, nor the own punch; nor what is not there."""
        day = go_to(world, "23:00")
        event_id = await punch(world, STAFF, "IN", moment(day, "07:20"))
        fields = {"event_id": event_id, "reason": "salah orang"}
        own = {"username": "bkd-staf", "role": "ROLE_BKD", "nip": world.seed.people[STAFF].nip}
        bkd, officer = await world.bkd(), await world.officer()
        await bkd.call("CreateStaffAccount", password=PASSWORD, **own)

        with refused("ACCOUNT_WITHOUT_PERSON", "FAILED_PRECONDITION"):
            await bkd.call("VoidPunch", **fields)
        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await (await world.staff("bkd-staf")).call("VoidPunch", **fields)
        with refused("PUNCH_UNKNOWN", "NOT_FOUND"):
            await officer.call("VoidPunch", **{**fields, "event_id": str(ULID())})
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await officer.call("VoidPunch", **{**fields, "reason": " x "})
        with refused("ROLE_DENIED", "PERMISSION_DENIED"):
            await (await world.head()).call("VoidPunch", **fields)
