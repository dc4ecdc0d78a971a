"""What is done to days that are over: punches added or voided, rules and moves put too late.

Whoever holds an account of BKD can pay the absent with each of them, so all who do are looked at.
What was annulled or voided since counts on, or undoing some of a heap would hide the rest.
Estimate: passes and sorts; a province of 10,000 has some thousand of these a month.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import TypeVar

from server.domain.forensics.limits import PastLimits
from server.domain.forensics.model import (
    Amendment,
    Backdating,
    Evidence,
    Figure,
    Finding,
    FindingKind,
    FindingState,
    ids,
)
from server.domain.forensics.windows import bursts, days_after, noon

T = TypeVar("T")
K = TypeVar("K", str, tuple[str, ...])

# Of one other alone nobody can say whether he does little.
PEERS_MIN = 2
# Their letters come later than those of rules.
MOVES = frozenset({"UNIT", "POSTING"})


def corrected(amendments: Iterable[Amendment], limits: PastLimits) -> list[Finding]:
    """Finds who was given many days, and who gave punches to many.

    Added for one day and site by one reason is one matter, whoever was there: the kiosk or the
    network was down. It is no day of a person, unless it is of few people, or is said too often.
    Who accepts claims is measured with the permits: emptying a desk of them is honest.
    """
    added = _in_order(amendments)
    by_matter = _by(_matter, added)
    outages = {
        matter
        for matter, some in by_matter.items()
        if len({one.nip for one in some}) >= limits.outage_people_min
    }
    alone = [one for one in added if _matter(one) not in outages]
    down = [one for one in added if _matter(one) in outages]
    own_word = [one for one in added if not one.request_id]
    return [
        *_many_days(alone, limits),
        *_sittings(own_word, limits),
        *_outages(down, limits),
        *_above_peers(FindingKind.CORRECTION_BULK, own_word, limits),
    ]


def _many_days(added: Iterable[Amendment], limits: PastLimits) -> Iterator[Finding]:
    """Yields employees of whom many days were mended, by whomever."""
    for mine in _by(lambda one: one.nip, added).values():
        for some in _in_days(mine, limits.person_days, limits.person_days_min):
            days = Figure("person_days", _days(some), limits.person_days_min)
            yield _found(FindingKind.CORRECTION_BULK, some, days)


def _sittings(added: Iterable[Amendment], limits: PastLimits) -> Iterator[Finding]:
    """Yields those for whom, with many others, one person added punches at one sitting."""
    window = timedelta(minutes=limits.sitting_minutes)

    def people(few: Sequence[Amendment]) -> int:
        return min(len({one.nip for one in few}), len({_matter(one) for one in few}))

    for done in _by(lambda one: one.actor, added).values():
        for some in bursts(
            done, _moment, window, lambda few: people(few) >= limits.sitting_people_min
        ):
            figure = Figure("people", people(some), limits.sitting_people_min)
            yield _found(FindingKind.CORRECTION_BULK, some, figure)


def _outages(added: Iterable[Amendment], limits: PastLimits) -> Iterator[Finding]:
    """Yields those for whom, by the word of one person, all was down on too many days."""
    for done in _by(lambda one: (one.actor, one.site_id), added).values():
        for some in _in_days(done, limits.person_days, limits.outage_days_min):
            days = Figure("outage_days", _days(some), limits.outage_days_min)
            yield _found(FindingKind.CORRECTION_BULK, some, days)


def _above_peers(
    kind: FindingKind, amendments: Iterable[Amendment], limits: PastLimits
) -> Iterator[Finding]:
    """Yields who amends far more than the others who do, if these are a few."""
    by_actor = _by(lambda one: one.actor, amendments)
    counts = {actor: len({_matter(one) for one in some}) for actor, some in by_actor.items()}
    for actor, some in by_actor.items():
        others = [count for other, count in counts.items() if other != actor]
        if len(others) >= PEERS_MIN:
            limit = max(limits.peers_count_min, limits.peers_factor * median(others))
            if counts[actor] >= limit:
                figure = Figure("matters", counts[actor], limit)
                yield _found(kind, some, figure, subject=actor)


def voided(
    amendments: Iterable[Amendment], shown: Collection[str], limits: PastLimits
) -> list[Finding]:
    """Finds employees whose punches were voided late or often, and who voids far more than others.

    shown: events that other findings name. To void them late is what findings are for.
    """
    voids = [one for one in _in_order(amendments) if one.event_id not in shown]
    findings = []
    for mine in _by(lambda one: one.nip, voids).values():
        latest = max(days_after(one.day, one.time) for one in mine)
        figures = (
            Figure("days_late", latest, limits.void_late_days),
            Figure("voided_days", _days(mine), limits.void_person_days_min),
        )
        reached = [figure for figure in figures if figure.value >= figure.limit]
        if reached:
            findings.append(_found(FindingKind.VOID_LATE, mine, *reached))
    return [*findings, *_above_peers(FindingKind.VOID_LATE, voids, limits)]


def backdated(changes: Iterable[Backdating], limits: PastLimits) -> list[Finding]:
    """Finds rules and moves that changed days long over; one for what was put with one reason.

    It names whose days these were where the rule does, else who put it.
    """

    def limit_of(one: Backdating) -> int:
        return limits.move_days if one.what in MOVES else limits.rule_days

    late = {one for one in changes if one.days >= limit_of(one)}
    ordered = sorted(late, key=lambda one: (one.time, one.what, one.subject, one.start))
    findings = []
    for some in _by(
        lambda one: (one.actor, one.time.date().isoformat(), _said(one.reason)), ordered
    ).values():
        worst = max(some, key=lambda one: one.days / limit_of(one))
        changed = ids(f"{one.what} {one.subject or '*'} {one.start}" for one in some)
        findings.append(
            Finding(
                FindingKind.RULE_PAST,
                tuple(sorted({one.nip or one.actor for one in some})),
                some[0].time,
                some[-1].time,
                Evidence(
                    (Figure("days_back", worst.days, limit_of(worst)),),
                    actors=(worst.actor,),
                    changes=changed,
                    reasons=ids(one.reason for one in some if one.reason),
                ),
            )
        )
    return findings


def _said(reason: str) -> str:
    """Returns a reason without what differs when it is typed again."""
    return " ".join(reason.casefold().split())


def _matter(one: Amendment) -> tuple[str, ...]:
    return one.actor, one.site_id, one.day.isoformat(), _said(one.reason)


def _moment(one: Amendment) -> datetime:
    return one.time


def _in_order(some: Iterable[Amendment]) -> list[Amendment]:
    return sorted(set(some), key=lambda one: (one.time, one.event_id, one.actor))


def _by(key: Callable[[T], K], some: Iterable[T]) -> dict[K, list[T]]:
    """Returns what has one key together, in the order of the keys."""
    groups: dict[K, list[T]] = defaultdict(list)
    for one in some:
        groups[key(one)].append(one)
    return dict(sorted(groups.items()))


def _days(some: Iterable[Amendment]) -> int:
    return len({one.day for one in some})


def _in_days(some: Iterable[Amendment], days: int, count_min: int) -> list[list[Amendment]]:
    """Returns the stretches of so many days of which so many were mended."""
    window = timedelta(days=days - 1)
    return bursts(some, lambda one: noon(one.day), window, lambda few: _days(few) >= count_min)


def _found(
    kind: FindingKind, some: Sequence[Amendment], *figures: Figure, subject: str = ""
) -> Finding:
    """Returns a finding about who amended (subject), or about whose punches were amended."""
    times = [one.time for one in some]
    undone = all(one.undone for one in some)
    return Finding(
        kind,
        (subject,) if subject else tuple(sorted({one.nip for one in some})),
        min(times),
        max(times),
        Evidence(
            figures,
            event_ids=ids(one.event_id for one in some),
            request_ids=ids(one.request_id for one in some if one.request_id),
            actors=ids(one.actor for one in some),
            annulled=ids(one.request_id for one in some if one.undone and one.request_id),
            reasons=ids(one.reason for one in some if one.reason),
        ),
        FindingState.CONFIRMED if undone else FindingState.OPEN,
    )
