"""What a snapshot rests on: many people and the index over their means, never changed.

Estimate: people of one site row by row, 0.1 ms for 1,000, 2 ms for 20,000, however many there are
elsewhere. A merge into a million copies 0.6 GB in 1.7 s; nothing is trained anew. Its copies of
lists and dictionaries hold the interpreter: a search meanwhile took up to 0.24 s.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from server.domain.face import Vector
from server.domain.match import Candidate
from server.gallery.index import Bits, Index, best_of, build_index, update_index
from server.gallery.people import People, Person, merged, people_of

# Sites with more people than this, or than this share, are searched by the index.
_ROW_BY_ROW_MAX = 20_000
_ROW_BY_ROW_SHARE = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Base:
    """People, the index over their means, and which rows belong to each large site."""

    people: People
    index: Index
    large_sites: Mapping[str, Bits]

    def search(self, probe: Vector, count: int, site_id: str | None) -> list[Candidate]:
        """Returns the best rows, best first; only those of a site if one is named."""
        count = min(count, len(self.people))
        if count == 0:
            return []
        rows = None if site_id is None else self.people.sites.get(site_id)
        if site_id is None:
            ranked = self.index.search(probe, count)
        elif rows is None:
            return []
        elif site_id in self.large_sites:
            ranked = self.index.search(probe, count, self.large_sites[site_id])
        else:
            ranked = best_of(self.people.means, rows, probe, count)
        return [Candidate(self.people.nips[row], score) for row, score in ranked]

    @property
    def nbytes(self) -> int:
        """What means and index take, bytes."""
        return self.people.means.nbytes + self.index.nbytes


def build_base(everyone: Iterable[Person], dimension: int, exact_max: int) -> Base:
    """Builds the base of people from nothing; a million take 20 s of one core."""
    people = people_of(everyone, dimension)
    index = build_index(people.means, exact_max)
    return Base(people, index, _large_sites(people, index))


def merge_base(old: Base, gone: Collection[str], new: Collection[Person], exact_max: int) -> Base:
    """Builds the next base from one and what changed since."""
    people, moves = merged(old.people, gone, new)
    index = update_index(old.index, people.means, moves, exact_max)
    return Base(people, index, _large_sites(people, index))


def _large_sites(people: People, index: Index) -> dict[str, Bits]:
    large = min(_ROW_BY_ROW_MAX, len(people) // _ROW_BY_ROW_SHARE)
    sites = people.sites.items()
    return {site_id: index.bits_of(rows) for site_id, rows in sites if len(rows) > large}
