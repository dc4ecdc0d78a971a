"""Activation of devices and BKD's rule over them: one active phone an employee, a kept history."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from ulid import ULID

from server.clock import Clock
from server.domain.model import (
    BindingAction,
    BindingChange,
    Device,
    DeviceKind,
    DeviceState,
    Principal,
    Role,
)
from server.errors import (
    ActivationCodeInvalid,
    DeviceAlreadyBound,
    DeviceRevoked,
    DeviceUnknown,
    EmployeeUnknown,
    FieldInvalid,
    KeyAlreadyUsed,
    OwnNip,
    ReasonRequired,
    SignatureInvalid,
    SiteUnknown,
)
from server.services.finish import finish
from server.services.keys import read_public_key, signature_fits
from server.services.live import LiveStreams
from server.services.tokens import code_hash, new_code, plain_code
from server.storage import devices, directory, sessions
from server.storage.database import Connection, Database

REASON_LENGTH_MIN, REASON_LENGTH_MAX = 3, 500
MODEL_LENGTH_MAX = 120
HANDSET_LENGTH_MAX = 200
# For so long a device may ask again what it was made; its key proves that it is the one.
ASKS_AGAIN_MAX = timedelta(hours=1)

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """An activation code, shown once."""

    code: str
    expire_time: datetime


def _handset(handset_id: str) -> bytes | None:
    """Returns 16 bytes by which one handset is known again; who knows its id can make them."""
    if not handset_id:
        return None
    return hashlib.sha256(b"hadir-handset-v1\0" + handset_id.encode()).digest()[:16]


def _just_activated(device: Device, now: datetime) -> bool:
    return device.state is DeviceState.ACTIVE and now - device.activate_time <= ASKS_AGAIN_MAX


def _without_person(device: Device) -> Device:
    """Returns a device as who runs the server sees it: of a phone nothing of its people."""
    if device.kind is DeviceKind.KIOSK:
        return device
    return replace(device, nip="", display_name="", revoke_reason="", revoke_actor="")


def checked_reason(reason: str) -> str:
    """Returns a reason that may be kept. Raises ReasonRequired."""
    reason = reason.strip()
    if not REASON_LENGTH_MIN <= len(reason) <= REASON_LENGTH_MAX:
        raise ReasonRequired(f"a reason has {REASON_LENGTH_MIN} to {REASON_LENGTH_MAX} characters")
    return reason


def assert_not_own(principal: Principal, nip: str) -> None:
    """Raises OwnNip where somebody would arrange what proves the own attendance."""
    if nip and nip == principal.nip:
        raise OwnNip("nobody arranges this for the own NIP", nip=nip)


class Devices:
    """Activates, rebinds and revokes devices. `ended` is called after one was revoked."""

    def __init__(
        self,
        database: Database,
        live: LiveStreams,
        clock: Clock,
        *,
        activation_hours: float,
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._activation_time = timedelta(hours=activation_hours)
        self._ended = ended

    async def activate(
        self,
        code: str,
        public_key: bytes,
        signature: bytes,
        model: str,
        *,
        handset_id: str = "",
    ) -> Device:
        """Turns an activation code into a device; consumes the code in the same transaction.

        Who lost the answer asks again with the same key, and gets the device that it made.
        handset_id: as the phone says, or empty. It is a trace for forensics and proves nothing.
        """
        read_public_key(public_key)
        if len(handset_id) > HANDSET_LENGTH_MAX:
            raise FieldInvalid("the handset id is too long", field="handset_id")
        payload = b"hadir-activate-v1\0" + plain_code(code).encode() + public_key
        if not signature_fits(public_key, signature, payload):
            raise SignatureInvalid("the signature does not fit the public key")
        if (known := await self._without_code(code, public_key)) is not None:
            return known

        async def work(connection: Connection) -> Device:
            return await self._consumed(
                connection, code, public_key, model[:MODEL_LENGTH_MAX], _handset(handset_id)
            )

        device = await self._database.write_for_stranger(work)
        log.info("device_activated", device_id=device.device_id, kind=device.kind.value)
        return device

    async def _consumed(
        self,
        connection: Connection,
        code: str,
        public_key: bytes,
        model: str,
        handset: bytes | None,
    ) -> Device:
        """Returns the device that a code is turned into, and the code is gone."""
        now = self._clock.now()
        known = await devices.device_of_key(connection, public_key)
        subject = await devices.take_code(connection, code_hash(code), now)
        if subject is None and known is not None and _just_activated(known, now):
            return known
        if subject is None:
            raise ActivationCodeInvalid("the activation code is unknown, used or expired")
        nip, site_id, issuer = subject
        if nip:
            await directory.active_employee(connection, nip)
        if known is not None:
            raise KeyAlreadyUsed("the public key belongs to another device")
        if nip and await devices.active_phone(connection, nip) is not None:
            raise DeviceAlreadyBound("the employee has an active phone")
        device = Device(
            device_id=str(ULID()),
            kind=DeviceKind.PHONE if nip else DeviceKind.KIOSK,
            state=DeviceState.ACTIVE,
            public_key=public_key,
            activate_time=now,
            nip=nip,
            site_id=site_id,
            model=model,
            handset=handset,
        )
        await devices.insert_device(connection, device)
        actor = "device" if nip else issuer
        bound = BindingChange(
            nip, BindingAction.BOUND, now, actor, device.device_id, site_id=site_id
        )
        await devices.add_change(connection, bound)
        stored = await devices.get_device(connection, device.device_id)
        assert stored is not None
        return stored

    async def _without_code(self, code: str, public_key: bytes) -> Device | None:
        """Returns what a code that cannot be used gives; None if it can be. Asks readers alone.

        Whoever guesses codes makes the writer do nothing. Raises ActivationCodeInvalid.
        """
        now = self._clock.now()
        async with self._database.read() as connection:
            if await devices.has_code(connection, code_hash(code), now):
                return None
            known = await devices.device_of_key(connection, public_key)
        if known is not None and _just_activated(known, now):
            return known
        raise ActivationCodeInvalid("the activation code is unknown, used or expired")

    async def own(self, principal: Principal) -> Device:
        """Returns the calling device."""
        async with self._database.read() as connection:
            device = await devices.get_device(connection, principal.device_id)
        if device is None:
            raise DeviceUnknown("no such device")
        return device

    async def issue_code(
        self, principal: Principal, *, nip: str = "", site_id: str = ""
    ) -> IssuedCode:
        """Issues a code for an employee's phone or a site's kiosk. Raises OwnNip."""
        assert_not_own(principal, nip)

        async def work(connection: Connection) -> IssuedCode:
            if nip:
                await directory.active_employee(connection, nip)
                if await devices.active_phone(connection, nip) is not None:
                    raise DeviceAlreadyBound("the employee has an active phone; rebind it", nip=nip)
            elif await directory.get_site(connection, site_id) is None:
                raise SiteUnknown("no such site", site_id=site_id)
            return await self._put_code(connection, principal, nip=nip, site_id=site_id)

        return await self._database.write(work)

    async def rebind(
        self, principal: Principal, nip: str, reason: str
    ) -> tuple[Device | None, IssuedCode]:
        """Revokes the bound phone, if any, and issues a code for the next, in one transaction.

        Raises OwnNip.
        """
        reason = checked_reason(reason)
        assert_not_own(principal, nip)

        async def work(connection: Connection) -> tuple[Device | None, IssuedCode]:
            await directory.active_employee(connection, nip)
            old = await devices.active_phone(connection, nip)
            if old is not None:
                await self._revoke(connection, old, reason, principal.username)
                old = await devices.get_device(connection, old.device_id)
            code = await self._put_code(connection, principal, nip=nip, reason=reason)
            return old, code

        old, code = await finish(self._and_end_streams(work, nip=nip))
        log.info("device_rebound", actor=principal.username, old=old.device_id if old else "")
        return old, code

    async def revoke(self, principal: Principal, device_id: str, reason: str) -> Device:
        """Revokes a device for good; a revoked one is returned as it is."""
        reason = checked_reason(reason)

        async def work(connection: Connection) -> Device:
            device = await devices.get_device(connection, device_id)
            if device is None:
                raise DeviceUnknown("no such device", device_id=device_id)
            await self._revoke(connection, device, reason, principal.username)
            stored = await devices.get_device(connection, device_id)
            assert stored is not None
            return stored

        device = await finish(self._and_end_streams(work, device_id=device_id))
        log.info("device_revoked", actor=principal.username, device_id=device_id)
        return device

    async def list_devices(
        self,
        principal: Principal,
        *,
        kind: DeviceKind | None,
        active_only: bool,
        before_id: str,
        limit: int,
    ) -> list[Device]:
        """Returns devices, newest first; for an operator phones without whose they are and why."""
        async with self._database.read() as connection:
            found = await devices.list_devices(
                connection, kind=kind, active_only=active_only, before_id=before_id, limit=limit
            )
        if principal.role is Role.OPERATOR:
            return [_without_person(device) for device in found]
        return found

    async def history(self, nip: str, site_id: str) -> list[BindingChange]:
        """Returns what happened to an employee's phones, or to a site's kiosks, oldest first."""
        async with self._database.read() as connection:
            if nip and await directory.get_employee(connection, nip) is None:
                raise EmployeeUnknown("no such employee", nip=nip)
            if not nip and await directory.get_site(connection, site_id) is None:
                raise SiteUnknown("no such site", site_id=site_id)
            return await devices.history(connection, nip=nip, site_id="" if nip else site_id)

    async def _put_code(
        self,
        connection: Connection,
        principal: Principal,
        *,
        nip: str = "",
        site_id: str = "",
        reason: str = "",
    ) -> IssuedCode:
        code, now = new_code(), self._clock.now()
        expire_time = now + self._activation_time
        await devices.put_code(
            connection,
            code_hash(code),
            nip=nip,
            site_id=site_id,
            expire_time=expire_time,
            actor=principal.username,
        )
        action, actor = BindingAction.CODE_ISSUED, principal.username
        issued = BindingChange(nip, action, now, actor, reason=reason, site_id=site_id)
        await devices.add_change(connection, issued)
        return IssuedCode(code, expire_time)

    async def _revoke(
        self, connection: Connection, device: Device, reason: str, actor: str
    ) -> None:
        now = self._clock.now()
        changed = await devices.revoke(
            connection, device.device_id, now=now, reason=reason, actor=actor
        )
        await sessions.delete_sessions(connection, device_id=device.device_id)
        if changed:
            action, site_id = BindingAction.REVOKED, device.site_id
            gone = BindingChange(device.nip, action, now, actor, device.device_id, reason, site_id)
            await devices.add_change(connection, gone)

    async def _and_end_streams(
        self, work: Callable[[Connection], Awaitable[T]], *, nip: str = "", device_id: str = ""
    ) -> T:
        """Stores a revocation, then ends the streams of the device or of the employee's phones."""
        result = await self._database.write(work)
        error = DeviceRevoked("the device was revoked by BKD")
        self._live.end_devices(error, nip=nip, device_id=device_id)
        await self._ended()
        return result
