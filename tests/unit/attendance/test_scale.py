"""Work that is shared by all people is done once; benchmarks/ has the seconds."""

from datetime import date, timedelta

from server.domain.attendance.days import derive_days
from server.domain.attendance.model import Person
from server.domain.attendance.plan import Planner
from server.domain.attendance.recap import tpp_recap
from tests.unit.attendance.world import ANI, LATER, dates, planner, worked

MONTH = dates(date(2026, 10, 1), 31)
PEOPLE = 200


class TestMonth:
    """31 days with 22 workdays, every one late."""

    def test_plans_are_made_for_dates_and_not_for_people(self, monkeypatch):
        """Of 200 people's month, recap included: one plan a date, two before and one behind."""
        made = []
        make = Planner._make

        def noted(planner, *arguments):
            made.append(arguments)
            return make(planner, *arguments)

        monkeypatch.setattr(Planner, "_make", noted)
        rules = planner()
        punches = [p for day in MONTH if day.weekday() < 5 for p in worked(day, "08:10", "16:40")]
        for number in range(PEOPLE):
            person = Person(f"nip-{number}", ANI.postings)
            days = derive_days(
                rules, person, MONTH[0], MONTH[-1], punches=punches, requests=(), now=LATER
            )
            counted = tpp_recap(days).workdays

        assert 22 == counted
        assert len(MONTH) + 3 == len(made)

    def test_rules_are_worked_out_once(self):
        """Everybody of a unit shares the plans of a date."""
        rules = planner()
        first, second = (
            rules.span(Person(nip, ANI.postings), MONTH[0], MONTH[-1]) for nip in ("a", "b")
        )

        assert first is second
        assert 33 == len(first[0])
        assert MONTH[0] - timedelta(days=1) == first[0][0].day
