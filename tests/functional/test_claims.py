"""Punches that somebody says are missing: claimed, judged again at acceptance, added, never edits."""

from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.v1 import event_pb2, request_pb2, rule_pb2

from tests.functional.attendance_world import (
    fault_of,
    gather,
    go_to,
    moment,
    own_day,
    phone_api,
    punch,
    put_rules,
    stamp,
    state,
    status,
    submit,
)
from tests.functional.world import World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT
HEAD, STAFF = 0, 1


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF,))


class TestCorrections:
    """Sanggah with a punch: accepted, it is a new punch; the events stay."""

    async def test_forgotten_check_out(self, world):
        """The day is whole afterwards, and says how."""
        day = go_to(world, "23:00")
        await punch(world, STAFF, "IN", moment(day, "07:20"))
        api, head = await phone_api(world, STAFF), await world.head()
        before, events = await own_day(api, day), await world.events()
        claim = request_pb2.PunchClaim(kind=OUT, punch_time=stamp(moment(day, "16:30")))
        asked = await submit(api, "FORGOTTEN_CHECK_OUT", day, punch=claim)
        waiting = await own_day(api, day)

        await head.call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="rapat sampai sore"
        )
        after = await own_day(api, day)

        why = await api.call("WhyDay", date=day.isoformat())
        added = next(line for line in why.lines if line.rule == "ADDED_PUNCH")

        assert (asked.request_id, world.seed.people[HEAD].nip, "ban bocor di jalan") == (
            added.request_id, added.approver, added.source,
        )  # fmt: skip
        assert "16.30.00 ditambahkan oleh" in added.text
        assert ["NO_CHECK_OUT", "NO_CHECK_OUT", "PRESENT"] == [
            status(one) for one in (before, waiting, after)
        ]
        assert moment(day, "16:30").timestamp() == after.departure.event_time.seconds
        assert events == await world.events()

    @pytest.mark.parametrize(
        ("kind", "claimed", "fault"),
        [
            ("FORGOTTEN_CHECK_OUT", (OUT, 0, "10:00"), "PUNCH_OUTSIDE_WINDOW"),
            ("FORGOTTEN_CHECK_OUT", (OUT, 0, "22:30"), "PUNCH_OUTSIDE_WINDOW"),
            ("CORRECTION", (IN, 1, "07:20"), "PUNCH_OF_ANOTHER_DAY"),
            ("CORRECTION", (OUT, 1, "02:00"), "PUNCH_OF_ANOTHER_DAY"),
        ],
    )
    async def test_a_claim_counts_or_is_refused(self, world, kind, claimed, fault):
        """Of the day it is for, in the window of its kind: no claim is accepted without effect."""
        day = go_to(world, "23:00")
        go_to(world, "08:00", day=day + timedelta(days=1))
        label, later, clock = claimed
        moment_of = stamp(moment(day + timedelta(days=later), clock))
        claim = request_pb2.PunchClaim(kind=label, punch_time=moment_of)

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await submit(await phone_api(world, STAFF), kind, day, punch=claim)

        assert fault == fault_of(caught)


class TestClaimOutdated:
    """A claim is judged again when it is accepted, by what is known then."""

    async def claimed(self, world, day, kind=OUT, clock="16:30"):
        """Files a correction with a punch. Returns what is needed to accept it."""
        claim = request_pb2.PunchClaim(kind=kind, punch_time=stamp(moment(day, clock)))
        asked = await submit(await phone_api(world, STAFF), "CORRECTION", day, punch=claim)
        return {"request_id": asked.request_id, "accept": True, "reason": "benar"}

    async def test_an_event_came_meanwhile(self, world):
        """A later check-out from a kiosk's queue: refused with what to do; a rejection is taken."""
        day = go_to(world, "23:00")
        fields = await self.claimed(world, day)
        head = await world.head()
        await punch(world, STAFF, "OUT", moment(day, "16:40"))

        with refused("CLAIM_OUTDATED", "FAILED_PRECONDITION") as caught:
            await head.call("DecideRequest", **fields)
        rejected = await head.call("DecideRequest", **{**fields, "accept": False})

        assert "PUNCH_WITHOUT_EFFECT" == fault_of(caught)
        assert "Tolak pengajuan ini" in caught.value.message
        assert "REJECTED" == state(rejected)

    async def test_bkd_corrected_meanwhile(self, world):
        """The same punch is not added twice."""
        day = go_to(world, "23:00")
        fields = await self.claimed(world, day)
        await (await world.officer()).call(
            "CorrectAttendance",
            nip=world.seed.people[STAFF].nip,
            kind=OUT,
            event_time=stamp(moment(day, "16:30")),
            reason="listrik padam",
        )

        with refused("CLAIM_OUTDATED", "FAILED_PRECONDITION") as caught:
            await (await world.head()).call("DecideRequest", **fields)

        assert "PUNCH_WITHOUT_EFFECT" == fault_of(caught)

    async def test_the_schedule_changed_meanwhile(self, world):
        """Work ends at noon now: nothing is added at 21:30, and the request still waits."""
        day = go_to(world, "23:00")
        fields = await self.claimed(world, day, clock="21:30")
        bkd, head = await world.bkd(), await world.head()
        half = rule_pb2.DayHours(start="07:30", end="12:00")
        week = rule_pb2.Week(**{f"{day:%A}".lower(): half})
        rule = {"subject": world.seed.people[STAFF].unit_id, "start": day.isoformat()}
        await put_rules(bkd, rule_pb2.Rule(**rule, schedule=rule_pb2.Schedule(week=week)))

        with refused("CLAIM_OUTDATED", "FAILED_PRECONDITION") as caught:
            await head.call("DecideRequest", **fields)
        waiting = await head.call("GetRequest", request_id=fields["request_id"])
        await put_rules(bkd, rule_pb2.Rule(**rule, withdrawn=rule_pb2.RULE_KIND_SCHEDULE))

        assert "PUNCH_OUTSIDE_WINDOW" == fault_of(caught)
        assert ("PENDING", 0) == (state(waiting), len(waiting.decisions))


class TestCorrectedByBkd:
    """A punch that BKD adds must count, as a claimed one must."""

    async def correct(self, world, kind, day, clock):
        """Adds a punch for the staff. Returns it."""
        return await (await world.officer()).call(
            "CorrectAttendance",
            nip=world.seed.people[STAFF].nip,
            kind=kind,
            event_time=stamp(moment(day, clock)),
            reason="listrik padam",
        )

    @pytest.mark.parametrize(
        ("kind", "days_ago", "clock", "fault"),
        [
            (IN, 0, "11:30", "PUNCH_OUTSIDE_WINDOW"),
            (OUT, 0, "11:59", "PUNCH_OUTSIDE_WINDOW"),
            (OUT, 6, "16:00", "DEADLINE_PASSED"),
            (OUT, 3000, "16:00", "NOT_IN_SERVICE"),
        ],
    )
    async def test_refused(self, world, kind, days_ago, clock, fault):
        """Outside the windows of its day, behind the deadline, before the employee served."""
        day = go_to(world, "23:00") - timedelta(days=days_ago)

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await self.correct(world, kind, day, clock)

        assert fault == fault_of(caught)

    async def test_the_last_day_of_the_deadline(self, world):
        """Five days later it is added still."""
        day = go_to(world, "12:00")
        go_to(world, "23:50", day=day + timedelta(days=5))

        added = await self.correct(world, OUT, day, "16:00")

        found = await own_day(await phone_api(world, STAFF), day)
        assert added.event_id == found.departure.event_id
