"""Many people in columns: what a million Person objects would take twice the memory for.

A row is a person. Columns never change; a merge copies them and writes some rows. Estimate for a
million: 0.5 GB means, 0.2 GB names.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.domain.face import Vector

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled employee: site (may be empty), mean template (unit vector of d)."""

    nip: str
    site_id: str
    mean: Vector


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class People:
    """Columns with one row a person, the row of each NIP, and the rows of each site."""

    nips: Sequence[str]
    site_ids: Sequence[str]
    means: Vector
    rows: Mapping[str, int]
    sites: Mapping[str, Rows]

    def __len__(self) -> int:
        """How many people."""
        return len(self.nips)

    def at(self, row: int) -> Person:
        """Returns the person of a row."""
        return Person(self.nips[row], self.site_ids[row], self.means[row])

    def get(self, nip: str) -> Person | None:
        """Returns a person by NIP."""
        row = self.rows.get(nip)
        return None if row is None else self.at(row)


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Rows whose person is there no longer, and rows that hold somebody new."""

    vacated: Rows
    written: Rows


def people_of(everyone: Iterable[Person], dimension: int) -> People:
    """Returns the columns of people, of whom each NIP's last counts."""
    by_nip = {person.nip: person for person in everyone}
    nips = list(by_nip)
    means = [person.mean for person in by_nip.values()]
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row, person in enumerate(by_nip.values()):
        rows_of[person.site_id].append(row)
    return People(
        nips,
        [person.site_id for person in by_nip.values()],
        np.concatenate([np.empty(0, np.float32), *means]).reshape(-1, dimension),
        {nip: row for row, nip in enumerate(nips)},
        {site_id: np.array(rows, np.int64) for site_id, rows in rows_of.items()},
    )


def merged(old: People, gone: Collection[str], new: Collection[Person]) -> tuple[People, Moves]:
    """Returns the columns without the gone and with the new, and which rows differ.

    The new take the rows of the gone; the last people move into those left over, so that rows
    have no gaps. What is done in Python is bounded by the changes; the rest is copied.
    """
    left = {old.rows[nip] for nip in gone}
    size = len(old) - len(left) + len(new)
    kept = min(size, len(old))
    places = [*(row for row in sorted(left) if row < size), *range(len(old), size)]
    tail = [row for row in range(size, len(old)) if row not in left]
    arrivals = [*new, *(old.at(row) for row in tail)]
    means = np.empty((size, old.means.shape[1]), np.float32)
    means[:kept] = old.means[:kept]
    added = size - kept
    nips = [*old.nips[:kept], *[""] * added]
    site_ids = [*old.site_ids[:kept], *[""] * added]
    rows = dict(old.rows)
    for nip in gone:
        del rows[nip]
    for row, person in zip(places, arrivals, strict=True):
        nips[row], site_ids[row] = person.nip, person.site_id
        means[row], rows[person.nip] = person.mean, row
    moves = Moves(np.array([*left, *tail], np.int64), np.array(places, np.int64))
    return People(nips, site_ids, means, rows, _sites(old, moves, arrivals)), moves


def _sites(old: People, moves: Moves, arrivals: Sequence[Person]) -> dict[str, Rows]:
    """Returns the rows of each site after people moved."""
    sites = dict(old.sites)
    for site_id in {old.site_ids[row] for row in moves.vacated}:
        rows = sites.pop(site_id)
        stay = rows[~np.isin(rows, moves.vacated)]
        if len(stay):
            sites[site_id] = stay
    came: dict[str, list[int]] = defaultdict(list)
    for row, person in zip(moves.written, arrivals, strict=True):
        came[person.site_id].append(row)
    for site_id, new in came.items():
        there = sites.get(site_id, np.empty(0, np.int64))
        sites[site_id] = np.concatenate([there, np.array(new, np.int64)])
    return sites
