"""Staff accounts: made by BKD for somebody else, closed for good, each step logged."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import structlog

from server.clock import Clock, SystemClock
from server.domain.model import AccountAction, AccountChange, Principal, Role, StaffAccount
from server.errors import (
    AccountExists,
    AccountUnknown,
    LastBkdAccount,
    OwnAccount,
    ReferenceUnknown,
    SessionEnded,
    UsernameTaken,
)
from server.services.directory import checked_id
from server.services.finish import finish
from server.services.live import LiveStreams
from server.services.passwords import Passwords
from server.services.rules import FOUNDER
from server.services.sessions import checked_staff_role
from server.storage import account_changes, directory, sessions
from server.storage.database import Connection, Database, open_database

log = structlog.get_logger()


class Accounts:
    """Makes and closes staff accounts. `ended` is called after one was closed.

    There is no reset of a password: who forgot it gets a new account, and the old one is closed.
    """

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        live: LiveStreams,
        clock: Clock,
        *,
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._live = live
        self._clock = clock
        self._ended = ended

    async def create(
        self, principal: Principal, account: StaffAccount, password: str
    ) -> StaffAccount:
        """Creates a staff account, of somebody else, who has no open one of the role.

        Its owner changes the password before anything else.
        Raises AccountExists, IdInvalid, OwnAccount, PasswordTooWeak, ReferenceUnknown, RoleInvalid,
        UsernameTaken.
        """
        username, nip = account.username, account.nip
        checked_id(username, "username")
        checked_staff_role(account.role)
        if account.role is Role.HEAD and not nip:
            raise ReferenceUnknown("the account of a head needs the head's NIP", nip="")
        if nip and nip == principal.nip:
            raise OwnAccount("nobody makes an account for the own NIP", nip=nip)
        password_hash = await self._passwords.hash(username, password)
        made = replace(account, password_hash=password_hash, first_password=True)

        async def work(connection: Connection) -> None:
            if nip and not await directory.known_nips(connection, [nip]):
                raise ReferenceUnknown("no such employee", nip=nip)
            if await sessions.get_account(connection, username) is not None:
                raise UsernameTaken("this user name is taken", username=username)
            other = await sessions.open_account_of(connection, nip, made.role) if nip else ""
            if other:
                raise AccountExists("this person has an open account of the role", username=other)
            await sessions.insert_account(connection, made, self._clock.now())
            await self._note(connection, principal, username, AccountAction.CREATED)

        await self._database.write(work)
        log.info(
            "account_created", username=username, role=made.role.value, actor=principal.username
        )
        return made

    async def close(self, principal: Principal, username: str) -> StaffAccount:
        """Closes a staff account and its sessions for good.

        Raises AccountUnknown, LastBkdAccount.
        """

        async def work(connection: Connection) -> StaffAccount:
            account, now = await sessions.get_account(connection, username), self._clock.now()
            if account is None:
                raise AccountUnknown("no such staff account", username=username[:64])
            if account.close_time is not None:
                return account
            bkd = await sessions.count_open_accounts(connection, Role.BKD)
            if account.role is Role.BKD and bkd <= 1:
                raise LastBkdAccount("the last BKD account cannot be closed")
            await sessions.close_account(connection, username, now)
            await sessions.delete_sessions(connection, username=username)
            await self._note(connection, principal, username, AccountAction.CLOSED)
            return replace(account, close_time=now)

        async def close() -> StaffAccount:
            account = await self._database.write(work)
            self._live.end_account(username, SessionEnded("the account was closed"))
            await self._ended()
            return account

        account = await finish(close())
        log.info("account_closed", username=username, actor=principal.username)
        return account

    async def changes(self, *, before: int | None, limit: int) -> list[AccountChange]:
        """Returns who did what to which account, newest first, before a sequence."""
        async with self._database.read() as connection:
            return await account_changes.page(connection, before=before, limit=limit)

    async def _note(
        self, connection: Connection, principal: Principal, username: str, action: AccountAction
    ) -> None:
        change = AccountChange(
            username, action, principal.username, principal.nip, self._clock.now()
        )
        await account_changes.insert_change(connection, change)


async def create_first_account(path: Path, username: str, password: str) -> bool:
    """Creates the first BKD account of a fresh database, for `hadir-server init`.

    Returns whether it did: not where a BKD account is open.
    """
    checked_id(username, "username")
    with ThreadPoolExecutor(1) as executor:
        password_hash = await Passwords(executor).hash(username, password)
    account, now = (
        StaffAccount(username, Role.BKD, password_hash=password_hash),
        SystemClock().now(),
    )

    async def work(connection: Connection) -> bool:
        if await sessions.count_open_accounts(connection, Role.BKD):
            return False
        if await sessions.get_account(connection, username) is not None:
            raise UsernameTaken("an account of this name was closed: choose another name")
        await sessions.insert_account(connection, account, now)
        made = AccountChange(username, AccountAction.CREATED, FOUNDER, "", now)
        await account_changes.insert_change(connection, made)
        return True

    async with open_database(path) as database:
        return await database.write(work)
