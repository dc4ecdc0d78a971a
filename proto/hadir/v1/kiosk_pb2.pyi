import datetime

from google.protobuf import duration_pb2 as _duration_pb2
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

class FaceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FACE_STATE_UNSPECIFIED: _ClassVar[FaceState]
    FACE_STATE_UNUSABLE: _ClassVar[FaceState]
    FACE_STATE_LOOK_AGAIN: _ClassVar[FaceState]
    FACE_STATE_TURN_HEAD: _ClassVar[FaceState]
    FACE_STATE_RECOGNISED: _ClassVar[FaceState]
    FACE_STATE_NOT_RECOGNISED: _ClassVar[FaceState]
    FACE_STATE_SPOOF_SUSPECTED: _ClassVar[FaceState]
FACE_STATE_UNSPECIFIED: FaceState
FACE_STATE_UNUSABLE: FaceState
FACE_STATE_LOOK_AGAIN: FaceState
FACE_STATE_TURN_HEAD: FaceState
FACE_STATE_RECOGNISED: FaceState
FACE_STATE_NOT_RECOGNISED: FaceState
FACE_STATE_SPOOF_SUSPECTED: FaceState

class OpenIdentify(_message.Message):
    __slots__ = ("device_time",)
    DEVICE_TIME_FIELD_NUMBER: _ClassVar[int]
    device_time: _timestamp_pb2.Timestamp
    def __init__(self, device_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IdentifyRequest(_message.Message):
    __slots__ = ("open", "frame")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    open: OpenIdentify
    frame: _frame_pb2.Frame
    def __init__(self, open: _Optional[_Union[OpenIdentify, _Mapping]] = ..., frame: _Optional[_Union[_frame_pb2.Frame, _Mapping]] = ...) -> None: ...

class IdentifyReady(_message.Message):
    __slots__ = ("site_name", "server_time", "max_frames_per_second", "time_zone")
    SITE_NAME_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_FRAMES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    site_name: str
    server_time: _timestamp_pb2.Timestamp
    max_frames_per_second: float
    time_zone: str
    def __init__(self, site_name: _Optional[str] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., max_frames_per_second: _Optional[float] = ..., time_zone: _Optional[str] = ...) -> None: ...

class FaceResult(_message.Message):
    __slots__ = ("track_number", "box", "state", "outcome", "text", "event", "already_recorded")
    TRACK_NUMBER_FIELD_NUMBER: _ClassVar[int]
    BOX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    ALREADY_RECORDED_FIELD_NUMBER: _ClassVar[int]
    track_number: int
    box: _frame_pb2.Box
    state: FaceState
    outcome: _frame_pb2.FrameOutcome
    text: str
    event: _event_pb2.Event
    already_recorded: bool
    def __init__(self, track_number: _Optional[int] = ..., box: _Optional[_Union[_frame_pb2.Box, _Mapping]] = ..., state: _Optional[_Union[FaceState, str]] = ..., outcome: _Optional[_Union[_frame_pb2.FrameOutcome, str]] = ..., text: _Optional[str] = ..., event: _Optional[_Union[_event_pb2.Event, _Mapping]] = ..., already_recorded: _Optional[bool] = ...) -> None: ...

class FrameResult(_message.Message):
    __slots__ = ("frame_number", "outcome", "faces", "timings", "next_frame_ms")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    FACES_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FRAME_MS_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    outcome: _frame_pb2.FrameOutcome
    faces: _containers.RepeatedCompositeFieldContainer[FaceResult]
    timings: _frame_pb2.FrameTimings
    next_frame_ms: float
    def __init__(self, frame_number: _Optional[int] = ..., outcome: _Optional[_Union[_frame_pb2.FrameOutcome, str]] = ..., faces: _Optional[_Iterable[_Union[FaceResult, _Mapping]]] = ..., timings: _Optional[_Union[_frame_pb2.FrameTimings, _Mapping]] = ..., next_frame_ms: _Optional[float] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("delay",)
    DELAY_FIELD_NUMBER: _ClassVar[int]
    delay: _duration_pb2.Duration
    def __init__(self, delay: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class IdentifyResponse(_message.Message):
    __slots__ = ("ready", "result", "resume")
    READY_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    ready: IdentifyReady
    result: FrameResult
    resume: Resume
    def __init__(self, ready: _Optional[_Union[IdentifyReady, _Mapping]] = ..., result: _Optional[_Union[FrameResult, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ...) -> None: ...
