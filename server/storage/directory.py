"""SQL of sites, units and employees."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.geo import Circle, Geofence, Polygon
from server.domain.model import Employee, EmployeeState, Site, Unit
from server.errors import EmployeeInactive, EmployeeUnknown
from server.storage.parts import in_parts
from server.storage.schema import devices, employees, enrollments, sites, units
from server.storage.times import pack, unpack

# Rows between two turns of the event loop: some 5 ms of it.
ROWS_AT_ONCE = 500
# Asked for by every check-in: to build a statement anew costs as much as to run it.
_SITE = select(sites).where(sites.c.site_id == bindparam("wanted"))


async def put_site(connection: AsyncConnection, site: Site) -> None:
    """Creates or replaces a site."""
    values = {
        "display_name": site.display_name,
        "time_zone": site.time_zone,
        "geofence": pack_fence(site.geofence),
    }
    statement = insert(sites).values(site_id=site.site_id, **values)
    await connection.execute(statement.on_conflict_do_update(["site_id"], set_=values))


async def get_site(connection: AsyncConnection, site_id: str) -> Site | None:
    """Returns a site."""
    row = (await connection.execute(_SITE, {"wanted": site_id})).first()
    return _site(row) if row else None


async def list_sites(connection: AsyncConnection) -> list[Site]:
    """Returns all sites in the order of their ids."""
    rows = await connection.execute(select(sites).order_by(sites.c.site_id))
    return [_site(row) for row in rows]


async def put_unit(connection: AsyncConnection, unit: Unit) -> None:
    """Creates or replaces a unit; its parent and site must exist."""
    values = {
        "display_name": unit.display_name,
        "parent_unit_id": unit.parent_unit_id or None,
        "site_id": unit.site_id or None,
        "head_nip": unit.head_nip or None,
    }
    statement = insert(units).values(unit_id=unit.unit_id, **values)
    await connection.execute(statement.on_conflict_do_update(["unit_id"], set_=values))


async def list_units(connection: AsyncConnection) -> list[Unit]:
    """Returns all units in the order of their ids."""
    rows = await connection.execute(select(units).order_by(units.c.unit_id))
    return [
        Unit(
            row.unit_id,
            row.display_name,
            row.parent_unit_id or "",
            row.site_id or "",
            row.head_nip or "",
        )
        for row in rows
    ]


async def get_employee(
    connection: AsyncConnection, nip: str, *, unit_ids: frozenset[str] | None = None
) -> Employee | None:
    """Returns an employee, if of one of the units (None for any)."""
    statement = _EMPLOYEE
    if unit_ids is not None:
        statement = statement.where(employees.c.unit_id.in_(sorted(unit_ids)))
    row = (await connection.execute(statement, {"wanted": nip})).first()
    return _employee(row) if row else None


async def active_employee(connection: AsyncConnection, nip: str) -> Employee:
    """Returns an employee in service. Raises EmployeeUnknown, EmployeeInactive."""
    employee = await get_employee(connection, nip)
    assert_active(employee.state if employee else None, nip)
    assert employee is not None
    return employee


def assert_active(state: EmployeeState | None, nip: str) -> None:
    """Raises EmployeeUnknown where there is none (None), EmployeeInactive if not in service."""
    if state is None:
        raise EmployeeUnknown("no such employee", nip=nip[:18])
    if state is not EmployeeState.ACTIVE:
        raise EmployeeInactive("the employee is not in service", nip=nip)


async def list_employees(
    connection: AsyncConnection, unit_ids: frozenset[str] | None, *, after_nip: str, limit: int
) -> list[Employee]:
    """Returns employees of the units (None for all) behind a NIP, in the order of their NIP."""
    condition: ColumnElement[bool] = employees.c.nip > after_nip
    if unit_ids is not None:
        condition = and_(condition, employees.c.unit_id.in_(sorted(unit_ids)))
    statement = _employees().where(condition).order_by(employees.c.nip).limit(limit)
    return [_employee(row) for row in await connection.execute(statement)]


async def employees_as_stored(connection: AsyncConnection) -> dict[str, tuple[str, ...]]:
    """Returns (name, unit, own site, state) of every employee by NIP, for an import."""
    columns = employees.c
    statement = (
        select(columns.nip, columns.display_name, columns.unit_id, columns.site_id, columns.state)
        .order_by(columns.nip)
        .limit(ROWS_AT_ONCE)
    )
    stored: dict[str, tuple[str, ...]] = {}
    after = ""
    while True:
        rows = (await connection.execute(statement.where(columns.nip > after))).all()
        for row in rows:
            stored[row.nip] = (row.display_name, row.unit_id, row.site_id or "", row.state)
        if len(rows) < ROWS_AT_ONCE:
            return stored
        after = rows[-1].nip


async def put_employees(connection: AsyncConnection, rows: Sequence[Employee]) -> None:
    """Creates or replaces employees; site_id is the own site, empty for the unit's."""
    names = ("nip", "display_name", "unit_id", "site_id", "state", "update_time")
    statement = insert(employees).values({name: bindparam(name) for name in names})
    replaced = {name: statement.excluded[name] for name in names[1:]}
    upsert = statement.on_conflict_do_update(["nip"], set_=replaced)
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        await connection.execute(upsert, [_employee_values(row) for row in some])


def _employee_values(row: Employee) -> dict[str, object]:
    return {
        "nip": row.nip,
        "display_name": row.display_name,
        "unit_id": row.unit_id,
        "site_id": row.site_id or None,
        "state": row.state.value,
        "update_time": pack(row.update_time),
    }


async def known_nips(connection: AsyncConnection, nips: Iterable[str]) -> frozenset[str]:
    """Returns which of the NIPs belong to an employee."""
    return frozenset(await names_of(connection, set(nips)))


async def names_of(connection: AsyncConnection, nips: Collection[str]) -> dict[str, str]:
    """Returns the names of employees by NIP."""
    columns = employees.c
    found: dict[str, str] = {}
    for some in in_parts(nips):
        statement = select(columns.nip, columns.display_name).where(columns.nip.in_(some))
        found.update((row.nip, row.display_name) for row in await connection.execute(statement))
    return found


def _employees() -> Any:
    enrolled = exists().where(enrollments.c.nip == employees.c.nip)
    bound = exists().where(
        and_(
            devices.c.nip == employees.c.nip,
            devices.c.state == "ACTIVE",
            devices.c.kind == "PHONE",
        )
    )
    return select(
        employees.c.nip,
        employees.c.display_name,
        employees.c.unit_id,
        func.coalesce(employees.c.site_id, units.c.site_id).label("site_id"),
        employees.c.state,
        employees.c.update_time,
        enrolled.label("enrolled"),
        bound.label("phone_bound"),
    ).join_from(employees, units, employees.c.unit_id == units.c.unit_id)


_EMPLOYEE = _employees().where(employees.c.nip == bindparam("wanted"))


def _employee(row: Row[Any]) -> Employee:
    return Employee(
        nip=row.nip,
        display_name=row.display_name,
        unit_id=row.unit_id,
        site_id=row.site_id or "",
        state=EmployeeState(row.state),
        update_time=unpack(row.update_time),
        enrolled=bool(row.enrolled),
        phone_bound=bool(row.phone_bound),
    )


def _site(row: Row[Any]) -> Site:
    return Site(row.site_id, row.display_name, row.time_zone, unpack_fence(row.geofence))


def pack_fence(fence: Geofence) -> str:
    """Returns a fence as it is stored."""
    if isinstance(fence, Circle):
        return json.dumps({"circle": [*fence.center, fence.radius_m]})
    return json.dumps({"polygon": [list(corner) for corner in fence.corners]})


def unpack_fence(stored: str) -> Geofence:
    """Returns the fence that is stored so."""
    content = json.loads(stored)
    if "circle" in content:
        latitude, longitude, radius = content["circle"]
        return Circle((latitude, longitude), radius)
    return Polygon(tuple((latitude, longitude) for latitude, longitude in content["polygon"]))
