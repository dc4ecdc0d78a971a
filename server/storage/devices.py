"""SQL of devices, activation codes and the history of bindings."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.model import (
    BindingAction,
    BindingChange,
    Device,
    DeviceKind,
    DeviceState,
    EmployeeState,
)
from server.storage.schema import (
    activation_codes,
    binding_changes,
    devices,
    employees,
    sites,
)
from server.storage.schema_logs import kiosk_changes
from server.storage.times import pack, unpack

HISTORY_MAX = 1000


# Asked for by every check-in: to build a statement anew costs as much as to run it.
_STATES = select(
    select(devices.c.state).where(devices.c.device_id == bindparam("device_id")).scalar_subquery(),
    select(employees.c.state).where(employees.c.nip == bindparam("nip")).scalar_subquery(),
)


async def put_code(
    connection: AsyncConnection,
    code_hash: bytes,
    *,
    nip: str = "",
    site_id: str = "",
    expire_time: datetime,
    actor: str,
) -> None:
    """Stores an activation code; an earlier one of the same employee ends."""
    if nip:
        await connection.execute(delete(activation_codes).where(activation_codes.c.nip == nip))
    await connection.execute(
        insert(activation_codes).values(
            code_hash=code_hash,
            nip=nip or None,
            site_id=site_id or None,
            expire_time=pack(expire_time),
            actor=actor,
        )
    )


async def has_code(connection: AsyncConnection, code_hash: bytes, now: datetime) -> bool:
    """Whether a code is one that `take_code` would consume."""
    columns = activation_codes.c
    statement = select(columns.code_hash).where(
        columns.code_hash == code_hash, columns.expire_time > pack(now)
    )
    return (await connection.execute(statement)).first() is not None


async def take_code(
    connection: AsyncConnection, code_hash: bytes, now: datetime
) -> tuple[str, str, str] | None:
    """Consumes a code. Returns (nip, site_id, issuer), one of the first two empty, or None."""
    statement = (
        delete(activation_codes)
        .where(activation_codes.c.code_hash == code_hash)
        .returning(
            activation_codes.c.nip,
            activation_codes.c.site_id,
            activation_codes.c.actor,
            activation_codes.c.expire_time,
        )
    )
    row = (await connection.execute(statement)).first()
    if row is None or unpack(row.expire_time) <= now:
        return None
    return row.nip or "", row.site_id or "", row.actor


async def insert_device(connection: AsyncConnection, device: Device) -> None:
    """Stores a new device. Raises IntegrityError where the key or the employee is bound."""
    await connection.execute(
        insert(devices).values(
            device_id=device.device_id,
            kind=device.kind.value,
            state=device.state.value,
            nip=device.nip or None,
            site_id=device.site_id or None,
            public_key=device.public_key,
            model=device.model,
            activate_time=pack(device.activate_time),
            revoke_time=None,
            handset_hash=device.handset,
            revoke_reason="",
            revoke_actor="",
        )
    )


async def get_device(connection: AsyncConnection, device_id: str) -> Device | None:
    """Returns a device."""
    row = (await connection.execute(_DEVICE, {"wanted": device_id})).first()
    return _device(row) if row else None


async def active_phone(connection: AsyncConnection, nip: str) -> Device | None:
    """Returns the phone that is bound to an employee."""
    condition = and_(
        devices.c.nip == nip,
        devices.c.state == DeviceState.ACTIVE.value,
        devices.c.kind == DeviceKind.PHONE.value,
    )
    row = (await connection.execute(_devices().where(condition))).first()
    return _device(row) if row else None


async def device_of_key(connection: AsyncConnection, public_key: bytes) -> Device | None:
    """Returns the device that has, or had, this key."""
    row = (await connection.execute(_devices().where(devices.c.public_key == public_key))).first()
    return _device(row) if row else None


async def states_of(
    connection: AsyncConnection, device_id: str, nip: str
) -> tuple[DeviceState | None, EmployeeState | None]:
    """Returns the states of a device and of an employee, None where there is none."""
    named = {"device_id": device_id, "nip": nip}
    device, employee = (await connection.execute(_STATES, named)).one()
    return (
        None if device is None else DeviceState(device),
        None if employee is None else EmployeeState(employee),
    )


async def revoke(
    connection: AsyncConnection, device_id: str, *, now: datetime, reason: str, actor: str
) -> bool:
    """Revokes an active device. Returns False if it was not active."""
    result = await connection.execute(
        update(devices)
        .where(and_(devices.c.device_id == device_id, devices.c.state == DeviceState.ACTIVE.value))
        .values(
            state=DeviceState.REVOKED.value,
            revoke_time=pack(now),
            revoke_reason=reason,
            revoke_actor=actor,
        )
    )
    return result.rowcount == 1


async def list_devices(
    connection: AsyncConnection,
    *,
    kind: DeviceKind | None,
    active_only: bool,
    before_id: str,
    limit: int,
) -> list[Device]:
    """Returns devices, newest first, behind an id (empty for the first page)."""
    statement = _devices().order_by(devices.c.device_id.desc()).limit(limit)
    if kind is not None:
        statement = statement.where(devices.c.kind == kind.value)
    if active_only:
        statement = statement.where(devices.c.state == DeviceState.ACTIVE.value)
    if before_id:
        statement = statement.where(devices.c.device_id < before_id)
    return [_device(row) for row in await connection.execute(statement)]


async def add_change(connection: AsyncConnection, change: BindingChange) -> None:
    """Appends to the history of an employee's phones or of a site's kiosks."""
    statement = (
        insert(binding_changes).values(nip=change.nip)
        if change.nip
        else insert(kiosk_changes).values(site_id=change.site_id)
    )
    await connection.execute(
        statement.values(
            action=change.action.value,
            change_time=pack(change.change_time),
            device_id=change.device_id,
            actor=change.actor,
            reason=change.reason,
        )
    )


async def history(
    connection: AsyncConnection, *, nip: str = "", site_id: str = ""
) -> list[BindingChange]:
    """Returns the history of an employee's phones or a site's kiosks, oldest first, HISTORY_MAX."""
    table = binding_changes if nip else kiosk_changes
    mine = binding_changes.c.nip == nip if nip else kiosk_changes.c.site_id == site_id
    statement = select(table).where(mine).order_by(table.c.sequence).limit(HISTORY_MAX)
    return [
        BindingChange(
            nip=nip,
            site_id=site_id,
            action=BindingAction(row.action),
            change_time=unpack(row.change_time),
            actor=row.actor,
            device_id=row.device_id,
            reason=row.reason,
        )
        for row in await connection.execute(statement)
    ]


def _devices() -> Any:
    name = func.coalesce(employees.c.display_name, sites.c.display_name, "").label("display_name")
    return (
        select(devices, name)
        .outerjoin(employees, employees.c.nip == devices.c.nip)
        .outerjoin(sites, sites.c.site_id == devices.c.site_id)
    )


def _device(row: Row[Any]) -> Device:
    return Device(
        device_id=row.device_id,
        kind=DeviceKind(row.kind),
        state=DeviceState(row.state),
        public_key=row.public_key,
        activate_time=unpack(row.activate_time),
        nip=row.nip or "",
        site_id=row.site_id or "",
        display_name=row.display_name,
        model=row.model,
        revoke_time=unpack(row.revoke_time),
        revoke_reason=row.revoke_reason,
        revoke_actor=row.revoke_actor,
        handset=row.handset_hash,
    )


_DEVICE = _devices().where(devices.c.device_id == bindparam("wanted"))
