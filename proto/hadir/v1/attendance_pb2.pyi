import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import event_pb2 as _event_pb2
from hadir.v1 import month_pb2 as _month_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DayStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DAY_STATUS_UNSPECIFIED: _ClassVar[DayStatus]
    DAY_STATUS_PRESENT: _ClassVar[DayStatus]
    DAY_STATUS_LATE: _ClassVar[DayStatus]
    DAY_STATUS_LEFT_EARLY: _ClassVar[DayStatus]
    DAY_STATUS_NO_CHECK_IN: _ClassVar[DayStatus]
    DAY_STATUS_NO_CHECK_OUT: _ClassVar[DayStatus]
    DAY_STATUS_IZIN: _ClassVar[DayStatus]
    DAY_STATUS_SAKIT: _ClassVar[DayStatus]
    DAY_STATUS_TUGAS_LUAR: _ClassVar[DayStatus]
    DAY_STATUS_DIKLAT: _ClassVar[DayStatus]
    DAY_STATUS_CUTI: _ClassVar[DayStatus]
    DAY_STATUS_HOLIDAY: _ClassVar[DayStatus]
    DAY_STATUS_OFF: _ClassVar[DayStatus]
    DAY_STATUS_ABSENT: _ClassVar[DayStatus]
    DAY_STATUS_PENDING: _ClassVar[DayStatus]
    DAY_STATUS_UNSCHEDULED: _ClassVar[DayStatus]

class PunchSource(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PUNCH_SOURCE_UNSPECIFIED: _ClassVar[PunchSource]
    PUNCH_SOURCE_PHONE: _ClassVar[PunchSource]
    PUNCH_SOURCE_KIOSK: _ClassVar[PunchSource]
    PUNCH_SOURCE_CORRECTION: _ClassVar[PunchSource]

class RecapKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECAP_KIND_UNSPECIFIED: _ClassVar[RecapKind]
    RECAP_KIND_MONTH: _ClassVar[RecapKind]
    RECAP_KIND_TPP: _ClassVar[RecapKind]
    RECAP_KIND_MATRIX: _ClassVar[RecapKind]
    RECAP_KIND_DIFFERENCE: _ClassVar[RecapKind]

class RecapFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECAP_FORMAT_UNSPECIFIED: _ClassVar[RecapFormat]
    RECAP_FORMAT_XLSX: _ClassVar[RecapFormat]
    RECAP_FORMAT_CSV: _ClassVar[RecapFormat]
    RECAP_FORMAT_PDF: _ClassVar[RecapFormat]
DAY_STATUS_UNSPECIFIED: DayStatus
DAY_STATUS_PRESENT: DayStatus
DAY_STATUS_LATE: DayStatus
DAY_STATUS_LEFT_EARLY: DayStatus
DAY_STATUS_NO_CHECK_IN: DayStatus
DAY_STATUS_NO_CHECK_OUT: DayStatus
DAY_STATUS_IZIN: DayStatus
DAY_STATUS_SAKIT: DayStatus
DAY_STATUS_TUGAS_LUAR: DayStatus
DAY_STATUS_DIKLAT: DayStatus
DAY_STATUS_CUTI: DayStatus
DAY_STATUS_HOLIDAY: DayStatus
DAY_STATUS_OFF: DayStatus
DAY_STATUS_ABSENT: DayStatus
DAY_STATUS_PENDING: DayStatus
DAY_STATUS_UNSCHEDULED: DayStatus
PUNCH_SOURCE_UNSPECIFIED: PunchSource
PUNCH_SOURCE_PHONE: PunchSource
PUNCH_SOURCE_KIOSK: PunchSource
PUNCH_SOURCE_CORRECTION: PunchSource
RECAP_KIND_UNSPECIFIED: RecapKind
RECAP_KIND_MONTH: RecapKind
RECAP_KIND_TPP: RecapKind
RECAP_KIND_MATRIX: RecapKind
RECAP_KIND_DIFFERENCE: RecapKind
RECAP_FORMAT_UNSPECIFIED: RecapFormat
RECAP_FORMAT_XLSX: RecapFormat
RECAP_FORMAT_CSV: RecapFormat
RECAP_FORMAT_PDF: RecapFormat

class Punch(_message.Message):
    __slots__ = ("event_id", "kind", "event_time", "source")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    kind: _event_pb2.EventKind
    event_time: _timestamp_pb2.Timestamp
    source: PunchSource
    def __init__(self, event_id: _Optional[str] = ..., kind: _Optional[_Union[_event_pb2.EventKind, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[_Union[PunchSource, str]] = ...) -> None: ...

class Cut(_message.Message):
    __slots__ = ("fault", "band", "percent", "waived_by")
    FAULT_FIELD_NUMBER: _ClassVar[int]
    BAND_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    WAIVED_BY_FIELD_NUMBER: _ClassVar[int]
    fault: str
    band: str
    percent: str
    waived_by: str
    def __init__(self, fault: _Optional[str] = ..., band: _Optional[str] = ..., percent: _Optional[str] = ..., waived_by: _Optional[str] = ...) -> None: ...

class AttendanceDay(_message.Message):
    __slots__ = ("date", "unit_id", "status", "phase", "final", "arrival", "departure", "late_minutes", "late_band", "early_minutes", "early_band", "cuts", "percent", "request_id", "leave", "place_waived")
    DATE_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    ARRIVAL_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_FIELD_NUMBER: _ClassVar[int]
    LATE_MINUTES_FIELD_NUMBER: _ClassVar[int]
    LATE_BAND_FIELD_NUMBER: _ClassVar[int]
    EARLY_MINUTES_FIELD_NUMBER: _ClassVar[int]
    EARLY_BAND_FIELD_NUMBER: _ClassVar[int]
    CUTS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    PLACE_WAIVED_FIELD_NUMBER: _ClassVar[int]
    date: str
    unit_id: str
    status: DayStatus
    phase: str
    final: bool
    arrival: Punch
    departure: Punch
    late_minutes: int
    late_band: str
    early_minutes: int
    early_band: str
    cuts: _containers.RepeatedCompositeFieldContainer[Cut]
    percent: str
    request_id: str
    leave: str
    place_waived: bool
    def __init__(self, date: _Optional[str] = ..., unit_id: _Optional[str] = ..., status: _Optional[_Union[DayStatus, str]] = ..., phase: _Optional[str] = ..., final: _Optional[bool] = ..., arrival: _Optional[_Union[Punch, _Mapping]] = ..., departure: _Optional[_Union[Punch, _Mapping]] = ..., late_minutes: _Optional[int] = ..., late_band: _Optional[str] = ..., early_minutes: _Optional[int] = ..., early_band: _Optional[str] = ..., cuts: _Optional[_Iterable[_Union[Cut, _Mapping]]] = ..., percent: _Optional[str] = ..., request_id: _Optional[str] = ..., leave: _Optional[str] = ..., place_waived: _Optional[bool] = ...) -> None: ...

class DisciplineCounters(_message.Message):
    __slots__ = ("year", "days", "days_from_minutes", "row_max", "dates", "step", "row_step", "text")
    YEAR_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FROM_MINUTES_FIELD_NUMBER: _ClassVar[int]
    ROW_MAX_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    ROW_STEP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    year: int
    days: int
    days_from_minutes: int
    row_max: int
    dates: _containers.RepeatedScalarFieldContainer[str]
    step: str
    row_step: str
    text: str
    def __init__(self, year: _Optional[int] = ..., days: _Optional[int] = ..., days_from_minutes: _Optional[int] = ..., row_max: _Optional[int] = ..., dates: _Optional[_Iterable[str]] = ..., step: _Optional[str] = ..., row_step: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class EmployeeDays(_message.Message):
    __slots__ = ("nip", "display_name", "days", "counters")
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    COUNTERS_FIELD_NUMBER: _ClassVar[int]
    nip: str
    display_name: str
    days: _containers.RepeatedCompositeFieldContainer[AttendanceDay]
    counters: DisciplineCounters
    def __init__(self, nip: _Optional[str] = ..., display_name: _Optional[str] = ..., days: _Optional[_Iterable[_Union[AttendanceDay, _Mapping]]] = ..., counters: _Optional[_Union[DisciplineCounters, _Mapping]] = ...) -> None: ...

class GetOwnDaysRequest(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: str
    last: str
    def __init__(self, first: _Optional[str] = ..., last: _Optional[str] = ...) -> None: ...

class GetEmployeeDaysRequest(_message.Message):
    __slots__ = ("nip", "first", "last")
    NIP_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    nip: str
    first: str
    last: str
    def __init__(self, nip: _Optional[str] = ..., first: _Optional[str] = ..., last: _Optional[str] = ...) -> None: ...

class WhyDayRequest(_message.Message):
    __slots__ = ("nip", "date")
    NIP_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    nip: str
    date: str
    def __init__(self, nip: _Optional[str] = ..., date: _Optional[str] = ...) -> None: ...

class TraceLine(_message.Message):
    __slots__ = ("rule", "source", "event_ids", "time", "limit", "minutes", "band", "percent", "request_id", "approver", "text", "reason")
    RULE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    BAND_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    rule: str
    source: str
    event_ids: _containers.RepeatedScalarFieldContainer[str]
    time: _timestamp_pb2.Timestamp
    limit: _timestamp_pb2.Timestamp
    minutes: int
    band: str
    percent: str
    request_id: str
    approver: str
    text: str
    reason: str
    def __init__(self, rule: _Optional[str] = ..., source: _Optional[str] = ..., event_ids: _Optional[_Iterable[str]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., limit: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., minutes: _Optional[int] = ..., band: _Optional[str] = ..., percent: _Optional[str] = ..., request_id: _Optional[str] = ..., approver: _Optional[str] = ..., text: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class WhyDayResponse(_message.Message):
    __slots__ = ("day", "lines", "closing")
    DAY_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    CLOSING_FIELD_NUMBER: _ClassVar[int]
    day: AttendanceDay
    lines: _containers.RepeatedCompositeFieldContainer[TraceLine]
    closing: _month_pb2.Closing
    def __init__(self, day: _Optional[_Union[AttendanceDay, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[TraceLine, _Mapping]]] = ..., closing: _Optional[_Union[_month_pb2.Closing, _Mapping]] = ...) -> None: ...

class ListUnitDaysRequest(_message.Message):
    __slots__ = ("unit_id", "first", "last")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    first: str
    last: str
    def __init__(self, unit_id: _Optional[str] = ..., first: _Optional[str] = ..., last: _Optional[str] = ...) -> None: ...

class ListUnitDaysResponse(_message.Message):
    __slots__ = ("employees",)
    EMPLOYEES_FIELD_NUMBER: _ClassVar[int]
    employees: _containers.RepeatedCompositeFieldContainer[EmployeeDays]
    def __init__(self, employees: _Optional[_Iterable[_Union[EmployeeDays, _Mapping]]] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("name", "count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    count: int
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class LeftOutDays(_message.Message):
    __slots__ = ("reason", "dates", "text")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DATES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    dates: _containers.RepeatedScalarFieldContainer[str]
    text: str
    def __init__(self, reason: _Optional[str] = ..., dates: _Optional[_Iterable[str]] = ..., text: _Optional[str] = ...) -> None: ...

class EmployeeRecap(_message.Message):
    __slots__ = ("nip", "display_name", "statuses", "bands", "phases", "late_minutes", "early_minutes", "tpp_workdays", "tpp_percent", "tpp_waived_percent", "left_out")
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    BANDS_FIELD_NUMBER: _ClassVar[int]
    PHASES_FIELD_NUMBER: _ClassVar[int]
    LATE_MINUTES_FIELD_NUMBER: _ClassVar[int]
    EARLY_MINUTES_FIELD_NUMBER: _ClassVar[int]
    TPP_WORKDAYS_FIELD_NUMBER: _ClassVar[int]
    TPP_PERCENT_FIELD_NUMBER: _ClassVar[int]
    TPP_WAIVED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    nip: str
    display_name: str
    statuses: _containers.RepeatedCompositeFieldContainer[Count]
    bands: _containers.RepeatedCompositeFieldContainer[Count]
    phases: _containers.RepeatedCompositeFieldContainer[Count]
    late_minutes: int
    early_minutes: int
    tpp_workdays: int
    tpp_percent: str
    tpp_waived_percent: str
    left_out: _containers.RepeatedCompositeFieldContainer[LeftOutDays]
    def __init__(self, nip: _Optional[str] = ..., display_name: _Optional[str] = ..., statuses: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., bands: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., phases: _Optional[_Iterable[_Union[Count, _Mapping]]] = ..., late_minutes: _Optional[int] = ..., early_minutes: _Optional[int] = ..., tpp_workdays: _Optional[int] = ..., tpp_percent: _Optional[str] = ..., tpp_waived_percent: _Optional[str] = ..., left_out: _Optional[_Iterable[_Union[LeftOutDays, _Mapping]]] = ...) -> None: ...

class ListUnitRecapsRequest(_message.Message):
    __slots__ = ("unit_id", "month")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    month: str
    def __init__(self, unit_id: _Optional[str] = ..., month: _Optional[str] = ...) -> None: ...

class ListUnitRecapsResponse(_message.Message):
    __slots__ = ("recaps", "closings", "differing_count")
    RECAPS_FIELD_NUMBER: _ClassVar[int]
    CLOSINGS_FIELD_NUMBER: _ClassVar[int]
    DIFFERING_COUNT_FIELD_NUMBER: _ClassVar[int]
    recaps: _containers.RepeatedCompositeFieldContainer[EmployeeRecap]
    closings: _containers.RepeatedCompositeFieldContainer[_month_pb2.Closing]
    differing_count: int
    def __init__(self, recaps: _Optional[_Iterable[_Union[EmployeeRecap, _Mapping]]] = ..., closings: _Optional[_Iterable[_Union[_month_pb2.Closing, _Mapping]]] = ..., differing_count: _Optional[int] = ...) -> None: ...

class ExportRecapRequest(_message.Message):
    __slots__ = ("unit_id", "month", "kind", "format")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    month: str
    kind: RecapKind
    format: RecapFormat
    def __init__(self, unit_id: _Optional[str] = ..., month: _Optional[str] = ..., kind: _Optional[_Union[RecapKind, str]] = ..., format: _Optional[_Union[RecapFormat, str]] = ...) -> None: ...

class ExportRecapResponse(_message.Message):
    __slots__ = ("file_name", "content")
    FILE_NAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    file_name: str
    content: bytes
    def __init__(self, file_name: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class WatchUnitRequest(_message.Message):
    __slots__ = ("unit_id",)
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    def __init__(self, unit_id: _Optional[str] = ...) -> None: ...

class WatchUnitResponse(_message.Message):
    __slots__ = ("employees", "complete")
    EMPLOYEES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    employees: _containers.RepeatedCompositeFieldContainer[EmployeeDays]
    complete: bool
    def __init__(self, employees: _Optional[_Iterable[_Union[EmployeeDays, _Mapping]]] = ..., complete: _Optional[bool] = ...) -> None: ...

class CorrectAttendanceRequest(_message.Message):
    __slots__ = ("nip", "kind", "event_time", "reason", "request_id")
    NIP_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    nip: str
    kind: _event_pb2.EventKind
    event_time: _timestamp_pb2.Timestamp
    reason: str
    request_id: str
    def __init__(self, nip: _Optional[str] = ..., kind: _Optional[_Union[_event_pb2.EventKind, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class VoidPunchRequest(_message.Message):
    __slots__ = ("event_id", "reason")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    reason: str
    def __init__(self, event_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class VoidedPunch(_message.Message):
    __slots__ = ("punch", "nip", "actor", "reason", "void_time")
    PUNCH_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VOID_TIME_FIELD_NUMBER: _ClassVar[int]
    punch: Punch
    nip: str
    actor: str
    reason: str
    void_time: _timestamp_pb2.Timestamp
    def __init__(self, punch: _Optional[_Union[Punch, _Mapping]] = ..., nip: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., void_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
