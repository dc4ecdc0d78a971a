import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FrameOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAME_OUTCOME_UNSPECIFIED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_USABLE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_NO_FACE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_SEVERAL_FACES: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_TOO_SMALL: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_BLURRED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_TOO_DARK: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_TOO_BRIGHT: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_POSE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_CROPPED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_CORRUPT_IMAGE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_BAD_IMAGE_SIZE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_UNSUPPORTED_IMAGE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_DUPLICATE: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_SUPERSEDED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_OVERLOADED: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_LOOKS_LIKE_ANOTHER: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_DIFFERENT_PERSON: _ClassVar[FrameOutcome]
    FRAME_OUTCOME_TOO_SIMILAR: _ClassVar[FrameOutcome]
FRAME_OUTCOME_UNSPECIFIED: FrameOutcome
FRAME_OUTCOME_USABLE: FrameOutcome
FRAME_OUTCOME_NO_FACE: FrameOutcome
FRAME_OUTCOME_SEVERAL_FACES: FrameOutcome
FRAME_OUTCOME_TOO_SMALL: FrameOutcome
FRAME_OUTCOME_BLURRED: FrameOutcome
FRAME_OUTCOME_TOO_DARK: FrameOutcome
FRAME_OUTCOME_TOO_BRIGHT: FrameOutcome
FRAME_OUTCOME_POSE: FrameOutcome
FRAME_OUTCOME_CROPPED: FrameOutcome
FRAME_OUTCOME_CORRUPT_IMAGE: FrameOutcome
FRAME_OUTCOME_BAD_IMAGE_SIZE: FrameOutcome
FRAME_OUTCOME_UNSUPPORTED_IMAGE: FrameOutcome
FRAME_OUTCOME_DUPLICATE: FrameOutcome
FRAME_OUTCOME_SUPERSEDED: FrameOutcome
FRAME_OUTCOME_OVERLOADED: FrameOutcome
FRAME_OUTCOME_LOOKS_LIKE_ANOTHER: FrameOutcome
FRAME_OUTCOME_DIFFERENT_PERSON: FrameOutcome
FRAME_OUTCOME_TOO_SIMILAR: FrameOutcome

class Frame(_message.Message):
    __slots__ = ("frame_number", "jpeg", "capture_time")
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    CAPTURE_TIME_FIELD_NUMBER: _ClassVar[int]
    frame_number: int
    jpeg: bytes
    capture_time: _timestamp_pb2.Timestamp
    def __init__(self, frame_number: _Optional[int] = ..., jpeg: _Optional[bytes] = ..., capture_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Box(_message.Message):
    __slots__ = ("x", "y", "width", "height")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    width: float
    height: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ..., width: _Optional[float] = ..., height: _Optional[float] = ...) -> None: ...

class FrameTimings(_message.Message):
    __slots__ = ("queue_ms", "decode_ms", "detect_ms", "embed_ms", "batch")
    QUEUE_MS_FIELD_NUMBER: _ClassVar[int]
    DECODE_MS_FIELD_NUMBER: _ClassVar[int]
    DETECT_MS_FIELD_NUMBER: _ClassVar[int]
    EMBED_MS_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    queue_ms: float
    decode_ms: float
    detect_ms: float
    embed_ms: float
    batch: int
    def __init__(self, queue_ms: _Optional[float] = ..., decode_ms: _Optional[float] = ..., detect_ms: _Optional[float] = ..., embed_ms: _Optional[float] = ..., batch: _Optional[int] = ...) -> None: ...
