"""SQL of staff accounts, login challenges and sessions. Tokens and challenges are stored hashed."""

from datetime import datetime

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import Principal, Role, StaffAccount
from server.storage.schema import devices, employees, sessions, staff, used_challenges
from server.storage.times import pack, unpack

# Asked for by every call: to build it anew costs a third of asking.
_SESSION = (
    select(
        sessions,
        func.coalesce(devices.c.nip, staff.c.nip, "").label("nip"),
        func.coalesce(devices.c.site_id, "").label("site_id"),
        func.coalesce(staff.c.first_password, 0).label("first_password"),
    )
    .outerjoin(devices, devices.c.device_id == sessions.c.device_id)
    .outerjoin(staff, staff.c.username == sessions.c.username)
    .outerjoin(employees, employees.c.nip == func.coalesce(devices.c.nip, staff.c.nip))
    .where(
        and_(
            sessions.c.token_hash == bindparam("wanted"),
            sessions.c.expire_time > bindparam("now"),
            or_(devices.c.state == "ACTIVE", sessions.c.device_id.is_(None)),
            or_(employees.c.state == "ACTIVE", employees.c.nip.is_(None)),
            staff.c.close_time.is_(None),
        )
    )
)


async def use_challenge(
    connection: AsyncConnection, challenge_hash: bytes, *, now: datetime, expire_time: datetime
) -> bool:
    """Marks a login challenge as used and clears the expired. Returns False if it was used."""
    table = used_challenges.c
    await connection.execute(delete(used_challenges).where(table.expire_time <= pack(now)))
    statement = (
        sqlite_insert(used_challenges)
        .values(challenge_hash=challenge_hash, expire_time=pack(expire_time))
        .on_conflict_do_nothing()
    )
    return (await connection.execute(statement)).rowcount == 1


async def delete_oldest(connection: AsyncConnection, device_id: str, keep: int) -> list[bytes]:
    """Deletes the sessions of a device but so many that end last. Returns their token hashes."""
    rest = (
        select(sessions.c.token_hash)
        .where(sessions.c.device_id == device_id)
        .order_by(sessions.c.expire_time.desc())
        .offset(keep)
        .limit(-1)
    )
    statement = delete(sessions).where(sessions.c.token_hash.in_(rest))
    return list((await connection.execute(statement.returning(sessions.c.token_hash))).scalars())


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
    """Returns who a session is, if valid: not expired, device and employee active, account open.

    The employee of a staff account counts as the one of a phone does.
    """
    named = {"wanted": token_hash, "now": pack(now)}
    row = (await connection.execute(_SESSION, named)).first()
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
        first_password=bool(row.first_password),
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
            create_time=pack(now),
            close_time=None,
            first_password=account.first_password,
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
        close_time=unpack(row.close_time),
        first_password=row.first_password,
    )


async def open_account_of(connection: AsyncConnection, nip: str, role: Role) -> str:
    """Returns the user name of a person's open account of a role, empty if there is none."""
    mine = and_(staff.c.nip == nip, staff.c.role == role.value, staff.c.close_time.is_(None))
    return await connection.scalar(select(staff.c.username).where(mine)) or ""


async def count_open_accounts(connection: AsyncConnection, role: Role) -> int:
    """Returns how many accounts of a role are open, without those of who left the service."""
    statement = (
        select(func.count())
        .select_from(staff)
        .outerjoin(employees, employees.c.nip == staff.c.nip)
        .where(
            and_(
                staff.c.role == role.value,
                staff.c.close_time.is_(None),
                or_(employees.c.state == "ACTIVE", employees.c.nip.is_(None)),
            )
        )
    )
    return int(await connection.scalar(statement) or 0)


async def set_password(connection: AsyncConnection, username: str, password_hash: str) -> None:
    """Stores the hash of a password that the owner chose."""
    await connection.execute(
        update(staff)
        .where(staff.c.username == username)
        .values(password_hash=password_hash, first_password=False)
    )


async def close_account(connection: AsyncConnection, username: str, now: datetime) -> None:
    """Closes an account for good."""
    await connection.execute(
        update(staff).where(staff.c.username == username).values(close_time=pack(now))
    )
