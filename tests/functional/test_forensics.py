"""Forensics over what the server stored: findings with their evidence, for BKD alone."""

from datetime import timedelta

import cv2
import numpy as np
import pytest

from server.domain.face import Fingerprint
from server.domain.model import Location
from tests.functional.attendance_world import go_to, moment, phone_api, punch, submit, upload
from tests.functional.test_hadirctl import login
from tests.functional.world import refused

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
        other = await bkd("audit-sample", *span, "--seed", "undian 2", "--per-approver", "2")

        assert "DOCUMENT_SHARED" in shown.stdout
        assert sample.stdout == again.stdout
        assert set(sample.stdout.split()) <= {one.request_id for one in asked}
        assert 2 <= len(sample.stdout.split()) <= 4
        assert sample.stdout != other.stdout

    async def test_span(self, world):
        """A quarter of a year at most."""
        bkd = await world.bkd()

        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.read("ListFindings", first="2026-01-01", last="2026-12-31")
        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await bkd.call(
                "SampleRequests", first="2026-01-01", last="2026-01-31", seed="x", per_approver=51
            )
