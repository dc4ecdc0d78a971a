"""Records in one line each, for the tests of forensics: an office in Sofifi, its people and days."""

from datetime import UTC, date, datetime, time, timedelta

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.forensics.model import Binding, Permit, Refusal, Sighting
from server.domain.model import BindingAction, EventKind, EventSource
from server.domain.refusal import Refusal as Reason

IN, OUT = EventKind.IN, EventKind.OUT
PHONE, KIOSK = EventSource.PHONE, EventSource.KIOSK
ANI, BUDI, CICI, DEDI, HEAD = "ani", "budi", "cici", "dedi", "kepala"
MONDAY = date(2026, 11, 2)
OFFICE, TERNATE = (0.7366123, 127.5619456), (0.7906001, 127.3842002)


def at(day=0, minutes=0.0):
    """A moment: days after the Monday, minutes after the office opens at 07:30 local time."""
    opens = datetime.combine(MONDAY, time(7, 30), UTC) - timedelta(hours=9)
    return opens + timedelta(days=day, minutes=minutes)


def seen(nip=ANI, day=0, minutes=0.0, **more):
    """A check-in by the own phone; `minutes` after the office opens."""
    values = {
        "event_id": f"{nip}-{day}-{minutes}",
        "nip": nip,
        "unit_id": "bkd",
        "device_id": f"phone-{nip}",
        "kind": IN,
        "source": PHONE,
        "day": MONDAY + timedelta(day),
        "event_time": at(day, minutes),
        "device_time": at(day, minutes),
        "site_id": "gubernur",
        "accuracy_m": 8.0,
    }
    return Sighting(**(values | more))


def bound(nip=ANI, day=0, minutes=0.0, *, device="", actor="bkd-ani", model="", revoked=False):
    """An activation (or the end of one)."""
    action = BindingAction.REVOKED if revoked else BindingAction.BOUND
    device = device or f"phone-{nip}-{day}-{minutes}"
    return Binding(nip, device, action, at(day, minutes), actor, model)


def mocked(nip=ANI, day=0, minutes=0.0, reason=Reason.MOCK_LOCATION):
    """A refusal, for a mock location."""
    day_of = MONDAY + timedelta(day)
    return Refusal(nip, f"phone-{nip}", reason, day_of, at(day, minutes))


def permit(nip=ANI, day=0, *, late=-1.0, request="", **more):
    """An accepted izin for one day, handed in `late` days after it, decided by the head."""
    day_of = MONDAY + timedelta(day)
    end = datetime.combine(day_of, time(), UTC) + timedelta(days=1)
    values = {
        "request_id": request or f"{nip}-{day}",
        "nip": nip,
        "unit_id": "bkd",
        "kind": RequestKind.IZIN,
        "first": day_of,
        "last": day_of,
        "submit_time": end + timedelta(days=late),
        "state": RequestState.ACCEPTED,
        "decide_time": end + timedelta(days=late, hours=5),
        "approver": HEAD,
    }
    return Permit(**(values | more))
