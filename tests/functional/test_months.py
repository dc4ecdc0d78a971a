"""BKD closes months: what was paid is kept, days go on, and what differs since is shown."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
import pytest_asyncio
from hadir.v1 import attendance_pb2, directory_pb2, rule_pb2
from sqlalchemy import exc

from benchmarks import province
from server.services.audit import audit
from server.services.notes import Verifier
from tests.functional.attendance_world import (
    WIT,
    fault_of,
    gather,
    go_to,
    moment,
    permit,
    phone_api,
    punch,
    put_rules,
)
from tests.functional.seeding import import_csv
from tests.functional.test_hadirctl import login
from tests.functional.world import World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, OTHER = 0, 1, 3
REASON = "BA 12/2026"
_ONE_DAY = timedelta(days=1)


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def official(world: World) -> None:
    """From the next month on all days count; the staff serve under the first person, a head."""
    await gather(world, HEAD, (STAFF,))
    first, _ = month_behind(world.clock.now().astimezone(WIT).date())
    phase = rule_pb2.Phase(phase=rule_pb2.PHASE_KIND_OFFICIAL)
    rule = rule_pb2.Rule(subject="provinsi", start=first.isoformat(), phase=phase)
    await put_rules(await world.bkd(), rule)


def month_behind(day: date) -> tuple[date, date]:
    """Returns the first and last date of the month behind that of a date."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - _ONE_DAY


def begin_month(world: World) -> tuple[date, date, str]:
    """Moves to the first day of the next month. Returns its first and last date, and its name."""
    first, last = month_behind(world.clock.now().astimezone(WIT).date())
    go_to(world, "05:00", day=first)
    return first, last, f"{first:%Y-%m}"


def end_month(world: World, last: date, *, days: int = 6) -> None:
    """Moves to noon of the day so many days behind a month."""
    go_to(world, "12:00", day=last + days * _ONE_DAY)


def workday(first: date) -> date:
    """Returns a Tuesday to Thursday in the middle of a month."""
    return next(day for n in range(9, 16) if (day := first + n * _ONE_DAY).weekday() in {1, 2, 3})


async def read_differences(api, unit_id: str, month: str):
    """Returns (differences by NIP, closings) as a caller sees them."""
    messages = await api.read("ListDifferences", unit_id=unit_id, month=month)
    found = {one.nip: one for message in messages for one in message.differences}
    return found, [one for message in messages for one in message.closings]


async def export(api, unit_id: str, kind: str, month: str) -> list[list[object]]:
    """Returns the cells of an Excel file."""
    parts = await api.read(
        "ExportRecap",
        unit_id=unit_id,
        month=month,
        kind=f"RECAP_KIND_{kind}",
        format=attendance_pb2.RECAP_FORMAT_XLSX,
    )
    page = openpyxl.load_workbook(io.BytesIO(b"".join(part.content for part in parts))).active
    return [[cell.value for cell in row] for row in page.iter_rows()]


class TestWhen:
    """Once the month is over, and nothing is open; or despite that, for a reason that is kept."""

    async def test_refused_until_then(self, world):
        """While it runs in any case; then while days may be corrected and requests wait."""
        first, last, month = begin_month(world)
        fields = {"unit_id": world.seed.people[STAFF].unit_id, "month": month, "reason": REASON}
        faults = []

        async def refuse(**more: str) -> None:
            with refused("MONTH_OPEN", "FAILED_PRECONDITION") as caught:
                await (await world.officer()).call("CloseMonth", **fields, **more)
            faults.append(fault_of(caught))

        go_to(world, "23:00", day=last)
        await permit(await phone_api(world, STAFF), workday(first))
        await refuse(despite="dibayar besok")
        end_month(world, last, days=5)
        await refuse()
        end_month(world, last)
        await refuse()
        closed = await (await world.officer()).call(
            "CloseMonth", despite="TPP dibayar tanggal 7", **fields
        )

        assert ["MONTH_NOT_OVER", "CORRECTIONS_OPEN", "REQUESTS_WAITING"] == faults
        assert ("TPP dibayar tanggal 7", 1, 1) == (
            closed.despite, closed.waiting_count, closed.version,
        )  # fmt: skip

    async def test_requests_of_others_do_not_matter(self, world):
        """One that waits in another office, or is for another month."""
        first, last, month = begin_month(world)
        end_month(world, last)
        await permit(await phone_api(world, OTHER), workday(first))
        await permit(await phone_api(world, STAFF), last + _ONE_DAY)

        closed = await (await world.officer()).call(
            "CloseMonth", unit_id=world.seed.people[STAFF].unit_id, month=month, reason=REASON
        )

        assert ("", 0) == (closed.despite, closed.waiting_count)

    async def test_over_where_it_ends_last(self, world):
        """Half past midnight in Sofifi the month still runs in Jakarta; each goes by its own."""
        _, last, month = begin_month(world)
        bkd, west = await world.bkd(), {"unit_id": "penghubung", "display_name": "Jakarta"}
        site = province.site_messages()[0]
        site.site_id, site.time_zone = "jakarta", "Asia/Jakarta"
        await bkd.call("PutSite", site=site)
        await bkd.call("PutUnit", unit=directory_pb2.Unit(site_id="jakarta", **west))
        go_to(world, "00:30", day=last + _ONE_DAY)
        officer, fields = await world.officer(), {"month": month, "reason": REASON}
        fields["despite"] = "dibayar besok"

        unit_id = world.seed.people[OTHER].unit_id
        here = await officer.call("CloseMonth", unit_id=unit_id, **fields)
        with refused("MONTH_OPEN", "FAILED_PRECONDITION") as caught:
            await officer.call("CloseMonth", unit_id="penghubung", **fields)
        go_to(world, "02:30", day=last + _ONE_DAY)
        there = await officer.call("CloseMonth", unit_id="penghubung", **fields)
        _, holding = await read_differences(officer, unit_id, month)

        assert "MONTH_NOT_OVER" == fault_of(caught)
        assert (here.people_count > 0, 0) == (True, there.people_count)
        assert [here] == holding

    async def test_not_before_the_last_night_is_over(self, world):
        """A night shift of the last date runs until its check-out window closes."""
        _, last, month = begin_month(world)
        unit_id = world.seed.people[OTHER].unit_id
        windows = rule_pb2.Windows(
            in_before_s=7200, in_after_s=7200, out_before_s=7200, out_after_s=7200
        )
        night = rule_pb2.DayHours(start="20:00", end="06:00", windows=windows)
        schedule = rule_pb2.Schedule(
            week=rule_pb2.Week(**{f"{last:%A}".lower(): night}), works_on_holidays=True
        )
        fields = {"subject": unit_id, "start": last.isoformat()}
        await put_rules(await world.bkd(), rule_pb2.Rule(schedule=schedule, **fields))
        wish = {"unit_id": unit_id, "month": month, "reason": REASON, "despite": "dibayar besok"}

        go_to(world, "07:59", day=last + _ONE_DAY)
        with refused("MONTH_OPEN", "FAILED_PRECONDITION") as caught:
            await (await world.officer()).call("CloseMonth", **wish)
        go_to(world, "08:01", day=last + _ONE_DAY)
        closed = await (await world.officer()).call("CloseMonth", **wish)
        await put_rules(
            await world.bkd(), rule_pb2.Rule(withdrawn=rule_pb2.RULE_KIND_SCHEDULE, **fields)
        )

        assert "MONTH_NOT_OVER" == fault_of(caught)
        assert closed.people_count > 0


class TestByWhom:
    """A person of BKD, by a decision that is named."""

    async def test_refused(self, world):
        """An account of nobody; no reason; a unit that is not there; a version out of its turn."""
        _, last, month = begin_month(world)
        end_month(world, last)
        fields = {"unit_id": world.seed.people[STAFF].unit_id, "month": month, "reason": REASON}
        bkd, officer = await world.bkd(), await world.officer()

        with refused("ACCOUNT_WITHOUT_PERSON", "FAILED_PRECONDITION"):
            await bkd.call("CloseMonth", **fields)
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await officer.call("CloseMonth", **{**fields, "reason": " x "})
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await officer.call("CloseMonth", **fields, despite="x")
        with refused("UNIT_UNKNOWN", "NOT_FOUND"):
            await officer.call("CloseMonth", **{**fields, "unit_id": "tidak-ada"})
        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await officer.call("CloseMonth", **fields, version=51)
        with refused("MONTH_CLOSED", "ALREADY_EXISTS") as caught:
            await officer.call("CloseMonth", **fields, version=2)
        assert "1" == caught.value.metadata["version"]
        assert ({}, []) == await read_differences(officer, fields["unit_id"], month)


class TestDifference:
    """What changes a month that was closed."""

    async def test_a_void_behind_the_closing(self, world):
        """The day changes and the closing does not; recap, export and head see who differs."""
        first, last, month = begin_month(world)
        day, person = workday(first), world.seed.people[STAFF]
        go_to(world, "23:00", day=day)
        await punch(world, STAFF, "IN", moment(day, "07:20"))
        wrong = await punch(world, STAFF, "OUT", moment(day, "16:10"))
        end_month(world, last)
        officer, fields = await world.officer(), {"unit_id": person.unit_id, "month": month}
        closed = await officer.call("CloseMonth", reason=REASON, **fields)
        same, [holds] = await read_differences(officer, person.unit_id, month)

        await officer.call("VoidPunch", event_id=wrong, reason="absen oleh orang lain")
        head = await world.head()
        found, _ = await read_differences(head, person.unit_id, month)
        recaps = await head.read("ListUnitRecaps", **fields)
        sheet = await export(head, person.unit_id, "DIFFERENCE", month)
        tpp = await export(officer, person.unit_id, "TPP", month)
        api = await phone_api(world, STAFF)
        why = await api.call("WhyDay", date=day.isoformat())
        before_that = await api.call("WhyDay", date=(first - _ONE_DAY).isoformat())

        assert {} == same
        assert closed == holds == recaps[0].closings[0]
        assert (world.seed.employees[-1].nip, REASON, month) == (
            closed.actor, closed.reason, closed.month,
        )  # fmt: skip
        assert closed == why.closing
        assert "VOIDED_PUNCH" in {line.rule for line in why.lines}
        assert month != before_that.closing.month
        assert [person.nip] == list(found)
        before, now = found[person.nip].closed, found[person.nip].today
        assert before.workdays == now.workdays > 15
        assert 2 == float(now.percent) - float(before.percent)
        assert 1 == recaps[0].differing_count
        [row] = [row for row in sheet if row[0] == person.nip]
        assert [person.display_name, float(before.percent), float(now.percent), 2] == [
            row[1], row[4], row[5], row[-1],
        ]  # fmt: skip
        lines = [row[0] for row in tpp[:6] if row[0]]
        assert any(f"oleh {closed.actor}: {REASON}." in line for line in lines)
        assert "1 pegawai kini berbeda dari angka penutupan." in lines
        assert len([row for row in tpp if row[0] == person.nip]) == 1

    async def test_an_adjustment(self, world):
        """Another version keeps the figures anew; a retry of either closes nothing."""
        first, last, month = begin_month(world)
        end_month(world, last)
        officer, person = await world.officer(), world.seed.people[STAFF]
        fields = {"unit_id": person.unit_id, "month": month, "reason": REASON}
        await officer.call("CloseMonth", **fields)
        free = rule_pb2.FreeDay(name="Libur daerah", kind=rule_pb2.FREE_KIND_REGIONAL)
        await put_rules(officer, rule_pb2.Rule(start=workday(first).isoformat(), free_day=free))
        late, _ = await read_differences(officer, person.unit_id, month)

        with refused("MONTH_CLOSED", "ALREADY_EXISTS") as caught:
            await officer.call("CloseMonth", **fields)
        second = await officer.call("CloseMonth", version=2, **fields)
        with refused("MONTH_CLOSED", "ALREADY_EXISTS"):
            await officer.call("CloseMonth", version=2, **fields)
        settled, holding = await read_differences(officer, person.unit_id, month)
        head = await world.head()
        log = await head.call("ListClosings", unit_id=person.unit_id)
        pages = [await head.call("ListClosings", page_size=1)]
        pages.append(
            await head.call("ListClosings", page_size=1, page_token=pages[0].next_page_token)
        )

        assert "2" == caught.value.metadata["version"]
        assert 1 == late[person.nip].closed.workdays - late[person.nip].today.workdays
        assert ({}, [second]) == (settled, holding)
        assert [2, 1] == [one.version for one in log.closings if one.month == month]
        assert list(log.closings)[:2] == [page.closings[0] for page in pages]

    async def test_a_late_transfer(self, world):
        """Closed for the province: days that went to another office differ there, not in all."""
        first, last, month = begin_month(world)
        end_month(world, last)
        officer = await world.officer()
        person, other = world.seed.employees[4], world.seed.people[OTHER].unit_id
        # Requests of the tests before still wait somewhere.
        closed = await officer.call("CloseMonth", month=month, reason=REASON, despite="uji coba")
        row = f"nip,name,unit_id,state\n{person.nip},{person.display_name},{other},ACTIVE\n"
        await import_csv(officer, row.encode(), start=str(workday(first)), reason="SK 820/7")

        of_all, [holds] = await read_differences(officer, "", month)
        left, _ = await read_differences(officer, person.unit_id, month)
        joined, [there] = await read_differences(officer, other, month)
        assert other != person.unit_id
        assert closed.people_count == len(world.seed.employees)
        assert closed == holds == there
        assert {} == of_all
        assert [person.nip] == list(left) == list(joined)
        moved = joined[person.nip].today.workdays
        assert 0 == joined[person.nip].closed.workdays < moved
        assert moved == left[person.nip].closed.workdays - left[person.nip].today.workdays

    async def test_no_unit_is_all_that_the_caller_sees(self, world):
        """BKD sees everybody, a head the own tree and nobody else: recaps, and what differs."""
        first, last, month = begin_month(world)
        day = workday(first)
        go_to(world, "23:00", day=day)
        wrong = []
        for number in (STAFF, OTHER):
            await punch(world, number, "IN", moment(day, "07:20"))
            wrong.append(await punch(world, number, "OUT", moment(day, "16:10")))
        end_month(world, last)
        officer, head = await world.officer(), await world.head()
        staff, other = (world.seed.people[number] for number in (STAFF, OTHER))
        await officer.call("CloseMonth", month=month, reason=REASON, despite="uji coba")
        for event_id in wrong:
            await officer.call("VoidPunch", event_id=event_id, reason="absen oleh orang lain")

        recaps = {}
        for who, api in (("officer", officer), ("head", head)):
            for unit_id in ("", staff.unit_id):
                messages = await api.read("ListUnitRecaps", unit_id=unit_id, month=month)
                recaps[who, unit_id] = {one.nip for each in messages for one in each.recaps}
        of_all, _ = await read_differences(officer, "", month)
        of_head, _ = await read_differences(head, "", month)

        assert {staff.nip, other.nip} <= recaps["officer", ""]
        # The head of this office leads another one, too.
        assert recaps["head", staff.unit_id] < recaps["head", ""] < recaps["officer", ""]
        assert staff.nip in recaps["head", staff.unit_id]
        assert other.nip not in recaps["head", ""]
        assert {staff.nip, other.nip} == of_all.keys()
        assert [staff.nip] == list(of_head)


class TestLedger:
    """A closing is a record that may never change."""

    async def test_taken_in(self, world):
        """It names the records that it rests on, is in the next checkpoint, and the audit is content."""
        _, last, month = begin_month(world)
        end_month(world, last)
        officer = await world.officer()
        before = await officer.call("GetCheckpoint")

        closed = await officer.call("CloseMonth", month=month, reason=REASON, despite="uji coba")
        after = await officer.call("GetCheckpoint")
        found = audit(world.directory / "hadir.db", Verifier.of_line(after.public_key))

        units = len((await officer.call("ListUnits")).units)
        assert before.size <= closed.ledger_size
        assert closed.ledger_size + 1 + units <= after.size
        assert [] == found.faults

    @pytest.mark.parametrize("table", ["closings", "closed_units"])
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {} SET unit_id = 'lain'",
            "DELETE FROM {}",
            "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        ],
    )
    async def test_never_changed(self, world, table, statement):
        """The database itself refuses it."""

        async def work(connection) -> None:
            await connection.exec_driver_sql(statement.format(table))

        with pytest.raises(exc.IntegrityError, match=f"{table} is append-only"):
            await world.app.services.storage.write(work)


class TestHadirctl:
    """As BKD and a head type it."""

    async def test_close_and_look(self, world, tmp_path):
        """Close, correct too late by a rule, see it, in words and as JSON."""
        first, last, month = begin_month(world)
        end_month(world, last)
        await world.officer()
        officer = await login(world, tmp_path, "petugas")
        head = await login(world, tmp_path, "kepala")
        unit, nip = world.seed.people[HEAD].unit_id, world.seed.people[HEAD].nip
        asked = ("--month", month)

        open_still = await head("month", "difference", unit, *asked)
        closed = await officer(
            "month", "close", unit, *asked, "--reason", REASON, "--despite", "uji coba"
        )
        again = await officer("month", "close", unit, *asked, "--reason", REASON)
        free = tmp_path / "libur.csv"
        free.write_text(f"date,name,kind,decree\n{workday(first)},Libur,REGIONAL,SK 9\n")
        await officer("rule", "holidays", str(free), "--reason", "SK 9/2027")
        shown = await head("month", "difference", unit, *asked)
        rows = await head.json("month", "difference", unit, *asked)
        recap = await head("recap", unit, *asked, language="en")
        history = await head("month", "history", unit)
        why = await head("why", nip, str(workday(first)))

        assert "belum ditutup" in open_still.stderr
        assert (0, 1) == (closed.exit_code, again.exit_code)
        assert f"Bulan {month} ({unit}) ditutup, versi 1" in closed.stdout
        assert "versi 2" in again.stderr
        assert "→" in next(line for line in shown.stdout.splitlines() if nip in line)
        assert REASON in shown.stderr
        [row] = [row for row in rows if row["nip"] == nip]
        assert 1 == row["closed"]["workdays"] - row["today"]["workdays"]
        assert f"{len(rows)} employees now differ from the closed figures." in recap.stderr
        assert f"{REASON}\n" in why.stderr
        assert month in history.stdout
        assert REASON in history.stdout
