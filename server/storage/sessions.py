"""SQL of staff accounts, login challenges and sessions. Tokens and challenges are stored hashed."""

from datetime import datetime

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import Principal, Role, StaffAccount
from server.storage.schema import devices, employees, login_challenges, sessions, staff
from server.storage.times import pack, unpack

CHALLENGES_PER_DEVICE_MAX = 4


async def put_challenge(
    connection: AsyncConnection,
    challenge_hash: bytes,
    *,
    device_id: str,
    now: datetime,
    expire_time: datetime,
) -> None:
    """Stores the login challenge of an active device in place of its oldest; clears the expired.

    For other devices nothing is stored, so that nobody can fill the table.
    """
    table = login_challenges.c
    await connection.execute(delete(login_challenges).where(table.expire_time <= pack(now)))
    active = select(devices.c.device_id).where(
        and_(devices.c.device_id == device_id, devices.c.state == "ACTIVE")
    )
    if (await connection.execute(active)).first() is None:
        return
    kept = (
        select(table.challenge_hash)
        .where(table.device_id == device_id)
        .order_by(table.expire_time.desc())
        .limit(CHALLENGES_PER_DEVICE_MAX - 1)
    )
    old = and_(table.device_id == device_id, table.challenge_hash.not_in(kept))
    await connection.execute(delete(login_challenges).where(old))
    await connection.execute(
        insert(login_challenges).values(
            challenge_hash=challenge_hash, device_id=device_id, expire_time=pack(expire_time)
        )
    )


async def take_challenge(
    connection: AsyncConnection, challenge_hash: bytes, device_id: str, now: datetime
) -> bool:
    """Consumes a challenge, whoever asks. Returns whether it was this device's and in time."""
    statement = (
        delete(login_challenges)
        .where(login_challenges.c.challenge_hash == challenge_hash)
        .returning(login_challenges.c.device_id, login_challenges.c.expire_time)
    )
    row = (await connection.execute(statement)).first()
    return row is not None and row.device_id == device_id and unpack(row.expire_time) > now


async def insert_session(connection: AsyncConnection, principal: Principal) -> None:
    """Stores a session by the hash of its token."""
    await connection.execute(
        insert(sessions).values(
            token_hash=principal.session_hash,
            role=principal.role.value,
            device_id=principal.device_id or None,
            username=principal.username or None,
            expire_time=pack(principal.expire_time),
        )
    )


async def find_session(
    connection: AsyncConnection, token_hash: bytes, now: datetime
) -> Principal | None:
    """Returns who a session is, if valid: not expired, device and employee active, account open."""
    statement = (
        select(
            sessions,
            func.coalesce(devices.c.nip, staff.c.nip, "").label("nip"),
            func.coalesce(devices.c.site_id, "").label("site_id"),
        )
        .outerjoin(devices, devices.c.device_id == sessions.c.device_id)
        .outerjoin(staff, staff.c.username == sessions.c.username)
        .outerjoin(employees, employees.c.nip == devices.c.nip)
        .where(
            and_(
                sessions.c.token_hash == token_hash,
                sessions.c.expire_time > pack(now),
                or_(devices.c.state == "ACTIVE", sessions.c.device_id.is_(None)),
                or_(employees.c.state == "ACTIVE", employees.c.nip.is_(None)),
                staff.c.close_time.is_(None),
            )
        )
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        return None
    return Principal(
        role=Role(row.role),
        session_hash=row.token_hash,
        expire_time=unpack(row.expire_time),
        device_id=row.device_id or "",
        nip=row.nip,
        site_id=row.site_id,
        username=row.username or "",
    )


async def delete_session(connection: AsyncConnection, token_hash: bytes) -> None:
    """Ends a session."""
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def delete_sessions(
    connection: AsyncConnection, *, device_id: str = "", username: str = "", but: bytes = b""
) -> None:
    """Ends the sessions of a device or an account, but one."""
    owner = sessions.c.device_id == device_id if device_id else sessions.c.username == username
    await connection.execute(delete(sessions).where(and_(owner, sessions.c.token_hash != but)))


async def delete_expired(connection: AsyncConnection, now: datetime) -> None:
    """Clears sessions that ended by themselves."""
    await connection.execute(delete(sessions).where(sessions.c.expire_time <= pack(now)))


async def insert_account(connection: AsyncConnection, account: StaffAccount, now: datetime) -> None:
    """Stores a staff account. Raises IntegrityError if the name is taken."""
    await connection.execute(
        insert(staff).values(
            username=account.username,
            role=account.role.value,
            nip=account.nip,
            password_hash=account.password_hash,
            failed_count=0,
            locked_until=None,
            create_time=pack(now),
            close_time=None,
        )
    )


async def get_account(connection: AsyncConnection, username: str) -> StaffAccount | None:
    """Returns a staff account, open or closed."""
    row = (await connection.execute(select(staff).where(staff.c.username == username))).first()
    if row is None:
        return None
    return StaffAccount(
        username=row.username,
        role=Role(row.role),
        nip=row.nip,
        password_hash=row.password_hash,
        failed_count=row.failed_count,
        locked_until=unpack(row.locked_until),
        close_time=unpack(row.close_time),
    )


async def count_open_accounts(connection: AsyncConnection, role: Role) -> int:
    """Returns how many accounts of a role are open."""
    statement = (
        select(func.count())
        .select_from(staff)
        .where(and_(staff.c.role == role.value, staff.c.close_time.is_(None)))
    )
    return int(await connection.scalar(statement) or 0)


async def set_login_result(
    connection: AsyncConnection, username: str, failed_count: int, locked_until: datetime | None
) -> None:
    """Stores how many logins failed in a row, and until when the account is locked."""
    await connection.execute(
        update(staff)
        .where(staff.c.username == username)
        .values(failed_count=failed_count, locked_until=pack(locked_until))
    )


async def set_password(connection: AsyncConnection, username: str, password_hash: str) -> None:
    """Stores a new password hash."""
    await connection.execute(
        update(staff).where(staff.c.username == username).values(password_hash=password_hash)
    )


async def close_account(connection: AsyncConnection, username: str, now: datetime) -> None:
    """Closes an account for good."""
    await connection.execute(
        update(staff).where(staff.c.username == username).values(close_time=pack(now))
    )
