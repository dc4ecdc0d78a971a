import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeviceKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_KIND_UNSPECIFIED: _ClassVar[DeviceKind]
    DEVICE_KIND_PHONE: _ClassVar[DeviceKind]
    DEVICE_KIND_KIOSK: _ClassVar[DeviceKind]

class DeviceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DEVICE_STATE_UNSPECIFIED: _ClassVar[DeviceState]
    DEVICE_STATE_ACTIVE: _ClassVar[DeviceState]
    DEVICE_STATE_REVOKED: _ClassVar[DeviceState]
DEVICE_KIND_UNSPECIFIED: DeviceKind
DEVICE_KIND_PHONE: DeviceKind
DEVICE_KIND_KIOSK: DeviceKind
DEVICE_STATE_UNSPECIFIED: DeviceState
DEVICE_STATE_ACTIVE: DeviceState
DEVICE_STATE_REVOKED: DeviceState

class Device(_message.Message):
    __slots__ = ("device_id", "kind", "state", "nip", "display_name", "site_id", "model", "activate_time", "revoke_time", "revoke_reason", "revoke_actor")
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ACTIVATE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKE_TIME_FIELD_NUMBER: _ClassVar[int]
    REVOKE_REASON_FIELD_NUMBER: _ClassVar[int]
    REVOKE_ACTOR_FIELD_NUMBER: _ClassVar[int]
    device_id: str
    kind: DeviceKind
    state: DeviceState
    nip: str
    display_name: str
    site_id: str
    model: str
    activate_time: _timestamp_pb2.Timestamp
    revoke_time: _timestamp_pb2.Timestamp
    revoke_reason: str
    revoke_actor: str
    def __init__(self, device_id: _Optional[str] = ..., kind: _Optional[_Union[DeviceKind, str]] = ..., state: _Optional[_Union[DeviceState, str]] = ..., nip: _Optional[str] = ..., display_name: _Optional[str] = ..., site_id: _Optional[str] = ..., model: _Optional[str] = ..., activate_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoke_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoke_reason: _Optional[str] = ..., revoke_actor: _Optional[str] = ...) -> None: ...

class ActivateDeviceRequest(_message.Message):
    __slots__ = ("activation_code", "public_key", "signature", "model", "handset_id")
    ACTIVATION_CODE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    HANDSET_ID_FIELD_NUMBER: _ClassVar[int]
    activation_code: str
    public_key: bytes
    signature: bytes
    model: str
    handset_id: str
    def __init__(self, activation_code: _Optional[str] = ..., public_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., model: _Optional[str] = ..., handset_id: _Optional[str] = ...) -> None: ...

class GetOwnDeviceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
