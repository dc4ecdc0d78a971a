"""What a planner and a book keep has a limit, and nobody gets other days by it."""

from datetime import date, timedelta

from server.domain.attendance import plan
from server.domain.attendance.kept import Kept
from server.domain.attendance.rules import PLANNERS_MAX, RuleBook
from tests.unit.attendance.world import MONDAY, planner, span


class TestKept:
    """Values by key, up to so many."""

    def test_begins_anew(self):
        """The one that finds it full is kept alone."""
        kept = Kept[int, str](2)
        for number in range(3):
            assert str(number) == kept.put(number, str(number))

        assert [None, None, "2"] == [kept.get(number) for number in range(3)]

    def test_a_reader_keeps_what_it_reads(self):
        """Another thread may read while the full one is put aside."""
        kept = Kept[int, str](2)
        kept.put(0, "0")
        kept.put(1, "1")
        reading = iter(kept._values)
        next(reading)
        kept.put(2, "2")

        assert [1] == list(reading)


class TestLimits:
    """Dates that somebody asks for again and again fill no memory."""

    def test_days_of_a_planner(self, monkeypatch):
        """A planner with room for five plans and two spans derives the days of any other."""
        monkeypatch.setattr(plan, "PLANS_MAX", 5)
        monkeypatch.setattr(plan, "SPANS_MAX", 2)
        small = planner()
        for number in range(30):
            first = MONDAY + timedelta(days=number)
            last = first + timedelta(days=7)
            assert span(first, last) == span(first, last, rules=small)

        assert 5 >= len(small._plans)
        assert 2 >= len(small._spans)

    def test_planners_of_a_book(self):
        """Its copies for rosters share them, and what is full is full for none of them for ever."""
        book = RuleBook([], [])
        for year in range(1900, 1900 + 3 * PLANNERS_MAX):
            book.with_rosters({}).planner(date(year, 1, 1), date(year, 1, 1))
        made = book.with_rosters({}).planner(MONDAY, MONDAY)

        assert made is book.with_rosters({}).planner(MONDAY, MONDAY)
        assert PLANNERS_MAX >= len(book._planners)
