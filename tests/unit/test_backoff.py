"""How long a kiosk waits until it tries again."""

from __future__ import annotations

import random

from kiosk_client.stream import BACKOFF_S_MAX, BACKOFF_S_MIN, Backoff


class TestBackoff:
    """Waiting times grow, stay within their names, and differ between kiosks."""

    def test_bounds(self) -> None:
        """Never below the minimum, never above the maximum."""
        backoff = Backoff(random=random.Random(1))
        for attempt in range(2000):
            assert BACKOFF_S_MIN <= backoff.delay_s(attempt) <= BACKOFF_S_MAX

        assert len({backoff.delay_s(5) for _ in range(10)}) == 10
        assert max(backoff.delay_s(0) for _ in range(100)) <= 2 * BACKOFF_S_MIN

    def test_what_the_server_asks_is_kept_within_reason(self) -> None:
        """At least that long, a little more at random; an absurd time is cut."""
        backoff = Backoff()

        assert all(60 <= backoff.delay_s(0, at_least_s=60) <= 75 for _ in range(100))
        assert backoff.delay_s(0, at_least_s=1e9) <= 375
