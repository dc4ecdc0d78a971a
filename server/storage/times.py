"""Times in the database: whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@overload
def pack(moment: datetime) -> int: ...
@overload
def pack(moment: None) -> None: ...
def pack(moment: datetime | None) -> int | None:
    """Returns microseconds since 1970 of an aware time."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


@overload
def unpack(stored: int) -> datetime: ...
@overload
def unpack(stored: None) -> None: ...
def unpack(stored: int | None) -> datetime | None:
    """Returns the aware UTC time of stored microseconds."""
    return None if stored is None else _EPOCH + stored * _MICROSECOND
