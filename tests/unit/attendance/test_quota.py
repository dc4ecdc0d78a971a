"""Leave quotas: workdays, what is carried over, the longest leave, and the turn of the year."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.attendance import starter
from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.attendance.quota import annual, fault_of, workdays_by_year

TABLE = starter.QUOTAS
NIP = "198501152010011001"
MONDAY = date(2026, 3, 2)
ACCEPTED, PENDING = RequestState.ACCEPTED, RequestState.PENDING


def is_workday(day: date) -> bool:
    """Monday to Friday."""
    return day.weekday() < 5


def leave(first, days=1, state=ACCEPTED, kind=LeaveType.TAHUNAN) -> Request:
    """Returns a leave of so many calendar days."""
    last = first + timedelta(days=days - 1)
    return Request("r", NIP, RequestKind.CUTI, first, last, state, leave=kind)


def left(*requests, year=2026, table=TABLE, **options) -> int:
    """Returns what is left of a year."""
    return annual(table, year, requests, is_workday, **options).left


class TestAnnual:
    """Cuti tahunan."""

    def test_workdays_count(self):
        """A week of calendar days takes five; weekends are free."""
        quota = annual(TABLE, 2026, [leave(MONDAY, 7)], is_workday)

        assert (12, 6, 5, 0, 13) == (
            quota.granted, quota.carried_over, quota.used, quota.pending, quota.left,
        )  # fmt: skip

    def test_pending_is_taken_off(self):
        """Two requests cannot both have the last day."""
        assert 13 == left(leave(MONDAY, 5, PENDING))
        assert 18 == left(leave(MONDAY, 5, RequestState.REJECTED))

    @pytest.mark.parametrize(("used", "carried"), [(0, 6), (5, 6), (6, 6), (7, 5), (12, 0)])
    def test_carried_over(self, used, carried):
        """At most 18 in all: 6 of the year before."""
        before = [leave(date(2025, 3, 3) + timedelta(weeks=n)) for n in range(used)]

        assert carried == annual(TABLE, 2026, before, is_workday).carried_over

    def test_over_new_year(self):
        """Each year pays for its own days."""
        over = leave(date(2026, 12, 28), 8)

        assert {2026: 4, 2027: 2} == workdays_by_year(over, is_workday)
        assert 14 == left(over)
        assert 16 == left(over, year=2027)

    def test_remote_places_get_more(self):
        """12 days."""
        assert 30 == left(remote=True)

    def test_joint_leave_where_the_rules_say_so(self):
        """Taken off, or not: a setting."""
        joint = [date(2026, 3, 20), date(2026, 3, 23), date(2025, 12, 26)]
        counts = replace(TABLE, joint_leave_counts=True)

        assert 18 == left(joint_leave=joint)
        assert 16 == left(table=counts, joint_leave=joint)

    def test_other_leave_takes_nothing(self):
        """Sick leave is not annual leave."""
        assert 18 == left(leave(MONDAY, 7, kind=LeaveType.SAKIT))


class TestFits:
    """Whether a request fits."""

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            (leave(MONDAY, 5), ""),
            (leave(MONDAY, 26), "QUOTA_EXCEEDED"),
            (leave(MONDAY + timedelta(days=5), 2), "NO_WORKDAY"),
            (leave(MONDAY, 92, kind=LeaveType.MELAHIRKAN), ""),
            (leave(MONDAY, 93, kind=LeaveType.MELAHIRKAN), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 32, kind=LeaveType.ALASAN_PENTING), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 400, kind=LeaveType.SAKIT), ""),
            (replace(leave(MONDAY, 400), kind=RequestKind.IZIN, leave=None), ""),
        ],
    )
    def test_by_type(self, asked, fault):
        """Annual leave by its workdays, other types by calendar days."""
        assert fault == fault_of(asked, TABLE, {2026: 18}, is_workday)

    @settings(deadline=None, max_examples=100)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 700), st.integers(1, 30), st.sampled_from([ACCEPTED, PENDING])
            ),
            max_size=25,
        )
    )
    def test_what_fits_never_exceeds(self, wishes):
        """Whoever files only what fits has never used more than granted, in any year."""
        filed: list[Request] = []
        for start, days, state in wishes:
            asked = leave(date(2026, 1, 1) + timedelta(days=start), days, state)
            years = {asked.first.year, asked.last.year}
            rest = {year: left(*filed, year=year) for year in years}
            if fault_of(asked, TABLE, rest, is_workday) == "":
                filed.append(asked)

        for year in (2026, 2027):
            quota = annual(TABLE, year, filed, is_workday)
            whole = quota.granted + TABLE.annual_max_days - TABLE.annual_days
            assert quota.used + quota.pending <= whole
            assert 0 <= quota.left
