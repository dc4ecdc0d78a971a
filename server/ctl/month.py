"""Commands of months: close one, see which are closed, and what differs from them today."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final

import typer
from hadir.v1 import month_pb2
from hadir.v1.month_pb2_grpc import MonthServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import UnitOrAll, examples
from server.ctl.render import Columns
from server.ctl.texts import Text

LIMIT_DEFAULT: Final = 200
# A province is reckoned in some 10 s, once its turn among the reports comes.
REPORT_DEADLINE_S: Final = 120.0

app = typer.Typer(
    no_args_is_help=True,
    help="Months: close what was paid, and find what changed behind it.",
)

Month = Annotated[str, typer.Option(help="YYYY-MM.")]

CLOSING_COLUMNS: Columns[month_pb2.Closing] = {
    Text.MONTH: lambda closing: closing.month,
    Text.UNIT: lambda closing: closing.unit_id,
    Text.VERSION: lambda closing: closing.version,
    Text.TIME: lambda closing: closing.close_time,
    Text.ACTOR: lambda closing: closing.actor,
    Text.REASON: lambda closing: closing.reason,
    Text.EMPLOYEES: lambda closing: closing.people_count,
    Text.WAITING: lambda closing: closing.waiting_count,
    Text.DESPITE: lambda closing: closing.despite,
}


def _pair(closed: object, today: object) -> str:
    return str(closed) if closed == today else f"{closed} → {today}"


DIFFERENCE_COLUMNS: Columns[month_pb2.Difference] = {
    Text.NIP: lambda one: one.nip,
    Text.NAME: lambda one: one.display_name,
    Text.WORKDAYS: lambda one: _pair(one.closed.workdays, one.today.workdays),
    Text.CUT: lambda one: _pair(one.closed.percent, one.today.percent),
    Text.WAIVED: lambda one: _pair(one.closed.waived_percent, one.today.waived_percent),
    Text.LEFT_OUT: lambda one: _pair(one.closed.left_out_days, one.today.left_out_days),
}


@app.command(
    epilog=examples(
        "hadirctl month close biro-umum --month 2026-12 --reason 'BA 12/2026'",
        "hadirctl month close '' --month 2026-12 --reason 'BA 12/2026' "
        "--despite 'TPP dibayar tanggal 4'",
        "hadirctl month close biro-umum --month 2026-12 --version 2 --reason 'BA 3/2027'",
        note="A closing keeps what counts for TPP and is never taken back; days go on being "
        "derived. What changes later stands in `hadirctl month difference`; another --version "
        "keeps it anew.",
    )
)
def close(
    context: typer.Context,
    unit: Annotated[
        str, typer.Argument(metavar="UNIT", help="Id of the unit; '' for the whole province.")
    ],
    *,
    month: Month,
    reason: Annotated[str, typer.Option(help="The decision, 3 to 500 characters; kept.")],
    version: Annotated[int, typer.Option(min=1, help="2 and up for an adjustment.")] = 1,
    despite: Annotated[
        str,
        typer.Option(help="Why already, though requests wait or days may still be corrected."),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Close a month of a unit and those below (BKD), once it is over."""
    ctl = ctl_of(context)
    ctl.confirm(Text.ASK_CLOSE_MONTH, yes=yes, month=month, unit=_unit(ctl, unit))
    request = month_pb2.CloseMonthRequest(
        unit_id=unit, month=month, reason=reason, version=version, despite=despite
    )
    ctl.run(partial(_close, request=request))


@app.command(epilog=examples("hadirctl month history", "hadirctl month history biro-umum"))
def history(
    context: typer.Context,
    unit: UnitOrAll = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show which months were closed when, by whom and by which decision; newest first."""
    ctl_of(context).run(partial(_history, unit=unit, limit=limit))


@app.command(
    epilog=examples(
        "hadirctl month difference biro-umum --month 2026-12",
        "hadirctl export biro-umum difference xlsx --month 2026-12",
        note="`hadirctl why NIP DATE` tells what changed a day, by whom and when.",
    )
)
def difference(context: typer.Context, unit: UnitOrAll, *, month: Month) -> None:
    """Show whose closed figures differ from today's: closed → today."""
    ctl_of(context).run(partial(_difference, unit=unit, month=month))


def note_closings(
    ctl: Ctl, closings: Sequence[month_pb2.Closing], differing: int | None = None
) -> None:
    """Says beside a report who closed its month, and of how many the figures differ since."""
    for closing in closings:
        ctl.screen.note(
            Text.MONTH_IS_CLOSED,
            unit=_unit(ctl, closing.unit_id),
            version=closing.version,
            time=ctl.screen.time(closing.close_time),
            actor=closing.actor,
            reason=closing.reason,
        )
    if closings and differing is not None:
        ctl.screen.note(Text.DIFFERING, count=differing)


def _unit(ctl: Ctl, unit_id: str) -> str:
    return unit_id or ctl.screen.text(Text.ALL_UNITS)


async def _close(ctl: Ctl, *, request: month_pb2.CloseMonthRequest) -> None:
    async with ctl.service(MonthServiceStub) as (stub, options):
        options["timeout"] = REPORT_DEADLINE_S
        closed: month_pb2.Closing = await stub.CloseMonth(request, **options)
    ctl.screen.done(
        closed,
        Text.MONTH_CLOSED,
        month=closed.month,
        unit=_unit(ctl, closed.unit_id),
        version=closed.version,
        count=closed.people_count,
    )


async def _history(ctl: Ctl, *, unit: str, limit: int) -> None:
    async with ctl.service(MonthServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[month_pb2.Closing], str]:
            request = month_pb2.ListClosingsRequest(unit_id=unit, page_size=size, page_token=token)
            page: month_pb2.ListClosingsResponse = await stub.ListClosings(request, **options)
            return page.closings, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, CLOSING_COLUMNS, more=more, limit=limit)


async def _difference(ctl: Ctl, *, unit: str, month: str) -> None:
    closings: list[month_pb2.Closing] = []
    found: list[month_pb2.Difference] = []
    async with ctl.service(MonthServiceStub) as (stub, options):
        options["timeout"] = REPORT_DEADLINE_S
        request = month_pb2.ListDifferencesRequest(unit_id=unit, month=month)
        async for message in stub.ListDifferences(request, **options):
            closings += message.closings
            found += message.differences
    note_closings(ctl, closings, len(found))
    if not closings:
        ctl.screen.note(Text.MONTH_NOT_CLOSED, style="yellow", month=month)
    ctl.screen.records(found, DIFFERENCE_COLUMNS)
