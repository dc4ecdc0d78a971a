"""SQL of punches that BKD voided; the events and corrections themselves stay."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.model import Punch, PunchSource, Void
from server.domain.model import EventKind
from server.storage import requests
from server.storage.parts import in_parts
from server.storage.schema import events, voids
from server.storage.times import pack, unpack


@dataclass(frozen=True, slots=True)
class Voiding:
    """A punch that was found wrong. actor: NIP of who voided it; username: the account used."""

    event_id: str
    nip: str
    actor: str
    username: str
    reason: str
    void_time: datetime


async def insert_void(connection: AsyncConnection, voiding: Voiding) -> None:
    """Appends a void."""
    await connection.execute(
        insert(voids).values(
            event_id=voiding.event_id,
            nip=voiding.nip,
            actor=voiding.actor,
            username=voiding.username,
            reason=voiding.reason,
            void_time=pack(voiding.void_time),
        )
    )


async def find_void(connection: AsyncConnection, event_id: str) -> Voiding | None:
    """Returns how a punch was voided."""
    statement = select(voids).where(voids.c.event_id == event_id)
    row = (await connection.execute(statement)).first()
    return _voiding(row) if row else None


async def voids_of(connection: AsyncConnection, nips: Collection[str]) -> dict[str, Void]:
    """Returns all voids of employees' punches, by the id of the event or correction."""
    found: dict[str, Void] = {}
    for some in in_parts(nips):
        for row in await connection.execute(select(voids).where(voids.c.nip.in_(some))):
            found[row.event_id] = Void(row.actor, row.reason)
    return found


async def find_punch(connection: AsyncConnection, event_id: str) -> tuple[str, Punch] | None:
    """Returns (NIP, punch) of an event or a correction, voided or not."""
    statement = select(events).where(events.c.event_id == event_id)
    row = (await connection.execute(statement)).first()
    if row is not None:
        moment = unpack(row.event_time)
        return row.nip, Punch(event_id, EventKind(row.kind), moment, PunchSource(row.source))
    added = await requests.find_correction(connection, event_id)
    if added is None:
        return None
    return added.nip, Punch(event_id, added.kind, added.event_time, PunchSource.CORRECTION)


def _voiding(row: Row[Any]) -> Voiding:
    return Voiding(
        event_id=row.event_id,
        nip=row.nip,
        actor=row.actor,
        username=row.username,
        reason=row.reason,
        void_time=unpack(row.void_time),
    )
