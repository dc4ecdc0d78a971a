"""Faces that took the place of another one: enrolled anew, and not the same person's.

Estimate: one pass; enrolments are few.
"""

from collections import defaultdict
from collections.abc import Iterable

from server.domain.forensics.model import Enrolment, Evidence, Figure, Finding, FindingKind, ids


def replaced(enrolments: Iterable[Enrolment]) -> list[Finding]:
    """Finds people whose face does not match the one before, or was erased before.

    Whoever swaps a face swaps it back: both are in one finding. Without an earlier one there is
    nothing to compare; what was erased or cannot be read might have been anybody's.
    """
    doubtful: dict[str, set[Enrolment]] = defaultdict(set)
    for one in enrolments:
        if one.similarity is None or one.similarity < one.threshold:
            doubtful[one.nip].add(one)
    findings = []
    for nip, some in sorted(doubtful.items()):
        figures = [Figure("replacements", len(some), 1)]
        compared = [one for one in some if one.similarity is not None]
        if compared:
            least = min(compared, key=lambda one: one.similarity or 0.0)
            figures.append(Figure("similarity", least.similarity or 0.0, least.threshold))
        times = [one.time for one in some]
        evidence = Evidence(tuple(figures), actors=ids(one.actor for one in some))
        kind = FindingKind.ENROLMENT_REPLACED
        findings.append(Finding(kind, (nip,), min(times), max(times), evidence))
    return findings
