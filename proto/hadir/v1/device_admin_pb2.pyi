import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import device_pb2 as _device_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BindingAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BINDING_ACTION_UNSPECIFIED: _ClassVar[BindingAction]
    BINDING_ACTION_CODE_ISSUED: _ClassVar[BindingAction]
    BINDING_ACTION_BOUND: _ClassVar[BindingAction]
    BINDING_ACTION_REVOKED: _ClassVar[BindingAction]
BINDING_ACTION_UNSPECIFIED: BindingAction
BINDING_ACTION_CODE_ISSUED: BindingAction
BINDING_ACTION_BOUND: BindingAction
BINDING_ACTION_REVOKED: BindingAction

class IssueActivationCodeRequest(_message.Message):
    __slots__ = ("nip", "site_id")
    NIP_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    nip: str
    site_id: str
    def __init__(self, nip: _Optional[str] = ..., site_id: _Optional[str] = ...) -> None: ...

class ActivationCode(_message.Message):
    __slots__ = ("code", "expire_time")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    code: str
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RebindDeviceRequest(_message.Message):
    __slots__ = ("nip", "reason")
    NIP_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    nip: str
    reason: str
    def __init__(self, nip: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RebindDeviceResponse(_message.Message):
    __slots__ = ("revoked_device", "activation_code")
    REVOKED_DEVICE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_CODE_FIELD_NUMBER: _ClassVar[int]
    revoked_device: _device_pb2.Device
    activation_code: ActivationCode
    def __init__(self, revoked_device: _Optional[_Union[_device_pb2.Device, _Mapping]] = ..., activation_code: _Optional[_Union[ActivationCode, _Mapping]] = ...) -> None: ...

class RevokeDeviceRequest(_message.Message):
    __slots__ = ("device_id", "reason")
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    device_id: str
    reason: str
    def __init__(self, device_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ListDevicesRequest(_message.Message):
    __slots__ = ("kind", "active_only", "page_size", "page_token")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kind: _device_pb2.DeviceKind
    active_only: bool
    page_size: int
    page_token: str
    def __init__(self, kind: _Optional[_Union[_device_pb2.DeviceKind, str]] = ..., active_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListDevicesResponse(_message.Message):
    __slots__ = ("devices", "next_page_token")
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    devices: _containers.RepeatedCompositeFieldContainer[_device_pb2.Device]
    next_page_token: str
    def __init__(self, devices: _Optional[_Iterable[_Union[_device_pb2.Device, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListBindingHistoryRequest(_message.Message):
    __slots__ = ("nip", "site_id")
    NIP_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    nip: str
    site_id: str
    def __init__(self, nip: _Optional[str] = ..., site_id: _Optional[str] = ...) -> None: ...

class BindingChange(_message.Message):
    __slots__ = ("action", "change_time", "device_id", "actor", "reason")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    action: BindingAction
    change_time: _timestamp_pb2.Timestamp
    device_id: str
    actor: str
    reason: str
    def __init__(self, action: _Optional[_Union[BindingAction, str]] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., device_id: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ListBindingHistoryResponse(_message.Message):
    __slots__ = ("changes",)
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[BindingChange]
    def __init__(self, changes: _Optional[_Iterable[_Union[BindingChange, _Mapping]]] = ...) -> None: ...
