"""The tree of units: who is whose head, and whether the tree is one."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from server.domain.model import Unit

ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
NAME_LENGTH_MAX = 200


def subtree(units: Iterable[Unit], roots: Iterable[str]) -> frozenset[str]:
    """Returns the ids of the roots that exist and of all units below them."""
    children: dict[str, list[str]] = {}
    known = set()
    for unit in units:
        known.add(unit.unit_id)
        children.setdefault(unit.parent_unit_id, []).append(unit.unit_id)
    found: set[str] = set()
    waiting = [root for root in roots if root in known]
    while waiting:
        unit_id = waiting.pop()
        if unit_id not in found:
            found.add(unit_id)
            waiting.extend(children.get(unit_id, ()))
    return frozenset(found)


def path_up(parents: Mapping[str, str], unit_id: str) -> list[str]:
    """Returns a unit and those above it, upwards. parents: the unit above each, or empty."""
    found: list[str] = []
    while unit_id in parents and unit_id not in found:
        found.append(unit_id)
        unit_id = parents[unit_id]
    return found


def faults_of(
    some: Sequence[Unit],
    known: Iterable[Unit],
    *,
    site_ids: Collection[str],
    nips: Collection[str],
    moved: Collection[str] = (),
) -> list[tuple[int, str]]:
    """Returns (place in the list from 1, reason) of what is wrong with units to be stored.

    known: those stored before; a unit of the list replaces the one with its id. moved: ids of those
    that get another parent, where that has no reason.
    """
    known = list(known)
    after = {unit.unit_id: unit for unit in (*known, *some)}
    found: list[tuple[int, str]] = []
    seen: set[str] = set()
    for number, unit in enumerate(some, 1):
        checks = (
            (not ID.fullmatch(unit.unit_id), "UNIT_ID_INVALID"),
            (not 0 < len(unit.display_name.strip()) <= NAME_LENGTH_MAX, "UNIT_NAME_INVALID"),
            (unit.unit_id in seen, "UNIT_TWICE"),
            (bool(unit.parent_unit_id) and unit.parent_unit_id not in after, "PARENT_UNKNOWN"),
            (bool(unit.site_id) and unit.site_id not in site_ids, "SITE_UNKNOWN"),
            (bool(unit.head_nip) and unit.head_nip not in nips, "HEAD_UNKNOWN"),
            (makes_cycle(after.values(), unit), "UNIT_CYCLE"),
            (unit.unit_id in moved, "MOVE_WITHOUT_REASON"),
        )
        found += [(number, reason) for wrong, reason in checks if wrong]
        seen.add(unit.unit_id)
    return found


def parents_first(some: Iterable[Unit]) -> list[Unit]:
    """Returns units so that each comes after its parent, if that is among them."""
    waiting = {unit.unit_id: unit for unit in some}
    ordered: list[Unit] = []
    while waiting:
        ready = [unit for unit in waiting.values() if unit.parent_unit_id not in waiting]
        if not ready:
            raise ValueError("the units stand above themselves")
        ordered += ready
        for unit in ready:
            del waiting[unit.unit_id]
    return ordered


def moves(before: Unit, unit: Unit) -> bool:
    """Whether a unit that was there before gets another unit above it."""
    return before.parent_unit_id != unit.parent_unit_id


def makes_cycle(units: Iterable[Unit], changed: Unit) -> bool:
    """Whether the changed unit would stand above itself."""
    parents = {unit.unit_id: unit.parent_unit_id for unit in units}
    parents[changed.unit_id] = changed.parent_unit_id
    above, steps = changed.parent_unit_id, 0
    while above and steps <= len(parents):
        if above == changed.unit_id:
            return True
        above, steps = parents.get(above, ""), steps + 1
    return False
