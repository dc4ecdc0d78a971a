"""The words of the domain as plain records: employees, units, sites, devices, events."""

import enum
from dataclasses import dataclass, field
from datetime import datetime

from server.domain.face import Fingerprint
from server.domain.geo import Geofence


class Role(enum.Enum):
    """As what a caller acts; the names equal those of the API, without ROLE_."""

    ANYONE = "ANYONE"
    EMPLOYEE = "EMPLOYEE"
    KIOSK = "KIOSK"
    HEAD = "HEAD"
    BKD = "BKD"
    OPERATOR = "OPERATOR"


STAFF_ROLES = frozenset({Role.HEAD, Role.BKD, Role.OPERATOR})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. Phones carry device_id and nip, kiosks device_id and site_id, staff username.

    first_password: of a staff account whose owner has not changed it yet.
    """

    role: Role
    session_hash: bytes
    expire_time: datetime
    device_id: str = ""
    nip: str = ""
    site_id: str = ""
    username: str = ""
    first_password: bool = False


class EmployeeState(enum.Enum):
    """Whether an employee may act."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Employee:
    """A civil servant; site_id is the own one or the unit's, empty if there is none."""

    nip: str
    display_name: str
    unit_id: str
    site_id: str
    state: EmployeeState
    update_time: datetime
    enrolled: bool = False
    phone_bound: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """An office (OPD) in the tree."""

    unit_id: str
    display_name: str
    parent_unit_id: str = ""
    site_id: str = ""
    head_nip: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A place of work with its geofence and IANA time zone."""

    site_id: str
    display_name: str
    time_zone: str
    geofence: Geofence


class DeviceKind(enum.Enum):
    """What a device is used as."""

    PHONE = "PHONE"
    KIOSK = "KIOSK"


class DeviceState(enum.Enum):
    """Whether a device may act."""

    ACTIVE = "ACTIVE"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or kiosk with its own key pair (DER public key, P-256).

    handset: 16 bytes that are the same for each device that one handset was, None if unknown.
    """

    device_id: str
    kind: DeviceKind
    state: DeviceState
    public_key: bytes = field(repr=False)
    activate_time: datetime
    nip: str = ""
    site_id: str = ""
    display_name: str = ""
    model: str = ""
    revoke_time: datetime | None = None
    revoke_reason: str = ""
    revoke_actor: str = ""
    handset: bytes | None = field(default=None, repr=False)


class BindingAction(enum.Enum):
    """What happened to an employee's phone or a site's kiosk."""

    CODE_ISSUED = "CODE_ISSUED"
    BOUND = "BOUND"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class BindingChange:
    """An entry of the history of an employee's phones, or with site_id of a site's kiosks.

    actor: of a kiosk's activation who issued its code.
    """

    nip: str
    action: BindingAction
    change_time: datetime
    actor: str
    device_id: str = ""
    reason: str = ""
    site_id: str = ""


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """An account of BKD, a head or an operator; password_hash is argon2id in PHC form.

    first_password: somebody else chose it, and the owner has not changed it yet.
    """

    username: str
    role: Role
    nip: str = ""
    password_hash: str = field(default="", repr=False)
    close_time: datetime | None = None
    first_password: bool = False


class AccountAction(enum.Enum):
    """What happened to a staff account; a password is changed by its owner alone."""

    CREATED = "CREATED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  no password
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """An entry of the log of staff accounts. actor: account that did it; actor_nip: its person."""

    username: str
    action: AccountAction
    actor: str
    actor_nip: str
    change_time: datetime
    sequence: int = 0
    role: Role | None = None
    nip: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """Record of the notice given and confirmed (UU PDP 27/2022)."""

    notice_version: str
    confirm_time: datetime


@dataclass(frozen=True, slots=True)
class SiteChange:
    """A site as somebody put it. sequence: 1 and up."""

    sequence: int
    site: Site
    actor: str
    reason: str
    change_time: datetime


class EventKind(enum.Enum):
    """What an event says."""

    IN = "IN"
    OUT = "OUT"


class EventSource(enum.Enum):
    """How an event came about."""

    PHONE = "PHONE"
    KIOSK = "KIOSK"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a device says that it is: degrees (WGS 84), metres of 68 % accuracy, mock flag."""

    latitude: float
    longitude: float
    accuracy_m: float
    mock: bool


@dataclass(frozen=True, slots=True)
class Scores:
    """By which scores an event was accepted; see the API's message of the same name."""

    similarity: float
    threshold: float
    margin: float
    relief: float
    passive: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """One attendance event: immutable. event_time is when the first frame was received.

    fingerprint: of its best frame, None where none was kept. seal: the phone's signature, over
    nonce and chain_head too. voided: whether BKD found it wrong, so that it counts no more; where
    events are listed.
    """

    event_id: str
    nip: str
    display_name: str
    unit_id: str
    kind: EventKind
    source: EventSource
    event_time: datetime
    device_time: datetime
    clock_disputed: bool
    site_id: str
    distance_m: float
    device_id: str
    scores: Scores
    create_time: datetime
    location: Location | None = None
    frame_digest: bytes = field(default=b"", repr=False)
    fingerprint: Fingerprint | None = None
    seal: bytes = field(default=b"", repr=False)
    nonce: bytes | None = field(default=None, repr=False)
    chain_head: bytes | None = field(default=None, repr=False)
    voided: bool = False
