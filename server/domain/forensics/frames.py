"""Pictures that came before: one frame on several days or for several people, one room for many.

Kiosks are left out: theirs is always the same room. Estimate: a million fingerprints in about 10 s.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import numpy as np

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


def copied(sightings: Iterable[Sighting], limits: FrameLimits) -> list[Finding]:
    """Finds frames that were sent again: by one person on several days, or for several people.

    Two shots of a person differ, even from a stand, where chance still makes some pairs alike: so
    one frame must recur, and most of the person's frames must be like that.
    """
    seen = [one for one in sightings if one.source is EventSource.PHONE and one.frame is not None]
    apart = timedelta(hours=limits.apart_hours)
    own: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    others = []
    for first, second in near_pairs([one.frame or 0 for one in seen], limits.frame_bits).tolist():
        one, other = seen[first], seen[second]
        if one.nip != other.nip:
            others.append((first, second))
        elif abs(one.event_time - other.event_time) >= apart:
            own[one.nip][first] |= {first, second}
            own[one.nip][second] |= {first, second}
    times: dict[str, list[datetime]] = defaultdict(list)
    for one in seen:
        times[one.nip].append(one.event_time)
    findings = [
        found
        for nip, near in sorted(own.items())
        if (found := _reused(seen, near, times[nip], limits)) is not None
    ]
    for group in linked(others):
        same = [seen[index] for index in sorted(group)]
        figures = (
            Figure("days", len({one.day for one in same}), limits.shared_days_min),
            Figure("people", len({one.nip for one in same}), limits.shared_people_min),
        )
        # What is reached comes first: by it the finding is ranked.
        ranked = tuple(sorted(figures, key=lambda one: one.value < one.limit))
        if ranked[0].value >= ranked[0].limit:
            findings.append(of_sightings(FindingKind.FRAME_SHARED, same, ranked))
    return findings


def _reused(
    seen: Sequence[Sighting],
    near: Mapping[int, set[int]],
    times: Iterable[datetime],
    limits: FrameLimits,
) -> Finding | None:
    """Returns what one person's near frames are worth; near: by frame, with itself."""
    same = [seen[index] for index in sorted(near)]
    days = max(len({seen[index].day for index in group}) for group in near.values())
    first, last = (end(one.event_time for one in same) for end in (min, max))
    share = len(same) / sum(first <= moment <= last for moment in times)
    if days < limits.reuse_days_min or share < limits.reuse_share_min:
        return None
    figures = (
        Figure("days", days, limits.reuse_days_min),
        Figure("share", share, limits.reuse_share_min),
    )
    return of_sightings(FindingKind.FRAME_REUSED, same, figures)


def rooms(sightings: Iterable[Sighting], limits: FrameLimits) -> list[Finding]:
    """Finds the few who check in before one background, one right after the other, day by day.

    Before a lobby's wall people come when they come: they share it, and most days not within
    minutes of the same colleague. Check-ins alone count, since everybody leaves at once.
    """
    seen = [
        one
        for one in sightings
        if one.source is EventSource.PHONE
        and one.kind is EventKind.IN
        and one.background is not None
    ]
    met = _met(seen, limits)
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
        same = [one for one in seen if one.nip in group and one.day in days]
        figures = (
            Figure("days", len(days), limits.room_days_min),
            Figure("people", len(group), limits.room_people_min),
        )
        findings.append(of_sightings(FindingKind.BACKGROUND_SHARED, same, figures))
    return findings


def _met(seen: Sequence[Sighting], limits: FrameLimits) -> dict[tuple[str, str], dict[date, bool]]:
    """Returns who had the same background on which days, and whether soon after one another."""
    hashes = [one.background or 0 for one in seen]
    days = [one.day.toordinal() for one in seen]
    pairs = near_pairs(hashes, limits.background_bits, days)
    lobby = np.bincount(pairs.ravel(), minlength=len(seen)) >= limits.room_people_max
    window = timedelta(minutes=limits.room_minutes)
    met: dict[tuple[str, str], dict[date, bool]] = defaultdict(dict)
    for first, second in pairs[~lobby[pairs].any(axis=1)].tolist():
        one, other = seen[first], seen[second]
        if one.nip == other.nip:
            continue
        each = met[min(one.nip, other.nip), max(one.nip, other.nip)]
        soon = abs(one.event_time - other.event_time) <= window
        each[one.day] = each.get(one.day, False) or soon
    return met
