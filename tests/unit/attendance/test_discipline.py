"""PP 94/2021: workdays without a reason, in a calendar year and in a row."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.domain.attendance.discipline import counters
from server.domain.attendance.model import Phase, PhasePeriod, RequestKind
from server.domain.attendance.starter import DISCIPLINE
from tests.unit.attendance.world import (
    ANI,
    LATER,
    MONDAY,
    OFFICE,
    OFFICIAL,
    at,
    dates,
    planner,
    request,
    span,
    worked,
)

WORKDAYS = [day for day in dates(date(2026, 11, 2), 58) if day.weekday() < 5]


def counted(absent: int, *, requests=(), more=(), table=DISCIPLINE, every=2, **rest):
    """Counts days of which every second workday, up to a number, is absent."""
    missing = set(WORKDAYS[: absent * every : every])
    punches = [p for day in WORKDAYS if day not in missing for p in worked(day, "07:30", "16:30")]
    days = span(WORKDAYS[0], WORKDAYS[-1], [*punches, *more], requests, **rest)
    return counters(days, 2026, table)


class TestInAYear:
    """Days add up over the calendar year."""

    @pytest.mark.parametrize(
        ("days", "step"),
        [
            (0, ""),
            (2, ""),
            (3, "ORAL_WARNING"),
            (4, "WRITTEN_WARNING"),
            (6, "WRITTEN_WARNING"),
            (7, "WRITTEN_DISSATISFACTION"),
            (10, "WRITTEN_DISSATISFACTION"),
            (11, "ALLOWANCE_25_PERCENT_6_MONTHS"),
            (13, "ALLOWANCE_25_PERCENT_6_MONTHS"),
            (14, "ALLOWANCE_25_PERCENT_9_MONTHS"),
            (16, "ALLOWANCE_25_PERCENT_9_MONTHS"),
            (17, "ALLOWANCE_25_PERCENT_12_MONTHS"),
            (20, "ALLOWANCE_25_PERCENT_12_MONTHS"),
            (21, "DEMOTION_12_MONTHS"),
            (24, "DEMOTION_12_MONTHS"),
            (25, "REMOVAL_FROM_POST_12_MONTHS"),
            (27, "REMOVAL_FROM_POST_12_MONTHS"),
            (28, "DISMISSAL"),
            (40, "DISMISSAL"),
        ],
    )
    def test_thresholds(self, days, step):
        """3; 4-6; 7-10; 11-13, 14-16, 17-20; 21-24; 25-27; 28 and more."""
        found = counted(days, every=1)

        assert (days, step) == (found.days, found.step)

    def test_the_counter_starts_anew_on_1_january(self):
        """By the local date: 31 December is of the old year, 1 January of the new one."""
        days = span(date(2026, 12, 30), date(2027, 1, 4))

        assert (2, 2) == tuple(counters(days, year, DISCIPLINE).days for year in (2026, 2027))

    def test_dates_are_named_and_their_order_does_not_matter(self):
        """For the employee to argue about."""
        days = span(WORKDAYS[0], WORKDAYS[3])

        assert tuple(WORKDAYS[:4]) == counters(days[::-1], 2026, DISCIPLINE).dates

    @pytest.mark.parametrize("kind", [RequestKind.SAKIT, RequestKind.CORRECTION])
    def test_a_day_with_a_reason_does_not_count(self, kind):
        """Neither an absence with a letter nor an accepted correction."""
        assert 2 == counted(3, requests=[request(kind, WORKDAYS[0])]).days

    def test_a_trial_has_no_consequences(self):
        """Only official days count; the thresholds are data."""
        trial = planner(phases=[replace(OFFICIAL, phase=Phase.TRIAL)])

        assert (0, "") == (counted(5, rules=trial).days, counted(5, rules=trial).step)

    def test_a_day_that_is_not_over_does_not_count(self):
        """At noon nobody is absent."""
        days = span(MONDAY, MONDAY, now=at(MONDAY, "12:00"))

        assert 0 == counters(days, 2026, DISCIPLINE).days
        assert 1 == counters(span(MONDAY, MONDAY, now=LATER), 2026, DISCIPLINE).days


class TestInARow:
    """Ten workdays in a row."""

    @pytest.mark.parametrize(("days", "step"), [(9, ""), (10, "DISMISSAL"), (12, "DISMISSAL")])
    def test_free_days_do_not_end_a_row(self, days, step):
        """Two weekends lie in ten workdays."""
        found = counted(days, every=1)

        assert (days, step) == (found.row_max, found.row_step)

    def test_attendance_ends_it(self):
        """Every second day: never two in a row, whatever the sum."""
        assert (20, 1, "") == tuple(
            getattr(counted(20), name) for name in ("days", "row_max", "row_step")
        )

    def test_a_day_with_a_reason_ends_it(self):
        """Ill on the fifth of ten."""
        found = counted(10, every=1, requests=[request(RequestKind.SAKIT, WORKDAYS[4])])

        assert (9, 5) == (found.days, found.row_max)

    def test_it_runs_over_new_year(self):
        """Seven workdays in December, three in January: ten for 2027, seven for 2026."""
        days = span(date(2026, 12, 23), date(2027, 1, 5))

        assert 3 == counters(days, 2027, DISCIPLINE).days
        assert (7, 10) == tuple(counters(days, year, DISCIPLINE).row_max for year in (2026, 2027))


class TestMinutes:
    """7.5 hours late or early make one day (PP 53/2010): a setting, off."""

    LATE = 8  # days of 60 minutes

    def found(self, table, requests=()):
        """Counts eight days of an hour late each."""
        days = WORKDAYS[: self.LATE]
        punches = [p for day in days for p in worked(day, "08:30", "16:30")]
        return counters(span(days[0], days[-1], punches, requests), 2026, table)

    def test_off_unless_set(self):
        """480 minutes are no day; with 450 they are one."""
        on = replace(DISCIPLINE, day_minutes=450)

        assert 0 == self.found(DISCIPLINE).from_minutes
        assert 1 == self.found(on).from_minutes
        assert 0 == self.found(replace(on, day_minutes=481)).from_minutes

    def test_minutes_of_today_do_not_count_before_the_day_is_over(self):
        """At noon nobody knows how the day ends."""
        on = replace(DISCIPLINE, day_minutes=30)
        late = worked(MONDAY, "08:30", "")
        days = [span(MONDAY, MONDAY, late, now=now) for now in (at(MONDAY, "12:00"), LATER)]

        assert [0, 2] == [counters(each, 2026, on).from_minutes for each in days]

    def test_minutes_of_leaving_early_count_unless_waived(self):
        """An hour early, once with a reason."""
        on = replace(DISCIPLINE, day_minutes=60)
        early, reason = worked(MONDAY, "07:30", "15:00"), request(RequestKind.EARLY_REASON)
        days = [span(MONDAY, MONDAY, early, asked) for asked in ([], [reason])]

        assert [1, 0] == [counters(each, 2026, on).from_minutes for each in days]

    @pytest.mark.parametrize("kind", [RequestKind.LATE_REASON, RequestKind.TUGAS_LUAR])
    def test_minutes_with_a_reason_do_not_count(self, kind):
        """420 are left."""
        on = replace(DISCIPLINE, day_minutes=450)

        assert 0 == self.found(on, [request(kind, WORKDAYS[0])]).from_minutes


class TestUnits:
    """Other units, other phases."""

    def test_the_phase_is_that_of_the_day(self):
        """Official from the third workday on."""
        rules = planner(
            OFFICE,
            phases=[
                replace(OFFICIAL, phase=Phase.TRIAL),
                PhasePeriod("bkd", WORKDAYS[2], Phase.OFFICIAL),
            ],
        )
        days = span(WORKDAYS[0], WORKDAYS[4] + timedelta(days=2), rules=rules, person=ANI)

        assert 3 == counters(days, 2026, DISCIPLINE).days
