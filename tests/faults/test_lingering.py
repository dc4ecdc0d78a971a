"""Somebody who walks up to a kiosk again and again: few rows, and days as they are."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from server.domain.model import EventSource
from server.storage import events
from server.storage.database import Database
from tests.faults.conftest import NIPS, NOW, event_log
from tests.faults.test_kill import event_of

ZONE = ZoneInfo("Asia/Jayapura")


async def test_once_a_minute(database: Database) -> None:
    """Sightings of ten minutes, one in six seconds: a check-in, then one check-out a minute."""
    log = event_log(database, repeat_minutes=5)
    came = NOW - timedelta(hours=5)
    replayed = 0
    for moment in [came, *(NOW + timedelta(seconds=6 * number) for number in range(100))]:
        event = replace(event_of(0), event_time=moment, source=EventSource.KIOSK)
        recorded = await log.record_sighting(event, ZONE, [])
        replayed += recorded.replayed
        # What the screen shows is the minute at hand.
        shown = recorded.event.event_time
        assert shown.replace(second=0) == moment.replace(second=0)
    async with database.read() as connection:
        stored = await events.between(connection, NIPS[0], came, NOW + timedelta(hours=1))
    kinds = [one.kind.value for one in stored]

    assert ["IN", *["OUT"] * 10] == kinds
    assert 90 == replayed


async def test_a_cooldown_that_begins_yesterday(database: Database) -> None:
    """Just after midnight a sighting repeats the check-in of just before."""
    log = event_log(database, repeat_minutes=5)
    midnight = NOW.replace(hour=15, minute=0)
    kinds = []
    for minutes in (-2, 2, 9):
        moment = midnight + timedelta(minutes=minutes)
        event = replace(event_of(0), event_time=moment, source=EventSource.KIOSK)
        kinds.append((await log.record_sighting(event, ZONE, [])).event.event_time - midnight)

    assert [timedelta(minutes=-2), timedelta(minutes=-2), timedelta(minutes=9)] == kinds
