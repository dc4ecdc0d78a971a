"""Bursts: stretches of time in which more happens than should. One pass over what is sorted."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")


def bursts(
    items: Iterable[T],
    time: Callable[[T], datetime],
    window: timedelta,
    dense: Callable[[Sequence[T]], bool],
) -> list[list[T]]:
    """Returns the stretches not longer than `window` that are `dense`, joined where they overlap.

    `dense` is asked about stretches that can grow no further, in their order.
    """
    ordered = sorted(items, key=time)
    found: list[list[T]] = []
    start = joined = 0
    for end in range(1, len(ordered) + 1):
        if end < len(ordered) and time(ordered[end]) - time(ordered[start]) <= window:
            continue
        if dense(ordered[start:end]):
            if found and start < joined:
                found[-1].extend(ordered[joined:end])
            else:
                found.append(ordered[start:end])
            joined = end
        while end < len(ordered) and time(ordered[end]) - time(ordered[start]) > window:
            start += 1
    return found
