"""The clocks: wall time for records, monotonic time for deadlines. Tests bring their own."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Returns the wall time, aware, UTC."""

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> datetime:
        """Returns the wall time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        return time.monotonic()
