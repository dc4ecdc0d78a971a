"""What BKD did to days that were over, as findings over what the server stored."""

from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.v1 import directory_pb2, event_pb2, forensic_pb2, request_pb2, rule_pb2

from benchmarks.province import SITES
from tests.functional.attendance_world import (
    gather,
    go_to,
    moment,
    phone_api,
    punch,
    put_rules,
    stamp,
    submit,
)
from tests.functional.seeding import import_csv
from tests.functional.test_forensics import findings
from tests.functional.test_hadirctl import login
from tests.functional.world import World, site_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT
HEAD, STAFF, COLLEAGUE = 0, 1, 2


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF, COLLEAGUE))


class TestCorrections:
    """Punches that were added."""

    async def test_one_employee_on_many_days(self, world, tmp_path):
        """By BKD's own word and by claims, with all who had a say; undone only if all of it is."""
        person, clerk = world.seed.people[STAFF].nip, world.seed.employees[-1].nip
        first, added = go_to(world, "23:00"), []
        for number in range(6):
            day = go_to(world, "23:00")
            if number == 3:
                added.append(await self.claimed(world, day))
                continue
            fields = {"nip": person, "kind": OUT, "event_time": stamp(moment(day, "16:00"))}
            officer = await world.officer()
            made = await officer.call("CorrectAttendance", reason=f"lupa {number}", **fields)
            added.append(made.event_id)
        last = day + timedelta(days=1)
        go_to(world, "10:00", day=last)

        [found] = (await findings(world, first, last, nip=person))["CORRECTION_BULK"]
        shown = await (await login(world, tmp_path, "bkd"))(
            "findings", "--from", first.isoformat(), "--to", last.isoformat(), "--nip", person
        )
        officer = await world.officer()
        for event_id in added[:3] + added[4:]:
            await officer.call("VoidPunch", event_id=event_id, reason="tidak hadir")
        [some] = (await findings(world, first, last, nip=person))["CORRECTION_BULK"]
        annulled = {"request_id": found.request_ids[0], "reason": "tidak hadir"}
        await officer.call("AnnulRequest", **annulled)
        [all_of_it] = (await findings(world, first, last, nip=person))["CORRECTION_BULK"]

        assert ("person_days", 6, 6) == (
            found.figures[0].name, found.figures[0].value, found.figures[0].limit,
        )  # fmt: skip
        assert [person] == [*found.nips]
        assert sorted([clerk, world.seed.people[HEAD].nip]) == [*found.actors]
        assert {"lupa 0", "lupa 5", "ban bocor di jalan"} < {*found.reasons}
        assert 6 == len(found.event_ids)
        assert "lupa 0" in shown.stdout
        assert clerk in shown.stdout
        assert ["OPEN", "OPEN", "CONFIRMED"] == [
            found_state(one) for one in (found, some, all_of_it)
        ]

    async def claimed(self, world, day):
        """A correction that its employee asked for, and that head and BKD accepted."""
        claim = request_pb2.PunchClaim(kind=OUT, punch_time=stamp(moment(day, "16:30")))
        asked = await submit(await phone_api(world, STAFF), "CORRECTION", day, punch=claim)
        for api in (await world.head(), await world.officer()):
            fields = {"request_id": asked.request_id, "accept": True, "reason": "benar"}
            await api.call("DecideRequest", **fields)
        return ""

    async def test_an_outage(self, world):
        """Many people, one day and site, one reason: nothing to look at."""
        day, officer = go_to(world, "23:00"), await world.officer()
        there = [one.nip for one in world.seed.employees[:-1] if site_of(one.unit_id) == SITES[0]]
        nips = sorted(there)[:6]
        for nip in nips:
            fields = {"nip": nip, "kind": OUT, "event_time": stamp(moment(day, "16:00"))}
            await officer.call("CorrectAttendance", reason="listrik padam", **fields)

        assert "CORRECTION_BULK" not in await findings(world, day, day)

        for number, nip in enumerate(nips):
            fields = {"nip": nip, "kind": IN, "event_time": stamp(moment(day, "07:20"))}
            await officer.call("CorrectAttendance", reason=f"alasan {number}", **fields)
        [found] = (await findings(world, day, day))["CORRECTION_BULK"]

        assert (6, "people") == (len(nips), found.figures[0].name)
        assert nips == sorted(found.nips)


class TestVoids:
    """Punches that were voided."""

    async def test_long_after(self, world):
        """Seen in the month of the void, though its day is in none of it."""
        day = go_to(world, "23:00")
        event_id = await punch(world, COLLEAGUE, "IN", moment(day, "09:10"))
        soon = await punch(world, STAFF, "IN", moment(day, "09:10"))
        await (await world.officer()).call("VoidPunch", event_id=soon, reason="salah orang")
        later = go_to(world, "10:00", day=day + timedelta(days=20))
        await (await world.officer()).call("VoidPunch", event_id=event_id, reason="tidak sah")

        [found] = (await findings(world, later, later))["VOID_LATE"]
        before = await findings(world, day, later - timedelta(days=1))

        assert [world.seed.people[COLLEAGUE].nip] == [*found.nips]
        assert ([event_id], ["tidak sah"]) == ([*found.event_ids], [*found.reasons])
        assert [world.seed.employees[-1].nip] == [*found.actors]
        assert 19 < found.figures[0].value < 20
        assert "VOID_LATE" not in before


class TestRules:
    """What holds from a past date on."""

    async def test_of_the_past(self, world):
        """Rules, postings and moves stand together, each by who put it, with its reason."""
        begun = go_to(world, "07:20")
        await punch(world, STAFF, "IN", moment(begun, "07:20"))
        today = go_to(world, "10:00", day=begun + timedelta(days=60))
        bkd, officer = await world.bkd(), await world.officer()
        unit, person = world.seed.people[COLLEAGUE].unit_id, world.seed.people[COLLEAGUE]

        def phase(days, name="PHASE_KIND_TRIAL"):
            start = (today - timedelta(days=days)).isoformat()
            return rule_pb2.Rule(subject=unit, start=start, phase=rule_pb2.Phase(phase=name))

        await put_rules(officer, phase(9), phase(3), reason="penyesuaian")
        await put_rules(bkd, phase(6), reason="surat kemarin")
        row = f"{person.nip},{person.display_name},{world.seed.people[HEAD].unit_id},ACTIVE\n"
        moved = (today - timedelta(days=40)).isoformat()
        table = f"nip,name,unit_id,state\n{row}".encode()
        await import_csv(bkd, table, start=moved, reason="SK mutasi")
        units = (await bkd.call("ListUnits")).units
        own = next(one for one in units if one.unit_id == unit)
        own.parent_unit_id = "provinsi"
        await bkd.call("PutUnit", unit=own, start=moved, reason="Pergub 9")
        new = directory_pb2.Unit(unit_id="baru", display_name="Baru", parent_unit_id="provinsi")
        await bkd.call("PutUnit", unit=new, start=moved, reason="dibentuk")

        found = (await findings(world, today, today))["RULE_PAST"]

        clerk = world.seed.employees[-1].nip
        days = {one.reasons[0]: (one.figures[0].value, one.figures[0].limit) for one in found}
        assert {"penyesuaian": (9, 7), "SK mutasi": (40, 31), "Pergub 9": (40, 31)} == days
        about = {one.reasons[0]: ([*one.nips], [*one.actors], [*one.changes]) for one in found}
        start = (today - timedelta(days=9)).isoformat()
        assert ([clerk], [clerk], [f"PHASE {unit} {start}"]) == about["penyesuaian"]
        assert ([person.nip], ["bkd"], [f"POSTING {person.nip} {moved}"]) == about["SK mutasi"]
        assert (["bkd"], ["bkd"], [f"UNIT {unit} {moved}"]) == about["Pergub 9"]

    async def test_before_the_first_event(self, open_copy):
        """What is put while a server is set up changed no day."""
        async with open_copy() as world:
            today, bkd = go_to(world, "10:00"), await world.bkd()
            start = (today - timedelta(days=400)).isoformat()
            rule = rule_pb2.Rule(start=start, phase=rule_pb2.Phase(phase="PHASE_KIND_TRIAL"))
            await put_rules(bkd, rule)
            without = await findings(world, today, today)
            await punch(world, STAFF, "IN", moment(today, "07:20"))
            with_one = await findings(world, today, today)

        assert "RULE_PAST" not in without
        assert "RULE_PAST" not in with_one


def found_state(one):
    """How far a finding is."""
    return forensic_pb2.FindingState.Name(one.state).removeprefix("FINDING_STATE_")
