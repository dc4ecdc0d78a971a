"""One phone for many: accounts that share a phone, bursts of activations, phones that change often.

Estimate: sorts and one pass, 10,000 people x 60 days in about 2 s.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from server.domain.forensics.limits import DeviceLimits
from server.domain.forensics.model import (
    Binding,
    Evidence,
    Figure,
    Finding,
    FindingKind,
    Sighting,
    ids,
)
from server.domain.forensics.windows import bursts
from server.domain.model import BindingAction, EventSource


def shared(
    sightings: Iterable[Sighting], bindings: Iterable[Binding], limits: DeviceLimits
) -> list[Finding]:
    """Finds phones that go to and fro between accounts, or have many.

    A phone handed on, even twice, goes from one account to the next and never back. Each activation
    makes another device: what tells that it is one phone is its handset, where the app says it.
    """
    uses: dict[str, list[tuple[datetime, str, str, str]]] = defaultdict(list)
    for one in sightings:
        if one.source is EventSource.PHONE:
            use = (one.event_time, one.nip, one.event_id, one.device_id)
            uses[one.handset or one.device_id].append(use)
    for done in bindings:
        if done.action is BindingAction.BOUND and done.device_id:
            uses[done.handset or done.device_id].append((done.time, done.nip, "", done.device_id))
    findings = []
    for _, used in sorted(uses.items()):
        if len({nip for _, nip, *_ in used}) < 2:
            continue
        used.sort()
        turns = [nip for nip, _ in groupby(nip for _, nip, *_ in used)]
        accounts = len(set(turns))
        returns = Figure("returns", len(turns) - accounts, limits.returns_min)
        figures = (returns, Figure("accounts", accounts, limits.accounts_min))
        reached = [figure for figure in figures if figure.value >= figure.limit]
        if reached:
            others = (figure for figure in figures if figure not in reached)
            evidence = Evidence(
                (*reached, *others),
                event_ids=ids(event_id for _, _, event_id, _ in used if event_id),
                device_ids=ids(device_id for *_, device_id in used),
            )
            nips = tuple(sorted(set(turns)))
            kind = FindingKind.DEVICE_SHARED
            findings.append(Finding(kind, nips, used[0][0], used[-1][0], evidence))
    return findings


def clusters(bindings: Iterable[Binding], limits: DeviceLimits) -> list[Finding]:
    """Finds bursts of activations by one actor that a day of socialisation does not explain.

    First activations come in crowds, with whatever phones people own. So a burst counts if the
    people had phones before, or if the phones are all of one model against all odds.
    """
    bindings = list(bindings)
    window = timedelta(minutes=limits.cluster_minutes)
    findings = []
    for done in _by(lambda one: one.actor, _rebinds(bindings)):
        for burst in bursts(
            done, _time, window, lambda few: _people(few) >= limits.cluster_rebinds_min
        ):
            figure = Figure("rebinds", _people(burst), limits.cluster_rebinds_min)
            findings.append(_of_bindings(burst, FindingKind.ACTIVATION_CLUSTER, figure))
    known = {nip for finding in findings for nip in finding.nips}
    bound = [one for one in bindings if one.action is BindingAction.BOUND and one.device_model]
    models = Counter(one.device_model for one in bound)

    def alike(few: Sequence[Binding]) -> tuple[str, int, float]:
        model, count = Counter(one.device_model for one in few).most_common(1)[0]
        return model, count, _tail(count, len(few), models[model] / len(bound))

    def against_odds(few: Sequence[Binding]) -> bool:
        _, count, chance = alike(few)
        return count >= limits.cluster_same_model_min and chance <= limits.cluster_chance_max

    for done in _by(lambda one: one.actor, bound):
        for burst in bursts(done, _time, window, against_odds):
            model, count, chance = alike(burst)
            same = [one for one in burst if one.device_model == model]
            if not known.issuperset(one.nip for one in same):
                figures = (
                    Figure("same_model", count, limits.cluster_same_model_min),
                    Figure("chance", chance, limits.cluster_chance_max),
                )
                findings.append(_of_bindings(same, FindingKind.ACTIVATION_CLUSTER, *figures))
    return findings


def rebound(bindings: Iterable[Binding], limits: DeviceLimits) -> list[Finding]:
    """Finds people whose phone changes more often than phones break."""
    bound = [one for one in bindings if one.action is BindingAction.BOUND]
    window = timedelta(days=limits.rebind_days)
    findings = []
    for done in _by(lambda one: one.nip, bound):
        for burst in bursts(done, _time, window, lambda few: len(few) >= limits.rebinds_min):
            figure = Figure("activations", len(burst), limits.rebinds_min)
            findings.append(_of_bindings(burst, FindingKind.REBOUND_OFTEN, figure))
    return findings


def _rebinds(bindings: Iterable[Binding]) -> list[Binding]:
    """Returns the activations of people who had a phone before."""
    had: set[str] = set()
    again = []
    for one in sorted(bindings, key=_time):
        if one.action is BindingAction.BOUND and one.nip in had:
            again.append(one)
        if one.action is not BindingAction.CODE_ISSUED:
            had.add(one.nip)
    return again


def _time(one: Binding) -> datetime:
    return one.time


def _people(few: Iterable[Binding]) -> int:
    return len({one.nip for one in few})


def _by(key: Callable[[Binding], str], bindings: Iterable[Binding]) -> list[list[Binding]]:
    groups: dict[str, list[Binding]] = defaultdict(list)
    for one in bindings:
        groups[key(one)].append(one)
    return [group for _, group in sorted(groups.items())]


def _of_bindings(done: list[Binding], kind: FindingKind, *figures: Figure) -> Finding:
    return Finding(
        kind,
        tuple(sorted({one.nip for one in done})),
        min(one.time for one in done),
        max(one.time for one in done),
        Evidence(
            figures,
            device_ids=ids(one.device_id for one in done),
            actors=ids(one.actor for one in done),
        ),
    )


def _tail(count: int, trials: int, share: float) -> float:
    """Returns the chance of `count` or more of `trials`, each with chance `share` (binomial)."""
    return sum(
        math.comb(trials, k) * share**k * (1 - share) ** (trials - k)
        for k in range(count, trials + 1)
    )
