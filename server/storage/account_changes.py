"""SQL of the log of staff accounts: who made, took over and closed which."""

from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import AccountAction, AccountChange, Role
from server.storage.schema import account_changes, staff
from server.storage.times import pack, unpack


async def insert_change(connection: AsyncConnection, change: AccountChange) -> None:
    """Appends a change."""
    await connection.execute(
        insert(account_changes).values(
            username=change.username,
            action=change.action.value,
            actor=change.actor,
            actor_nip=change.actor_nip,
            change_time=pack(change.change_time),
        )
    )


async def page(
    connection: AsyncConnection, *, before: int | None, limit: int
) -> list[AccountChange]:
    """Returns changes before a sequence, newest first, with role and NIP of the account."""
    statement = (
        select(account_changes, staff.c.role, staff.c.nip)
        .join(staff, staff.c.username == account_changes.c.username)
        .order_by(account_changes.c.sequence.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(account_changes.c.sequence < before)
    return [_change(row) for row in await connection.execute(statement)]


def _change(row: Row[Any]) -> AccountChange:
    return AccountChange(
        username=row.username,
        action=AccountAction(row.action),
        actor=row.actor,
        actor_nip=row.actor_nip,
        change_time=unpack(row.change_time),
        sequence=row.sequence,
        role=Role(row.role),
        nip=row.nip,
    )
