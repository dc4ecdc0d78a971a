"""AttendanceService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TypeVar
from zoneinfo import ZoneInfo

from hadir.v1 import attendance_pb2, attendance_pb2_grpc

from server import attendance_messages, messages
from server.domain.attendance.filing import PunchClaim
from server.domain.attendance.model import Punch, PunchSource, TraceLine
from server.errors import FieldInvalid
from server.exports import writers
from server.exports.sheet import Sheet
from server.rpc import convert, convert_attendance
from server.rpc.call import Context, caller, language
from server.services.attendance import Attendance, PersonDays
from server.services.corrections import Corrections
from server.services.live import LiveStreams
from server.services.months import Months
from server.services.sheets import RecapKind

# A message of so many days is some 12 ms of the event loop.
DAYS_A_MESSAGE = 400
PEOPLE_A_MESSAGE = 50
RECAPS_A_MESSAGE = 200
EXPORT_BYTES_A_MESSAGE = 64 * 1024

T = TypeVar("T")


class AttendanceServicer(attendance_pb2_grpc.AttendanceServiceServicer):
    """Attendance days for employees, heads and BKD."""

    def __init__(
        self, attendance: Attendance, months: Months, corrections: Corrections, live: LiveStreams
    ) -> None:
        self._attendance = attendance
        self._months = months
        self._corrections = corrections
        self._live = live

    async def GetOwnDays(
        self, request: attendance_pb2.GetOwnDaysRequest, context: Context
    ) -> attendance_pb2.EmployeeDays:
        """See attendance.proto."""
        return await self._days(caller().nip, request.first, request.last)

    async def GetEmployeeDays(
        self, request: attendance_pb2.GetEmployeeDaysRequest, context: Context
    ) -> attendance_pb2.EmployeeDays:
        """See attendance.proto."""
        return await self._days(request.nip, request.first, request.last)

    async def WhyDay(
        self, request: attendance_pb2.WhyDayRequest, context: Context
    ) -> attendance_pb2.WhyDayResponse:
        """See attendance.proto."""
        day = convert_attendance.day(request.date, "date")
        nip = request.nip or caller().nip
        found = await self._attendance.of_person(caller(), nip, day, day)
        zone = await self._attendance.zone_of(nip, day)
        closing = await self._months.closing_of(found.days[0].unit_id, day)
        return attendance_pb2.WhyDayResponse(
            day=convert_attendance.attendance_day(found.days[0]),
            closing=convert_attendance.closing(closing) if closing else None,
            lines=[
                convert_attendance.trace_line(line, _why(line, zone)) for line in found.days[0].why
            ],
        )

    async def ListUnitDays(
        self, request: attendance_pb2.ListUnitDaysRequest, context: Context
    ) -> AsyncIterator[attendance_pb2.ListUnitDaysResponse]:
        """See attendance.proto."""
        first = convert_attendance.day(request.first, "first")
        last = convert_attendance.day(request.last, "last")
        people = await self._attendance.of_unit(caller(), request.unit_id, first, last)
        days = (last - first).days + 1
        for some in _parts(people, min(PEOPLE_A_MESSAGE, max(1, DAYS_A_MESSAGE // days))):
            yield attendance_pb2.ListUnitDaysResponse(employees=_shown(some))

    async def ListUnitRecaps(
        self, request: attendance_pb2.ListUnitRecapsRequest, context: Context
    ) -> AsyncIterator[attendance_pb2.ListUnitRecapsResponse]:
        """See attendance.proto."""
        first, last = convert_attendance.month(request.month)
        month = await self._months.of_unit(caller(), request.unit_id, first, last)
        if month.closings:
            yield attendance_pb2.ListUnitRecapsResponse(
                closings=[convert_attendance.closing(one) for one in month.closings],
                differing_count=len(month.differences),
            )
        for some in _parts(month.recaps, RECAPS_A_MESSAGE):
            yield attendance_pb2.ListUnitRecapsResponse(
                recaps=[convert_attendance.recap(one, language()) for one in some]
            )

    async def ExportRecap(
        self, request: attendance_pb2.ExportRecapRequest, context: Context
    ) -> AsyncIterator[attendance_pb2.ExportRecapResponse]:
        """See attendance.proto."""
        kind = _recap_kind(request.kind)
        suffix, write = _writer(request.format)
        content = await self._months.export(
            caller(),
            request.unit_id,
            convert_attendance.month(request.month),
            kind=kind,
            write=write,
            language=language(),
        )
        name = f"{kind.value.lower()}-{request.unit_id or 'all'}-{request.month}.{suffix}"
        yield attendance_pb2.ExportRecapResponse(file_name=name)
        for start in range(0, len(content), EXPORT_BYTES_A_MESSAGE):
            part = content[start : start + EXPORT_BYTES_A_MESSAGE]
            yield attendance_pb2.ExportRecapResponse(content=part)

    async def WatchUnit(
        self, request: attendance_pb2.WatchUnitRequest, context: Context
    ) -> AsyncIterator[attendance_pb2.WatchUnitResponse]:
        """See attendance.proto."""
        with self._live.open(caller()) as live, live.guarded():
            async for rows in self._attendance.watch(caller(), request.unit_id, live):
                parts = list(_parts(rows, PEOPLE_A_MESSAGE)) or [[]]
                for number, some in enumerate(parts, 1):
                    yield attendance_pb2.WatchUnitResponse(
                        employees=_shown(some), complete=number == len(parts)
                    )

    async def CorrectAttendance(
        self, request: attendance_pb2.CorrectAttendanceRequest, context: Context
    ) -> attendance_pb2.Punch:
        """See attendance.proto."""
        claim = PunchClaim(convert.event_kind(request.kind), convert.time(request.event_time))
        made = await self._corrections.correct(
            caller(), request.nip, claim, request.reason, request_id=request.request_id
        )
        return convert_attendance.punch(
            Punch(made.event_id, made.kind, made.event_time, PunchSource.CORRECTION)
        )

    async def VoidPunch(
        self, request: attendance_pb2.VoidPunchRequest, context: Context
    ) -> attendance_pb2.VoidedPunch:
        """See attendance.proto."""
        punch, voiding = await self._corrections.void(caller(), request.event_id, request.reason)
        return attendance_pb2.VoidedPunch(
            punch=convert_attendance.punch(punch),
            nip=voiding.nip,
            actor=voiding.actor,
            reason=voiding.reason,
            void_time=convert.stamp(voiding.void_time),
        )

    async def _days(self, nip: str, first: str, last: str) -> attendance_pb2.EmployeeDays:
        begin = convert_attendance.day(first, "first")
        end = convert_attendance.day(last, "last")
        found = await self._attendance.of_person(caller(), nip, begin, end)
        counted = await self._attendance.counters_of(caller(), nip, end.year)
        return convert_attendance.employee_days(found, counted, language=language())


def _recap_kind(number: int) -> RecapKind:
    try:
        name = attendance_pb2.RecapKind.Name(number)
        return RecapKind(name.removeprefix("RECAP_KIND_"))
    except ValueError:
        raise FieldInvalid("the kind is unknown", field="kind") from None


def _writer(number: int) -> tuple[str, Callable[[Sheet], bytes]]:
    """Returns the suffix and the writer of a format. Raises FieldInvalid."""
    formats = {
        attendance_pb2.RECAP_FORMAT_XLSX: ("xlsx", writers.write_xlsx),
        attendance_pb2.RECAP_FORMAT_CSV: ("csv", writers.write_csv),
        attendance_pb2.RECAP_FORMAT_PDF: ("pdf", writers.write_pdf),
    }
    found = {int(key): value for key, value in formats.items()}.get(number)
    if found is None:
        raise FieldInvalid("the format is unknown", field="format")
    return found


def _shown(people: Sequence[PersonDays]) -> list[attendance_pb2.EmployeeDays]:
    return [convert_attendance.employee_days(one) for one in people]


def _parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _why(line: TraceLine, zone: ZoneInfo) -> str:
    """Returns a line of a trace in the caller's language."""
    clock = "%H.%M.%S" if language() == "id" else "%H:%M:%S"
    return messages.text(
        attendance_messages.RULES,
        line.rule.value,
        language(),
        source=line.source or "-",
        time=line.time.astimezone(zone).strftime(clock) if line.time else "-",
        limit=line.limit.astimezone(zone).strftime(clock) if line.limit else "-",
        minutes=line.minutes,
        band=line.band or "-",
        percent="-" if line.percent is None else line.percent,
        request=line.request_id or "-",
        approver=line.approver or "-",
        reason=line.reason or "-",
        events=", ".join(line.event_ids) or "-",
    )
