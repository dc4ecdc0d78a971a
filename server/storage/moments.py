"""SQL of when the last facts were stored: the one witness of a server's clock at a start."""

from datetime import datetime

from sqlalchemy import Column, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.schema import account_changes, binding_changes, events, refusals, rules
from server.storage.times import unpack

# Logs by their sequence, and when a row was stored.
_STORED: tuple[tuple[Table, Column[int]], ...] = (
    (events, events.c.create_time),
    (refusals, refusals.c.refuse_time),
    (rules, rules.c.change_time),
    (binding_changes, binding_changes.c.change_time),
    (account_changes, account_changes.c.change_time),
)


async def last_event(connection: AsyncConnection) -> datetime | None:
    """Returns when the last event was stored; None if there is none."""
    return await _last(connection, *_STORED[0])


async def last_fact(connection: AsyncConnection) -> datetime | None:
    """Returns when the last row of any log was stored; None if there is none."""
    found = [await _last(connection, *one) for one in _STORED]
    return max((moment for moment in found if moment is not None), default=None)


async def _last(connection: AsyncConnection, table: Table, moment: Column[int]) -> datetime | None:
    # By its number and not by its time: one that a wrong clock dated is not the last for ever.
    newest = select(func.max(table.c.sequence)).scalar_subquery()
    statement = select(moment).where(table.c.sequence == newest)
    return unpack((await connection.execute(statement)).scalar())
