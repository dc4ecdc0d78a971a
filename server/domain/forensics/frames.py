"""Pictures that came before: one frame on several days or for several people, one room for many.

Kiosks are left out: theirs is always the same room. Estimate: a million fingerprints in about 10 s.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from server.domain.forensics.groups import linked, near_pairs, often_together
from server.domain.forensics.limits import FrameLimits
from server.domain.forensics.model import (
    Figure,
    Finding,
    FindingKind,
    Sighting,
    of_sightings,
)
from server.domain.model import EventKind, EventSource


def reused(sightings: Iterable[Sighting], limits: FrameLimits) -> list[Finding]:
    """Finds frames that were sent again: by one person on several days, or for several people.

    Two shots of a person differ, even from a stand; one pair that does not may be chance.
    """
    seen = [one for one in sightings if one.source is EventSource.PHONE and one.frame is not None]
    apart = timedelta(hours=limits.apart_hours)
    pairs = [
        (first, second)
        for first, second in near_pairs([one.frame or 0 for one in seen], limits.frame_bits)
        if seen[first].nip != seen[second].nip
        or abs(seen[first].event_time - seen[second].event_time) >= apart
    ]
    near: dict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        near[first] |= {first, second}
        near[second] |= {first, second}
    findings = []
    for group in linked(pairs):
        same = [seen[index] for index in sorted(group)]
        people = len({one.nip for one in same})
        # Of honest shots, chance ties one to another and that to a third; copies are all near.
        days = max(len({seen[other].day for other in near[index]}) for index in group)
        figures: tuple[Figure, ...] = (
            Figure("days", days, limits.shared_days_min),
            Figure("people", people, limits.shared_people_min),
        )
        if people == 1:
            figures = (Figure("days", days, limits.reuse_days_min),)
        kind = FindingKind.FRAME_SHARED if people > 1 else FindingKind.FRAME_REUSED
        if any(figure.value >= figure.limit for figure in figures):
            findings.append(of_sightings(kind, same, figures))
    return findings


def rooms(sightings: Iterable[Sighting], limits: FrameLimits) -> list[Finding]:
    """Finds the few who check in before one background, one right after the other, day by day.

    Before a lobby's wall people come when they come: they share it, and most days not within
    minutes of the same colleague. Check-ins alone count, since everybody leaves at once.
    """
    by_day: dict[date, list[Sighting]] = defaultdict(list)
    for one in sightings:
        known = one.source is EventSource.PHONE and one.background is not None
        if known and one.kind is EventKind.IN:
            by_day[one.day].append(one)
    met: dict[tuple[str, str], dict[date, bool]] = defaultdict(dict)
    for day, seen in by_day.items():
        for pair, soon in _met(seen, limits).items():
            met[pair][day] = soon
    groups = often_together(
        (pair for pair, days in met.items() for soon in days.values() if soon),
        lambda pair, count: (
            count >= limits.room_days_min and count >= limits.room_share_min * len(met[pair])
        ),
    )
    findings = []
    for group in groups:
        if not limits.room_people_min <= len(group) <= limits.room_people_max:
            continue
        days = {
            day
            for pair, each in met.items()
            if group.issuperset(pair)
            for day, soon in each.items()
            if soon
        }
        same = [one for day in days for one in by_day[day] if one.nip in group]
        figures = (
            Figure("days", len(days), limits.room_days_min),
            Figure("people", len(group), limits.room_people_min),
        )
        findings.append(of_sightings(FindingKind.BACKGROUND_SHARED, same, figures))
    return findings


def _met(seen: Sequence[Sighting], limits: FrameLimits) -> dict[tuple[str, str], bool]:
    """Returns who had the same background that day, and whether soon after one another."""
    window = timedelta(minutes=limits.room_minutes)
    met: dict[tuple[str, str], bool] = {}
    company: dict[str, set[str]] = defaultdict(set)
    hashes = [one.background or 0 for one in seen]
    for first, second in near_pairs(hashes, limits.background_bits):
        one, other = seen[first], seen[second]
        if one.nip == other.nip:
            continue
        pair = (min(one.nip, other.nip), max(one.nip, other.nip))
        met[pair] = met.get(pair, False) or abs(one.event_time - other.event_time) <= window
        company[one.nip].add(other.nip)
        company[other.nip].add(one.nip)
    lobby = {nip for nip, others in company.items() if len(others) >= limits.room_people_max}
    return {pair: soon for pair, soon in met.items() if not lobby.intersection(pair)}
