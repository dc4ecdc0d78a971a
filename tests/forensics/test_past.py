"""Days that are over: who mends them for whom, what is voided late, and rules of the past."""

from dataclasses import replace
from datetime import timedelta

import pytest

from server.domain.forensics import past
from server.domain.forensics.examine import examine
from server.domain.forensics.limits import Limits, PastLimits
from server.domain.forensics.model import (
    Amendment,
    Backdating,
    Figure,
    FindingKind,
    FindingState,
    Records,
)
from tests.forensics.world import ANI, BUDI, MONDAY, at, seen

LIMITS = PastLimits()
CLERK, OTHER = "bkd-ani", "bkd-budi"


def amended(nip=ANI, day=0, *, late=1.0, **more):
    """A punch of a day that was added, or voided, so many days after the next morning."""
    values = {
        "event_id": f"{nip}-{day}",
        "site_id": "gubernur",
        "day": MONDAY + timedelta(day),
        "time": at(day + 1 + late),
        "actor": CLERK,
        "reason": f"lupa {nip} {day}",
    }
    return Amendment(nip=nip, **(values | more))


def put(what="SCHEDULE", days=7, **more):
    """A rule or move that changed so many days that were over."""
    start = MONDAY - timedelta(days)
    values = {"subject": "bkd", "actor": CLERK, "reason": "penyesuaian", "time": at()}
    return Backdating(what=what, start=start, days=days, **(values | more))


class TestManyDays:
    """Of one employee."""

    @pytest.mark.parametrize(
        ("days", "found"),
        [
            ((0, 1, 2, 3, 4), False),
            ((0, 1, 2, 3, 4, 29), True),
            ((0, 1, 2, 3, 4, 30), False),
            ((0, 0, 1, 1, 2, 2, 3, 3), False),
        ],
    )
    def test_within_a_month(self, days, found):
        """Days count, not punches, whoever mends them."""
        some = [
            amended(day=day, event_id=str(number), actor=(CLERK, OTHER)[number % 2])
            for number, day in enumerate(days)
        ]

        assert found == bool(past.corrected(some, LIMITS))

    def test_claims_count(self):
        """With the head who accepted them, and what of them was annulled since."""
        some = [
            amended(day=day, request_id=f"claim-{day}", actor=who, undone=day == 0)
            for day in range(6)
            for who in ("kepala", CLERK)
        ]

        (finding,) = past.corrected(some, LIMITS)

        assert (FindingKind.CORRECTION_BULK, (ANI,)) == (finding.kind, finding.nips)
        assert (Figure("person_days", 6, 6),) == finding.evidence.figures
        assert (CLERK, "kepala") == finding.evidence.actors
        assert ("claim-0",) == finding.evidence.annulled
        assert FindingState.OPEN is finding.state

    def test_all_of_it_undone(self):
        """It counts on, and is a confirmed case."""
        (finding,) = past.corrected([amended(day=day, undone=True) for day in range(6)], LIMITS)

        assert FindingState.CONFIRMED is finding.state


class TestOutage:
    """Kiosk or network down: one day, one site, one reason."""

    def down(self, people, days, reason="listrik padam"):
        """All of them mended for all of these days."""
        return [
            amended(f"p{person}", day, reason=reason, late=0.01 * person)
            for person in range(people)
            for day in days
        ]

    @pytest.mark.parametrize(("people", "days"), [(40, 1), (40, 7), (5, 7)])
    def test_is_one_matter(self, people, days):
        """However many were there; it is nobody's day, also when it lasts a week."""
        assert [] == past.corrected(self.down(people, range(days)), LIMITS)

    def test_typed_differently(self):
        """Spaces and capitals make no other reason."""
        some = self.down(9, [0])
        again = [replace(one, reason="  Listrik   PADAM ") for one in self.down(9, [0])[:4]]

        assert [] == past.corrected(some[4:] + again, LIMITS)

    def test_of_a_few(self):
        """Is a day of each of them."""
        found = past.corrected(self.down(4, range(7)), LIMITS)

        assert [("p0",), ("p1",), ("p2",), ("p3",)] == [one.nips for one in found]

    def test_too_often(self):
        """By the word of one person, all was down there nearly all the time."""
        (finding,) = past.corrected(self.down(5, range(0, 24, 3)), LIMITS)

        assert (5, (CLERK,)) == (len(finding.nips), finding.evidence.actors)
        assert (Figure("outage_days", 8, 8),) == finding.evidence.figures


class TestSitting:
    """Many people by one hand."""

    def sitting(self, people, minutes=4.0, **more):
        """So many people, each a day of their own, so many minutes apart."""
        return [amended(f"p{k}", -k, time=at(20, minutes * k), **more) for k in range(people)]

    @pytest.mark.parametrize(
        ("people", "minutes", "found"), [(5, 4.0, False), (6, 4.0, True), (6, 7.0, False)]
    )
    def test_within_half_an_hour(self, people, minutes, found):
        """Each with a reason of its own, or a day of its own."""
        assert found == bool(past.corrected(self.sitting(people, minutes), LIMITS))

    def test_names_all(self):
        """The people, who did it, and the reasons given."""
        (finding,) = past.corrected(self.sitting(7), LIMITS)

        assert (7, (CLERK,)) == (len(finding.nips), finding.evidence.actors)
        assert 7 == len(finding.evidence.reasons)
        assert (Figure("people", 7, 6),) == finding.evidence.figures

    def test_a_desk_of_claims_is_none(self):
        """Who asked and the head have had their word."""
        some = [replace(one, request_id=one.event_id) for one in self.sitting(20)]

        assert [] == past.corrected(some, LIMITS)

    def test_two_who_work_at_once_are_none(self):
        """Each has a few."""
        some = self.sitting(5) + [
            replace(one, nip=f"q{one.nip}", event_id=f"q{one.event_id}", actor=OTHER)
            for one in self.sitting(5)
        ]

        assert [] == past.corrected(some, LIMITS)


class TestPeers:
    """One against the rest of the team."""

    def done(self, actor, count):
        """So many matters of so many people, hours apart."""
        return [
            amended(f"{actor}{k}", k, event_id=f"{actor}{k}", actor=actor, time=at(k, 7 * k))
            for k in range(count)
        ]

    @pytest.mark.parametrize(("count", "found"), [(31, []), (32, [("bkd-tono",)])])
    def test_far_more(self, count, found):
        """It is about who did it."""
        some = [*self.done(CLERK, 9), *self.done(OTHER, 12), *self.done("bkd-tono", count)]

        assert found == [one.nips for one in past.corrected(some, LIMITS)]

    @pytest.mark.parametrize("other", [0, 1])
    def test_one_who_does_it_all_has_no_peers(self, other):
        """However much it is."""
        some = [*self.done(CLERK, 200), *self.done(OTHER, other)]

        assert [] == past.corrected(some, LIMITS)


class TestVoided:
    """Punches that count no more."""

    @pytest.mark.parametrize(("late", "found"), [(9.0, False), (10.5, True)])
    def test_late(self, late, found):
        """Once is enough."""
        findings = past.voided([amended(late=late)], (), LIMITS)

        assert found == bool(findings)
        assert all("days_late" == one.evidence.figures[0].name for one in findings)

    @pytest.mark.parametrize(("days", "found"), [(5, False), (6, True)])
    def test_many_days_of_one(self, days, found):
        """Each of them soon."""
        findings = past.voided([amended(day=day) for day in range(days)], (), LIMITS)

        assert found == bool(findings)
        assert all((FindingKind.VOID_LATE, (ANI,)) == (one.kind, one.nips) for one in findings)

    @pytest.mark.parametrize(("people", "found"), [(19, []), (20, [("bkd-tono",)])])
    def test_far_more_than_others(self, people, found):
        """A person each; it is about who did it."""
        some = [amended(f"p{k}", k, actor="bkd-tono") for k in range(people)]
        some += [amended(f"q{k}", k, actor=who) for k, who in enumerate((CLERK, OTHER))]

        assert found == [one.nips for one in past.voided(some, (), LIMITS)]

    def test_a_kiosk_that_was_wrong_for_a_day(self):
        """One matter, whoever was there."""
        some = [amended(f"p{k}", reason="kios menghadap poster") for k in range(40)]

        assert [] == past.voided(some, (), LIMITS)

    def test_what_other_findings_name(self):
        """Weeks later: that is what they are for. Of the rest nothing is hidden."""
        twins = [
            seen(day=0, minutes=1, place=(0.73, 127.5)),
            seen(day=0, minutes=3, place=(1.4, 124.8)),
        ]
        voids = [amended(event_id=one.event_id, late=20) for one in twins]
        other = amended(BUDI, late=20)

        found = examine(Records(sightings=tuple(twins), voids=(*voids, other)), Limits())

        assert [FindingKind.IMPOSSIBLE_TRAVEL, FindingKind.VOID_LATE] == [one.kind for one in found]
        assert ((BUDI,), ("budi-0",)) == (found[1].nips, found[1].evidence.event_ids)


class TestBackdated:
    """Rules and moves of the past."""

    @pytest.mark.parametrize(
        ("what", "days", "found"),
        [
            ("SCHEDULE", 6, False),
            ("SCHEDULE", 7, True),
            ("SHIFT", 7, True),
            ("DELEGATION", 7, True),
            ("UNIT", 30, False),
            ("UNIT", 31, True),
            ("POSTING", 30, False),
            ("POSTING", 31, True),
        ],
    )
    def test_how_far_back(self, what, days, found):
        """Letters of moves come later than those of rules."""
        assert found == bool(past.backdated([put(what, days)], LIMITS))

    def test_says_who_what_and_why(self):
        """About who put it; the worst of it is the figure."""
        some = [put(days=9), put("PHASE", 20, subject=""), put("UNIT", 40), put(days=3)]

        (finding,) = past.backdated([*some, *some], LIMITS)

        assert (FindingKind.RULE_PAST, (CLERK,)) == (finding.kind, finding.nips)
        assert (Figure("days_back", 20, 7),) == finding.evidence.figures
        assert ((CLERK,), ("penyesuaian",)) == (finding.evidence.actors, finding.evidence.reasons)
        assert (
            f"PHASE * {MONDAY - timedelta(20)}",
            f"SCHEDULE bkd {MONDAY - timedelta(9)}",
            f"UNIT bkd {MONDAY - timedelta(40)}",
        ) == finding.evidence.changes

    def test_a_roster_is_about_its_people(self):
        """One finding for what was put at once; another reason is another matter."""
        roster = [put("SHIFT", 9, subject=nip, nip=nip) for nip in (BUDI, ANI)]
        later = put("SHIFT", 9, subject=ANI, nip=ANI, reason="tukar jaga")

        found = past.backdated([*roster, later], LIMITS)

        assert [(ANI, BUDI), (ANI,)] == [one.nips for one in found]
