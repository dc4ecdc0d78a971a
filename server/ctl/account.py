"""Commands of the own account: login, logout, whoami, password."""

from functools import partial
from pathlib import Path
from typing import Annotated

import grpc
import typer
from hadir.client import ApiError, readable_errors
from hadir.v1 import options_pb2, session_pb2
from hadir.v1.session_pb2_grpc import SessionServiceStub

from server.ctl.context import Ctl, ctl_of
from server.ctl.help import Username, examples
from server.ctl.inputs import read_password
from server.ctl.labels import enum_text
from server.ctl.render import Columns
from server.ctl.session import Session
from server.ctl.texts import Text

COLUMNS: Columns[session_pb2.Session] = {
    Text.USER: lambda session: session.username,
    Text.ROLE: lambda it: enum_text(options_pb2.Role, it.role),
    Text.EXPIRES: lambda session: session.expire_time,
}

PasswordFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the password; - reads standard input."),
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog=examples(
            "hadirctl login bkd-siti",
            "hadirctl login bkd-siti --password-file - < password.txt",
            "hadirctl --server hadir.example.go.id:443 --ca ca.pem login bkd-siti",
        )
    )(login)
    app.command(epilog=examples("hadirctl logout"))(logout)
    app.command(epilog=examples("hadirctl whoami", "hadirctl whoami --json"))(whoami)
    app.command(epilog=examples("hadirctl password"))(password)


def login(
    context: typer.Context, username: Username, *, password_file: PasswordFile = None
) -> None:
    """Log in; the session is kept in a file that only you can read, one for each server.

    The password is asked for. It is never an argument: others could see it.
    """
    ctl = ctl_of(context)
    with ctl.errors_shown():
        secret = read_password(password_file, ctl.screen.text(Text.ASK_PASSWORD))
    ctl.run(partial(_login, username=username, secret=secret))


def logout(context: typer.Context) -> None:
    """End the session on the server and forget it here."""
    ctl_of(context).run(_logout)


def whoami(context: typer.Context) -> None:
    """Show as whom you are logged in, and until when."""
    ctl_of(context).run(_whoami)


def password(
    context: typer.Context,
    *,
    old_password_file: PasswordFile = None,
    new_password_file: PasswordFile = None,
) -> None:
    """Change your password; your other sessions end."""
    ctl = ctl_of(context)
    with ctl.errors_shown():
        old = read_password(old_password_file, ctl.screen.text(Text.ASK_OLD_PASSWORD))
        question = ctl.screen.text(Text.ASK_NEW_PASSWORD)
        new = read_password(new_password_file, question, confirm=True)
    ctl.run(partial(_password, old=old, new=new))


async def _login(ctl: Ctl, *, username: str, secret: str) -> None:
    request = session_pb2.OpenStaffSessionRequest(username=username, password=secret)
    async with ctl.service(SessionServiceStub, signed_in=False) as (stub, options):
        session: session_pb2.Session = await stub.OpenStaffSession(request, **options)
    ctl.store.save(Session(username, session.token, session.expire_time.ToJsonString()))
    # The token has its place in the file; a screen or a log is none.
    session.token = ""
    role = ctl.screen.cell(enum_text(options_pb2.Role, session.role))
    until = ctl.screen.time(session.expire_time)
    server = ctl.endpoint.address
    ctl.screen.done(session, Text.LOGGED_IN, server=server, user=username, role=role, until=until)
    if session.first_password:
        ctl.screen.note(Text.FIRST_PASSWORD, style="yellow")


async def _logout(ctl: Ctl) -> None:
    answer = session_pb2.CloseSessionResponse()
    try:
        async with ctl.service(SessionServiceStub) as (stub, options):
            with readable_errors(ctl.endpoint.language):
                await stub.CloseSession(session_pb2.CloseSessionRequest(), **options)
    except ApiError as error:
        # A session that the server no longer knows is as closed as it can be.
        if error.code is not grpc.StatusCode.UNAUTHENTICATED:
            raise
    finally:
        ctl.store.forget()
    ctl.screen.done(answer, Text.LOGGED_OUT, server=ctl.endpoint.address)


async def _whoami(ctl: Ctl) -> None:
    async with ctl.service(SessionServiceStub) as (stub, options):
        session: session_pb2.Session = await stub.GetSession(
            session_pb2.GetSessionRequest(), **options
        )
    server: Columns[session_pb2.Session] = {Text.ADDRESS: lambda _: ctl.endpoint.address}
    ctl.screen.record(session, {**server, **COLUMNS})


async def _password(ctl: Ctl, *, old: str, new: str) -> None:
    request = session_pb2.ChangePasswordRequest(old_password=old, new_password=new)
    async with ctl.service(SessionServiceStub) as (stub, options):
        answer: session_pb2.ChangePasswordResponse = await stub.ChangePassword(request, **options)
    ctl.screen.done(answer, Text.PASSWORD_CHANGED)
