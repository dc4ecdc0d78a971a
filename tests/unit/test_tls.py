"""TLS: what is loopback, which settings are refused, and which pairs are taken at run time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from server.errors import SettingsInvalid
from server.rpc.tls import _Pair, credentials, is_loopback

Pem = tuple[bytes, bytes]


def made(name: str) -> Pem:
    """Returns a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(minutes=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


FIRST, SECOND = made("first"), made("second")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Returns the paths of a good pair on disk."""
    paths = (tmp_path / "server.pem", tmp_path / "server.key")
    write(paths, FIRST)
    return paths


def write(paths: tuple[Path, Path], pair: Pem) -> None:
    """Puts a pair on disk."""
    for path, content in zip(paths, pair, strict=True):
        path.write_bytes(content)


class TestIsLoopback:
    """Which addresses need no TLS: wrong answers here are open doors."""

    @pytest.mark.parametrize(
        "listen",
        ["127.0.0.1:50051", "127.8.8.8:1", "localhost:50051", "[::1]:50051", "127.0.0.1:0"],
    )
    def test_this_machine_only(self, listen: str) -> None:
        """All of 127/8, and ::1."""
        assert is_loopback(listen)

    @pytest.mark.parametrize(
        "listen",
        [
            "", ":50051", "0.0.0.0:50051", "[::]:50051", "10.0.0.1:50051", "hadir.go.id:443",
            "localhost.go.id:1", "127.0.0.1.nip.io:1", "0.0.0.0:1,127.0.0.1:2",
            "127.0.0.1:2,0.0.0.0:1", "*:50051", "unix:/run/hadir.sock", "[::ffff:0.0.0.0]:1",
            "2130706433:1", "127.1:1",
        ],
    )  # fmt: skip
    def test_everything_else_is_not(self, listen: str) -> None:
        """All interfaces, names, lists, odd spellings."""
        assert not is_loopback(listen)


class TestCredentials:
    """The settings together."""

    def test_plaintext_on_loopback_or_where_asked_for(self) -> None:
        """None stands for plaintext."""
        assert credentials("127.0.0.1:1", None, None, allow_plaintext=False) is None
        assert credentials("0.0.0.0:1", None, None, allow_plaintext=True) is None

    def test_no_plaintext_elsewhere(self) -> None:
        """With the settings that mend it."""
        with pytest.raises(SettingsInvalid, match="tls_certificate and tls_key, or allow_plain"):
            credentials("0.0.0.0:1", None, None, allow_plaintext=False)

    @pytest.mark.parametrize("which", [0, 1])
    def test_half_a_pair_is_refused(self, files: tuple[Path, Path], which: int) -> None:
        """Even where plaintext is allowed: it was meant to be TLS."""
        half: list[Path | None] = [None, None]
        half[which] = files[which]

        with pytest.raises(SettingsInvalid, match="go together"):
            credentials("127.0.0.1:1", *half, allow_plaintext=True)

    def test_a_pair_is_used_on_loopback_too(self, files: tuple[Path, Path]) -> None:
        """Who gives files gets TLS."""
        given = credentials("127.0.0.1:1", *files, allow_plaintext=True)

        assert isinstance(given, grpc.ServerCredentials)

    @pytest.mark.parametrize(
        "pair",
        [(FIRST[0], SECOND[1]), (FIRST[0][:200], FIRST[1]), (b"", b""), FIRST[::-1]],
        ids=["mixed", "half-written", "empty", "swapped"],
    )
    def test_a_pair_that_does_not_fit_stops_the_start(
        self, files: tuple[Path, Path], pair: Pem
    ) -> None:
        """Before anything listens, with the names of the files."""
        write(files, pair)

        with pytest.raises(SettingsInvalid, match=r"server\.pem"):
            credentials("0.0.0.0:1", *files, allow_plaintext=False)

    def test_a_missing_file_stops_the_start(self, tmp_path: Path) -> None:
        """With its name."""
        with pytest.raises(SettingsInvalid, match="nowhere"):
            credentials(
                "0.0.0.0:1", tmp_path / "nowhere.pem", tmp_path / "no.key", allow_plaintext=False
            )


class TestChange:
    """Certificates are renewed under a running server."""

    def test_the_same_files_change_nothing(self, files: tuple[Path, Path]) -> None:
        """Asked for at each connection."""
        pair = _Pair(*files)
        pair.first()

        assert [None, None] == [pair.changed(), pair.changed()]

    def test_a_new_pair_is_taken_once(self, files: tuple[Path, Path]) -> None:
        """And is then the one in force."""
        pair = _Pair(*files)
        pair.first()
        write(files, SECOND)

        assert isinstance(pair.changed(), grpc.ServerCertificateConfiguration)
        assert pair.changed() is None

    def test_a_half_written_pair_keeps_the_old_one(self, files: tuple[Path, Path]) -> None:
        """Until the second file is there too."""
        pair = _Pair(*files)
        pair.first()
        files[0].write_bytes(SECOND[0])
        assert [None, None] == [pair.changed(), pair.changed()]

        files[1].write_bytes(SECOND[1])
        assert pair.changed() is not None

    def test_files_that_vanish_keep_the_old_one(self, files: tuple[Path, Path]) -> None:
        """And the old pair may come back."""
        pair = _Pair(*files)
        pair.first()
        files[1].unlink()
        assert pair.changed() is None

        write(files, FIRST)
        assert pair.changed() is None

        write(files, SECOND)
        assert pair.changed() is not None

    def test_no_copy_of_the_key_is_left_behind(
        self, files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The check needs files; they go with it."""
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(scratch))
        shared = Path("/dev/shm")
        before = {*shared.iterdir()} if shared.is_dir() else set()

        _Pair(*files).first()

        after = {*shared.iterdir()} if shared.is_dir() else set()
        assert [] == [*scratch.iterdir()]
        assert not [path for path in after - before if (path / "key").exists()]
