"""Commands of master data that BKD writes by hand: units and sites."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from hadir.v1 import directory_pb2
from hadir.v1.directory_pb2_grpc import DirectoryServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.errors import CtlError
from server.ctl.geofence import Circle, geofence_text, read_polygon
from server.ctl.help import SiteId, UnitId, examples
from server.ctl.inputs import read_csv, read_date
from server.ctl.render import Columns
from server.ctl.texts import Text

DEFAULT_ZONE = "Asia/Jayapura"

UNIT_COLUMNS: Columns[directory_pb2.Unit] = {
    Text.UNIT: lambda unit: unit.unit_id,
    Text.NAME: lambda unit: unit.display_name,
    Text.PARENT: lambda unit: unit.parent_unit_id,
    Text.SITE: lambda unit: unit.site_id,
    Text.HEAD: lambda unit: unit.head_nip,
}

UNIT_PROBLEM_COLUMNS: Columns[directory_pb2.UnitProblem] = {
    Text.LINE: lambda problem: problem.number,
    Text.PROBLEM_CODE: lambda problem: problem.reason,
    Text.PROBLEM: lambda problem: problem.text,
}

CHANGE_COLUMNS: Columns[directory_pb2.UnitChange] = {
    Text.NUMBER: lambda change: change.sequence,
    Text.TIME: lambda change: change.change_time,
    Text.UNIT: lambda change: change.unit.unit_id,
    Text.NAME: lambda change: change.unit.display_name,
    Text.PARENT: lambda change: change.unit.parent_unit_id,
    Text.SITE: lambda change: change.unit.site_id,
    Text.HEAD: lambda change: change.unit.head_nip,
    Text.FIRST: lambda change: change.start,
    Text.ACTOR: lambda change: change.actor,
    Text.REASON: lambda change: change.reason,
}
LIMIT_DEFAULT = 200

From = Annotated[
    str, typer.Option("--from", help="First day on which it holds, today or before; today.")
]
Why = Annotated[str, typer.Option(help="Why; needed where a unit moves. Kept.")]

units = typer.Typer(no_args_is_help=True, help="Units (perangkat daerah).")
sites = typer.Typer(no_args_is_help=True, help="Sites: places of work with a geofence.")


@units.command("list", epilog=examples("hadirctl unit list", "hadirctl unit list --json"))
def list_units(context: typer.Context) -> None:
    """List the units that you may see."""
    ctl_of(context).run(_list_units)


@units.command(
    "put",
    epilog=examples(
        "hadirctl unit put biro-umum --name 'Biro Umum' --parent setda --site kantor-gubernur",
        "hadirctl unit put biro-umum --head 197001011995031001",
        "hadirctl unit put biro-umum --head ''",
        "hadirctl unit put bidang-a --parent bkd --from 2026-11-02 --reason 'Pergub 9/2026'",
        note="The third one takes the head away. A unit that moves keeps its phases and schedules "
        "of the days before.",
    ),
)
def put_unit(
    context: typer.Context,
    unit_id: UnitId,
    *,
    name: Annotated[str | None, typer.Option(help="Name as people know it.")] = None,
    parent: Annotated[str | None, typer.Option(help="Id of the unit above.")] = None,
    site: Annotated[str | None, typer.Option(help="Id of the site where its people work.")] = None,
    head: Annotated[str | None, typer.Option(help="NIP of its head.")] = None,
    start: From = "",
    reason: Why = "",
) -> None:
    """Create a unit, or change it: what you leave out stays, an empty value clears it."""
    changes = {"display_name": name, "parent_unit_id": parent, "site_id": site, "head_nip": head}
    request = directory_pb2.PutUnitRequest(start=_start(ctl_of(context), start), reason=reason)
    ctl_of(context).run(partial(_put_unit, unit_id=unit_id, changes=changes, request=request))


@units.command("history", epilog=examples("hadirctl unit history biro-umum"))
def history(
    context: typer.Context,
    unit_id: Annotated[str, typer.Argument(metavar="UNIT", help="Id of the unit; all.")] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show who put a unit where, from which day on, and why; newest first."""
    ctl_of(context).run(partial(_history, unit_id=unit_id, limit=limit))


@units.command(
    "import",
    epilog=examples(
        "hadirctl unit import opd.csv --dry-run",
        "hadirctl unit import opd.csv --from 2026-11-02 --reason 'Perda 5/2026'",
        note="Columns: unit_id, name, parent, site, head (the last three may be empty). Commas or "
        "semicolons. Parents may come later in the file. The exit code is 1 if nothing was stored.",
    ),
)
def import_units(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.csv")],
    *,
    start: From = "",
    reason: Why = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report problems.")] = False,
) -> None:
    """Create and replace units from a CSV file, all or nothing."""
    ctl = ctl_of(context)
    request = directory_pb2.ImportUnitsRequest(
        dry_run=dry_run, start=_start(ctl, start), reason=reason
    )
    answer = ctl.run(partial(_import_units, file=file, request=request))
    if answer.problems:
        raise typer.Exit(1)


@sites.command("list", epilog=examples("hadirctl site list"))
def list_sites(context: typer.Context) -> None:
    """List all sites."""
    ctl_of(context).run(_list_sites)


@sites.command(
    "put",
    epilog=examples(
        "hadirctl site put kantor-gubernur --name 'Kantor Gubernur' "
        "--lat 0.7333 --lon 127.5667 --radius 100",
        "hadirctl site put jalan-40 --name 'Jalan 40' --polygon jalan-40.geojson",
        "hadirctl site put jalan-40 --name 'Kompleks Jalan 40'",
        "hadirctl site put jalan-40 --radius 150 --lat 0.7401 --lon 127.5612 "
        "--reason 'gedung baru'",
    ),
)
def put_site(
    context: typer.Context,
    site_id: SiteId,
    *,
    name: Annotated[str | None, typer.Option(help="Name as people know it.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help=f"IANA time zone; {DEFAULT_ZONE} for a new site.")
    ] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude of the centre, degrees.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude of the centre, degrees.")] = None,
    radius: Annotated[float | None, typer.Option(help="Radius in metres, 10 to 20,000.")] = None,
    polygon: Annotated[
        Path | None,
        typer.Option(
            help="JSON: [[latitude, longitude], ...] or a GeoJSON Polygon.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; needed where the fence or time zone changes. Kept.")
    ] = "",
) -> None:
    """Create a site, or change it: what you leave out stays."""
    changes = {"display_name": name, "time_zone": time_zone}
    circle = Circle(lat, lon, radius)
    request = directory_pb2.PutSiteRequest(reason=reason)
    ctl_of(context).run(
        partial(
            _put_site,
            site_id=site_id,
            changes=changes,
            circle=circle,
            polygon=polygon,
            request=request,
        )
    )


@sites.command("history", epilog=examples("hadirctl site history jalan-40"))
def site_history(
    context: typer.Context,
    site_id: Annotated[str, typer.Argument(metavar="SITE", help="Id of the site; all.")] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show who put a site where, when and why; newest first."""
    ctl_of(context).run(partial(_site_history, site_id=site_id, limit=limit))


async def _list_units(ctl: Ctl) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        request = directory_pb2.ListUnitsRequest()
        answer: directory_pb2.ListUnitsResponse = await stub.ListUnits(request, **options)
    ctl.screen.records(answer.units, UNIT_COLUMNS)


def _start(ctl: Ctl, value: str) -> str:
    with ctl.errors_shown():
        return read_date(value, ctl.screen.zone, datetime.now(UTC)) if value else ""


async def _history(ctl: Ctl, *, unit_id: str, limit: int) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[directory_pb2.UnitChange], str]:
            request = directory_pb2.ListUnitChangesRequest(
                unit_id=unit_id, page_size=size, page_token=token
            )
            page: directory_pb2.ListUnitChangesResponse = await stub.ListUnitChanges(
                request, **options
            )
            return page.changes, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, CHANGE_COLUMNS, more=more, limit=limit)


async def _site_history(ctl: Ctl, *, site_id: str, limit: int) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[directory_pb2.SiteChange], str]:
            request = directory_pb2.ListSiteChangesRequest(
                site_id=site_id, page_size=size, page_token=token
            )
            page: directory_pb2.ListSiteChangesResponse = await stub.ListSiteChanges(
                request, **options
            )
            return page.changes, page.next_page_token

        found, more = await collect(fetch, limit)
    columns: Columns[directory_pb2.SiteChange] = {
        Text.NUMBER: lambda change: change.sequence,
        Text.TIME: lambda change: change.change_time,
        Text.SITE: lambda change: change.site.site_id,
        Text.NAME: lambda change: change.site.display_name,
        Text.ZONE: lambda change: change.site.time_zone,
        Text.GEOFENCE: lambda change: geofence_text(ctl.screen.language, change.site),
        Text.ACTOR: lambda change: change.actor,
        Text.REASON: lambda change: change.reason,
    }
    ctl.screen.page(found, columns, more=more, limit=limit)


async def _put_unit(
    ctl: Ctl,
    *,
    unit_id: str,
    changes: dict[str, str | None],
    request: directory_pb2.PutUnitRequest,
) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        known: directory_pb2.ListUnitsResponse = await stub.ListUnits(
            directory_pb2.ListUnitsRequest(), **options
        )
        # Putting replaces the whole unit, so what is not named here is taken from the stored one.
        stored = (unit for unit in known.units if unit.unit_id == unit_id)
        unit = next(stored, directory_pb2.Unit(unit_id=unit_id))
        _apply(unit, changes)
        if not unit.display_name:
            raise _new_needs(unit_id, "--name")
        request.unit.CopyFrom(unit)
        unit = await stub.PutUnit(request, **options)
    ctl.screen.done(unit, Text.UNIT_STORED, id=unit_id)


async def _list_sites(ctl: Ctl) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        request = directory_pb2.ListSitesRequest()
        answer: directory_pb2.ListSitesResponse = await stub.ListSites(request, **options)
    columns: Columns[directory_pb2.Site] = {
        Text.SITE: lambda site: site.site_id,
        Text.NAME: lambda site: site.display_name,
        Text.ZONE: lambda site: site.time_zone,
        Text.GEOFENCE: partial(geofence_text, ctl.screen.language),
    }
    ctl.screen.records(answer.sites, columns)


async def _put_site(
    ctl: Ctl,
    *,
    site_id: str,
    changes: dict[str, str | None],
    circle: Circle,
    polygon: Path | None,
    request: directory_pb2.PutSiteRequest,
) -> None:
    fence = circle.checked(other=polygon is not None)
    corners = None if polygon is None else read_polygon(polygon)
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        known: directory_pb2.ListSitesResponse = await stub.ListSites(
            directory_pb2.ListSitesRequest(), **options
        )
        new = directory_pb2.Site(site_id=site_id, time_zone=DEFAULT_ZONE)
        site = next((site for site in known.sites if site.site_id == site_id), new)
        _apply(site, changes)
        if fence is not None:
            site.circle.CopyFrom(fence)
        if corners is not None:
            site.polygon.CopyFrom(corners)
        if not site.display_name or site.WhichOneof("geofence") is None:
            raise _new_needs(site_id, "--name, --lat --lon --radius | --polygon")
        request.site.CopyFrom(site)
        site = await stub.PutSite(request, **options)
    ctl.screen.done(site, Text.SITE_STORED, id=site_id)


def _apply(
    message: directory_pb2.Unit | directory_pb2.Site, changes: dict[str, str | None]
) -> None:
    for field, value in changes.items():
        if value is not None:
            setattr(message, field, value)


def _new_needs(identifier: str, options: str) -> CtlError:
    return CtlError(Text.NEW_NEEDS, reason="FIELD_REQUIRED", id=identifier, options=options)


async def _import_units(
    ctl: Ctl, *, file: Path, request: directory_pb2.ImportUnitsRequest
) -> directory_pb2.ImportUnitsResponse:
    rows = read_csv(file, {"unit_id", "name", "parent", "site", "head"})
    names = {"unit_id": "unit_id", "display_name": "name", "parent_unit_id": "parent"}
    names |= {"site_id": "site", "head_nip": "head"}
    request.units.extend(
        directory_pb2.Unit(**{field: row[column] for field, column in names.items()})
        for _, row in rows
    )
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        answer: directory_pb2.ImportUnitsResponse = await stub.ImportUnits(request, **options)
    for problem in answer.problems:
        problem.number = rows[problem.number - 1][0]  # what people see is the line of the file
    if answer.problems and not ctl.screen.as_json:
        ctl.screen.records(answer.problems, UNIT_PROBLEM_COLUMNS)
    text = Text.UNITS_STORED if answer.stored else Text.UNITS_DRY
    ctl.screen.done(answer, text, count=answer.unit_count, problems=len(answer.problems))
    if answer.problems:
        ctl.screen.note(Text.IMPORT_REFUSED, style="bold red")
    return answer
