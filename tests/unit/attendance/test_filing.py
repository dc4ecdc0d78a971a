"""What a request must say when it is filed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server import attendance_messages
from server.domain.attendance import starter
from server.domain.attendance.approval import ApprovalLevel
from server.domain.attendance.filing import (
    DAYS_MAX,
    Filed,
    PunchClaim,
    fault_of_claim,
    faults_of,
    next_state,
    overlapping,
)
from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.model import EventKind
from tests.unit.attendance.world import ANI, MONDAY, NIGHT, SATURDAY, at, office, planner, worked

WIT = ZoneInfo("Asia/Jayapura")
TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)
NIP = "198501152010011001"
K = RequestKind


def filed(kind=K.IZIN, first=TODAY, last=None, leave=None, **fields) -> Filed:
    """Returns a request as it would be filed now."""
    number = fields.pop("number", "")
    if kind is K.IZIN:
        fields.setdefault("document_ids", ("d1",))
    request = Request(
        "r1", NIP, kind, first, last or first, RequestState.PENDING, number=number, leave=leave
    )
    values = {"reason": "ban bocor", "submit_time": NOW, "levels": (ApprovalLevel.HEAD,)}
    return Filed(request=request, unit_id="bkd", **{**values, **fields})


def faults(one: Filed) -> list[str]:
    """Returns what is wrong by the rules to begin with."""
    return faults_of(one, starter.CHAINS, TODAY, WIT)


LETTER = {"number": "800/1", "letter_date": TODAY, "document_ids": ("d1",)}
IN_THE_MORNING = PunchClaim(EventKind.IN, datetime(2026, 3, 3, 22, 20, tzinfo=UTC))


class TestFaults:
    """Each fault, and what has none."""

    @pytest.mark.parametrize(
        "one",
        [
            filed(),
            filed(K.LATE_REASON),
            filed(K.LATE_REASON, TODAY - timedelta(days=5)),
            filed(K.SAKIT, document_ids=("d1",)),
            filed(K.TUGAS_LUAR, last=TODAY + timedelta(days=3), place="Ternate", **LETTER),
            filed(K.CUTI, leave=LeaveType.TAHUNAN, **LETTER),
            filed(K.CORRECTION, claim=IN_THE_MORNING),
            filed(K.FORGOTTEN_CHECK_OUT, TODAY - timedelta(days=1)),
        ],
    )
    def test_none(self, one):
        """Complete and in time."""
        assert [] == faults(one)

    @pytest.mark.parametrize(
        ("one", "fault"),
        [
            (filed(last=TODAY - timedelta(days=1)), "DATES_REVERSED"),
            (filed(last=TODAY + timedelta(days=DAYS_MAX)), "TOO_MANY_DAYS"),
            (filed(K.LATE_REASON, last=TODAY + timedelta(days=1)), "ONE_DAY_ONLY"),
            (filed(K.LATE_REASON, TODAY + timedelta(days=1)), "DAY_NOT_COME"),
            (filed(K.CORRECTION, TODAY - timedelta(days=6)), "DEADLINE_PASSED"),
            (filed(K.CUTI), "LEAVE_TYPE_WRONG"),
            (filed(K.IZIN, leave=LeaveType.TAHUNAN), "LEAVE_TYPE_WRONG"),
            (filed(reason="x"), "REASON_REQUIRED"),
            (filed(reason="x" * 1001), "REASON_REQUIRED"),
            (filed(place="x" * 201), "TEXT_TOO_LONG"),
            (filed(K.TUGAS_LUAR, place="Ternate", document_ids=("d",)), "LETTER_REQUIRED"),
            (filed(K.TUGAS_LUAR, **LETTER), "PLACE_REQUIRED"),
            (filed(letter_date=TODAY + timedelta(days=1)), "LETTER_FROM_THE_FUTURE"),
            (filed(K.SAKIT), "DOCUMENT_REQUIRED"),
            (filed(K.IZIN, document_ids=()), "DOCUMENT_REQUIRED"),
            (filed(K.CUTI, leave=LeaveType.TAHUNAN), "LETTER_REQUIRED"),
            (filed(K.CUTI, leave=LeaveType.TAHUNAN, number="850/7"), "LETTER_REQUIRED"),
            (filed(document_ids=tuple("abcdef")), "TOO_MANY_DOCUMENTS"),
            (filed(claim=IN_THE_MORNING), "PUNCH_NOT_ASKED"),
            (filed(K.FORGOTTEN_CHECK_OUT, claim=IN_THE_MORNING), "PUNCH_TIME_WRONG"),
            (
                filed(K.CORRECTION, claim=replace(IN_THE_MORNING, punch_time=NOW + timedelta(1))),
                "PUNCH_TIME_WRONG",
            ),
            (filed(K.CORRECTION, TODAY - timedelta(2), claim=IN_THE_MORNING), "PUNCH_TIME_WRONG"),
        ],
    )
    def test_named(self, one, fault):
        """By a reason that people can read in both languages."""
        assert fault in faults(one)
        assert all(attendance_messages.FAULTS[fault])

    @pytest.mark.parametrize(
        ("day", "clock", "fits"),
        [(-1, "00:00", True), (-1, "23:50", True), (1, "23:59", True), (2, "00:00", False)],
    )
    def test_a_punch_beside_the_day(self, day, clock, fits):
        """A shift from midnight is checked into before it; a night shift ends on the day behind."""
        first = TODAY - timedelta(days=3)
        claim = PunchClaim(EventKind.OUT, at(first + timedelta(days=day), clock))

        assert fits is (faults(filed(K.CORRECTION, first, claim=claim)) == [])

    def test_a_correction_counts_days_at_the_site(self):
        """At 23:30 in WIT it is the last day of the deadline, whatever UTC says."""
        one = filed(K.CORRECTION, TODAY - timedelta(days=5))

        assert [] == faults(one)
        assert ["DEADLINE_PASSED"] == faults_of(one, starter.CHAINS, TODAY + timedelta(days=1), WIT)


class TestFaultOfClaim:
    """A claimed punch that would not count for its day."""

    TUESDAY = MONDAY + timedelta(days=1)

    @pytest.mark.parametrize(
        ("kind", "day", "clock", "fault"),
        [
            (EventKind.IN, MONDAY, "07:20", ""),
            (EventKind.IN, MONDAY, "11:30", "PUNCH_OUTSIDE_WINDOW"),
            (EventKind.OUT, MONDAY, "16:00", ""),
            (EventKind.OUT, MONDAY, "11:59", "PUNCH_OUTSIDE_WINDOW"),
            (EventKind.OUT, MONDAY, "22:00", "PUNCH_OUTSIDE_WINDOW"),
            (EventKind.OUT, TUESDAY, "00:00", "PUNCH_OF_ANOTHER_DAY"),
            (EventKind.IN, TUESDAY, "07:20", "PUNCH_OF_ANOTHER_DAY"),
        ],
    )
    def test_by_the_plan_of_the_day(self, kind, day, clock, fault):
        """Check-in from 05:30 to 11:30, check-out from 12:00 to 22:00."""
        assert fault == fault_of_claim(PunchClaim(kind, at(day, clock)), planner(), ANI, MONDAY)

    @pytest.mark.parametrize(
        ("claim", "fault"),
        [
            ((EventKind.IN, "07:20"), "PUNCH_WITHOUT_EFFECT"),
            ((EventKind.IN, "07:15"), "PUNCH_WITHOUT_EFFECT"),
            ((EventKind.IN, "07:14"), ""),
            ((EventKind.OUT, "15:59"), "PUNCH_WITHOUT_EFFECT"),
            ((EventKind.OUT, "16:00"), "PUNCH_WITHOUT_EFFECT"),
            ((EventKind.OUT, "16:01"), ""),
        ],
    )
    def test_beside_what_is_recorded(self, claim, fault):
        """It must come before the first check-in, or after the last check-out; others' days aside."""
        kind, clock = claim
        known = [*worked(MONDAY, "07:15", "16:00"), *worked(self.TUESDAY, "05:40", "21:00")]
        claimed = PunchClaim(kind, at(MONDAY, clock))

        assert fault == fault_of_claim(claimed, planner(), ANI, MONDAY, known)

    def test_before_the_first_posting(self):
        """Who did not serve on a day was not expected, and came to nothing."""
        day = ANI.postings[0].start - timedelta(days=1)
        claim = PunchClaim(EventKind.IN, at(day, "07:20"))

        assert "NOT_IN_SERVICE" == fault_of_claim(claim, planner(), ANI, day)

    def test_of_a_night_shift(self):
        """The morning after is the shift's, for the date on which it began alone."""
        claim = PunchClaim(EventKind.OUT, at(self.TUESDAY, "06:00"))
        rules = office(NIGHT)

        assert "" == fault_of_claim(claim, rules, ANI, MONDAY)
        assert "PUNCH_OF_ANOTHER_DAY" == fault_of_claim(claim, rules, ANI, self.TUESDAY)

    def test_on_a_free_day(self):
        """Any time of it."""
        claim = PunchClaim(EventKind.OUT, at(SATURDAY, "03:00"))

        assert "" == fault_of_claim(claim, planner(), ANI, SATURDAY)


class TestJudged:
    """What days are derived from."""

    def test_a_claimed_punch_waives_nothing(self):
        """It becomes a punch of its own; without it the request waives the cut."""
        accepted = replace(filed(K.CORRECTION).request, state=RequestState.ACCEPTED)
        without = replace(filed(K.CORRECTION), request=accepted)
        with_punch = replace(without, claim=IN_THE_MORNING)

        assert RequestState.ACCEPTED is without.judged().state
        assert RequestState.WITHDRAWN is with_punch.judged().state


class TestOverlapping:
    """One open request of a kind for a day."""

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({}, True),
            ({"first": TODAY - timedelta(2), "last": TODAY}, True),
            ({"first": TODAY + timedelta(1), "last": TODAY + timedelta(1)}, False),
            ({"state": RequestState.REJECTED}, False),
            ({"state": RequestState.WITHDRAWN}, False),
            ({"kind": K.SAKIT}, False),
            ({"request_id": "r1"}, False),
        ],
    )
    def test_other(self, changes, found):
        """Of the same kind, open, on one of the days, and another."""
        other = replace(filed().request, **{"request_id": "r2", **changes})

        assert found is (overlapping(filed().request, [other]) is not None)


class TestNextState:
    """Along the chain."""

    def test_accepted_by_all(self):
        """PENDING until the last step; a rejection ends it."""
        both = filed(levels=(ApprovalLevel.HEAD, ApprovalLevel.BKD))

        assert (RequestState.PENDING, 1) == next_state(both, accepted=True)
        assert (RequestState.ACCEPTED, 2) == next_state(replace(both, steps_done=1), accepted=True)
        assert (RequestState.REJECTED, 1) == next_state(both, accepted=False)
