"""Requests through the real server: filed, proved, decided along chains, never by oneself."""

import uuid
from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.v1 import event_pb2, options_pb2, rule_pb2

from tests.functional.attendance_world import (
    PROOF,
    appoint,
    fault_of,
    gather,
    go_to,
    leave,
    moment,
    own_day,
    permit,
    phone_api,
    punch,
    put_rules,
    state,
    status,
    submit,
    upload,
)
from tests.functional.world import PASSWORD, World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, COLLEAGUE, ELSEWHERE = 0, 1, 2, 3


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF, COLLEAGUE))


class TestLateReason:
    """A reason waives the cut, not the record."""

    async def test_accepted(self, world):
        """Late stays late; the percentage goes; why names request and approver."""
        day = go_to(world, "18:00")
        await put_rules(
            await world.bkd(),
            rule_pb2.Rule(
                start=day.isoformat(), phase=rule_pb2.Phase(phase=rule_pb2.PHASE_KIND_OFFICIAL)
            ),
        )
        await punch(world, STAFF, "IN", moment(day, "08:00"))
        await punch(world, STAFF, "OUT", moment(day, "16:10"))
        api, head = await phone_api(world, STAFF), await world.head()
        before = await own_day(api, day)
        asked = await submit(api, "LATE_REASON", day)
        [waiting] = [
            one
            for one in (await head.call("ListDesk")).requests
            if one.request_id == asked.request_id
        ]
        decided = await head.call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="benar, saya lihat"
        )
        after = await own_day(api, day)
        why = await api.call("WhyDay", date=day.isoformat())

        assert ("LATE", "0.5") == (status(before), before.percent)
        assert ("PENDING", "ban bocor di jalan") == (state(waiting), waiting.reason)
        assert "ACCEPTED" == state(decided)
        assert ("LATE", 30, "0") == (status(after), after.late_minutes, after.percent)
        waiver = next(line for line in why.lines if line.rule == "WAIVER")
        assert (asked.request_id, world.seed.people[HEAD].nip) == (
            waiver.request_id, waiver.approver,
        )  # fmt: skip

    async def test_rejected(self, world):
        """A rejection has a reason, changes nothing and is final."""
        day = go_to(world, "18:00")
        await punch(world, STAFF, "IN", moment(day, "08:00"))
        await punch(world, STAFF, "OUT", moment(day, "16:10"))
        api, head = await phone_api(world, STAFF), await world.head()
        asked = await submit(api, "LATE_REASON", day)

        decided = await head.call(
            "DecideRequest", request_id=asked.request_id, accept=False, reason="tidak benar"
        )

        assert ("REJECTED", "tidak benar") == (state(decided), decided.decisions[0].reason)
        assert "0.5" == (await own_day(api, day)).percent
        with refused("ALREADY_DECIDED", "FAILED_PRECONDITION"):
            await head.call(
                "DecideRequest", request_id=asked.request_id, accept=True, reason="ralat saya"
            )
        with refused("ALREADY_DECIDED", "FAILED_PRECONDITION"):
            await api.call("WithdrawRequest", request_id=asked.request_id)

    async def test_deadline(self, world):
        """Five days later is the last day; on the sixth it is too late."""
        day = go_to(world, "12:00")
        go_to(world, "23:50", day=day + timedelta(days=5))
        api = await phone_api(world, STAFF)
        await submit(api, "LATE_REASON", day)
        go_to(world, "00:05", day=day + timedelta(days=6))

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await submit(await phone_api(world, STAFF), "EARLY_REASON", day)

        assert "DEADLINE_PASSED" == fault_of(caught)
        assert "Batas waktu sanggahan" in caught.value.message


class TestOnce:
    """A retry files nothing twice."""

    async def test_same_request_id(self, world):
        """The stored one is answered; for something else the id is refused."""
        day = go_to(world, "12:00")
        api, request_id = await phone_api(world, STAFF), str(uuid.uuid4())

        same = {"request_id": request_id, "document_ids": [(await upload(api, PROOF)).document_id]}
        first = await permit(api, day, **same)
        second = await permit(api, day, **same)

        assert first == second
        with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
            await permit(api, day, request_id=request_id, reason="lain sama sekali")
        with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
            await permit(await phone_api(world, COLLEAGUE), day, request_id=request_id)
        with refused("REQUEST_OVERLAPS", "ALREADY_EXISTS"):
            await permit(api, day)

    async def test_taken_back(self, world):
        """And filed again."""
        day = go_to(world, "12:00")
        api = await phone_api(world, STAFF)
        asked = await permit(api, day)

        gone = await api.call("WithdrawRequest", request_id=asked.request_id)
        again = await permit(api, day)

        assert ("WITHDRAWN", "Ditarik kembali") == (state(gone), gone.text)
        assert "PENDING" == state(again)
        mine = await api.call("ListOwnRequests", page_size=2)
        assert [again.request_id, asked.request_id] == [r.request_id for r in mine.requests]
        assert mine.next_page_token


class TestWhoDecides:
    """Heads, those above, deputies, BKD: by the chain, and nobody the own request."""

    async def test_own_request_goes_up(self, world):
        """The head's own lies with BKD where no head is above."""
        day = go_to(world, "12:00")
        api, head, bkd = await phone_api(world, HEAD), await world.head(), await world.officer()
        asked = await permit(api, day)

        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await head.call(
                "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
            )
        assert asked.request_id not in {
            r.request_id for r in (await head.call("ListDesk")).requests
        }
        decided = await bkd.call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )

        assert "ACCEPTED" == state(decided)
        assert "IZIN" == status(await own_day(api, day))

    async def test_the_oldest_first(self, world, monkeypatch):
        """However many of others wait before or after it, and in pages of whatever size."""
        monkeypatch.setattr("server.services.requests.DESK_PAGE", 2)
        day = go_to(world, "12:00")
        asked = []
        for number in range(3):
            for person in (ELSEWHERE, ELSEWHERE, STAFF):
                when = day + timedelta(days=len(asked))
                asked.append((person, await permit(await phone_api(world, person), when)))
                world.clock.advance(seconds=1 + number)

        desk = [one.request_id for one in (await (await world.head()).call("ListDesk")).requests]

        mine = [one.request_id for person, one in asked if person == STAFF]
        assert mine == [request_id for request_id in desk if request_id in mine]
        for person, one in asked:
            await (await phone_api(world, person)).call(
                "WithdrawRequest", request_id=one.request_id
            )

    async def test_bkd_does_not_decide_for_a_head(self, world):
        """Whose desk it is, decides; BKD sees it."""
        day = go_to(world, "12:00")
        asked = await permit(await phone_api(world, STAFF), day)
        bkd = await world.officer()

        assert asked == await bkd.call("GetRequest", request_id=asked.request_id)
        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await bkd.call(
                "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
            )

    async def test_an_account_of_nobody_decides_nothing(self, world):
        """BKD's first account has no NIP: it sees the desk and reads what to do."""
        day = go_to(world, "12:00")
        asked = await permit(await phone_api(world, HEAD), day)
        bkd, officer = await world.bkd(), await world.officer()
        fields = {"request_id": asked.request_id, "accept": True, "reason": "setuju"}

        with refused("ACCOUNT_WITHOUT_PERSON", "FAILED_PRECONDITION") as caught:
            await bkd.call("DecideRequest", **fields)
        decided = await officer.call("DecideRequest", **fields)

        assert "hadirctl staff create NAMA --role bkd --nip NIP" in caught.value.message
        assert world.seed.employees[-1].nip == decided.decisions[0].nip

    async def test_chain(self, world):
        """Long leave is decided by the head, then by BKD; one of them is not enough."""
        today = go_to(world, "12:00")
        day = today + timedelta(days=30)
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.officer()
        asked = await leave(api, day, day + timedelta(days=60), "BESAR", letter=today)
        fields = {"request_id": asked.request_id, "accept": True, "reason": "setuju"}

        first = await head.call("DecideRequest", **fields)
        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await head.call("DecideRequest", **fields)
        second = await bkd.call("DecideRequest", **fields)

        assert ["HEAD", "BKD"] == list(asked.levels)
        assert ("PENDING", "") == (state(first), first.desk_unit_id)
        assert "ACCEPTED" == state(second)
        assert ["HEAD", "BKD"] == [one.level for one in second.decisions]

    async def test_a_stale_decision_is_refused(self, world):
        """What was meant for the first step does not decide the second."""
        today = go_to(world, "12:00")
        day = today + timedelta(days=300)
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.officer()
        asked = await leave(api, day, day + timedelta(days=40), "BESAR", letter=today)
        fields = {"request_id": asked.request_id, "accept": True, "reason": "setuju"}

        first = await head.call("DecideRequest", step=asked.step, **fields)
        with refused("ALREADY_DECIDED", "FAILED_PRECONDITION"):
            await bkd.call("DecideRequest", step=asked.step, **fields)
        second = await bkd.call("DecideRequest", step=first.step, **fields)

        assert [1, 2, 0] == [one.step for one in (asked, first, second)]
        assert "ACCEPTED" == state(second)

    async def test_one_head_of_both_units(self, world):
        """Who decided the first step is passed over at the second, which goes on up to BKD."""
        today = go_to(world, "12:00")
        day = today + timedelta(days=200)
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.officer()
        await appoint(world, "provinsi", world.seed.people[HEAD].nip)
        asked = await leave(api, day, day + timedelta(days=20), "SAKIT", letter=today)
        fields = {"request_id": asked.request_id, "accept": True, "reason": "setuju"}

        first = await head.call("DecideRequest", **fields)
        desks = [
            {one.request_id for one in (await api.call("ListDesk")).requests} for api in (head, bkd)
        ]
        second = await bkd.call("DecideRequest", **fields)
        await appoint(world, "provinsi", "")

        assert ["HEAD", "HEAD_ABOVE"] == list(asked.levels)
        assert ("PENDING", "") == (state(first), first.desk_unit_id)
        assert [False, True] == [asked.request_id in desk for desk in desks]
        assert "ACCEPTED" == state(second)

    async def test_deputy(self, world):
        """Plh. by a letter with dates: sees the unit, decides, is named, and it ends."""
        day = go_to(world, "08:00")
        bkd, unit_id = await world.bkd(), world.seed.people[HEAD].unit_id
        deputy_nip = world.seed.people[COLLEAGUE].nip
        await bkd.call(
            "CreateStaffAccount",
            username="plh",
            password=PASSWORD,
            role=options_pb2.ROLE_HEAD,
            nip=deputy_nip,
        )
        before = await world.staff("plh")
        with refused("UNIT_UNKNOWN", "NOT_FOUND"):
            await before.call("ListUnitRequests", unit_id=unit_id)
        await put_rules(
            bkd,
            rule_pb2.Rule(
                subject=unit_id,
                start=day.isoformat(),
                delegation=rule_pb2.Delegation(
                    nip=deputy_nip,
                    last=day.isoformat(),
                    kind=rule_pb2.DELEGATION_KIND_PLH,
                    number="800/77/2026",
                ),
            ),
        )
        asked = await permit(await phone_api(world, STAFF), day)
        own = await permit(await phone_api(world, COLLEAGUE), day)
        deputy = await world.staff("plh")

        decided = await deputy.call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )
        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await deputy.call(
                "DecideRequest", request_id=own.request_id, accept=True, reason="setuju"
            )
        go_to(world, "00:10", day=day + timedelta(days=1))
        after = await world.staff("plh")

        assert (deputy_nip, unit_id) == (decided.decisions[0].nip, decided.decisions[0].deputy_of)
        with refused("REQUEST_UNKNOWN", "NOT_FOUND"):
            await after.call("GetRequest", request_id=asked.request_id)

    async def test_strangers(self, world):
        """Not yours and not there are one answer, for employees and for heads."""
        day = go_to(world, "12:00")
        asked = await permit(await phone_api(world, ELSEWHERE), day)
        answers = set()
        for api in (await world.head(), await phone_api(world, STAFF)):
            for request_id in (asked.request_id, str(uuid.uuid4())):
                with refused("REQUEST_UNKNOWN", "NOT_FOUND") as caught:
                    await api.call("GetRequest", request_id=request_id)
                answers.add(caught.value.message)
        with refused("REQUEST_UNKNOWN", "NOT_FOUND"):
            await (await world.head()).call(
                "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
            )

        assert 1 == len(answers)


class TestTugasLuar:
    """Duty elsewhere: proved by a letter, free of the geofence on its days."""

    async def test_may_check_in_on_the_spot(self, world, cast):
        """300 m away: refused before, recorded once the letter is accepted, not so the day after."""
        day = go_to(world, "07:00")
        api, head = await phone_api(world, COLLEAGUE), await world.head()
        phone, far = await world.phone(COLLEAGUE), world.place(COLLEAGUE, north_m=900)
        before = await phone.check_in(event_pb2.EVENT_KIND_IN, far, cast.actor(COLLEAGUE))
        proof = await upload(api, PROOF)
        asked = await submit(
            api,
            "TUGAS_LUAR",
            day,
            number="090/12/ST/2026",
            letter_date=day.isoformat(),
            place="Ternate",
            document_ids=[proof.document_id],
        )
        await head.call("DecideRequest", request_id=asked.request_id, accept=True, reason="benar")
        world.clock.advance(minutes=11)

        there = await phone.check_in(event_pb2.EVENT_KIND_IN, far, cast.actor(COLLEAGUE))
        found = await own_day(api, day)
        go_to(world, "07:00", day=day + timedelta(days=1))
        later = await (await world.phone(COLLEAGUE)).check_in(
            event_pb2.EVENT_KIND_IN, far, cast.actor(COLLEAGUE)
        )

        assert not before.recorded
        assert there.recorded
        assert there.receipt.event.distance_m > 500
        assert ("TUGAS_LUAR", True) == (status(found), found.place_waived)
        assert not later.recorded

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"place": "Ternate"}, "LETTER_REQUIRED"),
            ({"number": "1", "letter_date": "2026-01-05"}, "PLACE_REQUIRED"),
            (
                {"number": "1", "letter_date": "2026-01-05", "place": "Ternate"},
                "DOCUMENT_REQUIRED",
            ),
        ],
    )
    async def test_needs_letter_place_and_document(self, world, fields, fault):
        """What is missing is named."""
        day = go_to(world, "12:00")

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await submit(await phone_api(world, STAFF), "TUGAS_LUAR", day, **fields)

        assert fault == fault_of(caught)
