"""Between messages of rules and records of the domain, both ways."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, TypeVar

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from hadir.v1 import rule_pb2

from server.domain.attendance import starter
from server.domain.attendance.approval import (
    ApprovalLevel,
    Chain,
    ChainTable,
    Delegation,
    DelegationKind,
)
from server.domain.attendance.bands import Band, CutTable
from server.domain.attendance.calendar import FreeDay, FreeKind
from server.domain.attendance.discipline import DisciplineTable, Step
from server.domain.attendance.hours import DayHours, Override, Schedule, Week, Windows
from server.domain.attendance.model import LeaveType, Phase, PhasePeriod, RequestKind
from server.domain.attendance.quota import QuotaTable
from server.domain.attendance.rules import Content, Rule, RuleChange, RuleKind, Shift
from server.domain.forensics.limits import (
    DeviceLimits,
    FrameLimits,
    Limits,
    PastLimits,
    PermitLimits,
    PlaceLimits,
)
from server.errors import FieldInvalid
from server.rpc import convert
from server.rpc.convert_attendance import day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LENGTHS = (
    "break_s",
    "late_grace_s",
    "early_grace_s",
    "beyond_grace",
    "flex_before_s",
    "flex_after_s",
    "flexible_place",
)
_WINDOWS = ("in_before_s", "in_after_s", "out_before_s", "out_after_s")
# By the field of rule_pb2.ForensicLimits; the fields of either have the same names.
_LIMIT_GROUPS: dict[str, Callable[..., Any]] = {
    "devices": DeviceLimits,
    "places": PlaceLimits,
    "frames": FrameLimits,
    "permits": PermitLimits,
    "past": PastLimits,
}
E = TypeVar("E", bound=Enum)


def kind(number: int) -> RuleKind | None:
    """Returns a kind of rule, None for unspecified. Raises FieldInvalid."""
    if number == rule_pb2.RULE_KIND_UNSPECIFIED:
        return None
    try:
        return RuleKind(rule_pb2.RuleKind.Name(number).removeprefix("RULE_KIND_"))
    except ValueError:
        raise FieldInvalid("the kind is unknown", field="kind") from None


def rule_record(message: rule_pb2.Rule) -> Rule:
    """Returns the rule of a message. Raises FieldInvalid."""
    start, field = day(message.start, "start"), message.WhichOneof("content")
    if field == "withdrawn" and (withdrawn := kind(message.withdrawn)):
        return Rule(withdrawn, message.subject, start, None)
    if field not in _FORMS:
        raise FieldInvalid("a rule needs a content", field="content")
    rule_kind, record_of, _ = _FORMS[field]
    content = record_of(getattr(message, field), message.subject, start)
    return Rule(rule_kind, message.subject, start, content)


def change(record: RuleChange) -> rule_pb2.RuleChange:
    """Returns a change of a rule."""
    message = rule_pb2.Rule(subject=record.rule.subject, start=record.rule.start.isoformat())
    if record.rule.content is not None:
        field = _FIELDS[record.rule.kind]
        _, _, message_of = _FORMS[field]
        getattr(message, field).SetInParent()  # content may be all defaults
        getattr(message, field).CopyFrom(message_of(record.rule.content))
    return rule_pb2.RuleChange(
        sequence=record.sequence,
        kind=f"RULE_KIND_{record.rule.kind.value}",
        rule=message,
        actor=record.actor,
        reason=record.reason,
        change_time=convert.stamp(record.change_time),
        superseded=record.superseded,
    )


def _phase(message: rule_pb2.Phase, subject: str, start: date) -> PhasePeriod:
    name = _name(rule_pb2.PhaseKind, message.phase, "phase").removeprefix("PHASE_KIND_")
    return PhasePeriod(subject, start, _enum(Phase, name))


def _discipline(message: rule_pb2.DisciplineTable, _: str, start: date) -> DisciplineTable:
    return DisciplineTable(
        version=message.name,
        start=start,
        steps=tuple(Step(step.code, step.days_min) for step in message.steps),
        in_a_row=Step(message.in_a_row.code, message.in_a_row.days_min),
        day_minutes=message.day_minutes if message.HasField("day_minutes") else None,
    )


def _free_day(message: rule_pb2.FreeDay, _: str, start: date) -> FreeDay:
    name = _name(rule_pb2.FreeKind, message.kind, "kind").removeprefix("FREE_KIND_")
    return FreeDay(start, message.name, _enum(FreeKind, name), message.decree)


def _shift(message: rule_pb2.ShiftDay, _: str, __: date) -> Shift:
    return Shift(message.shift)


def _delegation(message: rule_pb2.Delegation, subject: str, start: date) -> Delegation:
    name = _name(rule_pb2.DelegationKind, message.kind, "kind").removeprefix("DELEGATION_KIND_")
    last, acting = day(message.last, "last"), _enum(DelegationKind, name)
    return Delegation(subject, start, message.nip, last, acting, message.number)


def _schedule(message: rule_pb2.Schedule, subject: str, start: date) -> Schedule:
    return Schedule(
        version="",
        unit_id=subject,
        start=start,
        week=_week(message.week) if message.HasField("week") else None,
        shifts={name: _hours(hours) for name, hours in message.shifts.items()},
        overrides=tuple(
            Override(
                override_id=one.name,
                first=day(one.first, "first"),
                last=day(one.last, "last"),
                week=_week(one.week) if one.HasField("week") else None,
                shifts={name: _hours(hours) for name, hours in one.shifts.items()},
            )
            for one in message.overrides
        ),
        holidays=not message.works_on_holidays,
    )


def _week(message: rule_pb2.Week) -> Week:
    return tuple(
        _hours(getattr(message, name)) if message.HasField(name) else None for name in WEEKDAYS
    )


def _hours(message: rule_pb2.DayHours) -> DayHours:
    windows = starter.WINDOWS
    if message.HasField("windows"):
        windows = Windows(*(getattr(message.windows, name) for name in _WINDOWS))
    return DayHours(
        _clock(message.start, "start"),
        _clock(message.end, "end"),
        windows,
        **{name: getattr(message, name) for name in _LENGTHS},
    )


def _clock(text: str, field: str) -> time:
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise FieldInvalid(f"{field} is no time HH:MM", field=field) from None


def _cut_table(message: rule_pb2.CutTable, _: str, start: date) -> CutTable:
    return CutTable(
        version=message.name,
        start=start,
        late=tuple(_band(band) for band in message.late),
        early=tuple(_band(band) for band in message.early),
        no_check_in=_band(message.no_check_in),
        no_check_out=_band(message.no_check_out),
        absent=_band(message.absent),
        day_max=_percent(message.day_max),
        excused={_enum(RequestKind, n): _percent(p) for n, p in message.excused.items()},
        leave={_enum(LeaveType, n): _percent(p) for n, p in message.leave.items()},
    )


def _band(message: rule_pb2.Band) -> Band:
    return Band(message.code, message.minutes_min, _percent(message.percent))


def _percent(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise FieldInvalid("a percentage is no decimal number", field="percent")
    return found


_QUOTA = (
    "annual_days",
    "annual_max_days",
    "annual_two_years_max_days",
    "remote_days",
    "joint_leave_counts",
)


def _quota(message: rule_pb2.QuotaTable, _: str, start: date) -> QuotaTable:
    return QuotaTable(
        version=message.name,
        start=start,
        **{name: getattr(message, name) for name in _QUOTA},
        longest_days={_enum(LeaveType, n): days for n, days in message.longest_days.items()},
        remote_unit_ids=frozenset(message.remote_unit_ids),
    )


def _quota_message(content: QuotaTable) -> rule_pb2.QuotaTable:
    return rule_pb2.QuotaTable(
        name=content.version,
        **{name: getattr(content, name) for name in _QUOTA},
        longest_days={one.value: days for one, days in content.longest_days.items()},
        remote_unit_ids=sorted(content.remote_unit_ids),
    )


def _chain_table(message: rule_pb2.ChainTable, _: str, start: date) -> ChainTable:
    levels = rule_pb2.ApprovalLevel
    return ChainTable(
        version=message.name,
        start=start,
        chains=tuple(
            Chain(
                tuple(
                    _enum(ApprovalLevel, _name(levels, n, "levels").removeprefix("APPROVAL_LEVEL_"))
                    for n in one.levels
                ),
                kinds=_enums(RequestKind, one.kinds),
                leaves=_enums(LeaveType, one.leaves),
                days_min=one.days_min,
            )
            for one in message.chains
        ),
        correction_days=message.correction_days,
        documents_needed=_enums(RequestKind, message.documents_needed),
        letters_needed=_enums(RequestKind, message.letters_needed),
    )


def _name(enum: EnumTypeWrapper, number: int, field: str) -> str:
    """Returns the name of a number that the API may not know. Raises FieldInvalid."""
    try:
        return enum.Name(number)
    except ValueError:
        raise FieldInvalid(f"{field} is unknown", field=field) from None


def _enum(records: type[E], name: str) -> E:
    try:
        return records(name)
    except ValueError:
        raise FieldInvalid(f"{name[:40]} is unknown", field=records.__name__) from None


def _enums(records: type[E], names: Iterable[str]) -> frozenset[E]:
    return frozenset(_enum(records, name) for name in names)


def _phase_message(content: PhasePeriod) -> rule_pb2.Phase:
    return rule_pb2.Phase(phase=f"PHASE_KIND_{content.phase.value}")


def _discipline_message(content: DisciplineTable) -> rule_pb2.DisciplineTable:
    row = content.in_a_row
    return rule_pb2.DisciplineTable(
        name=content.version,
        steps=[
            rule_pb2.DisciplineStep(code=step.code, days_min=step.days_min)
            for step in content.steps
        ],
        in_a_row=rule_pb2.DisciplineStep(code=row.code, days_min=row.days_min),
        day_minutes=content.day_minutes,
    )


def _free_day_message(content: FreeDay) -> rule_pb2.FreeDay:
    return rule_pb2.FreeDay(
        name=content.name, kind=f"FREE_KIND_{content.kind.value}", decree=content.decree
    )


def _shift_message(content: Shift) -> rule_pb2.ShiftDay:
    return rule_pb2.ShiftDay(shift=content.name)


def _delegation_message(content: Delegation) -> rule_pb2.Delegation:
    return rule_pb2.Delegation(
        nip=content.nip,
        last=content.last.isoformat(),
        kind=f"DELEGATION_KIND_{content.kind.value}",
        number=content.number,
    )


def _schedule_message(content: Schedule) -> rule_pb2.Schedule:
    return rule_pb2.Schedule(
        week=_week_message(content.week) if content.week else None,
        shifts=_shifts(content.shifts),
        overrides=[
            rule_pb2.Override(
                name=one.override_id,
                first=one.first.isoformat(),
                last=one.last.isoformat(),
                week=_week_message(one.week) if one.week else None,
                shifts=_shifts(one.shifts),
            )
            for one in content.overrides
        ],
        works_on_holidays=not content.holidays,
    )


def _week_message(week: Week) -> rule_pb2.Week:
    days = {
        name: _hours_message(hours) for name, hours in zip(WEEKDAYS, week, strict=True) if hours
    }
    return rule_pb2.Week(**days)


def _shifts(shifts: Mapping[str, DayHours]) -> dict[str, rule_pb2.DayHours]:
    return {name: _hours_message(hours) for name, hours in shifts.items()}


def _hours_message(hours: DayHours) -> rule_pb2.DayHours:
    return rule_pb2.DayHours(
        start=hours.start.isoformat("minutes"),
        end=hours.end.isoformat("minutes"),
        windows=rule_pb2.Windows(**{name: getattr(hours.windows, name) for name in _WINDOWS}),
        **{name: getattr(hours, name) for name in _LENGTHS},
    )


def _cut_table_message(content: CutTable) -> rule_pb2.CutTable:
    return rule_pb2.CutTable(
        name=content.version,
        late=[_band_message(band) for band in content.late],
        early=[_band_message(band) for band in content.early],
        no_check_in=_band_message(content.no_check_in),
        no_check_out=_band_message(content.no_check_out),
        absent=_band_message(content.absent),
        day_max=str(content.day_max),
        excused={one.value: str(percent) for one, percent in content.excused.items()},
        leave={one.value: str(percent) for one, percent in content.leave.items()},
    )


def _band_message(band: Band) -> rule_pb2.Band:
    return rule_pb2.Band(code=band.code, minutes_min=band.minutes_min, percent=str(band.percent))


def _chain_table_message(content: ChainTable) -> rule_pb2.ChainTable:
    return rule_pb2.ChainTable(
        name=content.version,
        chains=[
            rule_pb2.Chain(
                kinds=sorted(one.value for one in chain.kinds),
                leaves=sorted(one.value for one in chain.leaves),
                days_min=chain.days_min,
                levels=[f"APPROVAL_LEVEL_{level.value}" for level in chain.levels],
            )
            for chain in content.chains
        ],
        correction_days=content.correction_days,
        documents_needed=sorted(one.value for one in content.documents_needed),
        letters_needed=sorted(one.value for one in content.letters_needed),
    )


def _limits(message: rule_pb2.ForensicLimits, _: str, start: date) -> Limits:
    groups = {}
    for name, record in _LIMIT_GROUPS.items():
        group = getattr(message, name)
        groups[name] = record(**{field.name: value for field, value in group.ListFields()})
    return Limits(version=message.name, start=start, **groups)


def _limits_message(content: Limits) -> rule_pb2.ForensicLimits:
    groups = {name: asdict(getattr(content, name)) for name in _LIMIT_GROUPS}
    return rule_pb2.ForensicLimits(name=content.version, **groups)


# By the field of rule_pb2.Rule that holds the content: its kind, and the way there and back.
_FORMS: dict[str, tuple[RuleKind, Callable[..., Content], Callable[..., Message]]] = {
    "schedule": (RuleKind.SCHEDULE, _schedule, _schedule_message),
    "phase": (RuleKind.PHASE, _phase, _phase_message),
    "cut_table": (RuleKind.CUT_TABLE, _cut_table, _cut_table_message),
    "discipline": (RuleKind.DISCIPLINE, _discipline, _discipline_message),
    "free_day": (RuleKind.FREE_DAY, _free_day, _free_day_message),
    "shift": (RuleKind.SHIFT, _shift, _shift_message),
    "quota": (RuleKind.QUOTA, _quota, _quota_message),
    "chain": (RuleKind.CHAIN, _chain_table, _chain_table_message),
    "delegation": (RuleKind.DELEGATION, _delegation, _delegation_message),
    "forensic_limits": (RuleKind.FORENSIC_LIMITS, _limits, _limits_message),
}
_FIELDS = {kind: field for field, (kind, _, _) in _FORMS.items()}
