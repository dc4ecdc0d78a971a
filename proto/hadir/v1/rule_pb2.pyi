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

class RuleKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RULE_KIND_UNSPECIFIED: _ClassVar[RuleKind]
    RULE_KIND_SCHEDULE: _ClassVar[RuleKind]
    RULE_KIND_PHASE: _ClassVar[RuleKind]
    RULE_KIND_CUT_TABLE: _ClassVar[RuleKind]
    RULE_KIND_DISCIPLINE: _ClassVar[RuleKind]
    RULE_KIND_FREE_DAY: _ClassVar[RuleKind]
    RULE_KIND_SHIFT: _ClassVar[RuleKind]
    RULE_KIND_QUOTA: _ClassVar[RuleKind]
    RULE_KIND_CHAIN: _ClassVar[RuleKind]
    RULE_KIND_DELEGATION: _ClassVar[RuleKind]
    RULE_KIND_FORENSIC_LIMITS: _ClassVar[RuleKind]

class PhaseKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHASE_KIND_UNSPECIFIED: _ClassVar[PhaseKind]
    PHASE_KIND_SOCIALISATION: _ClassVar[PhaseKind]
    PHASE_KIND_TRIAL: _ClassVar[PhaseKind]
    PHASE_KIND_OFFICIAL: _ClassVar[PhaseKind]

class FreeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FREE_KIND_UNSPECIFIED: _ClassVar[FreeKind]
    FREE_KIND_NATIONAL: _ClassVar[FreeKind]
    FREE_KIND_JOINT_LEAVE: _ClassVar[FreeKind]
    FREE_KIND_REGIONAL: _ClassVar[FreeKind]
    FREE_KIND_WORKDAY: _ClassVar[FreeKind]

class ApprovalLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    APPROVAL_LEVEL_UNSPECIFIED: _ClassVar[ApprovalLevel]
    APPROVAL_LEVEL_HEAD: _ClassVar[ApprovalLevel]
    APPROVAL_LEVEL_HEAD_ABOVE: _ClassVar[ApprovalLevel]
    APPROVAL_LEVEL_BKD: _ClassVar[ApprovalLevel]

class DelegationKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DELEGATION_KIND_UNSPECIFIED: _ClassVar[DelegationKind]
    DELEGATION_KIND_PLT: _ClassVar[DelegationKind]
    DELEGATION_KIND_PLH: _ClassVar[DelegationKind]
RULE_KIND_UNSPECIFIED: RuleKind
RULE_KIND_SCHEDULE: RuleKind
RULE_KIND_PHASE: RuleKind
RULE_KIND_CUT_TABLE: RuleKind
RULE_KIND_DISCIPLINE: RuleKind
RULE_KIND_FREE_DAY: RuleKind
RULE_KIND_SHIFT: RuleKind
RULE_KIND_QUOTA: RuleKind
RULE_KIND_CHAIN: RuleKind
RULE_KIND_DELEGATION: RuleKind
RULE_KIND_FORENSIC_LIMITS: RuleKind
PHASE_KIND_UNSPECIFIED: PhaseKind
PHASE_KIND_SOCIALISATION: PhaseKind
PHASE_KIND_TRIAL: PhaseKind
PHASE_KIND_OFFICIAL: PhaseKind
FREE_KIND_UNSPECIFIED: FreeKind
FREE_KIND_NATIONAL: FreeKind
FREE_KIND_JOINT_LEAVE: FreeKind
FREE_KIND_REGIONAL: FreeKind
FREE_KIND_WORKDAY: FreeKind
APPROVAL_LEVEL_UNSPECIFIED: ApprovalLevel
APPROVAL_LEVEL_HEAD: ApprovalLevel
APPROVAL_LEVEL_HEAD_ABOVE: ApprovalLevel
APPROVAL_LEVEL_BKD: ApprovalLevel
DELEGATION_KIND_UNSPECIFIED: DelegationKind
DELEGATION_KIND_PLT: DelegationKind
DELEGATION_KIND_PLH: DelegationKind

class Rule(_message.Message):
    __slots__ = ("subject", "start", "schedule", "phase", "cut_table", "discipline", "free_day", "shift", "quota", "chain", "delegation", "withdrawn", "forensic_limits")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    CUT_TABLE_FIELD_NUMBER: _ClassVar[int]
    DISCIPLINE_FIELD_NUMBER: _ClassVar[int]
    FREE_DAY_FIELD_NUMBER: _ClassVar[int]
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    QUOTA_FIELD_NUMBER: _ClassVar[int]
    CHAIN_FIELD_NUMBER: _ClassVar[int]
    DELEGATION_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    FORENSIC_LIMITS_FIELD_NUMBER: _ClassVar[int]
    subject: str
    start: str
    schedule: Schedule
    phase: Phase
    cut_table: CutTable
    discipline: DisciplineTable
    free_day: FreeDay
    shift: ShiftDay
    quota: QuotaTable
    chain: ChainTable
    delegation: Delegation
    withdrawn: RuleKind
    forensic_limits: ForensicLimits
    def __init__(self, subject: _Optional[str] = ..., start: _Optional[str] = ..., schedule: _Optional[_Union[Schedule, _Mapping]] = ..., phase: _Optional[_Union[Phase, _Mapping]] = ..., cut_table: _Optional[_Union[CutTable, _Mapping]] = ..., discipline: _Optional[_Union[DisciplineTable, _Mapping]] = ..., free_day: _Optional[_Union[FreeDay, _Mapping]] = ..., shift: _Optional[_Union[ShiftDay, _Mapping]] = ..., quota: _Optional[_Union[QuotaTable, _Mapping]] = ..., chain: _Optional[_Union[ChainTable, _Mapping]] = ..., delegation: _Optional[_Union[Delegation, _Mapping]] = ..., withdrawn: _Optional[_Union[RuleKind, str]] = ..., forensic_limits: _Optional[_Union[ForensicLimits, _Mapping]] = ...) -> None: ...

class Windows(_message.Message):
    __slots__ = ("in_before_s", "in_after_s", "out_before_s", "out_after_s")
    IN_BEFORE_S_FIELD_NUMBER: _ClassVar[int]
    IN_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    OUT_BEFORE_S_FIELD_NUMBER: _ClassVar[int]
    OUT_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    in_before_s: int
    in_after_s: int
    out_before_s: int
    out_after_s: int
    def __init__(self, in_before_s: _Optional[int] = ..., in_after_s: _Optional[int] = ..., out_before_s: _Optional[int] = ..., out_after_s: _Optional[int] = ...) -> None: ...

class DayHours(_message.Message):
    __slots__ = ("start", "end", "windows", "break_s", "late_grace_s", "early_grace_s", "beyond_grace", "flex_before_s", "flex_after_s", "flexible_place")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    BREAK_S_FIELD_NUMBER: _ClassVar[int]
    LATE_GRACE_S_FIELD_NUMBER: _ClassVar[int]
    EARLY_GRACE_S_FIELD_NUMBER: _ClassVar[int]
    BEYOND_GRACE_FIELD_NUMBER: _ClassVar[int]
    FLEX_BEFORE_S_FIELD_NUMBER: _ClassVar[int]
    FLEX_AFTER_S_FIELD_NUMBER: _ClassVar[int]
    FLEXIBLE_PLACE_FIELD_NUMBER: _ClassVar[int]
    start: str
    end: str
    windows: Windows
    break_s: int
    late_grace_s: int
    early_grace_s: int
    beyond_grace: bool
    flex_before_s: int
    flex_after_s: int
    flexible_place: bool
    def __init__(self, start: _Optional[str] = ..., end: _Optional[str] = ..., windows: _Optional[_Union[Windows, _Mapping]] = ..., break_s: _Optional[int] = ..., late_grace_s: _Optional[int] = ..., early_grace_s: _Optional[int] = ..., beyond_grace: _Optional[bool] = ..., flex_before_s: _Optional[int] = ..., flex_after_s: _Optional[int] = ..., flexible_place: _Optional[bool] = ...) -> None: ...

class Week(_message.Message):
    __slots__ = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    MONDAY_FIELD_NUMBER: _ClassVar[int]
    TUESDAY_FIELD_NUMBER: _ClassVar[int]
    WEDNESDAY_FIELD_NUMBER: _ClassVar[int]
    THURSDAY_FIELD_NUMBER: _ClassVar[int]
    FRIDAY_FIELD_NUMBER: _ClassVar[int]
    SATURDAY_FIELD_NUMBER: _ClassVar[int]
    SUNDAY_FIELD_NUMBER: _ClassVar[int]
    monday: DayHours
    tuesday: DayHours
    wednesday: DayHours
    thursday: DayHours
    friday: DayHours
    saturday: DayHours
    sunday: DayHours
    def __init__(self, monday: _Optional[_Union[DayHours, _Mapping]] = ..., tuesday: _Optional[_Union[DayHours, _Mapping]] = ..., wednesday: _Optional[_Union[DayHours, _Mapping]] = ..., thursday: _Optional[_Union[DayHours, _Mapping]] = ..., friday: _Optional[_Union[DayHours, _Mapping]] = ..., saturday: _Optional[_Union[DayHours, _Mapping]] = ..., sunday: _Optional[_Union[DayHours, _Mapping]] = ...) -> None: ...

class Override(_message.Message):
    __slots__ = ("name", "first", "last", "week", "shifts")
    class ShiftsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: DayHours
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[DayHours, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    WEEK_FIELD_NUMBER: _ClassVar[int]
    SHIFTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    first: str
    last: str
    week: Week
    shifts: _containers.MessageMap[str, DayHours]
    def __init__(self, name: _Optional[str] = ..., first: _Optional[str] = ..., last: _Optional[str] = ..., week: _Optional[_Union[Week, _Mapping]] = ..., shifts: _Optional[_Mapping[str, DayHours]] = ...) -> None: ...

class Schedule(_message.Message):
    __slots__ = ("week", "shifts", "overrides", "works_on_holidays")
    class ShiftsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: DayHours
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[DayHours, _Mapping]] = ...) -> None: ...
    WEEK_FIELD_NUMBER: _ClassVar[int]
    SHIFTS_FIELD_NUMBER: _ClassVar[int]
    OVERRIDES_FIELD_NUMBER: _ClassVar[int]
    WORKS_ON_HOLIDAYS_FIELD_NUMBER: _ClassVar[int]
    week: Week
    shifts: _containers.MessageMap[str, DayHours]
    overrides: _containers.RepeatedCompositeFieldContainer[Override]
    works_on_holidays: bool
    def __init__(self, week: _Optional[_Union[Week, _Mapping]] = ..., shifts: _Optional[_Mapping[str, DayHours]] = ..., overrides: _Optional[_Iterable[_Union[Override, _Mapping]]] = ..., works_on_holidays: _Optional[bool] = ...) -> None: ...

class Phase(_message.Message):
    __slots__ = ("phase",)
    PHASE_FIELD_NUMBER: _ClassVar[int]
    phase: PhaseKind
    def __init__(self, phase: _Optional[_Union[PhaseKind, str]] = ...) -> None: ...

class Band(_message.Message):
    __slots__ = ("code", "minutes_min", "percent")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MINUTES_MIN_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    code: str
    minutes_min: int
    percent: str
    def __init__(self, code: _Optional[str] = ..., minutes_min: _Optional[int] = ..., percent: _Optional[str] = ...) -> None: ...

class CutTable(_message.Message):
    __slots__ = ("name", "late", "early", "no_check_in", "no_check_out", "absent", "day_max", "excused", "leave")
    class ExcusedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LeaveEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    EARLY_FIELD_NUMBER: _ClassVar[int]
    NO_CHECK_IN_FIELD_NUMBER: _ClassVar[int]
    NO_CHECK_OUT_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    DAY_MAX_FIELD_NUMBER: _ClassVar[int]
    EXCUSED_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    name: str
    late: _containers.RepeatedCompositeFieldContainer[Band]
    early: _containers.RepeatedCompositeFieldContainer[Band]
    no_check_in: Band
    no_check_out: Band
    absent: Band
    day_max: str
    excused: _containers.ScalarMap[str, str]
    leave: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., late: _Optional[_Iterable[_Union[Band, _Mapping]]] = ..., early: _Optional[_Iterable[_Union[Band, _Mapping]]] = ..., no_check_in: _Optional[_Union[Band, _Mapping]] = ..., no_check_out: _Optional[_Union[Band, _Mapping]] = ..., absent: _Optional[_Union[Band, _Mapping]] = ..., day_max: _Optional[str] = ..., excused: _Optional[_Mapping[str, str]] = ..., leave: _Optional[_Mapping[str, str]] = ...) -> None: ...

class DisciplineStep(_message.Message):
    __slots__ = ("code", "days_min")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    code: str
    days_min: int
    def __init__(self, code: _Optional[str] = ..., days_min: _Optional[int] = ...) -> None: ...

class DisciplineTable(_message.Message):
    __slots__ = ("name", "steps", "in_a_row", "day_minutes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    IN_A_ROW_FIELD_NUMBER: _ClassVar[int]
    DAY_MINUTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    steps: _containers.RepeatedCompositeFieldContainer[DisciplineStep]
    in_a_row: DisciplineStep
    day_minutes: int
    def __init__(self, name: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[DisciplineStep, _Mapping]]] = ..., in_a_row: _Optional[_Union[DisciplineStep, _Mapping]] = ..., day_minutes: _Optional[int] = ...) -> None: ...

class FreeDay(_message.Message):
    __slots__ = ("name", "kind", "decree")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    DECREE_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: FreeKind
    decree: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[FreeKind, str]] = ..., decree: _Optional[str] = ...) -> None: ...

class ShiftDay(_message.Message):
    __slots__ = ("shift",)
    SHIFT_FIELD_NUMBER: _ClassVar[int]
    shift: str
    def __init__(self, shift: _Optional[str] = ...) -> None: ...

class QuotaTable(_message.Message):
    __slots__ = ("name", "annual_days", "annual_max_days", "remote_days", "joint_leave_counts", "longest_days", "remote_unit_ids", "annual_two_years_max_days")
    class LongestDaysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    ANNUAL_DAYS_FIELD_NUMBER: _ClassVar[int]
    ANNUAL_MAX_DAYS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_DAYS_FIELD_NUMBER: _ClassVar[int]
    JOINT_LEAVE_COUNTS_FIELD_NUMBER: _ClassVar[int]
    LONGEST_DAYS_FIELD_NUMBER: _ClassVar[int]
    REMOTE_UNIT_IDS_FIELD_NUMBER: _ClassVar[int]
    ANNUAL_TWO_YEARS_MAX_DAYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    annual_days: int
    annual_max_days: int
    remote_days: int
    joint_leave_counts: bool
    longest_days: _containers.ScalarMap[str, int]
    remote_unit_ids: _containers.RepeatedScalarFieldContainer[str]
    annual_two_years_max_days: int
    def __init__(self, name: _Optional[str] = ..., annual_days: _Optional[int] = ..., annual_max_days: _Optional[int] = ..., remote_days: _Optional[int] = ..., joint_leave_counts: _Optional[bool] = ..., longest_days: _Optional[_Mapping[str, int]] = ..., remote_unit_ids: _Optional[_Iterable[str]] = ..., annual_two_years_max_days: _Optional[int] = ...) -> None: ...

class Chain(_message.Message):
    __slots__ = ("kinds", "leaves", "days_min", "levels")
    KINDS_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    leaves: _containers.RepeatedScalarFieldContainer[str]
    days_min: int
    levels: _containers.RepeatedScalarFieldContainer[ApprovalLevel]
    def __init__(self, kinds: _Optional[_Iterable[str]] = ..., leaves: _Optional[_Iterable[str]] = ..., days_min: _Optional[int] = ..., levels: _Optional[_Iterable[_Union[ApprovalLevel, str]]] = ...) -> None: ...

class ChainTable(_message.Message):
    __slots__ = ("name", "chains", "correction_days", "documents_needed", "letters_needed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHAINS_FIELD_NUMBER: _ClassVar[int]
    CORRECTION_DAYS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    LETTERS_NEEDED_FIELD_NUMBER: _ClassVar[int]
    name: str
    chains: _containers.RepeatedCompositeFieldContainer[Chain]
    correction_days: int
    documents_needed: _containers.RepeatedScalarFieldContainer[str]
    letters_needed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., chains: _Optional[_Iterable[_Union[Chain, _Mapping]]] = ..., correction_days: _Optional[int] = ..., documents_needed: _Optional[_Iterable[str]] = ..., letters_needed: _Optional[_Iterable[str]] = ...) -> None: ...

class Delegation(_message.Message):
    __slots__ = ("nip", "last", "kind", "number")
    NIP_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    nip: str
    last: str
    kind: DelegationKind
    number: str
    def __init__(self, nip: _Optional[str] = ..., last: _Optional[str] = ..., kind: _Optional[_Union[DelegationKind, str]] = ..., number: _Optional[str] = ...) -> None: ...

class RuleChange(_message.Message):
    __slots__ = ("sequence", "kind", "rule", "actor", "reason", "change_time", "superseded")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CHANGE_TIME_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    kind: RuleKind
    rule: Rule
    actor: str
    reason: str
    change_time: _timestamp_pb2.Timestamp
    superseded: bool
    def __init__(self, sequence: _Optional[int] = ..., kind: _Optional[_Union[RuleKind, str]] = ..., rule: _Optional[_Union[Rule, _Mapping]] = ..., actor: _Optional[str] = ..., reason: _Optional[str] = ..., change_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., superseded: _Optional[bool] = ...) -> None: ...

class DeviceLimits(_message.Message):
    __slots__ = ("returns_min", "accounts_min", "cluster_minutes", "cluster_rebinds_min", "cluster_same_model_min", "cluster_chance_max", "rebind_days", "rebinds_min")
    RETURNS_MIN_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_MIN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_MINUTES_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_REBINDS_MIN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_SAME_MODEL_MIN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_CHANCE_MAX_FIELD_NUMBER: _ClassVar[int]
    REBIND_DAYS_FIELD_NUMBER: _ClassVar[int]
    REBINDS_MIN_FIELD_NUMBER: _ClassVar[int]
    returns_min: int
    accounts_min: int
    cluster_minutes: float
    cluster_rebinds_min: int
    cluster_same_model_min: int
    cluster_chance_max: float
    rebind_days: float
    rebinds_min: int
    def __init__(self, returns_min: _Optional[int] = ..., accounts_min: _Optional[int] = ..., cluster_minutes: _Optional[float] = ..., cluster_rebinds_min: _Optional[int] = ..., cluster_same_model_min: _Optional[int] = ..., cluster_chance_max: _Optional[float] = ..., rebind_days: _Optional[float] = ..., rebinds_min: _Optional[int] = ...) -> None: ...

class PlaceLimits(_message.Message):
    __slots__ = ("decimals_min", "repeat_days_min", "repeat_share_min", "together_people_min", "together_people_max", "together_days_min", "rare_days_max", "steady_m", "steady_fixes_min", "steady_accuracy_share_min", "accuracy_m", "accuracy_days_min", "accuracy_share_min", "mock_days_min", "travel_near_kmh", "travel_near_km", "travel_far_kmh", "travel_slack_m")
    DECIMALS_MIN_FIELD_NUMBER: _ClassVar[int]
    REPEAT_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    REPEAT_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    TOGETHER_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    TOGETHER_PEOPLE_MAX_FIELD_NUMBER: _ClassVar[int]
    TOGETHER_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    RARE_DAYS_MAX_FIELD_NUMBER: _ClassVar[int]
    STEADY_M_FIELD_NUMBER: _ClassVar[int]
    STEADY_FIXES_MIN_FIELD_NUMBER: _ClassVar[int]
    STEADY_ACCURACY_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_M_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    MOCK_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    TRAVEL_NEAR_KMH_FIELD_NUMBER: _ClassVar[int]
    TRAVEL_NEAR_KM_FIELD_NUMBER: _ClassVar[int]
    TRAVEL_FAR_KMH_FIELD_NUMBER: _ClassVar[int]
    TRAVEL_SLACK_M_FIELD_NUMBER: _ClassVar[int]
    decimals_min: int
    repeat_days_min: int
    repeat_share_min: float
    together_people_min: int
    together_people_max: int
    together_days_min: int
    rare_days_max: int
    steady_m: float
    steady_fixes_min: int
    steady_accuracy_share_min: float
    accuracy_m: float
    accuracy_days_min: int
    accuracy_share_min: float
    mock_days_min: int
    travel_near_kmh: float
    travel_near_km: float
    travel_far_kmh: float
    travel_slack_m: float
    def __init__(self, decimals_min: _Optional[int] = ..., repeat_days_min: _Optional[int] = ..., repeat_share_min: _Optional[float] = ..., together_people_min: _Optional[int] = ..., together_people_max: _Optional[int] = ..., together_days_min: _Optional[int] = ..., rare_days_max: _Optional[int] = ..., steady_m: _Optional[float] = ..., steady_fixes_min: _Optional[int] = ..., steady_accuracy_share_min: _Optional[float] = ..., accuracy_m: _Optional[float] = ..., accuracy_days_min: _Optional[int] = ..., accuracy_share_min: _Optional[float] = ..., mock_days_min: _Optional[int] = ..., travel_near_kmh: _Optional[float] = ..., travel_near_km: _Optional[float] = ..., travel_far_kmh: _Optional[float] = ..., travel_slack_m: _Optional[float] = ...) -> None: ...

class FrameLimits(_message.Message):
    __slots__ = ("frame_bits", "background_bits", "apart_hours", "reuse_days_min", "reuse_share_min", "shared_days_min", "shared_people_min", "room_minutes", "room_people_min", "room_people_max", "room_days_min", "room_share_min")
    FRAME_BITS_FIELD_NUMBER: _ClassVar[int]
    BACKGROUND_BITS_FIELD_NUMBER: _ClassVar[int]
    APART_HOURS_FIELD_NUMBER: _ClassVar[int]
    REUSE_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    REUSE_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    SHARED_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    SHARED_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    ROOM_MINUTES_FIELD_NUMBER: _ClassVar[int]
    ROOM_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    ROOM_PEOPLE_MAX_FIELD_NUMBER: _ClassVar[int]
    ROOM_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    ROOM_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    frame_bits: int
    background_bits: int
    apart_hours: float
    reuse_days_min: int
    reuse_share_min: float
    shared_days_min: int
    shared_people_min: int
    room_minutes: float
    room_people_min: int
    room_people_max: int
    room_days_min: int
    room_share_min: float
    def __init__(self, frame_bits: _Optional[int] = ..., background_bits: _Optional[int] = ..., apart_hours: _Optional[float] = ..., reuse_days_min: _Optional[int] = ..., reuse_share_min: _Optional[float] = ..., shared_days_min: _Optional[int] = ..., shared_people_min: _Optional[int] = ..., room_minutes: _Optional[float] = ..., room_people_min: _Optional[int] = ..., room_people_max: _Optional[int] = ..., room_days_min: _Optional[int] = ..., room_share_min: _Optional[float] = ...) -> None: ...

class PermitLimits(_message.Message):
    __slots__ = ("late_days", "often_late_days", "often_late_min", "bulk_minutes", "bulk_people_min", "bulk_late_days", "bulk_share_min", "document_periods_min", "sick_people_min", "trip_days_max", "outlier_z", "outlier_count_min", "outlier_spread_min")
    LATE_DAYS_FIELD_NUMBER: _ClassVar[int]
    OFTEN_LATE_DAYS_FIELD_NUMBER: _ClassVar[int]
    OFTEN_LATE_MIN_FIELD_NUMBER: _ClassVar[int]
    BULK_MINUTES_FIELD_NUMBER: _ClassVar[int]
    BULK_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    BULK_LATE_DAYS_FIELD_NUMBER: _ClassVar[int]
    BULK_SHARE_MIN_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_PERIODS_MIN_FIELD_NUMBER: _ClassVar[int]
    SICK_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    TRIP_DAYS_MAX_FIELD_NUMBER: _ClassVar[int]
    OUTLIER_Z_FIELD_NUMBER: _ClassVar[int]
    OUTLIER_COUNT_MIN_FIELD_NUMBER: _ClassVar[int]
    OUTLIER_SPREAD_MIN_FIELD_NUMBER: _ClassVar[int]
    late_days: float
    often_late_days: float
    often_late_min: int
    bulk_minutes: float
    bulk_people_min: int
    bulk_late_days: float
    bulk_share_min: float
    document_periods_min: int
    sick_people_min: int
    trip_days_max: int
    outlier_z: float
    outlier_count_min: int
    outlier_spread_min: float
    def __init__(self, late_days: _Optional[float] = ..., often_late_days: _Optional[float] = ..., often_late_min: _Optional[int] = ..., bulk_minutes: _Optional[float] = ..., bulk_people_min: _Optional[int] = ..., bulk_late_days: _Optional[float] = ..., bulk_share_min: _Optional[float] = ..., document_periods_min: _Optional[int] = ..., sick_people_min: _Optional[int] = ..., trip_days_max: _Optional[int] = ..., outlier_z: _Optional[float] = ..., outlier_count_min: _Optional[int] = ..., outlier_spread_min: _Optional[float] = ...) -> None: ...

class PastLimits(_message.Message):
    __slots__ = ("sitting_minutes", "sitting_people_min", "person_days", "person_days_min", "outage_people_min", "outage_days_min", "peers_factor", "peers_count_min", "void_late_days", "void_person_days_min", "rule_days", "move_days")
    SITTING_MINUTES_FIELD_NUMBER: _ClassVar[int]
    SITTING_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    PERSON_DAYS_FIELD_NUMBER: _ClassVar[int]
    PERSON_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    OUTAGE_PEOPLE_MIN_FIELD_NUMBER: _ClassVar[int]
    OUTAGE_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    PEERS_FACTOR_FIELD_NUMBER: _ClassVar[int]
    PEERS_COUNT_MIN_FIELD_NUMBER: _ClassVar[int]
    VOID_LATE_DAYS_FIELD_NUMBER: _ClassVar[int]
    VOID_PERSON_DAYS_MIN_FIELD_NUMBER: _ClassVar[int]
    RULE_DAYS_FIELD_NUMBER: _ClassVar[int]
    MOVE_DAYS_FIELD_NUMBER: _ClassVar[int]
    sitting_minutes: float
    sitting_people_min: int
    person_days: int
    person_days_min: int
    outage_people_min: int
    outage_days_min: int
    peers_factor: float
    peers_count_min: int
    void_late_days: float
    void_person_days_min: int
    rule_days: int
    move_days: int
    def __init__(self, sitting_minutes: _Optional[float] = ..., sitting_people_min: _Optional[int] = ..., person_days: _Optional[int] = ..., person_days_min: _Optional[int] = ..., outage_people_min: _Optional[int] = ..., outage_days_min: _Optional[int] = ..., peers_factor: _Optional[float] = ..., peers_count_min: _Optional[int] = ..., void_late_days: _Optional[float] = ..., void_person_days_min: _Optional[int] = ..., rule_days: _Optional[int] = ..., move_days: _Optional[int] = ...) -> None: ...

class ForensicLimits(_message.Message):
    __slots__ = ("name", "devices", "places", "frames", "permits", "past")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    PERMITS_FIELD_NUMBER: _ClassVar[int]
    PAST_FIELD_NUMBER: _ClassVar[int]
    name: str
    devices: DeviceLimits
    places: PlaceLimits
    frames: FrameLimits
    permits: PermitLimits
    past: PastLimits
    def __init__(self, name: _Optional[str] = ..., devices: _Optional[_Union[DeviceLimits, _Mapping]] = ..., places: _Optional[_Union[PlaceLimits, _Mapping]] = ..., frames: _Optional[_Union[FrameLimits, _Mapping]] = ..., permits: _Optional[_Union[PermitLimits, _Mapping]] = ..., past: _Optional[_Union[PastLimits, _Mapping]] = ...) -> None: ...

class PutRulesRequest(_message.Message):
    __slots__ = ("rules", "reason", "dry_run")
    RULES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[Rule]
    reason: str
    dry_run: bool
    def __init__(self, rules: _Optional[_Iterable[_Union[Rule, _Mapping]]] = ..., reason: _Optional[str] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class RuleProblem(_message.Message):
    __slots__ = ("number", "reason", "text")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    number: int
    reason: str
    text: str
    def __init__(self, number: _Optional[int] = ..., reason: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class PutRulesResponse(_message.Message):
    __slots__ = ("stored", "problems", "rule_count")
    STORED_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    RULE_COUNT_FIELD_NUMBER: _ClassVar[int]
    stored: bool
    problems: _containers.RepeatedCompositeFieldContainer[RuleProblem]
    rule_count: int
    def __init__(self, stored: _Optional[bool] = ..., problems: _Optional[_Iterable[_Union[RuleProblem, _Mapping]]] = ..., rule_count: _Optional[int] = ...) -> None: ...

class ListRulesRequest(_message.Message):
    __slots__ = ("kind", "subject", "current_only", "page_size", "page_token")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    kind: RuleKind
    subject: str
    current_only: bool
    page_size: int
    page_token: str
    def __init__(self, kind: _Optional[_Union[RuleKind, str]] = ..., subject: _Optional[str] = ..., current_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRulesResponse(_message.Message):
    __slots__ = ("changes", "next_page_token")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[RuleChange]
    next_page_token: str
    def __init__(self, changes: _Optional[_Iterable[_Union[RuleChange, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
