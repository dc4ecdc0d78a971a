"""Which day is running: a night shift's until it closes, and a punch is of one date only."""

from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import pytest

from server.domain.attendance.days import running_date
from server.domain.attendance.hours import DayHours, Windows
from server.domain.attendance.model import DayStatus, RequestKind
from tests.unit.attendance.world import (
    ANI,
    MONDAY,
    NIGHT,
    OFFICE,
    SATURDAY,
    at,
    office,
    one,
    planner,
    punch,
    request,
    span,
    week,
)

TUESDAY = MONDAY + timedelta(days=1)
# From 20:00 to 08:00, check-out until 12:00.
LONG_NIGHT = DayHours(time(20), time(8), Windows(7200, 7200, 7200, 14_400))


class TestRunning:
    """The date to which a punch of this moment would belong."""

    @pytest.mark.parametrize(
        ("clock", "day"),
        [
            ("00:30", MONDAY),
            ("02:00", MONDAY),
            ("11:59:59", MONDAY),
            ("12:00", TUESDAY),
            ("23:59", TUESDAY),
        ],
    )
    def test_a_night_shift_runs_until_its_check_out_closes(self, clock, day):
        """At 02:00 on Tuesday it is still Monday's."""
        rules = office(LONG_NIGHT, 7)

        assert day == running_date(rules, ANI, TUESDAY, at(TUESDAY, clock))

    def test_into_a_free_day(self):
        """Friday's night ends on a Saturday that is off; then Saturday runs."""
        rules = office(LONG_NIGHT)
        friday = SATURDAY - timedelta(days=1)
        clocks = ("02:00", "11:59", "12:00")

        assert [friday, friday, SATURDAY] == [
            running_date(rules, ANI, SATURDAY, at(SATURDAY, clock)) for clock in clocks
        ]

    @pytest.mark.parametrize("clock", ["00:00", "07:30", "23:59:59"])
    @pytest.mark.parametrize("offset", [-1, 0, 1])
    def test_by_day_it_is_the_date(self, clock, offset):
        """Whichever date near it one begins to look from."""
        around = TUESDAY + timedelta(days=offset)

        assert TUESDAY == running_date(planner(), ANI, around, at(TUESDAY, clock))

    def test_duty_elsewhere_lasts_as_long_as_its_shift(self):
        """A letter for Monday alone covers Monday's night."""
        rules, now = office(LONG_NIGHT, 7), at(TUESDAY, "02:00")
        day = running_date(rules, ANI, TUESDAY, now)
        found = one(day, [], [request(RequestKind.TUGAS_LUAR)], rules=rules, now=now)

        assert (DayStatus.TUGAS_LUAR, True) == (found.status, found.place_waived)


class TestEdges:
    """Where dates end, however far their windows reach."""

    @pytest.mark.parametrize("windows", [Windows(7200, 7200, 0, 82_800), Windows(86_340, 1, 0, 1)])
    def test_no_punch_is_of_two_dates(self, windows):
        """Also where a window reaches over a whole free day; each second day is worked."""
        hours = replace(NIGHT, windows=windows)
        rules = planner(replace(OFFICE, week=(hours, None, hours, None, hours, None, hours)))
        punches = [
            punch(MONDAY + timedelta(days=number), f"{hour:02}:30")
            for number in range(6)
            for hour in range(24)
        ]
        days = span(MONDAY - timedelta(days=3), MONDAY + timedelta(days=8), punches, rules=rules)
        named = {
            (day.day, event_id) for day in days for line in day.why for event_id in line.event_ids
        }

        assert sorted(one.event_id for one in punches) == sorted(name for _, name in named)

    @pytest.mark.parametrize("number", range(4))
    def test_edges_rise(self, number):
        """And are the same from wherever one begins."""
        hours = replace(NIGHT, windows=Windows(7200, 7200, 0, 82_800))
        rules = planner(replace(OFFICE, week=(hours, None, *week(hours)[:5])))
        first = date(2026, 11, 23)
        _, edges = rules.span(ANI, first, first + timedelta(days=9))
        _, later = rules.span(ANI, first + timedelta(days=number), first + timedelta(days=9))

        assert all(before <= after for before, after in pairwise(edges))
        assert later == edges[number:]
