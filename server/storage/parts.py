"""Long lists of values for SQL, in parts: no query holds the event loop or grows without limit."""

from collections.abc import Collection, Iterator

VALUES_AT_ONCE = 200


def in_parts(values: Collection[str], size: int = VALUES_AT_ONCE) -> Iterator[list[str]]:
    """Yields sorted values, so many at once."""
    ordered = sorted(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
