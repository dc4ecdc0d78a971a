import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import frame_pb2 as _frame_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Consent(_message.Message):
    __slots__ = ("notice_version", "confirmed", "confirm_time")
    NOTICE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_TIME_FIELD_NUMBER: _ClassVar[int]
    notice_version: str
    confirmed: bool
    confirm_time: _timestamp_pb2.Timestamp
    def __init__(self, notice_version: _Optional[str] = ..., confirmed: _Optional[bool] = ..., confirm_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Resemblance(_message.Message):
    __slots__ = ("nip", "reason")
    NIP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    nip: str
    reason: str
    def __init__(self, nip: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class OpenEnrollment(_message.Message):
    __slots__ = ("nip", "consent", "resemblance")
    NIP_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    RESEMBLANCE_FIELD_NUMBER: _ClassVar[int]
    nip: str
    consent: Consent
    resemblance: Resemblance
    def __init__(self, nip: _Optional[str] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ..., resemblance: _Optional[_Union[Resemblance, _Mapping]] = ...) -> None: ...

class CommitEnrollment(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class EnrollRequest(_message.Message):
    __slots__ = ("open", "frame", "commit")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    open: OpenEnrollment
    frame: _frame_pb2.Frame
    commit: CommitEnrollment
    def __init__(self, open: _Optional[_Union[OpenEnrollment, _Mapping]] = ..., frame: _Optional[_Union[_frame_pb2.Frame, _Mapping]] = ..., commit: _Optional[_Union[CommitEnrollment, _Mapping]] = ...) -> None: ...

class EnrollProgress(_message.Message):
    __slots__ = ("frame_number", "outcome", "accepted_count", "needed_count", "max_count", "text", "timings", "resembled_nip")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEEDED_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_COUNT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    RESEMBLED_NIP_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    outcome: _frame_pb2.FrameOutcome
    accepted_count: int
    needed_count: int
    max_count: int
    text: str
    timings: _frame_pb2.FrameTimings
    resembled_nip: str
    def __init__(self, frame_number: _Optional[int] = ..., outcome: _Optional[_Union[_frame_pb2.FrameOutcome, str]] = ..., accepted_count: _Optional[int] = ..., needed_count: _Optional[int] = ..., max_count: _Optional[int] = ..., text: _Optional[str] = ..., timings: _Optional[_Union[_frame_pb2.FrameTimings, _Mapping]] = ..., resembled_nip: _Optional[str] = ...) -> None: ...

class Enrollment(_message.Message):
    __slots__ = ("nip", "template_count", "model_version", "create_time", "actor", "consent")
    NIP_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    nip: str
    template_count: int
    model_version: str
    create_time: _timestamp_pb2.Timestamp
    actor: str
    consent: Consent
    def __init__(self, nip: _Optional[str] = ..., template_count: _Optional[int] = ..., model_version: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("progress", "enrollment")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ENROLLMENT_FIELD_NUMBER: _ClassVar[int]
    progress: EnrollProgress
    enrollment: Enrollment
    def __init__(self, progress: _Optional[_Union[EnrollProgress, _Mapping]] = ..., enrollment: _Optional[_Union[Enrollment, _Mapping]] = ...) -> None: ...

class GetEnrollmentRequest(_message.Message):
    __slots__ = ("nip",)
    NIP_FIELD_NUMBER: _ClassVar[int]
    nip: str
    def __init__(self, nip: _Optional[str] = ...) -> None: ...

class EraseEnrollmentRequest(_message.Message):
    __slots__ = ("nip", "reason")
    NIP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    nip: str
    reason: str
    def __init__(self, nip: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class EraseEnrollmentResponse(_message.Message):
    __slots__ = ("template_count", "image_count", "erased_digest", "erase_time")
    TEMPLATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    ERASED_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ERASE_TIME_FIELD_NUMBER: _ClassVar[int]
    template_count: int
    image_count: int
    erased_digest: bytes
    erase_time: _timestamp_pb2.Timestamp
    def __init__(self, template_count: _Optional[int] = ..., image_count: _Optional[int] = ..., erased_digest: _Optional[bytes] = ..., erase_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
