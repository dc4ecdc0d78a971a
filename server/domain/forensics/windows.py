"""Time: how long after a day something was done, and bursts, in which more happens than should."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

T = TypeVar("T")
_ONE_DAY = timedelta(days=1)


def days_after(day: date, moment: datetime) -> float:
    """Returns how many days after the end of a local date a moment is, 0 or more.

    The date ends at midnight UTC, hours after the local one: the doubt is the employee's.
    """
    return max(0.0, (moment - datetime.combine(day, time(), UTC) - _ONE_DAY) / _ONE_DAY)


def noon(day: date) -> datetime:
    """Returns a moment of a date, to look for bursts of days."""
    return datetime.combine(day, time(12), UTC)


def bursts(
    items: Iterable[T],
    moment: Callable[[T], datetime],
    window: timedelta,
    dense: Callable[[Sequence[T]], bool],
) -> list[list[T]]:
    """Returns the stretches not longer than `window` that are `dense`, joined where they overlap.

    `dense` is asked about stretches that can grow no further, in their order.
    """
    ordered = sorted(items, key=moment)
    found: list[list[T]] = []
    start = joined = 0
    for end in range(1, len(ordered) + 1):
        if end < len(ordered) and moment(ordered[end]) - moment(ordered[start]) <= window:
            continue
        if dense(ordered[start:end]):
            if found and start < joined:
                found[-1].extend(ordered[joined:end])
            else:
                found.append(ordered[start:end])
            joined = end
        while end < len(ordered) and moment(ordered[end]) - moment(ordered[start]) > window:
            start += 1
    return found
