"""Doubts the server's clock where what is stored speaks against it.

A clock that is behind makes people early and lets old challenges live; one that is ahead deletes
what may still be kept. Nothing else on a machine without a network knows better.
"""

from datetime import datetime, timedelta

from server.clock import Clock
from server.errors import DataInvalid
from server.storage import moments
from server.storage.database import Database

BEHIND_MAX = timedelta(minutes=5)
# Longer than any holidays: an office where nobody comes so long has a clock that is wrong.
AHEAD_MAX = timedelta(days=30)
# A clock that is set, or a machine that slept; a network's corrections of it are seconds.
MOVED_MAX = timedelta(hours=1)


class Timekeeping:
    """Says whether the wall time may be deleted by. Make it with `begun_in_time`."""

    def __init__(self, clock: Clock, *, ahead: bool) -> None:
        self._clock = clock
        self._ahead = ahead
        self._offset_s = self._wall_less_monotonic_s()

    def doubt(self) -> str:
        """Returns why the clock is not believed, empty if it is."""
        if self._ahead:
            return (
                f"the clock was more than {AHEAD_MAX.days} days past the last event at the start; "
                "set it right and start again, or start with trust_clock = true"
            )
        if abs(self._wall_less_monotonic_s() - self._offset_s) > MOVED_MAX.total_seconds():
            return "the clock was set, or the machine slept; check it and start again"
        return ""

    def _wall_less_monotonic_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()


async def begun_in_time(
    database: Database, clock: Clock, *, trusted: bool, ended: datetime | None = None
) -> Timekeeping:
    """Compares the clock with what is stored. Raises DataInvalid if it is behind.

    trusted: the operator says that the clock is right and what is stored was dated wrongly. ended:
    when something was last ended of which the database, a restored one, does not know.
    """
    async with database.read() as connection:
        event = await moments.last_event(connection)
        facts = [await moments.last_fact(connection), ended]
    fact = max((one for one in facts if one is not None), default=None)
    now = clock.now()
    if not trusted and fact is not None and now < fact - BEHIND_MAX:
        raise DataInvalid(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, but something was stored at "
            f"{fact:%Y-%m-%d %H:%M} already; set it right, or start with trust_clock = true if it "
            "is right and was wrong before"
        )
    ahead = not trusted and event is not None and now - event > AHEAD_MAX
    return Timekeeping(clock, ahead=ahead)
