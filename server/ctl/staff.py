"""Commands of staff accounts: create, close, and the log of both."""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from hadir.v1 import directory_pb2, options_pb2
from hadir.v1.directory_pb2_grpc import DirectoryServiceStub

from server.ctl.account import PasswordFile
from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import Username, examples
from server.ctl.inputs import read_password
from server.ctl.labels import enum_text
from server.ctl.render import Columns
from server.ctl.texts import Text

COLUMNS: Columns[directory_pb2.AccountChange] = {
    Text.TIME: lambda change: change.change_time,
    Text.USER: lambda change: change.username,
    Text.ROLE: lambda it: enum_text(options_pb2.Role, it.role),
    Text.NIP: lambda change: change.nip,
    Text.CHANGE: lambda it: enum_text(directory_pb2.AccountAction, it.action),
    Text.ACTOR: lambda it: f"{it.actor} {it.actor_nip}".strip(),
}
LIMIT_DEFAULT = 200

app = typer.Typer(no_args_is_help=True, help="Accounts of heads, BKD and operators.")


class StaffRole(StrEnum):
    """A role that staff can have."""

    HEAD = "head"
    BKD = "bkd"
    OPERATOR = "operator"


@app.command(
    epilog=examples(
        "hadirctl staff create kadis-pangan --role head --nip 197001011995031001",
        "hadirctl staff create bkd-siti --role bkd --nip 198001012005012003",
        "hadirctl staff create ops-adi --role operator --password-file first-password.txt",
    )
)
def create(
    context: typer.Context,
    username: Username,
    *,
    role: Annotated[StaffRole, typer.Option(help="What the account may do.")],
    nip: Annotated[
        str, typer.Option(help="NIP of the person; who decides or corrects needs it.")
    ] = "",
    password_file: PasswordFile = None,
) -> None:
    """Create an account with a first password of 12 characters or more."""
    ctl = ctl_of(context)
    with ctl.errors_shown():
        question = ctl.screen.text(Text.ASK_NEW_PASSWORD)
        secret = read_password(password_file, question, confirm=True)
    request = directory_pb2.CreateStaffAccountRequest(
        username=username, role=f"ROLE_{role.name}", password=secret, nip=nip
    )
    ctl.run(partial(_create, request=request))


@app.command(epilog=examples("hadirctl staff close ops-adi"))
def close(
    context: typer.Context,
    username: Username,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Close an account and its sessions for good."""
    ctl = ctl_of(context)
    ctl.confirm(Text.ASK_CLOSE, yes=yes, user=username)
    ctl.run(partial(_close, username=username))


@app.command("log", epilog=examples("hadirctl staff log", "hadirctl staff log --json"))
def log_of_accounts(
    context: typer.Context,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show who made, took over and closed which account, newest first (BKD)."""
    ctl_of(context).run(partial(_log, limit=limit))


async def _create(ctl: Ctl, *, request: directory_pb2.CreateStaffAccountRequest) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        account: directory_pb2.StaffAccount = await stub.CreateStaffAccount(request, **options)
    shown = ctl.screen.cell(enum_text(options_pb2.Role, account.role))
    ctl.screen.done(account, Text.STAFF_CREATED, user=request.username, role=shown)


async def _close(ctl: Ctl, *, username: str) -> None:
    request = directory_pb2.CloseStaffAccountRequest(username=username)
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        account: directory_pb2.StaffAccount = await stub.CloseStaffAccount(request, **options)
    ctl.screen.done(account, Text.STAFF_CLOSED, user=username)


async def _log(ctl: Ctl, *, limit: int) -> None:
    async with ctl.service(DirectoryServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[directory_pb2.AccountChange], str]:
            request = directory_pb2.ListAccountChangesRequest(page_size=size, page_token=token)
            page: directory_pb2.ListAccountChangesResponse = await stub.ListAccountChanges(
                request, **options
            )
            return page.changes, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, COLUMNS, more=more, limit=limit)
