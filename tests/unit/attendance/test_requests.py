"""Requests: what each kind does to a day, and what it does not."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from server.domain.attendance.bands import Band
from server.domain.attendance.model import (
    DayStatus,
    LeaveType,
    RequestKind,
    RequestState,
    TraceRule,
)
from server.domain.attendance.requests import in_time
from server.domain.attendance.starter import CUTS
from tests.unit.attendance.world import (
    HEAD,
    IN,
    KIOSK,
    MONDAY,
    NIP,
    OUT,
    PHONE,
    SATURDAY,
    at,
    leave,
    one,
    planner,
    punch,
    request,
    span,
    worked,
)

K = RequestKind


class TestReasons:
    """An accepted reason waives the cut, not the record."""

    @pytest.mark.parametrize(
        ("kind", "come", "leave_at", "status", "percent"),
        [
            (K.LATE_REASON, "08:10", "16:00", DayStatus.LATE, "0"),
            (K.LATE_REASON, "08:10", "15:00", DayStatus.LATE, "1"),
            (K.EARLY_REASON, "07:30", "15:00", DayStatus.LEFT_EARLY, "0"),
            (K.EARLY_REASON, "08:10", "15:00", DayStatus.LATE, "1"),
            (K.FORGOTTEN_CHECK_OUT, "07:30", "", DayStatus.NO_CHECK_OUT, "0"),
            (K.FORGOTTEN_CHECK_OUT, "07:30", "15:00", DayStatus.LEFT_EARLY, "1"),
            (K.LATE_REASON, "", "16:00", DayStatus.NO_CHECK_IN, "2"),
            (K.LATE_REASON, "", "", DayStatus.ABSENT, "4"),
            (K.CORRECTION, "", "16:00", DayStatus.NO_CHECK_IN, "0"),
            (K.CORRECTION, "", "", DayStatus.ABSENT, "0"),
        ],
    )
    def test_waives_its_own_fault_alone(self, kind, come, leave_at, status, percent):
        """The status, minutes and bands stay."""
        punches = worked(MONDAY, come, leave_at)
        bare, excused = one(MONDAY, punches), one(MONDAY, punches, [request(kind)])

        assert (status, Decimal(percent)) == (excused.status, excused.percent)
        assert (bare.status, bare.late_minutes, bare.late_band, bare.early_band) == (
            excused.status, excused.late_minutes, excused.late_band, excused.early_band,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("kind", "punches", "status", "percent"),
        [
            # Check-in closes at 11:30, check-out opens at 12:00 and closes at 22:00.
            (K.LATE_REASON, [("11:45", IN, PHONE), ("16:00", OUT, PHONE)], "NO_CHECK_IN", "0"),
            (K.LATE_REASON, [("12:30", IN, PHONE), ("16:00", OUT, PHONE)], "NO_CHECK_IN", "0"),
            (K.LATE_REASON, [("11:45", OUT, KIOSK), ("16:00", OUT, KIOSK)], "NO_CHECK_IN", "0"),
            (K.EARLY_REASON, [("07:30", IN, PHONE), ("10:00", OUT, PHONE)], "NO_CHECK_OUT", "0"),
            (K.EARLY_REASON, [("07:30", IN, PHONE), ("22:10", OUT, PHONE)], "NO_CHECK_OUT", "0"),
            (K.EARLY_REASON, [("07:30", IN, KIOSK), ("11:45", IN, KIOSK)], "NO_CHECK_OUT", "0"),
            # No punch tells of it, or it is a reason for something else.
            (K.LATE_REASON, [("16:00", OUT, KIOSK)], "NO_CHECK_IN", "2"),
            (K.EARLY_REASON, [("07:30", IN, PHONE), ("07:33", IN, PHONE)], "NO_CHECK_OUT", "2"),
            (K.EARLY_REASON, [("11:45", IN, PHONE), ("16:00", OUT, PHONE)], "NO_CHECK_IN", "2"),
            (K.LATE_REASON, [("07:30", IN, PHONE), ("10:00", OUT, PHONE)], "NO_CHECK_OUT", "2"),
        ],
    )
    def test_a_punch_outside_the_window_can_be_excused(self, kind, punches, status, percent):
        """Who came after check-in closed, or left before check-out opened: the record stays."""
        made = [punch(MONDAY, clock, label, source) for clock, label, source in punches]
        bare, excused = one(MONDAY, made), one(MONDAY, made, [request(kind)])

        assert (status, Decimal(percent)) == (excused.status.value, excused.percent)
        assert Decimal(2) == bare.percent
        assert (bare.late_band, bare.early_band) == (excused.late_band, excused.early_band)

    @pytest.mark.parametrize(
        ("kinds", "percent", "unexcused"),
        [
            ([], "4", True),
            ([K.LATE_REASON], "2", False),
            ([K.EARLY_REASON], "2", False),
            ([K.LATE_REASON, K.EARLY_REASON], "0", False),
            # A correction of the absence waives all of it.
            ([K.CORRECTION, K.LATE_REASON], "0", False),
        ],
    )
    def test_both_punches_outside_the_windows(self, kinds, percent, unexcused):
        """The day stays absent; each reason waives its own half of it, and it has a reason then."""
        made = [punch(MONDAY, "11:45", IN, PHONE), punch(MONDAY, "22:10", OUT, PHONE)]
        day = one(MONDAY, made, [request(kind) for kind in kinds])

        assert (DayStatus.ABSENT, Decimal(percent), unexcused) == (
            day.status, day.percent, day.unexcused,
        )  # fmt: skip

    def test_halves_that_are_dearer_than_the_whole(self):
        """An accepted request never makes a day dearer, whatever BKD's table says."""
        table = replace(
            CUTS, absent=Band("TK", 0, Decimal(3)), no_check_out=Band("P", 0, Decimal(4))
        )
        made = [punch(MONDAY, "11:45", IN, PHONE), punch(MONDAY, "22:10", OUT, PHONE)]
        day = one(MONDAY, made, [request(K.LATE_REASON)], rules=planner(tables=[table]))

        assert (Decimal(3), 0) == (day.percent, day.waived_percent)

    @pytest.mark.parametrize("kind", [K.LATE_REASON, K.EARLY_REASON, K.FORGOTTEN_CHECK_OUT])
    def test_no_reason_for_who_was_not_seen(self, kind):
        """Absent is absent: nothing shows that one came or left."""
        day = one(MONDAY, [], [request(kind)])

        assert (Decimal(4), True) == (day.percent, day.unexcused)

    @pytest.mark.parametrize(
        ("leave_at", "label", "source", "percent"),
        [
            # A kiosk in the lobby saw somebody go to lunch; nobody said that it was the end.
            ("12:10", OUT, KIOSK, "0"),
            ("15:00", IN, PHONE, "0"),
            ("12:10", OUT, PHONE, "2"),
            ("15:00", OUT, PHONE, "1"),
        ],
    )
    def test_a_forgotten_check_out_behind_a_guessed_one(self, leave_at, label, source, percent):
        """Waived where nobody said that one left; the record stays."""
        made = [punch(MONDAY, "07:25", IN, PHONE), punch(MONDAY, leave_at, label, source)]
        day = one(MONDAY, made, [request(K.FORGOTTEN_CHECK_OUT)])

        assert (DayStatus.LEFT_EARLY, Decimal(percent)) == (day.status, day.percent)

    def test_the_trace_names_request_letter_and_approver(self):
        """And the cut knows what waived it."""
        day = one(MONDAY, worked(MONDAY, "08:10", "16:00"), [request(K.LATE_REASON)])
        [line] = [line for line in day.why if line.rule is TraceRule.WAIVER]

        assert ("late_reason", HEAD, "094/17/2026", Decimal(1)) == (
            line.request_id, line.approver, line.source, line.percent,
        )  # fmt: skip
        assert ["late_reason"] == [cut.waived_by for cut in day.cuts]

    def test_an_accepted_correction_of_absence_is_a_reason(self):
        """The day stays absent, and does not count for PP 94/2021."""
        assert one(MONDAY).unexcused
        assert not one(MONDAY, [], [request(K.CORRECTION)]).unexcused

    @pytest.mark.parametrize(("days_late", "good"), [(0, True), (5, True), (6, False)])
    def test_a_correction_has_a_deadline(self, days_late, good):
        """The last day still counts."""
        assert good is in_time(MONDAY, MONDAY + timedelta(days=days_late), 5)


class TestAbsences:
    """Izin, sakit, tugas luar, diklat, cuti."""

    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            (K.IZIN, DayStatus.IZIN),
            (K.SAKIT, DayStatus.SAKIT),
            (K.TUGAS_LUAR, DayStatus.TUGAS_LUAR),
            (K.TUGAS_BELAJAR, DayStatus.DIKLAT),
            (K.DIKLAT, DayStatus.DIKLAT),
        ],
    )
    def test_give_the_day_its_status(self, kind, status):
        """Nothing is cut, nobody is unexcused, and the letter stands in the trace."""
        day = one(MONDAY, [], [request(kind)])
        [line] = [line for line in day.why if line.rule is TraceRule.REQUEST]

        assert (status, 0, False) == (day.status, day.percent, day.unexcused)
        assert ("094/17/2026", HEAD) == (line.source, line.approver)

    @pytest.mark.parametrize("kind", list(LeaveType))
    def test_leave_by_type(self, kind):
        """Annual, long, sick, maternity, important reasons, joint, unpaid."""
        day = one(MONDAY, [], [leave(kind)])

        assert (DayStatus.CUTI, kind) == (day.status, day.request.leave)

    def test_an_excused_day_may_have_a_price(self):
        """By kind or by type of leave, as the table of that date says; the trace names it."""
        table = replace(CUTS, excused={K.IZIN: Decimal(3)}, leave={LeaveType.BESAR: Decimal("2.5")})
        rules = planner(tables=[table])
        asked = [request(K.IZIN), leave(LeaveType.BESAR), leave(LeaveType.TAHUNAN)]
        days = [one(MONDAY, [], [each], rules=rules) for each in asked]

        assert [3, Decimal("2.5"), 0] == [day.percent for day in days]
        assert TraceRule.BETTER_BY_REQUEST in [line.rule for line in days[0].why]

    def test_who_worked_in_spite_of_a_priced_absence_pays_the_lower_price(self):
        """Late in TL1 costs 0.5, izin 3 in this table: 0.5."""
        rules = planner(tables=[replace(CUTS, excused={K.IZIN: Decimal(3)})])
        day = one(MONDAY, worked(MONDAY, "07:45", "16:00"), [request(K.IZIN)], rules=rules)

        assert (DayStatus.IZIN, Decimal("0.5")) == (day.status, day.percent)

    def test_tugas_luar_may_be_checked_in_on_the_spot_or_not(self):
        """No geofence; the punches are shown; none of them is late."""
        duty = [request(K.TUGAS_LUAR)]
        without, late = one(MONDAY, [], duty), one(MONDAY, [punch(MONDAY, "09:30")], duty)

        assert [(DayStatus.TUGAS_LUAR, 0, True)] * 2 == [
            (day.status, day.percent, day.place_waived) for day in (without, late)
        ]
        assert at(MONDAY, "09:30") == late.arrival.event_time
        assert not one(MONDAY, [], [request(K.SAKIT)]).place_waived

    def test_tugas_luar_on_a_free_day(self):
        """No geofence there either: who is away over a weekend may check in, whatever the roster."""
        duty = request(K.TUGAS_LUAR, SATURDAY)

        assert one(SATURDAY, [], [duty]).place_waived
        assert one(SATURDAY, [punch(SATURDAY, "09:30")], [duty]).place_waived
        assert not one(SATURDAY).place_waived

    def test_hold_for_their_dates(self):
        """First and last included; free days between stay free."""
        friday = MONDAY + timedelta(days=4)
        ill = replace(request(K.SAKIT, friday), last=MONDAY + timedelta(days=7))
        days = span(MONDAY + timedelta(days=3), MONDAY + timedelta(days=8), [], [ill])

        assert [
            DayStatus.ABSENT, DayStatus.SAKIT, DayStatus.OFF,
            DayStatus.OFF, DayStatus.SAKIT, DayStatus.ABSENT,
        ] == [day.status for day in days]  # fmt: skip

    def test_a_free_day_stays_free(self):
        """Leave counts workdays."""
        assert DayStatus.OFF is one(SATURDAY, [], [leave(LeaveType.TAHUNAN, SATURDAY)]).status

    def test_of_several_the_strongest_gives_the_status(self):
        """In whatever order: duty before leave before illness before izin."""
        several = [request(K.IZIN), request(K.TUGAS_LUAR), request(K.SAKIT)]

        assert {DayStatus.TUGAS_LUAR} == {
            one(MONDAY, [], requests).status for requests in (several, several[::-1])
        }

    def test_hold_before_the_day_is_over(self):
        """Leave of next week is leave already."""
        assert DayStatus.CUTI is one(
            MONDAY, [], [leave(LeaveType.TAHUNAN)], now=at(MONDAY, "00:00")
        ).status  # fmt: skip


class TestAnnulled:
    """What BKD annulled changes nothing but the trace."""

    @pytest.mark.parametrize("day", [MONDAY, SATURDAY])
    def test_is_named(self, day):
        """On each of its days, with who annulled it and why."""
        gone = request(K.SAKIT, day, state=RequestState.ANNULLED, annul_reason="surat palsu")
        found, before = one(day, [], [gone]), one(day)
        [line] = [line for line in found.why if line.rule is TraceRule.ANNULLED]

        assert ("sakit", HEAD, "surat palsu") == (line.request_id, line.approver, line.reason)
        assert before == found._replace(why=found.why[:-1])
        assert one(day + timedelta(days=1)) == one(day + timedelta(days=1), [], [gone])


class TestNotAccepted:
    """What changes nothing."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": RequestState.PENDING},
            {"state": RequestState.REJECTED},
            {"state": RequestState.WITHDRAWN},
            {"approver": NIP},
            {"approver": ""},
            {"first": MONDAY + timedelta(days=1), "last": MONDAY + timedelta(days=2)},
            {"last": MONDAY - timedelta(days=1)},
        ],
    )
    def test_only_accepted_by_somebody_else_for_that_day(self, changes):
        """Nobody approves the own request."""
        asked = replace(request(K.SAKIT), **changes)

        assert one(MONDAY) == one(MONDAY, [], [asked])
