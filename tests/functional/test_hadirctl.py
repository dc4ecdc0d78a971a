"""hadirctl before a real server: the day of BKD and of a head, as they type it."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from typer.testing import CliRunner, Result

from server.ctl.main import app, globals_first
from tests.functional.attendance_world import PROOF, go_to, moment, phone_api, punch, submit, upload
from tests.functional.world import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, OTHER = 0, 1, 4


class WatchedRunner(CliRunner):
    """Tells what a command has shown so far."""

    _stdout: io.BytesIO | None = None

    @property
    def shown(self) -> str:
        """The output until now."""
        return self._stdout.getvalue().decode() if self._stdout is not None else ""

    @contextmanager
    def isolation(self, *arguments: Any, **more: Any) -> Iterator[tuple[io.BytesIO, ...]]:
        """Keep the output at hand while the command runs."""
        with super().isolation(*arguments, **more) as streams:
            self._stdout = streams[0]
            yield streams


@dataclass(frozen=True)
class Hadirctl:
    """Runs commands in a thread, as the server runs in this loop."""

    address: str
    home: Path

    async def __call__(
        self,
        *arguments: str,
        stdin: str = "",
        language: str = "id",
        runner: CliRunner | None = None,
    ) -> Result:
        """Return what came of a command."""
        invoke = (runner or CliRunner()).invoke
        environment = {
            "XDG_CONFIG_HOME": str(self.home),
            "HADIRCTL_SERVER": self.address,
            "HADIRCTL_LANGUAGE": language,
        }
        return await asyncio.to_thread(
            invoke, app, globals_first(arguments), env=environment, input=stdin
        )

    async def json(self, *arguments: str) -> Any:
        """Return the answer of a command that must succeed, as JSON."""
        result = await self("--json", *arguments)
        assert (0, "") == (result.exit_code, result.stderr)
        return json.loads(result.stdout)


async def login(world, tmp_path: Path, username: str) -> Hadirctl:
    """Returns hadirctl of an account that has logged in."""
    ctl = Hadirctl(world.address, tmp_path / username)
    result = await ctl("login", username, "--password-file", "-", stdin=f"{PASSWORD}\n")
    assert 0 == result.exit_code, result.stderr
    return ctl


class TestDays:
    """What heads and BKD see of attendance."""

    async def test_late_and_why(self, world, tmp_path):
        """The table of a unit, the days of one, and the reasons, in the words of the screen."""
        day = go_to(world, "18:00")
        nip, unit = world.seed.people[HEAD].nip, world.seed.people[HEAD].unit_id
        await punch(world, HEAD, "IN", moment(day, "08:10"))
        await punch(world, HEAD, "OUT", moment(day, "16:30"))
        bkd = await login(world, tmp_path, "bkd")
        span = ("--from", day.isoformat(), "--to", day.isoformat())

        of_unit = await bkd("days", "--unit", unit, *span)
        own = await bkd("days", nip, *span)
        why = await bkd("why", nip, day.isoformat())
        rows = await bkd.json("days", "--unit", unit, *span)

        assert "terlambat" in of_unit.stdout
        assert "TL2" in own.stdout
        assert f"Tanpa keterangan {day.year}" in own.stderr
        assert "Terlambat 40 menit: TL2, potongan 1 %." in why.stdout
        assert {nip: 40}.items() <= {r["nip"]: r["days"][0]["late_minutes"] for r in rows}.items()

    async def test_recap(self, world, tmp_path):
        """Nothing counts before the official phase, and the recap says so; afterwards it does."""
        day = go_to(world, "23:30")
        nip, unit = world.seed.people[STAFF].nip, world.seed.people[STAFF].unit_id
        bkd = await login(world, tmp_path, "bkd")
        month = ("--month", f"{day:%Y-%m}")

        before = await bkd("recap", unit, *month)
        dry = await bkd(
            "rule", "phase", unit, "official", "--from", day.isoformat(),
            "--reason", "SK 1/2026", "--dry-run",
        )  # fmt: skip
        stored = await bkd(
            "rule", "phase", unit, "official", "--from", day.isoformat(), "--reason", "SK 1/2026"
        )
        after = {r["nip"]: r for r in await bkd.json("recap", unit, *month)}
        log = await bkd("rule", "list", "--kind", "phase", "--subject", unit)

        assert "masa sosialisasi" in before.stdout
        assert "tidak ada yang disimpan" in dry.stdout
        assert 0 == stored.exit_code
        assert (1, "4") == (after[nip]["tpp_workdays"], after[nip]["tpp_percent"])
        assert "SK 1/2026" in log.stdout

    @pytest.mark.parametrize("kind", ["month", "tpp", "matrix"])
    async def test_export(self, world, tmp_path, kind):
        """The three recaps as Excel, CSV and print: everybody, the trial's note, the head's name."""
        day = go_to(world, "18:00")
        person = world.seed.people[HEAD]
        await punch(world, HEAD, "IN", moment(day, "08:10"))
        head = await login(world, tmp_path, "kepala")
        month = ("--month", f"{day:%Y-%m}")
        for form in ("xlsx", "csv", "pdf"):
            file = ("--to", str(tmp_path / f"rekap.{form}"))
            done = await head("export", person.unit_id, kind, form, *month, *file)
            again = await head("export", person.unit_id, kind, form, *month, *file)
            assert (0, 1) == (done.exit_code, again.exit_code)

        page = openpyxl.load_workbook(tmp_path / "rekap.xlsx").active
        cells = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value]
        rows = (tmp_path / "rekap.csv").read_text("utf-8-sig").splitlines()
        pages = pypdf.PdfReader(tmp_path / "rekap.pdf").pages
        printed = "\n".join(page.extract_text() for page in pages)
        people = [e for e in world.seed.employees if e.unit_id == person.unit_id]

        assert person.nip in cells
        assert len(people) + 1 == len(rows)
        assert all(one.nip in printed for one in people)
        assert f"NIP {person.nip}" in printed
        if kind == "tpp":
            assert any("TIDAK ADA HARI YANG DIHITUNG" in cell for cell in cells)
            assert "masa sosialisasi" in printed

    async def test_correct(self, world, tmp_path):
        """BKD adds a check-out; a wrong kind or time is refused with what to do."""
        day = go_to(world, "23:30")
        nip = world.seed.people[STAFF].nip
        await world.officer()
        bkd = await login(world, tmp_path, "petugas")
        reason = ("--reason", "listrik padam")

        done = await bkd("correct", nip, "out", f"{day}T16:00", *reason)
        wrong = await bkd("correct", nip, "sideways", f"{day}T16:00", *reason)
        late = await bkd("correct", nip, "out", "2199-01-01T00:00", *reason)

        assert "PULANG" in done.stdout
        assert (0, 2, 1) == (done.exit_code, wrong.exit_code, late.exit_code)
        assert "belum tiba" in late.stderr

    async def test_void(self, world, tmp_path):
        """BKD voids what it finds by why; an id that is not there is refused with what to do."""
        day = go_to(world, "23:30")
        event_id = await punch(world, STAFF, "OUT", moment(day, "16:00"))
        await world.officer()
        bkd = await login(world, tmp_path, "petugas")
        reason = ("--reason", "foto layar")

        done = await bkd("void", event_id, *reason)
        missing = await bkd("void", "01KB0Z6T3J9Q8W7E5R4T2Y1A0C", *reason)
        why = await bkd("why", world.seed.people[STAFF].nip, str(day), "--json")

        assert "tidak dihitung lagi" in done.stdout
        assert (0, 1) == (done.exit_code, missing.exit_code)
        assert "hadirctl why" in missing.stderr
        assert "foto layar" in why.stdout

    async def test_watch(self, world, tmp_path):
        """Shows everybody, and ends plainly when the account is closed."""
        go_to(world, "12:00")
        unit = world.seed.people[HEAD].unit_id
        bkd = await world.bkd()
        role = {"role": "ROLE_BKD"}
        await bkd.call("CreateStaffAccount", username="pantau", password=PASSWORD, **role)
        await world.staff("pantau")
        ctl = await login(world, tmp_path, "pantau")
        runner = WatchedRunner()
        watching = asyncio.create_task(ctl("watch", unit, runner=runner))
        while world.seed.people[HEAD].nip not in runner.shown:
            assert not watching.done(), watching.result().output
            await asyncio.sleep(0.05)
        await bkd.call("CloseStaffAccount", username="pantau")

        result = await watching

        assert world.seed.people[HEAD].nip in result.stdout
        assert (1, True) == (result.exit_code, "SESSION_ENDED" in result.stderr)


class TestAccount:
    """An account that BKD made becomes its owner's."""

    async def test_first_password(self, world, tmp_path):
        """Login says what to do, nothing else works before, and BKD sees who did what."""
        bkd = await login(world, tmp_path, "bkd")
        (first := tmp_path / "pertama").write_text(f"{PASSWORD}\n")
        (own := tmp_path / "sendiri").write_text("sandi-sendiri-2026\n")
        nip = world.seed.people[OTHER].nip
        role = ("--role", "bkd", "--nip", nip, "--password-file", str(first))
        created = await bkd("staff", "create", "bkd-siti", *role)
        siti = Hadirctl(world.address, tmp_path / "bkd-siti")
        entered = await siti("login", "bkd-siti", "--password-file", str(first))
        early = await siti("unit", "list")
        files = ("--old-password-file", str(first), "--new-password-file", str(own))
        changed = await siti("password", *files)
        late = await siti("unit", "list")
        refused = await siti("staff", "create", "kedua", "--role", "operator", *role[2:])
        log = await bkd.json("staff", "log", "--limit", "2")

        codes = [one.exit_code for one in (created, entered, early, changed, late, refused)]
        assert [0, 0, 1, 0, 0, 1] == codes
        assert "Ganti dahulu: hadirctl password" in entered.stdout + entered.stderr
        assert "FIRST_PASSWORD" in early.stderr
        assert "OWN_ACCOUNT" in refused.stderr
        assert [("bkd-siti", "bkd-siti", nip), ("bkd-siti", "bkd", "")] == [
            (one["username"], one["actor"], one.get("actor_nip", "")) for one in log
        ]


class TestRequests:
    """What waits for a decision."""

    async def test_from_the_desk_to_the_decision(self, world, tmp_path):
        """The head sees it, reads the proof, accepts, and sees what was decided."""
        day = go_to(world, "12:00")
        api = await phone_api(world, HEAD)
        proof = await upload(api, PROOF)
        asked = await submit(api, "SAKIT", day, document_ids=[proof.document_id])
        await world.officer()
        bkd, head = await login(world, tmp_path, "petugas"), await login(world, tmp_path, "kepala")

        desk = await bkd("request", "desk")
        saved = await bkd("request", "document", proof.document_id, "--to", str(tmp_path / "surat"))
        again = await bkd("request", "document", proof.document_id, "--to", str(tmp_path / "surat"))
        own = await head("request", "accept", asked.request_id, "--reason", "setuju saja")
        stale = await bkd(
            "request", "accept", asked.request_id, "--step", "2", "--reason", "surat dokter ada"
        )
        accepted = await bkd("request", "accept", asked.request_id, "--reason", "surat dokter ada")
        shown = await bkd("request", "show", asked.request_id)
        listed = await head("request", "list", world.seed.people[HEAD].unit_id)

        annulled = await bkd("request", "annul", asked.request_id, "--reason", "surat palsu")

        assert "dibatalkan" in annulled.stdout
        assert asked.request_id in desk.stdout
        assert (0, 1) == (saved.exit_code, again.exit_code)
        assert PROOF == (tmp_path / "surat.png").read_bytes()
        assert (1, True) == (own.exit_code, "NOT_YOUR_DECISION" in own.stderr)
        assert (1, True) == (stale.exit_code, "ALREADY_DECIDED" in stale.stderr)
        assert "disetujui" in accepted.stdout
        assert "surat dokter ada" in shown.stdout
        assert "sakit" in listed.stdout


class TestUnits:
    """Offices from a file."""

    async def test_import(self, world, tmp_path):
        """A dry run names every problem by its line; the good file is stored whole."""
        bkd = await login(world, tmp_path, "bkd")
        file = tmp_path / "opd.csv"
        header = "unit_id;name;parent;site;head\n"
        good = "bidang-a;Bidang A;badan-x;;\nbadan-x;Badan X;provinsi;kantor-gubernur;\n"

        file.write_text(header + good + "Salah;Nama;;;\nbidang-b;Bidang B;tidak-ada;;\n")
        bad = await bkd("unit", "import", str(file), "--dry-run")
        file.write_text("unit_id,name\n")
        lacking = await bkd("unit", "import", str(file))
        file.write_text(header + good)
        done = await bkd("unit", "import", str(file))
        units = {unit["unit_id"]: unit for unit in await bkd.json("unit", "list")}

        assert (1, 1, 0) == (bad.exit_code, lacking.exit_code, done.exit_code)
        lines = {line.split()[0]: line.split()[1] for line in bad.stdout.splitlines()[1:3]}
        assert {"4": "UNIT_ID_INVALID", "5": "PARENT_UNKNOWN"} == lines
        assert "head, parent, site" in lacking.stderr
        assert "badan-x" == units["bidang-a"]["parent_unit_id"]


class TestMoves:
    """Units and people that move, from the date of their letter."""

    async def test_past_days_keep_their_phase(self, world, tmp_path):
        """A unit on trial below an official office is official from its move on, not before."""
        world.clock.advance(days=14)
        today = go_to(world, "12:00")
        before, moved = (today - timedelta(days=n) for n in (8, 7))
        nip, unit_id = world.seed.people[OTHER].nip, world.seed.people[OTHER].unit_id
        bkd = await login(world, tmp_path, "bkd")
        for unit, phase in (("provinsi", "trial"), ("resmi", "official")):
            await bkd("unit", "put", "resmi", "--name", "Kantor resmi")
            await bkd("rule", "phase", unit, phase, "--from", "2026-01-01", "--reason", "SK 1")

        silent = await bkd("unit", "put", unit_id, "--parent", "resmi")
        put = await bkd(
            "unit", "put", unit_id, "--parent", "resmi",
            "--from", moved.isoformat(), "--reason", "Pergub 3/2026",
        )  # fmt: skip
        why = [
            (await bkd("why", nip, day.isoformat(), language="en")).stdout
            for day in (before, moved)
        ]
        log = await bkd("unit", "history", unit_id)

        assert ("REASON_REQUIRED" in silent.stderr, put.exit_code) == (True, 0)
        assert ["trial" in why[0].lower(), "official" in why[1].lower()] == [True, True]
        assert "official" not in why[0].lower()
        assert all(word in log.stdout for word in ("Pergub 3/2026", "resmi", moved.isoformat()))

    async def test_another_fence(self, world, tmp_path):
        """A fence that moves needs a reason; the history shows who moved it, and its measures."""
        bkd = await login(world, tmp_path, "bkd")
        fence = ("--lat", "0.75", "--lon", "127.5", "--radius")
        made = await bkd("site", "put", "gudang", "--name", "Gudang", *fence, "80")
        silent = await bkd("site", "put", "gudang", *fence, "900")
        done = await bkd("site", "put", "gudang", *fence, "90", "--reason", "halaman parkir")

        log = await bkd("site", "history", "gudang", language="en")

        assert (0, 1, 0) == (made.exit_code, silent.exit_code, done.exit_code)
        assert "REASON_REQUIRED" in silent.stderr
        assert all(word in log.stdout for word in ("halaman parkir", "90", "80", "bkd"))
        assert "900" not in log.stdout

    async def test_checkpoint(self, world, tmp_path):
        """A checkpoint goes to the screen as it is, or to a file that is not there yet."""
        bkd, file = await login(world, tmp_path, "bkd"), tmp_path / "kept.txt"

        shown = await bkd("checkpoint")
        saved = await bkd("checkpoint", "--out", str(file))
        again = await bkd("checkpoint", "--out", str(file))

        assert shown.stdout.startswith("hadir/ledger\n")
        assert shown.stdout.endswith("=\n")
        assert "hadir+" in shown.stderr
        assert file.read_text().startswith("hadir/ledger\n")
        assert (0, 0, 1) == (shown.exit_code, saved.exit_code, again.exit_code)

    async def test_transfer_from_a_date(self, world, tmp_path):
        """Who moves serves in the new unit from the letter's date, not from the import's."""
        world.clock.advance(days=7)
        today = go_to(world, "12:00")
        person = world.seed.people[OTHER]
        bkd = await login(world, tmp_path, "bkd")
        file = tmp_path / "mutasi.csv"
        file.write_text(f"nip,name,unit_id\n{person.nip},{person.display_name},pangan\n")
        start = (today - timedelta(days=3)).isoformat()

        ahead = await bkd("employee", "import", str(file), "--from", "2150-01-01")
        silent = await bkd("employee", "import", str(file), "--from", start)
        why = ("--reason", "SK 820/119")
        done = await bkd("employee", "import", str(file), "--from", start, *why)
        log = await bkd("employee", "history", person.nip)
        span = (today - timedelta(days=4), today - timedelta(days=3))
        days = await (await world.bkd()).call(
            "GetEmployeeDays", nip=person.nip, first=span[0].isoformat(), last=span[1].isoformat()
        )

        assert (1, 1, 0) == (ahead.exit_code, silent.exit_code, done.exit_code)
        assert "REASON_REQUIRED" in silent.stderr
        assert all(word in log.stdout for word in ("SK 820/119", "pangan", start, "bkd"))
        assert [person.unit_id, "pangan"] == [day.unit_id for day in days.days]


class TestRules:
    """Files of rules."""

    async def test_holidays(self, world, tmp_path):
        """A dry run lists every problem by line; the good file makes free days."""
        day = go_to(world, "08:00")
        bkd = await login(world, tmp_path, "bkd")
        file = tmp_path / "cuti.csv"
        header = "date;name;kind;decree\n"
        line = f"{day};Cuti bersama;JOINT_LEAVE;SKB 7/2026\n"
        reason = ("--reason", "SKB 7/2026")

        wrong = line.replace(str(day), "1.1.2027")
        file.write_text(header + line + "\n" + wrong + line + line.replace("JOINT_LEAVE", "PARTY"))
        twice = await bkd("rule", "holidays", str(file), *reason, "--dry-run")
        file.write_text(header + line)
        good = await bkd("rule", "holidays", str(file), *reason)
        why = await bkd("why", world.seed.people[STAFF].nip, day.isoformat())

        assert (1, 0) == (twice.exit_code, good.exit_code)
        assert [
            ["4", "FIELD_INVALID", "Isian start tidak sah."],
            ["5", "RULE_TWICE", "Aturan yang sama ada dua kali dalam berkas."],
            ["6", "FIELD_INVALID", "Isian kind tidak sah."],
        ] == [line.strip().split(maxsplit=2) for line in twice.stdout.splitlines()[1:4]]
        assert "Hari libur: Cuti bersama SKB 7/2026." in why.stdout

    async def test_long_roster(self, world, tmp_path):
        """6,200 shifts go in two parts; a fault in the second part keeps the first one out."""
        first = go_to(world, "08:00")
        nip = world.seed.people[STAFF].nip
        bkd = await login(world, tmp_path, "bkd")
        roster, reason = tmp_path / "roster.csv", ("--reason", "roster panjang")
        rows = [f"{nip},{first + timedelta(days=n)},pagi" for n in range(6199)]

        roster.write_text("\n".join(["nip,date,shift", *rows, rows[0]]))
        twice = await bkd("rule", "shifts", str(roster), *reason)
        kept_out = await bkd.json("rule", "list", "--kind", "shift", "--subject", nip)
        roster.write_text("\n".join(["nip,date,shift", *rows]))
        stored = await bkd("rule", "shifts", str(roster), *reason)
        last = await bkd.json("rule", "list", "--kind", "shift", "--subject", nip, "--limit", "1")

        assert (1, 0) == (twice.exit_code, stored.exit_code)
        assert "6201" in twice.stdout
        assert [] == kept_out
        assert "6199 aturan disimpan." in stored.stdout
        assert (first + timedelta(days=6198)).isoformat() == last[0]["rule"]["start"]

    async def test_errors_say_what_is_wrong(self, world, tmp_path):
        """Which record is missing, and what to do about a date to come."""
        bkd = await login(world, tmp_path, "bkd")
        unit = ("unit", "put", "bidang-x", "--name", "Bidang X")

        missing = await bkd(*unit, "--site", "tidak-ada")
        early = await bkd(*unit, "--from", "2099-01-01", "--reason", "Pergub 1/2099", language="en")

        assert (1, 1) == (missing.exit_code, early.exit_code)
        assert "(site_id: tidak-ada)" in missing.stderr
        assert "entered on its day" in early.stderr

    async def test_schedule_from_a_file(self, world, tmp_path):
        """TOML with shifts, and a roster as CSV: the night shift of a nurse."""
        day = go_to(world, "08:00")
        unit, nip = world.seed.people[STAFF].unit_id, world.seed.people[STAFF].nip
        bkd = await login(world, tmp_path, "bkd")
        file, roster = tmp_path / "sif.toml", tmp_path / "roster.csv"
        file.write_text(
            f"[[rules]]\nsubject = '{unit}'\nstart = '{day}'\n"
            "[rules.schedule.shifts.malam]\nstart = '21:00'\nend = '07:00'\n"
        )
        roster.write_text(f"nip,date,shift\n{nip},{day},malam\n")

        put = await bkd("rule", "put", str(file), "--reason", "sif malam")
        shifts = await bkd("rule", "shifts", str(roster), "--reason", "roster minggu ini")
        why = await bkd("why", nip, day.isoformat(), language="en")
        broken = tmp_path / "broken.toml"
        broken.write_text("rules = 5")
        refused = await bkd("rule", "put", str(broken), "--reason", "sif malam")

        assert (0, 0, 1) == (put.exit_code, shifts.exit_code, refused.exit_code)
        assert "Shift by the roster: malam." in why.stdout
        assert "RULES_UNREADABLE" in refused.stderr
