"""Places that no receiver gives: recurring, too steady or too exact coordinates, mocks, leaps.

Estimate: passes over the fixes and sorts of each person's; 10,000 people x 60 days in about 15 s.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import combinations, pairwise
from statistics import median

from server.domain.forensics.groups import often_together
from server.domain.forensics.limits import PlaceLimits
from server.domain.forensics.model import (
    Evidence,
    Figure,
    Finding,
    FindingKind,
    Refusal,
    Sighting,
    ids,
    of_sightings,
)
from server.domain.geo import EARTH_RADIUS_M, Point, distance_m
from server.domain.model import EventSource
from server.domain.refusal import Refusal as Reason

_DEGREE_M = EARTH_RADIUS_M * math.pi / 180
_ACCURACIES = 3  # a fix lies within three times its radius of 68 % almost always
_HOURS_MIN = 1 / 60  # two events of one second are not infinitely fast


def recurring(sightings: Iterable[Sighting], limits: PlaceLimits) -> list[Finding]:
    """Finds coordinates that recur to the last digit, over days or among people.

    An access point gives many people the same fix as well, each of them now and then. So a
    coordinate counts if most who get it get it most of the time, or if it is new every day and
    the same few people stand on it together.
    """
    by_place: dict[Point, list[Sighting]] = defaultdict(list)
    fixes: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.source is EventSource.PHONE and sighting.place is not None:
            fixes[sighting.nip].append(sighting)
            by_place[sighting.place].append(sighting)
    fine = [
        seen
        for place, seen in sorted(by_place.items())
        if len(seen) > 2 and _decimals(place) >= limits.decimals_min
    ]
    times = {nip: [one.event_time for one in mine] for nip, mine in fixes.items()}
    repeated = [found for seen in fine if (found := _repeated(seen, times, limits)) is not None]
    return repeated + _together(fine, limits)


def too_steady(sightings: Iterable[Sighting], limits: PlaceLimits) -> list[Finding]:
    """Finds fixes that differ, but by less than a receiver's error, with one constant accuracy.

    Some receivers round the accuracy or report one value for ever: alone that means nothing.
    """
    findings = []
    for seen in _by_site(sightings):
        distinct = {one.place for one in seen if one.place is not None}
        usual = Counter(one.accuracy_m for one in seen).most_common(1)[0][1] / len(seen)
        if len(distinct) < limits.steady_fixes_min or usual < limits.steady_accuracy_share_min:
            continue
        middle = (median(at[0] for at in distinct), median(at[1] for at in distinct))
        spread = median(distance_m(middle, at) for at in distinct)
        if spread <= limits.steady_m:
            figures = (
                Figure("fixes", len(distinct), limits.steady_fixes_min),
                Figure("spread_m", spread, limits.steady_m),
                Figure("same_accuracy", usual, limits.steady_accuracy_share_min),
            )
            findings.append(of_sightings(FindingKind.FIX_TOO_STEADY, seen, figures))
    return findings


def too_good(sightings: Iterable[Sighting], limits: PlaceLimits) -> list[Finding]:
    """Finds people whose phone is more exact than phones are."""
    findings = []
    for seen in _by_site(sightings):
        good = [one for one in seen if one.accuracy_m < limits.accuracy_m]
        days = len({one.day for one in good})
        if days < limits.accuracy_days_min:
            continue
        moments = [one.event_time for one in good]
        between = _between(moments, [one.event_time for one in seen])
        if len(good) >= limits.accuracy_share_min * between:
            figures = (
                Figure("days", days, limits.accuracy_days_min),
                Figure("accuracy_m", median(one.accuracy_m for one in good), limits.accuracy_m),
            )
            findings.append(of_sightings(FindingKind.ACCURACY_TOO_GOOD, good, figures))
    return findings


def mocked(
    sightings: Iterable[Sighting], refusals: Iterable[Refusal], limits: PlaceLimits
) -> list[Finding]:
    """Finds people whose phone says again and again that its place is a mock.

    Once is a forgotten developer option, and whoever tries again that morning is no worse.
    """
    days: dict[str, list[tuple[datetime, date, str, str]]] = defaultdict(list)
    for one in sightings:
        if one.mock:
            days[one.nip].append((one.event_time, one.day, one.device_id, one.event_id))
    for refusal in refusals:
        if refusal.reason is Reason.MOCK_LOCATION:
            days[refusal.nip].append((refusal.time, refusal.day, refusal.device_id, ""))
    findings = []
    for nip, mocks in sorted(days.items()):
        count = len({day for _, day, _, _ in mocks})
        if count >= limits.mock_days_min:
            evidence = Evidence(
                (Figure("days", count, limits.mock_days_min),),
                event_ids=ids(event_id for *_, event_id in mocks if event_id),
                device_ids=ids(device_id for _, _, device_id, _ in mocks),
            )
            first, last = min(mocks)[0], max(mocks)[0]
            kind = FindingKind.MOCK_LOCATION
            findings.append(Finding(kind, (nip,), first, last, evidence))
    return findings


def leaps(sightings: Iterable[Sighting], limits: PlaceLimits) -> list[Finding]:
    """Finds people who were in two places with too little time between, phones and kiosks alike."""
    seen: dict[str, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.place is not None:
            seen[sighting.nip].append(sighting)
    findings = []
    for _, mine in sorted(seen.items()):
        mine.sort(key=lambda one: one.event_time)
        fast = [
            (kmh / limit, kmh, limit, pair)
            for pair in pairwise(mine)
            for kmh, limit in (_speed(*pair, limits),)
            if kmh > limit
        ]
        if fast:
            _, kmh, limit, _ = max(fast, key=lambda leap: leap[0])
            both = (one for *_, pair in fast for one in pair)
            figures = (Figure("kmh", kmh, limit), Figure("leaps", len(fast), 1))
            findings.append(of_sightings(FindingKind.IMPOSSIBLE_TRAVEL, both, figures))
    return findings


def _repeated(
    seen: Sequence[Sighting], times: dict[str, list[datetime]], limits: PlaceLimits
) -> Finding | None:
    if len(seen) < limits.repeat_days_min:
        return None
    by_nip: dict[str, list[Sighting]] = defaultdict(list)
    for one in seen:
        by_nip[one.nip].append(one)
    frozen = []
    for nip, mine in by_nip.items():
        if len({one.day for one in mine}) < limits.repeat_days_min:
            continue
        between = _between([one.event_time for one in mine], times[nip])
        if len(mine) >= limits.repeat_share_min * between:
            frozen.append(nip)
    if not frozen or len(frozen) < 0.5 * len(by_nip):
        return None
    seen = [one for nip in frozen for one in by_nip[nip]]
    figure = Figure("days", len({one.day for one in seen}), limits.repeat_days_min)
    several = len(frozen) > 1
    kind = FindingKind.COORDINATE_SHARED if several else FindingKind.COORDINATE_REPEATED
    return of_sightings(kind, seen, (figure, Figure("people", len(frozen), 1)))


def _together(places: Iterable[list[Sighting]], limits: PlaceLimits) -> list[Finding]:
    """Finds the few who stand on one coordinate that is new each day."""
    crowds = []
    for seen in places:
        people = {one.nip for one in seen}
        few = limits.together_people_min <= len(people) <= limits.together_people_max
        if few and len({one.day for one in seen}) <= limits.rare_days_max:
            crowds.append(seen)
    meetings = {
        (min(pair), max(pair), day)
        for seen in crowds
        for day in {one.day for one in seen}
        for pair in combinations({one.nip for one in seen if one.day == day}, 2)
    }
    groups = often_together(
        ((one, other) for one, other, _ in meetings),
        lambda _, count: count >= limits.together_days_min,
    )
    findings = []
    for group in groups:
        if len(group) < limits.together_people_min:
            continue
        seen = [
            one
            for crowd in crowds
            if len({each.nip for each in crowd} & group) > 1
            for one in crowd
            if one.nip in group
        ]
        days = Figure("days", len({one.day for one in seen}), limits.together_days_min)
        size = Figure("people", len(group), limits.together_people_min)
        findings.append(of_sightings(FindingKind.COORDINATE_SHARED, seen, (days, size)))
    return findings


def _by_site(sightings: Iterable[Sighting]) -> list[list[Sighting]]:
    """Returns the fixes of each person's phone at each site, by person."""
    seen: dict[tuple[str, str], list[Sighting]] = defaultdict(list)
    for one in sightings:
        if one.source is EventSource.PHONE and one.place is not None:
            seen[one.nip, one.site_id].append(one)
    return [fixes for _, fixes in sorted(seen.items())]


def _between(some: Sequence[datetime], every: Iterable[datetime]) -> int:
    """Returns how many of all moments lie from the first to the last of some."""
    first, last = min(some), max(some)
    return sum(first <= moment <= last for moment in every)


def _speed(first: Sighting, second: Sighting, limits: PlaceLimits) -> tuple[float, float]:
    """Returns km/h between two sightings, doubt given away, and the limit for that distance."""
    assert first.place is not None
    assert second.place is not None
    doubt = limits.travel_slack_m + _ACCURACIES * (first.accuracy_m + second.accuracy_m)
    degrees = sum(abs(one - other) for one, other in zip(first.place, second.place, strict=True))
    if degrees * _DEGREE_M <= doubt:  # the usual case, ten times faster
        return 0.0, limits.travel_near_kmh
    km = max(0.0, distance_m(first.place, second.place) - doubt) / 1000
    hours = (second.event_time - first.event_time).total_seconds() / 3600
    near = km < limits.travel_near_km
    limit = limits.travel_near_kmh if near else limits.travel_far_kmh
    return km / max(hours, _HOURS_MIN), limit


def _decimals(place: Point) -> int:
    """Returns how many decimals the finer of two coordinates has, as a device wrote it."""
    return max(len(repr(value).partition(".")[2]) for value in place)
