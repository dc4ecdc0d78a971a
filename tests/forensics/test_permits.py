"""Permits: what is late, heaped, self-granted, on one paper or far more than elsewhere."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.forensics import permits
from server.domain.forensics.limits import PermitLimits
from server.domain.forensics.model import Employee, FindingKind, FindingState, Ruling
from tests.forensics.world import ANI, BUDI, HEAD, MONDAY, at, permit

LIMITS = PermitLimits()


class TestRetroactive:
    """Handed in afterwards."""

    @pytest.mark.parametrize(("late", "found"), [(-2, False), (9.9, False), (10, True)])
    def test_one(self, late, found):
        """From the limit on."""
        assert found == bool(permits.retroactive([permit(late=late)], LIMITS))

    @pytest.mark.parametrize(("count", "found"), [(4, False), (5, True)])
    def test_many(self, count, found):
        """Each of them some days late."""
        late = [permit(day=day, late=3) for day in range(count)]

        assert found == bool(permits.retroactive(late, LIMITS))

    def test_what_was_rejected_is_none(self):
        """It changed nothing."""
        assert [] == permits.retroactive([permit(late=40, state=RequestState.REJECTED)], LIMITS)


class TestInBulk:
    """Many days of the past at one sitting."""

    def sitting(self, late, **more):
        """Eight people's permits decided within minutes."""
        return [permit(f"p{k}", k, late=late, decide_time=at(20, k), **more) for k in range(8)]

    def test_past_days_of_many(self):
        """The approver is named beside the people."""
        (finding,) = permits.in_bulk(self.sitting(4), LIMITS)

        assert FindingKind.PERMIT_BULK is finding.kind
        assert (8, (HEAD,)) == (len(finding.nips), finding.evidence.actors)

    def test_emptying_the_desk_is_none(self):
        """What was handed in in time may wait for Monday."""
        assert [] == permits.in_bulk(self.sitting(-1), LIMITS)

    def test_whoever_decided_first_is_looked_at(self):
        """A head who passes on to BKD granted the permit too."""
        passed = [
            replace(
                one, approver="bkd", decide_time=at(30 + k, 0), earlier=(Ruling(HEAD, at(20, k)),)
            )
            for k, one in enumerate(self.sitting(4))
        ]

        (finding,) = permits.in_bulk(passed, LIMITS)

        assert (HEAD,) == finding.evidence.actors

    def test_a_team_on_one_letter_is_none(self):
        """Its signature came when they were back."""
        trip = self.sitting(4, kind=RequestKind.TUGAS_LUAR, documents=("sha",))

        assert [] == permits.in_bulk(trip, LIMITS)


class TestToOneself:
    """Nobody grants the own permit."""

    @pytest.mark.parametrize(
        "more",
        [
            {"approver": ANI},
            {"approver": BUDI, "delegate_of": ANI},
            {"approver": BUDI, "delegate_of": HEAD, "subordinate": True},
            {"approver": "bkd", "earlier": (Ruling(BUDI, at(), HEAD, subordinate=True),)},
        ],
    )
    def test_directly_by_the_own_delegate_or_by_somebody_below(self, more):
        """Once is enough."""
        (finding,) = permits.to_oneself([permit(ANI, **more)])

        assert (FindingKind.PERMIT_SELF, (ANI,)) == (finding.kind, finding.nips)

    def test_a_delegate_decides_for_others(self):
        """That is what a deputy is for."""
        assert [] == permits.to_oneself([permit(ANI, approver=BUDI, delegate_of=HEAD)])


class TestSharedDocuments:
    """One document, several permits."""

    @pytest.mark.parametrize(
        ("kind", "uses", "found"),
        [
            (RequestKind.IZIN, [("a", 0), ("a", 9), ("a", 20)], True),
            (RequestKind.IZIN, [("a", 0), ("a", 1)], False),  # prolonged
            (RequestKind.IZIN, [(nip, 0) for nip in "abcdefgh"], False),  # a funeral
            (RequestKind.SAKIT, [("a", 0), ("b", 0), ("c", 0)], True),
            (RequestKind.SAKIT, [("a", 0), ("b", 0)], False),  # a couple
            (RequestKind.TUGAS_LUAR, [(f"p{k}", 2 * k) for k in range(20)], False),  # a rota
            (RequestKind.TUGAS_LUAR, [("a", 0), ("b", 45)], True),
        ],
    )
    def test_uses(self, kind, uses, found):
        """What one document can say depends on what it is for."""
        made = [permit(nip, day, kind=kind, documents=("sha",)) for nip, day in uses]

        findings = permits.shared_documents(made, LIMITS)

        assert found == bool(findings)
        assert all(("sha",) == one.evidence.documents for one in findings)


class TestOutliers:
    """One approver against the others."""

    STAFF = tuple(
        Employee(f"e{head}-{k}", f"u{head}", f"head-{head}") for head in range(9) for k in range(20)
    )

    def granted(self, head, count):
        """So many permits by one head."""
        return [
            permit(f"e{head}-{k % 20}", k, request=f"{head}-{k}", approver=f"head-{head}")
            for k in range(count)
        ]

    def test_far_more_than_the_others(self):
        """What a deputy granted is the office's."""
        usual = [one for head in range(1, 9) for one in self.granted(head, 4 + head % 3)]
        deputy = [replace(one, approver=BUDI, delegate_of="head-0") for one in self.granted(0, 40)]

        (finding,) = permits.outliers(usual + deputy, self.STAFF, LIMITS)

        assert (FindingKind.APPROVER_OUTLIER, ("head-0",)) == (finding.kind, finding.nips)
        assert ("granted", 40, LIMITS.outlier_count_min) == finding.evidence.figures[1]

    def test_small_counts_are_none(self):
        """Where others grant one, eleven are many, and no case."""
        usual = [one for head in range(1, 9) for one in self.granted(head, 1)]

        assert [] == permits.outliers(usual + self.granted(0, 11), self.STAFF, LIMITS)

    def test_all_alike_are_none(self):
        """A norm that everybody keeps, however high."""
        usual = [one for head in range(9) for one in self.granted(head, 60 + head)]

        assert [] == permits.outliers(usual, self.STAFF, LIMITS)

    def test_who_decides_for_the_people_of_others(self):
        """BKD's second step, and a head who was replaced, answer for nobody there: no measure."""
        usual = [one for head in range(9) for one in self.granted(head, 4 + head % 3)]
        second = [
            replace(one, approver="bkd-siti", request_id=f"b{k}") for k, one in enumerate(usual)
        ]
        before = [
            replace(one, approver="head-old", request_id=f"o{k}") for k, one in enumerate(usual)
        ]

        assert [] == permits.outliers(usual + second + before, self.STAFF, LIMITS)

    def test_far_more_too_late(self):
        """The same number as the others, but of the past."""
        usual = [one for head in range(1, 9) for one in self.granted(head, 30)]
        late = [
            replace(one, submit_time=one.submit_time + timedelta(days=3))
            for one in self.granted(0, 30)
        ]

        found = permits.outliers(usual + late, self.STAFF, LIMITS)

        assert [("head-0",)] == [one.nips for one in found]


class TestAuditSample:
    """Drawn by lot, and the same for everybody who has the seed."""

    MADE = tuple(
        permit(f"p{k}", k % 50, approver=f"head-{k % 3}", request=f"r{k}") for k in range(300)
    )

    def test_so_many_of_each_approver(self):
        """Nobody is left out, and nobody is drawn twice."""
        sample = permits.audit_sample(self.MADE, "seed", 7)

        assert {f"head-{k}": 7 for k in range(3)} == Counter(one.approver for one in sample)
        assert 21 == len({one.request_id for one in sample})

    def test_every_step_has_its_approver(self):
        """What a head passed on to BKD is drawn for either, and named once."""
        made = [
            replace(one, approver="bkd", earlier=(Ruling(one.approver, at()),)) for one in self.MADE
        ]
        sample = permits.audit_sample(made, "seed", 7)
        heads = Counter(one.approver for one in sample)

        assert len(sample) == len({one.request_id for one in sample})
        assert {"head-0", "head-1", "head-2"} < set(heads)

    def test_order_does_not_matter_and_the_seed_does(self):
        """A sample can be drawn again, and not be foreseen."""
        sample = permits.audit_sample(self.MADE, "seed", 7)

        assert sample == permits.audit_sample(self.MADE[::-1], "seed", 7)
        assert sample != permits.audit_sample(self.MADE, "other", 7)

    def test_every_permit_has_its_chance(self):
        """Over many seeds each is drawn about as often: 7 of 100."""
        drawn = Counter(
            one.request_id
            for seed in range(300)
            for one in permits.audit_sample(self.MADE, str(seed), 7)
        )

        assert 300 == len(drawn)
        assert max(drawn.values()) < 60  # 21 expected

    def test_late_days_count_from_the_end(self):
        """Before it is 0; the rest of the last day in UTC is the employee's."""
        assert [0, 0, 2.5] == [permits.late_days(permit(late=late)) for late in (-9, 0, 2.5)]
        assert MONDAY == permit().last


class TestAnnulled:
    """What BKD annulled is a confirmed case: it counts on, and is not to be found again."""

    def late(self, *annulled):
        """Five late permits of one person; those of the days named are annulled."""
        return [
            permit(
                day=day,
                late=3,
                state=RequestState.ANNULLED if day in annulled else RequestState.ACCEPTED,
            )
            for day in range(5)
        ]

    @pytest.mark.parametrize(
        ("annulled", "state"),
        [
            ((), FindingState.OPEN),
            ((0, 3), FindingState.OPEN),
            (range(5), FindingState.CONFIRMED),
        ],
    )
    def test_a_finding_says_what_is_annulled(self, annulled, state):
        """It is confirmed once all of it is; annulling some hides none of the rest."""
        (finding,) = permits.retroactive(self.late(*annulled), LIMITS)

        assert state is finding.state
        assert tuple(f"{ANI}-{day}" for day in annulled) == finding.evidence.annulled
        assert 5 == len(finding.evidence.request_ids)

    def test_is_not_drawn(self):
        """Auditors look at what nobody looked at yet."""
        drawn = permits.audit_sample(self.late(0, 3), "seed", 50)

        assert {f"{ANI}-{day}" for day in (1, 2, 4)} == {one.request_id for one in drawn}
