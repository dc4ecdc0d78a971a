"""Phases and recaps: a trial day is reported and never in a TPP recap."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from server.domain.attendance.model import (
    DayStatus,
    LeaveType,
    Person,
    Phase,
    PhasePeriod,
    Posting,
    RequestKind,
)
from server.domain.attendance.recap import LeftOut, recap, tpp_recap
from server.domain.attendance.starter import CUTS
from tests.unit.attendance.world import (
    ANI,
    BEGIN,
    MONDAY,
    NIP,
    OFFICE,
    at,
    dates,
    one,
    planner,
    request,
    span,
    worked,
)

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)  # 21 workdays, from Monday 2 to Monday 30
TRIAL = PhasePeriod("bkd", BEGIN, Phase.TRIAL)
CUT_OVER = PhasePeriod("bkd", date(2026, 11, 16), Phase.OFFICIAL)


def november(**more):
    """Returns a month in which nobody came."""
    return span(FIRST, LAST, **more)


class TestPhases:
    """Socialisation, trial, official, by unit and date."""

    @pytest.mark.parametrize(
        ("day", "phase"),
        [
            (date(2026, 11, 15), Phase.TRIAL),
            (date(2026, 11, 16), Phase.OFFICIAL),
            (date(2025, 12, 31), Phase.SOCIALISATION),
        ],
    )
    def test_a_phase_holds_from_its_date(self, day, phase):
        """Before the first, a unit is in socialisation."""
        person = replace(ANI, postings=(Posting(date(2025, 1, 1), "bkd", "Asia/Jayapura"),))

        assert phase is one(day, rules=planner(phases=[CUT_OVER, TRIAL]), person=person).phase

    def test_a_trial_day_is_derived_and_reported_like_any_other(self):
        """Its price is shown; it is not paid."""
        day = one(MONDAY, worked(MONDAY, "08:10", "16:00"), rules=planner(phases=[TRIAL]))

        assert (DayStatus.LATE, Phase.TRIAL, 1) == (day.status, day.phase, day.percent)
        assert 0 == tpp_recap([day]).percent

    def test_the_cut_over_in_mid_month_leaves_out_the_days_before(self):
        """10 workdays of trial, by date; 11 count."""
        tpp = tpp_recap(november(rules=planner(phases=[TRIAL, CUT_OVER])))
        trial = [day for day in dates(date(2026, 11, 2), 14) if day.weekday() < 5]

        assert {LeftOut.TRIAL: tuple(trial)} == tpp.left_out
        assert (10, 11, Decimal(44)) == (tpp.left_out_count, tpp.workdays, tpp.percent)

    def test_moving_the_cut_over_recomputes(self):
        """A week later, five days less."""
        later = replace(CUT_OVER, start=date(2026, 11, 23))

        assert 6 == tpp_recap(november(rules=planner(phases=[TRIAL, later]))).workdays

    def test_a_phase_is_that_of_the_unit_of_the_day(self):
        """After a transfer to a unit in trial, days do not count."""
        person = Person(NIP, (ANI.postings[0], Posting(MONDAY, "rsud", "Asia/Jayapura")))
        rules = planner(OFFICE, replace(OFFICE, unit_id="rsud"))
        days = november(rules=rules, person=person)

        assert (15, 6) == (tpp_recap(days).workdays, tpp_recap(days).left_out_count)
        assert ("bkd", "rsud") == recap(days).unit_ids


class TestTppRecap:
    """What counts for the allowance, and why the rest does not."""

    def test_every_reason_is_named(self):
        """Socialisation, trial, not over, no schedule, no table."""
        phase = PhasePeriod("bkd", MONDAY, Phase.SOCIALISATION)
        cases = {
            LeftOut.SOCIALISATION: one(MONDAY, rules=planner(phases=[phase])),
            LeftOut.TRIAL: one(MONDAY, rules=planner(phases=[TRIAL])),
            LeftOut.NOT_OVER: one(MONDAY, now=at(MONDAY, "12:00")),
            LeftOut.UNSCHEDULED: one(MONDAY, person=Person(NIP, ())),
            LeftOut.NO_CUT_TABLE: one(MONDAY, rules=planner(tables=[])),
        }

        assert dict.fromkeys(LeftOut, (MONDAY,)) == tpp_recap(cases.values()).left_out
        assert [{reason: (MONDAY,)} for reason in cases] == [
            tpp_recap([day]).left_out for day in cases.values()
        ]

    def test_waived_cuts_are_told_apart(self):
        """Late with an accepted reason on Monday, without on Tuesday."""
        days = span(
            MONDAY, MONDAY + timedelta(days=1),
            [p for day in dates(MONDAY, 2) for p in worked(day, "08:10", "16:00")],
            [request(RequestKind.LATE_REASON)],
        )  # fmt: skip
        tpp = tpp_recap(days)

        assert (2, 1, 1) == (tpp.workdays, tpp.percent, tpp.waived_percent)

    @pytest.mark.parametrize(
        ("come", "go", "requests", "percent", "waived"),
        [
            ("", "", [], "4", "0"),
            ("", "", [request(RequestKind.IZIN)], "0", "4"),
            ("", "", [request(RequestKind.SAKIT)], "0", "4"),
            ("", "", [request(RequestKind.CUTI, leave=LeaveType.TAHUNAN)], "0", "4"),
            ("", "", [request(RequestKind.CUTI, leave=LeaveType.BESAR)], "2.5", "1.5"),
            ("", "", [request(RequestKind.CORRECTION)], "0", "4"),
            ("08:10", "16:00", [request(RequestKind.IZIN)], "0", "1"),
            ("07:30", "16:00", [request(RequestKind.IZIN)], "0", "0"),
            # Late and early are 2 % each, of which a day costs 3 at most.
            ("10:00", "14:00", [request(RequestKind.LATE_REASON)], "2", "1"),
        ],
    )
    def test_what_requests_took_off(self, come, go, requests, percent, waived):
        """Also of a day that they excuse: what it would have cost less what it costs."""
        day_max = Decimal(3) if come == "10:00" else CUTS.day_max
        table = replace(CUTS, day_max=day_max, leave={LeaveType.BESAR: Decimal("2.5")})
        found = one(MONDAY, worked(MONDAY, come, go), requests, rules=planner(tables=[table]))
        tpp = tpp_recap([found])

        assert (Decimal(percent), Decimal(waived)) == (tpp.percent, tpp.waived_percent)

    def test_never_more_than_the_allowance(self):
        """21 days at 5 % are 100 %."""
        dear = replace(CUTS, absent=replace(CUTS.absent, percent=Decimal(5)), day_max=Decimal(5))

        assert 100 == tpp_recap(november(rules=planner(tables=[dear]))).percent

    def test_free_days_are_neither_counted_nor_left_out(self):
        """30 days of November, 21 of them workdays."""
        tpp = tpp_recap(november())

        assert (21, 0, Decimal(84)) == (tpp.workdays, tpp.left_out_count, tpp.percent)


class TestRecap:
    """All days, trial or not."""

    def test_counts_statuses_bands_and_minutes(self):
        """One late, one left early, one waived, the rest absent or off."""
        days = span(
            FIRST, LAST,
            [
                *worked(MONDAY, "08:10", "16:00"),
                *worked(MONDAY + timedelta(days=1), "07:30", "15:50"),
            ],
            [request(RequestKind.LATE_REASON)],
        )  # fmt: skip
        found = recap(days)

        assert {
            DayStatus.OFF: 9, DayStatus.ABSENT: 19, DayStatus.LATE: 1, DayStatus.LEFT_EARLY: 1,
        } == found.statuses  # fmt: skip
        assert ({"TL2": 1, "PSW1": 1}, 40, 10) == (
            found.bands, found.late_minutes, found.early_minutes,
        )  # fmt: skip
        assert {Phase.OFFICIAL: 30} == found.phases
