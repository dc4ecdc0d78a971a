"""The API is what its files say: stubs are fresh, buf is content, every method says who may call."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hadir.v1 import checkin_pb2, device_pb2, event_pb2, kiosk_pb2, options_pb2

from server.rpc.server import FILES

ROOT = Path(__file__).parent.parent
PROTO = ROOT / "proto"
METHODS = [
    (f"{service.full_name}/{method.name}", method)
    for file in FILES
    for service in file.services_by_name.values()
    for method in service.methods
]


def buf(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs buf of this environment in the folder of the API."""
    command = [str(Path(sys.executable).parent / "buf"), *arguments]
    return subprocess.run(command, cwd=PROTO, capture_output=True, text=True, check=False)


class TestStubs:
    """The committed stubs are those of the committed proto files."""

    def test_fresh(self, tmp_path):
        """Generating them again gives the same bytes."""
        names = sorted(str(path.relative_to(PROTO)) for path in PROTO.glob("hadir/v1/*.proto"))
        out = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", *out, *names]
        subprocess.run(command, check=True, capture_output=True)

        made = {path.name: path.read_bytes() for path in tmp_path.glob("hadir/v1/*")}
        kept = {
            path.name: path.read_bytes()
            for path in (PROTO / "hadir" / "v1").iterdir()
            if "_pb2" in path.name
        }

        assert made == kept


class TestBuf:
    """buf finds nothing to say."""

    def test_lint(self):
        """STANDARD and COMMENTS hold, but for the reasoned exceptions of buf.yaml."""
        done = buf("lint")

        assert (0, "") == (done.returncode, done.stdout)

    def test_format(self):
        """The files are formatted."""
        done = buf("format", "--diff", "--exit-code")

        assert (0, "") == (done.returncode, done.stdout)


class TestAccess:
    """Who may call is declared on the method."""

    @pytest.mark.parametrize(("name", "method"), METHODS, ids=[name for name, _ in METHODS])
    def test_every_method_has_roles(self, name, method):
        """A method without roles would be refused to everyone."""
        roles = method.GetOptions().Extensions[options_pb2.access].roles

        assert roles, name
        assert options_pb2.ROLE_UNSPECIFIED not in roles

    def test_who_needs_no_session(self):
        """Only the methods by which a session is obtained."""
        found = {
            name
            for name, method in METHODS
            if options_pb2.ROLE_ANYONE in method.GetOptions().Extensions[options_pb2.access].roles
        }

        assert found == {
            "hadir.v1.DeviceService/ActivateDevice",
            "hadir.v1.SessionService/CreateChallenge",
            "hadir.v1.SessionService/OpenDeviceSession",
            "hadir.v1.SessionService/OpenStaffSession",
        }

    def test_every_service_is_behind_the_gate(self):
        """A service whose file is not in FILES would have no roles and no reflection."""
        declared = {
            f"hadir.v1.{name}"
            for path in PROTO.glob("hadir/v1/*.proto")
            for name in re.findall(r"^service (\w+) ", path.read_text(), re.MULTILINE)
        }

        assert declared == {name.partition("/")[0] for name, _ in METHODS}


class TestWire:
    """What phones in the field have built in does not change."""

    def test_the_package_is_versioned(self):
        """Every file is of hadir.v1; a change that breaks clients is a v2."""
        assert {"hadir.v1"} == {file.package for file in FILES}

    def test_the_options_keep_their_numbers(self):
        """Tools that read the options of the API find them by number."""
        assert 50001 == options_pb2.access.number
        assert 50002 == options_pb2.required.number

    @pytest.mark.parametrize(
        ("enum", "names"),
        [
            (options_pb2.Role, "UNSPECIFIED ANYONE EMPLOYEE KIOSK HEAD BKD OPERATOR"),
            (event_pb2.EventKind, "UNSPECIFIED IN OUT"),
            (checkin_pb2.ChallengeStep, "UNSPECIFIED FRONT LEFT RIGHT CLOSER"),
            (device_pb2.DeviceKind, "UNSPECIFIED PHONE KIOSK"),
            (
                kiosk_pb2.FaceState,
                "UNSPECIFIED UNUSABLE LOOK_AGAIN TURN_HEAD RECOGNISED NOT_RECOGNISED SPOOF_SUSPECTED",
            ),
        ],
    )
    def test_enums_keep_their_numbers(self, enum, names):
        """New values come behind these; none is renumbered."""
        prefix = enum.Name(0).removesuffix("UNSPECIFIED")
        kept = {f"{prefix}{name}": number for number, name in enumerate(names.split())}

        assert kept.items() <= dict(enum.items()).items()
