"""The command that sums up the trial: problems, refusals and ratings by unit and phone model."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from hadir.v1 import trial_pb2
from hadir.v1.trial_pb2_grpc import TrialServiceStub

from server.ctl.context import Ctl, ctl_of
from server.ctl.help import examples
from server.ctl.inputs import read_date
from server.ctl.render import Cell, Columns
from server.ctl.texts import Text


def _counts(counts: object) -> Cell:
    return ", ".join(f"{one.name} {one.count}" for one in counts)  # type: ignore[attr-defined]


def _rating(group: trial_pb2.TrialGroup) -> Cell:
    return f"{group.rating_mean:.1f} ({group.rating_count})" if group.rating_count else ""


COLUMNS: Columns[trial_pb2.TrialGroup] = {
    Text.NAME: lambda group: group.name,
    Text.EMPLOYEES: lambda group: group.employee_count,
    Text.EVENTS: lambda group: group.event_count,
    Text.PROBLEM: lambda group: _counts(group.problems),
    Text.REFUSED: lambda group: _counts(group.refusals),
    Text.RATING: _rating,
}
SITE_COLUMNS: Columns[trial_pb2.TrialGroup] = {
    (Text.SITE if text is Text.NAME else text): cell
    for text, cell in COLUMNS.items()
    if text is not Text.RATING
}
COMMENT_COLUMNS: Columns[trial_pb2.TrialComment] = {
    Text.UNIT: lambda comment: comment.unit_id or comment.site_id,
    Text.RATING: lambda comment: comment.rating or comment.problem,
    Text.REASON: lambda comment: comment.text,
}


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=examples(
            "hadirctl trial --from 2026-11-01 --to 2026-11-30",
            note="Problems are what phones and kiosks report, refusals what the server counted "
            "itself. Comments carry no names.",
        )
    )(trial)


def trial(
    context: typer.Context,
    *,
    first: Annotated[str, typer.Option("--from", help="First day.")],
    last: Annotated[str, typer.Option("--to", help="Last day, included.")],
) -> None:
    """Sum up the trial by unit, by phone model and by site of kiosks (BKD)."""
    ctl_of(context).run(partial(_trial, first=first, last=last))


async def _trial(ctl: Ctl, *, first: str, last: str) -> None:
    now = datetime.now(UTC)
    request = trial_pb2.SummariseTrialRequest(
        first=read_date(first, ctl.screen.zone, now), last=read_date(last, ctl.screen.zone, now)
    )
    async with ctl.service(TrialServiceStub) as (stub, options):
        answer: trial_pb2.SummariseTrialResponse = await stub.SummariseTrial(request, **options)
    if ctl.screen.as_json:
        ctl.screen.record(answer, {})
        return
    ctl.screen.records(answer.units, COLUMNS)
    ctl.screen.records(answer.models, COLUMNS)
    ctl.screen.records(answer.sites, SITE_COLUMNS)
    ctl.screen.records(answer.comments, COMMENT_COLUMNS)
