"""The tree of units: who is whose head, and whether the tree is one."""

from collections.abc import Iterable

from server.domain.model import Unit


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
