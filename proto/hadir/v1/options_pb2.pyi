from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_ANYONE: _ClassVar[Role]
    ROLE_EMPLOYEE: _ClassVar[Role]
    ROLE_KIOSK: _ClassVar[Role]
    ROLE_HEAD: _ClassVar[Role]
    ROLE_BKD: _ClassVar[Role]
    ROLE_OPERATOR: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
ROLE_ANYONE: Role
ROLE_EMPLOYEE: Role
ROLE_KIOSK: Role
ROLE_HEAD: Role
ROLE_BKD: Role
ROLE_OPERATOR: Role
ACCESS_FIELD_NUMBER: _ClassVar[int]
access: _descriptor.FieldDescriptor
REQUIRED_FIELD_NUMBER: _ClassVar[int]
required: _descriptor.FieldDescriptor

class Access(_message.Message):
    __slots__ = ("roles", "first_password")
    ROLES_FIELD_NUMBER: _ClassVar[int]
    FIRST_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    roles: _containers.RepeatedScalarFieldContainer[Role]
    first_password: bool
    def __init__(self, roles: _Optional[_Iterable[_Union[Role, str]]] = ..., first_password: _Optional[bool] = ...) -> None: ...
