"""hadir-server: init, run, migrate, check, backup, reembed, settings. See app.py for the rest."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import Progress

from server import logs, memory
from server.app import open_app, open_services
from server.clock import SystemClock
from server.domain.model import Role
from server.errors import DataInvalid, HadirError, StorageUnavailable
from server.services.accounts import create_first_account
from server.services.audit import Audit, audit, read_kept
from server.services.notes import Signer, Verifier
from server.settings import Settings, load_settings, sqlite_path, unknown_variables
from server.storage import migrate as migrations
from server.storage.backup import back_up, copy_beside
from server.storage.database import exclusive, verify
from server.storage.endings import compared
from server.storage.journal import Journal, journal_of
from server.storage.ledger import reading
from server.storage.vault import read_key_file, write_key_file

SETTINGS_FILE = Path("hadir.toml")

app = typer.Typer(
    help="The Hadir server: attendance by face recognition. Begin with `hadir-server init`.",
    no_args_is_help=True,
    add_completion=False,
)
log = structlog.get_logger()

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file; `hadir.toml` here if there is one."),
]


@app.command()
def init(
    directory: Annotated[
        Path, typer.Argument(help="Folder for settings, key and database.")
    ] = Path(),
    username: Annotated[str, typer.Option(help="User name of the first BKD account.")] = "bkd",
    password_file: Annotated[
        Path | None, typer.Option(help="File with its password; asked for if not given.")
    ] = None,
) -> None:
    """Create settings, the key file, the database and the first BKD account.

    Run it once. It never overwrites: an existing key or database stays as it is. The password has
    12 to 256 characters and does not hold the user name; of a file it is the first line.
    """
    password = _password(password_file)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / SETTINGS_FILE
    if not file.exists():
        file.write_text(_TEMPLATE)
    settings = load_settings(file)
    database = sqlite_path(settings)
    if not settings.key_file.exists():
        if database.exists():
            raise DataInvalid(
                f"{database} was made with a key file that is not here: copy it back to "
                f"{settings.key_file}, since without it no face in the database can be read"
            )
        write_key_file(settings.key_file)
    read_key_file(settings.key_file)
    with exclusive(database):
        migrations.upgrade(database)
    created = asyncio.run(create_first_account(database, username, password))
    typer.echo(f"Settings: {file}\nKey:      {settings.key_file}  (keep a copy elsewhere)")
    account = f"{username} ({Role.BKD.value})" if created else "as before: a BKD account is open"
    typer.echo(f"Database: {database}\nAccount:  {account}")
    typer.echo(f"Next:     hadir-server run --config {file}")


@app.command()
def run(config: ConfigOption = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish the running work and stop."""
    settings = _settings(config)
    logs.configure(settings.log_level)
    memory.spare_modules()
    asyncio.run(_serve(settings))


@app.command()
def migrate(config: ConfigOption = None) -> None:
    """Bring the database to the schema of this version. Stop the server and back the file up first.

    Example: hadir-server migrate -c /srv/hadir/hadir.toml
    """
    path = sqlite_path(_settings(config))
    if not path.is_file():
        raise DataInvalid(f"no database {path}; name the settings file with --config")
    with exclusive(path):
        migrations.upgrade(path)
    typer.echo(f"{path} is up to date.")


@app.command()
def check(
    file: Annotated[
        Path | None,
        typer.Argument(help="A backup; the database of the settings if not given.", exists=True),
    ] = None,
    config: ConfigOption = None,
    *,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that was kept elsewhere; may be given several times."),
    ] = None,
    public_key: Annotated[
        str | None,
        typer.Option(help="The server's public key; made of the key file if not given."),
    ] = None,
) -> None:
    """Read the whole database and say whether it is sound. May run beside the server.

    First that the file is whole. Then that every record is as it was when the server took it into
    its ledger, that none was removed or put in, and that phones signed their check-ins. Whoever has
    both the file and the key file can make another history: it is found by a checkpoint that was
    kept elsewhere (`hadirctl checkpoint`).

    The journal of what was ended for good (`hadir.endings`) is compared, too: of a backup this says
    how much a start on it would end again.

    Records that came late are those that a server found when it started: the first account, some
    seconds of records after a crash, and all when the ledger began. Else ask who put them there.

    Example: hadir-server check -c /srv/hadir/hadir.toml --checkpoint /media/usb/2026-11-30.txt
    """
    settings = _settings(config)
    path = file or sqlite_path(settings)
    size = path.stat().st_size / 2**20 if path.exists() else 0
    typer.echo(f"Reading {path} ({size:,.0f} MiB) ...")
    verify(path)
    try:
        migrations.check(path)
    except DataInvalid as error:
        typer.echo(f"The file is sound. Its records were not checked: {error}")
        return
    verifier = _verifier(settings, public_key)
    kept = list(read_kept(checkpoint or [], verifier))
    with Progress(console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task("checking records", total=None)
        found = audit(
            path, verifier, kept, lambda done, of: shown.update(bar, completed=done, total=of)
        )
    _tell(found, verifier, len(kept))
    _tell_endings(settings, path)
    if found.fault_count:
        raise DataInvalid(
            f"{path} is not as it was: {found.fault_count:,} faults. Keep it as it is, and compare "
            "it with the backups"
        )
    typer.echo("It is sound.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; a name that is free, on another disk.")],
    config: ConfigOption = None,
) -> None:
    """Copy the database while the server runs, read the copy through, and flush it to the disk.

    The file appears once all of that is done. It holds everything that was acknowledged before the
    copy began. Keep the key file elsewhere: without it no face in the copy can be read.

    Beside it comes a copy of the journal of endings, for a machine that has lost its own.

    To restore: stop the server, move the database with its -wal and -shm aside (they hold what came
    later), copy the backup there, leave the journal (`hadir.endings`) and the key file in place or
    put the newest copies there, migrate, start.

    Example, every night: hadir-server backup -c /srv/hadir/hadir.toml /backup/hadir-$(date +%F).db
    """
    path = sqlite_path(_settings(config))
    with Progress(console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task(f"copying {path}", total=None)
        back_up(path, file, lambda done, pages: shown.update(bar, completed=done, total=pages))
    if journal_of(path).exists() and journal_of(path).resolve() != journal_of(file).resolve():
        copy_beside(journal_of(path), journal_of(file))
    size = file.stat().st_size / 2**20
    typer.echo(f"{file} ({size:,.0f} MiB) is complete and sound. To restore: stop the server, move")
    typer.echo(
        f"{path} with its -wal and -shm aside (they hold what came later), copy the file there,"
    )
    typer.echo("leave the journal of endings beside it, and put it and the key file back if gone.")


@app.command()
def reembed(config: ConfigOption = None) -> None:
    """Make new templates from the stored crops after a change of models. Stop the server first."""
    settings = _settings(config)
    logs.configure(settings.log_level)
    count = asyncio.run(_reembed(settings))
    typer.echo(f"{count} employees have new templates.")


@app.command("settings")
def show_settings(config: ConfigOption = None) -> None:
    """Show every setting with its value, default and meaning."""
    settings = _settings(config)
    for name, field in Settings.model_fields.items():
        typer.echo(f"{name} = {getattr(settings, name)!s}")
        typer.echo(f"    {field.description} Default: {field.default!s}")


def main() -> None:
    """Runs the command line; errors say what to do and show no traceback."""
    os.umask(0o077)  # key, database and its log are for this user alone
    try:
        app()
    except HadirError as error:
        fault = str(error)
    except OSError as error:
        if error.filename is None:
            raise  # a fault of ours, not of a file
        fault = f"{error.filename}: {error.strerror}"
    else:
        return
    typer.secho(f"hadir-server: {fault}", fg=typer.colors.RED, err=True)
    sys.exit(1)


def _settings(config: Path | None) -> Settings:
    if config is None and SETTINGS_FILE.exists():
        config = SETTINGS_FILE
    for name in unknown_variables(os.environ):
        typer.secho(f"{name} names no setting and is ignored.", fg=typer.colors.YELLOW, err=True)
    return load_settings(config)


def _verifier(settings: Settings, public_key: str | None) -> Verifier | None:
    if public_key is not None:
        return Verifier.of_line(public_key)
    if settings.key_file.exists():
        return Signer(read_key_file(settings.key_file).subkey("ledger")).verifier
    return None


def _tell(found: Audit, verifier: Verifier | None, kept: int) -> None:
    """Prints what an audit found."""
    typer.echo(f"{found.records:,} records; {found.new:,} of them not in the ledger yet.")
    typer.echo(f"{found.checkpoints:,} checkpoints of the database and {kept} kept elsewhere.")
    typer.echo(f"{found.seals:,} check-ins signed by phones; {found.unsealed:,} of before that.")
    if found.late:
        kinds = ", ".join(f"{count:,} x {kind}" for kind, count in found.late.items())
        typer.echo(f"Found at a start and taken in late: {kinds}.")
    if verifier is None:
        typer.echo("No key file and no --public-key: signatures of checkpoints were not checked.")
    else:
        typer.echo(f"Public key: {verifier.line}")
    for fault in found.faults:
        typer.secho(fault, fg=typer.colors.RED)


def _tell_endings(settings: Settings, path: Path) -> None:
    """Prints whether the journal of endings and a database agree."""
    file = journal_of(sqlite_path(settings))
    if not settings.key_file.exists():
        typer.echo("No key file: the journal of endings was not read.")
        return
    written = Journal(file, read_key_file(settings.key_file).subkey("endings")).read()
    with reading(path) as connection:
        found = compared(connection, written.endings)
    typer.echo(f"{len(written.endings):,} endings in {file}.")
    for count, text in (
        (len(found.going_on), "go on in the database: a start ends them again"),
        (len(found.unwritten), "are in the database alone: a start adds them"),
        (written.foreign, "lines are not of this key file: see who wrote them"),
    ):
        if count:
            typer.secho(f"{count:,} {text}.", fg=typer.colors.YELLOW)


def _password(file: Path | None) -> str:
    if file is not None:
        return file.read_text().partition("\n")[0].rstrip("\r")
    return str(
        typer.prompt("Password of the BKD account", hide_input=True, confirmation_prompt=True)
    )


async def _serve(settings: Settings) -> None:
    """Serves until a signal; one that comes while all is still being opened ends that."""
    stop, opened = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_opened(settings, stop, opened), name="server")
    stopping = asyncio.create_task(stop.wait(), name="signal")
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not opened.is_set():
        serving.cancel()
    await asyncio.wait({serving})
    if serving.cancelled():
        log.info("stopped_before_serving")
    else:
        serving.result()


async def _opened(settings: Settings, stop: asyncio.Event, opened: asyncio.Event) -> None:
    """Opens and serves until `stop`. Raises StorageUnavailable if the database fails before."""
    async with open_app(settings) as running:
        opened.set()
        people = running.services.enrollments.gallery_size
        log.info("serving", listen=settings.listen, port=running.server.port, people=people)
        failed = running.services.storage.failed
        waits = [asyncio.create_task(event.wait()) for event in (stop, failed)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
    if failed.is_set():
        raise StorageUnavailable("the database failed; see the log, then start again")


async def _reembed(settings: Settings) -> int:
    async with open_services(settings, SystemClock()) as services:
        return await services.enrollments.reembed()


_TEMPLATE = """\
# Settings of one Hadir server. `hadir-server settings` explains each; HADIR_* wins over this file.
listen = "127.0.0.1:50051"
database = "sqlite:///hadir.db"
key_file = "hadir.key"
# tls_certificate = "server.pem"
# tls_key = "server.key"
# antispoof_models = "models"
# metrics_listen = "127.0.0.1:9464"
# traces_endpoint = "http://127.0.0.1:4317"
"""

if __name__ == "__main__":
    main()
