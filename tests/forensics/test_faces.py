"""Faces: enrolled again as they are, or another one in their place."""

from server.domain.forensics import faces
from server.domain.forensics.examine import examine
from server.domain.forensics.limits import Limits
from server.domain.forensics.model import Enrolment, Figure, FindingKind, Records
from tests.forensics.world import ANI, BUDI, at


def enrolled(nip=ANI, day=0, similarity=0.8, **more):
    """An enrolment that takes the place of another."""
    values = {"actor": "bkd-siti", "similarity": similarity, "threshold": 0.42}
    return Enrolment(nip, at(day), **(values | more))


class TestReplaced:
    """A face in the place of another one."""

    def test_the_same_person(self):
        """From the threshold on, and however often."""
        assert [] == faces.replaced([enrolled(day=day, similarity=0.42) for day in range(9)])

    def test_swapped_and_back(self):
        """One finding, with who did it, when, and how unlike they are."""
        swaps = [
            enrolled(similarity=0.05),
            enrolled(day=3, similarity=0.11, actor="bkd-adi"),
            enrolled(day=2),
            enrolled(BUDI),
        ]

        (finding,) = faces.replaced([*swaps, *swaps])

        assert (FindingKind.ENROLMENT_REPLACED, (ANI,)) == (finding.kind, finding.nips)
        assert (at(0), at(3)) == (finding.first, finding.last)
        assert (Figure("replacements", 2, 1), Figure("similarity", 0.05, 0.42)) == (
            finding.evidence.figures
        )
        assert ("bkd-adi", "bkd-siti") == finding.evidence.actors
        assert 2 == finding.strength

    def test_nothing_to_compare(self):
        """Erased and enrolled anew: it may have been anybody."""
        (finding,) = faces.replaced([enrolled(similarity=None)])

        assert (Figure("replacements", 1, 1),) == finding.evidence.figures

    def test_is_looked_for(self):
        """With the rest."""
        records = Records(enrolments=(enrolled(similarity=0.1),))

        assert [FindingKind.ENROLMENT_REPLACED] == [one.kind for one in examine(records, Limits())]
