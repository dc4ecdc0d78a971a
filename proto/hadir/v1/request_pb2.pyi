import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import event_pb2 as _event_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RequestKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_KIND_UNSPECIFIED: _ClassVar[RequestKind]
    REQUEST_KIND_LATE_REASON: _ClassVar[RequestKind]
    REQUEST_KIND_EARLY_REASON: _ClassVar[RequestKind]
    REQUEST_KIND_FORGOTTEN_CHECK_OUT: _ClassVar[RequestKind]
    REQUEST_KIND_CORRECTION: _ClassVar[RequestKind]
    REQUEST_KIND_IZIN: _ClassVar[RequestKind]
    REQUEST_KIND_SAKIT: _ClassVar[RequestKind]
    REQUEST_KIND_TUGAS_LUAR: _ClassVar[RequestKind]
    REQUEST_KIND_TUGAS_BELAJAR: _ClassVar[RequestKind]
    REQUEST_KIND_DIKLAT: _ClassVar[RequestKind]
    REQUEST_KIND_CUTI: _ClassVar[RequestKind]

class LeaveType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEAVE_TYPE_UNSPECIFIED: _ClassVar[LeaveType]
    LEAVE_TYPE_TAHUNAN: _ClassVar[LeaveType]
    LEAVE_TYPE_BESAR: _ClassVar[LeaveType]
    LEAVE_TYPE_SAKIT: _ClassVar[LeaveType]
    LEAVE_TYPE_MELAHIRKAN: _ClassVar[LeaveType]
    LEAVE_TYPE_ALASAN_PENTING: _ClassVar[LeaveType]
    LEAVE_TYPE_BERSAMA: _ClassVar[LeaveType]
    LEAVE_TYPE_LUAR_TANGGUNGAN: _ClassVar[LeaveType]

class RequestState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_STATE_UNSPECIFIED: _ClassVar[RequestState]
    REQUEST_STATE_PENDING: _ClassVar[RequestState]
    REQUEST_STATE_ACCEPTED: _ClassVar[RequestState]
    REQUEST_STATE_REJECTED: _ClassVar[RequestState]
    REQUEST_STATE_WITHDRAWN: _ClassVar[RequestState]
    REQUEST_STATE_ANNULLED: _ClassVar[RequestState]
REQUEST_KIND_UNSPECIFIED: RequestKind
REQUEST_KIND_LATE_REASON: RequestKind
REQUEST_KIND_EARLY_REASON: RequestKind
REQUEST_KIND_FORGOTTEN_CHECK_OUT: RequestKind
REQUEST_KIND_CORRECTION: RequestKind
REQUEST_KIND_IZIN: RequestKind
REQUEST_KIND_SAKIT: RequestKind
REQUEST_KIND_TUGAS_LUAR: RequestKind
REQUEST_KIND_TUGAS_BELAJAR: RequestKind
REQUEST_KIND_DIKLAT: RequestKind
REQUEST_KIND_CUTI: RequestKind
LEAVE_TYPE_UNSPECIFIED: LeaveType
LEAVE_TYPE_TAHUNAN: LeaveType
LEAVE_TYPE_BESAR: LeaveType
LEAVE_TYPE_SAKIT: LeaveType
LEAVE_TYPE_MELAHIRKAN: LeaveType
LEAVE_TYPE_ALASAN_PENTING: LeaveType
LEAVE_TYPE_BERSAMA: LeaveType
LEAVE_TYPE_LUAR_TANGGUNGAN: LeaveType
REQUEST_STATE_UNSPECIFIED: RequestState
REQUEST_STATE_PENDING: RequestState
REQUEST_STATE_ACCEPTED: RequestState
REQUEST_STATE_REJECTED: RequestState
REQUEST_STATE_WITHDRAWN: RequestState
REQUEST_STATE_ANNULLED: RequestState

class PunchClaim(_message.Message):
    __slots__ = ("kind", "punch_time")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PUNCH_TIME_FIELD_NUMBER: _ClassVar[int]
    kind: _event_pb2.EventKind
    punch_time: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[_event_pb2.EventKind, str]] = ..., punch_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("state", "level", "actor", "nip", "deputy_of", "reason", "decide_time")
    STATE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    DEPUTY_OF_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DECIDE_TIME_FIELD_NUMBER: _ClassVar[int]
    state: RequestState
    level: str
    actor: str
    nip: str
    deputy_of: str
    reason: str
    decide_time: _timestamp_pb2.Timestamp
    def __init__(self, state: _Optional[_Union[RequestState, str]] = ..., level: _Optional[str] = ..., actor: _Optional[str] = ..., nip: _Optional[str] = ..., deputy_of: _Optional[str] = ..., reason: _Optional[str] = ..., decide_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("request_id", "nip", "display_name", "unit_id", "kind", "leave", "first", "last", "reason", "number", "letter_date", "place", "punch", "document_ids", "state", "submit_time", "levels", "desk_unit_id", "decisions", "text", "step")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    LETTER_DATE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    PUNCH_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SUBMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    DESK_UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    nip: str
    display_name: str
    unit_id: str
    kind: RequestKind
    leave: LeaveType
    first: str
    last: str
    reason: str
    number: str
    letter_date: str
    place: str
    punch: PunchClaim
    document_ids: _containers.RepeatedScalarFieldContainer[str]
    state: RequestState
    submit_time: _timestamp_pb2.Timestamp
    levels: _containers.RepeatedScalarFieldContainer[str]
    desk_unit_id: str
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    text: str
    step: int
    def __init__(self, request_id: _Optional[str] = ..., nip: _Optional[str] = ..., display_name: _Optional[str] = ..., unit_id: _Optional[str] = ..., kind: _Optional[_Union[RequestKind, str]] = ..., leave: _Optional[_Union[LeaveType, str]] = ..., first: _Optional[str] = ..., last: _Optional[str] = ..., reason: _Optional[str] = ..., number: _Optional[str] = ..., letter_date: _Optional[str] = ..., place: _Optional[str] = ..., punch: _Optional[_Union[PunchClaim, _Mapping]] = ..., document_ids: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[RequestState, str]] = ..., submit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., levels: _Optional[_Iterable[str]] = ..., desk_unit_id: _Optional[str] = ..., decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., text: _Optional[str] = ..., step: _Optional[int] = ...) -> None: ...

class SubmitRequestRequest(_message.Message):
    __slots__ = ("request_id", "kind", "leave", "first", "last", "reason", "number", "letter_date", "place", "punch", "document_ids")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    LETTER_DATE_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    PUNCH_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_IDS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    kind: RequestKind
    leave: LeaveType
    first: str
    last: str
    reason: str
    number: str
    letter_date: str
    place: str
    punch: PunchClaim
    document_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, request_id: _Optional[str] = ..., kind: _Optional[_Union[RequestKind, str]] = ..., leave: _Optional[_Union[LeaveType, str]] = ..., first: _Optional[str] = ..., last: _Optional[str] = ..., reason: _Optional[str] = ..., number: _Optional[str] = ..., letter_date: _Optional[str] = ..., place: _Optional[str] = ..., punch: _Optional[_Union[PunchClaim, _Mapping]] = ..., document_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class WithdrawRequestRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class ListOwnRequestsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUnitRequestsRequest(_message.Message):
    __slots__ = ("unit_id", "pending_only", "page_size", "page_token")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    PENDING_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    pending_only: bool
    page_size: int
    page_token: str
    def __init__(self, unit_id: _Optional[str] = ..., pending_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDeskRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRequestsResponse(_message.Message):
    __slots__ = ("requests", "next_page_token")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[Request]
    next_page_token: str
    def __init__(self, requests: _Optional[_Iterable[_Union[Request, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRequestRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class DecideRequestRequest(_message.Message):
    __slots__ = ("request_id", "accept", "reason", "step")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    accept: bool
    reason: str
    step: int
    def __init__(self, request_id: _Optional[str] = ..., accept: _Optional[bool] = ..., reason: _Optional[str] = ..., step: _Optional[int] = ...) -> None: ...

class AnnulRequestRequest(_message.Message):
    __slots__ = ("request_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Document(_message.Message):
    __slots__ = ("document_id", "size_bytes", "media_type", "sha256")
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    document_id: str
    size_bytes: int
    media_type: str
    sha256: str
    def __init__(self, document_id: _Optional[str] = ..., size_bytes: _Optional[int] = ..., media_type: _Optional[str] = ..., sha256: _Optional[str] = ...) -> None: ...

class OpenUpload(_message.Message):
    __slots__ = ("upload_id",)
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    def __init__(self, upload_id: _Optional[str] = ...) -> None: ...

class DocumentPart(_message.Message):
    __slots__ = ("offset", "content")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    offset: int
    content: bytes
    def __init__(self, offset: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...

class UploadDocumentRequest(_message.Message):
    __slots__ = ("open", "part")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    open: OpenUpload
    part: DocumentPart
    def __init__(self, open: _Optional[_Union[OpenUpload, _Mapping]] = ..., part: _Optional[_Union[DocumentPart, _Mapping]] = ...) -> None: ...

class GetUploadRequest(_message.Message):
    __slots__ = ("upload_id",)
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    def __init__(self, upload_id: _Optional[str] = ...) -> None: ...

class DiscardUploadRequest(_message.Message):
    __slots__ = ("upload_id",)
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    upload_id: str
    def __init__(self, upload_id: _Optional[str] = ...) -> None: ...

class DiscardUploadResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DownloadDocumentRequest(_message.Message):
    __slots__ = ("document_id",)
    DOCUMENT_ID_FIELD_NUMBER: _ClassVar[int]
    document_id: str
    def __init__(self, document_id: _Optional[str] = ...) -> None: ...

class DownloadDocumentResponse(_message.Message):
    __slots__ = ("media_type", "content")
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    media_type: str
    content: bytes
    def __init__(self, media_type: _Optional[str] = ..., content: _Optional[bytes] = ...) -> None: ...

class GetQuotaRequest(_message.Message):
    __slots__ = ("nip", "year")
    NIP_FIELD_NUMBER: _ClassVar[int]
    YEAR_FIELD_NUMBER: _ClassVar[int]
    nip: str
    year: int
    def __init__(self, nip: _Optional[str] = ..., year: _Optional[int] = ...) -> None: ...

class Quota(_message.Message):
    __slots__ = ("year", "granted", "carried_over", "remote", "used", "pending", "left")
    YEAR_FIELD_NUMBER: _ClassVar[int]
    GRANTED_FIELD_NUMBER: _ClassVar[int]
    CARRIED_OVER_FIELD_NUMBER: _ClassVar[int]
    REMOTE_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    year: int
    granted: int
    carried_over: int
    remote: int
    used: int
    pending: int
    left: int
    def __init__(self, year: _Optional[int] = ..., granted: _Optional[int] = ..., carried_over: _Optional[int] = ..., remote: _Optional[int] = ..., used: _Optional[int] = ..., pending: _Optional[int] = ..., left: _Optional[int] = ...) -> None: ...
