import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import event_pb2 as _event_pb2
from hadir.v1 import frame_pb2 as _frame_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChallengeStep(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHALLENGE_STEP_UNSPECIFIED: _ClassVar[ChallengeStep]
    CHALLENGE_STEP_FRONT: _ClassVar[ChallengeStep]
    CHALLENGE_STEP_LEFT: _ClassVar[ChallengeStep]
    CHALLENGE_STEP_RIGHT: _ClassVar[ChallengeStep]
    CHALLENGE_STEP_CLOSER: _ClassVar[ChallengeStep]

class RefusalReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFUSAL_REASON_UNSPECIFIED: _ClassVar[RefusalReason]
    REFUSAL_REASON_OUTSIDE_GEOFENCE: _ClassVar[RefusalReason]
    REFUSAL_REASON_LOCATION_INACCURATE: _ClassVar[RefusalReason]
    REFUSAL_REASON_MOCK_LOCATION: _ClassVar[RefusalReason]
    REFUSAL_REASON_FACE_MISMATCH: _ClassVar[RefusalReason]
    REFUSAL_REASON_IDENTITY_CHANGED: _ClassVar[RefusalReason]
    REFUSAL_REASON_CHALLENGE_EXPIRED: _ClassVar[RefusalReason]
    REFUSAL_REASON_CHALLENGE_MISMATCH: _ClassVar[RefusalReason]
    REFUSAL_REASON_SPOOF_SUSPECTED: _ClassVar[RefusalReason]
    REFUSAL_REASON_SEAL_INVALID: _ClassVar[RefusalReason]
    REFUSAL_REASON_FRAME_TIMING: _ClassVar[RefusalReason]
    REFUSAL_REASON_FRAMES_REUSED: _ClassVar[RefusalReason]
    REFUSAL_REASON_NO_SITE: _ClassVar[RefusalReason]
    REFUSAL_REASON_ABANDONED: _ClassVar[RefusalReason]
CHALLENGE_STEP_UNSPECIFIED: ChallengeStep
CHALLENGE_STEP_FRONT: ChallengeStep
CHALLENGE_STEP_LEFT: ChallengeStep
CHALLENGE_STEP_RIGHT: ChallengeStep
CHALLENGE_STEP_CLOSER: ChallengeStep
REFUSAL_REASON_UNSPECIFIED: RefusalReason
REFUSAL_REASON_OUTSIDE_GEOFENCE: RefusalReason
REFUSAL_REASON_LOCATION_INACCURATE: RefusalReason
REFUSAL_REASON_MOCK_LOCATION: RefusalReason
REFUSAL_REASON_FACE_MISMATCH: RefusalReason
REFUSAL_REASON_IDENTITY_CHANGED: RefusalReason
REFUSAL_REASON_CHALLENGE_EXPIRED: RefusalReason
REFUSAL_REASON_CHALLENGE_MISMATCH: RefusalReason
REFUSAL_REASON_SPOOF_SUSPECTED: RefusalReason
REFUSAL_REASON_SEAL_INVALID: RefusalReason
REFUSAL_REASON_FRAME_TIMING: RefusalReason
REFUSAL_REASON_FRAMES_REUSED: RefusalReason
REFUSAL_REASON_NO_SITE: RefusalReason
REFUSAL_REASON_ABANDONED: RefusalReason

class OpenCheckIn(_message.Message):
    __slots__ = ("request_id", "kind", "location", "device_time")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    DEVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    kind: _event_pb2.EventKind
    location: _event_pb2.Location
    device_time: _timestamp_pb2.Timestamp
    def __init__(self, request_id: _Optional[str] = ..., kind: _Optional[_Union[_event_pb2.EventKind, str]] = ..., location: _Optional[_Union[_event_pb2.Location, _Mapping]] = ..., device_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Challenge(_message.Message):
    __slots__ = ("nonce", "steps", "expire_time", "texts", "first_frame_ms")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    FIRST_FRAME_MS_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    steps: _containers.RepeatedScalarFieldContainer[ChallengeStep]
    expire_time: _timestamp_pb2.Timestamp
    texts: _containers.RepeatedScalarFieldContainer[str]
    first_frame_ms: float
    def __init__(self, nonce: _Optional[bytes] = ..., steps: _Optional[_Iterable[_Union[ChallengeStep, str]]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., texts: _Optional[_Iterable[str]] = ..., first_frame_ms: _Optional[float] = ...) -> None: ...

class Guidance(_message.Message):
    __slots__ = ("frame_number", "outcome", "steps_done", "step", "text", "timings", "box", "next_frame_ms")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    STEPS_DONE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    NEXT_FRAME_MS_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    outcome: _frame_pb2.FrameOutcome
    steps_done: int
    step: ChallengeStep
    text: str
    timings: _frame_pb2.FrameTimings
    box: _frame_pb2.Box
    next_frame_ms: float
    def __init__(self, frame_number: _Optional[int] = ..., outcome: _Optional[_Union[_frame_pb2.FrameOutcome, str]] = ..., steps_done: _Optional[int] = ..., step: _Optional[_Union[ChallengeStep, str]] = ..., text: _Optional[str] = ..., timings: _Optional[_Union[_frame_pb2.FrameTimings, _Mapping]] = ..., box: _Optional[_Union[_frame_pb2.Box, _Mapping]] = ..., next_frame_ms: _Optional[float] = ...) -> None: ...

class SealRequest(_message.Message):
    __slots__ = ("last_frame_number",)
    LAST_FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    last_frame_number: int
    def __init__(self, last_frame_number: _Optional[int] = ...) -> None: ...

class SealCheckIn(_message.Message):
    __slots__ = ("signature",)
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    def __init__(self, signature: _Optional[bytes] = ...) -> None: ...

class CheckInRequest(_message.Message):
    __slots__ = ("open", "frame", "seal")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    SEAL_FIELD_NUMBER: _ClassVar[int]
    open: OpenCheckIn
    frame: _frame_pb2.Frame
    seal: SealCheckIn
    def __init__(self, open: _Optional[_Union[OpenCheckIn, _Mapping]] = ..., frame: _Optional[_Union[_frame_pb2.Frame, _Mapping]] = ..., seal: _Optional[_Union[SealCheckIn, _Mapping]] = ...) -> None: ...

class CheckInReceipt(_message.Message):
    __slots__ = ("event", "replayed", "text")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    event: _event_pb2.Event
    replayed: bool
    text: str
    def __init__(self, event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., replayed: _Optional[bool] = ..., text: _Optional[str] = ...) -> None: ...

class CheckInRefusal(_message.Message):
    __slots__ = ("reason", "text", "distance_m")
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_M_FIELD_NUMBER: _ClassVar[int]
    reason: RefusalReason
    text: str
    distance_m: float
    def __init__(self, reason: _Optional[_Union[RefusalReason, str]] = ..., text: _Optional[str] = ..., distance_m: _Optional[float] = ...) -> None: ...

class CheckInResponse(_message.Message):
    __slots__ = ("challenge", "guidance", "seal_request", "receipt", "refusal")
    CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    GUIDANCE_FIELD_NUMBER: _ClassVar[int]
    SEAL_REQUEST_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    challenge: Challenge
    guidance: Guidance
    seal_request: SealRequest
    receipt: CheckInReceipt
    refusal: CheckInRefusal
    def __init__(self, challenge: _Optional[_Union[Challenge, _Mapping]] = ..., guidance: _Optional[_Union[Guidance, _Mapping]] = ..., seal_request: _Optional[_Union[SealRequest, _Mapping]] = ..., receipt: _Optional[_Union[CheckInReceipt, _Mapping]] = ..., refusal: _Optional[_Union[CheckInRefusal, _Mapping]] = ...) -> None: ...
