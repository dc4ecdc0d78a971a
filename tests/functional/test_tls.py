"""TLS: certificates from files that may change, plaintext only where it is safe or asked for."""

import asyncio
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hadir.client import ApiError, Client, Endpoint
from hadir.v1 import session_pb2

from server.errors import SettingsInvalid
from tests.functional.world import Api

pytestmark = pytest.mark.asyncio(loop_scope="module")


def write_pair(directory: Path, name: str) -> tuple[Path, Path]:
    """Writes a self-made certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(minutes=1)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "server.pem", directory / "server.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def shown_name(port: int) -> str:
    """Returns whose certificate a new connection is shown. Blocks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as raw,
        context.wrap_socket(raw) as connection,
    ):
        der = connection.getpeercert(binary_form=True)
    certificate = x509.load_der_x509_certificate(der)
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


async def asks(endpoint: Endpoint) -> session_pb2.CreateChallengeResponse:
    async with Client(endpoint) as client:
        return await Api(client).call("CreateChallenge", device_id="01TIDAKADA")


class TestTls:
    """A server with a certificate."""

    async def test_encrypted(self, open_copy, tmp_path):
        """A client that trusts the certificate gets through."""
        certificate, key = write_pair(tmp_path, "satu")
        async with open_copy(tls_certificate=certificate, tls_key=key) as world:
            answer = await asks(Endpoint(world.address, ca_file=certificate))

        assert 32 == len(answer.challenge)

    async def test_plaintext_client(self, open_copy, tmp_path):
        """A client that speaks plaintext does not."""
        certificate, key = write_pair(tmp_path, "satu")
        async with open_copy(tls_certificate=certificate, tls_key=key) as world:
            with pytest.raises(ApiError) as caught:
                await asks(Endpoint(world.address))

        assert "UNAVAILABLE" == caught.value.code.name

    async def test_untrusted(self, open_copy, tmp_path):
        """Nor does one that trusts another certificate, and it is told so."""
        certificate, key = write_pair(tmp_path, "satu")
        (tmp_path / "other").mkdir()
        other, _ = write_pair(tmp_path / "other", "dua")
        async with open_copy(tls_certificate=certificate, tls_key=key) as world:
            with pytest.raises(ApiError) as caught:
                await asks(Endpoint(world.address, ca_file=other, language="en"))

        assert caught.value.message.startswith("The TLS connection to the server failed.")

    async def test_reload(self, open_copy, tmp_path):
        """New connections see a new pair; a broken one leaves the last good pair in force."""
        certificate, key = write_pair(tmp_path, "satu")
        async with open_copy(tls_certificate=certificate, tls_key=key) as world:
            port, seen = world.app.server.port, []

            async def look() -> None:
                seen.append(await asyncio.to_thread(shown_name, port))

            await look()
            async with Client(Endpoint(world.address, ca_file=certificate)) as old:
                await Api(old).call("CreateChallenge", device_id="01TIDAKADA")
                write_pair(tmp_path, "dua")
                await look()
                good = key.read_bytes()
                key.write_text("-----BEGIN PRIVATE KEY-----\nhalf\n")
                await look()
                key.unlink()
                await look()
                key.write_bytes(good)
                await look()
                write_pair(tmp_path, "tiga")
                await look()
                answer = await Api(old).call("CreateChallenge", device_id="01TIDAKADA")

        assert ["satu", "dua", "dua", "dua", "dua", "tiga"] == seen
        assert 32 == len(answer.challenge)


class TestSettings:
    """The server does not start where passwords would cross a network in the clear."""

    @pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
    async def test_plaintext_refused(self, open_copy, listen):
        """An address that is not loopback needs TLS, and the message says how."""
        with pytest.raises(SettingsInvalid, match="set tls_certificate and tls_key"):
            async with open_copy(listen=listen):
                pass

    async def test_plaintext_asked_for(self, open_copy):
        """Behind a proxy that does TLS, the operator may say so."""
        async with open_copy(listen="0.0.0.0:0", allow_plaintext=True) as world:
            answer = await asks(Endpoint(world.address))

        assert 32 == len(answer.challenge)

    @pytest.mark.parametrize("missing", ["certificate", "key", "both files", "match"])
    async def test_half_a_pair(self, open_copy, tmp_path, missing):
        """A pair that is no pair keeps the server from starting, and names the files."""
        certificate, key = write_pair(tmp_path, "satu")
        changes = {"tls_certificate": certificate, "tls_key": key}
        match missing:
            case "certificate":
                changes["tls_certificate"] = None
            case "key":
                changes["tls_key"] = None
            case "both files":
                certificate.unlink()
            case _:
                (tmp_path / "other").mkdir()
                changes["tls_key"] = write_pair(tmp_path / "other", "dua")[1]

        with pytest.raises(SettingsInvalid, match=r"tls_certificate|TLS files"):
            async with open_copy(**changes):
                pass
