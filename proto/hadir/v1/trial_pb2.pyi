from hadir.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TrialProblem(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIAL_PROBLEM_UNSPECIFIED: _ClassVar[TrialProblem]
    TRIAL_PROBLEM_NETWORK: _ClassVar[TrialProblem]
    TRIAL_PROBLEM_CAMERA: _ClassVar[TrialProblem]
    TRIAL_PROBLEM_RECOGNITION: _ClassVar[TrialProblem]
    TRIAL_PROBLEM_GPS: _ClassVar[TrialProblem]
    TRIAL_PROBLEM_OTHER: _ClassVar[TrialProblem]
TRIAL_PROBLEM_UNSPECIFIED: TrialProblem
TRIAL_PROBLEM_NETWORK: TrialProblem
TRIAL_PROBLEM_CAMERA: TrialProblem
TRIAL_PROBLEM_RECOGNITION: TrialProblem
TRIAL_PROBLEM_GPS: TrialProblem
TRIAL_PROBLEM_OTHER: TrialProblem

class ReportProblemRequest(_message.Message):
    __slots__ = ("report_id", "problem", "text")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    report_id: str
    problem: TrialProblem
    text: str
    def __init__(self, report_id: _Optional[str] = ..., problem: _Optional[_Union[TrialProblem, str]] = ..., text: _Optional[str] = ...) -> None: ...

class ReportProblemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GiveFeedbackRequest(_message.Message):
    __slots__ = ("report_id", "rating", "text")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    report_id: str
    rating: int
    text: str
    def __init__(self, report_id: _Optional[str] = ..., rating: _Optional[int] = ..., text: _Optional[str] = ...) -> None: ...

class GiveFeedbackResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SummariseTrialRequest(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: str
    last: str
    def __init__(self, first: _Optional[str] = ..., last: _Optional[str] = ...) -> None: ...

class TrialCount(_message.Message):
    __slots__ = ("name", "count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    count: int
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class TrialGroup(_message.Message):
    __slots__ = ("name", "employee_count", "event_count", "problems", "refusals", "rating_count", "rating_mean")
    NAME_FIELD_NUMBER: _ClassVar[int]
    EMPLOYEE_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    REFUSALS_FIELD_NUMBER: _ClassVar[int]
    RATING_COUNT_FIELD_NUMBER: _ClassVar[int]
    RATING_MEAN_FIELD_NUMBER: _ClassVar[int]
    name: str
    employee_count: int
    event_count: int
    problems: _containers.RepeatedCompositeFieldContainer[TrialCount]
    refusals: _containers.RepeatedCompositeFieldContainer[TrialCount]
    rating_count: int
    rating_mean: float
    def __init__(self, name: _Optional[str] = ..., employee_count: _Optional[int] = ..., event_count: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[TrialCount, _Mapping]]] = ..., refusals: _Optional[_Iterable[_Union[TrialCount, _Mapping]]] = ..., rating_count: _Optional[int] = ..., rating_mean: _Optional[float] = ...) -> None: ...

class TrialComment(_message.Message):
    __slots__ = ("unit_id", "rating", "problem", "text", "site_id")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    SITE_ID_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    rating: int
    problem: str
    text: str
    site_id: str
    def __init__(self, unit_id: _Optional[str] = ..., rating: _Optional[int] = ..., problem: _Optional[str] = ..., text: _Optional[str] = ..., site_id: _Optional[str] = ...) -> None: ...

class SummariseTrialResponse(_message.Message):
    __slots__ = ("units", "models", "comments", "sites")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    SITES_FIELD_NUMBER: _ClassVar[int]
    units: _containers.RepeatedCompositeFieldContainer[TrialGroup]
    models: _containers.RepeatedCompositeFieldContainer[TrialGroup]
    comments: _containers.RepeatedCompositeFieldContainer[TrialComment]
    sites: _containers.RepeatedCompositeFieldContainer[TrialGroup]
    def __init__(self, units: _Optional[_Iterable[_Union[TrialGroup, _Mapping]]] = ..., models: _Optional[_Iterable[_Union[TrialGroup, _Mapping]]] = ..., comments: _Optional[_Iterable[_Union[TrialComment, _Mapping]]] = ..., sites: _Optional[_Iterable[_Union[TrialGroup, _Mapping]]] = ...) -> None: ...
