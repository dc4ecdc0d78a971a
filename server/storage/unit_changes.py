"""SQL of the log of units: append-only, one row for each unit that somebody put."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import Unit
from server.domain.unit_history import UnitChange
from server.storage.schema import unit_changes
from server.storage.times import pack, unpack


async def insert_changes(
    connection: AsyncConnection,
    units: Iterable[Unit],
    *,
    start: date,
    actor: str,
    reason: str,
    now: datetime,
) -> None:
    """Appends units as they were put."""
    rows = [
        {
            "unit_id": unit.unit_id,
            "display_name": unit.display_name,
            "parent_unit_id": unit.parent_unit_id,
            "site_id": unit.site_id,
            "head_nip": unit.head_nip,
            "start": start.isoformat(),
            "actor": actor,
            "reason": reason,
            "change_time": pack(now),
        }
        for unit in units
    ]
    if rows:
        await connection.execute(insert(unit_changes), rows)


async def last_sequence(connection: AsyncConnection) -> int:
    """Returns the number of the last change, 0 if there is none."""
    return (await connection.execute(select(func.max(unit_changes.c.sequence)))).scalar() or 0


async def first_times(connection: AsyncConnection) -> dict[str, datetime]:
    """Returns when each unit was put first, by id."""
    first = func.min(unit_changes.c.change_time)
    rows = await connection.execute(
        select(unit_changes.c.unit_id, first).group_by(unit_changes.c.unit_id)
    )
    return {unit_id: unpack(time) for unit_id, time in rows}


async def all_changes(connection: AsyncConnection) -> list[UnitChange]:
    """Returns all changes, oldest first: some thousand in years."""
    rows = await connection.execute(select(unit_changes).order_by(unit_changes.c.sequence))
    return [_change(row) for row in rows]


async def page(
    connection: AsyncConnection, unit_id: str, *, before: int | None, limit: int
) -> list[UnitChange]:
    """Returns changes of a unit ("" for all) before a sequence, newest first."""
    statement = select(unit_changes).order_by(unit_changes.c.sequence.desc()).limit(limit)
    if unit_id:
        statement = statement.where(unit_changes.c.unit_id == unit_id)
    if before is not None:
        statement = statement.where(unit_changes.c.sequence < before)
    return [_change(row) for row in await connection.execute(statement)]


def _change(row: Row[Any]) -> UnitChange:
    return UnitChange(
        sequence=row.sequence,
        unit=Unit(row.unit_id, row.display_name, row.parent_unit_id, row.site_id, row.head_nip),
        start=date.fromisoformat(row.start),
        actor=row.actor,
        reason=row.reason,
        change_time=unpack(row.change_time),
    )
