"""The employee CSV: what BKD's exports look like, and every problem by its line."""

import csv
import io
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import roster
from server.domain.model import EmployeeState
from server.domain.roster import NAME_MAX, NotRoster, Problem, Row, read

UNITS, SITES = ["bkd", "kominfo"], ["kantor", "jalan-40"]
ANN, BEN, PPPK = "198501152010011001", "199003032015032002", "200012312024211001"
HEAD = "nip,name,unit_id,site_id,state"
QUICK = settings(deadline=None, max_examples=25)


def parsed(*lines: str) -> tuple[list[Row], list[Problem]]:
    """Reads a file with the full header."""
    return read("\n".join([HEAD, *lines, ""]), UNITS, SITES)


def problems(*lines: str) -> list[Problem]:
    """Returns the problems of lines under the full header."""
    return parsed(*lines)[1]


class TestForms:
    """The same employee in the ways in which people export."""

    EXPECTED = Row(2, ANN, "Ani, S.Sos.", "bkd", "kantor", EmployeeState.INACTIVE)

    @pytest.mark.parametrize(
        "text",
        [
            f'{HEAD}\n{ANN},"Ani, S.Sos.",bkd,kantor,INACTIVE\n',
            f'\ufeff{HEAD}\r\n{ANN},"Ani, S.Sos.",bkd,kantor,INACTIVE\r\n',
            f"nip;name;unit_id;site_id;state\r\n{ANN};Ani, S.Sos.;bkd;kantor;INACTIVE\r\n",
            f'\ufeffnip;name;unit_id;site_id;state\n{ANN};"Ani, S.Sos.";bkd;kantor;INACTIVE',
            f'"nip","name","unit_id","site_id","state"\n"{ANN}","Ani, S.Sos.","bkd","kantor","inactive"',
            f'state,site_id,unit_id,name,nip\ninactive,kantor,bkd,"Ani, S.Sos.",{ANN}\n',
            f'{HEAD},phone\n{ANN},"Ani, S.Sos.",bkd,kantor,INACTIVE,0812\n',
            f'{HEAD}\n19850115 201001 1 001 ," Ani, S.Sos. ", bkd , kantor , Inactive \n',
        ],
        ids=[
            "plain",
            "bom-crlf",
            "semicolons",
            "bom-semicolons",
            "quotes",
            "order",
            "more",
            "spaces",
        ],
    )
    def test_are_read_alike(self, text: str) -> None:
        """Byte order mark, line ends, semicolons, quotes, order of columns, spaces."""
        assert ([self.EXPECTED], []) == read(text, UNITS, SITES)

    def test_site_and_state_may_be_left_out(self) -> None:
        """As columns, and as values."""
        short = read(f"nip,name,unit_id\n{PPPK},Budi,bkd\n", UNITS, SITES)

        assert ([Row(2, PPPK, "Budi", "bkd", "", EmployeeState.ACTIVE)], []) == short
        assert short == parsed(f"{PPPK},Budi,bkd,,")

    def test_a_header_alone_is_an_empty_file(self) -> None:
        """Nobody, and no problem."""
        assert ([], []) == parsed()

    @QUICK
    @given(
        st.lists(st.text("AZaz ,;\"'\n\u00e9\u4e2d.-", max_size=30), min_size=1, max_size=8),
        st.sampled_from(",;"),
    )
    def test_any_name_comes_back_as_it_was_written(self, names: list[str], delimiter: str) -> None:
        """Delimiters, quotes and line ends inside of names."""
        file = io.StringIO(newline="")
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["nip", "name", "unit_id"])
        for number, name in enumerate(names):
            writer.writerow([f"19850115201001{1001 + number}", name, "bkd"])

        rows, _ = read(file.getvalue(), UNITS, SITES)

        assert [name.strip() for name in names] == [row.display_name for row in rows]


class TestProblems:
    """Each problem has its line, its code and whether it stops the import."""

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("12345,Ani,bkd,,", Problem(2, "NIP_NOT_18_DIGITS", True, "12345")),
            (f"{ANN}x,Ani,bkd,,", Problem(2, "NIP_NOT_18_DIGITS", True, f"{ANN}x")),
            ('"1,98501E+17",Ani,bkd,,', Problem(2, "NIP_NOT_18_DIGITS", True, "1,98501E+17")),
            (
                "198513152010011001,Ani,bkd,,",
                Problem(2, "NIP_FORM_UNKNOWN", False, "198513152010011001"),
            ),
            (f"{ANN},,bkd,,", Problem(2, "NAME_EMPTY", True)),
            (f"{ANN},{'n' * (NAME_MAX + 1)},bkd,,", Problem(2, "NAME_TOO_LONG", True, "n" * 20)),
            (f"{ANN},Ani,dinas,,", Problem(2, "UNIT_UNKNOWN", True, "dinas")),
            (f"{ANN},Ani,,,", Problem(2, "UNIT_UNKNOWN", True)),
            (f"{ANN},Ani,bkd,pasar,", Problem(2, "SITE_UNKNOWN", True, "pasar")),
            (f"{ANN},Ani,bkd,,pensiun", Problem(2, "STATE_UNKNOWN", True, "PENSIUN")),
            (f"{ANN},Ani,bkd,,,extra", Problem(2, "TOO_MANY_COLUMNS", True)),
        ],
    )
    def test_each_alone(self, line: str, problem: Problem) -> None:
        """One wrong thing, one problem."""
        assert [problem] == problems(line)

    def test_a_form_that_is_unknown_is_a_warning(self) -> None:
        """BKD looks at it; the row is stored."""
        rows, found = parsed("198513152010011001,Ani,bkd,,")

        assert ["198513152010011001"] == [row.nip for row in rows]
        assert [False] == [problem.is_error for problem in found]

    def test_all_problems_of_a_line_are_named(self) -> None:
        """So that one round mends them all."""
        assert [
            "NIP_NOT_18_DIGITS",
            "NAME_EMPTY",
            "UNIT_UNKNOWN",
            "SITE_UNKNOWN",
            "STATE_UNKNOWN",
        ] == [problem.reason for problem in problems("1,,x,y,z")]

    def test_a_line_that_is_too_short_lacks_what_is_missing(self) -> None:
        """No crash over a row of one column."""
        assert {"NAME_EMPTY", "UNIT_UNKNOWN"} == {problem.reason for problem in problems(ANN)}

    def test_the_second_of_two_equal_nips_is_the_problem(self) -> None:
        """Each further one by its own line; spaces do not hide it."""
        found = problems(f"{ANN},Ani,bkd,,", f"{BEN},Ben,bkd,,", f"{ANN[:8]} {ANN[8:]},A,bkd,,")

        assert [Problem(4, "NIP_TWICE", True, ANN)] == found

    def test_lines_are_those_of_the_file(self) -> None:
        """The header is line 1; empty lines count."""
        found = problems(f"{ANN},Ani,bkd,,", "", "", "5,Ben,bkd,,")

        assert [5] == [problem.line for problem in found]

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_a_row_over_two_lines_has_a_line_of_its_own(self, end: str) -> None:
        """A line end inside quotes; the rows after it are still right."""
        text = end.join([HEAD, f'{ANN},"Ani{end}Binti",dinas,,', "5,Ben,bkd,,", ""])

        found = read(text, UNITS, SITES)[1]

        assert found[0].line in {2, 3}
        assert 4 == found[1].line


class TestNotRoster:
    """What is no such file at all."""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "nip, name, unit_id"),
            ("\ufeff", "nip, name, unit_id"),
            ("nip,name\n", "unit_id"),
            ("NIP,Nama,OPD\n", "nip, name, unit_id"),
            ("nip\tname\tunit_id\n", "nip, name, unit_id"),
            (f"{ANN},Ani,bkd\n", "nip, name, unit_id"),
            (f'{HEAD}\n{ANN},"Ani,bkd,,\n{BEN},Ben,bkd,,\n', "line"),
            (f'{HEAD}\n{ANN},"Ani"x,bkd,,\n', "line 2"),
            (f"{HEAD}\n{ANN},{'n' * 200_000},bkd,,\n", "line 2"),
        ],
    )
    def test_says_what_is_missing(self, text: str, said: str) -> None:
        """Columns by name, broken quotes by line."""
        with pytest.raises(NotRoster, match=said):
            read(text, UNITS, SITES)

    def test_has_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """200,000 rows; the limit itself is read."""
        monkeypatch.setattr(roster, "ROWS_MAX", 3)
        lines = [f"19850115201001{1001 + number},Ani,bkd,," for number in range(4)]

        assert 3 == len(parsed(*lines[:3])[0])
        with pytest.raises(NotRoster, match="3 rows"):
            parsed(*lines)

    @QUICK
    @given(st.text(',;"\n\r\0 nipame_untd0159\ufeff', max_size=200))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        """Nothing else is raised, and every problem has a line of the file."""
        for content in (text, f"{HEAD}\n{text}"):
            try:
                rows, found = read(content, UNITS, SITES)
            except NotRoster:
                continue
            lines = content.count("\n") + content.count("\r") + 1
            assert all(2 <= item.line <= lines for item in (*rows, *found))


class TestScale:
    """A province in one file."""

    @staticmethod
    def calls(lines: Sequence[str]) -> int:
        """Returns how many functions are called to read so many rows."""
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        sys.setprofile(count)
        try:
            assert len(lines) == len(parsed(*lines)[0])
        finally:
            sys.setprofile(None)
        return counted

    def test_work_grows_with_the_rows_and_not_faster(self) -> None:
        """4,000 rows take ten times the work of 400, not a hundred times."""
        lines = [f"{190000000000000000 + n},Ani {n},bkd,kantor," for n in range(4_000)]

        assert self.calls(lines) < 11 * self.calls(lines[:400])
