"""SQL of the log of rules: append-only; contents are JSON of the domain's records."""

import asyncio
import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.approval import ChainTable, Delegation
from server.domain.attendance.bands import CutTable
from server.domain.attendance.calendar import FreeDay
from server.domain.attendance.discipline import DisciplineTable
from server.domain.attendance.hours import Schedule
from server.domain.attendance.model import PhasePeriod
from server.domain.attendance.quota import QuotaTable
from server.domain.attendance.rules import Rule, RuleChange, RuleKind, Shift
from server.domain.forensics.limits import Limits
from server.storage.parts import in_parts
from server.storage.schema import rules
from server.storage.times import pack, unpack

# Rows between two turns of the event loop: some 5 ms of it.
ROWS_AT_ONCE = 500
# So few are read without a thread: a deputy is looked up with nearly every call of a head.
ROWS_IN_PASSING = 50
# A roster is a rule for each employee and date: read for whom and when it is needed.
BOOK_KINDS = frozenset(RuleKind) - {RuleKind.SHIFT}
_CODECS: dict[RuleKind, TypeAdapter[Any]] = {
    RuleKind.SCHEDULE: TypeAdapter(Schedule),
    RuleKind.PHASE: TypeAdapter(PhasePeriod),
    RuleKind.CUT_TABLE: TypeAdapter(CutTable),
    RuleKind.DISCIPLINE: TypeAdapter(DisciplineTable),
    RuleKind.FREE_DAY: TypeAdapter(FreeDay),
    RuleKind.SHIFT: TypeAdapter(Shift),
    RuleKind.QUOTA: TypeAdapter(QuotaTable),
    RuleKind.CHAIN: TypeAdapter(ChainTable),
    RuleKind.DELEGATION: TypeAdapter(Delegation),
    RuleKind.FORENSIC_LIMITS: TypeAdapter(Limits),
}


async def insert_rules(
    connection: AsyncConnection, some: Sequence[Rule], *, actor: str, reason: str, now: datetime
) -> None:
    """Appends rules."""
    said = {"actor": actor, "reason": reason, "change_time": pack(now)}
    for start in range(0, len(some), ROWS_AT_ONCE):
        part = some[start : start + ROWS_AT_ONCE]
        await connection.execute(insert(rules), [_values(rule) | said for rule in part])


async def last_sequence(connection: AsyncConnection) -> int:
    """Returns the number of the last change, 0 if there is none."""
    return (await connection.execute(select(func.max(rules.c.sequence)))).scalar() or 0


async def book_changed(connection: AsyncConnection, after: int) -> bool:
    """Whether a rule of the book, so no shift, was changed after a sequence."""
    statement = (
        select(rules.c.sequence)
        .where(rules.c.sequence > after, rules.c.kind != RuleKind.SHIFT.value)
        .limit(1)
    )
    return (await connection.execute(statement)).first() is not None


async def rosters(
    connection: AsyncConnection, nips: Collection[str], first: date, last: date
) -> dict[str, dict[date, str]]:
    """Returns the shifts of employees from first to last, by NIP and date."""
    days = (last - first).days + 1
    found: dict[str, dict[date, str]] = {}
    for some in in_parts(nips, max(1, ROWS_AT_ONCE // days)):
        statement = (
            select(rules.c.subject, rules.c.start, rules.c.content)
            .where(
                rules.c.kind == RuleKind.SHIFT.value,
                rules.c.subject.in_(some),
                rules.c.start.between(first.isoformat(), last.isoformat()),
            )
            .order_by(rules.c.sequence)
        )
        for subject, start, content in await connection.execute(statement):
            roster = found.setdefault(subject, {})
            if content is None:
                roster.pop(date.fromisoformat(start), None)
            else:
                roster[date.fromisoformat(start)] = json.loads(content)["name"]
    return found


async def list_current(
    connection: AsyncConnection, kinds: Collection[RuleKind]
) -> list[RuleChange]:
    """Returns the last change of each of the kinds, subject and start, oldest first."""
    latest = _latest(kinds)
    statement = (
        select(rules)
        .where(rules.c.sequence.in_(latest))
        .order_by(rules.c.sequence)
        .limit(ROWS_AT_ONCE)
    )
    found: list[RuleChange] = []
    after = 0
    while True:
        rows = (await connection.execute(statement.where(rules.c.sequence > after))).all()
        few = len(rows) <= ROWS_IN_PASSING
        found += _current(rows) if few else await asyncio.to_thread(_current, rows)
        if len(rows) < ROWS_AT_ONCE:
            return found
        after = rows[-1].sequence


async def known_kinds(connection: AsyncConnection) -> set[RuleKind]:
    """Returns the kinds of which the log has a rule, also one taken back."""
    return {RuleKind(kind) for kind in await connection.scalars(select(rules.c.kind).distinct())}


async def list_changes(
    connection: AsyncConnection,
    *,
    kind: RuleKind | None,
    subject: str,
    current_only: bool,
    before: int | None,
    limit: int,
) -> list[RuleChange]:
    """Returns changes before a sequence, newest first."""
    latest = _latest([] if kind is None else [kind]).subquery()
    statement = (
        select(rules, latest.c.sequence.label("latest"))
        .outerjoin(latest, latest.c.sequence == rules.c.sequence)
        .order_by(rules.c.sequence.desc())
        .limit(limit)
    )
    if kind is not None:
        statement = statement.where(rules.c.kind == kind.value)
    if subject:
        statement = statement.where(rules.c.subject == subject)
    if current_only:
        statement = statement.where(latest.c.sequence.is_not(None))
    if before is not None:
        statement = statement.where(rules.c.sequence < before)
    return [
        _change(row, superseded=row.latest is None) for row in await connection.execute(statement)
    ]


def _latest(kinds: Collection[RuleKind]) -> Select[Any]:
    """Selects the last change of each subject and start: of the kinds, of all if there are none."""
    last = func.max(rules.c.sequence).label("sequence")
    statement = select(last).group_by(rules.c.kind, rules.c.subject, rules.c.start)
    names = sorted(kind.value for kind in kinds)
    return statement.where(rules.c.kind.in_(names)) if names else statement


def _values(rule: Rule) -> dict[str, object]:
    return {
        "kind": rule.kind.value,
        "subject": rule.subject,
        "start": rule.start.isoformat(),
        "content": _packed(rule),
    }


def _packed(rule: Rule) -> str | None:
    if rule.content is None:
        return None
    packed: bytes = _CODECS[rule.kind].dump_json(rule.content)
    return packed.decode()


def _current(rows: Sequence[Row[Any]]) -> list[RuleChange]:
    return [_change(row, superseded=False) for row in rows]


def _change(row: Row[Any], *, superseded: bool) -> RuleChange:
    kind = RuleKind(row.kind)
    content = None if row.content is None else _CODECS[kind].validate_json(row.content)
    return RuleChange(
        sequence=row.sequence,
        rule=Rule(kind, row.subject, date.fromisoformat(row.start), content),
        actor=row.actor,
        reason=row.reason,
        change_time=unpack(row.change_time),
        superseded=superseded,
    )
