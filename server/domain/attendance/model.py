"""The words of attendance as records: punches, requests, phases, and the day they add up to."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from server.domain.model import EventKind

NOTHING = Decimal(0)


class PunchSource(enum.Enum):
    """How a punch came about; a kiosk asks nobody, so its IN or OUT is a guess."""

    PHONE = "PHONE"
    KIOSK = "KIOSK"
    CORRECTION = "CORRECTION"


class Added(NamedTuple):
    """How a punch was added: by a request that was accepted (empty if by BKD), by whom, and why."""

    request_id: str
    approver: str
    reason: str


class Void(NamedTuple):
    """Who of BKD voided a punch (NIP), and why."""

    actor: str
    reason: str


class Punch(NamedTuple):
    """A valid event as the day sees it; event_time is UTC, when the first frame was received.

    added: of corrections. A tuple, as a month of the province has half a million of them.
    """

    event_id: str
    kind: EventKind
    event_time: datetime
    source: PunchSource
    added: Added | None = None


class RequestKind(enum.Enum):
    """What is asked for."""

    LATE_REASON = "LATE_REASON"
    EARLY_REASON = "EARLY_REASON"
    FORGOTTEN_CHECK_OUT = "FORGOTTEN_CHECK_OUT"
    CORRECTION = "CORRECTION"
    IZIN = "IZIN"
    SAKIT = "SAKIT"
    TUGAS_LUAR = "TUGAS_LUAR"
    TUGAS_BELAJAR = "TUGAS_BELAJAR"
    DIKLAT = "DIKLAT"
    CUTI = "CUTI"


class LeaveType(enum.Enum):
    """Leave of civil servants (PP 11/2017, Perban BKN 24/2017)."""

    TAHUNAN = "TAHUNAN"
    BESAR = "BESAR"
    SAKIT = "SAKIT"
    MELAHIRKAN = "MELAHIRKAN"
    ALASAN_PENTING = "ALASAN_PENTING"
    BERSAMA = "BERSAMA"
    LUAR_TANGGUNGAN = "LUAR_TANGGUNGAN"


class RequestState(enum.Enum):
    """How far a request is; only ACCEPTED changes a day."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    ANNULLED = "ANNULLED"


@dataclass(frozen=True, slots=True)
class Request:
    """A request for the days first to last, both included.

    number: of the letter (surat tugas, doctor's letter). approver: who decided or annulled, by NIP
    or user name. leave: the type, for CUTI alone. annul_reason: why BKD annulled it.
    """

    request_id: str
    nip: str
    kind: RequestKind
    first: date
    last: date
    state: RequestState
    approver: str = ""
    number: str = ""
    leave: LeaveType | None = None
    annul_reason: str = ""


class Phase(enum.Enum):
    """The stage of the roll-out; only OFFICIAL counts for the allowance (TPP)."""

    SOCIALISATION = "SOCIALISATION"
    TRIAL = "TRIAL"
    OFFICIAL = "OFFICIAL"


@dataclass(frozen=True, slots=True)
class Ended:
    """From which date on no version holds for a unit: it was moved to where there is none."""

    unit_id: str
    start: date


@dataclass(frozen=True, slots=True)
class PhasePeriod:
    """From which date on a unit is in a phase, until the next period of the same unit."""

    unit_id: str
    start: date
    phase: Phase


@dataclass(frozen=True, slots=True)
class Posting:
    """Where an employee serves from start to end (included; None: until the next posting).

    zone: the IANA zone of the employee's site.
    """

    start: date
    unit_id: str
    zone: str
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Whose days are derived. roster: shift by date, for units that work in shifts; "" is off."""

    nip: str
    postings: tuple[Posting, ...]
    roster: Mapping[date, str] = field(default_factory=dict)


class DayStatus(enum.Enum):
    """What a day is. Of several faults it names the gravest; the day's fields have all of them."""

    PRESENT = "PRESENT"
    LATE = "LATE"
    LEFT_EARLY = "LEFT_EARLY"
    NO_CHECK_IN = "NO_CHECK_IN"
    NO_CHECK_OUT = "NO_CHECK_OUT"
    IZIN = "IZIN"
    SAKIT = "SAKIT"
    TUGAS_LUAR = "TUGAS_LUAR"
    DIKLAT = "DIKLAT"
    CUTI = "CUTI"
    HOLIDAY = "HOLIDAY"
    OFF = "OFF"
    ABSENT = "ABSENT"
    PENDING = "PENDING"
    UNSCHEDULED = "UNSCHEDULED"


# On these days nobody was expected, or nobody said when.
NO_WORK = frozenset({DayStatus.HOLIDAY, DayStatus.OFF, DayStatus.UNSCHEDULED})


class Fault(enum.Enum):
    """What costs a part of the allowance."""

    LATE = "LATE"
    EARLY = "EARLY"
    NO_CHECK_IN = "NO_CHECK_IN"
    NO_CHECK_OUT = "NO_CHECK_OUT"
    ABSENT = "ABSENT"


class Cut(NamedTuple):
    """A fault with its band, its price in percent of the allowance, and the waiving request."""

    fault: Fault
    band: str
    percent: Decimal
    waived_by: str = ""


class TraceRule(enum.Enum):
    """The rules that a trace names."""

    SCHEDULE = "SCHEDULE"
    OVERRIDE = "OVERRIDE"
    ROSTER = "ROSTER"
    HOLIDAY = "HOLIDAY"
    DAY_OFF = "DAY_OFF"
    NO_SCHEDULE = "NO_SCHEDULE"
    PHASE = "PHASE"
    CUT_TABLE = "CUT_TABLE"
    FLEXIBLE_PLACE = "FLEXIBLE_PLACE"
    FIRST_CHECK_IN = "FIRST_CHECK_IN"
    LAST_CHECK_OUT = "LAST_CHECK_OUT"
    OTHER_PUNCHES = "OTHER_PUNCHES"
    ADDED_PUNCH = "ADDED_PUNCH"
    VOIDED_PUNCH = "VOIDED_PUNCH"
    LATE = "LATE"
    LEFT_EARLY = "LEFT_EARLY"
    NO_CHECK_IN = "NO_CHECK_IN"
    NO_CHECK_OUT = "NO_CHECK_OUT"
    ABSENT = "ABSENT"
    REQUEST = "REQUEST"
    WAIVER = "WAIVER"
    ANNULLED = "ANNULLED"
    DAY_MAX = "DAY_MAX"
    BETTER_BY_REQUEST = "BETTER_BY_REQUEST"
    DAY_NOT_OVER = "DAY_NOT_OVER"


class TraceLine(NamedTuple):
    """A rule applied, with its inputs; what a rule does not have is empty.

    source: the version of the schedule or table, the holiday, the shift, the number of the letter,
    the reason for which a punch was added.
    time: of the event, or when the day is over (UTC). limit: what the time was compared with (UTC).
    reason: why a request was annulled or a punch voided.
    """

    rule: TraceRule
    source: str = ""
    event_ids: tuple[str, ...] = ()
    time: datetime | None = None
    limit: datetime | None = None
    minutes: int = 0
    band: str = ""
    percent: Decimal | None = None
    request_id: str = ""
    approver: str = ""
    reason: str = ""


class AttendanceDay(NamedTuple):
    """What an employee's events and requests add up to on one local date: derived, never stored.

    final: nothing of the day is still open; before, the percentage is 0 and the cuts are empty.
    late_minutes, early_minutes: whole minutes, 0 if there are none or no record. percent: what the
    day costs. waived_percent: what requests took off that. request: the accepted request that gave
    the status. place_waived: no geofence applies. cut_table: version, empty if none holds on that
    date.
    """

    day: date
    unit_id: str
    status: DayStatus
    phase: Phase
    final: bool = True
    arrival: Punch | None = None
    departure: Punch | None = None
    late_minutes: int = 0
    late_band: str = ""
    early_minutes: int = 0
    early_band: str = ""
    cuts: tuple[Cut, ...] = ()
    percent: Decimal = NOTHING
    waived_percent: Decimal = NOTHING
    request: Request | None = None
    place_waived: bool = False
    schedule: str = ""
    cut_table: str = ""
    why: tuple[TraceLine, ...] = ()

    @property
    def unexcused(self) -> bool:
        """Whether this is a workday without attendance and without a reason (PP 94/2021)."""
        waived = any(cut.waived_by for cut in self.cuts)
        return self.status is DayStatus.ABSENT and not waived
