"""Logins of devices (signed challenge) and staff (password), and who a token is."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from server.clock import Clock
from server.domain.model import (
    STAFF_ROLES,
    AccountAction,
    AccountChange,
    Device,
    DeviceKind,
    DeviceState,
    EmployeeState,
    Principal,
    Role,
    StaffAccount,
)
from server.errors import (
    LoginRefused,
    PasswordTooWeak,
    RoleInvalid,
    SessionEnded,
    Unauthenticated,
)
from server.services.finish import finish
from server.services.guesses import Guesses
from server.services.keys import signature_fits
from server.services.live import LiveStreams
from server.services.passwords import Passwords
from server.services.tokens import TOKEN_CHARACTERS_MAX, hashed, new_token
from server.storage import account_changes, devices, directory, sessions
from server.storage.database import Connection, Database

# Random part, time of its end, and our proof of both for one device.
_RANDOM_BYTES, _PROOF_BYTES = 12, 16
CHALLENGE_BYTES = _RANDOM_BYTES + 4 + _PROOF_BYTES
CHALLENGE_SECONDS = 60
USED_CHALLENGES_KEPT = timedelta(hours=24)
# A device has one app, which may have lost the tokens of some logins.
SESSIONS_PER_DEVICE_MAX = 8

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session with its token, which is not stored."""

    token: str
    principal: Principal


class Sessions:
    """Opens, finds and closes sessions."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        live: LiveStreams,
        clock: Clock,
        *,
        challenge_key: bytes,
        device_hours: float,
        staff_hours: float,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._live = live
        self._clock = clock
        self._guesses = Guesses(clock.monotonic)
        self._challenge_key = challenge_key
        self._device_time = timedelta(hours=device_hours)
        self._staff_time = timedelta(hours=staff_hours)

    def challenge(self, device_id: str) -> tuple[bytes, datetime]:
        """Returns a challenge (32 bytes) and when it ends; for unknown devices too.

        Nothing is stored, so that nobody without a session can make the database work.
        """
        expire_s = int(self._clock.now().timestamp()) + CHALLENGE_SECONDS
        body = secrets.token_bytes(_RANDOM_BYTES) + expire_s.to_bytes(4, "big")
        return body + self._proof(device_id, body), datetime.fromtimestamp(expire_s, UTC)

    async def open_device(self, device_id: str, challenge: bytes, signature: bytes) -> Opened:
        """Opens the session of a device. Raises LoginRefused, whatever the cause."""
        now = self._clock.now()
        expire_time = self._expire_time(device_id, challenge)
        async with self._database.read() as connection:
            device = await devices.get_device(connection, device_id)
            usable = device is not None and await self._may_act(connection, device)
        if device is None or not usable or expire_time <= now:
            raise LoginRefused("login refused")
        payload = b"hadir-login-v1\0" + device_id.encode() + challenge
        if not signature_fits(device.public_key, signature, payload):
            raise LoginRefused("login refused")
        fresh = await self._database.write_for_stranger(
            lambda connection: sessions.use_challenge(
                connection,
                hashed(challenge),
                now=now,
                # Kept longer than it is valid: a clock that is set back must not revive it.
                expire_time=expire_time + USED_CHALLENGES_KEPT,
            )
        )
        if not fresh:
            raise LoginRefused("login refused")
        role = Role.EMPLOYEE if device.kind is DeviceKind.PHONE else Role.KIOSK
        return await self._open(
            Principal(
                role,
                b"",
                now + self._device_time,
                device_id=device.device_id,
                nip=device.nip,
                site_id=device.site_id,
            )
        )

    async def open_staff(self, username: str, password: str, address: str) -> Opened:
        """Opens the session of a staff account. Raises LoginRefused, AccountLocked."""
        account = await self._verified(username, password, address)
        self._guesses.know(username, address)
        expire_time = self._clock.now() + self._staff_time
        return await self._open(
            Principal(
                account.role,
                b"",
                expire_time,
                nip=account.nip,
                username=account.username,
                first_password=account.first_password,
            ),
            account,
        )

    async def find(self, token: str) -> Principal:
        """Returns who a token is. Raises Unauthenticated, whatever the cause."""
        if not 0 < len(token) <= TOKEN_CHARACTERS_MAX:
            raise Unauthenticated("no valid session")
        async with self._database.read() as connection:
            principal = await sessions.find_session(connection, hashed(token), self._clock.now())
        if principal is None:
            raise Unauthenticated("no valid session")
        return principal

    async def close(self, principal: Principal) -> None:
        """Ends a session and its streams."""

        async def work() -> None:
            await self._database.write(
                lambda connection: sessions.delete_session(connection, principal.session_hash)
            )
            ended = SessionEnded("the session was closed")
            self._live.end_session(principal.session_hash, ended)

        await finish(work())

    async def change_password(self, principal: Principal, old: str, new: str) -> None:
        """Changes the own password and ends the account's other sessions.

        Raises LoginRefused, AccountLocked, PasswordTooWeak, also where nothing changes.
        """
        # A session counts by itself: who guesses elsewhere is in nobody's way here.
        own = f"session {principal.session_hash.hex()}"
        account = await self._verified(principal.username, old, own)
        if new == old:
            raise PasswordTooWeak("the new password is the old one")
        password_hash = await self._passwords.hash(principal.username, new)

        async def work(connection: Connection) -> None:
            await self._assert_unchanged(connection, account)
            await sessions.set_password(connection, principal.username, password_hash)
            await account_changes.insert_change(
                connection,
                AccountChange(
                    principal.username,
                    AccountAction.PASSWORD_CHANGED,
                    principal.username,
                    principal.nip,
                    self._clock.now(),
                ),
            )
            await sessions.delete_sessions(
                connection, username=principal.username, but=principal.session_hash
            )

        async def change() -> None:
            await self._database.write(work)
            ended = SessionEnded("the password was changed")
            self._live.end_account(principal.username, ended, but=principal.session_hash)
            log.info("password_changed", username=principal.username)

        await finish(change())

    async def _may_act(self, connection: Connection, device: Device) -> bool:
        """Whether a device is active, and its employee in service."""
        if device.state is not DeviceState.ACTIVE:
            return False
        if device.kind is DeviceKind.KIOSK:
            return True
        employee = await directory.get_employee(connection, device.nip)
        return employee is not None and employee.state is EmployeeState.ACTIVE

    async def _may_work(self, connection: Connection, account: StaffAccount) -> bool:
        """Whether an account is open, and its employee, if the directory has one, in service."""
        employee = await directory.get_employee(connection, account.nip) if account.nip else None
        in_service = employee is None or employee.state is EmployeeState.ACTIVE
        return account.close_time is None and in_service

    def _proof(self, device_id: str, body: bytes) -> bytes:
        proof = hmac.digest(self._challenge_key, device_id.encode() + b"\0" + body, "sha256")
        return proof[:_PROOF_BYTES]

    def _expire_time(self, device_id: str, challenge: bytes) -> datetime:
        """Returns when a challenge of ours ends. Raises LoginRefused for any other bytes."""
        body, proof = challenge[:-_PROOF_BYTES], challenge[-_PROOF_BYTES:]
        fits = hmac.compare_digest(proof, self._proof(device_id, body))
        if len(challenge) != CHALLENGE_BYTES or not fits:
            raise LoginRefused("login refused")
        return datetime.fromtimestamp(int.from_bytes(body[_RANDOM_BYTES:], "big"), UTC)

    async def _verified(self, username: str, password: str, address: str) -> StaffAccount:
        self._passwords.check_room()
        account = await self._known(username)
        self._guesses.begin(account.username if account else "", address)
        fits = await self._passwords.verify(account.password_hash if account else None, password)
        if account is None or not fits:
            # People type passwords into that field: only what names an account is logged.
            log.warning("login_refused", username=account.username if account else "")
            raise LoginRefused("login refused")
        self._guesses.was_right(account.username, address)
        return account

    async def _known(self, username: str) -> StaffAccount | None:
        """Returns the account that may be logged in to."""
        async with self._database.read() as connection:
            account = await sessions.get_account(connection, username)
            usable = account is not None and await self._may_work(connection, account)
        return account if usable else None

    async def _assert_unchanged(self, connection: Connection, verified: StaffAccount) -> None:
        """Raises LoginRefused if the account is closed or its password another one by now.

        Verifying takes a while, in which somebody else may have changed the password to get rid of
        whoever knows this one.
        """
        account = await sessions.get_account(connection, verified.username)
        same = account is not None and account.password_hash == verified.password_hash
        if account is None or not same or not await self._may_work(connection, account):
            raise LoginRefused("login refused")

    async def _open(self, principal: Principal, verified: StaffAccount | None = None) -> Opened:
        """Stores a session. verified: of staff, the account whose password was right."""
        token = new_token()
        principal = replace(principal, session_hash=hashed(token))

        async def work(connection: Connection) -> list[bytes]:
            gone: list[bytes] = []
            if verified is not None:
                await self._assert_unchanged(connection, verified)
            await sessions.delete_expired(connection, self._clock.now())
            if principal.device_id:
                gone = await sessions.delete_oldest(
                    connection, principal.device_id, SESSIONS_PER_DEVICE_MAX - 1
                )
            await sessions.insert_session(connection, principal)
            return gone

        for session_hash in await self._database.write_for_stranger(work):
            self._live.end_session(session_hash, SessionEnded("the device has newer sessions"))
        log.info(
            "session_opened",
            role=principal.role.value,
            device_id=principal.device_id,
            username=principal.username,
        )
        return Opened(token, principal)


def checked_staff_role(role: Role) -> Role:
    """Returns a role that a staff account may have. Raises RoleInvalid."""
    if role not in STAFF_ROLES:
        raise RoleInvalid("a staff account is HEAD, BKD or OPERATOR", role=role.value)
    return role
