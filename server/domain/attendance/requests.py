"""What accepted requests do: give a day its status, or waive a cut; none changes the record."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, timedelta

from server.domain.attendance.model import (
    DayStatus,
    Fault,
    Request,
    RequestKind,
    RequestState,
)

# Requests that excuse a whole day, the first being the strongest if there are several.
STATUS_OF: Mapping[RequestKind, DayStatus] = {
    RequestKind.TUGAS_LUAR: DayStatus.TUGAS_LUAR,
    RequestKind.DIKLAT: DayStatus.DIKLAT,
    RequestKind.TUGAS_BELAJAR: DayStatus.DIKLAT,
    RequestKind.CUTI: DayStatus.CUTI,
    RequestKind.SAKIT: DayStatus.SAKIT,
    RequestKind.IZIN: DayStatus.IZIN,
}
_STRENGTH = {kind: number for number, kind in enumerate(STATUS_OF)}

# An accepted reason or document waives the cut, not the record (Permentan 68/2012).
WAIVES: Mapping[RequestKind, frozenset[Fault]] = {
    RequestKind.LATE_REASON: frozenset({Fault.LATE}),
    RequestKind.EARLY_REASON: frozenset({Fault.EARLY}),
    RequestKind.FORGOTTEN_CHECK_OUT: frozenset({Fault.NO_CHECK_OUT}),
    RequestKind.CORRECTION: frozenset(Fault),
}

# Who came or left outside the window has no record; a reason for it waives the same cut, if a punch
# shows that one came or left. And who forgot to check out, but was seen earlier by a kiosk, did not
# leave early.
_WAIVES_SHOWN: Mapping[RequestKind, Fault] = {
    RequestKind.LATE_REASON: Fault.NO_CHECK_IN,
    RequestKind.EARLY_REASON: Fault.NO_CHECK_OUT,
    RequestKind.FORGOTTEN_CHECK_OUT: Fault.EARLY,
}

# Duty elsewhere: exempt from the geofence, may be checked in on the spot.
_ELSEWHERE = frozenset({RequestKind.TUGAS_LUAR, RequestKind.DIKLAT, RequestKind.TUGAS_BELAJAR})


def counts(request: Request, day: date) -> bool:
    """Whether a request changes a day: accepted, by somebody else, and for that day."""
    return (
        request.state is RequestState.ACCEPTED
        and request.approver not in {"", request.nip}
        and request.first <= day <= request.last
    )


def annulled(request: Request, day: date) -> bool:
    """Whether a request changed a day until BKD annulled it."""
    return request.state is RequestState.ANNULLED and request.first <= day <= request.last


def by_day(
    requests: Iterable[Request], first: date, last: date, wanted: Callable[[Request, date], bool]
) -> dict[date, list[Request]]:
    """Returns the requests that are wanted (`counts`, `annulled`) on the days first to last."""
    found: dict[date, list[Request]] = {}
    for request in requests:
        day, end = max(first, request.first), min(last, request.last)
        while day <= end:
            if wanted(request, day):
                found.setdefault(day, []).append(request)
            day += timedelta(days=1)
    return found


def strongest(requests: Iterable[Request]) -> Request | None:
    """Returns the request that gives the day its status; None if none excuses the whole day."""
    whole = [request for request in requests if request.kind in STATUS_OF]
    return min(whole, key=lambda one: (_STRENGTH[one.kind], one.request_id), default=None)


def waiver(
    requests: Iterable[Request], fault: Fault, shown: Collection[Fault] = ()
) -> Request | None:
    """Returns the request that waives a fault; of several the first by id.

    shown: faults of which punches tell more: punches.seen_outside, punches.guessed.
    """
    found = [
        one
        for one in requests
        if fault in WAIVES.get(one.kind, ())
        or (fault in shown and _WAIVES_SHOWN.get(one.kind) is fault)
    ]
    return min(found, key=lambda one: one.request_id, default=None)


def elsewhere(requests: Iterable[Request]) -> bool:
    """Whether a request sends the employee elsewhere, so that no geofence applies."""
    return any(request.kind in _ELSEWHERE for request in requests)


def in_time(day: date, submitted: date, days_max: int) -> bool:
    """Whether a correction (sanggah) for a day, submitted on a local date, keeps the deadline.

    days_max: calendar days after the day; the last one still counts.
    """
    return submitted <= day + timedelta(days=days_max)
