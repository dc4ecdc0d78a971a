import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CloseMonthRequest(_message.Message):
    __slots__ = ("unit_id", "month", "reason", "version", "despite")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESPITE_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    month: str
    reason: str
    version: int
    despite: str
    def __init__(self, unit_id: _Optional[str] = ..., month: _Optional[str] = ..., reason: _Optional[str] = ..., version: _Optional[int] = ..., despite: _Optional[str] = ...) -> None: ...

class Closing(_message.Message):
    __slots__ = ("unit_id", "month", "version", "actor", "reason", "despite", "waiting_count", "people_count", "ledger_size", "close_time")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DESPITE_FIELD_NUMBER: _ClassVar[int]
    WAITING_COUNT_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEDGER_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_TIME_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    month: str
    version: int
    actor: str
    reason: str
    despite: str
    waiting_count: int
    people_count: int
    ledger_size: int
    close_time: _timestamp_pb2.Timestamp
    def __init__(self, unit_id: _Optional[str] = ..., month: _Optional[str] = ..., version: _Optional[int] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., despite: _Optional[str] = ..., waiting_count: _Optional[int] = ..., people_count: _Optional[int] = ..., ledger_size: _Optional[int] = ..., close_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListClosingsRequest(_message.Message):
    __slots__ = ("unit_id", "page_size", "page_token")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    page_size: int
    page_token: str
    def __init__(self, unit_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListClosingsResponse(_message.Message):
    __slots__ = ("closings", "next_page_token")
    CLOSINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    closings: _containers.RepeatedCompositeFieldContainer[Closing]
    next_page_token: str
    def __init__(self, closings: _Optional[_Iterable[_Union[Closing, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class Figures(_message.Message):
    __slots__ = ("workdays", "percent", "waived_percent", "left_out_days")
    WORKDAYS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    WAIVED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_DAYS_FIELD_NUMBER: _ClassVar[int]
    workdays: int
    percent: str
    waived_percent: str
    left_out_days: int
    def __init__(self, workdays: _Optional[int] = ..., percent: _Optional[str] = ..., waived_percent: _Optional[str] = ..., left_out_days: _Optional[int] = ...) -> None: ...

class Difference(_message.Message):
    __slots__ = ("nip", "display_name", "closed", "today")
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    TODAY_FIELD_NUMBER: _ClassVar[int]
    nip: str
    display_name: str
    closed: Figures
    today: Figures
    def __init__(self, nip: _Optional[str] = ..., display_name: _Optional[str] = ..., closed: _Optional[_Union[Figures, _Mapping]] = ..., today: _Optional[_Union[Figures, _Mapping]] = ...) -> None: ...

class ListDifferencesRequest(_message.Message):
    __slots__ = ("unit_id", "month")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    MONTH_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    month: str
    def __init__(self, unit_id: _Optional[str] = ..., month: _Optional[str] = ...) -> None: ...

class ListDifferencesResponse(_message.Message):
    __slots__ = ("differences", "closings")
    DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    CLOSINGS_FIELD_NUMBER: _ClassVar[int]
    differences: _containers.RepeatedCompositeFieldContainer[Difference]
    closings: _containers.RepeatedCompositeFieldContainer[Closing]
    def __init__(self, differences: _Optional[_Iterable[_Union[Difference, _Mapping]]] = ..., closings: _Optional[_Iterable[_Union[Closing, _Mapping]]] = ...) -> None: ...
