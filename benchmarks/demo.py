"""hadir-demo: a real server, the demo province, and the main job from enrolment to rebinding.

Every step goes over real gRPC to a server process of its own. Faces are photographed; their
movement is simulated unless a camera is used, and the output says so.
"""

import asyncio
import secrets
import sys
import time
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from hadir import device
from hadir.client import ApiError, Client
from hadir.v1 import checkin_pb2, device_admin_pb2, event_pb2, kiosk_pb2
from rich.console import Console

from benchmarks import cast as casting
from benchmarks import demo_attendance, local, province
from benchmarks.bkd import Bkd
from benchmarks.cast import Cast, Player
from benchmarks.phone import CheckInResult, Phone
from benchmarks.walker import walk

EMPLOYEES = 1000
CHECK_IN_TRIES_MAX = 4
WALK_FRAMES = 40
KIOSK_FPS = 6.0
SITE = province.SITES[0]

T = TypeVar("T")
console = Console(highlight=False)
app = typer.Typer(add_completion=False)


@app.command()
def demo(
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for settings, key and database; made anew.")
    ] = Path("demo-data"),
    faces: Annotated[
        Path | None,
        typer.Option(help="Use these people instead: one folder a person, several photos each."),
    ] = None,
    camera: Annotated[
        str | None, typer.Option(help="Use the person at this camera, for example 0.")
    ] = None,
) -> None:
    """Play the main job of Hadir: enrol, check in by phone, walk past a kiosk, rebind a phone."""
    console.rule("[bold]Hadir")
    with console.status("finding faces ..."):
        if camera is not None:
            players = casting.camera(camera, console)
        else:
            players = casting.folders(faces) if faces else casting.group_photo()
    console.print(players.note)
    asyncio.run(_play(directory, players))


def main() -> None:
    """Runs the demo; errors say what to do."""
    try:
        app()
    except ApiError as error:
        console.print(f"[red]{error.message} ({error.reason})[/]")
        sys.exit(1)


async def _play(directory: Path, players: Cast) -> None:
    local.make_folder(directory)
    with local.running(directory) as server:
        address = server.address
        serving_s = await server.serving()
        console.print(f"Server at {address}, serving after {serving_s:.1f} s")
        async with local.connected(address) as desk:
            bkd = Bkd(desk)
            await bkd.login("bkd", server.password)
            staff = await _seed(bkd)
            enrolled = await _enrol(bkd, players, staff)
            identity = await _phone(bkd, address, *enrolled[0])
            await _kiosk(bkd, address, enrolled[-3:], players.stranger)
            identity = await _rebind(bkd, address, identity, enrolled[0][1])
            head = await _head(bkd, address, staff)
            console.rule("7  From events to a day: why, a request, a decision, a recap")
            async with local.connected(address) as client:
                phone = Phone(client, identity=identity)
                await phone.login()
                await demo_attendance.play(
                    console, desk, client, head=(address, *head), folder=directory
                )
    _how_to_go_on(directory)


async def _seed(bkd: Bkd) -> list[province.DemoEmployee]:
    console.rule("1  BKD imports the province")
    people = province.employees(EMPLOYEES)
    answer = await _timed("15 offices, 2 sites, 1,000 invented employees", bkd.seed(people))
    console.print(f"  {answer.created_count} created, {answer.problem_count} problems")
    return [one for one in people if one.unit_id in dict(SITE.units)]


async def _enrol(
    bkd: Bkd, players: Cast, staff: list[province.DemoEmployee]
) -> list[tuple[province.DemoEmployee, Player]]:
    console.rule("2  BKD enrols faces, with the notice confirmed")
    enrolled = []
    for employee, player in zip(staff, players.staff, strict=False):
        what = f"{employee.display_name} ({employee.nip})"
        try:
            result = await _timed(what, bkd.enrol(employee.nip, player.enrolment()))
        except ApiError as error:
            console.print(f"  [yellow]refused: {error.message}[/] ({error.reason})")
            continue
        counts = ", ".join(f"{n} x {name}" for name, n in Counter(result.outcomes).items())
        stored = result.stored.template_count if result.stored else 0
        console.print(f"  {stored} templates stored; pictures: {counts}")
        enrolled.append((employee, player))
    if not enrolled:
        raise SystemExit("Nobody could be enrolled: use clearer, more frontal pictures.")
    return enrolled


async def _phone(
    bkd: Bkd, address: str, employee: province.DemoEmployee, player: Player
) -> device.Identity:
    console.rule("3  A phone is activated and checks in with a liveness challenge")
    code = await _timed("BKD issues an activation code", bkd.phone_code(employee.nip))
    console.print(f"  {code}, single use")
    async with local.connected(address) as client:
        phone = await _activated(client, code, "Ponsel demo")
        await _check_in(phone, event_pb2.EVENT_KIND_IN, player)
        away = event_pb2.Location(latitude=0.79, longitude=127.38, accuracy_m=8)
        result = await phone.check_in(event_pb2.EVENT_KIND_OUT, away, player)
        console.print(f"  from Ternate: {_said(result)}")
        assert phone.identity is not None
        return phone.identity


async def _kiosk(
    bkd: Bkd,
    address: str,
    people: list[tuple[province.DemoEmployee, Player]],
    stranger: Player | None,
) -> None:
    console.rule("4  People walk past a kiosk")
    async with local.connected(address) as client:
        code = await bkd.kiosk_code(SITE.site_id)
        await device.login(client, await device.activate(client, code, model="Kios demo"))
        visitors = [(one.display_name, player) for one, player in people]
        if stranger is not None:
            visitors.append(("a stranger", stranger))
        for name, player in visitors:
            seen = await _timed(
                f"{name} walks up",
                walk(
                    client,
                    player.walk(WALK_FRAMES),
                    frames_per_second=KIOSK_FPS,
                    until=_is_recognised,
                ),
            )
            for face in seen.recognised:
                event = face.event
                kind = "MASUK" if event.kind == event_pb2.EVENT_KIND_IN else "PULANG"
                console.print(
                    f"  [green]{event.display_name}[/] {event.nip} {kind} "
                    f"(similarity {event.scores.similarity:.2f}, needed "
                    f"{event.scores.threshold:.2f}, relief {event.scores.relief:.3f})"
                )
            if not seen.recognised:
                states = Counter(kiosk_pb2.FaceState.Name(face.state) for face in seen.faces)
                shown = ", ".join(
                    f"{n} x {s.removeprefix('FACE_STATE_')}" for s, n in states.items()
                )
                console.print(f"  nothing recorded: {shown or 'no face seen'}")


def _is_recognised(result: kiosk_pb2.FrameResult) -> bool:
    return any(face.state == kiosk_pb2.FACE_STATE_RECOGNISED for face in result.faces)


async def _rebind(
    bkd: Bkd, address: str, identity: device.Identity, player: Player
) -> device.Identity:
    console.rule("5  The phone is lost: BKD rebinds, the old one is refused at once")
    async with local.connected(address) as old_client, local.connected(address) as new_client:
        old = Phone(old_client, identity=identity)
        await old.login()
        running = asyncio.create_task(_hold_stream(old))
        await asyncio.sleep(0.5)
        started = time.perf_counter()
        answer = await _timed("BKD rebinds", bkd.rebind(identity.nip, "ponsel hilang"))
        ended = await running
        took_ms = (time.perf_counter() - started) * 1e3
        console.print(f"  open stream of the old phone: [yellow]{ended}[/] after {took_ms:.0f} ms")
        try:
            await old.login()
            console.print("  [red]the old phone could log in[/]")
        except ApiError as error:
            console.print(f"  login of the old phone: [yellow]{error.message}[/] ({error.reason})")
        new = await _activated(new_client, answer.activation_code.code, "Ponsel baru")
        await _check_in(new, event_pb2.EVENT_KIND_OUT, player)
    for change in await bkd.history(identity.nip):
        name = device_admin_pb2.BindingAction.Name(change.action)
        action = name.removeprefix("BINDING_ACTION_")
        console.print(f"  history: {action:12} by {change.actor:8} {change.reason}")
    return new.identity


async def _head(bkd: Bkd, address: str, staff: list[province.DemoEmployee]) -> tuple[str, str]:
    """Returns user name and password of the head."""
    console.rule("6  A head sees the own people")
    unit_id, first, password = SITE.units[0][0], *(secrets.token_urlsafe(16) for _ in range(2))
    head = next(one for one in staff[::-1] if one.unit_id == unit_id)
    await bkd.appoint_head(unit_id, head.nip, username="kepala-bkd", password=first)
    async with local.connected(address) as client:
        desk = Bkd(client)
        await desk.login("kepala-bkd", first)
        await desk.change_password(first, password)
        console.print("  the head changed the first password, which BKD knew")
        events = await _timed(f"events of unit {unit_id}", desk.events(unit_id))
        for event in events:
            at = event.event_time.ToDatetime().strftime("%H:%M:%S UTC")
            kind = event_pb2.EventKind.Name(event.kind).removeprefix("EVENT_KIND_")
            console.print(f"  {at} {event.display_name} {kind}")
        try:
            await desk.events("pangan")
        except ApiError as error:
            console.print(
                f"  events of another office: [yellow]{error.message}[/] ({error.reason})"
            )
    return "kepala-bkd", password


async def _check_in(phone: Phone, kind: "event_pb2.EventKind", player: Player) -> None:
    here = event_pb2.Location(
        latitude=SITE.latitude, longitude=SITE.longitude, accuracy_m=12, mock=False
    )
    for _ in range(CHECK_IN_TRIES_MAX):
        player.reset()
        result = await phone.check_in(kind, here, player)
        steps = result.challenge.steps if result.challenge else ()
        names = (checkin_pb2.ChallengeStep.Name(step) for step in steps)
        asked = " > ".join(name.removeprefix("CHALLENGE_STEP_") for name in names)
        console.print(
            f"  challenge {asked}: {_said(result)} "
            f"({result.frames_sent} frames, {result.timings.total_ms:.0f} ms)"
        )
        if result.recorded:
            return


async def _hold_stream(phone: Phone) -> str:
    """Keeps a check-in open without doing its challenge; returns how it ended."""

    class _Nobody:
        def frame_for(self, step: "checkin_pb2.ChallengeStep | None", progress: float) -> bytes:
            del step, progress
            return b"no picture"

    here = event_pb2.Location(latitude=SITE.latitude, longitude=SITE.longitude, accuracy_m=12)
    try:
        return _said(await phone.check_in(event_pb2.EVENT_KIND_OUT, here, _Nobody()))
    except ApiError as error:
        return f"{error.message} ({error.reason})"


async def _activated(client: Client, code: str, model: str) -> Phone:
    phone = Phone(client)
    await phone.activate(code, model=model)
    await phone.login()
    console.print(f"  {model}: activated and logged in")
    return phone


def _said(result: CheckInResult) -> str:
    if result.receipt is not None:
        return f"[green]{result.receipt.text}[/]"
    return f"[yellow]{result.refusal.text if result.refusal else 'no answer'}[/]"


async def _timed(what: str, work: Awaitable[T]) -> T:
    started = time.perf_counter()
    result = await work
    console.print(f"[bold]{what}[/]  {(time.perf_counter() - started) * 1e3:.0f} ms")
    return result


def _how_to_go_on(directory: Path) -> None:
    config = directory / "hadir.toml"
    console.rule("Go on by hand")
    console.print(
        f"Database  {directory / 'hadir.db'}   key {directory / 'hadir.key'}   "
        f"log {directory / 'server.log'}"
    )
    console.print(
        f"Server    .venv/bin/hadir-server run --config {config}\n"
        "          (its address is `listen` in that file; give it to --server below)\n"
        f"BKD       .venv/bin/hadirctl --server ADDRESS login bkd --password-file "
        f"{directory / 'bkd-password'}\n"
        "          .venv/bin/hadirctl --server ADDRESS employee list --limit 5\n"
        "          .venv/bin/hadirctl --server ADDRESS enroll NIP --camera 0 "
        "--notice-version demo-1 --consent-confirmed\n"
        "          .venv/bin/hadirctl --server ADDRESS days --unit bkd\n"
        "          .venv/bin/hadirctl --server ADDRESS recap provinsi\n"
        "Kiosk     .venv/bin/hadirctl --server ADDRESS kiosk activate-code kantor-gubernur\n"
        "          .venv/bin/hadir-kiosk activate CODE --server ADDRESS --key-dir kiosk\n"
        "          .venv/bin/hadir-kiosk run --server ADDRESS --key-dir kiosk --source camera:0\n"
        "All of it with your own face:  make demo ARGS='--camera 0'",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
