"""Lateness, early leaving, absence: grace in seconds, bands, percentages, by the date they hold."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.attendance.bands import Band, band_of, faults_of, minutes_off
from server.domain.attendance.model import DayStatus, Fault, RequestKind, TraceRule
from server.domain.attendance.starter import CUTS
from tests.unit.attendance.world import MONDAY, USUAL, office, one, planner, request, worked

QUICK = settings(deadline=None, max_examples=60)
SECONDS = st.integers(-20_000, 20_000)
TWO_BANDS = replace(
    CUTS,
    version="two-bands",
    late=(Band("A", 1, Decimal("0.5")), Band("B", 61, Decimal("1.5"))),
)


class TestGrace:
    """Perka ANRI 18/2016: 07:30:59 is not late."""

    @pytest.mark.parametrize(
        ("come", "minutes"),
        [
            ("07:29:59", 0),
            ("07:30:00", 0),
            ("07:30:59", 0),
            ("07:30:59.999", 0),
            ("07:31:00", 1),
            ("07:31:59", 1),
            ("07:32:00", 2),
        ],
    )
    def test_59_seconds_of_grace(self, come, minutes):
        """Parts of a second are given to the employee."""
        assert minutes == one(MONDAY, worked(MONDAY, come, "16:00")).late_minutes

    @pytest.mark.parametrize(
        ("grace_s", "beyond", "come", "minutes"),
        [
            (0, False, "07:30:00.9", 0),
            (0, False, "07:30:01", 1),
            (900, False, "07:45:00", 0),
            (900, False, "07:45:01", 15),
            (900, True, "07:45:01", 1),
            (900, True, "07:48:00", 3),
        ],
    )
    def test_grace_is_data_and_minutes_count_from_start_or_grace(
        self, grace_s, beyond, come, minutes
    ):
        """As the schedule says."""
        hours = replace(USUAL, late_grace_s=grace_s, beyond_grace=beyond)

        assert (
            minutes == one(MONDAY, worked(MONDAY, come, "16:00"), rules=office(hours)).late_minutes
        )

    @pytest.mark.parametrize(
        ("leave", "minutes"),
        [("16:00", 0), ("15:59:59.5", 0), ("15:59:59", 1), ("15:59:00", 1), ("15:58:00", 2)],
    )
    def test_leaving_early_has_a_grace_of_its_own(self, leave, minutes):
        """None here."""
        assert minutes == one(MONDAY, worked(MONDAY, "07:30", leave)).early_minutes

    @QUICK
    @given(SECONDS, st.integers(0, 3000), st.integers(0, 3600), st.booleans())
    def test_more_seconds_never_give_fewer_minutes(self, off_s, more_s, grace_s, beyond):
        """And a longer grace never gives more."""
        minutes = minutes_off(off_s, grace_s, beyond_grace=beyond)

        assert minutes <= minutes_off(off_s + more_s, grace_s, beyond_grace=beyond)
        assert minutes >= minutes_off(off_s, grace_s + more_s, beyond_grace=beyond)


class TestBands:
    """TL1-TL4 and PSW1-PSW4 of Permentan 68/2012."""

    @pytest.mark.parametrize(
        ("come", "band", "percent"),
        [
            ("07:31", "TL1", "0.5"),
            ("08:00:59", "TL1", "0.5"),
            ("08:01", "TL2", "1"),
            ("08:30:59", "TL2", "1"),
            ("08:31", "TL3", "1.5"),
            ("09:00:59", "TL3", "1.5"),
            ("09:01", "TL4", "2"),
            ("11:29:59", "TL4", "2"),
        ],
    )
    def test_late(self, come, band, percent):
        """1-30, 31-60, 61-90, over 90 minutes."""
        day = one(MONDAY, worked(MONDAY, come, "16:00"))

        assert (DayStatus.LATE, band, Decimal(percent)) == (day.status, day.late_band, day.percent)

    @pytest.mark.parametrize(
        ("leave", "band", "percent"),
        [
            ("15:59", "PSW1", "0.5"),
            ("15:30", "PSW1", "0.5"),
            ("15:29", "PSW2", "1"),
            ("14:59", "PSW3", "1.5"),
            ("14:29", "PSW4", "2"),
        ],
    )
    def test_left_early(self, leave, band, percent):
        """The same, before the end."""
        day = one(MONDAY, worked(MONDAY, "07:30", leave))

        assert (DayStatus.LEFT_EARLY, band) == (day.status, day.early_band)
        assert Decimal(percent) == day.percent

    @pytest.mark.parametrize(
        ("come", "leave", "status", "percent"),
        [
            ("07:30", "", DayStatus.NO_CHECK_OUT, "2"),
            ("", "16:00", DayStatus.NO_CHECK_IN, "2"),
            ("", "", DayStatus.ABSENT, "4"),
            ("08:10", "15:00", DayStatus.LATE, "2"),
            ("08:10", "", DayStatus.NO_CHECK_OUT, "3"),
        ],
    )
    def test_no_record_counts_as_over_90_minutes_and_absence_4_percent(
        self, come, leave, status, percent
    ):
        """Faults of one day add up; the status names the gravest."""
        day = one(MONDAY, worked(MONDAY, come, leave))

        assert (status, Decimal(percent)) == (day.status, day.percent)

    def test_a_day_costs_no_more_than_its_limit(self):
        """TL4 and no check-out are 4; the table of this office allows 3, and the trace says so."""
        rules = planner(tables=[replace(CUTS, day_max=Decimal(3))])
        day = one(MONDAY, worked(MONDAY, "10:00", ""), rules=rules)

        assert 3 == day.percent
        assert TraceRule.DAY_MAX in [line.rule for line in day.why]

    def test_other_regulations_have_two_bands_only(self):
        """The number of bands is data."""
        rules = planner(tables=[TWO_BANDS])
        bands = [
            one(MONDAY, worked(MONDAY, come, "16:00"), rules=rules).late_band
            for come in ("08:30", "08:31")
        ]

        assert ["A", "B"] == bands

    def test_a_table_holds_from_its_date(self):
        """Tuesday has the new one; Monday keeps what held then."""
        tuesday = MONDAY + timedelta(days=1)
        rules = planner(tables=[replace(TWO_BANDS, start=tuesday), CUTS])
        days = [one(day, worked(day, "08:15", "16:00"), rules=rules) for day in (MONDAY, tuesday)]

        assert [("TL2", Decimal(1)), ("A", Decimal("0.5"))] == [
            (day.late_band, day.percent) for day in days
        ]
        assert ["permentan-68-2012", "two-bands"] == [day.cut_table for day in days]

    def test_without_a_table_minutes_are_known_and_nothing_is_cut(self):
        """Percentages are never made up."""
        late, absent = (
            one(MONDAY, punches, rules=planner(tables=[]))
            for punches in (worked(MONDAY, "08:15", "16:00"), [])
        )

        assert (45, "", 0) == (late.late_minutes, late.late_band, late.percent)
        assert (DayStatus.ABSENT, True, 0) == (absent.status, absent.unexcused, absent.percent)
        assert not one(
            MONDAY, [], [request(RequestKind.CORRECTION)], rules=planner(tables=[])
        ).unexcused

    @QUICK
    @given(st.integers(0, 400), st.integers(0, 400))
    def test_more_minutes_never_cost_less(self, minutes, more):
        """Below the first band nothing does."""
        prices = [
            band.percent if (band := band_of(CUTS.late, value)) else Decimal(0)
            for value in (minutes, minutes + more)
        ]

        assert prices == sorted(prices)
        assert (minutes == 0) == (prices[0] == 0)


class TestFaults:
    """What BKD must mend before a table is used."""

    def test_the_data_to_begin_with_has_none(self):
        """Nor has a table of two bands."""
        assert [] == faults_of(CUTS) == faults_of(TWO_BANDS)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"late": ()}, "NO_BANDS"),
            ({"late": CUTS.late[1:]}, "FIRST_BAND_NOT_1_MINUTE"),
            ({"early": (CUTS.early[0], CUTS.early[0])}, "BANDS_NOT_RISING"),
            (
                {"late": (Band("A", 1, Decimal(2)), Band("B", 31, Decimal(1)))},
                "PERCENT_FALLS_WITH_MINUTES",
            ),
            ({"day_max": Decimal(101)}, "PERCENT_OUT_OF_RANGE"),
            ({"absent": Band("TK", 0, Decimal(-1))}, "PERCENT_OUT_OF_RANGE"),
        ],
    )
    def test_each_is_named(self, changes, reason):
        """By its reason."""
        assert [reason] == faults_of(replace(CUTS, **changes))


class TestWhy:
    """A person can see, for every day, which rule was applied to what."""

    def test_every_input_of_a_late_day_is_there(self):
        """Phase, schedule, table, both events, minutes, limit, band and percent."""
        day = one(date(2026, 11, 24), worked(date(2026, 11, 24), "08:10", "16:00"))
        lines = {line.rule: line for line in day.why}
        late = lines[TraceRule.LATE]

        assert [
            TraceRule.PHASE, TraceRule.SCHEDULE, TraceRule.CUT_TABLE,
            TraceRule.FIRST_CHECK_IN, TraceRule.LAST_CHECK_OUT, TraceRule.LATE,
        ] == list(lines)  # fmt: skip
        assert ("office-1", "permentan-68-2012", "OFFICIAL 2026-01-01") == (
            lines[TraceRule.SCHEDULE].source, lines[TraceRule.CUT_TABLE].source, lines[TraceRule.PHASE].source,
        )  # fmt: skip
        assert ((day.arrival.event_id,), 40, "TL2", Decimal(1)) == (
            late.event_ids, late.minutes, late.band, late.percent,
        )  # fmt: skip
        assert timedelta(minutes=40) == late.time - late.limit
        assert [(Fault.LATE, "TL2", Decimal(1), "")] == [tuple(cut) for cut in day.cuts]
