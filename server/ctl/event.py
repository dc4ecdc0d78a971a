"""The command that shows attendance events of a unit."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final

import typer
from hadir.v1 import event_pb2
from hadir.v1.event_pb2_grpc import EventServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import examples
from server.ctl.inputs import read_moment
from server.ctl.labels import enum_text
from server.ctl.render import Cell, Columns
from server.ctl.texts import Text

LIMIT_DEFAULT: Final = 200


def _scores_passive(event: event_pb2.Event) -> Cell:
    return event.scores.passive if event.scores.HasField("passive") else ""


def _similarity(event: event_pb2.Event) -> Cell:
    return f"{event.scores.similarity:.3f} ≥ {event.scores.threshold:.3f}"


COLUMNS: Columns[event_pb2.Event] = {
    Text.TIME: lambda event: event.event_time,
    Text.KIND: lambda it: enum_text(event_pb2.EventKind, it.kind),
    Text.NIP: lambda event: event.nip,
    Text.NAME: lambda event: event.display_name,
    Text.UNIT: lambda event: event.unit_id,
    Text.SOURCE: lambda it: enum_text(event_pb2.EventSource, it.source),
    Text.SITE: lambda event: event.site_id,
    Text.DISTANCE: lambda event: f"{event.distance_m:.0f}",
    Text.SIMILARITY: _similarity,
    Text.MARGIN: lambda event: event.scores.margin,
    Text.RELIEF: lambda event: event.scores.relief,
    Text.PASSIVE: _scores_passive,
    Text.CLOCK: lambda it: Text.DISPUTED if it.clock_disputed else "",
    Text.STATE: lambda it: Text.EVENT_VOIDED if it.voided else "",
}


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=examples(
            "hadirctl events biro-umum --from today",
            "hadirctl events biro-umum --from 2022-02-07 --to 2022-02-11 --limit 5000",
            "hadirctl events biro-umum --from 2022-02-07T07:00 --to 2022-02-07T08:30",
            "hadirctl events biro-umum --from yesterday --zone Asia/Jakarta",
            note="Times without an offset, and the times shown, are those of --zone. "
            "A day given to --to is included.",
        )
    )(events)


def events(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="Id; units below it are included.")],
    *,
    start: Annotated[
        str, typer.Option("--from", help="ISO day or time, today, or yesterday.")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="ISO day or time, today, or yesterday.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="Events at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show who came and went, newest first, with the scores that the server decided by."""
    ctl_of(context).run(partial(_events, unit=unit, start=start, end=end, limit=limit))


async def _events(ctl: Ctl, *, unit: str, start: str, end: str, limit: int) -> None:
    now, zone = datetime.now(UTC), ctl.screen.zone
    start_time = read_moment(start, zone, now) if start else None
    end_time = read_moment(end, zone, now, end=True) if end else None
    async with ctl.service(EventServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[event_pb2.Event], str]:
            request = event_pb2.ListUnitEventsRequest(
                unit_id=unit,
                start_time=start_time,
                end_time=end_time,
                page_size=size,
                page_token=token,
            )
            page: event_pb2.ListEventsResponse = await stub.ListUnitEvents(request, **options)
            return page.events, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, COLUMNS, more=more, limit=limit)
