"""SQL of what was done to days that are over: punches added and voided, rules and postings put."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.model import RequestState
from server.domain.attendance.rules import RuleKind
from server.domain.forensics.model import Amendment
from server.storage import requests
from server.storage.forensics import rows_of
from server.storage.requests import Decision
from server.storage.schema import (
    attendance_requests,
    corrections,
    employees,
    events,
    postings,
    rules,
    sites,
    staff,
    units,
    voids,
)
from server.storage.times import pack, unpack


@dataclass(frozen=True, slots=True)
class Put:
    """A rule or posting as somebody put it. what: the kind of rule, or POSTING."""

    what: str
    subject: str
    start: date
    username: str
    reason: str
    time: datetime
    nip: str


async def owners(connection: AsyncConnection) -> dict[str, str]:
    """Returns the NIPs of those who have accounts, or had, by user name: some hundred."""
    mine = select(staff.c.username, staff.c.nip).where(staff.c.nip != "")
    return {row.username: row.nip for row in await connection.execute(mine)}


async def first_event(connection: AsyncConnection) -> datetime | None:
    """Returns the time of the first event there is: what rules changed before changed nothing."""
    first = (await connection.execute(select(func.min(events.c.event_time)))).scalar()
    return None if first is None else unpack(first)


async def added(
    connection: AsyncConnection, start: datetime, end: datetime, zone: ZoneInfo
) -> list[Amendment]:
    """Returns the punches that were added with start <= create_time < end.

    Of an accepted claim once for each who decided. zone: of who has no site.
    """
    columns = corrections.c
    statement = (
        _with_site(
            select(corrections, attendance_requests.c.state, voids.c.event_id.label("voided"))
            .join(employees, employees.c.nip == columns.nip)
            .outerjoin(voids, voids.c.event_id == columns.event_id)
            .outerjoin(attendance_requests, attendance_requests.c.request_id == columns.request_id)
        )
        .where(columns.create_time >= pack(start), columns.create_time < pack(end))
        .order_by(columns.event_id)
    )
    rows = [row async for row in rows_of(connection, statement, columns.event_id, "")]
    asked = [row.request_id for row in rows if row.request_id]
    decisions = await requests.decisions_of(connection, asked)
    found: list[Amendment] = []
    for row in rows:
        one = Amendment(
            event_id=row.event_id,
            nip=row.nip,
            site_id=row.site,
            day=_day(row, zone),
            time=unpack(row.create_time),
            actor=row.actor,
            reason=row.reason,
            request_id=row.request_id or "",
            undone=row.voided is not None or row.state == RequestState.ANNULLED.value,
        )
        said = decisions.get(one.request_id, ()) if one.request_id else ()
        found += _by_each(one, said) if said else [one]
    return found


async def voided(
    connection: AsyncConnection, start: datetime, end: datetime, zone: ZoneInfo
) -> list[Amendment]:
    """Returns the punches that were voided with start <= void_time < end."""
    columns = voids.c
    own = func.nullif(events.c.site_id, "")
    moment = func.coalesce(events.c.event_time, corrections.c.event_time).label("event_time")
    statement = (
        _with_site(
            select(voids, moment)
            .join(employees, employees.c.nip == columns.nip)
            .outerjoin(events, events.c.event_id == columns.event_id)
            .outerjoin(corrections, corrections.c.event_id == columns.event_id),
            own,
        )
        .where(columns.void_time >= pack(start), columns.void_time < pack(end))
        .order_by(columns.event_id)
    )
    return [
        Amendment(
            event_id=row.event_id,
            nip=row.nip,
            site_id=row.site,
            day=_day(row, zone),
            time=unpack(row.void_time),
            actor=row.actor,
            reason=row.reason,
        )
        async for row in rows_of(connection, statement, columns.event_id, "")
    ]


async def put_rules(connection: AsyncConnection, start: datetime, end: datetime) -> list[Put]:
    """Returns the rules that were put with start <= time < end, to hold before the last date."""
    columns = rules.c
    statement = (
        select(
            columns.sequence,
            columns.kind,
            columns.subject,
            columns.start,
            columns.actor,
            columns.reason,
            columns.change_time,
        )
        .where(
            columns.change_time >= pack(start),
            columns.change_time < pack(end),
            columns.start < end.date().isoformat(),
        )
        .order_by(columns.sequence)
    )
    return [
        Put(
            row.kind,
            row.subject,
            date.fromisoformat(row.start),
            row.actor,
            row.reason,
            unpack(row.change_time),
            row.subject if row.kind == RuleKind.SHIFT.value else "",
        )
        async for row in rows_of(connection, statement, columns.sequence)
    ]


async def put_postings(connection: AsyncConnection, start: datetime, end: datetime) -> list[Put]:
    """Returns the postings that were put so, of employees who were known before."""
    columns, earlier = postings.c, postings.alias()
    known = exists().where(earlier.c.nip == columns.nip, earlier.c.sequence < columns.sequence)
    statement = (
        select(postings)
        .where(
            columns.put_time >= pack(start),
            columns.put_time < pack(end),
            columns.start < end.date().isoformat(),
            known,
        )
        .order_by(columns.sequence)
    )
    return [
        Put(
            "POSTING",
            row.nip,
            date.fromisoformat(row.start),
            row.actor or "",
            row.reason or "",
            unpack(row.put_time),
            row.nip,
        )
        async for row in rows_of(connection, statement, columns.sequence)
    ]


def _with_site(statement: Select[Any], *own: ColumnElement[Any]) -> Select[Any]:
    """Adds `site`, the own one or that of the employee, and its `time_zone`."""
    site = func.coalesce(*own, employees.c.site_id, units.c.site_id, "")
    return (
        statement.add_columns(site.label("site"), sites.c.time_zone)
        .join(units, units.c.unit_id == employees.c.unit_id)
        .outerjoin(sites, sites.c.site_id == site)
    )


def _day(row: Row[Any], zone: ZoneInfo) -> date:
    moment: datetime = unpack(row.event_time)
    return moment.astimezone(ZoneInfo(row.time_zone) if row.time_zone else zone).date()


def _by_each(one: Amendment, decisions: Iterable[Decision]) -> Iterator[Amendment]:
    """Yields what an accepted claim added, as done by each who accepted it."""
    for said in decisions:
        if said.state is RequestState.ACCEPTED:
            yield replace(one, time=said.decide_time, actor=said.nip or said.actor)
