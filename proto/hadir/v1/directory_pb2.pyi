import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmployeeState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMPLOYEE_STATE_UNSPECIFIED: _ClassVar[EmployeeState]
    EMPLOYEE_STATE_ACTIVE: _ClassVar[EmployeeState]
    EMPLOYEE_STATE_INACTIVE: _ClassVar[EmployeeState]

class ProblemSeverity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROBLEM_SEVERITY_UNSPECIFIED: _ClassVar[ProblemSeverity]
    PROBLEM_SEVERITY_WARNING: _ClassVar[ProblemSeverity]
    PROBLEM_SEVERITY_ERROR: _ClassVar[ProblemSeverity]

class AccountAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCOUNT_ACTION_UNSPECIFIED: _ClassVar[AccountAction]
    ACCOUNT_ACTION_CREATED: _ClassVar[AccountAction]
    ACCOUNT_ACTION_PASSWORD_CHANGED: _ClassVar[AccountAction]
    ACCOUNT_ACTION_CLOSED: _ClassVar[AccountAction]
EMPLOYEE_STATE_UNSPECIFIED: EmployeeState
EMPLOYEE_STATE_ACTIVE: EmployeeState
EMPLOYEE_STATE_INACTIVE: EmployeeState
PROBLEM_SEVERITY_UNSPECIFIED: ProblemSeverity
PROBLEM_SEVERITY_WARNING: ProblemSeverity
PROBLEM_SEVERITY_ERROR: ProblemSeverity
ACCOUNT_ACTION_UNSPECIFIED: AccountAction
ACCOUNT_ACTION_CREATED: AccountAction
ACCOUNT_ACTION_PASSWORD_CHANGED: AccountAction
ACCOUNT_ACTION_CLOSED: AccountAction

class Unit(_message.Message):
    __slots__ = ("unit_id", "display_name", "parent_unit_id", "site_id", "head_nip")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    HEAD_NIP_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    display_name: str
    parent_unit_id: str
    site_id: str
    head_nip: str
    def __init__(self, unit_id: _Optional[str] = ..., display_name: _Optional[str] = ..., parent_unit_id: _Optional[str] = ..., site_id: _Optional[str] = ..., head_nip: _Optional[str] = ...) -> None: ...

class LatLng(_message.Message):
    __slots__ = ("latitude", "longitude")
    LATITUDE_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_FIELD_NUMBER: _ClassVar[int]
    latitude: float
    longitude: float
    def __init__(self, latitude: _Optional[float] = ..., longitude: _Optional[float] = ...) -> None: ...

class Circle(_message.Message):
    __slots__ = ("center", "radius_m")
    CENTER_FIELD_NUMBER: _ClassVar[int]
    RADIUS_M_FIELD_NUMBER: _ClassVar[int]
    center: LatLng
    radius_m: float
    def __init__(self, center: _Optional[_Union[LatLng, _Mapping]] = ..., radius_m: _Optional[float] = ...) -> None: ...

class Polygon(_message.Message):
    __slots__ = ("corners",)
    CORNERS_FIELD_NUMBER: _ClassVar[int]
    corners: _containers.RepeatedCompositeFieldContainer[LatLng]
    def __init__(self, corners: _Optional[_Iterable[_Union[LatLng, _Mapping]]] = ...) -> None: ...

class Site(_message.Message):
    __slots__ = ("site_id", "display_name", "time_zone", "circle", "polygon")
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    CIRCLE_FIELD_NUMBER: _ClassVar[int]
    POLYGON_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    display_name: str
    time_zone: str
    circle: Circle
    polygon: Polygon
    def __init__(self, site_id: _Optional[str] = ..., display_name: _Optional[str] = ..., time_zone: _Optional[str] = ..., circle: _Optional[_Union[Circle, _Mapping]] = ..., polygon: _Optional[_Union[Polygon, _Mapping]] = ...) -> None: ...

class Employee(_message.Message):
    __slots__ = ("nip", "display_name", "unit_id", "site_id", "state", "enrolled", "phone_bound", "update_time")
    NIP_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ENROLLED_FIELD_NUMBER: _ClassVar[int]
    PHONE_BOUND_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    nip: str
    display_name: str
    unit_id: str
    site_id: str
    state: EmployeeState
    enrolled: bool
    phone_bound: bool
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, nip: _Optional[str] = ..., display_name: _Optional[str] = ..., unit_id: _Optional[str] = ..., site_id: _Optional[str] = ..., state: _Optional[_Union[EmployeeState, str]] = ..., enrolled: _Optional[bool] = ..., phone_bound: _Optional[bool] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListUnitsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListUnitsResponse(_message.Message):
    __slots__ = ("units",)
    UNITS_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[Unit]
    def __init__(self, units: _Optional[_Iterable[_Union[Unit, _Mapping]]] = ...) -> None: ...

class PutUnitRequest(_message.Message):
    __slots__ = ("unit", "start", "reason")
    UNIT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    unit: Unit
    start: str
    reason: str
    def __init__(self, unit: _Optional[_Union[Unit, _Mapping]] = ..., start: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class UnitChange(_message.Message):
    __slots__ = ("sequence", "unit", "start", "actor", "reason", "change_time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    unit: Unit
    start: str
    actor: str
    reason: str
    change_time: _timestamp_pb2.Timestamp
    def __init__(self, sequence: _Optional[int] = ..., unit: _Optional[_Union[Unit, _Mapping]] = ..., start: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListUnitChangesRequest(_message.Message):
    __slots__ = ("unit_id", "page_size", "page_token")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    page_size: int
    page_token: str
    def __init__(self, unit_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListUnitChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[UnitChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[UnitChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListSitesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSitesResponse(_message.Message):
    __slots__ = ("sites",)
    SITES_FIELD_NUMBER: _ClassVar[int]
    sites: _containers.RepeatedCompositeFieldContainer[Site]
    def __init__(self, sites: _Optional[_Iterable[_Union[Site, _Mapping]]] = ...) -> None: ...

class PutSiteRequest(_message.Message):
    __slots__ = ("site", "reason")
    SITE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    site: Site
    reason: str
    def __init__(self, site: _Optional[_Union[Site, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class SiteChange(_message.Message):
    __slots__ = ("sequence", "site", "actor", "reason", "change_time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    site: Site
    actor: str
    reason: str
    change_time: _timestamp_pb2.Timestamp
    def __init__(self, sequence: _Optional[int] = ..., site: _Optional[_Union[Site, _Mapping]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListSiteChangesRequest(_message.Message):
    __slots__ = ("site_id", "page_size", "page_token")
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    site_id: str
    page_size: int
    page_token: str
    def __init__(self, site_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSiteChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[SiteChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[SiteChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetEmployeeRequest(_message.Message):
    __slots__ = ("nip",)
    NIP_FIELD_NUMBER: _ClassVar[int]
    nip: str
    def __init__(self, nip: _Optional[str] = ...) -> None: ...

class ListEmployeesRequest(_message.Message):
    __slots__ = ("unit_id", "page_size", "page_token")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    page_size: int
    page_token: str
    def __init__(self, unit_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEmployeesResponse(_message.Message):
    __slots__ = ("employees", "next_page_token")
    EMPLOYEES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    employees: _containers.RepeatedCompositeFieldContainer[Employee]
    next_page_token: str
    def __init__(self, employees: _Optional[_Iterable[_Union[Employee, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class OpenImport(_message.Message):
    __slots__ = ("dry_run", "start", "reason")
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    dry_run: bool
    start: str
    reason: str
    def __init__(self, dry_run: _Optional[bool] = ..., start: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Posting(_message.Message):
    __slots__ = ("sequence", "nip", "start", "unit_id", "site_id", "actor", "reason", "put_time")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PUT_TIME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    nip: str
    start: str
    unit_id: str
    site_id: str
    actor: str
    reason: str
    put_time: _timestamp_pb2.Timestamp
    def __init__(self, sequence: _Optional[int] = ..., nip: _Optional[str] = ..., start: _Optional[str] = ..., unit_id: _Optional[str] = ..., site_id: _Optional[str] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., put_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPostingsRequest(_message.Message):
    __slots__ = ("nip", "page_size", "page_token")
    NIP_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    nip: str
    page_size: int
    page_token: str
    def __init__(self, nip: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListPostingsResponse(_message.Message):
    __slots__ = ("postings", "next_page_token")
    POSTINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    postings: _containers.RepeatedCompositeFieldContainer[Posting]
    next_page_token: str
    def __init__(self, postings: _Optional[_Iterable[_Union[Posting, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ImportEmployeesRequest(_message.Message):
    __slots__ = ("open", "chunk")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    open: OpenImport
    chunk: bytes
    def __init__(self, open: _Optional[_Union[OpenImport, _Mapping]] = ..., chunk: _Optional[bytes] = ...) -> None: ...

class ImportProblem(_message.Message):
    __slots__ = ("line", "severity", "reason", "text")
    LINE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    line: int
    severity: ProblemSeverity
    reason: str
    text: str
    def __init__(self, line: _Optional[int] = ..., severity: _Optional[_Union[ProblemSeverity, str]] = ..., reason: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ImportEmployeesResponse(_message.Message):
    __slots__ = ("row_count", "created_count", "updated_count", "unchanged_count", "problems", "problem_count", "stored")
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    CREATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    row_count: int
    created_count: int
    updated_count: int
    unchanged_count: int
    problems: _containers.RepeatedCompositeFieldContainer[ImportProblem]
    problem_count: int
    stored: bool
    def __init__(self, row_count: _Optional[int] = ..., created_count: _Optional[int] = ..., updated_count: _Optional[int] = ..., unchanged_count: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[ImportProblem, _Mapping]]] = ..., problem_count: _Optional[int] = ..., stored: _Optional[bool] = ...) -> None: ...

class StaffAccount(_message.Message):
    __slots__ = ("username", "role", "nip", "close_time")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    CLOSE_TIME_FIELD_NUMBER: _ClassVar[int]
    username: str
    role: _options_pb2.Role
    nip: str
    close_time: _timestamp_pb2.Timestamp
    def __init__(self, username: _Optional[str] = ..., role: _Optional[_Union[_options_pb2.Role, str]] = ..., nip: _Optional[str] = ..., close_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateStaffAccountRequest(_message.Message):
    __slots__ = ("username", "role", "password", "nip")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    username: str
    role: _options_pb2.Role
    password: str
    nip: str
    def __init__(self, username: _Optional[str] = ..., role: _Optional[_Union[_options_pb2.Role, str]] = ..., password: _Optional[str] = ..., nip: _Optional[str] = ...) -> None: ...

class CloseStaffAccountRequest(_message.Message):
    __slots__ = ("username",)
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    username: str
    def __init__(self, username: _Optional[str] = ...) -> None: ...

class AccountChange(_message.Message):
    __slots__ = ("username", "role", "nip", "action", "actor", "actor_nip", "change_time")
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NIP_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTOR_NIP_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    username: str
    role: _options_pb2.Role
    nip: str
    action: AccountAction
    actor: str
    actor_nip: str
    change_time: _timestamp_pb2.Timestamp
    def __init__(self, username: _Optional[str] = ..., role: _Optional[_Union[_options_pb2.Role, str]] = ..., nip: _Optional[str] = ..., action: _Optional[_Union[AccountAction, str]] = ..., actor: _Optional[str] = ..., actor_nip: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListAccountChangesRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListAccountChangesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[AccountChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[AccountChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ImportUnitsRequest(_message.Message):
    __slots__ = ("units", "dry_run", "start", "reason")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[Unit]
    dry_run: bool
    start: str
    reason: str
    def __init__(self, units: _Optional[_Iterable[_Union[Unit, _Mapping]]] = ..., dry_run: _Optional[bool] = ..., start: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class UnitProblem(_message.Message):
    __slots__ = ("number", "reason", "text")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    number: int
    reason: str
    text: str
    def __init__(self, number: _Optional[int] = ..., reason: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class ImportUnitsResponse(_message.Message):
    __slots__ = ("stored", "unit_count", "problems")
    STORED_FIELD_NUMBER: _ClassVar[int]
    UNIT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    stored: bool
    unit_count: int
    problems: _containers.RepeatedCompositeFieldContainer[UnitProblem]
    def __init__(self, stored: _Optional[bool] = ..., unit_count: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[UnitProblem, _Mapping]]] = ...) -> None: ...
