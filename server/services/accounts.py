"""Creates the first BKD account of a fresh database, for `hadir-server init`."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server.clock import SystemClock
from server.domain.model import Role, StaffAccount
from server.services.directory import checked_id
from server.services.passwords import Passwords
from server.storage import sessions
from server.storage.database import Connection, open_database


async def create_first_account(path: Path, username: str, password: str) -> bool:
    """Creates the account unless a BKD account is open. Returns whether it did."""
    checked_id(username, "username")
    with ThreadPoolExecutor(1) as executor:
        password_hash = await Passwords(executor).hash(username, password)
    account = StaffAccount(username, Role.BKD, password_hash=password_hash)

    async def work(connection: Connection) -> bool:
        if await sessions.count_open_accounts(connection, Role.BKD):
            return False
        await sessions.insert_account(connection, account, SystemClock().now())
        return True

    async with open_database(path) as database:
        return await database.write(work)
