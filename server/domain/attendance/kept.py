"""What was worked out and is kept for the next who asks, up to so many."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key; begins anew when it is full.

    Threads share it: the full one is put aside as it is, for whoever still reads it.
    """

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Returns the value of a key, None if it is not kept."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        """Keeps a value, and returns it."""
        if len(self._values) >= self._count_max:
            self._values = {}
        self._values[key] = value
        return value
