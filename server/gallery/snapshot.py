"""An immutable state of the gallery: searches read it by reference, changes build the next one.

A change never touches what a search reads: searching an index while it is changed returned another
person's id in 1.2-1.6 % of searches. Estimate: 10k people 0.2 ms, 100k 1.8 ms a search on one
thread; 128 float32 x (1 mean + n singles) = 2 kB a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import faiss
import numpy as np
from numpy.typing import NDArray

from server.domain.face import Vector
from server.domain.match import Candidate

faiss.omp_set_num_threads(1)

# Twice as many as asked for, so that hidden rows rarely cost a second search.
_OVERFETCH = 2


@dataclass(frozen=True, slots=True)
class Person:
    """An enrolled employee: site (may be empty), unit vectors n x d, their normalised mean d."""

    nip: str
    site_id: str
    singles: Vector
    mean: Vector


@dataclass(frozen=True, slots=True)
class Base:
    """An exact FAISS index over the means of many people, and selectors of each site's rows."""

    people: Mapping[str, Person]
    nips: Sequence[str]
    index: faiss.IndexFlatIP
    sites: Mapping[str, NDArray[np.uint8]] = field(repr=False)

    def search(self, probe: Vector, count: int, site_id: str | None) -> list[Candidate]:
        """Returns the best rows, best first; only those of a site if one is named."""
        count = min(count, len(self.nips))
        if count == 0:
            return []
        parameters = None
        if site_id is not None:
            bits = self.sites.get(site_id)
            if bits is None:
                return []
            selector = faiss.IDSelectorBitmap(len(self.nips), faiss.swig_ptr(bits))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self.index.search(probe[None], count, params=parameters)
        return [
            Candidate(self.nips[row], float(score))
            for score, row in zip(scores[0], rows[0], strict=True)
            if row >= 0
        ]


def build_base(people: Mapping[str, Person], dimension: int) -> Base:
    """Builds the index over people; the mapping is not changed afterwards."""
    nips = list(people)
    index = faiss.IndexFlatIP(dimension)
    if nips:
        index.add(np.stack([people[nip].mean for nip in nips]))
    rows_of: dict[str, list[int]] = {}
    for row, nip in enumerate(nips):
        rows_of.setdefault(people[nip].site_id, []).append(row)
    sites = {}
    for site_id, rows in rows_of.items():
        member = np.zeros(len(nips), bool)
        member[rows] = True
        sites[site_id] = np.packbits(member, bitorder="little")
    return Base(people, nips, index, sites)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A base, what was enrolled since (exact, few), and who is hidden: replaced or deleted."""

    version: int
    base: Base
    recent: Mapping[str, Person]
    hidden: frozenset[str]
    site_counts: Mapping[str, int]

    @property
    def size(self) -> int:
        """How many people can be found."""
        return len(self.base.nips) - len(self.hidden) + len(self.recent)

    def size_of(self, site_id: str | None) -> int:
        """How many people can be found at a site (None: in all)."""
        return self.size if site_id is None else self.site_counts.get(site_id, 0)

    def person(self, nip: str) -> Person | None:
        """Returns the stored templates of an employee, by NIP and not by a row."""
        found = self.recent.get(nip)
        if found is None and nip not in self.hidden:
            found = self.base.people.get(nip)
        return found

    def search(self, probe: Vector, count: int, site_id: str | None = None) -> list[Candidate]:
        """Returns up to `count` people, best first, each once.

        probe: unit vector of d float32. site_id: only people of this site, None for all.
        """
        found = [
            Candidate(person.nip, float(person.mean @ probe))
            for person in self.recent.values()
            if site_id is None or person.site_id == site_id
        ]
        wanted = count * _OVERFETCH
        while True:
            rows = self.base.search(probe, wanted, site_id)
            seen = [row for row in rows if row.nip not in self.hidden]
            if len(seen) >= count or len(rows) < wanted:
                break
            wanted *= 4
        found.extend(seen)
        found.sort(key=lambda candidate: -candidate.similarity)
        return found[:count]
