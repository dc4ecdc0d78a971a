"""Who decides on a request: heads, those above them, deputies, BKD; never the one who asks."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from server.domain.attendance import starter
from server.domain.attendance.approval import (
    ApprovalLevel,
    Approver,
    Chain,
    ChainTable,
    Delegation,
    DelegationKind,
    acting,
    acts_for,
    chain_of,
    desk_of,
    grows,
    may_decide,
)
from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.model import Unit

ANN, BEN, CICI, DEDI = (f"19850115201001100{number}" for number in range(1, 5))
#     gubernur (BEN)      dprd (ANN)
#     bkd (ANN) kominfo
#     mutasi
TREE = [
    Unit("gubernur", "Gubernur", head_nip=BEN),
    Unit("bkd", "BKD", "gubernur", head_nip=ANN),
    Unit("kominfo", "Kominfo", "gubernur"),
    Unit("mutasi", "Bidang Mutasi", "bkd"),
    Unit("dprd", "Sekretariat DPRD", head_nip=ANN),
]
DAY = date(2026, 3, 2)
PLH = Delegation("bkd", DAY, CICI, date(2026, 3, 6), DelegationKind.PLH, "800/12/BKD")
HEAD, ABOVE, BKD = ApprovalLevel.HEAD, ApprovalLevel.HEAD_ABOVE, ApprovalLevel.BKD


def desk(level, nip, unit_id, delegations=(), day=DAY):
    """Returns (unit, approvers) of a level."""
    found = desk_of(level, TREE, delegations, unit_id=unit_id, nip=nip, day=day)
    return found.unit_id, tuple(approver.nip for approver in found.approvers)


def request(kind=RequestKind.IZIN, days=1, leave=None):
    """Returns a request of so many days."""
    last = date(2026, 3, 1 + days)
    return Request("r", DEDI, kind, DAY, last, RequestState.PENDING, leave=leave)


class TestDesk:
    """Where a request lies."""

    @pytest.mark.parametrize(
        ("level", "nip", "unit_id", "where"),
        [
            (HEAD, DEDI, "bkd", ("bkd", (ANN,))),
            (HEAD, DEDI, "mutasi", ("bkd", (ANN,))),
            (HEAD, DEDI, "kominfo", ("gubernur", (BEN,))),
            (HEAD, ANN, "bkd", ("gubernur", (BEN,))),
            (HEAD, BEN, "gubernur", ("", ())),
            (ABOVE, DEDI, "mutasi", ("gubernur", (BEN,))),
            (ABOVE, ANN, "bkd", ("", ())),
            (BKD, DEDI, "bkd", ("", ())),
            (HEAD, DEDI, "nowhere", ("", ())),
        ],
        ids=[
            "own head", "unit without head", "goes up", "the head's own", "nobody above",
            "head above", "above the top", "BKD", "unknown unit",
        ],
    )  # fmt: skip
    def test_by_level(self, level, nip, unit_id, where):
        """Units without a head are passed over; where nobody is left, BKD decides."""
        assert where == desk(level, nip, unit_id)

    def test_a_deputy_decides_beside_the_head(self):
        """Plh. from the first to the last date of the letter, not a day longer."""
        before, after = date(2026, 3, 1), date(2026, 3, 7)

        assert ("bkd", (ANN, CICI)) == desk(HEAD, DEDI, "bkd", [PLH])
        assert ("bkd", (ANN, CICI)) == desk(HEAD, DEDI, "bkd", [PLH], PLH.last)
        assert ("bkd", (ANN,)) == desk(HEAD, DEDI, "bkd", [PLH], before)
        assert ("bkd", (ANN,)) == desk(HEAD, DEDI, "bkd", [PLH], after)

    def test_a_deputy_takes_the_place_of_no_head(self):
        """Plt. of a unit whose post is vacant."""
        plt = replace(PLH, unit_id="kominfo", kind=DelegationKind.PLT)
        found = desk_of(HEAD, TREE, [plt], unit_id="kominfo", nip=DEDI, day=DAY)

        assert (Approver(CICI, "kominfo"),) == found.approvers

    def test_a_deputys_own_request_is_the_heads(self):
        """Not the deputy's."""
        assert ("bkd", (ANN,)) == desk(HEAD, CICI, "bkd", [PLH])

    def test_a_heads_own_request_is_not_the_deputys(self):
        """Whom a head has made deputy does not decide for the head."""
        assert ("gubernur", (BEN,)) == desk(HEAD, ANN, "bkd", [PLH])

    @pytest.mark.parametrize(
        ("heads", "decided", "where"),
        [
            ((ANN, BEN), (), "above"),
            ((ANN, BEN), (ANN,), "above"),
            ((ANN, ANN), (ANN,), "top"),
            ((ANN, BEN), (BEN,), "top"),
            ((ANN, ANN), (ANN, CICI), ""),
        ],
    )
    def test_who_decided_before_is_passed_over(self, heads, decided, where):
        """One person as head of a unit and of that above it: the next one up, BKD at the end."""
        tree = [
            Unit("top", "Top", head_nip=CICI),
            Unit("above", "Above", "top", head_nip=heads[1]),
            Unit("own", "Own", "above", head_nip=heads[0]),
        ]
        found = desk_of(ABOVE, tree, [], unit_id="own", nip=DEDI, day=DAY, decided=decided)

        assert where == found.unit_id

    def test_units_in_a_circle_end(self):
        """Broken data asks BKD, and does not hang."""
        circle = [Unit("a", "A", "b"), Unit("b", "B", "a")]
        found = desk_of(HEAD, circle, [], unit_id="a", nip=DEDI, day=DAY)

        assert "" == found.unit_id


class TestWhoActs:
    """For which heads somebody acts."""

    def test_heads_and_deputies(self):
        """One head of two offices; a deputy on the days of the letter."""
        assert {"bkd", "dprd"} == acts_for(TREE, [PLH], ANN, DAY)
        assert {"bkd"} == acts_for(TREE, [PLH], CICI, DAY)
        assert frozenset() == acts_for(TREE, [PLH], CICI, date(2026, 3, 7))
        assert frozenset() == acts_for(TREE, [PLH], "", DAY)
        assert [PLH] == acting([PLH, replace(PLH, start=date(2026, 4, 1))], DAY)

    def test_may_decide(self):
        """Who acts for the unit, unless it is the own request."""
        of_cici = desk_of(HEAD, TREE, [PLH], unit_id="bkd", nip=CICI, day=DAY)

        assert may_decide(of_cici, ANN, {"bkd"})
        assert not may_decide(of_cici, CICI, {"bkd"})
        assert not may_decide(of_cici, BEN, {"gubernur"})


class TestChain:
    """Which chain a request takes."""

    @pytest.mark.parametrize(
        ("leave", "days", "levels"),
        [
            (LeaveType.TAHUNAN, 12, (HEAD,)),
            (LeaveType.TAHUNAN, 15, (HEAD, ABOVE)),
            (LeaveType.SAKIT, 14, (HEAD,)),
            (LeaveType.SAKIT, 30, (HEAD, ABOVE)),
            (LeaveType.BERSAMA, 2, (HEAD,)),
            (LeaveType.BESAR, 1, (HEAD, BKD)),
            (LeaveType.MELAHIRKAN, 30, (HEAD, BKD)),
            (LeaveType.ALASAN_PENTING, 1, (HEAD, BKD)),
            (LeaveType.LUAR_TANGGUNGAN, 1, (HEAD, BKD)),
        ],
    )
    def test_of_each_leave_to_begin_with(self, leave, days, levels):
        """Long and special leave goes to BKD too; long usual leave to the head above."""
        asked = replace(request(RequestKind.CUTI, leave=leave), last=DAY + timedelta(days - 1))

        assert levels == chain_of(starter.CHAINS, asked)

    @pytest.mark.parametrize(
        ("kind", "days", "levels"),
        [
            (RequestKind.CORRECTION, 1, (HEAD, BKD)),
            (RequestKind.FORGOTTEN_CHECK_OUT, 1, (HEAD,)),
            (RequestKind.LATE_REASON, 1, (HEAD,)),
            (RequestKind.IZIN, 14, (HEAD,)),
            (RequestKind.IZIN, 15, (HEAD, BKD)),
            (RequestKind.SAKIT, 28, (HEAD, BKD)),
            (RequestKind.TUGAS_LUAR, 28, (HEAD,)),
        ],
    )
    def test_of_each_kind_to_begin_with(self, kind, days, levels):
        """No head alone makes absent days present, or permits weeks of absence."""
        asked = replace(request(kind), last=DAY + timedelta(days - 1))

        assert levels == chain_of(starter.CHAINS, asked)

    TABLE = ChainTable(
        "v",
        DAY,
        (
            Chain((HEAD, BKD), leaves=frozenset({LeaveType.BESAR})),
            Chain((HEAD, ABOVE), frozenset({RequestKind.CUTI, RequestKind.DIKLAT}), days_min=10),
            Chain((), frozenset({RequestKind.IZIN})),
        ),
    )

    @pytest.mark.parametrize(
        ("asked", "levels"),
        [
            (request(), (HEAD,)),
            (request(RequestKind.CUTI, 1, LeaveType.BESAR), (HEAD, BKD)),
            (request(RequestKind.CUTI, 9, LeaveType.TAHUNAN), (HEAD,)),
            (request(RequestKind.CUTI, 10, LeaveType.TAHUNAN), (HEAD, ABOVE)),
            (request(RequestKind.DIKLAT, 12), (HEAD, ABOVE)),
        ],
    )
    def test_first_that_fits(self, asked, levels):
        """By type and length; what fits none, or an empty one, is the head's."""
        assert levels == chain_of(self.TABLE, asked)

    def test_without_a_table_the_head_decides(self):
        """As in a database whose rules were all taken back."""
        assert (HEAD,) == chain_of(None, request())


class TestParts:
    """An absence in parts is as long as one."""

    def part(self, begin, end, kind=RequestKind.IZIN, leave=None):
        """A request for the days from begin to end behind the first Monday."""
        first, last = (DAY + timedelta(number) for number in (begin, end))
        return Request(f"{begin}", DEDI, kind, first, last, RequestState.PENDING, leave=leave)

    @pytest.mark.parametrize(
        ("others", "levels"),
        [
            ([], (HEAD,)),
            ([(-8, -1)], (HEAD, BKD)),
            ([(-7, -1)], (HEAD,)),
            ([(-9, -3)], (HEAD, BKD)),
            ([(-9, -4)], (HEAD,)),
            ([(7, 13)], (HEAD,)),
            ([(7, 14)], (HEAD, BKD)),
            ([(7, 11), (14, 18)], (HEAD, BKD)),
            ([(14, 18), (7, 11)], (HEAD, BKD)),
            ([(7, 10), (14, 18)], (HEAD,)),
        ],
        ids=[
            "alone", "15 days", "14 days", "over a weekend", "a Friday at work", "behind it",
            "15 with it", "three parts", "in any order", "a Friday between the others",
        ],
    )  # fmt: skip
    def test_adjoin_over_free_days(self, others, levels):
        """Of Monday to Sunday; nothing but free days lies between the parts."""
        parts = [self.part(*other) for other in others]
        is_workday = lambda day: day.weekday() < 5  # noqa: E731

        assert levels == chain_of(starter.CHAINS, self.part(0, 6), parts, is_workday)

    @pytest.mark.parametrize(
        ("kind", "leave", "levels"),
        [
            (RequestKind.SAKIT, None, (HEAD, BKD)),
            (RequestKind.TUGAS_LUAR, None, (HEAD,)),
            (RequestKind.CUTI, LeaveType.TAHUNAN, (HEAD,)),
        ],
    )
    def test_of_what_a_chain_takes(self, kind, leave, levels):
        """Permits and illness are one absence; leave and duty are others."""
        other = self.part(-10, -1, kind, leave)

        assert levels == chain_of(starter.CHAINS, self.part(0, 6), [other])

    @pytest.mark.parametrize(
        ("kind", "days", "found"),
        [
            (RequestKind.IZIN, 14, True),
            (RequestKind.IZIN, 15, False),
            (RequestKind.CORRECTION, 1, False),
        ],
    )
    def test_where_it_matters(self, kind, days, found):
        """Only where a longer chain is left."""
        assert found == grows(starter.CHAINS, self.part(0, days - 1, kind))
        assert not grows(None, self.part(0, 0))
