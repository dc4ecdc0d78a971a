"""hadirctl against a fake server on a real socket: what it sends, shows, keeps and returns."""

from __future__ import annotations

import asyncio
import json
import stat
from collections import defaultdict
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from inspect import signature
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import cv2
import grpc
import numpy as np
import pytest
import typer
from google.protobuf import descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from hadir.v1 import device_admin_pb2 as admin
from hadir.v1 import device_pb2, enrollment_pb2, event_pb2, frame_pb2, session_pb2
from hadir.v1 import directory_pb2 as directory
from rich.console import Console
from typer.testing import CliRunner

from server.ctl import camera, enrollment
from server.ctl.errors import CtlError
from server.ctl.geofence import Circle
from server.ctl.images import is_acceptable, read_jpeg
from server.ctl.inputs import read_moment
from server.ctl.main import GLOBAL_FLAGS, GLOBAL_OPTIONS, app, configure, globals_first
from server.ctl.master import UNIT_COLUMNS
from server.ctl.render import Screen
from server.ctl.session import Session, SessionStore
from server.ctl.texts import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google.protobuf.message import Message
    from typer.testing import Result

NIP = "197001011995031001"
TOKEN = "t" * 43
WIT = ZoneInfo("Asia/Jayapura")
# 7 February 2022, 07:28:14 in Sofifi.
MORNING = datetime(2022, 2, 6, 22, 28, 14, tzinfo=UTC)
NEEDED, KEPT = 3, 4
GOOD, NO_FACE = frame_pb2.FRAME_OUTCOME_USABLE, frame_pb2.FRAME_OUTCOME_NO_FACE
CODE = admin.ActivationCode(code="7K3M-Q2PX-9RTW")


def stamp(moment: datetime) -> Timestamp:
    """Return a moment as the API sends it."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def soon(hours: int = 1) -> datetime:
    """Return a moment from now."""
    return datetime.now(UTC) + timedelta(hours=hours)


@dataclass
class World:
    """What the fake server answers and refuses, and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, status_pb2.Status] = field(default_factory=dict)
    outcomes: list[frame_pb2.FrameOutcome] = field(default_factory=list)
    asked: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    metadata: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, method: str, code: int, reason: str, text: str) -> None:
        """Let a method answer with an error from now on."""
        status = status_pb2.Status(code=code)
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason))
        status.details.add().Pack(error_details_pb2.LocalizedMessage(locale="id", message=text))
        self.refusals[method] = status

    def take(self, method: str, request: Message, context: grpc.ServicerContext) -> Any:
        """Note a request; refuse it or return the answer that was prepared, if any."""
        self.asked[method].append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        if method in self.refusals:
            context.abort_with_status(rpc_status.to_status(self.refusals[method]))
        answer = self.answers.get(method)
        return answer(request) if callable(answer) else answer

    def enroll(self, request: Any, progress: enrollment_pb2.EnrollProgress) -> dict[str, Any]:
        """Judge a frame by the prepared outcomes; beyond them every frame is good."""
        if request.WhichOneof("message") == "commit":
            count = progress.accepted_count
            return {"enrollment": enrollment_pb2.Enrollment(nip=NIP, template_count=count)}
        if request.WhichOneof("message") == "frame":
            progress.outcome = self.outcomes.pop(0) if self.outcomes else GOOD
            progress.accepted_count += progress.outcome == GOOD
            progress.text = "Bagus" if progress.outcome == GOOD else "Lihat ke kamera"
        return {"progress": progress}


class FakeServer(grpc.GenericRpcHandler):
    """Every method of the API, by its descriptor."""

    def __init__(self, world: World) -> None:
        self.world = world

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method."""
        service, name = details.method.removeprefix("/").split("/")
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
        coders: dict[str, Any] = {
            "request_deserializer": GetMessageClass(method.input_type).FromString,
            "response_serializer": lambda message: message.SerializeToString(),
        }
        nothing = GetMessageClass(method.output_type)()

        def unary(request: Message, context: grpc.ServicerContext) -> Message:
            return self.world.take(name, request, context) or nothing

        def upload(requests: Iterator[Message], context: grpc.ServicerContext) -> Message:
            return [self.world.take(name, request, context) for request in requests][-1] or nothing

        def enroll(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Message]:
            progress = enrollment_pb2.EnrollProgress(needed_count=NEEDED, max_count=KEPT)
            for request in requests:
                self.world.take(name, request, context)
                yield enrollment_pb2.EnrollResponse(**self.world.enroll(request, progress))

        if name == "Enroll":
            return grpc.stream_stream_rpc_method_handler(enroll, **coders)
        if name == "ImportEmployees":
            return grpc.stream_unary_rpc_method_handler(upload, **coders)
        return grpc.unary_unary_rpc_method_handler(unary, **coders)


def pages(response: Callable[..., Message], rows: str, known: list[Any]) -> Callable[[Any], Any]:
    """Return an answer in pages of at most two rows."""

    def answer(request: Any) -> Message:
        start = int(request.page_token or 0)
        end = start + min(request.page_size, 2)
        token = str(end) if end < len(known) else ""
        return response(**{rows: known[start:end], "next_page_token": token})

    return answer


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[World, str]]:
    """Run the fake server on a socket; yields its world and address."""
    world = World()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), handlers=[FakeServer(world)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield world, f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


@pytest.fixture
def world(shared: tuple[World, str]) -> World:
    """Return the world of the fake server, as new."""
    vars(shared[0]).update(vars(World()))
    return shared[0]


@dataclass(frozen=True)
class Hadirctl:
    """Runs hadirctl as a user would type it."""

    address: str
    home: Path

    def __call__(self, *arguments: str, stdin: str = "", server: str = "") -> Result:
        """Return what came of a command."""
        environment = {
            "XDG_CONFIG_HOME": str(self.home),
            "HADIRCTL_SERVER": server or self.address,
            "HADIRCTL_LANGUAGE": "id",
        }
        return CliRunner().invoke(app, globals_first(arguments), env=environment, input=stdin)

    def json(self, *arguments: str) -> Any:
        """Return the answer of a command that must succeed, as JSON."""
        result = self("--json", *arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    @property
    def store(self) -> SessionStore:
        """The session file."""
        return SessionStore(self.address, self.home / "hadirctl" / "sessions")


@pytest.fixture
def ctl(shared: tuple[World, str], tmp_path: Path) -> Hadirctl:
    """Return hadirctl with a session."""
    ctl = Hadirctl(shared[1], tmp_path)
    ctl.store.save(Session("bkd-siti", TOKEN, soon().isoformat()))
    return ctl


def image(seed: int, size: tuple[int, int] = (96, 96)) -> Any:
    """Return a picture of noise."""
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of five pictures and a file that is none."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(5):
        cv2.imwrite(str(folder / f"{number}.{'png' if number % 2 else 'jpg'}"), image(number))
    (folder / "notes.txt").write_text("no picture")
    return folder


class TestAccount:
    """The own account."""

    def test_login_keeps_the_token_for_its_owner_only(self, world: World, ctl: Hadirctl) -> None:
        """A login stores the session with mode 0600 and shows neither token nor password."""
        ctl.store.forget()
        world.answers["OpenStaffSession"] = session_pb2.Session(
            token=TOKEN, expire_time=stamp(soon()), role="ROLE_BKD"
        )

        result = ctl("login", "bkd-siti", "--password-file", "-", stdin="correct horse 12\n")
        asked = ctl("login", "bkd-siti", "--json", stdin="correct horse 12\n")

        assert (result.exit_code, asked.exit_code) == (0, 0)
        request = session_pb2.OpenStaffSessionRequest(
            username="bkd-siti", password="correct horse 12"
        )
        assert world.asked["OpenStaffSession"] == [request, request]
        assert "authorization" not in world.metadata[0]
        assert stat.S_IMODE(ctl.store.path.stat().st_mode) == 0o600
        kept = ctl.store.load()
        assert kept is not None
        assert kept.token == TOKEN
        assert "sebagai bkd-siti (BKD)" in result.stdout
        for secret in (TOKEN, "correct horse"):
            assert secret not in result.output + asked.output

    def test_ctrl_c_works_at_a_question(
        self, ctl: Hadirctl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Questions are asked outside of any running loop, which would swallow the first Ctrl-C."""

        def interrupted(*_: object, **__: object) -> str:
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            raise typer.Abort

        monkeypatch.setattr(typer, "prompt", interrupted)

        for typed in ("login u", "password", "staff create u --role bkd"):
            assert ctl(*typed.split()).stderr.strip() == "Aborted."

    def test_calls_carry_the_session_and_the_language(self, world: World, ctl: Hadirctl) -> None:
        """The token and the language go into the metadata."""
        result = ctl("whoami", "--language", "en")

        assert "Valid until" in result.stdout
        assert world.metadata[0]["authorization"] == f"Bearer {TOKEN}"
        assert world.metadata[0]["accept-language"] == "en"

    def test_logout_of_a_session_that_the_server_has_forgotten(
        self, world: World, ctl: Hadirctl
    ) -> None:
        """Such a session is closed all the same, and forgotten here."""
        world.refuse("CloseSession", code_pb2.UNAUTHENTICATED, "SESSION_INVALID", "Berakhir.")

        assert ctl("logout").exit_code == 0
        assert not ctl.store.path.exists()

    def test_password_is_changed(self, world: World, ctl: Hadirctl, tmp_path: Path) -> None:
        """The old password comes from a file, the new one from standard input."""
        (tmp_path / "old").write_text("old password 1\n")
        files = ("--old-password-file", str(tmp_path / "old"), "--new-password-file", "-")

        assert ctl("password", *files, stdin="new password 2\n").exit_code == 0
        (request,) = world.asked["ChangePassword"]
        assert (request.old_password, request.new_password) == ("old password 1", "new password 2")


class TestErrors:
    """What goes wrong is said in one line, with what to do."""

    def test_no_session(self, world: World, ctl: Hadirctl) -> None:
        """Without a session, or with one that has ended or is damaged, nothing is sent."""
        ctl.store.save(Session("bkd-siti", TOKEN, soon(-1).isoformat()))
        assert "(NOT_LOGGED_IN)\n→ Masuk dengan: hadirctl login bkd-siti" in ctl("whoami").stderr
        ctl.store.path.write_text('{"token": 1}')
        assert "hadirctl login USER" in ctl("unit", "list").stderr
        ctl.store.forget()
        assert ctl("unit", "list").exit_code == 1
        assert not world.asked

    def test_nobody_listens(self, ctl: Hadirctl) -> None:
        """An address without a server is named, with how to start one."""
        dead = "127.0.0.1:1"
        store = SessionStore(dead, ctl.store.path.parent)
        store.save(Session("bkd-siti", TOKEN, soon().isoformat()))

        result = ctl("unit", "list", server=dead)

        assert result.exit_code == 1
        assert f"→ Alamat: {dead}. Jalankan di sana `hadir-server run`" in result.stderr
        assert "Traceback" not in result.output

    def test_the_servers_text_and_reason_are_shown(self, world: World, ctl: Hadirctl) -> None:
        """The server's own words come first, then the reason, then what to do."""
        world.refuse("GetEmployee", code_pb2.NOT_FOUND, "EMPLOYEE_UNKNOWN", "Tidak [b]dikenal.")

        result = ctl("employee", "show", NIP)

        assert result.exit_code == 1
        assert result.stderr.startswith("Tidak [b]dikenal. (EMPLOYEE_UNKNOWN)\n→ Periksa NIP")

    def test_a_locked_account_says_how_long(self, world: World, ctl: Hadirctl) -> None:
        """A refusal with a waiting time tells the time."""
        world.refuse("GetSession", code_pb2.RESOURCE_EXHAUSTED, "ACCOUNT_LOCKED", "Terkunci.")
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(90)
        world.refusals["GetSession"].details.add().Pack(retry)

        stderr = ctl("whoami").stderr

        assert stderr == "Terkunci. (ACCOUNT_LOCKED)\n→ Coba lagi dalam 90 detik.\n"

    def test_programs_get_json(self, world: World, ctl: Hadirctl) -> None:
        """With --json an error is JSON on standard error, and standard output is empty."""
        world.refuse("ListUnits", code_pb2.PERMISSION_DENIED, "ROLE_REFUSED", "Tidak boleh.")

        result = ctl("unit", "list", "--json")

        assert (result.exit_code, result.stdout) == (1, "")
        assert json.loads(result.stderr)["error"]["reason"] == "ROLE_REFUSED"

    @pytest.mark.parametrize(
        ("typed", "reason"),
        [
            ("unit list --ca {session}", "ENDPOINT_INVALID"),
            ("login u --password-file {home}", "FILE_TROUBLE"),
            ("staff create u --role bkd --password-file -", "PASSWORD_EMPTY"),
            ("login u --password-file {picture}", "FILE_TROUBLE"),
            ("events u --from morgen", "TIME_INVALID"),
            ("site put s --polygon {session}", "GEOFENCE_INVALID"),
            ("site put s --lat 1", "GEOFENCE_INVALID"),
            ("unit put new", "FIELD_REQUIRED"),
            ("enroll 1 --notice-version 1 --camera 0", "CONSENT_REQUIRED"),
            ("enroll 1 --notice-version 1 --consent-confirmed", "SOURCE_REQUIRED"),
            ("enroll 1 --notice-version 1 --consent-confirmed --images {home}", "NO_IMAGES"),
        ],
    )
    def test_mistakes_are_said_in_words(
        self, world: World, ctl: Hadirctl, typed: str, reason: str
    ) -> None:
        """What hadirctl finds wrong itself has a reason too; nothing is written."""
        picture = ctl.home / "picture"
        picture.write_bytes(b"\xff\xd8\xff")
        paths = {"session": ctl.store.path, "home": ctl.home, "picture": picture}

        result = ctl(*typed.format_map(paths).split())

        assert (result.exit_code, result.stdout) == (1, "")
        assert f"({reason})\n" in result.stderr
        assert not set(world.asked) - {"ListUnits"}


class TestHelp:
    """Global options and the help."""

    def test_global_options_may_follow_the_command(self) -> None:
        """Flags, values and --name=value move; what follows -- stays; none is missing."""
        typed = ["unit", "list", "--json", "--server", "a:1", "--zone=UTC", "--", "--json"]
        first = ["--json", "--server", "a:1", "--zone=UTC"]
        known = {it.removeprefix("--").replace("-", "_") for it in GLOBAL_FLAGS | GLOBAL_OPTIONS}

        assert globals_first(typed) == [*first, "unit", "list", "--", "--json"]
        assert known | {"context", "as_json"} == {*signature(configure).parameters, "json"}

    def test_wrong_usage_has_another_code(self, ctl: Hadirctl) -> None:
        """A zone that does not exist, and a reason that is missing, are refused at once."""
        assert ctl("whoami", "--zone", "Asia/Sofifi").exit_code == 2
        assert ctl("device", "revoke", "device-1").exit_code == 2

    def test_every_command_teaches_by_example(self, ctl: Hadirctl) -> None:
        """The help of every command ends with examples of that very command."""
        groups: list[Any] = [("", app)]
        groups += [(group.name, group.typer_instance) for group in app.registered_groups]
        names = [
            f"{group} {command.name or command.callback.__name__.replace('_', '-')}".strip()
            for group, commands in groups
            for command in commands.registered_commands
        ]

        assert len(names) == 24
        for name in names:
            assert f"$ hadirctl {name}" in ctl(*name.split(), "--help").stdout


class TestScreen:
    """Tables on screens of any width."""

    @pytest.mark.parametrize(("width", "table"), [(60, True), (40, False)])
    def test_no_identifier_is_cut_or_broken(self, width: int, *, table: bool) -> None:
        """Where a table is too wide for the screen, records stand one below the other."""
        out = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
        screen = Screen(Language.INDONESIAN, WIT, out=out)
        unit = directory.Unit(unit_id="biro-umum", head_nip=NIP, display_name="Biro Umum Setda")

        screen.records([unit], UNIT_COLUMNS)

        assert isinstance(out.file, StringIO)
        shown = [line for line in out.file.getvalue().splitlines() if NIP in line]
        assert len(shown) == 1
        assert ("biro-umum" in shown[0]) is table


class TestMasterData:
    """Units, sites and staff."""

    def test_a_change_keeps_what_is_not_named(self, world: World, ctl: Hadirctl) -> None:
        """Putting a unit sends the stored one with the changes; an empty value clears."""
        stored = directory.Unit(unit_id="biro", display_name="Biro", site_id="kg", head_nip=NIP)
        world.answers["ListUnits"] = directory.ListUnitsResponse(units=[stored])

        assert ctl("unit", "put", "biro", "--head", "", "--name", "Biro Umum").exit_code == 0
        unit = directory.Unit(unit_id="biro", display_name="Biro Umum", site_id="kg")
        assert world.asked["PutUnit"] == [directory.PutUnitRequest(unit=unit)]

    def test_units_are_listed(self, world: World, ctl: Hadirctl) -> None:
        """A name cannot steer the terminal; JSON has the names of the API."""
        unit = directory.Unit(unit_id="biro", display_name="Biro \x1b[31mUmum")
        world.answers["ListUnits"] = directory.ListUnitsResponse(units=[unit])

        assert "Biro �[31mUmum" in ctl("unit", "list").stdout
        assert ctl.json("unit", "list")[0]["unit_id"] == "biro"

    def test_a_site_with_a_circle(self, world: World, ctl: Hadirctl) -> None:
        """A new site has the zone of Sofifi unless another is given."""
        place = ("--lat", "0.5", "--lon", "127.5", "--radius", "100")

        assert ctl("site", "put", "kg", "--name", "Kantor", *place).exit_code == 0
        site = world.asked["PutSite"][0].site
        center = directory.LatLng(latitude=0.5, longitude=127.5)
        assert site.circle == directory.Circle(center=center, radius_m=100)
        assert site.time_zone == "Asia/Jayapura"
        world.answers["ListSites"] = directory.ListSitesResponse(sites=[site])
        assert "circle of 100 m at 0.5, 127.5" in ctl("site", "list", "--language", "en").stdout

    RING = ((127.1, 0.1), (127.2, 0.1), (127.2, 0.2), (127.1, 0.1))
    GEOJSON: ClassVar[dict[str, Any]] = {"type": "Polygon", "coordinates": [RING]}
    FEATURES: ClassVar[dict[str, Any]] = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": GEOJSON}],
    }

    @pytest.mark.parametrize(
        "content", [[[0.1, 127.1], [0.1, 127.2], [0.2, 127.2]], GEOJSON, FEATURES]
    )
    def test_a_site_with_a_polygon(self, world: World, ctl: Hadirctl, content: object) -> None:
        """Plain pairs and GeoJSON mean the same polygon; GeoJSON's longitude comes first."""
        file = ctl.home / "site.json"
        file.write_text(json.dumps(content))
        known = directory.Site(site_id="kg", display_name="Kantor", time_zone="UTC")
        world.answers["ListSites"] = directory.ListSitesResponse(sites=[known])

        assert ctl("site", "put", "kg", "--polygon", str(file)).exit_code == 0
        site = world.asked["PutSite"][0].site
        corners = [(it.latitude, it.longitude) for it in site.polygon.corners]
        assert corners == [(0.1, 127.1), (0.1, 127.2), (0.2, 127.2)]
        assert site.time_zone == "UTC"

    def test_a_circle_excludes_a_polygon(self) -> None:
        """Both at once are refused; none at all is no circle."""
        with pytest.raises(CtlError):
            Circle(0.7, 127.5, 100).checked(other=True)
        assert Circle(None, None, None).checked(other=True) is None

    def test_staff_accounts(self, world: World, ctl: Hadirctl) -> None:
        """The first password is asked for twice; the account is closed by its name."""
        typed = "first password 1\n" * 2
        created = ctl("staff", "create", "kadis", "--role", "head", "--nip", NIP, stdin=typed)

        assert (created.exit_code, ctl("staff", "close", "kadis").exit_code) == (0, 0)
        expected = directory.CreateStaffAccountRequest(
            username="kadis", role="ROLE_HEAD", password="first password 1", nip=NIP
        )
        assert world.asked["CreateStaffAccount"] == [expected]
        assert world.asked["CloseStaffAccount"][0].username == "kadis"
        assert "first password" not in created.output


class TestEmployees:
    """Import, list, show."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Return a CSV file of several chunks."""
        file = tmp_path / "simpeg.csv"
        file.write_text("nip,name,unit_id,site_id,state\n" + f"{NIP},Siti,biro,,\n" * 20_000)
        return file

    def test_an_import_arrives_in_chunks(self, world: World, ctl: Hadirctl, file: Path) -> None:
        """The file arrives whole, in chunks, after the opening message."""
        answer = directory.ImportEmployeesResponse(row_count=7, created_count=1, stored=True)
        world.answers["ImportEmployees"] = answer

        result = ctl("employee", "import", str(file))

        assert result.exit_code == 0
        opening, *chunks = world.asked["ImportEmployees"]
        assert opening.WhichOneof("message") == "open"
        assert len(chunks) > 1
        assert b"".join(it.chunk for it in chunks) == file.read_bytes()
        assert "7 baris: 1 baru" in result.stdout

    @pytest.mark.parametrize(("dry_run", "grave", "code"), [(0, 1, 1), (1, 1, 1), (1, 0, 0)])
    def test_problems_are_listed_by_line(
        self, world: World, ctl: Hadirctl, file: Path, *, dry_run: int, grave: int, code: int
    ) -> None:
        """Problems are shown; the exit code says whether the file could be stored."""
        answer = directory.ImportEmployeesResponse(problem_count=1200)
        answer.problems.add(line=7, severity=1 + grave, reason="NIP_FORM", text="Bentuk NIP.")
        world.answers["ImportEmployees"] = answer

        result = ctl("employee", "import", str(file), *["--dry-run"] * dry_run)

        assert result.exit_code == code
        row = next(line for line in result.stdout.splitlines() if "NIP_FORM" in line)
        severity = "kesalahan" if grave else "peringatan"
        assert row.split() == ["7", severity, "NIP_FORM", "Bentuk", "NIP."]
        assert "Hanya 1 masalah pertama" in result.stderr

    def test_a_refused_import_is_an_error(self, world: World, ctl: Hadirctl, file: Path) -> None:
        """A server that ends the stream early is heard, though the file was not sent whole."""
        world.refuse("ImportEmployees", code_pb2.INVALID_ARGUMENT, "CSV_INVALID", "CSV rusak.")

        result = ctl("employee", "import", str(file))

        assert result.exit_code == 1
        assert "CSV rusak. (CSV_INVALID)\n→ Kolom: nip" in result.stderr

    def test_all_pages_are_listed(self, world: World, ctl: Hadirctl) -> None:
        """Without a limit every page is fetched; with one the rest is mentioned."""
        known = [directory.Employee(nip=f"{NIP[:-1]}{digit}") for digit in range(3)]
        answer = pages(directory.ListEmployeesResponse, "employees", known)
        world.answers["ListEmployees"] = answer

        everyone = ctl.json("employee", "list", "--unit", "biro")
        some = ctl("employee", "list", "--limit", "2")

        assert [it["nip"] for it in everyone] == [it.nip for it in known]
        assert "2 baris." in some.stderr
        assert "--limit" in some.stderr

    def test_times_are_shown_in_the_chosen_zone(self, world: World, ctl: Hadirctl) -> None:
        """07:28 in Sofifi is 05:28 in Jakarta."""
        world.answers["GetEmployee"] = directory.Employee(nip=NIP, update_time=stamp(MORNING))

        shown = ctl("employee", "show", NIP, "--zone", "Asia/Jakarta").stdout

        assert "2022-02-07 05:28:14 WIB" in shown


class TestEnroll:
    """Enrolment streams."""

    CONSENT = ("--notice-version", "2022-02", "--consent-confirmed")

    def test_files_are_sent_while_they_help(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Frames go one by one, numbered, as baseline JPEG; then the commit."""
        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert result.exit_code == 0
        opening, *frames, commit = world.asked["Enroll"]
        assert opening.open.consent.notice_version == "2022-02"
        assert opening.open.consent.confirmed
        assert [it.frame.frame_number for it in frames] == [1, 2, 3, 4]
        assert all(is_acceptable(it.frame.jpeg) for it in frames)
        assert commit.WhichOneof("message") == "commit"
        assert "2  1.png  USABLE  2/3  Bagus" in result.stderr
        assert "terdaftar dengan 4 templat" in result.stderr

    def test_too_few_good_images_store_nothing(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Without enough good images there is no commit, and it is said what to do."""
        world.outcomes += [GOOD, *[NO_FACE] * 4]
        files = [str(file) for file in sorted(pictures.glob("*.[jp]*g"))]

        result = ctl("enroll", NIP, "--images", *files, *self.CONSENT)

        assert result.exit_code == 1
        assert "5  4.jpg  NO_FACE  1/3  Lihat ke kamera" in result.stderr
        assert "Hanya 1 dari 3 gambar diterima; tidak ada yang disimpan." in result.stderr
        assert world.asked["Enroll"][-1].WhichOneof("message") == "frame"

    def test_another_persons_face_is_not_a_lack_of_images(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Where the face is somebody else's, the person is to be checked."""
        world.outcomes += [frame_pb2.FRAME_OUTCOME_LOOKS_LIKE_ANOTHER] * 5

        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert "(TOO_FEW_FRAMES)\n→ Periksa apakah NIP" in result.stderr

    def test_a_busy_server_gets_the_frame_again(
        self, world: World, ctl: Hadirctl, pictures: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """JSON has the outcome of every frame; one that was not looked at is sent again."""
        monkeypatch.setattr(enrollment, "BUSY_WAIT_S", 0.01)
        world.outcomes += [frame_pb2.FRAME_OUTCOME_OVERLOADED] * 2

        answer = ctl.json("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        sources = [frame["source"] for frame in answer["frames"]]
        assert sources == ["0.jpg", "0.jpg", "0.jpg", "1.png", "2.jpg", "3.png"]
        assert answer["frames"][0]["outcome"] == "OVERLOADED"
        assert answer["enrollment"]["template_count"] == 4

    def test_the_servers_refusal_is_shown(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """An error that ends the stream is read, with its reason."""
        world.refuse("Enroll", code_pb2.NOT_FOUND, "EMPLOYEE_UNKNOWN", "Tidak dikenal.")

        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert result.exit_code == 1
        assert "Tidak dikenal. (EMPLOYEE_UNKNOWN)" in result.stderr

    def test_a_camera_is_released_when_it_is_enough(
        self, world: World, ctl: Hadirctl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At a camera the enrolment ends with the last image that is needed."""
        used: list[object] = []

        def open_camera(number: int) -> SimpleNamespace:
            used.append(number)
            return SimpleNamespace(
                isOpened=lambda: True,
                grab=lambda: True,
                read=lambda: (True, image(1)),
                release=lambda: used.append("released"),
            )

        monkeypatch.setattr(cv2, "VideoCapture", open_camera)
        monkeypatch.setattr(camera, "INTERVAL_S", 0.01)

        assert ctl("enroll", NIP, "--camera", "2", *self.CONSENT).exit_code == 0
        assert used == [2, "released"]
        assert len(world.asked["Enroll"]) == 1 + NEEDED + 1

    def test_status_and_proof_of_erasure(self, world: World, ctl: Hadirctl) -> None:
        """What is stored is shown, and what was erased is proved."""
        world.answers["GetEnrollment"] = enrollment_pb2.Enrollment(model_version="sface-2021dec")
        proof = enrollment_pb2.EraseEnrollmentResponse(erased_digest=b"\xab\xcd")
        world.answers["EraseEnrollment"] = proof

        assert "sface-2021dec" in ctl("enroll-status", NIP).stdout
        assert "abcd" in ctl("enroll-erase", NIP, "--reason", "pensiun").stdout
        expected = enrollment_pb2.EraseEnrollmentRequest(nip=NIP, reason="pensiun")
        assert world.asked["EraseEnrollment"] == [expected]


class TestImages:
    """What is sent of an image file."""

    @pytest.mark.parametrize(
        ("name", "size", "options"),
        [
            ("fits.jpg", (96, 96), []),
            ("progressive.jpg", (96, 96), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
            ("wide.png", (200, 2000), []),
            ("noisy.png", (1000, 1000), [cv2.IMWRITE_PNG_COMPRESSION, 0]),
        ],
    )
    def test_every_image_becomes_a_fitting_jpeg(
        self, tmp_path: Path, name: str, size: tuple[int, int], options: list[int]
    ) -> None:
        """A baseline JPEG within the limits stays as it is, everything else is converted."""
        file = tmp_path / name
        cv2.imwrite(str(file), image(1, size), options)
        content = file.read_bytes()

        jpeg = read_jpeg(file)

        assert is_acceptable(jpeg)
        assert (jpeg == content) is (name == "fits.jpg") is is_acceptable(content)

    def test_a_phones_rotation_is_applied(self, tmp_path: Path) -> None:
        """An image that EXIF turns by 90 degrees arrives upright."""
        plain = cv2.imencode(".jpg", np.zeros((80, 120, 3), np.uint8))[1].tobytes()
        turned = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
        file = tmp_path / "phone.jpg"
        file.write_bytes(plain[:2] + b"\xff\xe1\0" + bytes([len(turned) + 2]) + turned + plain[2:])

        decoded = cv2.imdecode(np.frombuffer(read_jpeg(file), np.uint8), cv2.IMREAD_COLOR)

        assert decoded is not None
        assert decoded.shape[:2] == (120, 80)

    @pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xc0\x00"])
    def test_what_is_no_image_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """A file that cannot be read as an image is an error, not a frame."""
        file = tmp_path / "a.jpg"
        file.write_bytes(content)

        with pytest.raises(CtlError) as caught:
            read_jpeg(file)

        assert caught.value.reason == "IMAGE_UNUSABLE"


class TestDevices:
    """Phones and kiosks."""

    def test_codes_for_phones_and_kiosks(self, world: World, ctl: Hadirctl) -> None:
        """A code is issued for an employee, or for a site."""
        world.answers["IssueActivationCode"] = CODE

        assert CODE.code in ctl("device", "activate-code", NIP).stdout
        assert CODE.code in ctl("kiosk", "activate-code", "kg").stdout
        phone, kiosk = world.asked["IssueActivationCode"]
        assert (phone.nip, kiosk.site_id) == (NIP, "kg")

    def test_rebinding(self, world: World, ctl: Hadirctl) -> None:
        """The old phone is named and the new code shown; programs get both."""
        rebind = ("device", "rebind", NIP, "--reason", "telepon hilang")
        old = device_pb2.Device(device_id="old-phone")
        world.answers["RebindDevice"] = admin.RebindDeviceResponse(
            revoked_device=old, activation_code=CODE
        )

        result, answer = ctl(*rebind), ctl.json(*rebind)

        assert "old-phone" in result.stderr
        assert CODE.code in result.stdout
        expected = admin.RebindDeviceRequest(nip=NIP, reason="telepon hilang")
        assert world.asked["RebindDevice"] == [expected, expected]
        assert answer["revoked_device"]["device_id"] == "old-phone"
        assert answer["activation_code"]["code"] == CODE.code

    def test_revoking(self, world: World, ctl: Hadirctl) -> None:
        """The reason goes along."""
        world.answers["RevokeDevice"] = device_pb2.Device(device_id="device-1")

        result = ctl("device", "revoke", "device-1", "--reason", "rusak")

        assert result.stdout == "Perangkat device-1 dicabut.\n"
        expected = admin.RevokeDeviceRequest(device_id="device-1", reason="rusak")
        assert world.asked["RevokeDevice"] == [expected]

    def test_lists(self, world: World, ctl: Hadirctl) -> None:
        """All pages of devices; kiosks are devices of that kind."""
        known = [
            device_pb2.Device(device_id=f"device-{it}", activate_time=stamp(MORNING))
            for it in range(3)
        ]
        world.answers["ListDevices"] = pages(admin.ListDevicesResponse, "devices", known)

        listed = ctl.json("device", "list")
        kiosks = ctl("kiosk", "list", "--active", "--limit", "1")

        assert [it["device_id"] for it in listed] == ["device-0", "device-1", "device-2"]
        assert "2022-02-07 07:28:14 WIT" in kiosks.stdout
        expected = admin.ListDevicesRequest(kind="DEVICE_KIND_KIOSK", active_only=True, page_size=1)
        assert world.asked["ListDevices"][-1] == expected

    def test_history(self, world: World, ctl: Hadirctl) -> None:
        """Each change has its action and reason."""
        answer = admin.ListBindingHistoryResponse()
        answer.changes.add(action="BINDING_ACTION_REVOKED", reason="telepon hilang")
        world.answers["ListBindingHistory"] = answer

        shown = ctl("device", "history", NIP).stdout

        assert "telepon dicabut" in shown
        assert "telepon hilang" in shown


class TestEvents:
    """Attendance of a unit."""

    def test_events_are_shown_in_local_time(self, world: World, ctl: Hadirctl) -> None:
        """Time, direction, source and scores of each event are shown."""
        event = event_pb2.Event(
            kind="EVENT_KIND_IN",
            source="EVENT_SOURCE_KIOSK",
            event_time=stamp(MORNING),
            clock_disputed=True,
            scores=event_pb2.Scores(similarity=0.61, threshold=0.4),
        )
        world.answers["ListUnitEvents"] = event_pb2.ListEventsResponse(events=[event])

        shown = ctl("events", "biro", "--from", "2022-02-07", "--to", "2022-02-07").stdout

        for part in ("2022-02-07 07:28:14 WIT", "MASUK", "kios", "0.610 ≥ 0.400", "diragukan"):
            assert part in shown
        (request,) = world.asked["ListUnitEvents"]
        assert request.start_time == stamp(datetime(2022, 2, 7, tzinfo=WIT))
        assert request.end_time == stamp(datetime(2022, 2, 8, tzinfo=WIT))

    def test_unset_bounds_stay_unset(self, world: World, ctl: Hadirctl) -> None:
        """Without bounds the request has none; nothing found is said."""
        result = ctl("events", "biro")

        (request,) = world.asked["ListUnitEvents"]
        assert request == event_pb2.ListUnitEventsRequest(unit_id="biro", page_size=200)
        assert (result.exit_code, result.stderr) == (0, "Tidak ada data.\n")

    @pytest.mark.parametrize(
        ("value", "first", "end"),
        [
            ("today", datetime(2022, 2, 8, tzinfo=WIT), datetime(2022, 2, 9, tzinfo=WIT)),
            ("kemarin", datetime(2022, 2, 7, tzinfo=WIT), datetime(2022, 2, 8, tzinfo=WIT)),
            ("2022-02-07T07:28:14", MORNING, MORNING),
            ("2022-02-06T22:28:14Z", MORNING, MORNING),
        ],
    )
    def test_moments(self, value: str, first: datetime, end: datetime) -> None:
        """Days are those of the zone: at 15:30 UTC it is already tomorrow in Sofifi."""
        now = datetime(2022, 2, 7, 15, 30, tzinfo=UTC)

        assert read_moment(value, WIT, now) == stamp(first)
        assert read_moment(value, WIT, now, end=True) == stamp(end)
