"""From recognised faces to days that can be argued about: rules, phases, views, corrections."""

import asyncio
import uuid
from datetime import date, timedelta

import pytest
from hadir.v1 import attendance_pb2, event_pb2, rule_pb2

from benchmarks.phone import ImposterKnobs
from server.services import attendance
from tests.functional.attendance_world import (
    by_nip,
    fault_of,
    go_to,
    moment,
    own_day,
    phone_api,
    punch,
    put_rules,
    stamp,
    status,
    watching,
)
from tests.functional.seeding import import_csv
from tests.functional.sources import LateSecondFrame
from tests.functional.world import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT
HEAD, STAFF, OTHER = 0, 1, 3
MISSING = "199912312024121001"
RETIRED = "196806121994031005"


def phase(unit_id: str, start: date, kind: int) -> rule_pb2.Rule:
    """Returns a rule of phase."""
    return rule_pb2.Rule(subject=unit_id, start=start.isoformat(), phase=rule_pb2.Phase(phase=kind))


class TestLateness:
    """The moment of the first frame counts, by the clock of the server."""

    async def test_a_queue_makes_nobody_late(self, world, cast):
        """First frame 20 s before the grace ends, 30 s in the queue: on time, by its own moment."""
        day = go_to(world, "07:30:39")
        first = world.clock.hold()
        # Time passes for the phone too: what it takes after the wait, it takes 30 s later.
        waited = ImposterKnobs(capture_skew_ms=lambda number: 30_000 if number > 1 else 0)
        phone = await world.phone(STAFF, knobs=waited)
        source = LateSecondFrame(world.clock, cast.actor(STAFF), seconds=30)

        result = await phone.check_in(IN, world.place(STAFF), source)
        found = await own_day(await phone_api(world, STAFF), day)

        assert result.recorded
        assert world.clock.now() > moment(day, "07:31:00")
        assert ("PENDING", 0, "") == (status(found), found.late_minutes, found.late_band)
        assert moment(day, "07:31:00") > first
        assert stamp(first) == found.arrival.event_time

    async def test_late_by_a_minute(self, world, cast):
        """07:31:00 and later is late, and the employee can read why."""
        day = go_to(world, "07:44:00")
        phone = await world.phone(HEAD)

        await phone.check_in(IN, world.place(HEAD), cast.actor(HEAD))
        api = await phone_api(world, HEAD)
        found = await own_day(api, day)
        why = await api.call("WhyDay", date=day.isoformat())

        assert (14, "TL1") == (found.late_minutes, found.late_band)
        line = next(line for line in why.lines if line.rule == "LATE")
        assert "Terlambat 14 menit: TL1, potongan 0.5 %." == line.text
        assert [found.arrival.event_id] == list(line.event_ids)


class TestDays:
    """What is derived, for whom."""

    async def test_a_whole_day(self, world):
        """Came on time, left on time: present, final at once, costs nothing."""
        day = go_to(world, "17:30")
        await punch(world, STAFF, "IN", moment(day, "07:20"))
        await punch(world, STAFF, "OUT", moment(day, "16:05"))

        found = await own_day(await phone_api(world, STAFF), day)

        assert ("PRESENT", True, "0") == (status(found), found.final, found.percent)

    async def test_absent_only_when_the_day_is_over(self, world):
        """PENDING until the check-out window closes, then ABSENT; in socialisation free of cost."""
        day = go_to(world, "15:00")
        before = await own_day(await phone_api(world, STAFF), day)
        go_to(world, "22:00:01", day=day)
        after = await own_day(await phone_api(world, STAFF), day)

        assert ("PENDING", False) == (status(before), before.final)
        assert ("ABSENT", True, "SOCIALISATION") == (status(after), after.final, after.phase)

    async def test_who_sees_a_day(self, world):
        """The employee, the head, BKD; for others an employee elsewhere does not exist."""
        day = go_to(world, "12:00")
        own, other = world.seed.people[STAFF], world.seed.people[OTHER]
        head, bkd = await world.head(), await world.bkd()
        span = {"first": day.isoformat(), "last": day.isoformat()}

        for api in (head, bkd):
            answer = await api.call("GetEmployeeDays", nip=world.seed.people[HEAD].nip, **span)
            assert 1 == len(answer.days)
        answers = []
        for nip in (other.nip, MISSING):
            with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND") as caught:
                await head.call("GetEmployeeDays", nip=nip, **span)
            answers.append((caught.value.reason, caught.value.message.replace(nip, "")))
            with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
                await head.call("WhyDay", nip=nip, date=day.isoformat())
        assert answers[0] == answers[1]
        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await (await phone_api(world, STAFF)).call(
                "WhyDay", nip=other.nip, date=day.isoformat()
            )
        assert own.nip != other.nip

    async def test_counters(self, world):
        """Three official workdays without a reason: an oral warning, shown, not decided."""
        first = world.clock.now().date().replace(month=2, day=3)
        first = go_to(world, "06:00", day=first.replace(year=first.year + 1))
        bkd = await world.bkd()
        await put_rules(bkd, phase("provinsi", first, rule_pb2.PHASE_KIND_OFFICIAL))
        nip = world.seed.people[OTHER].nip
        last = first
        workdays = 0
        while workdays < 3:
            answer = await bkd.call(
                "GetEmployeeDays", nip=nip, first=last.isoformat(), last=last.isoformat()
            )
            workdays += status(answer.days[0]) == "PENDING"
            last += timedelta(days=1)
        go_to(world, "06:00", day=last + timedelta(days=1))

        answer = await (await phone_api(world, OTHER)).call(
            "GetOwnDays", first=first.isoformat(), last=(last - timedelta(days=1)).isoformat()
        )

        absent = [d.date for d in answer.days if status(d) == "ABSENT"]
        counters = answer.counters
        assert 3 == counters.days
        assert absent == list(counters.dates)
        assert ("ORAL_WARNING", "Teguran lisan") == (counters.step, counters.text)
        await put_rules(
            await world.bkd(),
            rule_pb2.Rule(
                subject="provinsi", start=first.isoformat(), withdrawn=rule_pb2.RULE_KIND_PHASE
            ),
        )


class TestNight:
    """A shift over midnight is one day."""

    async def test_runs_on_after_midnight(self, world):
        """At 02:00 the board shows the night that began at 20:00, and its place is waived."""
        day = go_to(world, "21:00")
        nip, unit = world.seed.people[OTHER].nip, world.seed.people[OTHER].unit_id
        night = rule_pb2.DayHours(
            start="20:00",
            end="08:00",
            windows=rule_pb2.Windows(
                in_before_s=7200, in_after_s=7200, out_before_s=7200, out_after_s=14_400
            ),
            flexible_place=True,
        )
        schedule = rule_pb2.Schedule(
            week=rule_pb2.Week(**{f"{day:%A}".lower(): night}), works_on_holidays=True
        )
        bkd = await world.bkd()
        await put_rules(bkd, rule_pb2.Rule(subject=unit, start=day.isoformat(), schedule=schedule))
        await punch(world, OTHER, "IN", moment(day, "19:50"))
        go_to(world, "02:00", day=day + timedelta(days=1))

        async with watching(await world.bkd(), unit) as (rows, _):
            shown = rows[nip]
        waived = await world.app.services.attendance.place_waived(nip)
        go_to(world, "12:30", day=day + timedelta(days=1))
        async with watching(await world.bkd(), unit) as (rows, _):
            later = rows[nip]
        await put_rules(
            await world.bkd(),
            rule_pb2.Rule(
                subject=unit, start=day.isoformat(), withdrawn=rule_pb2.RULE_KIND_SCHEDULE
            ),
        )

        assert (day.isoformat(), "PENDING") == (shown.date, status(shown))
        assert shown.HasField("arrival")
        assert waived
        assert "OFF" == status(later)
        assert not await world.app.services.attendance.place_waived(nip)


class TestPhases:
    """A trial is reported and never counts; moving the cut-over recomputes and is logged."""

    async def test_cut_over(self, world):
        """Trial days stay out of the TPP recap, with the reason; official ones count."""
        day = go_to(world, "23:00")
        bkd, nip = await world.bkd(), world.seed.people[OTHER].nip
        unit = world.seed.people[OTHER].unit_id
        month = f"{day:%Y-%m}"

        async def recap():
            messages = await bkd.read("ListUnitRecaps", unit_id=unit, month=month)
            return next(r for m in messages for r in m.recaps if r.nip == nip)

        await put_rules(bkd, phase(unit, day.replace(day=1), rule_pb2.PHASE_KIND_TRIAL))
        trial = await recap()
        await put_rules(bkd, phase(unit, day, rule_pb2.PHASE_KIND_OFFICIAL), reason="SK 12/2026")
        official = await recap()
        log = await bkd.call("ListRules", kind=rule_pb2.RULE_KIND_PHASE, subject=unit)

        left_out = {one.reason: len(one.dates) for one in trial.left_out}
        assert (0, "0") == (trial.tpp_workdays, trial.tpp_percent)
        assert left_out["TRIAL"] >= 1
        assert "masa uji coba" in {one.text for one in trial.left_out}
        assert (1, "4") == (official.tpp_workdays, official.tpp_percent)
        assert day.isoformat() in {d for one in trial.left_out for d in one.dates}
        assert ["SK 12/2026", "pengujian"] == [change.reason for change in log.changes[:2]]
        assert "bkd" == log.changes[0].actor


class TestUnit:
    """What a head sees of a unit."""

    async def test_days_of_the_subtree(self, world):
        """Everybody of the own unit; a unit elsewhere answers like one that is not there."""
        day = go_to(world, "12:00")
        head = await world.head()
        unit_id = world.seed.people[HEAD].unit_id
        span = {"first": day.isoformat(), "last": day.isoformat()}

        messages = await head.read("ListUnitDays", unit_id=unit_id, **span)
        people = {one.nip for message in messages for one in message.employees}
        errors = []
        for other in (world.seed.people[OTHER].unit_id, "tidak-ada"):
            with refused("UNIT_UNKNOWN", "NOT_FOUND") as caught:
                await head.read("ListUnitDays", unit_id=other, **span)
            errors.append(caught.value.message.replace(other, ""))

        assert {e.nip for e in world.seed.employees if e.unit_id == unit_id} == people
        assert errors[0] == errors[1]

    async def test_watch(self, world, monkeypatch):
        """A board is told of a check-in: it does not find it at its next look, an hour later."""
        monkeypatch.setattr(attendance, "REFRESH_S", 3600.0)
        day = go_to(world, "07:10")
        head = await world.head()
        nip = world.seed.people[HEAD].nip
        async with watching(head, world.seed.people[HEAD].unit_id) as (rows, call):
            event_id = await punch(world, HEAD, "IN", moment(day, "07:10"))
            message = await asyncio.wait_for(call.read(), 60)

        assert not rows[nip].HasField("arrival")
        assert event_id == by_nip(message.employees)[nip].arrival.event_id
        assert [nip] == [one.nip for one in message.employees]

    async def test_watch_ends_with_the_right(self, world, monkeypatch):
        """A head who is replaced sees no more of the unit, long before the board's next look."""
        monkeypatch.setattr(attendance, "REFRESH_S", 3600.0)
        go_to(world, "12:00")
        bkd, head = await world.bkd(), await world.head()
        unit_id = world.seed.people[HEAD].unit_id
        unit = next(u for u in (await bkd.call("ListUnits")).units if u.unit_id == unit_id)
        async with watching(head, unit_id) as (_, call):
            unit.head_nip = world.seed.people[STAFF].nip
            await bkd.call("PutUnit", unit=unit)
            await punch(world, HEAD, "IN", world.clock.now())
            with pytest.raises(Exception, match="no such unit"):
                await asyncio.wait_for(call.read(), 60)
        unit.head_nip = world.seed.people[HEAD].nip
        await bkd.call("PutUnit", unit=unit)


class TestCorrection:
    """BKD adds what is missing, with a reason; events stay as they are."""

    async def test_added_punch(self, world):
        """A check-out that the kiosk missed: counted, named as a correction, events unchanged."""
        day = go_to(world, "23:00")
        bkd = await world.officer()
        await punch(world, STAFF, "IN", moment(day, "07:25"))
        events = len(await world.events())
        api = await phone_api(world, STAFF)
        before = await own_day(api, day)

        made = await bkd.call(
            "CorrectAttendance",
            nip=world.seed.people[STAFF].nip,
            kind=OUT,
            event_time=stamp(moment(day, "16:00")),
            reason="listrik padam di lobi",
        )
        after = await own_day(api, day)

        assert ("NO_CHECK_OUT", "PRESENT") == (status(before), status(after))
        assert attendance_pb2.PUNCH_SOURCE_CORRECTION == after.departure.source
        assert made.event_id == after.departure.event_id
        assert events == len(await world.events())

    async def test_by_a_person_for_another(self, world):
        """An account without a NIP corrects nothing, and nobody the own attendance."""
        day = go_to(world, "18:00")
        fields = {"kind": OUT, "event_time": stamp(moment(day, "16:00")), "reason": "lupa absen"}
        bkd, officer = await world.bkd(), await world.officer()

        with refused("ACCOUNT_WITHOUT_PERSON", "FAILED_PRECONDITION"):
            await bkd.call("CorrectAttendance", nip=world.seed.people[STAFF].nip, **fields)
        with refused("NOT_YOUR_DECISION", "PERMISSION_DENIED"):
            await officer.call("CorrectAttendance", nip=world.seed.employees[-1].nip, **fields)

    async def test_once(self, world):
        """A retry with its request id adds nothing; for something else the id is refused."""
        day = go_to(world, "18:00")
        officer, person = await world.officer(), world.seed.people[STAFF]
        fields = {
            "nip": person.nip,
            "kind": OUT,
            "event_time": stamp(moment(day, "16:00")),
            "reason": "listrik padam",
            "request_id": str(uuid.uuid4()),
        }

        first = await officer.call("CorrectAttendance", **fields)
        world.clock.advance(seconds=5)
        second = await officer.call("CorrectAttendance", **fields)
        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await officer.call("CorrectAttendance", **{**fields, "request_id": ""})
        with refused("REQUEST_ID_REUSED", "ALREADY_EXISTS"):
            await officer.call("CorrectAttendance", **{**fields, "reason": "lupa absen"})
        with refused("REQUEST_ID_INVALID", "INVALID_ARGUMENT"):
            await officer.call("CorrectAttendance", **{**fields, "request_id": "satu"})

        assert first == second
        assert "PUNCH_WITHOUT_EFFECT" == fault_of(caught)

    async def test_of_who_has_left(self, world):
        """The last days are corrected after the end; days behind it are nobody's."""
        day = go_to(world, "18:00")
        officer, unit_id = await world.officer(), world.seed.people[STAFF].unit_id
        row = f"nip,name,unit_id,state\n{RETIRED},Pensiun,{unit_id}"
        await import_csv(officer, f"{row},ACTIVE\n".encode(), start=str(day - timedelta(days=9)))
        await import_csv(officer, f"{row},INACTIVE\n".encode(), start=str(day))
        fields = {"nip": RETIRED, "kind": OUT, "reason": "mesin lobi mati"}
        last = moment(day - timedelta(days=1), "16:00")

        made = await officer.call("CorrectAttendance", event_time=stamp(last), **fields)
        with refused("REQUEST_INVALID", "INVALID_ARGUMENT") as caught:
            await officer.call(
                "CorrectAttendance", event_time=stamp(moment(day, "16:00")), **fields
            )

        assert made.event_id
        assert "NOT_IN_SERVICE" == fault_of(caught)

    async def test_not_to_come(self, world):
        """Nothing is added in the future, nor without a reason, nor for a stranger."""
        day = go_to(world, "12:00")
        bkd, nip = await world.officer(), world.seed.people[STAFF].nip
        fields = {"kind": OUT, "event_time": stamp(moment(day, "16:00"))}

        with refused("REQUEST_INVALID", "INVALID_ARGUMENT"):
            await bkd.call("CorrectAttendance", nip=nip, reason="lupa absen", **fields)
        fields["event_time"] = stamp(moment(day, "10:00"))
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call("CorrectAttendance", nip=nip, reason="x ", **fields)
        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("CorrectAttendance", nip=MISSING, reason="lupa absen", **fields)
