"""BKD annuls what was accepted and invented: days are derived anew, the history stays."""

import uuid

import pytest
import pytest_asyncio
from hadir.v1 import event_pb2, request_pb2

from tests.functional.attendance_world import (
    gather,
    go_to,
    moment,
    own_day,
    permit,
    phone_api,
    punch,
    stamp,
    state,
    status,
    submit,
)
from tests.functional.world import World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

OUT = event_pb2.EVENT_KIND_OUT
HEAD, STAFF = 0, 1


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF,))


class TestAnnulled:
    """BKD annuls what was accepted and invented."""

    async def test_a_permit(self, world):
        """The day is absent again and says why; the history stays; once is enough."""
        day = go_to(world, "23:00")
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.officer()
        asked = await permit(api, day)
        fields = {"request_id": asked.request_id, "reason": "surat palsu"}
        with refused("NOT_ACCEPTED", "FAILED_PRECONDITION"):
            await bkd.call("AnnulRequest", **fields)
        await head.call("DecideRequest", request_id=asked.request_id, accept=True, reason="setuju")
        before = await own_day(api, day)

        annulled = await bkd.call("AnnulRequest", **fields)
        again = await bkd.call("AnnulRequest", **fields)
        why = await api.call("WhyDay", date=day.isoformat())

        assert ["IZIN", "ABSENT"] == [status(before), status(why.day)]
        assert annulled == again
        assert ("ANNULLED", "Dibatalkan BKD") == (state(annulled), annulled.text)
        assert ["setuju", "surat palsu"] == [one.reason for one in annulled.decisions]
        line = next(line for line in why.lines if line.rule == "ANNULLED")
        officer = world.seed.employees[-1].nip
        assert (asked.request_id, officer, "surat palsu") == (
            line.request_id, line.approver, line.reason,
        )  # fmt: skip
        assert f"dibatalkan oleh {officer}: surat palsu; tak dihitung." in line.text
        assert "PENDING" == state(await permit(api, day))

    async def test_a_claimed_punch(self, world):
        """The punch that it added counts no more."""
        day = go_to(world, "23:00")
        await punch(world, STAFF, "IN", moment(day, "07:20"))
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.officer()
        claim = request_pb2.PunchClaim(kind=OUT, punch_time=stamp(moment(day, "16:30")))
        asked = await submit(api, "FORGOTTEN_CHECK_OUT", day, punch=claim)
        await head.call("DecideRequest", request_id=asked.request_id, accept=True, reason="benar")
        before = await own_day(api, day)

        await bkd.call("AnnulRequest", request_id=asked.request_id, reason="tidak benar")
        why = await api.call("WhyDay", date=day.isoformat())

        assert ["PRESENT", "NO_CHECK_OUT"] == [status(before), status(why.day)]
        assert "ANNULLED" in [line.rule for line in why.lines]

    async def test_by_whom(self, world):
        """A person of BKD, for somebody else; strangers' requests do not exist."""
        fields = {"request_id": str(uuid.uuid4()), "reason": "surat palsu"}

        with refused("ACCOUNT_WITHOUT_PERSON", "FAILED_PRECONDITION"):
            await (await world.bkd()).call("AnnulRequest", **fields)
        with refused("REQUEST_UNKNOWN", "NOT_FOUND"):
            await (await world.officer()).call("AnnulRequest", **fields)
        with refused("ROLE_DENIED", "PERMISSION_DENIED"):
            await (await world.head()).call("AnnulRequest", **fields)
