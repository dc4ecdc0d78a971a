"""Makes a device wait that was refused often: how many refusals in what time, and how long."""

from datetime import datetime, timedelta

from server.domain.refusal import SUSPICIOUS
from server.errors import TooManyRefusals
from server.storage import events
from server.storage.database import Connection

# NIST SP 800-63B-4: five failures, then 30 seconds for each try.
REFUSALS_MAX = 5
# Also of those that accuse nobody: each is a row that stays.
REFUSALS_ANY_MAX = 40
REFUSALS_WINDOW = timedelta(minutes=10)
REFUSAL_DELAY = timedelta(seconds=30)
_SUSPICIOUS = frozenset(reason.value for reason in SUSPICIOUS)


async def check_refusals(connection: Connection, device_id: str, now: datetime) -> None:
    """Raises TooManyRefusals, with the time to wait, for a device that was refused too often."""
    suspicious, every = await events.refusals_since(
        connection, device_id, now, REFUSALS_WINDOW, _SUSPICIOUS
    )
    for (count, last), most in ((suspicious, REFUSALS_MAX), (every, REFUSALS_ANY_MAX)):
        if count >= most and last is not None and now - last < REFUSAL_DELAY:
            wait = (REFUSAL_DELAY - (now - last)).total_seconds()
            raise TooManyRefusals(
                "too many refused check-ins", retry_after_s=wait, seconds=round(wait)
            )
