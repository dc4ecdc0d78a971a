"""Commands of requests: what waits for a decision, what was asked in a unit, its proofs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from hadir.v1 import request_pb2
from hadir.v1.request_pb2_grpc import RequestServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import UnitId, examples
from server.ctl.labels import enum_text
from server.ctl.render import Columns
from server.ctl.texts import Text

LIMIT_DEFAULT: Final = 200
SUFFIXES: Final = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}

COLUMNS: Columns[request_pb2.Request] = {
    Text.REQUEST: lambda request: request.request_id,
    Text.NIP: lambda request: request.nip,
    Text.NAME: lambda request: request.display_name,
    Text.KIND: lambda it: enum_text(request_pb2.RequestKind, it.kind),
    Text.FIRST: lambda request: request.first,
    Text.LAST: lambda request: request.last,
    Text.STATE: lambda it: enum_text(request_pb2.RequestState, it.state),
    Text.STEP: lambda request: f"{request.step}/{len(request.levels)}" if request.step else "",
    Text.REASON: lambda request: request.reason,
}
DETAILS: Columns[request_pb2.Request] = {
    **COLUMNS,
    Text.UNIT: lambda request: request.unit_id,
    Text.LETTER: lambda request: f"{request.number} {request.letter_date}".strip(),
    Text.PLACE: lambda request: request.place,
    Text.TIME: lambda request: request.punch.punch_time,
    Text.DOCUMENTS: lambda request: ", ".join(request.document_ids),
    Text.SUBMITTED: lambda request: request.submit_time,
    Text.DESK: lambda request: request.desk_unit_id or ", ".join(request.levels),
}
DECISION_COLUMNS: Columns[request_pb2.Decision] = {
    Text.TIME: lambda decision: decision.decide_time,
    Text.STATE: lambda it: enum_text(request_pb2.RequestState, it.state),
    Text.APPROVER: lambda decision: decision.actor,
    Text.NIP: lambda decision: decision.nip,
    Text.UNIT: lambda decision: decision.deputy_of,
    Text.REASON: lambda decision: decision.reason,
}

app = typer.Typer(no_args_is_help=True, help="Requests (pengajuan): permits, reasons, corrections.")

RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="Id of the request.")]
Step = Annotated[
    int, typer.Option(min=1, help="Step as you saw it: refused if another decided meanwhile.")
]
Why = Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")]


@app.command(epilog=examples("hadirctl request desk"))
def desk(context: typer.Context) -> None:
    """Show what waits for you to decide, oldest first."""
    ctl_of(context).run(_desk)


@app.command(
    "list",
    epilog=examples(
        "hadirctl request list biro-umum --pending", "hadirctl request list biro-umum --json"
    ),
)
def list_requests(
    context: typer.Context,
    unit: UnitId,
    *,
    pending: Annotated[bool, typer.Option("--pending", help="Only what is not decided.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show the requests of a unit and those below, newest first."""
    ctl_of(context).run(partial(_list, unit=unit, pending=pending, limit=limit))


@app.command(epilog=examples("hadirctl request show 0b8f4c9e-2f3a-4b6c-9d7e-5a1c2b3d4e5f"))
def show(context: typer.Context, request_id: RequestId) -> None:
    """Show a request with what was decided on it."""
    ctl_of(context).run(partial(_show, request_id=request_id))


@app.command(
    epilog=examples(
        "hadirctl request accept 0b8f4c9e-2f3a-4b6c-9d7e-5a1c2b3d4e5f --reason 'surat benar'",
        "hadirctl request accept 0b8f4c9e-2f3a-4b6c-9d7e-5a1c2b3d4e5f --step 1 --reason 'benar'",
    )
)
def accept(
    context: typer.Context, request_id: RequestId, *, reason: Why, step: Step | None = None
) -> None:
    """Accept a request; nobody decides the own one."""
    work = partial(_decide, request_id=request_id, accepted=True, reason=reason, step=step)
    ctl_of(context).run(work)


@app.command(
    epilog=examples(
        "hadirctl request reject 0b8f4c9e-2f3a-4b6c-9d7e-5a1c2b3d4e5f --reason 'tidak terbaca'"
    )
)
def reject(
    context: typer.Context, request_id: RequestId, *, reason: Why, step: Step | None = None
) -> None:
    """Reject a request."""
    work = partial(_decide, request_id=request_id, accepted=False, reason=reason, step=step)
    ctl_of(context).run(work)


@app.command(
    epilog=examples(
        "hadirctl request annul 0b8f4c9e-2f3a-4b6c-9d7e-5a1c2b3d4e5f --reason 'surat palsu'",
        note="The days are then as without it; the request and who decided it stay.",
    )
)
def annul(context: typer.Context, request_id: RequestId, *, reason: Why) -> None:
    """Annul an accepted request that is fictitious (BKD)."""
    ctl_of(context).run(partial(_annul, request_id=request_id, reason=reason))


@app.command(
    epilog=examples(
        "hadirctl request document 7d0c1e4f8a9b2c3d7d0c1e4f8a9b2c3d --to surat",
        note="The suffix is added by what the document is.",
    )
)
def document(
    context: typer.Context,
    document_id: Annotated[str, typer.Argument(metavar="DOCUMENT")],
    *,
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where to; never overwritten.")],
) -> None:
    """Save a document of a request."""
    ctl_of(context).run(partial(_document, document_id=document_id, to=to))


async def _desk(ctl: Ctl) -> None:
    async with ctl.service(RequestServiceStub) as (stub, options):
        answer: request_pb2.ListRequestsResponse = await stub.ListDesk(
            request_pb2.ListDeskRequest(), **options
        )
    ctl.screen.records(answer.requests, COLUMNS)


async def _list(ctl: Ctl, *, unit: str, pending: bool, limit: int) -> None:
    async with ctl.service(RequestServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[request_pb2.Request], str]:
            request = request_pb2.ListUnitRequestsRequest(
                unit_id=unit, pending_only=pending, page_size=size, page_token=token
            )
            page: request_pb2.ListRequestsResponse = await stub.ListUnitRequests(request, **options)
            return page.requests, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, COLUMNS, more=more, limit=limit)


async def _show(ctl: Ctl, *, request_id: str) -> None:
    async with ctl.service(RequestServiceStub) as (stub, options):
        request = request_pb2.GetRequestRequest(request_id=request_id)
        found: request_pb2.Request = await stub.GetRequest(request, **options)
    ctl.screen.record(found, DETAILS)
    if found.decisions and not ctl.screen.as_json:
        ctl.screen.records(found.decisions, DECISION_COLUMNS)


async def _decide(
    ctl: Ctl, *, request_id: str, accepted: bool, reason: str, step: int | None
) -> None:
    async with ctl.service(RequestServiceStub) as (stub, options):
        seen = step
        if seen is None:
            asked = request_pb2.GetRequestRequest(request_id=request_id)
            found: request_pb2.Request = await stub.GetRequest(asked, **options)
            seen = found.step
        request = request_pb2.DecideRequestRequest(
            request_id=request_id, accept=accepted, reason=reason, step=seen
        )
        found = await stub.DecideRequest(request, **options)
    _done(ctl, found)


async def _annul(ctl: Ctl, *, request_id: str, reason: str) -> None:
    async with ctl.service(RequestServiceStub) as (stub, options):
        request = request_pb2.AnnulRequestRequest(request_id=request_id, reason=reason)
        found: request_pb2.Request = await stub.AnnulRequest(request, **options)
    _done(ctl, found)


def _done(ctl: Ctl, found: request_pb2.Request) -> None:
    state = ctl.screen.cell(enum_text(request_pb2.RequestState, found.state))
    ctl.screen.done(found, Text.REQUEST_DECIDED, id=found.request_id, state=state)


async def _document(ctl: Ctl, *, document_id: str, to: Path) -> None:
    media_type, content = "", b""
    async with ctl.service(RequestServiceStub) as (stub, options):
        request = request_pb2.DownloadDocumentRequest(document_id=document_id)
        async for part in stub.DownloadDocument(request, **options):
            media_type = media_type or part.media_type
            content += part.content
    suffix = SUFFIXES.get(media_type, ".bin")
    # Numbers of letters have dots: what stands behind the last one is no suffix.
    file = to if to.name.endswith(suffix) else to.with_name(to.name + suffix)
    with file.open("xb") as target:
        target.write(content)
    ctl.screen.note(Text.SAVED, file=file, size=len(content))
