"""Whether a kiosk sighting is a check-in or a check-out, by the local day of the site."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.model import Event, EventKind


def local_day(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Returns the start and the end of the local day that holds a moment."""
    local = moment.astimezone(zone)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return start, start + timedelta(days=1)


def kind_of_sighting(today: Sequence[Event]) -> EventKind:
    """The first sighting of the day is IN, every later one OUT: the last check-out counts."""
    return EventKind.OUT if any(event.kind is EventKind.IN for event in today) else EventKind.IN


def repeated(
    recent: Sequence[Event], moment: datetime, kind: EventKind | None, cooldown: timedelta
) -> Event | None:
    """Returns the event that a new one within the cooldown would only repeat, if any.

    kind None stands for a kiosk sighting: there any event of the last minutes is the same visit.
    """
    for event in sorted(recent, key=lambda event: event.event_time, reverse=True):
        near = abs(moment - event.event_time) < cooldown
        if near and (kind is None or event.kind is kind):
            return event
    return None
