"""Times in the database: whole microseconds, UTC, in the order of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.storage.times import pack, unpack

ZONES = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES)
QUICK = settings(deadline=None, max_examples=30)


class TestTimes:
    """Packing and unpacking."""

    @pytest.mark.parametrize(
        ("moment", "stored"),
        [
            (datetime(1970, 1, 1, tzinfo=UTC), 0),
            (datetime(1970, 1, 1, 0, 0, 1, 5, UTC), 1_000_005),
            (datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), -1),
            (datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=9))), 1_795_478_400_000_000),
        ],
    )
    def test_are_microseconds_since_1970(self, moment: datetime, stored: int) -> None:
        """Also before, and from another zone."""
        assert stored == pack(moment)
        assert moment == unpack(stored)

    @QUICK
    @given(TIMES)
    def test_come_back_exactly_and_in_utc(self, moment: datetime) -> None:
        """No float in between."""
        restored = unpack(pack(moment))

        assert moment == restored
        assert timedelta() == restored.utcoffset()

    @QUICK
    @given(TIMES, TIMES)
    def test_sort_as_they_happened(self, first: datetime, second: datetime) -> None:
        """The database compares numbers."""
        assert (first < second) == (pack(first) < pack(second))

    def test_none_stays_none(self) -> None:
        """A device that was not revoked."""
        assert pack(None) is None
        assert unpack(None) is None

    def test_a_time_without_a_zone_is_refused(self) -> None:
        """It would be stored as some other moment."""
        with pytest.raises(TypeError):
            pack(datetime(2026, 11, 24))
