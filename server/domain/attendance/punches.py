"""Who came when: picks the arrival and the departure of a workday from its punches.

Windows decide, not labels. A punch in the check-in window alone may be the arrival, one in the
check-out window alone the departure, whatever they say: who presses the wrong button, or whom a
kiosk takes for leaving, loses nothing. Where both windows overlap, the label of a phone or of a
correction decides; a kiosk asks nobody, so there its punch may be either. The earliest possible
arrival counts, and the latest possible departure after it (the first check-in and the last
check-out of the day).

So the order in which punches come does not matter, a punch is never both, and a punch more (a
retry, a duplicate, one that waited in a kiosk's queue) can only move an arrival to an earlier time.
(Where there was none, it is no record, not 0 minutes.)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.domain.attendance.model import Fault, Punch, PunchSource
from server.domain.attendance.plan import WorkTimes
from server.domain.model import EventKind

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Attended:
    """What the punches of a workday say.

    begin: the latest time to be punctual. due: when work ends for this person. late_s, early_s:
    whole seconds after begin and before due, 0 or less if there are none or no record.
    """

    arrival: Punch | None
    departure: Punch | None
    begin: datetime
    due: datetime
    late_s: int
    early_s: int


def order(punch: Punch) -> tuple[datetime, str]:
    """The order of time; two punches of one moment are ordered by their ids."""
    return punch.event_time, punch.event_id


def attend(work: WorkTimes, punches: Iterable[Punch]) -> Attended:
    """Picks arrival and departure from the punches of a day, in any order."""
    arrivals, departures = [], []
    for punch in punches:
        comes, leaves = _sides(work, punch)
        if comes:
            arrivals.append(punch)
        if leaves:
            departures.append(punch)
    arrival = min(arrivals, key=order, default=None)
    departure = max(departures, key=order, default=None)
    if arrival and departure and departure.event_time <= arrival.event_time:
        departure = None
    return _measured(work, arrival, departure)


def seen_outside(work: WorkTimes, punches: Iterable[Punch], attended: Attended) -> frozenset[Fault]:
    """Returns the missing records of which a punch outside the window tells.

    A phone says whether it was coming or going; a kiosk's punch may be either, if it is not counted
    as the other already.
    """
    return frozenset(
        fault
        for punch in punches
        for fault, opens, closes, label, other in (
            (Fault.NO_CHECK_IN, work.in_open, work.in_close, EventKind.IN, attended.departure),
            (Fault.NO_CHECK_OUT, work.out_open, work.out_close, EventKind.OUT, attended.arrival),
        )
        if not opens <= punch.event_time < closes
        and (punch != other if punch.source is PunchSource.KIOSK else punch.kind is label)
    )


def guessed(attended: Attended) -> frozenset[Fault]:
    """Returns EARLY where nobody said that the departure was one.

    A kiosk that saw somebody walk by, or a check-in within the window of check-outs, stands for it.
    """
    left = attended.departure
    said = left is None or (left.source is not PunchSource.KIOSK and left.kind is EventKind.OUT)
    return frozenset() if said else frozenset({Fault.EARLY})


def _sides(work: WorkTimes, punch: Punch) -> tuple[bool, bool]:
    """Whether a punch may be the arrival, and whether the departure."""
    comes = work.in_open <= punch.event_time < work.in_close
    leaves = work.out_open <= punch.event_time < work.out_close
    if comes and leaves and punch.source is not PunchSource.KIOSK:
        return punch.kind is EventKind.IN, punch.kind is EventKind.OUT
    return comes, leaves


def _measured(work: WorkTimes, arrival: Punch | None, departure: Punch | None) -> Attended:
    # Flexible time: who begins earlier or later in the band leaves as much earlier or later.
    begun = work.start
    if arrival:
        begun = max(work.begin_first, min(arrival.event_time, work.begin_last))
    due = work.end + (begun - work.start)
    late_s = (arrival.event_time - work.begin_last) // _SECOND if arrival else 0
    early_s = (due - departure.event_time) // _SECOND if departure else 0
    return Attended(arrival, departure, work.begin_last, due, late_s, early_s)
