"""Between messages of days and requests and records of the domain, both ways."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from hadir.v1 import attendance_pb2, month_pb2, request_pb2

from server import attendance_messages, messages
from server.domain.attendance.closing import Closing, Figures
from server.domain.attendance.discipline import Counters
from server.domain.attendance.filing import PunchClaim
from server.domain.attendance.model import (
    AttendanceDay,
    LeaveType,
    Punch,
    RequestKind,
    TraceLine,
)
from server.errors import FieldInvalid
from server.rpc import convert
from server.services.attendance import PersonDays, PersonRecap
from server.services.requests import CaseFile, Draft
from server.storage.documents import Document
from server.storage.requests import Decision

E = TypeVar("E", RequestKind, LeaveType)


def day(text: str, field: str) -> date:
    """Returns the date of YYYY-MM-DD. Raises FieldInvalid."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise FieldInvalid(f"{field} is no date YYYY-MM-DD", field=field) from None
    if not date(2000, 1, 1) <= found <= date(2199, 12, 31):
        raise FieldInvalid(f"{field} is out of range", field=field)
    return found


def month(text: str) -> tuple[date, date]:
    """Returns the first and the last date of a month YYYY-MM. Raises FieldInvalid."""
    first = day(f"{text}-01", "month")
    following = (first + timedelta(days=31)).replace(day=1)
    return first, following - timedelta(days=1)


def punch(record: Punch) -> attendance_pb2.Punch:
    """Returns a punch."""
    return attendance_pb2.Punch(
        event_id=record.event_id,
        kind=f"EVENT_KIND_{record.kind.value}",
        event_time=convert.stamp(record.event_time),
        source=f"PUNCH_SOURCE_{record.source.value}",
    )


def attendance_day(record: AttendanceDay) -> attendance_pb2.AttendanceDay:
    """Returns a day, without its reasons."""
    request = record.request
    return attendance_pb2.AttendanceDay(
        date=record.day.isoformat(),
        unit_id=record.unit_id,
        status=f"DAY_STATUS_{record.status.value}",
        phase=record.phase.value,
        final=record.final,
        arrival=punch(record.arrival) if record.arrival else None,
        departure=punch(record.departure) if record.departure else None,
        late_minutes=record.late_minutes,
        late_band=record.late_band,
        early_minutes=record.early_minutes,
        early_band=record.early_band,
        cuts=[
            attendance_pb2.Cut(
                fault=cut.fault.value,
                band=cut.band,
                percent=str(cut.percent),
                waived_by=cut.waived_by,
            )
            for cut in record.cuts
        ],
        percent=str(record.percent),
        request_id=request.request_id if request else "",
        leave=request.leave.value if request and request.leave else "",
        place_waived=record.place_waived,
    )


def employee_days(
    record: PersonDays, counted: Counters | None = None, *, language: str = ""
) -> attendance_pb2.EmployeeDays:
    """Returns the days of an employee."""
    return attendance_pb2.EmployeeDays(
        nip=record.nip,
        display_name=record.display_name,
        days=[attendance_day(day) for day in record.days],
        counters=counters(counted, language) if counted else None,
    )


def counters(record: Counters, language: str) -> attendance_pb2.DisciplineCounters:
    """Returns counters, with the gravest step in words."""
    step = record.row_step or record.step
    return attendance_pb2.DisciplineCounters(
        year=record.year,
        days=record.days,
        days_from_minutes=record.from_minutes,
        row_max=record.row_max,
        dates=[day.isoformat() for day in record.dates],
        step=record.step,
        row_step=record.row_step,
        text=messages.text(attendance_messages.DISCIPLINE, step, language) if step else "",
    )


def trace_line(line: TraceLine, text: str) -> attendance_pb2.TraceLine:
    """Returns a line of a trace with its text."""
    return attendance_pb2.TraceLine(
        rule=line.rule.value,
        source=line.source,
        event_ids=line.event_ids,
        time=convert.stamp(line.time),
        limit=convert.stamp(line.limit),
        minutes=line.minutes,
        band=line.band,
        percent="" if line.percent is None else str(line.percent),
        request_id=line.request_id,
        approver=line.approver,
        reason=line.reason,
        text=text,
    )


def recap(record: PersonRecap, language: str) -> attendance_pb2.EmployeeRecap:
    """Returns what the days of an employee add up to."""
    tpp = record.tpp
    return attendance_pb2.EmployeeRecap(
        nip=record.nip,
        display_name=record.display_name,
        statuses=_counts({status.value: n for status, n in record.recap.statuses.items()}),
        bands=_counts(record.recap.bands),
        phases=_counts({phase.value: n for phase, n in record.recap.phases.items()}),
        late_minutes=record.recap.late_minutes,
        early_minutes=record.recap.early_minutes,
        tpp_workdays=tpp.workdays,
        tpp_percent=str(tpp.percent),
        tpp_waived_percent=str(tpp.waived_percent),
        left_out=[
            attendance_pb2.LeftOutDays(
                reason=reason.value,
                dates=[day.isoformat() for day in dates],
                text=messages.text(attendance_messages.LEFT_OUT, reason.value, language),
            )
            for reason, dates in tpp.left_out.items()
        ],
    )


def closing(record: Closing) -> month_pb2.Closing:
    """Returns a month as it was closed."""
    return month_pb2.Closing(
        unit_id=record.unit_id,
        month=f"{record.month:%Y-%m}",
        version=record.version,
        actor=record.actor,
        reason=record.reason,
        despite=record.despite,
        waiting_count=record.waiting,
        people_count=record.people,
        ledger_size=record.ledger_size,
        close_time=convert.stamp(record.close_time),
    )


def figures(record: Figures) -> month_pb2.Figures:
    """Returns what counts for the allowance."""
    return month_pb2.Figures(
        workdays=record.workdays,
        percent=str(record.percent),
        waived_percent=str(record.waived_percent),
        left_out_days=record.left_out_days,
    )


def draft(message: request_pb2.SubmitRequestRequest) -> Draft:
    """Returns what an employee asks for, unchecked but for its form. Raises FieldInvalid."""
    kind = _named(RequestKind, request_pb2.RequestKind, message.kind, "REQUEST_KIND_")
    leave = None
    if message.leave:
        leave = _named(LeaveType, request_pb2.LeaveType, message.leave, "LEAVE_TYPE_")
    return Draft(
        request_id=message.request_id,
        kind=kind,
        first=day(message.first, "first"),
        last=day(message.last, "last"),
        reason=message.reason,
        leave=leave,
        number=message.number,
        letter_date=day(message.letter_date, "letter_date") if message.letter_date else None,
        place=message.place,
        claim=claim(message.punch) if message.HasField("punch") else None,
        document_ids=tuple(dict.fromkeys(message.document_ids)),
    )


def claim(message: Any) -> PunchClaim:
    """Returns a claimed punch. Raises FieldInvalid."""
    return PunchClaim(convert.event_kind(message.kind), convert.time(message.punch_time))


def request(case: CaseFile, language: str) -> request_pb2.Request:
    """Returns a request with its decisions."""
    filed, asked = case.filed, case.filed.request
    punch_claim = None
    if filed.claim:
        punch_claim = request_pb2.PunchClaim(
            kind=f"EVENT_KIND_{filed.claim.kind.value}",
            punch_time=convert.stamp(filed.claim.punch_time),
        )
    return request_pb2.Request(
        request_id=asked.request_id,
        nip=asked.nip,
        display_name=case.display_name,
        unit_id=filed.unit_id,
        kind=f"REQUEST_KIND_{asked.kind.value}",
        leave=f"LEAVE_TYPE_{asked.leave.value}" if asked.leave else None,
        first=asked.first.isoformat(),
        last=asked.last.isoformat(),
        reason=filed.reason,
        number=asked.number,
        letter_date=filed.letter_date.isoformat() if filed.letter_date else "",
        place=filed.place,
        punch=punch_claim,
        document_ids=filed.document_ids,
        state=f"REQUEST_STATE_{asked.state.value}",
        submit_time=convert.stamp(filed.submit_time),
        levels=[level.value for level in filed.levels],
        desk_unit_id=case.desk_unit_id or "",
        step=filed.step,
        decisions=[_decision(decision) for decision in case.decisions],
        text=messages.text(attendance_messages.REQUEST_STATES, asked.state.value, language),
    )


def document(record: Document) -> request_pb2.Document:
    """Returns a document; its id only once all of it arrived."""
    return request_pb2.Document(
        document_id=record.document_id if record.complete else "",
        size_bytes=record.size_bytes,
        media_type=record.media_type,
        sha256=record.digest.hex(),
    )


def _decision(record: Decision) -> request_pb2.Decision:
    return request_pb2.Decision(
        state=f"REQUEST_STATE_{record.state.value}",
        level=record.level,
        actor=record.actor,
        nip=record.nip,
        deputy_of=record.deputy_of,
        reason=record.reason,
        decide_time=convert.stamp(record.decide_time),
    )


def _counts(found: Mapping[str, int]) -> list[attendance_pb2.Count]:
    return [attendance_pb2.Count(name=name, count=found[name]) for name in sorted(found)]


def _named(records: type[E], numbers: Any, number: int, prefix: str) -> E:
    try:
        return records(numbers.Name(number).removeprefix(prefix))
    except ValueError:
        raise FieldInvalid("the kind is unknown", field="kind") from None
