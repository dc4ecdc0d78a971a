"""The records that forensics looks at, and what it finds in them.

Input comes from whoever has the data; nothing here knows a database, a clock or a time zone.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from server.domain.attendance.model import RequestKind, RequestState
from server.domain.geo import Point
from server.domain.model import BindingAction, EventKind, EventSource
from server.domain.refusal import Refusal as Reason

# Ids of one sort that a finding carries: the figures count them all, a reader starts with these.
IDS_MAX = 200


@dataclass(frozen=True, slots=True)
class Sighting:
    """An attendance event as forensics sees it.

    day: the local date of the site at event_time. event_time: the server's, UTC; device_time: what
    the device said. place: degrees as the device sent them, not rounded; for a kiosk that of its
    site; None if unknown. accuracy_m: radius of 68 %, metres. distance_m: metres outside the fence.
    frame, background: hashes of 64 bits of one frame of the check-in (vision/fingerprint.py), None
    if unknown. handset: the same for all devices that one phone was, empty if unknown.
    """

    event_id: str
    nip: str
    unit_id: str
    device_id: str
    kind: EventKind
    source: EventSource
    day: date
    event_time: datetime
    device_time: datetime
    site_id: str
    place: Point | None = None
    accuracy_m: float = 0.0
    mock: bool = False
    distance_m: float = 0.0
    frame: int | None = None
    background: int | None = None
    handset: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """A change of an employee's phone; time in UTC, actor: who issued its code or revoked it.

    handset: as in Sighting.
    """

    nip: str
    device_id: str
    action: BindingAction
    time: datetime
    actor: str
    device_model: str = ""
    handset: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A check-in that was refused; day: the local date, time in UTC."""

    nip: str
    device_id: str
    reason: Reason
    day: date
    time: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """Who decided a step of a chain.

    approver: by NIP, or by account where it has none. delegate_of: the NIP of the head, of that
    day, in whose place the approver acted (Plt., Plh.), empty if in the own right. subordinate:
    the approver served below the one who asked, that day. time: UTC.
    """

    approver: str
    time: datetime
    delegate_of: str = ""
    subordinate: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """A request for the local dates first to last, and who decided it.

    approver, decide_time, delegate_of, subordinate: of the last decision, as in Ruling, empty while
    undecided; of an annulled one, of who had granted it. earlier: the decisions of the steps
    before. documents: SHA-256 of each, in hex.
    """

    request_id: str
    nip: str
    unit_id: str
    kind: RequestKind
    first: date
    last: date
    submit_time: datetime
    state: RequestState
    decide_time: datetime | None = None
    approver: str = ""
    delegate_of: str = ""
    documents: tuple[str, ...] = ()
    subordinate: bool = False
    earlier: tuple[Ruling, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A face that was enrolled where one had been before; time in UTC.

    actor: by NIP, or by account where it has none. similarity: of both faces, None where the
    earlier one was erased or cannot be read. threshold: from which on they are one person's.
    """

    nip: str
    time: datetime
    actor: str
    similarity: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class Amendment:
    """A punch that somebody added, or voided; an added one once for each who decided on it.

    day: the local date of the punch. site_id: its own, or where the employee serves. actor: by NIP,
    or by account where it has none; time: when he did it, UTC. request_id: of the claim that was
    accepted, empty for BKD's own word. undone: the claim was annulled or the added punch voided.
    """

    event_id: str
    nip: str
    site_id: str
    day: date
    time: datetime
    actor: str
    reason: str
    request_id: str = ""
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Backdating:
    """A rule, move, head or posting that was put to hold from a past date on.

    what: the kind of rule, UNIT or POSTING. subject: the unit, NIP or employment, empty for all.
    nip: whose days it changed, empty if those of many. days: how many that were over, of those on
    which attendance was recorded. actor: by NIP, or by account where it has none; time: UTC.
    """

    what: str
    subject: str
    start: date
    days: int
    actor: str
    reason: str
    time: datetime
    nip: str = ""


@dataclass(frozen=True, slots=True)
class Employee:
    """Who serves where; head_nip: who decides the permits, for a head the head above."""

    nip: str
    unit_id: str
    head_nip: str


@dataclass(frozen=True, slots=True)
class Records:
    """Everything of one period, each in any order."""

    sightings: tuple[Sighting, ...] = ()
    bindings: tuple[Binding, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    permits: tuple[Permit, ...] = ()
    employees: tuple[Employee, ...] = ()
    enrolments: tuple[Enrolment, ...] = ()
    corrections: tuple[Amendment, ...] = ()
    voids: tuple[Amendment, ...] = ()
    backdatings: tuple[Backdating, ...] = ()


class FindingKind(enum.Enum):
    """What was found; the detectors' docstrings say when."""

    DEVICE_SHARED = "DEVICE_SHARED"
    ACTIVATION_CLUSTER = "ACTIVATION_CLUSTER"
    REBOUND_OFTEN = "REBOUND_OFTEN"
    COORDINATE_REPEATED = "COORDINATE_REPEATED"
    COORDINATE_SHARED = "COORDINATE_SHARED"
    FIX_TOO_STEADY = "FIX_TOO_STEADY"
    ACCURACY_TOO_GOOD = "ACCURACY_TOO_GOOD"
    MOCK_LOCATION = "MOCK_LOCATION"
    IMPOSSIBLE_TRAVEL = "IMPOSSIBLE_TRAVEL"
    FRAME_REUSED = "FRAME_REUSED"
    FRAME_SHARED = "FRAME_SHARED"
    BACKGROUND_SHARED = "BACKGROUND_SHARED"
    PERMIT_RETROACTIVE = "PERMIT_RETROACTIVE"
    PERMIT_BULK = "PERMIT_BULK"
    PERMIT_SELF = "PERMIT_SELF"
    DOCUMENT_SHARED = "DOCUMENT_SHARED"
    APPROVER_OUTLIER = "APPROVER_OUTLIER"
    ENROLMENT_REPLACED = "ENROLMENT_REPLACED"
    CORRECTION_BULK = "CORRECTION_BULK"
    VOID_LATE = "VOID_LATE"
    RULE_PAST = "RULE_PAST"


class FindingState(enum.Enum):
    """How far a finding is: CONFIRMED once BKD took back all that it is about, as by annulling."""

    OPEN = "OPEN"
    CONFIRMED = "CONFIRMED"


class Figure(NamedTuple):
    """A number and the limit that it was compared with; name: a key of the message table."""

    name: str
    value: float
    limit: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where to look. Ids are sorted, at most IDS_MAX of a sort; coordinates as they were sent.

    annulled: those of the requests that BKD annulled. changes: rules and moves, with kind, subject
    and date. reasons: that were given.
    """

    figures: tuple[Figure, ...]
    event_ids: tuple[str, ...] = ()
    device_ids: tuple[str, ...] = ()
    coordinates: tuple[Point, ...] = ()
    request_ids: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    annulled: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at.

    nips: whom it is about, sorted. first, last: the period, UTC. strength: the first figure over
    its limit, 1 or more; to sort findings of one kind, no probability of anything.
    """

    kind: FindingKind
    nips: tuple[str, ...]
    first: datetime
    last: datetime
    evidence: Evidence
    state: FindingState = FindingState.OPEN

    @property
    def strength(self) -> float:
        """The first figure over its limit."""
        figure = self.evidence.figures[0]
        return figure.value / figure.limit


def ids(values: Iterable[str]) -> tuple[str, ...]:
    """Returns distinct ids, sorted, the first IDS_MAX of them."""
    return tuple(sorted(set(values))[:IDS_MAX])


def of_sightings(
    kind: FindingKind, seen: Iterable[Sighting], figures: tuple[Figure, ...]
) -> Finding:
    """Returns a finding about the people, devices and places of some sightings (at least one)."""
    seen = list(seen)
    times = [sighting.event_time for sighting in seen]
    places = {sighting.place for sighting in seen if sighting.place is not None}
    return Finding(
        kind,
        tuple(sorted({sighting.nip for sighting in seen})),
        min(times),
        max(times),
        Evidence(
            figures,
            event_ids=ids(sighting.event_id for sighting in seen),
            device_ids=ids(sighting.device_id for sighting in seen),
            coordinates=tuple(sorted(places)[:IDS_MAX]),
        ),
    )
