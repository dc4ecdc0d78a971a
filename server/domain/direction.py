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


def kind_of_sighting(today: Sequence[Event], moment: datetime) -> EventKind:
    """The first sighting of the day is IN, every later one OUT: the last check-out counts.

    One that was stored late is judged by what happened before it.
    """
    came = any(event.kind is EventKind.IN and event.event_time <= moment for event in today)
    return EventKind.OUT if came else EventKind.IN


def repeated(
    recent: Sequence[Event], moment: datetime, kind: EventKind | None, cooldown: timedelta
) -> Event | None:
    """Returns the check-in that a new event within the cooldown behind it would only repeat.

    kind None stands for a kiosk sighting: there it is the same visit if nothing came between. An
    event that happened earlier than what is stored repeats nothing, since the first check-in of
    the day counts; nor does one behind a check-out, since the last one counts.
    """
    before = (
        event
        for event in recent
        if moment - cooldown < event.event_time <= moment and kind in {None, event.kind}
    )
    last = max(before, key=lambda event: event.event_time, default=None)
    return last if last is not None and last.kind is EventKind.IN else None


def left_already(recent: Sequence[Event], sighting: Event) -> Event | None:
    """Returns the check-out that a later sighting at the same kiosk in the same minute repeats.

    Whoever lingers before a kiosk makes no event a second, and who sees the minute on its screen
    reads nothing else. A later minute is a later check-out, since hours of work end on minutes.
    """
    before = (event for event in recent if event.event_time <= sighting.event_time)
    last = max(before, key=lambda event: event.event_time, default=None)
    if last is None or last.kind is not EventKind.OUT or last.device_id != sighting.device_id:
        return None
    return last if _minute(last.event_time) == _minute(sighting.event_time) else None


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
