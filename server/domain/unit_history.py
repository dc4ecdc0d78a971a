"""How the tree of units stood on a date: each change holds from its date on, logged for good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from server.domain.model import Unit


@dataclass(frozen=True, slots=True)
class UnitChange:
    """A unit as somebody put it, to hold from start on. sequence: 1 and up, later ones win."""

    sequence: int
    unit: Unit
    start: date
    actor: str
    reason: str
    change_time: datetime


class UnitHistory:
    """The units of every date. What a unit was before its first change, nobody knows: as then."""

    def __init__(self, units: Iterable[Unit], changes: Iterable[UnitChange] = ()) -> None:
        self._versions: dict[str, list[tuple[date, Unit]]] = {}
        for change in sorted(changes, key=lambda one: one.sequence):
            mine = self._versions.setdefault(change.unit.unit_id, [])
            # A unit is put whole, so it replaces what was to hold from that date on.
            mine[:] = [one for one in mine if one[0] < change.start]
            mine.append((change.start, change.unit))
        for unit in units:
            self._versions.setdefault(unit.unit_id, [(date.min, unit)])

    def on(self, day: date) -> list[Unit]:
        """Returns the units of a date, in the order of their ids."""
        return [_held(self._versions[unit_id], day) for unit_id in sorted(self._versions)]

    def since(self, unit_id: str, day: date) -> list[Unit]:
        """Returns a unit as it stood on a date and after each change behind it; none if unknown."""
        mine = self._versions.get(unit_id, [])
        held = [_held(mine, day)] if mine else []
        return held + [unit for start, unit in mine if start > day]

    def paths(self, unit_id: str) -> list[tuple[date, tuple[str, ...]]]:
        """Returns what stood above a unit: (from when, the unit and those above it), by date."""
        found: list[tuple[date, tuple[str, ...]]] = []
        for begin in self._moves():
            path = self.path(unit_id, begin)
            if not found or found[-1][1] != path:
                found.append((begin, path))
        return found

    def path(self, unit_id: str, day: date) -> tuple[str, ...]:
        """Returns a unit and those that stood above it on a date, upwards."""
        found: list[str] = []
        while unit_id in self._versions and unit_id not in found:
            found.append(unit_id)
            unit_id = _held(self._versions[unit_id], day).parent_unit_id
        return tuple(found)

    def _moves(self) -> Sequence[date]:
        """Returns the dates from which some unit stood elsewhere, the beginning of time first."""
        moves = {date.min}
        for mine in self._versions.values():
            for (_, before), (start, after) in pairwise(mine):
                if before.parent_unit_id != after.parent_unit_id:
                    moves.add(start)
        return sorted(moves)


def _held(versions: Sequence[tuple[date, Unit]], day: date) -> Unit:
    held = versions[0][1]
    for start, unit in versions:
        if start <= day:
            held = unit
    return held
