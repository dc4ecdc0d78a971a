"""The API is what its files say: stubs are fresh, buf is content, every method says who may call."""

import subprocess
import sys
from pathlib import Path

import pytest
from hadir.v1 import options_pb2

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
        assert "" == buf("lint").stdout

    def test_format(self):
        """The files are formatted."""
        assert "" == buf("format", "--diff").stdout


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
