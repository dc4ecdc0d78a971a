"""Leave quotas: workdays, what is carried over, the longest leave, and the turn of the year."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.attendance import starter
from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.attendance.quota import LeaveFile, annual, fault_of, workdays_by_year

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


def file(*requests, **options) -> LeaveFile:
    """Returns what leave is counted from."""
    return LeaveFile(requests, is_workday, **options)


def left(*requests, year=2026, table=TABLE, **options) -> int:
    """Returns what is left of a year."""
    return annual(table, year, file(*requests, **options)).left


def carried(*requests, year=2026, **options) -> int:
    """Returns what is carried over into a year."""
    return annual(TABLE, year, file(*requests, **options)).carried_over


def taken(year, count, state=ACCEPTED) -> list[Request]:
    """Returns annual leave of so many workdays, each a Monday of its own."""
    first = date(year, 1, 1)
    first += timedelta(days=-first.weekday() % 7)
    return [leave(first + timedelta(weeks=number), 1, state) for number in range(count)]


class TestAnnual:
    """Cuti tahunan."""

    @pytest.mark.parametrize(
        ("state", "kind", "used"),
        [
            (ACCEPTED, RequestKind.TUGAS_LUAR, 3),
            (ACCEPTED, RequestKind.DIKLAT, 3),
            (PENDING, RequestKind.TUGAS_LUAR, 5),
            (ACCEPTED, RequestKind.SAKIT, 5),
        ],
    )
    def test_who_is_called_to_duty_keeps_those_days(self, state, kind, used):
        """As the days show them: duty, no leave."""
        first = MONDAY + timedelta(days=2)
        called = Request("d", NIP, kind, first, first + timedelta(days=1), state)

        assert used == annual(TABLE, 2026, file(leave(MONDAY, 5), called)).used

    def test_workdays_count(self):
        """A week of calendar days takes five; weekends are free."""
        quota = annual(TABLE, 2026, file(leave(MONDAY, 7)))

        assert (12, 6, 5, 0, 13) == (
            quota.granted, quota.carried_over, quota.used, quota.pending, quota.left,
        )  # fmt: skip

    def test_pending_is_taken_off(self):
        """Two requests cannot both have the last day."""
        assert 13 == left(leave(MONDAY, 5, PENDING))
        assert 18 == left(leave(MONDAY, 5, RequestState.REJECTED))

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


class TestCarriedOver:
    """What is left of a year goes into the next."""

    @pytest.mark.parametrize(
        ("used", "over"), [(0, 6), (6, 6), (12, 6), (13, 5), (17, 1), (18, 0), (20, 0)]
    )
    @pytest.mark.parametrize("state", [ACCEPTED, PENDING])
    def test_at_most_six_of_the_year_before(self, used, over, state):
        """That year had 18: six carried in, which are used first, and twelve of its own."""
        assert over == carried(*taken(2025, used, state))

    def test_what_was_carried_in_lapses(self):
        """18 in a year of which none was carried in: 12 of its own, six of them go on."""
        whole = [*taken(2024, 18), *taken(2025, 0)]

        assert 0 == carried(*whole, year=2025)
        assert 6 == carried(*whole, year=2026)
        assert 5 == carried(*whole, *taken(2025, 7))
        assert 0 == carried(*whole, *taken(2025, 12))

    @pytest.mark.parametrize(
        ("requests", "recorded", "over"),
        [
            ([], date(2024, 1, 1), 12),
            ([], date(2020, 1, 1), 12),
            ([], date(2024, 1, 2), 6),
            (taken(2025, 1), date(2024, 1, 1), 6),
            (taken(2024, 1), date(2024, 1, 1), 6),
            (taken(2025, 1, PENDING), date(2024, 1, 1), 6),
            (taken(2023, 18), date(2023, 1, 1), 12),
        ],
    )
    def test_two_years_without_any(self, requests, recorded, over):
        """24 in all, where both years are on record without a single day."""
        assert over == carried(*requests, recorded=recorded)

    def test_a_table_without_the_rule_of_two_years(self):
        """0: never more than for one year."""
        table = replace(TABLE, annual_two_years_max_days=0)

        assert 18 == left(table=table, recorded=date(2020, 1, 1))
        assert 24 == left(recorded=date(2020, 1, 1))


class TestFits:
    """Whether a request fits."""

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            (leave(MONDAY, 5), ""),
            (leave(MONDAY, 24), ""),
            (leave(MONDAY, 26), "QUOTA_EXCEEDED"),
            (leave(MONDAY + timedelta(days=5), 2), "NO_WORKDAY"),
            (leave(MONDAY, 92, kind=LeaveType.MELAHIRKAN), ""),
            (leave(MONDAY, 93, kind=LeaveType.MELAHIRKAN), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 92, kind=LeaveType.BESAR), ""),
            (leave(MONDAY, 93, kind=LeaveType.BESAR), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 31, kind=LeaveType.ALASAN_PENTING), ""),
            (leave(MONDAY, 32, kind=LeaveType.ALASAN_PENTING), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 3 * 366, kind=LeaveType.LUAR_TANGGUNGAN), ""),
            (leave(MONDAY, 3 * 366 + 1, kind=LeaveType.LUAR_TANGGUNGAN), "LEAVE_TOO_LONG"),
            (leave(MONDAY, 2, kind=LeaveType.BERSAMA), ""),
            (leave(MONDAY, 400, kind=LeaveType.SAKIT), ""),
            (replace(leave(MONDAY, 400), kind=RequestKind.IZIN, leave=None), ""),
        ],
    )
    def test_by_type(self, asked, fault):
        """Annual leave by its workdays, other types by calendar days."""
        assert fault == fault_of(asked, TABLE, file())

    @pytest.mark.parametrize("kind", list(LeaveType))
    def test_the_set_of_pppk(self, kind):
        """Annual, sick, maternity and joint leave; the others are not granted."""
        granted = {LeaveType.TAHUNAN, LeaveType.SAKIT, LeaveType.MELAHIRKAN, LeaveType.BERSAMA}
        fault = fault_of(leave(MONDAY, kind=kind), starter.QUOTAS_PPPK, file())

        assert ("" if kind in granted else "LEAVE_NOT_GRANTED") == fault
        assert "" == fault_of(leave(MONDAY, kind=kind), TABLE, file())

    def test_not_what_the_next_year_counts_on(self):
        """18 days of 2027 need the six that 2026 leaves: 2026 has but 12 then."""
        next_year = taken(2027, 18, PENDING)

        assert "" == fault_of(leave(MONDAY, 16), TABLE, file(*next_year))
        assert "QUOTA_EXCEEDED" == fault_of(leave(MONDAY, 18), TABLE, file(*next_year))

    def test_what_is_exceeded_already_stops_nothing_else(self):
        """A rule that BKD changed does not refuse leave of another year."""
        before = taken(2026, 25)

        assert "" == fault_of(leave(date(2027, 3, 1)), TABLE, file(*before))
        assert "QUOTA_EXCEEDED" == fault_of(leave(date(2026, 12, 1)), TABLE, file(*before))

    @settings(deadline=None, max_examples=100)
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 1060), st.integers(1, 30), st.sampled_from([ACCEPTED, PENDING])
            ),
            max_size=25,
        ),
        st.sampled_from([date(2020, 1, 1), date.max]),
    )
    def test_what_fits_never_exceeds(self, wishes, recorded):
        """Whoever files only what fits never takes a day twice, nor more than 24 in a year.

        What was carried into the first year and 12 a year are all there is, in whatever order one
        files and whatever is decided yet.
        """
        filed: list[Request] = []
        for start, days, state in wishes:
            asked = leave(date(2026, 1, 1) + timedelta(days=start), days, state)
            if fault_of(asked, TABLE, file(*filed, recorded=recorded)) == "":
                filed.append(asked)

        there_is = 6 if recorded == date.max else 12
        in_all = 0
        for year in range(2026, 2030):
            of_year = sum(workdays_by_year(one, is_workday).get(year, 0) for one in filed)
            quota = annual(TABLE, year, file(*filed, recorded=recorded))
            there_is, in_all = there_is + 12, in_all + of_year
            assert of_year == quota.used + quota.pending <= quota.whole <= 24
            assert in_all <= there_is
