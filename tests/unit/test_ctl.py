"""hadirctl against a fake server on a real socket: accounts, errors, help, master data."""

from __future__ import annotations

import asyncio
import json
import stat
from inspect import signature
from io import StringIO
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import typer
from google.rpc import code_pb2, error_details_pb2
from hadir.v1 import directory_pb2 as directory
from hadir.v1 import session_pb2
from rich.console import Console

from server.ctl.errors import CtlError
from server.ctl.geofence import Circle
from server.ctl.main import GLOBAL_FLAGS, GLOBAL_OPTIONS, app, configure, globals_first
from server.ctl.master import UNIT_COLUMNS
from server.ctl.render import Screen
from server.ctl.session import Session, SessionStore
from server.ctl.texts import Language
from tests.unit.ctl_world import (  # noqa: F401
    NIP,
    TOKEN,
    WIT,
    Hadirctl,
    World,
    ctl,
    shared,
    soon,
    stamp,
    world,
)

if TYPE_CHECKING:
    from pathlib import Path


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

        assert len(names) == 56
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
