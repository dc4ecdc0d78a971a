"""The program hadirctl: its global options and its commands."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from hadir.client import Endpoint

from server.ctl import (
    account,
    attendance,
    device,
    employee,
    enroll,
    event,
    forensic,
    ledger,
    master,
    month,
    request,
    rule,
    staff,
    trial,
)
from server.ctl.context import Ctl
from server.ctl.help import examples
from server.ctl.render import Screen
from server.ctl.session import SessionStore
from server.ctl.texts import Language

GLOBAL_FLAGS: Final = frozenset({"--json", "--allow-plaintext"})
GLOBAL_OPTIONS: Final = frozenset({"--server", "--ca", "--language", "--zone"})

app = typer.Typer(
    name="hadirctl",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
account.add_to(app)
app.add_typer(master.units, name="unit")
app.add_typer(master.sites, name="site")
app.add_typer(staff.app, name="staff")
app.add_typer(employee.app, name="employee")
enroll.add_to(app)
app.add_typer(device.devices, name="device")
app.add_typer(device.kiosks, name="kiosk")
event.add_to(app)
attendance.add_to(app)
app.add_typer(month.app, name="month")
app.add_typer(request.app, name="request")
forensic.add_to(app)
trial.add_to(app)
ledger.add_to(app)
app.add_typer(rule.app, name="rule")


@app.callback(
    epilog=examples(
        "hadirctl login bkd-siti",
        "hadirctl employee import simpeg.csv --dry-run",
        "hadirctl enroll 197001011995031001 --images faces/siti/ "
        "--notice-version 2022-02 --consent-confirmed",
        "hadirctl device rebind 197001011995031001 --reason 'telepon hilang'",
        "hadirctl events biro-umum --from today --json",
        "hadirctl days --unit biro-umum",
        "hadirctl recap biro-umum --month 2026-11",
        note="These options may also follow the command. Exit codes: 0 done, 1 refused or failed, "
        "2 wrong usage.",
    )
)
def configure(
    context: typer.Context,
    *,
    server: Annotated[
        str, typer.Option(envvar="HADIRCTL_SERVER", metavar="HOST:PORT", help="The server.")
    ] = "127.0.0.1:50051",
    ca: Annotated[
        Path | None,
        typer.Option(
            envvar="HADIRCTL_CA",
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="Certificate (PEM) that the server's TLS certificate must be signed by.",
        ),
    ] = None,
    allow_plaintext: Annotated[
        bool,
        typer.Option(
            "--allow-plaintext",
            envvar="HADIRCTL_ALLOW_PLAINTEXT",
            help="Speak without TLS to a server that is not on this machine.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON; errors go to standard error.")
    ] = False,
    language: Annotated[
        Language, typer.Option(envvar="HADIRCTL_LANGUAGE", help="Language of the screen.")
    ] = Language.INDONESIAN,
    zone: Annotated[
        str, typer.Option(envvar="HADIRCTL_ZONE", help="IANA time zone of the times shown.")
    ] = master.DEFAULT_ZONE,
) -> None:
    """Hadir for BKD and operators: people, faces, devices and attendance."""
    endpoint = Endpoint(server, ca, allow_plaintext, language.value)
    screen = Screen(language, _zone(zone), as_json)
    context.obj = Ctl(endpoint, screen, SessionStore(server))


def globals_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with global options moved before the command, where they belong.

    Nobody should have to remember on which side of the command `--json` goes.
    """
    first: list[str] = []
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        if argument == "--":
            rest += [argument, *left]
        elif argument in GLOBAL_FLAGS or argument.partition("=")[0] in GLOBAL_OPTIONS:
            first.append(argument)
            if argument in GLOBAL_OPTIONS:
                first += [value for value in [next(left, None)] if value is not None]
        else:
            rest.append(argument)
    return first + rest


def main() -> None:
    """Run hadirctl."""
    app(args=globals_first(sys.argv[1:]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    # An unknown zone is a KeyError, a name that cannot be one a ValueError or an OSError.
    except (KeyError, ValueError, OSError) as error:
        message = f"unknown time zone {name!r}"
        raise typer.BadParameter(message, param_hint="--zone") from error


if __name__ == "__main__":
    main()
