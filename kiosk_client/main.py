"""The command `hadir-kiosk`: activates a kiosk and runs it."""

from __future__ import annotations

import asyncio
import platform
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeVar

import typer
from hadir.client import ApiError, Client, Endpoint, EndpointError
from hadir.device import (
    DeviceKey,
    Identity,
    IdentityError,
    activate,
    load_identity,
    pending_key,
    save_identity,
    save_key,
)

from kiosk_client.camera import Source, SourceError, open_source
from kiosk_client.reports import TrialReports
from kiosk_client.screen import LineScreen, PanelScreen, Screen
from kiosk_client.stream import FRAMES_PER_SECOND, KioskStream
from kiosk_client.updates import CameraTrouble, Ended

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

KEY_DIRECTORY: Final = Path("~/.config/hadir-kiosk")
CAMERA_RETRY_S: Final = 3.0
FPS_MIN: Final = 0.5
FPS_MAX: Final = 15.0
MODEL_CHARS_MAX: Final = 120
EXIT_REFUSED: Final = 1
EXIT_STOPPED: Final = 3

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=(
        "Kiosk absensi wajah. / Face attendance kiosk.\n\n"
        "1. BKD issues a code for the site: hadirctl kiosk activate-code SITE\n\n"
        "2. hadir-kiosk activate CODE --server hadir.example.go.id:443\n\n"
        "3. hadir-kiosk run"
    ),
)


class Language(StrEnum):
    """Language of the screen."""

    ID = "id"
    EN = "en"


ServerOption = Annotated[
    str, typer.Option(help="HOST:PORT of the server. For `run`: the one of the activation.")
]
KeyDirOption = Annotated[Path, typer.Option(help="Folder of this kiosk's key and identity.")]
CaOption = Annotated[
    Path | None, typer.Option(help="CA certificate (PEM) of the server; else the system's.")
]
PlaintextOption = Annotated[
    bool, typer.Option("--allow-plaintext", help="No TLS. Only where the network is protected.")
]
LanguageOption = Annotated[Language, typer.Option(help="Language of texts on the screen.")]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `run` was asked for."""

    source: str
    loop: bool
    frames_per_second: float
    headless: bool


@app.command("activate")
def activate_command(
    code: Annotated[str, typer.Argument(help="Activation code of BKD, e.g. 7KQ2-M9XA-....")],
    *,
    server: ServerOption,
    key_dir: KeyDirOption = KEY_DIRECTORY,
    ca_file: CaOption = None,
    allow_plaintext: PlaintextOption = False,
    language: LanguageOption = Language.ID,
) -> None:
    """Make this machine a kiosk. The code works once; the key never leaves this machine."""
    endpoint = Endpoint(server, ca_file, allow_plaintext, language)
    identity = _run(_activate(endpoint, code, key_dir.expanduser()))
    typer.echo(f"Kiosk aktif / active: {identity.display_name} ({identity.device_id})")
    given = [f"--key-dir {key_dir}" if key_dir != KEY_DIRECTORY else ""]
    given += [f"--ca-file {ca_file}" if ca_file else ""]
    given += ["--allow-plaintext" if allow_plaintext else ""]
    typer.echo(" ".join(["Jalankan / now run: hadir-kiosk run", *filter(None, given)]))


@app.command("run")
def run_command(
    *,
    server: ServerOption = "",
    source: Annotated[
        str, typer.Option(help="camera:0, file:video.mp4 or dir:folder (images by name).")
    ] = "camera:0",
    loop: Annotated[bool, typer.Option("--loop", help="Repeat a video or folder.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="No display: one line for each change.")
    ] = False,
    fps: Annotated[
        float, typer.Option(min=FPS_MIN, max=FPS_MAX, help="Images a second at most.")
    ] = FRAMES_PER_SECOND,
    key_dir: KeyDirOption = KEY_DIRECTORY,
    ca_file: CaOption = None,
    allow_plaintext: PlaintextOption = False,
    language: LanguageOption = Language.ID,
) -> None:
    """Recognise people until stopped. Without a connection nothing is recorded, and it says so."""
    options = RunOptions(source, loop, fps, headless)
    try:
        identity = load_identity(key_dir.expanduser())
    except IdentityError as error:
        _fail(str(error))
    endpoint = Endpoint(server or identity.address, ca_file, allow_plaintext, language)
    ended = _run(run_kiosk(endpoint, identity, options))
    if ended is not None:
        typer.echo(ended.text, err=True)
        raise typer.Exit(EXIT_STOPPED)


async def run_kiosk(
    endpoint: Endpoint, identity: Identity, options: RunOptions, *, screen: Screen | None = None
) -> Ended | None:
    """Run the kiosk until its source or its right to act ends; Ended says which of the latter."""
    language = endpoint.language
    if screen is None:
        screen = LineScreen(language) if options.headless else PanelScreen(language)
    with screen:
        async with Client(endpoint) as client:
            stream = KioskStream(client, identity, frames_per_second=options.frames_per_second)
            reports = TrialReports(client)
            camera = asyncio.create_task(_film(options, stream, screen, reports))
            reporting = asyncio.create_task(reports.run())
            try:
                ended = await _show(stream, screen, reports)
                if ended is None:
                    await camera
            finally:
                camera.cancel()
                reporting.cancel()
                await asyncio.wait({camera, reporting})
    return ended


async def _show(stream: KioskStream, screen: Screen, reports: TrialReports) -> Ended | None:
    async with aclosing(stream.updates()) as updates:
        async for update in updates:
            screen.show(update)
            reports.note(update)
            if isinstance(update, Ended):
                return update
    return None


async def _film(
    options: RunOptions, stream: KioskStream, screen: Screen, reports: TrialReports
) -> None:
    """Offer images until the source ends; a camera that fails is tried again and again."""
    with ThreadPoolExecutor(1, thread_name_prefix="camera") as thread:
        try:
            while True:
                try:
                    await _film_once(options, stream, thread)
                except SourceError as error:
                    if not options.source.startswith("camera:"):
                        raise
                    trouble = CameraTrouble(str(error))
                    screen.show(trouble)
                    reports.note(trouble)
                    await asyncio.sleep(CAMERA_RETRY_S)
                else:
                    return
        finally:
            stream.finish()


async def _film_once(options: RunOptions, stream: KioskStream, thread: ThreadPoolExecutor) -> None:
    loop = asyncio.get_running_loop()
    source: Source = await loop.run_in_executor(
        thread,
        lambda: open_source(
            options.source, frames_per_second=options.frames_per_second, loop=options.loop
        ),
    )
    try:
        while (shot := await loop.run_in_executor(thread, source.read)) is not None:
            stream.offer(shot)
    finally:
        source.close()


async def _activate(endpoint: Endpoint, code: str, directory: Path) -> Identity:
    # Of a try whose answer was lost: the code is good for that key alone.
    key = pending_key(directory) or DeviceKey.generate()
    save_key(key, directory)
    model = f"Kiosk {platform.system()} {platform.machine()} {platform.node()}"[:MODEL_CHARS_MAX]
    async with Client(endpoint) as client:
        try:
            identity = await activate(client, code, model=model, key=key)
        except ApiError as error:
            if error.reason != "KEY_ALREADY_USED":
                raise
            key = DeviceKey.generate()
            save_key(key, directory)
            identity = await activate(client, code, model=model, key=key)
    if identity.kind != "kiosk":
        message = (
            "Kode itu bukan kode kiosk; minta BKD mencabut perangkat ini. / That code was no "
            f"kiosk's; ask BKD to revoke device {identity.device_id}."
        )
        raise IdentityError(message)
    save_identity(identity, directory)
    return identity


def _run(work: Coroutine[None, None, T]) -> T:
    """Run to the end or to a signal; errors end the program with what to do."""
    try:
        return asyncio.run(_until_terminated(work))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit from None
    except ApiError as error:
        _fail(f"{error.message} [{error.reason}]")
    except (EndpointError, SourceError, IdentityError, OSError) as error:
        _fail(str(error))


async def _until_terminated(work: Coroutine[None, None, T]) -> T:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(EXIT_REFUSED)


def main() -> None:
    """Entry point of `hadir-kiosk`."""
    app()
