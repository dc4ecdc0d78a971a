"""A month of a province must be recomputed in seconds."""

import time
from datetime import date, timedelta

from server.domain.attendance.days import derive_days
from server.domain.attendance.model import Person
from server.domain.attendance.recap import tpp_recap
from tests.unit.attendance.world import ANI, LATER, dates, planner, worked

MONTH = dates(date(2026, 10, 1), 31)
PEOPLE = 200
# 10 s for 10,000 people; twice that here, since test machines are busy.
SECONDS_MAX = 2 * 10 * PEOPLE / 10_000


class TestMonth:
    """31 days with 22 workdays, every one late."""

    def test_10_000_people_take_less_than_ten_seconds(self):
        """Measured with 200, recap included, in processor time."""
        rules, person = planner(), Person(ANI.nip, ANI.postings)
        punches = [p for day in MONTH if day.weekday() < 5 for p in worked(day, "08:10", "16:40")]
        started = time.process_time()
        for _ in range(PEOPLE):
            days = derive_days(
                rules, person, MONTH[0], MONTH[-1], punches=punches, requests=(), now=LATER
            )
            counted = tpp_recap(days).workdays

        assert 22 == counted
        assert time.process_time() - started < SECONDS_MAX

    def test_rules_are_worked_out_once(self):
        """Everybody of a unit shares the plans of a date."""
        rules = planner()
        first, second = (
            rules.span(Person(nip, ANI.postings), MONTH[0], MONTH[-1]) for nip in ("a", "b")
        )

        assert first is second
        assert 33 == len(first[0])
        assert MONTH[0] - timedelta(days=1) == first[0][0].day
