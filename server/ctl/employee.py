"""Commands of employees: import, list, show."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from hadir.v1 import directory_pb2
from hadir.v1.directory_pb2_grpc import DirectoryServiceStub
from rich.progress import Progress

from server.ctl.context import CallOptions, Ctl, collect, ctl_of
from server.ctl.help import Nip, examples
from server.ctl.inputs import read_date, read_file
from server.ctl.labels import enum_text
from server.ctl.render import Columns
from server.ctl.texts import Text

CSV_MIB_MAX: Final = 32
CHUNK_BYTES_MAX: Final = 256 * 1024
IMPORT_DEADLINE_S: Final = 300.0

COLUMNS: Columns[directory_pb2.Employee] = {
    Text.NIP: lambda employee: employee.nip,
    Text.NAME: lambda employee: employee.display_name,
    Text.UNIT: lambda employee: employee.unit_id,
    Text.SITE: lambda employee: employee.site_id,
    Text.STATE: lambda it: enum_text(directory_pb2.EmployeeState, it.state),
    Text.ENROLLED: lambda employee: employee.enrolled,
    Text.PHONE_BOUND: lambda employee: employee.phone_bound,
}
DETAIL_COLUMNS: Columns[directory_pb2.Employee] = {
    **COLUMNS,
    Text.UPDATED: lambda employee: employee.update_time,
}
PROBLEM_COLUMNS: Columns[directory_pb2.ImportProblem] = {
    Text.LINE: lambda problem: problem.line,
    Text.SEVERITY: lambda it: enum_text(directory_pb2.ProblemSeverity, it.severity),
    Text.PROBLEM_CODE: lambda problem: problem.reason,
    Text.PROBLEM: lambda problem: problem.text,
}

POSTING_COLUMNS: Columns[directory_pb2.Posting] = {
    Text.NUMBER: lambda posting: posting.sequence,
    Text.TIME: lambda posting: posting.put_time,
    Text.NIP: lambda posting: posting.nip,
    Text.FIRST: lambda posting: posting.start,
    Text.UNIT: lambda posting: posting.unit_id,
    Text.SITE: lambda posting: posting.site_id,
    Text.ACTOR: lambda posting: posting.actor,
    Text.REASON: lambda posting: posting.reason,
}

app = typer.Typer(no_args_is_help=True, help="Employees (pegawai): import, list, show, history.")


@app.command(
    "import",
    epilog=examples(
        "hadirctl employee import simpeg.csv --dry-run",
        "hadirctl employee import mutasi.csv --from 2026-11-02 --reason 'SK 820/119/2026'",
        note="Columns: nip, name, unit_id, site_id (may be empty: the unit's), state (ACTIVE or "
        "INACTIVE; may be empty: ACTIVE). UTF-8 with a header; commas or semicolons; 32 MiB at "
        "most. The exit code is 1 if nothing could be stored.",
    ),
)
def import_csv(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE.csv")],
    *,
    start: Annotated[
        str,
        typer.Option(
            "--from", help="First day in the new place, for who is new or moves; today or before."
        ),
    ] = "",
    reason: Annotated[
        str,
        typer.Option(help="Why; needed where who is known moves or leaves in the past. Kept."),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report problems.")] = False,
) -> None:
    """Create and update employees from a CSV file, all or nothing."""
    ctl = ctl_of(context)
    opening = directory_pb2.OpenImport(dry_run=dry_run, reason=reason)
    if start:
        with ctl.errors_shown():
            opening.start = read_date(start, ctl.screen.zone, datetime.now(UTC))
    answer = ctl.run(partial(_import, file=file, opening=opening))
    if not (answer.stored or (dry_run and not _has_errors(answer))):
        raise typer.Exit(1)


@app.command(
    "list",
    epilog=examples(
        "hadirctl employee list --unit biro-umum",
        "hadirctl employee list --json | jq -r '.\\[] | select(.enrolled | not) | .nip'",
        note="The second one lists who has no face enrolled yet.",
    ),
)
def list_employees(
    context: typer.Context,
    *,
    unit: Annotated[str, typer.Option(help="Only this unit and those below.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Rows at most; all if unset.")] = None,
) -> None:
    """List employees by NIP."""
    ctl_of(context).run(partial(_list, unit=unit, limit=limit))


@app.command(epilog=examples("hadirctl employee show 197001011995031001"))
def show(context: typer.Context, nip: Nip) -> None:
    """Show one employee."""
    ctl_of(context).run(partial(_show, nip=nip))


@app.command(epilog=examples("hadirctl employee history 197001011995031001"))
def history(
    context: typer.Context,
    nip: Annotated[str, typer.Argument(metavar="NIP", help="NIP of the employee; all.")] = "",
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = 200,
) -> None:
    """Show who posted an employee where, from which day on, and why; newest first."""
    ctl_of(context).run(partial(_history, nip=nip, limit=limit))


async def _history(ctl: Ctl, *, nip: str, limit: int) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[directory_pb2.Posting], str]:
            request = directory_pb2.ListPostingsRequest(nip=nip, page_size=size, page_token=token)
            page: directory_pb2.ListPostingsResponse = await stub.ListPostings(request, **options)
            return page.postings, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, POSTING_COLUMNS, more=more, limit=limit)


async def _import(
    ctl: Ctl, *, file: Path, opening: directory_pb2.OpenImport
) -> directory_pb2.ImportEmployeesResponse:
    content = read_file(file, limit_mib=CSV_MIB_MAX)
    with ctl.screen.progress() as progress:
        title = ctl.screen.text(Text.UPLOADING, file=file.name)
        messages = _messages(content, progress, title=title, opening=opening)
        async with ctl.service(DirectoryServiceStub) as (stub, options):
            patient: CallOptions = {**options, "timeout": IMPORT_DEADLINE_S}
            answer: directory_pb2.ImportEmployeesResponse = await stub.ImportEmployees(
                messages, **patient
            )
    _show_import(ctl, answer, dry_run=opening.dry_run)
    return answer


async def _messages(
    content: bytes, progress: Progress, *, title: str, opening: directory_pb2.OpenImport
) -> AsyncIterator[directory_pb2.ImportEmployeesRequest]:
    bar = progress.add_task(title, total=len(content))
    yield directory_pb2.ImportEmployeesRequest(open=opening)
    for chunk in _chunks(content):
        yield directory_pb2.ImportEmployeesRequest(chunk=chunk)
        progress.advance(bar, len(chunk))


def _chunks(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), CHUNK_BYTES_MAX):
        yield content[start : start + CHUNK_BYTES_MAX]


def _show_import(ctl: Ctl, answer: directory_pb2.ImportEmployeesResponse, *, dry_run: bool) -> None:
    screen = ctl.screen
    if answer.problems and not screen.as_json:
        screen.records(answer.problems, PROBLEM_COLUMNS)
    if answer.problem_count > len(answer.problems):
        screen.note(Text.IMPORT_SHOWN, style="yellow", shown=len(answer.problems))
    screen.done(
        answer,
        Text.IMPORT_COUNTS,
        rows=answer.row_count,
        created=answer.created_count,
        updated=answer.updated_count,
        unchanged=answer.unchanged_count,
        problems=answer.problem_count,
    )
    if answer.stored:
        screen.note(Text.IMPORT_STORED, style="bold green")
    else:
        outcome = Text.IMPORT_DRY if dry_run else Text.IMPORT_REFUSED
        screen.note(outcome, style="bold yellow" if dry_run else "bold red")


def _has_errors(answer: directory_pb2.ImportEmployeesResponse) -> bool:
    grave = directory_pb2.PROBLEM_SEVERITY_ERROR
    return any(problem.severity == grave for problem in answer.problems)


async def _list(ctl: Ctl, *, unit: str, limit: int | None) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[directory_pb2.Employee], str]:
            request = directory_pb2.ListEmployeesRequest(
                unit_id=unit, page_size=size, page_token=token
            )
            page: directory_pb2.ListEmployeesResponse = await stub.ListEmployees(request, **options)
            return page.employees, page.next_page_token

        employees, more = await collect(fetch, limit)
    ctl.screen.page(employees, COLUMNS, more=more, limit=limit)


async def _show(ctl: Ctl, *, nip: str) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        request = directory_pb2.GetEmployeeRequest(nip=nip)
        employee: directory_pb2.Employee = await stub.GetEmployee(request, **options)
    ctl.screen.record(employee, DETAIL_COLUMNS)
