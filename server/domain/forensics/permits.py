"""Permits that BKD should see: late, granted in heaps, to oneself, on one paper, by one head.

Whoever decides is looked at, head or not, and nobody is left out. What BKD annulled was granted and
counts on, or annulling some of a heap would hide the rest; a finding says what of it is annulled,
and is confirmed once all is. Estimate: passes and sorts, 100,000 permits in about 1 s.
"""

import hashlib
import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.forensics.limits import PermitLimits
from server.domain.forensics.model import (
    Employee,
    Evidence,
    Figure,
    Finding,
    FindingKind,
    FindingState,
    Permit,
    ids,
)
from server.domain.forensics.windows import bursts, days_after

# One letter may send a team; a doctor's letter or an invitation is about a person and a time.
TRIPS = frozenset({RequestKind.TUGAS_LUAR, RequestKind.TUGAS_BELAJAR, RequestKind.DIKLAT})
_NORMAL = 1.4826  # median absolute deviation to standard deviation, normal distribution


def late_days(permit: Permit) -> float:
    """Returns how many days after its last day a permit was handed in, 0 or more."""
    return days_after(permit.last, permit.submit_time)


def retroactive(permits: Iterable[Permit], limits: PermitLimits) -> list[Finding]:
    """Finds people with a permit handed in very late, or with many handed in late."""
    by_nip: dict[str, list[Permit]] = defaultdict(list)
    for permit in _granted(permits):
        by_nip[permit.nip].append(permit)
    findings = []
    for _, mine in sorted(by_nip.items()):
        late = [one for one in mine if late_days(one) >= limits.often_late_days]
        latest = max(mine, key=late_days)
        often = Figure("late_permits", len(late), limits.often_late_min)
        very = Figure("days_late", late_days(latest), limits.late_days)
        reached = [figure for figure in (very, often) if figure.value >= figure.limit]
        if reached:
            found = _found(FindingKind.PERMIT_RETROACTIVE, late or [latest], *reached)
            findings.append(found)
    return findings


def in_bulk(permits: Iterable[Permit], limits: PermitLimits) -> list[Finding]:
    """Finds approvers who granted many people days of the past at one sitting.

    Emptying the desk on a Monday is honest, and so is a team's trip on one surat tugas whose
    signature came late: the trip counts once.
    """
    window = timedelta(minutes=limits.bulk_minutes)
    by_approver: dict[str, list[Permit]] = defaultdict(list)
    for permit in _by_each(permits):
        by_approver[permit.approver].append(permit)

    def past(few: Sequence[Permit]) -> list[Permit]:
        late = [one for one in few if late_days(one) >= limits.bulk_late_days]
        return list({_matter(one): one for one in late}.values())

    def dense(few: Sequence[Permit]) -> bool:
        people = len({one.nip for one in past(few)})
        matters = len({_matter(one) for one in few})
        return people >= limits.bulk_people_min and people >= limits.bulk_share_min * matters

    findings = []
    for _, mine in sorted(by_approver.items()):
        for burst in bursts(mine, _decided, window, dense):
            late = past(burst)
            people = Figure("people", len({one.nip for one in late}), limits.bulk_people_min)
            findings.append(_found(FindingKind.PERMIT_BULK, late, people))
    return findings


def to_oneself(permits: Iterable[Permit]) -> list[Finding]:
    """Finds who granted the own permit: directly, by the own delegate, or by somebody below.

    A head's permit goes to the head above; where the deputy (Plt., Plh.) of that head serves below
    the one who asks, it comes back down.
    """
    by_nip: dict[str, list[Permit]] = defaultdict(list)
    for permit in _by_each(permits):
        if permit.subordinate or permit.nip in {permit.approver, permit.delegate_of}:
            by_nip[permit.nip].append(permit)
    return [
        _found(FindingKind.PERMIT_SELF, mine, Figure("permits", len(_distinct(mine)), 1))
        for _, mine in sorted(by_nip.items())
    ]


def shared_documents(permits: Iterable[Permit], limits: PermitLimits) -> list[Finding]:
    """Finds documents that serve for more than one document can say.

    A trip's letter: over too long a span. A doctor's: for several people. Any other: for several
    periods; an invitation for many colleagues on one day is honest.
    """
    uses: dict[str, list[Permit]] = defaultdict(list)
    for permit in _granted(permits):
        for document in permit.documents:
            uses[document].append(permit)
    findings = []
    for document, used in sorted(uses.items()):
        trips = [one for one in used if one.kind in TRIPS]
        others = [one for one in used if one.kind not in TRIPS]
        sick = len({one.nip for one in others if one.kind is RequestKind.SAKIT})
        span = max(one.last for one in trips) - min(one.first for one in trips) if trips else None
        periods = len({(one.first, one.last) for one in others})
        figures = (
            Figure("periods", periods, limits.document_periods_min),
            Figure("sick_people", sick, limits.sick_people_min),
            Figure("trip_days", span.days + 1 if span else 0, limits.trip_days_max + 1),
        )
        reached = [figure for figure in figures if figure.value >= figure.limit]
        if reached:
            findings.append(
                _found(FindingKind.DOCUMENT_SHARED, used, *reached, documents=(document,))
            )
    return findings


def outliers(
    permits: Iterable[Permit], employees: Iterable[Employee], limits: PermitLimits
) -> list[Finding]:
    """Finds approvers who grant far more than their peers, kind by kind, or far more too late.

    What a head answers for is the people below: permits to them count, also those that a delegate
    granted. What BKD and heads above decide of other heads' people is measured by nobody's number,
    and judged for being late alone. See `_distance` for the measure. The trips on one letter count
    once.
    """
    head_of = {employee.nip: employee.head_nip for employee in employees}
    people = Counter(head for head in head_of.values() if head)
    by_kind: dict[str, dict[str, list[Permit]]] = defaultdict(lambda: defaultdict(list))
    decided: Counter[str] = Counter()
    for permit in _by_each(permits):
        approver = permit.delegate_of or permit.approver
        decided[approver] += 1
        if head_of.get(permit.nip) == approver:
            by_kind[permit.kind.value][approver].append(permit)
        if late_days(permit) > 0:
            by_kind["LATE"][approver].append(permit)
    findings = []
    for name, granted in sorted(by_kind.items()):
        exposure: dict[str, int] = decided if name == "LATE" else people
        counts = {one: len({_matter(each) for each in mine}) for one, mine in granted.items()}
        distance = _distance(counts, exposure, limits)
        for approver, mine in sorted(granted.items()):
            z = distance(approver)
            if counts[approver] >= limits.outlier_count_min and z >= limits.outlier_z:
                figures = (
                    Figure("z", z, limits.outlier_z),
                    Figure("granted", counts[approver], limits.outlier_count_min),
                    Figure("exposure", exposure[approver], 1),
                )
                findings.append(
                    _found(FindingKind.APPROVER_OUTLIER, mine, *figures, subject=approver)
                )
    return findings


def audit_sample(permits: Iterable[Permit], seed: str, per_approver: int) -> list[Permit]:
    """Returns up to `per_approver` accepted permits of every approver, for a look at the paper.

    What BKD annulled was looked at already. Who decided any step of a chain is an approver of it;
    nothing is named twice. Chosen by the smallest SHA-256 of seed and request id: whoever has the
    seed gets the same sample in whatever order, and nobody can foresee it while the seed is drawn
    afterwards.
    """
    by_approver: dict[str, list[Permit]] = defaultdict(list)
    for permit in _by_each(one for one in permits if not _is_annulled(one)):
        by_approver[permit.approver].append(permit)

    def lot(permit: Permit) -> bytes:
        return hashlib.sha256(f"{seed}\0{permit.request_id}".encode()).digest()

    return _distinct(
        permit
        for _, mine in sorted(by_approver.items())
        for permit in heapq.nsmallest(per_approver, mine, key=lot)
    )


def _distance(
    counts: dict[str, int], exposure: dict[str, int], limits: PermitLimits
) -> Callable[[str], float]:
    """Returns how many standard deviations an approver's count is above the peers' norm.

    The norm is the median rate of all; the variance is that of a count around it (Poisson) plus
    how much approvers differ (1.4826 x median absolute deviation). So a small office with one
    more than expected is nothing.
    """
    rates = [counts.get(approver, 0) / size for approver, size in exposure.items()]
    norm = median(rates)
    # Where most grant none, the mean of all keeps the first to grant one from being far off.
    norm = norm or sum(counts.values()) / sum(exposure.values())
    spread = _NORMAL * median(abs(rate - norm) for rate in rates) / norm
    spread = max(limits.outlier_spread_min, spread)

    def distance(approver: str) -> float:
        expected = norm * exposure[approver]
        deviation = (expected + (spread * expected) ** 2) ** 0.5
        return float((counts[approver] - expected) / deviation)

    return distance


def _granted(permits: Iterable[Permit]) -> Iterable[Permit]:
    """Returns the permits that were accepted, annulled afterwards or not."""
    return (one for one in permits if one.state is RequestState.ACCEPTED or _is_annulled(one))


def _is_annulled(permit: Permit) -> bool:
    return permit.state is RequestState.ANNULLED


def _by_each(permits: Iterable[Permit]) -> Iterator[Permit]:
    """Yields granted permits once for each who decided a step, as decided by this one."""
    for permit in _granted(permits):
        yield permit
        for ruling in permit.earlier:
            yield replace(
                permit,
                approver=ruling.approver,
                decide_time=ruling.time,
                delegate_of=ruling.delegate_of,
                subordinate=ruling.subordinate,
            )


def _distinct(permits: Iterable[Permit]) -> list[Permit]:
    return list({one.request_id: one for one in reversed(list(permits))}.values())[::-1]


def _decided(permit: Permit) -> datetime:
    return permit.decide_time or permit.submit_time


def _matter(permit: Permit) -> tuple[str, ...]:
    """Returns what is decided at once: the trips on one letter, or one person's permit."""
    return permit.documents if permit.kind in TRIPS and permit.documents else (permit.request_id,)


def _found(
    kind: FindingKind,
    permits: Sequence[Permit],
    *figures: Figure,
    documents: tuple[str, ...] = (),
    subject: str = "",
) -> Finding:
    """Returns a finding about an approver (subject), or about the people of the permits."""
    annulled = [one for one in permits if _is_annulled(one)]
    return Finding(
        kind,
        (subject,) if subject else tuple(sorted({one.nip for one in permits})),
        min(one.submit_time for one in permits),
        max(_decided(one) for one in permits),
        Evidence(
            figures,
            request_ids=ids(one.request_id for one in permits),
            documents=documents,
            actors=ids(one.approver for one in permits),
            annulled=ids(one.request_id for one in annulled),
        ),
        FindingState.CONFIRMED if len(annulled) == len(permits) else FindingState.OPEN,
    )
