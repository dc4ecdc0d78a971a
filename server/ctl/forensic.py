"""Commands of forensics: findings to look at, and a sample of requests for the auditors."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final

import typer
from hadir.v1 import forensic_pb2
from hadir.v1.forensic_pb2_grpc import ForensicServiceStub

from server.ctl.context import CallOptions, Ctl, ctl_of
from server.ctl.help import examples
from server.ctl.inputs import read_date
from server.ctl.labels import enum_text
from server.ctl.render import Columns
from server.ctl.texts import Text

DEADLINE_S: Final = 300.0


def _figures(finding: forensic_pb2.Finding) -> str:
    return ", ".join(f"{one.name} {one.value:g} (limit {one.limit:g})" for one in finding.figures)


def _evidence(finding: forensic_pb2.Finding) -> str:
    places = [f"{one.latitude}, {one.longitude}" for one in finding.coordinates]
    ids = [*finding.changes, *finding.device_ids, *finding.request_ids]
    ids += [*places, *finding.event_ids]
    return _some(ids)


def _some(texts: Sequence[str]) -> str:
    return "; ".join(texts[:3]) + (f" … ({len(texts)})" if len(texts) > 3 else "")


COLUMNS: Columns[forensic_pb2.Finding] = {
    Text.KIND: lambda finding: finding.kind,
    Text.STATE: lambda it: enum_text(forensic_pb2.FindingState, it.state),
    Text.STRENGTH: lambda finding: finding.strength,
    Text.NIP: lambda finding: ", ".join(finding.nips[:5]),
    Text.PROBLEM: lambda finding: finding.text,
    Text.FIGURES: _figures,
    Text.EVIDENCE: _evidence,
    Text.ACTOR: lambda finding: ", ".join(finding.actors[:5]),
    Text.REASON: lambda finding: _some(finding.reasons),
    Text.FIRST: lambda finding: finding.first_time,
    Text.LAST: lambda finding: finding.last_time,
}

From = Annotated[str, typer.Option("--from", help="First day.")]
To = Annotated[str, typer.Option("--to", help="Last day, included.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog=examples(
            "hadirctl findings --from 2026-11-01 --to 2026-11-30",
            "hadirctl findings --from 2026-11-01 --to 2026-11-30 --nip 197001011995031001 --json",
            note="A finding is something to look at, with its evidence; it is no verdict and "
            "changes nothing. Strength sorts findings of one kind. Some are about what BKD did to "
            "days that were over: have somebody else look at these.",
        )
    )(findings)
    app.command(
        "audit-sample",
        epilog=examples(
            "hadirctl audit-sample --from 2026-11-01 --to 2026-11-30 --seed 'undian 7 Desember'",
            note="Draw the seed in public after the period; the same seed gives the same sample.",
        ),
    )(audit_sample)


def findings(
    context: typer.Context,
    *,
    first: From,
    last: To,
    nip: Annotated[str, typer.Option(help="Only about this employee.")] = "",
) -> None:
    """Show what attendance alone does not explain, the strongest of each kind first (BKD)."""
    ctl_of(context).run(partial(_findings, first=first, last=last, nip=nip))


def audit_sample(
    context: typer.Context,
    *,
    first: From,
    last: To,
    seed: Annotated[str, typer.Option(help="Any text, drawn after the period.")],
    per_approver: Annotated[int, typer.Option(min=1, max=50, help="Of each approver.")] = 5,
) -> None:
    """Draw accepted requests by lot, to be compared with the paper (BKD)."""
    work = partial(_sample, first=first, last=last, seed=seed, per_approver=per_approver)
    ctl_of(context).run(work)


async def _findings(ctl: Ctl, *, first: str, last: str, nip: str) -> None:
    now, found = datetime.now(UTC), []
    request = forensic_pb2.ListFindingsRequest(
        first=read_date(first, ctl.screen.zone, now),
        last=read_date(last, ctl.screen.zone, now),
        nip=nip,
    )
    async with ctl.service(ForensicServiceStub) as (stub, options):
        patient: CallOptions = {**options, "timeout": DEADLINE_S}
        async for message in stub.ListFindings(request, **patient):
            found += message.findings
    ctl.screen.records(found, COLUMNS)


async def _sample(ctl: Ctl, *, first: str, last: str, seed: str, per_approver: int) -> None:
    now = datetime.now(UTC)
    request = forensic_pb2.SampleRequestsRequest(
        first=read_date(first, ctl.screen.zone, now),
        last=read_date(last, ctl.screen.zone, now),
        seed=seed,
        per_approver=per_approver,
    )
    async with ctl.service(ForensicServiceStub) as (stub, options):
        answer: forensic_pb2.SampleRequestsResponse = await stub.SampleRequests(request, **options)
    if ctl.screen.as_json:
        ctl.screen.record(answer, {})
        return
    for request_id in answer.request_ids:
        ctl.screen.out.print(request_id)
    ctl.screen.note(Text.COUNT, count=len(answer.request_ids))
