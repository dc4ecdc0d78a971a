"""Near hashes, and people who are found together again and again.

Estimate: a sort a table of hashes, 6 tables for 2 bits and 15 for 4: 1 s for a million hashes and
2 bits; counting pairs costs the pairs that met, which the callers' limits keep linear.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=Hashable)

NEIGHBOURS_MAX = 40


def near_pairs(
    hashes: Sequence[int], bits: int, groups: Sequence[int] | None = None
) -> NDArray[np.intp]:
    """Returns the positions (first < second, n x 2) of 64-bit hashes `bits` or fewer apart.

    groups: one number a hash, below 2^63; only hashes of one group are compared.
    Multi-index hashing (Manku et al., 2007): of bits + 2 blocks, near hashes agree in two or more,
    so each pair of blocks is a key to sort by. Where many hashes have one key, each is compared
    with the next NEIGHBOURS_MAX alone: that many are found, and the caller sees a crowd.
    """
    values = np.asarray(hashes, np.uint64)
    group = np.zeros(len(values), np.int64) if groups is None else np.asarray(groups, np.int64)
    blocks = [
        np.uint64(sum(1 << int(bit) for bit in block))
        for block in np.array_split(np.arange(64), bits + 2)
    ]
    size = len(values)
    found = [np.empty(0, np.intp)]  # of pairs as first * size + second: one number sorts faster
    for one, other in combinations(blocks, 2):
        keys = values & (one | other)
        order = np.lexsort((keys, group))
        for first, second in _in_rows(keys[order], group[order]):
            near = np.bitwise_count(values[order[first]] ^ values[order[second]]) <= bits
            one_end, other_end = order[first[near]], order[second[near]]
            found.append(np.minimum(one_end, other_end) * size + np.maximum(one_end, other_end))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), size), axis=1)


def _in_rows(
    keys: NDArray[np.uint64], group: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yields the positions of equal keys in one group, sorted, by how far they are apart."""
    first = np.arange(len(keys))
    for step in range(1, NEIGHBOURS_MAX + 1):
        first = first[first + step < len(keys)]
        second = first + step
        alike = (keys[first] == keys[second]) & (group[first] == group[second])
        first = first[alike]  # equal keys are in a row: what differs now differs further on
        if not first.size:
            return
        yield first, first + step


def linked(pairs: Iterable[tuple[T, T]]) -> list[set[T]]:
    """Returns the groups that pairs connect, in the order of their first pair (union-find)."""
    parent: dict[T, T] = {}

    def root(item: T) -> T:
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for one, other in pairs:
        parent[root(one)] = root(other)
    groups: dict[T, set[T]] = {}
    for item in parent:
        groups.setdefault(root(item), set()).add(item)
    return list(groups.values())


def often_together(
    meetings: Iterable[tuple[str, str]], often: Callable[[tuple[str, str], int], bool]
) -> list[set[str]]:
    """Returns the groups that pairs connect whose number of meetings is `often`."""
    counts = Counter((min(pair), max(pair)) for pair in meetings)
    return linked(pair for pair, count in counts.items() if often(pair, count))
