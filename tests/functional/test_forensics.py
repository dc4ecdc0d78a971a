"""Forensics over what the server stored: findings with their evidence, for BKD alone."""

from datetime import timedelta

import cv2
import numpy as np
import pytest
from hadir.device import activate
from hadir.v1 import directory_pb2, forensic_pb2, options_pb2, rule_pb2

from server.domain.face import Fingerprint
from server.domain.model import BindingAction, Location
from server.storage import forensics
from tests.functional.attendance_world import (
    gather,
    go_to,
    moment,
    permit,
    phone_api,
    punch,
    put_rules,
    submit,
    upload,
)
from tests.functional.test_hadirctl import login
from tests.functional.world import PASSWORD, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, COLLEAGUE = 0, 1, 2
PIXELS = np.random.default_rng(11).integers(0, 255, (40, 40, 3), np.uint8)
LETTER = cv2.imencode(".png", PIXELS)[1].tobytes()
COPIED = Location(0.7333211, 127.5667342, 5.0, mock=False)


def picture(number: int) -> Fingerprint:
    """Returns the fingerprint of a picture like no other."""
    random = np.random.default_rng(number)
    return Fingerprint(
        int(random.integers(2**64, dtype=np.uint64)), int(random.integers(2**64, dtype=np.uint64))
    )


async def findings(world, first, last, **fields):
    """Returns findings by kind."""
    bkd = await world.bkd()
    messages = await bkd.read(
        "ListFindings", first=first.isoformat(), last=last.isoformat(), **fields
    )
    found = {}
    for message in messages:
        for one in message.findings:
            found.setdefault(one.kind, []).append(one)
    return found


class TestFindings:
    """Planted frauds are found with their evidence; who is honest is not."""

    async def test_coordinates_and_pictures(self, world):
        """A faked place that recurs to the last digit, and a picture sent for two people."""
        first = go_to(world, "05:00")
        head, staff = world.seed.people[HEAD].nip, world.seed.people[STAFF].nip
        random = np.random.default_rng(3)
        faked = []
        for number in range(8):
            when = moment(first + timedelta(days=number), "07:20")
            faked.append(
                await punch(world, HEAD, "IN", when, location=COPIED, fingerprint=picture(number))
            )
            north, east = random.normal(0, 0.00006, 2)
            honest = Location(0.7333 + north, 127.5667 + east, 14.0 + number, mock=False)
            await punch(
                world, STAFF, "IN", when, location=honest, fingerprint=picture(100 + number)
            )
        last = first + timedelta(days=7)
        shared = picture(500)
        for person in (STAFF, COLLEAGUE):
            for day in (first, last):
                await punch(world, person, "OUT", moment(day, "16:01"), fingerprint=shared)

        found = await findings(world, first, last)
        about_staff = await findings(world, first, last, nip=staff)

        [repeated] = found["COORDINATE_REPEATED"]
        assert [head] == list(repeated.nips)
        assert set(repeated.event_ids) <= {*faked}
        assert COPIED.latitude == repeated.coordinates[0].latitude
        assert all(figure.value >= figure.limit for figure in repeated.figures[:1])
        assert "berulang" in repeated.text
        [same] = found["FRAME_SHARED"]
        assert {staff, world.seed.people[COLLEAGUE].nip} == set(same.nips)
        assert "COORDINATE_REPEATED" not in about_staff

    async def test_hashes_survive_storage(self, world):
        """All 64 bits, the highest too."""
        day = go_to(world, "05:00")
        edges = [Fingerprint(2**64 - 1, 2**63), Fingerprint(0, None), Fingerprint(2**63 - 1, 0)]
        ids = [
            await punch(world, STAFF, "OUT", moment(day, f"1{number}:00"), fingerprint=traces)
            for number, traces in enumerate(edges)
        ]
        principal = (await world.bkd()).client.token
        page = await world.app.services.event_log.of_unit(
            await world.app.services.sessions.find(principal),
            "provinsi",
            start=None,
            end=None,
            before=None,
            limit=3,
        )

        assert dict(zip(ids, edges, strict=True)) == {
            event.event_id: event.fingerprint for _, event in page
        }

    async def test_a_check_in_leaves_a_fingerprint(self, world, cast):
        """Through the real pipeline."""
        go_to(world, "07:10")
        phone = await world.phone(STAFF)

        result = await phone.check_in(1, world.place(STAFF), cast.actor(STAFF))
        [(_, event)] = await world.app.services.event_log.of_unit(
            await world.app.services.sessions.find((await world.bkd()).client.token),
            "provinsi",
            start=None,
            end=None,
            before=None,
            limit=1,
        )

        assert result.receipt.event.event_id == event.event_id
        assert event.fingerprint.frame > 0

    async def test_documents_and_sample(self, world, tmp_path):
        """One letter for many, and a sample of what was accepted, both in hadirctl."""
        day = go_to(world, "12:00")
        head = await world.head()
        asked = []
        for number, person in enumerate((STAFF, COLLEAGUE) * 3):
            api = await phone_api(world, person)
            proof = await upload(api, LETTER)
            when = day + timedelta(days=number)
            asked.append(await submit(api, "SAKIT", when, document_ids=[proof.document_id]))
            unit = world.seed.people[person].unit_id
            if unit == world.seed.people[HEAD].unit_id:
                decider = head
            else:
                decider = await world.officer()
            await decider.call(
                "DecideRequest", request_id=asked[-1].request_id, accept=True, reason="setuju"
            )
        bkd = await login(world, tmp_path, "bkd")
        span = ("--from", day.isoformat(), "--to", (day + timedelta(days=7)).isoformat())

        shown = await bkd("findings", *span)
        sample = await bkd("audit-sample", *span, "--seed", "undian 1", "--per-approver", "2")
        again = await bkd("audit-sample", *span, "--seed", "undian 1", "--per-approver", "2")

        assert "DOCUMENT_SHARED" in shown.stdout
        assert sample.stdout == again.stdout
        assert set(sample.stdout.split()) <= {one.request_id for one in asked}
        assert 2 <= len(sample.stdout.split()) <= 4

    async def test_annulled(self, world):
        """The finding is confirmed and names who granted, not who annulled; no auditor draws it."""
        world.clock.advance(days=30)
        day = go_to(world, "12:00")
        go_to(world, "12:00", day=day + timedelta(days=20))
        auditor = {"username": "auditor", "nip": world.seed.people[COLLEAGUE].nip}
        auditor |= {"password": PASSWORD, "role": "ROLE_BKD"}
        await (await world.bkd()).call("CreateStaffAccount", **auditor)
        asked = await permit(await phone_api(world, STAFF), day)
        fields = {"request_id": asked.request_id, "accept": True, "reason": "setuju"}
        await (await world.officer()).call("DecideRequest", **fields)
        before = await findings(world, day, day)

        await (await world.staff("auditor")).call(
            "AnnulRequest", request_id=asked.request_id, reason="surat palsu"
        )
        after = await findings(world, day, day)
        sample = await (await world.bkd()).call(
            "SampleRequests", first=day.isoformat(), last=day.isoformat(), seed="undian"
        )

        [opened], [confirmed] = before["PERMIT_RETROACTIVE"], after["PERMIT_RETROACTIVE"]
        assert forensic_pb2.FINDING_STATE_OPEN == opened.state
        assert forensic_pb2.FINDING_STATE_CONFIRMED == confirmed.state
        assert [asked.request_id] == [*confirmed.annulled_request_ids]
        granted_by = [world.seed.employees[-1].nip]
        assert granted_by == [*opened.actors] == [*confirmed.actors]
        assert [] == [*sample.request_ids]

    async def test_thresholds_are_rules(self, world, tmp_path):
        """BKD reads them in the log, puts others from a date on, and findings follow."""
        world.clock.advance(days=30)
        day = go_to(world, "09:00")
        bkd = await login(world, tmp_path, "bkd")
        before = (day - timedelta(days=1)).isoformat()
        (now,) = await bkd.json("rule", "list", "--kind", "forensic_limits", "--current")
        file = tmp_path / "batas.toml"
        head = f"[[rules]]\nstart = '{day}'\n[rules.forensic_limits]\nname = 'BKD 1/2026'\n"

        file.write_text(head + "[rules.forensic_limits.permits]\nlate_days = 0\n")
        refusal = await bkd("rule", "put", str(file), "--reason", "terlalu longgar")
        file.write_text(head + "[rules.forensic_limits.permits]\nlate_days = 1\n")
        put = await bkd("rule", "put", str(file), "--reason", "terlalu longgar")
        api = await phone_api(world, STAFF)
        asked = await permit(api, day - timedelta(days=4))
        await (await world.officer()).call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )
        since = day - timedelta(days=5)
        old = await bkd("findings", "--from", since.isoformat(), "--to", before)
        new = await bkd("findings", "--from", since.isoformat(), "--to", day.isoformat())

        assert (10.0, 4) == (
            now["rule"]["forensic_limits"]["permits"]["late_days"],
            now["rule"]["forensic_limits"]["devices"]["accounts_min"],
        )
        assert (1, 0) == (refusal.exit_code, put.exit_code)
        assert "LIMIT_NOT_POSITIVE" in refusal.stdout
        assert "PERMIT_RETROACTIVE" not in old.stdout
        assert "PERMIT_RETROACTIVE" in new.stdout

    async def test_granted_in_another_month(self, world):
        """What was granted long after its days is seen where it was granted."""
        day = go_to(world, "08:00")
        api = await phone_api(world, COLLEAGUE)
        asked = await permit(api, day - timedelta(days=40))
        await (await world.officer()).call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )

        found = await findings(world, day, day)

        late = found["PERMIT_RETROACTIVE"]
        assert asked.request_id in {number for one in late for number in one.request_ids}

    async def test_one_handset_for_two(self, world):
        """Bound to one and the other in turns: known again by what the phone says of itself."""
        first = go_to(world, "08:00")
        bkd, bound = await world.bkd(), {}
        people = [world.seed.employees[number].nip for number in (21, 22)]
        for turn in range(4):
            nip = people[turn % 2]
            if nip in bound:
                again = await bkd.call("RebindDevice", nip=nip, reason="ponsel rusak")
                issued = again.activation_code
            else:
                issued = await bkd.call("IssueActivationCode", nip=nip)
            bound[nip] = await activate(
                world.anyone.client, issued.code, model="Ponsel", handset_id="android-7"
            )
            world.clock.advance(hours=1)

        found = (await findings(world, first, first))["DEVICE_SHARED"]

        assert [sorted(people)] == [sorted(one.nips) for one in found]
        assert set(found[0].device_ids) >= {one.device_id for one in bound.values()}

    async def test_who_issued_the_code(self, world):
        """An activation is the deed of who gave out its code; the phone does the rest."""
        officer, nip = await world.officer(), world.seed.employees[20].nip
        issued = await officer.call("IssueActivationCode", nip=nip)
        await activate(world.anyone.client, issued.code, model="Ponsel")

        async with world.app.services.trial._database.read() as connection:
            known = await forensics.bindings(connection, world.clock.now() + timedelta(days=1))

        bound = [one for one in known if one.nip == nip and one.action is BindingAction.BOUND]
        assert ["petugas"] == [one.actor for one in bound]

    async def test_another_face(self, open_copy, cast):
        """Swapped and swapped back, or erased before: found, with who did it; the own face is not."""
        async with open_copy() as world:
            day = go_to(world, "08:00")
            officer, nips = await world.officer(), [world.seed.people[n].nip for n in (0, 1, 2)]
            for number, face in ((0, 4), (0, 0), (1, 1)):
                pictures = cast.actor(face).enrolment()
                await world.enrol(nips[number], pictures, bkd=officer)
            erased = {"nip": nips[2], "reason": "wajah ditarik"}
            await officer.call("EraseEnrollment", **erased)
            await world.enrol(nips[2], cast.actor(2).enrolment(), bkd=officer)

            found = (await findings(world, day, day))["ENROLMENT_REPLACED"]
            earlier = await findings(world, day - timedelta(days=9), day - timedelta(days=1))
            clerk = world.seed.employees[-1].nip

        swapped, anew = sorted(found, key=lambda one: nips.index(one.nips[0]))
        assert [[nips[0]], [nips[2]]] == [[*one.nips] for one in (swapped, anew)]
        assert ["replacements", "similarity"] == [one.name for one in swapped.figures]
        assert (2, 1) == (swapped.figures[0].value, anew.figures[0].value)
        assert swapped.figures[1].value < swapped.figures[1].limit
        assert [clerk] == [*swapped.actors] == [*anew.actors]
        assert "tidak cocok" in swapped.text
        assert "ENROLMENT_REPLACED" not in earlier

    async def test_decided_from_below(self, world):
        """A head's permit goes up and comes back to a subordinate who stands in there that day."""
        world.clock.advance(days=30)
        day = go_to(world, "09:00")
        await gather(world, HEAD, [STAFF])
        bkd, api = await world.bkd(), await phone_api(world, HEAD)
        head, staff = world.seed.people[HEAD], world.seed.people[STAFF]
        above = world.seed.people[3].nip
        top = directory_pb2.Unit(unit_id="provinsi", display_name="Provinsi", head_nip=above)
        await bkd.call("PutUnit", unit=top)
        deputy = rule_pb2.Delegation(
            nip=staff.nip, last=day.isoformat(), kind="DELEGATION_KIND_PLH", number="800/7"
        )
        rule = rule_pb2.Rule(subject="provinsi", start=day.isoformat(), delegation=deputy)
        await put_rules(bkd, rule)
        role = options_pb2.ROLE_HEAD
        await bkd.call(
            "CreateStaffAccount", username="plh", password=PASSWORD, role=role, nip=staff.nip
        )

        asked = await permit(api, day)
        await (await world.staff("plh")).call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )
        go_to(world, "09:00")  # the head of that day is what counts, not today's
        bkd = await world.bkd()
        units = (await bkd.call("ListUnits")).units
        own = next(unit for unit in units if unit.unit_id == head.unit_id)
        own.head_nip = ""
        await bkd.call("PutUnit", unit=own)
        found = await findings(world, day, day)

        [own_permit] = found["PERMIT_SELF"]
        assert ([head.nip], [asked.request_id], [staff.nip]) == (
            [*own_permit.nips],
            [*own_permit.request_ids],
            [*own_permit.actors],
        )

    async def test_span(self, world):
        """A quarter of a year at most."""
        bkd = await world.bkd()

        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.read("ListFindings", first="2026-01-01", last="2026-12-31")
        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.call(
                "SampleRequests", first="2026-01-01", last="2026-01-31", seed="x", per_approver=51
            )
