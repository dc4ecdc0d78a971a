"""Endings in the database: which it has, which of a journal it lacks, and how they are done again.

Read with plain SQLite, as the ledger is: by a server in a thread, and beside it. Estimate: 2 us an
ending that there ever was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.ending import Ending, EndingKind
from server.domain.model import AccountAction, AccountChange, BindingAction, BindingChange
from server.storage import account_changes, devices, enrollments, sessions
from server.storage.ledger import Reading
from server.storage.schema import activation_codes
from server.storage.schema import sessions as sessions_table
from server.storage.schema_logs import heeded_endings
from server.storage.times import pack, unpack

_ENDED = """
SELECT 'FACE', nip, erase_time, actor, reason, '', NULL FROM erasures
UNION ALL
SELECT 'DEVICE', device_id, revoke_time, revoke_actor, revoke_reason, '', NULL
FROM devices WHERE state = 'REVOKED' AND revoke_time IS NOT NULL
UNION ALL
SELECT 'ACCOUNT', s.username, s.close_time, coalesce(c.actor, ''), '', coalesce(c.actor_nip, ''),
s.create_time
FROM staff s LEFT JOIN account_changes c ON c.username = s.username AND c.action = 'CLOSED'
WHERE s.close_time IS NOT NULL
"""
_HEEDED = "SELECT kind, subject, end_time FROM heeded_endings"
# Whether what a journal says was ended goes on here: by id, or of a face by when it was enrolled.
# Whoever was enrolled again, got another device or a new account of the same name is not meant.
_GOES_ON = {
    EndingKind.FACE: "SELECT 1 FROM enrollments WHERE nip = ? AND create_time <= ?",
    EndingKind.DEVICE: "SELECT 1 FROM devices WHERE device_id = ? AND state = 'ACTIVE'",
    EndingKind.ACCOUNT: "SELECT 1 FROM staff WHERE username = ? AND create_time = ?"
    " AND close_time IS NULL",
}


def ended(connection: Reading) -> list[Ending]:
    """Returns all endings of a database, in the order of their times."""
    found = [
        Ending(EndingKind(kind), subject, unpack(time), actor, reason, nip, unpack(begin))
        for kind, subject, time, actor, reason, nip, begin in connection.execute(_ENDED)
    ]
    return sorted(found, key=lambda one: (one.time, one.kind.value, one.subject))


@dataclass(frozen=True, slots=True)
class Compared:
    """A journal beside a database, each in the order of times.

    unknown: what the journal has and the database neither knows to be ended nor heeded. going_on:
    what of it goes on in the database; a device of after a backup does not. unwritten: what the
    journal lacks.
    """

    unknown: tuple[Ending, ...]
    going_on: tuple[Ending, ...]
    unwritten: tuple[Ending, ...]


def compared(connection: Reading, journal: Iterable[Ending]) -> Compared:
    """Compares a journal with a database."""
    written = {one.key: one for one in journal}
    there = {one.key: one for one in ended(connection)}
    heeded = {
        (EndingKind(kind), subject, unpack(time))
        for kind, subject, time in connection.execute(_HEEDED)
    }
    known = there.keys() | heeded
    unknown = sorted(
        (one for one in written.values() if one.key not in known), key=lambda one: one.time
    )

    def goes_on(one: Ending) -> bool:
        named = [one.subject, pack(one.begin_time or one.time)]
        asked = _GOES_ON[one.kind]
        return connection.execute(asked, named[: asked.count("?")]).fetchone() is not None

    return Compared(
        tuple(unknown),
        tuple(filter(goes_on, unknown)),
        tuple(one for one in there.values() if one.key not in written),
    )


async def end_again(connection: AsyncConnection, endings: Iterable[Ending]) -> None:
    """Does endings again, as who did them did, and ends every session and activation code.

    The database is of before them: it may hold the sessions and codes of whoever was shut out.
    """
    for one in endings:
        match one.kind:
            case EndingKind.FACE:
                await enrollments.erase(
                    connection, one.subject, reason=one.reason, actor=one.actor, now=one.time
                )
            case EndingKind.DEVICE:
                await _revoke(connection, one)
            case EndingKind.ACCOUNT:
                await sessions.close_account(connection, one.subject, one.time)
                closed = AccountChange(
                    one.subject, AccountAction.CLOSED, one.actor, one.actor_nip, one.time
                )
                await account_changes.insert_change(connection, closed)
    await connection.execute(delete(sessions_table))
    await connection.execute(delete(activation_codes))


async def heed(connection: AsyncConnection, endings: Iterable[Ending]) -> None:
    """Keeps that lines of the journal need nothing more, whatever the database had of them."""
    rows = [
        {"kind": one.kind.value, "subject": one.subject, "end_time": pack(one.time)}
        for one in endings
    ]
    if rows:
        await connection.execute(insert(heeded_endings), rows)


async def _revoke(connection: AsyncConnection, one: Ending) -> None:
    device = await devices.get_device(connection, one.subject)
    assert device is not None, "it goes on here"
    await devices.revoke(connection, one.subject, now=one.time, reason=one.reason, actor=one.actor)
    action, site_id = BindingAction.REVOKED, device.site_id
    gone = BindingChange(device.nip, action, one.time, one.actor, one.subject, one.reason, site_id)
    await devices.add_change(connection, gone)
