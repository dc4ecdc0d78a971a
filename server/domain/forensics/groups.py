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

NEIGHBOURS_MAX = 40


def near_pairs(hashes: Sequence[int], bits: int) -> list[tuple[int, int]]:
    """Returns the positions (first < second) of 64-bit hashes that differ in `bits` or fewer.

    Multi-index hashing (Manku et al., 2007): of bits + 2 blocks, near hashes agree in two or more,
    so each pair of blocks is a key to sort by. Where many hashes have one key, each is compared
    with the next NEIGHBOURS_MAX alone: that many are found, and the caller sees a crowd.
    """
    values = np.asarray(hashes, np.uint64)
    blocks = [
        np.uint64(sum(1 << int(bit) for bit in block))
        for block in np.array_split(np.arange(64), bits + 2)
    ]
    found = [np.empty((0, 2), np.intp)]
    for one, other in combinations(blocks, 2):
        found.extend(_within(values, values & (one | other), bits))
    pairs = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return [(int(first), int(second)) for first, second in pairs]


def _within(
    values: NDArray[np.uint64], keys: NDArray[np.uint64], bits: int
) -> Iterator[NDArray[np.intp]]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    for step in range(1, min(NEIGHBOURS_MAX + 1, len(order))):
        same = np.flatnonzero(ordered[step:] == ordered[:-step])
        if not same.size:
            return
        first, second = order[same], order[same + step]
        near = np.bitwise_count(values[first] ^ values[second]) <= bits
        yield np.column_stack([first[near], second[near]])


T = TypeVar("T", bound=Hashable)


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
