"""SQL of reports of the trial, and of what they are compared with: events and refusals."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.schema import devices, employees, events, refusals, trial_reports
from server.storage.times import pack

PROBLEM, FEEDBACK = "PROBLEM", "FEEDBACK"


@dataclass(frozen=True, slots=True)
class Report:
    """A problem that a device saw (problem), or what an employee thinks (rating 1 to 5).

    nip: empty for kiosks. unit_id: of the employee, or the site of the kiosk.
    """

    report_id: str
    nip: str
    unit_id: str
    device_id: str
    model: str
    problem: str
    rating: int
    text: str
    report_time: datetime


@dataclass(slots=True)
class Group:
    """What a unit or a phone model had."""

    employees: int = 0
    events: int = 0
    problems: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    ratings: int = 0
    rating_mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody wrote, or a kiosk (site_id); rating 0 for a problem."""

    unit_id: str
    rating: int
    problem: str
    text: str
    site_id: str = ""


async def insert_report(connection: AsyncConnection, report: Report) -> None:
    """Stores a report; a device has one of a report_id."""
    await connection.execute(
        insert(trial_reports).values(
            report_id=report.report_id,
            nip=report.nip or None,
            unit_id=report.unit_id,
            device_id=report.device_id,
            model=report.model,
            kind=PROBLEM if report.problem else FEEDBACK,
            problem=report.problem,
            rating=report.rating,
            text=report.text,
            report_time=pack(report.report_time),
        )
    )


async def find_report(
    connection: AsyncConnection, device_id: str, report_id: str
) -> tuple[str, int, str] | None:
    """Returns problem, rating and text of a device's report."""
    columns = trial_reports.c
    statement = select(columns.problem, columns.rating, columns.text).where(
        columns.device_id == device_id, columns.report_id == report_id
    )
    row = (await connection.execute(statement)).first()
    return (row.problem, row.rating, row.text) if row else None


async def count_since(connection: AsyncConnection, device_id: str, since: datetime) -> int:
    """Returns how many reports a device sent since a time."""
    statement = select(func.count()).where(
        trial_reports.c.device_id == device_id, trial_reports.c.report_time >= pack(since)
    )
    return (await connection.execute(statement)).scalar_one()


class GroupBy(enum.Enum):
    """What a summary goes by: the employees' units, makes and models, or the kiosks' sites."""

    UNIT = "UNIT"
    MODEL = "MODEL"
    SITE = "SITE"


_OF_EVENTS: dict[GroupBy, ColumnElement[Any]] = {
    GroupBy.UNIT: events.c.unit_id,
    GroupBy.MODEL: devices.c.model,
    GroupBy.SITE: events.c.site_id,
}
_OF_REFUSALS: dict[GroupBy, ColumnElement[Any]] = {
    GroupBy.UNIT: employees.c.unit_id,
    GroupBy.MODEL: devices.c.model,
    GroupBy.SITE: devices.c.site_id,
}
_OF_REPORTS: dict[GroupBy, ColumnElement[Any]] = {
    GroupBy.UNIT: trial_reports.c.unit_id,
    GroupBy.MODEL: trial_reports.c.model,
    GroupBy.SITE: trial_reports.c.unit_id,
}
_AT_KIOSK = devices.c.kind == "KIOSK"
_FROM_KIOSK = trial_reports.c.nip.is_(None)
# Kiosks belong to no unit.
_EVENTS_IF = {GroupBy.SITE: _AT_KIOSK}
_REFUSALS_IF = {GroupBy.SITE: _AT_KIOSK, GroupBy.UNIT: refusals.c.nip.is_not(None)}
_REPORTS_IF = {GroupBy.SITE: _FROM_KIOSK, GroupBy.UNIT: ~_FROM_KIOSK}


async def groups(
    connection: AsyncConnection, start: datetime, end: datetime, by: GroupBy
) -> dict[str, Group]:
    """Returns what each unit, phone model or site of kiosks had in a period."""
    found: dict[str, Group] = {}
    key = _OF_EVENTS[by]
    of_events = (
        select(key.label("name"), func.count(), func.count(events.c.nip.distinct()))
        .join_from(events, devices, devices.c.device_id == events.c.device_id)
        .where(events.c.event_time >= pack(start), events.c.event_time < pack(end))
        .where(_EVENTS_IF.get(by, true()))
        .group_by(key)
    )
    for name, count, people in await connection.execute(of_events):
        group = found.setdefault(name, Group())
        group.events, group.employees = count, people
    key = _OF_REFUSALS[by]
    of_refusals = (
        select(key.label("name"), refusals.c.reason, func.count())
        .join_from(refusals, devices, devices.c.device_id == refusals.c.device_id)
        .outerjoin(employees, employees.c.nip == refusals.c.nip)
        .where(refusals.c.refuse_time >= pack(start), refusals.c.refuse_time < pack(end))
        .where(_REFUSALS_IF.get(by, true()))
        .group_by(key, refusals.c.reason)
    )
    for name, reason, count in await connection.execute(of_refusals):
        found.setdefault(name, Group()).refusals[reason] = count
    key = _OF_REPORTS[by]
    of_reports = (
        select(key.label("name"), trial_reports.c.problem, func.count(), _mean())
        .where(trial_reports.c.report_time >= pack(start), trial_reports.c.report_time < pack(end))
        .where(_REPORTS_IF.get(by, true()))
        .group_by(key, trial_reports.c.problem)
    )
    for name, problem, count, mean in await connection.execute(of_reports):
        group = found.setdefault(name, Group())
        if problem:
            group.problems[problem] = count
        else:
            group.ratings, group.rating_mean = count, mean
    return found


async def comments(
    connection: AsyncConnection, start: datetime, end: datetime, *, limit: int
) -> list[Comment]:
    """Returns the latest comments of a period, newest first, without names."""
    columns = trial_reports.c
    statement = (
        select(columns.unit_id, columns.nip, columns.rating, columns.problem, columns.text)
        .where(
            columns.report_time >= pack(start),
            columns.report_time < pack(end),
            columns.text != "",
        )
        .order_by(columns.sequence.desc())
        .limit(limit)
    )
    return [
        Comment(
            unit_id=row.unit_id if row.nip else "",
            rating=row.rating,
            problem=row.problem,
            text=row.text,
            site_id="" if row.nip else row.unit_id,
        )
        for row in await connection.execute(statement)
    ]


def _mean() -> Any:
    return func.avg(trial_reports.c.rating)
