"""Permits and leave through the real server: their proofs, and quotas that hold."""

from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.v1 import request_pb2, rule_pb2

from tests.functional.attendance_world import (
    PROOF,
    fault_of,
    gather,
    go_to,
    leave,
    phone_api,
    put_rules,
    submit,
    upload,
)
from tests.functional.world import World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, COLLEAGUE, ELSEWHERE = 0, 1, 2, 3


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF, COLLEAGUE))


class TestPermits:
    """An izin has a document, a cuti the number and date of its letter."""

    async def test_without_proof(self, world):
        """What is missing is named; BKD may ask for less by a rule."""
        day = go_to(world, "12:00")
        api, ahead = await phone_api(world, STAFF), timedelta(days=400)
        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as izin:
            await submit(api, "IZIN", day)
        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as cuti:
            kind = request_pb2.LEAVE_TYPE_SAKIT
            await submit(api, "CUTI", day + ahead, leave=kind, number="850/7/2026")

        assert ["DOCUMENT_REQUIRED", "LETTER_REQUIRED"] == [fault_of(izin), fault_of(cuti)]


class TestParts:
    """One absence, asked for in parts."""

    async def test_takes_the_chain_of_the_whole(self, world):
        """Illness of 12 days is the head's; 10 more behind a weekend make 24: BKD decides, too.

        Behind a workday another absence begins; izin that adjoins it is a part of it, duty is not.
        """
        day = go_to(world, "12:00")
        first = day + timedelta(days=14 - day.weekday())  # a Monday
        thursday = (first + timedelta(days=24)).isoformat()
        workday = rule_pb2.FreeDay(name="masuk kerja", kind=rule_pb2.FREE_KIND_WORKDAY)
        await put_rules(await world.bkd(), rule_pb2.Rule(start=thursday, free_day=workday))
        api, levels, letter = await phone_api(world, STAFF), [], {"letter_date": day.isoformat()}
        letter |= {"number": "090/1", "place": "Ternate"}
        for kind, begin, end, more in (
            ("SAKIT", 0, 11, {}),
            ("SAKIT", 14, 23, {}),
            ("SAKIT", 25, 36, {}),
            ("IZIN", 37, 39, {}),
            ("TUGAS_LUAR", 24, 24, letter),
        ):
            more["document_ids"] = [(await upload(api, PROOF)).document_id]
            begins, ends = (first + timedelta(days=number) for number in (begin, end))
            asked = await submit(api, kind, begins, ends, **more)
            levels.append([*asked.levels])
            if begin == 0:
                fields = {"request_id": asked.request_id, "accept": True, "reason": "cepat sembuh"}
                await (await world.head()).call("DecideRequest", **fields)

        head, both = ["HEAD"], ["HEAD", "BKD"]
        assert [head, both, head, both, head] == levels


class TestQuota:
    """Annual leave."""

    async def test_without_a_roster(self, world):
        """Who works in shifts takes the workdays of the usual week, until a roster says more."""
        day = go_to(world, "12:00")
        first = day + timedelta(days=42 - day.weekday())  # a Monday: its year has workdays left
        bkd, unit = await world.bkd(), world.seed.people[COLLEAGUE].unit_id
        shifts = rule_pb2.Schedule(shifts={"malam": rule_pb2.DayHours(start="21:00", end="07:00")})
        await put_rules(bkd, rule_pb2.Rule(subject=unit, start=day.isoformat(), schedule=shifts))
        api = await phone_api(world, COLLEAGUE)

        asked = await leave(api, first, first + timedelta(days=20), "TAHUNAN", letter=day)
        quota = await api.call("GetQuota", year=first.year)
        await api.call("WithdrawRequest", request_id=asked.request_id)
        await put_rules(
            bkd,
            rule_pb2.Rule(
                subject=unit, start=day.isoformat(), withdrawn=rule_pb2.RULE_KIND_SCHEDULE
            ),
        )

        assert 1 <= quota.pending <= 15

    async def test_asked_for_and_left(self, world):
        """What is pending is taken off; what does not fit is refused; who may see it."""
        day = go_to(world, "12:00")
        first = day + timedelta(days=30 - day.weekday())  # some days ahead, over a weekend
        api, head = await phone_api(world, COLLEAGUE), await world.head()
        nip = world.seed.people[COLLEAGUE].nip
        before = await api.call("GetQuota", year=first.year)
        asked = await leave(api, first, first + timedelta(days=6), "TAHUNAN", letter=day)
        after = await api.call("GetQuota", year=first.year)

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            long = first + timedelta(days=50)
            await leave(api, first + timedelta(days=10), long, "TAHUNAN", letter=day)
        await api.call("WithdrawRequest", request_id=asked.request_id)

        assert (12, 6, 18) == (before.granted, before.carried_over, before.left)
        assert 0 < after.pending <= 5
        assert 18 == after.left + after.pending
        assert "QUOTA_EXCEEDED" == fault_of(caught)
        assert before == await api.call("GetQuota", year=first.year)
        elsewhere = world.seed.people[ELSEWHERE].nip
        assert before == await (await world.bkd()).call("GetQuota", nip=nip, year=first.year)
        for stranger in (api, head):
            with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
                await stranger.call("GetQuota", nip=elsewhere, year=first.year)
