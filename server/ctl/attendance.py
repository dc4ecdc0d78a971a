"""Commands of attendance days: whose day is what and why, today live, recaps, corrections."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from hadir.v1 import attendance_pb2, event_pb2, month_pb2
from hadir.v1.attendance_pb2_grpc import AttendanceServiceStub

from server.ctl.context import CallOptions, Ctl, ctl_of
from server.ctl.help import Nip, UnitId, UnitOrAll, examples
from server.ctl.inputs import read_date, read_moment
from server.ctl.labels import enum_text
from server.ctl.month import REPORT_DEADLINE_S, note_closings
from server.ctl.render import Cell, Columns
from server.ctl.texts import Text

# A board stays open as long as the session; the server ends it then.
WATCH_DEADLINE_S: Final = 24 * 3600.0

From = Annotated[str, typer.Option("--from", help="First day; today if left out.")]
To = Annotated[str, typer.Option("--to", help="Last day; the first one if left out.")]
Month = Annotated[str, typer.Option(help="YYYY-MM; this month if left out.")]


def _band(day: attendance_pb2.AttendanceDay) -> str:
    return " ".join(band for band in (day.late_band, day.early_band) if band)


def _of_day(
    cell: Callable[[attendance_pb2.AttendanceDay], Cell], employee: attendance_pb2.EmployeeDays
) -> Cell:
    return cell(employee.days[0])


DAY_COLUMNS: Columns[attendance_pb2.AttendanceDay] = {
    Text.DATE: lambda day: day.date,
    Text.STATE: lambda it: enum_text(attendance_pb2.DayStatus, it.status),
    Text.ARRIVAL: lambda day: day.arrival.event_time,
    Text.DEPARTURE: lambda day: day.departure.event_time,
    Text.LATE: lambda day: day.late_minutes,
    Text.EARLY: lambda day: day.early_minutes,
    Text.BAND: _band,
    Text.CUT: lambda day: day.percent,
    Text.PHASE: lambda day: day.phase,
    Text.UNIT: lambda day: day.unit_id,
}
# An employee with one day: see `_singles`.
ROW_COLUMNS: Columns[attendance_pb2.EmployeeDays] = {
    Text.NIP: lambda employee: employee.nip,
    Text.NAME: lambda employee: employee.display_name,
    **{heading: partial(_of_day, cell) for heading, cell in DAY_COLUMNS.items()},
}
LINE_COLUMNS: Columns[attendance_pb2.TraceLine] = {
    Text.PROBLEM_CODE: lambda line: line.rule,
    Text.WHY: lambda line: line.text,
}


def _count(recap: attendance_pb2.EmployeeRecap, *names: str) -> int:
    return sum(count.count for count in recap.statuses if count.name in names)


def _left_out(recap: attendance_pb2.EmployeeRecap) -> Cell:
    return ", ".join(f"{len(one.dates)} {one.text}" for one in recap.left_out)


RECAP_COLUMNS: Columns[attendance_pb2.EmployeeRecap] = {
    Text.NIP: lambda recap: recap.nip,
    Text.NAME: lambda recap: recap.display_name,
    Text.DAY_PRESENT: lambda recap: _count(recap, "PRESENT", "LATE", "LEFT_EARLY"),
    Text.LATE: lambda recap: recap.late_minutes,
    Text.EARLY: lambda recap: recap.early_minutes,
    Text.DAY_ABSENT: lambda recap: _count(recap, "ABSENT"),
    Text.WORKDAYS: lambda recap: recap.tpp_workdays,
    Text.CUT: lambda recap: recap.tpp_percent,
    Text.WAIVED: lambda recap: recap.tpp_waived_percent,
    Text.LEFT_OUT: _left_out,
}


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog=examples(
            "hadirctl days 197001011995031001 --from 2026-11-01 --to 2026-11-30",
            "hadirctl days --unit biro-umum",
            note="Times shown are those of --zone.",
        )
    )(days)
    app.command(epilog=examples("hadirctl why 197001011995031001 2026-11-25"))(why)
    app.command(epilog=examples("hadirctl watch biro-umum"))(watch)
    app.command(
        epilog=examples(
            "hadirctl recap biro-umum --month 2026-11",
            note="Days of socialisation and trial never count for TPP; the last column says how "
            "many were left out and why.",
        )
    )(recap)
    app.command(
        epilog=examples(
            "hadirctl export biro-umum tpp xlsx --month 2026-11",
            "hadirctl export biro-umum matrix pdf --month 2026-11 --to daftar-hadir.pdf",
        )
    )(export)
    app.command(
        epilog=examples(
            "hadirctl correct 197001011995031001 out 2026-11-25T16:00 "
            "--reason 'listrik padam di lobi'",
            note="Adds a punch, and never changes one; who did it and why is kept.",
        )
    )(correct)
    app.command(
        epilog=examples(
            "hadirctl void 01KB0Z6T3J9Q8W7E5R4T2Y1A0C --reason 'absen oleh orang lain'",
            note="The id stands in `hadirctl why` and `hadirctl events`. The event stays, and its "
            "day says who voided it and why.",
        )
    )(void)


def days(
    context: typer.Context,
    nip: Annotated[str, typer.Argument(metavar="NIP", help="18 digits; empty with --unit.")] = "",
    *,
    unit: Annotated[str, typer.Option(help="All of this unit and those below.")] = "",
    first: From = "today",
    last: To = "",
) -> None:
    """Show the days of an employee with the counters of PP 94/2021, or of a unit."""
    ctl = ctl_of(context)
    if bool(nip) == bool(unit):
        raise typer.BadParameter("beri NIP atau --unit / give a NIP or --unit, not both")
    work = _unit_days if unit else _days
    ctl.run(partial(work, subject=unit or nip, first=first, last=last or first))


def why(
    context: typer.Context,
    nip: Nip,
    day: Annotated[str, typer.Argument(help="YYYY-MM-DD, or today.")],
) -> None:
    """Explain a day: every rule that was applied, with its inputs."""
    ctl_of(context).run(partial(_why, nip=nip, day=day))


def watch(context: typer.Context, unit: UnitId) -> None:
    """Show today of a unit, then every change as it happens."""
    ctl_of(context).run(partial(_watch, unit=unit))


def recap(context: typer.Context, unit: UnitOrAll, *, month: Month = "") -> None:
    """Show what a month of a unit adds up to, and what of it counts for TPP."""
    ctl_of(context).run(partial(_recap, unit=unit, month=month))


class Kind(StrEnum):
    """What a file is about."""

    MONTH = "month"
    TPP = "tpp"
    MATRIX = "matrix"
    DIFFERENCE = "difference"


class Format(StrEnum):
    """The form of a file."""

    XLSX = "xlsx"
    CSV = "csv"
    PDF = "pdf"


def export(
    context: typer.Context,
    unit: UnitOrAll,
    kind: Annotated[
        Kind,
        typer.Argument(
            help="What: a month, what TPP is cut, a matrix, or what differs from closed."
        ),
    ],
    form: Annotated[Format, typer.Argument(help="As which kind of file.")],
    *,
    month: Month = "",
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to; its own name here if left out. Kept if there."
        ),
    ] = None,
) -> None:
    """Save a recap of a unit as Excel, CSV or a print to sign."""
    ctl_of(context).run(partial(_export, unit=unit, kind=kind, form=form, month=month, to=to))


def correct(
    context: typer.Context,
    nip: Nip,
    kind: Annotated[str, typer.Argument(metavar="in|out", help="What is missing.")],
    moment: Annotated[str, typer.Argument(metavar="TIME", help="2026-11-25T16:00 in --zone.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")],
) -> None:
    """Add a check-in or check-out that is missing (BKD)."""
    if kind not in {"in", "out"}:
        raise typer.BadParameter("in | out", param_hint="KIND")
    ctl_of(context).run(partial(_correct, nip=nip, kind=kind, moment=moment, reason=reason))


def void(
    context: typer.Context,
    event_id: Annotated[str, typer.Argument(metavar="EVENT", help="Id of the event.")],
    *,
    reason: Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")],
) -> None:
    """Void a wrong check-in or check-out (BKD); nobody the own one."""
    ctl_of(context).run(partial(_void, event_id=event_id, reason=reason))


async def _days(ctl: Ctl, *, subject: str, first: str, last: str) -> None:
    begin, end = _span(ctl, first, last)
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        request = attendance_pb2.GetEmployeeDaysRequest(nip=subject, first=begin, last=end)
        found: attendance_pb2.EmployeeDays = await stub.GetEmployeeDays(request, **options)
    if ctl.screen.as_json:
        ctl.screen.record(found, {})
        return
    ctl.screen.records(found.days, DAY_COLUMNS)
    if found.HasField("counters"):
        counters = found.counters
        ctl.screen.note(
            Text.COUNTERS,
            year=counters.year,
            days=counters.days,
            row=counters.row_max,
            text=counters.text,
        )


async def _unit_days(ctl: Ctl, *, subject: str, first: str, last: str) -> None:
    begin, end = _span(ctl, first, last)
    found: list[attendance_pb2.EmployeeDays] = []
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        request = attendance_pb2.ListUnitDaysRequest(unit_id=subject, first=begin, last=end)
        async for message in stub.ListUnitDays(request, **_patient(options, REPORT_DEADLINE_S)):
            found += message.employees
    ctl.screen.records(_singles(found), ROW_COLUMNS)


def _singles(
    found: Sequence[attendance_pb2.EmployeeDays],
) -> list[attendance_pb2.EmployeeDays]:
    """Return employees with one day each, as rows of a table."""
    return [
        attendance_pb2.EmployeeDays(nip=one.nip, display_name=one.display_name, days=[day])
        for one in found
        for day in one.days
    ]


async def _why(ctl: Ctl, *, nip: str, day: str) -> None:
    date = read_date(day, ctl.screen.zone, datetime.now(UTC))
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        request = attendance_pb2.WhyDayRequest(nip=nip, date=date)
        answer: attendance_pb2.WhyDayResponse = await stub.WhyDay(request, **options)
    if ctl.screen.as_json:
        ctl.screen.record(answer, {})
        return
    ctl.screen.record(answer.day, DAY_COLUMNS)
    ctl.screen.records(answer.lines, LINE_COLUMNS)
    note_closings(ctl, [answer.closing] if answer.HasField("closing") else [])


async def _watch(ctl: Ctl, *, unit: str) -> None:
    ctl.screen.note(Text.WATCHING, unit=unit)
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        request = attendance_pb2.WatchUnitRequest(unit_id=unit)
        async for message in stub.WatchUnit(request, **_patient(options, WATCH_DEADLINE_S)):
            if message.employees:
                ctl.screen.records(_singles(message.employees), ROW_COLUMNS)


async def _recap(ctl: Ctl, *, unit: str, month: str) -> None:
    month = month or f"{datetime.now(ctl.screen.zone):%Y-%m}"
    found: list[attendance_pb2.EmployeeRecap] = []
    closings: list[month_pb2.Closing] = []
    differing = 0
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        request = attendance_pb2.ListUnitRecapsRequest(unit_id=unit, month=month)
        async for message in stub.ListUnitRecaps(request, **_patient(options, REPORT_DEADLINE_S)):
            found += message.recaps
            closings += message.closings
            differing += message.differing_count
    ctl.screen.records(found, RECAP_COLUMNS)
    note_closings(ctl, closings, differing)


async def _export(
    ctl: Ctl, *, unit: str, kind: Kind, form: Format, month: str, to: Path | None
) -> None:
    request = attendance_pb2.ExportRecapRequest(
        unit_id=unit,
        month=month or f"{datetime.now(ctl.screen.zone):%Y-%m}",
        kind=f"RECAP_KIND_{kind.name}",
        format=f"RECAP_FORMAT_{form.name}",
    )
    name, content = "", b""
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        async for part in stub.ExportRecap(request, **_patient(options, REPORT_DEADLINE_S)):
            name = name or part.file_name
            content += part.content
    file = to or Path(Path(name).name)
    with file.open("xb") as target:
        target.write(content)
    ctl.screen.note(Text.SAVED, file=file, size=len(content))


async def _correct(ctl: Ctl, *, nip: str, kind: str, moment: str, reason: str) -> None:
    request = attendance_pb2.CorrectAttendanceRequest(
        nip=nip,
        kind=event_pb2.EVENT_KIND_IN if kind == "in" else event_pb2.EVENT_KIND_OUT,
        event_time=read_moment(moment, ctl.screen.zone, datetime.now(UTC)),
        reason=reason,
        request_id=str(uuid.uuid4()),
    )
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        punch: attendance_pb2.Punch = await stub.CorrectAttendance(request, **options)
    kind_text = enum_text(event_pb2.EventKind, punch.kind)
    ctl.screen.done(
        punch,
        Text.CORRECTED,
        kind=ctl.screen.cell(kind_text),
        nip=nip,
        time=ctl.screen.time(punch.event_time),
        id=punch.event_id,
    )


async def _void(ctl: Ctl, *, event_id: str, reason: str) -> None:
    request = attendance_pb2.VoidPunchRequest(event_id=event_id, reason=reason)
    async with ctl.service(AttendanceServiceStub) as (stub, options):
        voided: attendance_pb2.VoidedPunch = await stub.VoidPunch(request, **options)
    ctl.screen.done(
        voided,
        Text.VOIDED,
        kind=ctl.screen.cell(enum_text(event_pb2.EventKind, voided.punch.kind)),
        nip=voided.nip,
        time=ctl.screen.time(voided.punch.event_time),
    )


def _span(ctl: Ctl, first: str, last: str) -> tuple[str, str]:
    now = datetime.now(UTC)
    return read_date(first, ctl.screen.zone, now), read_date(last, ctl.screen.zone, now)


def _patient(options: CallOptions, seconds: float) -> CallOptions:
    return {**options, "timeout": seconds}
