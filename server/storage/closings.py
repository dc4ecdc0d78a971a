"""SQL of months that BKD closed: one row a closing, and one for each of its units with figures.

The figures of a unit's employees are one text: a closing of 10,000 people in 100 units is 100 rows
and some 500 kB, which holds the writer for milliseconds and not for the second that a row for each
person takes. A unit without people has its row, too: it says that the closing was for it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.closing import Closing, Figures
from server.storage.parts import in_parts
from server.storage.schema_logs import closed_units, closings
from server.storage.times import pack, unpack

_C, _U = closings.c, closed_units.c


def packed(figures: Mapping[str, Figures]) -> str:
    """Returns the figures of employees by NIP as they are stored: 5,000 take some 10 ms."""
    rows = [
        [nip, one.workdays, str(one.percent), str(one.waived_percent), one.left_out_days]
        for nip, one in sorted(figures.items())
    ]
    return json.dumps(rows, separators=(",", ":"))


def unpacked(stored: str) -> dict[str, Figures]:
    """Returns figures by NIP as `packed` stored them."""
    return {
        nip: Figures(workdays, Decimal(percent), Decimal(waived), left_out)
        for nip, workdays, percent, waived, left_out in json.loads(stored)
    }


async def last_version(connection: AsyncConnection, unit_id: str, month: date) -> int:
    """Returns how often the month of a tree was closed."""
    statement = select(func.max(_C.version)).where(_C.unit_id == unit_id, _C.month == _text(month))
    return (await connection.execute(statement)).scalar() or 0


async def insert_closing(
    connection: AsyncConnection, closing: Closing, figures: Mapping[str, str]
) -> Closing:
    """Appends a closing with the packed figures of each of its units; returns it, numbered."""
    made = await connection.execute(
        insert(closings).values(
            unit_id=closing.unit_id,
            month=_text(closing.month),
            version=closing.version,
            actor=closing.actor,
            username=closing.username,
            reason=closing.reason,
            despite=closing.despite,
            waiting=closing.waiting,
            people=closing.people,
            ledger_size=closing.ledger_size,
            close_time=pack(closing.close_time),
        )
    )
    (sequence,) = made.inserted_primary_key or (0,)
    rows = [
        {"closing": sequence, "unit_id": unit_id, "figures": figures[unit_id]}
        for unit_id in sorted(figures)
    ]
    if rows:
        await connection.execute(insert(closed_units), rows)
    return replace(closing, sequence=sequence)


async def of_month(connection: AsyncConnection, month: date) -> list[Closing]:
    """Returns all closings of a month, oldest first."""
    statement = select(closings).where(_C.month == _text(month)).order_by(_C.sequence)
    return [_closing(row) for row in await connection.execute(statement)]


async def last_with(
    connection: AsyncConnection, month: date, unit_ids: Iterable[str]
) -> dict[str, int]:
    """Returns the sequence of the latest closing of a month with figures of each unit, if any."""
    found: dict[str, int] = {}
    for some in in_parts(frozenset(unit_ids)):
        statement = (
            select(_U.unit_id, func.max(_U.closing).label("last"))
            .join_from(closed_units, closings, _U.closing == _C.sequence)
            .where(_C.month == _text(month), _U.unit_id.in_(some))
            .group_by(_U.unit_id)
        )
        found |= {row.unit_id: row.last for row in await connection.execute(statement)}
    return found


async def figures_of(connection: AsyncConnection, wanted: Mapping[str, int]) -> dict[str, str]:
    """Returns the packed figures of units, each as the closing of that sequence kept them."""
    found: dict[str, str] = {}
    for sequence in set(wanted.values()):
        units = [unit_id for unit_id, one in wanted.items() if one == sequence]
        for some in in_parts(units):
            statement = select(_U.unit_id, _U.figures).where(
                _U.closing == sequence, _U.unit_id.in_(some)
            )
            found |= {row.unit_id: row.figures for row in await connection.execute(statement)}
    return found


async def page(
    connection: AsyncConnection, unit_ids: Iterable[str], *, before: int | None, limit: int
) -> list[Closing]:
    """Returns closings with figures of one of the units, before a sequence, newest first."""
    theirs = select(_U.closing).where(_U.unit_id.in_(sorted(unit_ids)))
    statement = select(closings).where(_C.sequence.in_(theirs))
    statement = statement.order_by(_C.sequence.desc()).limit(limit)
    if before is not None:
        statement = statement.where(_C.sequence < before)
    return [_closing(row) for row in await connection.execute(statement)]


def _text(month: date) -> str:
    return f"{month:%Y-%m}"


def _closing(row: Row[Any]) -> Closing:
    return Closing(
        sequence=row.sequence,
        unit_id=row.unit_id,
        month=date.fromisoformat(f"{row.month}-01"),
        version=row.version,
        actor=row.actor,
        username=row.username,
        reason=row.reason,
        despite=row.despite,
        waiting=row.waiting,
        people=row.people,
        ledger_size=row.ledger_size,
        close_time=unpack(row.close_time),
    )
