"""Imports of employees: all or nothing, every problem by its line, numbers of every kind."""

from datetime import date

import pytest
import pytest_asyncio
from hadir.v1 import directory_pb2

from benchmarks import province
from server.storage import attendance
from tests.functional.seeding import import_csv
from tests.functional.world import Api, World, names, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD = "nip,name,unit_id,site_id,state\n"
# Born on 1 January 1990, appointed in January 2015, man.
PNS = "19900101201501100{}"
# Born on 5 March 1988, appointed in 2023 for the first time, woman.
PPPK = "19880305202321200{}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bkd(world: World) -> Api:
    """BKD, who reads problems in English."""
    return await world.staff("bkd", language="en")


def problems(result: directory_pb2.ImportEmployeesResponse) -> list[tuple[int, str, str]]:
    """Returns (line, severity, reason) of each problem."""
    severity = directory_pb2.ProblemSeverity
    return [
        (one.line, names(severity, "PROBLEM_SEVERITY_", [one.severity])[0], one.reason)
        for one in result.problems
    ]


def counts(result: directory_pb2.ImportEmployeesResponse) -> tuple[int, int, int, int, bool]:
    """Returns rows, created, updated, unchanged and whether they were stored."""
    return (
        result.row_count,
        result.created_count,
        result.updated_count,
        result.unchanged_count,
        result.stored,
    )


async def employee(bkd: Api, nip: str) -> directory_pb2.Employee:
    return await bkd.call("GetEmployee", nip=nip)


class TestFromADate:
    """Who is new or moves serves there from a date on."""

    @staticmethod
    async def served(world: World, nip: str) -> list[tuple[date, date | None, str]]:
        """Returns from when to when an employee served where."""
        async with world.app.services.trial._database.read() as connection:
            people = await attendance.people_of(connection, None, zone="UTC", nips=[nip])
        return [(one.start, one.end, one.unit_id) for one in people[nip][1]]

    async def test_a_move_replaces_later_ones(self, world, bkd):
        """BKD enters a move that began before the last one that it knew of: that one is over."""
        nip = PNS.format(4)
        for unit_id, start in (
            ("bkd", "2026-01-01"),
            ("pangan", "2026-03-10"),
            ("kesbangpol", "2026-03-02"),
        ):
            row = f"{HEAD}{nip},Pindah,{unit_id},,\n".encode()
            await import_csv(bkd, row, start=start, reason="SK 12/2026")

        assert [
            (date(2026, 1, 1), date(2026, 3, 1), "bkd"),
            (date(2026, 3, 2), None, "kesbangpol"),
        ] == await self.served(world, nip)

    async def test_who_left_serves_nowhere(self, world, bkd):
        """Also not where a move was entered for a later date than the one of leaving."""
        nip = PNS.format(8)
        for unit_id, start, state in (
            ("bkd", "2026-01-01", "ACTIVE"),
            ("pangan", "2026-04-05", "ACTIVE"),
            ("pangan", "2026-04-01", "INACTIVE"),
        ):
            row = f"{HEAD}{nip},Pensiun,{unit_id},,{state}\n".encode()
            await import_csv(bkd, row, start=start, reason="SK 12/2026")

        assert [(date(2026, 1, 1), date(2026, 3, 31), "bkd")] == await self.served(world, nip)

    async def test_a_past_move_says_why(self, world, bkd):
        """Absences would vanish by a leave of service that nobody explains; the log keeps all."""
        nip = PNS.format(9)
        row = f"{HEAD}{nip},Ulang,bkd,,{{}}\n"
        began = await import_csv(bkd, row.format("").encode(), start="2026-01-01")
        with refused("REASON_REQUIRED", "INVALID_ARGUMENT"):
            await import_csv(bkd, row.format("INACTIVE").encode(), start="2026-03-01")
        named = row.format("").replace("Ulang", "Ulang S.H.").encode()
        renamed = await import_csv(bkd, named, start="2026-03-01")
        left = row.format("INACTIVE").encode()
        await import_csv(bkd, left, start="2026-03-01", reason="  SK pensiun 4/2026 ")

        log = (await bkd.call("ListPostings", nip=nip)).postings

        assert began.stored
        assert renamed.updated_count == 1
        assert [
            ("2026-03-01", "", "bkd", "SK pensiun 4/2026"),
            ("2026-01-01", "bkd", "bkd", ""),
        ] == [(one.start, one.unit_id, one.actor, one.reason) for one in log]
        assert all(one.HasField("put_time") for one in log)


class TestRows:
    """A file creates, updates and leaves alone."""

    async def test_create_update_leave(self, bkd):
        """The same file twice changes nothing the second time; a change is one update."""
        rows = [f"{PNS.format(n)},Pegawai {n},bkd,,ACTIVE\n" for n in range(1, 4)]
        content = (HEAD + "".join(rows)).encode()

        first = await import_csv(bkd, content)
        second = await import_csv(bkd, content)
        third = await import_csv(bkd, content.replace(b"Pegawai 2,bkd", b"Pegawai 2 S.H.,pangan"))
        moved = await employee(bkd, PNS.format(2))

        assert (3, 3, 0, 0, True) == counts(first)
        assert (3, 0, 0, 3, True) == counts(second)
        assert (3, 0, 1, 2, True) == counts(third)
        assert ("Pegawai 2 S.H.", "pangan") == (moved.display_name, moved.unit_id)
        assert "jalan-40" == moved.site_id

    async def test_dry_run(self, bkd):
        """A dry run says what would happen and stores nothing."""
        content = f"{HEAD}{PNS.format(5)},Coba,bkd,,\n".encode()

        result = await import_csv(bkd, content, dry_run=True)

        assert (1, 1, 0, 0, False) == counts(result)
        with refused("EMPLOYEE_UNKNOWN", "NOT_FOUND"):
            await employee(bkd, PNS.format(5))

    async def test_own_site(self, bkd):
        """The site of the row is stronger than that of the unit."""
        await import_csv(bkd, f"{HEAD}{PNS.format(6)},Tugas,bkd,jalan-40,\n".encode())

        found = await employee(bkd, PNS.format(6))

        assert "jalan-40" == found.site_id
        assert directory_pb2.EMPLOYEE_STATE_ACTIVE == found.state

    @pytest.mark.parametrize(
        "content",
        [
            "\ufeffnip;name;unit_id\r\n{nip};Titik Koma;bkd\r\n",
            "name,unit_id,nip,catatan\nTitik Koma,bkd,{nip},apa saja\n",
            'nip,name,unit_id\n"{nip}","Titik Koma","bkd"',
            "nip,name,unit_id,state\n 19900101 201501 1 007 , Titik Koma , bkd , active \n",
        ],
        ids=["semicolons and BOM", "other order", "quotes", "spaces"],
    )
    async def test_forms_of_csv(self, bkd, content):
        """What spreadsheets make of a table is read as it is meant."""
        nip = PNS.format(7)

        result = await import_csv(bkd, content.format(nip=nip).encode())

        found = await employee(bkd, nip)
        assert (1, []) == (result.row_count, problems(result))
        assert ("Titik Koma", "bkd") == (found.display_name, found.unit_id)

    async def test_thousand(self, bkd):
        """The thousand of the trial fit into one import, and pages show them all."""
        people = province.employees(1000, seed=7)

        result = await import_csv(bkd, province.roster_csv(people))

        seen, token = [], ""
        while True:
            page = await bkd.call("ListEmployees", page_size=400, page_token=token)
            seen += [one.nip for one in page.employees]
            token = page.next_page_token
            if not token:
                break
        assert (1000, 1000, 0, 0, True) == counts(result)
        assert sorted(set(seen)) == seen
        assert {one.nip for one in people} <= set(seen)


class TestNumbers:
    """NIP of PNS and NI PPPK; odd numbers are a warning, no numbers an error."""

    async def test_pppk(self, bkd):
        """The number of a PPPK has 21 to 29 where a PNS has a month: no warning."""
        rows = "".join(f"{PPPK.format(n)},PPPK {n},lh,,\n" for n in range(1, 4))

        result = await import_csv(bkd, (HEAD + rows).encode())

        assert (3, 3, 0, 0, True) == counts(result)
        assert [] == problems(result)

    @pytest.mark.parametrize(
        "nip",
        [
            "199013012015011001",  # month 13 of birth
            "199002302015011001",  # 30 February
            "199001012015131001",  # month 13 of appointment
            "199001012015013001",  # sex 3
            "199001012015011000",  # serial 000
        ],
    )
    async def test_odd_number_is_a_warning(self, bkd, nip):
        """18 digits of neither form are stored, and BKD is told to look."""
        result = await import_csv(bkd, f"{HEAD}{nip},Aneh,bkd,,\n".encode())

        assert [(2, "WARNING", "NIP_FORM_UNKNOWN")] == problems(result)
        assert result.stored
        assert "Aneh" == (await employee(bkd, nip)).display_name

    @pytest.mark.parametrize(
        "nip", ["", "12345", "1990010120150110011", "19900101201501100A", "\u0661" * 18]
    )
    async def test_no_number_is_an_error(self, bkd, nip):
        """Anything but 18 ASCII digits keeps the file out."""
        result = await import_csv(bkd, f"{HEAD}{nip},Salah,bkd,,\n".encode())

        assert [(2, "ERROR", "NIP_NOT_18_DIGITS")] == problems(result)
        assert not result.stored


class TestProblems:
    """Each problem has a line and a reason; one error keeps all rows out."""

    async def test_all_by_line(self, bkd):
        """All problems of a file are shown at once, and nothing of it is stored."""
        before = await bkd.call("ListEmployees", page_size=1000)
        rows = [
            f"{PPPK.format(5)},Baik,bkd,,",
            f"{PPPK.format(6)},,bkd,,",
            f"{PPPK.format(7)},Unit Salah,tidak-ada,,",
            f"{PPPK.format(8)},Lokasi Salah,bkd,tidak-ada,",
            f"{PPPK.format(9)},Status Salah,bkd,,PENSIUN",
            f"{PPPK.format(5)},Dua Kali,bkd,,",
            f"{PPPK.format(4)},{'N' * 201},bkd,,",
            "199001012015011000,Peringatan,bkd,,",
            "7,Banyak Salah,,x,y,z",
        ]

        result = await import_csv(bkd, (HEAD + "\n".join(rows)).encode())

        after = await bkd.call("ListEmployees", page_size=1000)
        assert [
            (3, "ERROR", "NAME_EMPTY"),
            (4, "ERROR", "UNIT_UNKNOWN"),
            (5, "ERROR", "SITE_UNKNOWN"),
            (6, "ERROR", "STATE_UNKNOWN"),
            (7, "ERROR", "NIP_TWICE"),
            (8, "ERROR", "NAME_TOO_LONG"),
            (9, "WARNING", "NIP_FORM_UNKNOWN"),
            (10, "ERROR", "NIP_NOT_18_DIGITS"),
            (10, "ERROR", "UNIT_UNKNOWN"),
            (10, "ERROR", "SITE_UNKNOWN"),
            (10, "ERROR", "STATE_UNKNOWN"),
            (10, "ERROR", "TOO_MANY_COLUMNS"),
        ] == problems(result)
        assert "The unit tidak-ada does not exist." == result.problems[1].text
        assert (12, False) == (result.problem_count, result.stored)
        assert before == after

    async def test_first_thousand(self, bkd):
        """A thoroughly wrong file shows its first 1,000 problems and counts the rest."""
        result = await import_csv(bkd, (HEAD + "1,Salah,bkd,,\n" * 1500).encode())

        assert 1000 == len(result.problems)
        assert 2999 == result.problem_count
        assert list(range(2, 12)) == sorted({one.line for one in result.problems})[:10]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"nip,name\n1,2\n",
            b"\xff\xfe\x00n",
            b'nip,name,unit_id\n"199,x,y\n',
            b'nip,name,unit_id\n"1"9,x,y\n',
            b"PK\x03\x04" + bytes(100),
        ],
        ids=["empty", "column missing", "UTF-16", "open quote", "odd quote", "spreadsheet"],
    )
    async def test_no_csv(self, bkd, content):
        """What is no such table is refused as a whole."""
        with refused("CSV_INVALID", "INVALID_ARGUMENT"):
            await import_csv(bkd, content)

    async def test_too_large(self, bkd):
        """More than 32 MiB is refused while it comes in."""
        with refused("IMPORT_TOO_LARGE", "INVALID_ARGUMENT"):
            await import_csv(bkd, HEAD.encode() + bytes(32 * 2**20))

    @pytest.mark.parametrize(
        "requests",
        [
            [directory_pb2.ImportEmployeesRequest(chunk=b"nip")],
            [directory_pb2.ImportEmployeesRequest()],
            [directory_pb2.ImportEmployeesRequest(open=directory_pb2.OpenImport())] * 2,
            [],
        ],
        ids=["chunk first", "empty message", "open twice", "nothing"],
    )
    async def test_open_first(self, bkd, requests):
        """The first message opens the import, and only that one."""
        with refused("OPEN_FIRST", "INVALID_ARGUMENT"):
            await bkd.upload("ImportEmployees", requests)


class TestHostileText:
    """Names are data: control, direction, format and SQL characters come back as they went in."""

    @pytest.mark.parametrize(
        "name",
        [
            "Robert'); DROP TABLE employees;--",
            "\u202eIRAD\u202c Hadir",
            "A\x07B\x1b[31mC",
            "{0.__class__} {reason} %s %n",
            '=HYPERLINK("http://x")',
            "Ñandú Ω 😀 e\u0301",
            "NUL\x00inside",
            "a" * 200,
        ],
        ids=["SQL", "RTL", "control", "format", "formula", "unicode", "NUL", "longest"],
    )
    async def test_verbatim(self, bkd, name):
        """The name of an employee is stored byte for byte."""
        nip = PNS.format(9)
        quoted = name.replace('"', '""')

        result = await import_csv(bkd, f'nip,name,unit_id\n{nip},"{quoted}",bkd\n'.encode())

        assert [] == problems(result)
        assert name == (await employee(bkd, nip)).display_name
        listed = await bkd.call("ListEmployees", unit_id="bkd", page_size=1000)
        assert name in {one.display_name for one in listed.employees}
