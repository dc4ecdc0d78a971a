"""The client library: where it dares plaintext, what its errors say, and a device's protocol."""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from hadir.client import ApiError, Client, Endpoint, EndpointError, read_error
from hadir.device import (
    DeviceKey,
    FrameChain,
    Identity,
    IdentityError,
    activate,
    load_identity,
    location_hash,
    login,
    normal_code,
    pending_key,
    save_identity,
    save_key,
    seal_message,
    seal_signature,
)
from hadir.v1 import (
    checkin_pb2,
    device_pb2,
    device_pb2_grpc,
    event_pb2,
    frame_pb2,
    session_pb2,
    session_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from google.protobuf.message import Message

    Context = grpc.aio.ServicerContext[Any, Any]

CHALLENGE = bytes(range(32))


class FakeDevices(device_pb2_grpc.DeviceServiceServicer):
    """Remembers the activation and answers with a phone, or with an error."""

    def __init__(self, failure: status_pb2.Status | None = None) -> None:
        self.failure = failure
        self.request = device_pb2.ActivateDeviceRequest()

    async def ActivateDevice(
        self, request: device_pb2.ActivateDeviceRequest, context: Context
    ) -> device_pb2.Device:
        """Answer as told."""
        self.request = request
        if self.failure is not None:
            await context.abort_with_status(rpc_status.to_status(self.failure))
        return device_pb2.Device(
            device_id="01DEVICE",
            kind=device_pb2.DEVICE_KIND_PHONE,
            nip="199001012015011001",
            display_name="Siti",
        )


class FakeSessions(session_pb2_grpc.SessionServiceServicer):
    """Remembers what a login sent."""

    def __init__(self) -> None:
        self.request = session_pb2.OpenDeviceSessionRequest()
        self.metadata_keys: set[str] = set()

    async def CreateChallenge(
        self, _: session_pb2.CreateChallengeRequest, context: Context
    ) -> session_pb2.CreateChallengeResponse:
        """Give the same challenge always."""
        self.metadata_keys.update(key for key, _ in context.invocation_metadata() or ())
        return session_pb2.CreateChallengeResponse(challenge=CHALLENGE)

    async def OpenDeviceSession(
        self, request: session_pb2.OpenDeviceSessionRequest, context: Context
    ) -> session_pb2.Session:
        """Accept every signature; the test judges it."""
        self.metadata_keys.update(key for key, _ in context.invocation_metadata() or ())
        self.request = request
        return session_pb2.Session(token="fresh", device_id=request.device_id)


@asynccontextmanager
async def serve(
    devices: FakeDevices | None = None,
    sessions: FakeSessions | None = None,
    credentials: grpc.ServerCredentials | None = None,
) -> AsyncIterator[int]:
    """Serve the fakes on a free port."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    device_pb2_grpc.add_DeviceServiceServicer_to_server(devices or FakeDevices(), server)
    session_pb2_grpc.add_SessionServiceServicer_to_server(sessions or FakeSessions(), server)
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


def verifies(public_der: bytes, signature: bytes, data: bytes) -> bool:
    """Whether an ECDSA signature over data fits a public key."""
    public = serialization.load_der_public_key(public_der)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    try:
        public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def certificate(name: str) -> tuple[bytes, bytes]:
    """Return key and self-signed certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, built.public_bytes(serialization.Encoding.PEM)


def status(
    *details: Message, code: grpc.StatusCode = grpc.StatusCode.NOT_FOUND
) -> status_pb2.Status:
    """Return a google.rpc.Status with details."""
    packed = [AnyMessage() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    return status_pb2.Status(code=code.value[0], message="for developers", details=packed)


def phone_identity() -> Identity:
    """Return an activated phone."""
    return Identity("01DEVICE", "phone", "localhost:1", DeviceKey.generate(), "199001012015011001")


class TestEndpoint:
    """Plaintext only where it cannot leave the machine, unless the operator says so."""

    @pytest.mark.parametrize(
        "address",
        [
            "localhost:1",
            "LocalHost:1",
            "127.0.0.1:1",
            "127.8.9.10:1",
            "[::1]:1",
            "dns:///localhost:1",
            "ipv4:127.0.0.1:1",
            "unix:/run/hadir.sock",
        ],
    )
    def test_loopback_is_plaintext(self, address: str) -> None:
        """Every way to write this machine's own address."""
        assert Endpoint(address).plaintext

    @pytest.mark.parametrize(
        "address",
        [
            "hadir.example:443",
            "10.0.0.1:1",
            "0.0.0.0:1",
            "localhost.example:1",
            "127.0.0.1.example:1",
            "ipv4:127.0.0.1:1,10.0.0.1:1",
            "xds:///localhost",
            "127.0.0.1@example:1",
            "[fe80::1]:1",
        ],
    )
    def test_everything_else_needs_tls(self, address: str) -> None:
        """Names that only look local are not."""
        assert not Endpoint(address).plaintext
        assert Endpoint(address, allow_plaintext=True).plaintext

    def test_a_ca_file_means_tls_even_on_loopback(self, tmp_path: Path) -> None:
        """Who names a CA wants TLS."""
        assert not Endpoint("localhost:1", ca_file=tmp_path / "ca.pem").plaintext

    async def test_impossible_endpoints_say_what_to_change(self, tmp_path: Path) -> None:
        """Before anything is sent."""
        text_file = tmp_path / "ca.pem"
        text_file.write_text("no certificate")
        for endpoint, part in (
            (Endpoint(""), "HOST:PORT"),
            (Endpoint("a:1", ca_file=tmp_path / "missing.pem"), "missing.pem"),
            (Endpoint("a:1", ca_file=text_file), "PEM"),
            (Endpoint("a:1", ca_file=text_file, allow_plaintext=True), "exclude each other"),
        ):
            with pytest.raises(EndpointError, match=part):
                Client(endpoint)

    async def test_tls_with_the_operators_own_ca(self, tmp_path: Path) -> None:
        """The usual set-up of an office: a private CA."""
        key, pem = certificate("localhost")
        (tmp_path / "ca.pem").write_bytes(pem)
        async with serve(credentials=grpc.ssl_server_credentials([(key, pem)])) as port:
            endpoint = Endpoint(f"localhost:{port}", ca_file=tmp_path / "ca.pem")
            async with Client(endpoint) as client:
                identity = await activate(client, "CODE", model="test")

        assert identity.device_id == "01DEVICE"

    async def test_a_server_without_tls_is_named_as_the_cause(self) -> None:
        """0.0.0.0 reaches this machine, but does not count as loopback."""
        async with serve() as port, Client(Endpoint(f"0.0.0.0:{port}")) as client:
            with pytest.raises(ApiError, match="TLS"):
                await activate(client, "CODE", model="test")


class TestMetadata:
    """Every call carries the language, and the session once there is one."""

    async def test_metadata(self) -> None:
        """The token can be set after the login."""
        async with Client(Endpoint("localhost:1", language="en")) as client:
            before = client.metadata
            client.token = "t"
            after = client.metadata

        assert before == (("accept-language", "en"),)
        assert after == (("authorization", "Bearer t"), ("accept-language", "en"))


class TestErrors:
    """Users read the server's words in their language, never gRPC's."""

    async def test_reason_text_metadata_and_wait(self) -> None:
        """All of it comes back through a real socket."""
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(1500)
        failure = status(
            error_details_pb2.ErrorInfo(reason="ACTIVATION_CODE_INVALID", metadata={"a": "b"}),
            error_details_pb2.LocalizedMessage(locale="id", message="Kode tidak berlaku."),
            retry,
        )
        async with (
            serve(FakeDevices(failure)) as port,
            Client(Endpoint(f"127.0.0.1:{port}")) as client,
        ):
            with pytest.raises(ApiError, match=r"Kode tidak berlaku\.") as caught:
                await activate(client, "CODE", model="test")

        error = caught.value
        assert error.code is grpc.StatusCode.NOT_FOUND
        assert error.reason == "ACTIVATION_CODE_INVALID"
        assert error.metadata == {"a": "b"}
        assert error.retry_after_s == 1.5
        assert isinstance(error.__cause__, grpc.aio.AioRpcError)

    @pytest.mark.parametrize(
        ("language", "part"), [("id", "tidak dapat dihubungi"), ("en", "reached")]
    )
    async def test_nobody_listens(self, language: str, part: str) -> None:
        """The fallback text is in the client's language."""
        async with serve() as port:
            pass
        async with Client(Endpoint(f"127.0.0.1:{port}", language=language)) as client:
            with pytest.raises(ApiError, match=part) as caught:
                await login(client, phone_identity())

        assert caught.value.reason == "UNAVAILABLE"

    def test_pushback_counts_where_no_wait_is_given(self) -> None:
        """As gRPC's own retries would read it."""
        assert read_error(aio_error(("grpc-retry-pushback-ms", "250"))).retry_after_s == 0.25
        assert read_error(aio_error(("grpc-retry-pushback-ms", "-1"))).retry_after_s is None

    def test_broken_details_do_not_hide_the_code(self) -> None:
        """Details of another server, or damaged ones."""
        error = read_error(aio_error(("grpc-status-details-bin", b"\xff\xff")))

        assert error.reason == "INTERNAL"
        assert "oops" in error.message


def aio_error(*trailers: tuple[str, Any]) -> grpc.aio.AioRpcError:
    """Return an error as gRPC raises it."""
    metadata = grpc.aio.Metadata(*trailers)
    return grpc.aio.AioRpcError(
        grpc.StatusCode.INTERNAL, grpc.aio.Metadata(), metadata, details="oops"
    )


class TestIdentityFiles:
    """A key is readable by its owner only, and never lost half-way."""

    def test_round_trip(self, tmp_path: Path) -> None:
        """What is saved is loaded, in files of mode 0600."""
        saved = phone_identity()
        save_identity(saved, tmp_path / "new")
        loaded = load_identity(tmp_path / "new")

        assert replace(loaded, key=saved.key) == saved
        assert loaded.key.to_pem() == saved.key.to_pem()
        assert loaded.key.to_pem().startswith(b"-----BEGIN PRIVATE KEY-----")
        modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
        assert modes == {0o600}

    def test_a_new_key_leaves_the_old_identity_usable(self, tmp_path: Path) -> None:
        """Until the server has accepted it; then the old key goes."""
        old, new = phone_identity(), phone_identity()
        save_identity(old, tmp_path)
        save_key(new.key, tmp_path)
        assert load_identity(tmp_path).key.to_pem() == old.key.to_pem()

        save_identity(new, tmp_path)

        assert load_identity(tmp_path).key.to_pem() == new.key.to_pem()
        assert len(list(tmp_path.glob("key-*.pem"))) == 1

    def test_a_key_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        """As ssh does."""
        identity = phone_identity()
        save_identity(identity, tmp_path)
        (tmp_path / identity.key_file).chmod(0o644)

        with pytest.raises(IdentityError, match="chmod 600"):
            load_identity(tmp_path)

    @pytest.mark.parametrize("content", ["", "{}", "[]", '{"key_file": 3}', "\0"])
    def test_damaged_files_say_what_to_do(self, tmp_path: Path, content: str) -> None:
        """Never a traceback."""
        (tmp_path / "device.json").write_text(content)

        with pytest.raises(IdentityError, match="activate again"):
            load_identity(tmp_path)

    def test_the_key_of_an_activation_that_was_not_answered(self, tmp_path: Path) -> None:
        """Is found again, until it is the device's; what cannot be read is none."""
        assert pending_key(tmp_path) is None
        key = DeviceKey.generate()
        save_key(key, tmp_path)
        (tmp_path / "key-0.pem").write_text("damaged")

        found = pending_key(tmp_path)
        save_identity(Identity("d", "kiosk", "127.0.0.1:1", key=key), tmp_path)

        assert found is not None
        assert key.public_der == found.public_der
        assert pending_key(tmp_path) is None

    def test_not_activated(self, tmp_path: Path) -> None:
        """The first start."""
        with pytest.raises(IdentityError, match="ask BKD"):
            load_identity(tmp_path)

    def test_another_curve_is_no_device_key(self) -> None:
        """Only P-256."""
        pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

        with pytest.raises(ValueError, match="P-256"):
            DeviceKey.from_pem(pem)


class TestProtocol:
    """The bytes that are signed, spelled out from the comments in the API."""

    async def test_activation_proves_the_key(self) -> None:
        """Prefix, zero byte, code without hyphens in upper case, public key."""
        devices = FakeDevices()
        async with serve(devices) as port, Client(Endpoint(f"127.0.0.1:{port}")) as client:
            identity = await activate(client, "7kq2-m9 xa", model="Test 1")

        request = devices.request
        signed = b"hadir-activate-v1\x007KQ2M9XA" + request.public_key
        assert verifies(request.public_key, request.signature, signed)
        assert request.public_key == identity.key.public_der
        assert (request.model, identity.nip, identity.kind) == (
            "Test 1",
            "199001012015011001",
            "phone",
        )
        assert normal_code(" a-b c ") == "ABC"

    async def test_login_signs_the_challenge(self) -> None:
        """And sends no old token, which the server would refuse."""
        sessions, identity = FakeSessions(), phone_identity()
        async with (
            serve(sessions=sessions) as port,
            Client(Endpoint(f"127.0.0.1:{port}"), token="expired") as client,
        ):
            await login(client, identity)
            token = client.token

        signed = b"hadir-login-v1\x00" + b"01DEVICE" + CHALLENGE
        assert verifies(identity.key.public_der, sessions.request.signature, signed)
        assert sessions.request.challenge == CHALLENGE
        assert token == "fresh"
        assert "accept-language" in sessions.metadata_keys
        assert "authorization" not in sessions.metadata_keys

    def test_frame_chain(self) -> None:
        """Number, milliseconds and image, hashed onto the value before."""
        chain, expected = FrameChain(b"nonce"), hashlib.sha256(b"hadir-frames-v1nonce").digest()
        assert chain.value() == expected
        for number, jpeg in ((1, b"one"), (2, b"two")):
            frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg)
            # Finer digits than milliseconds are cut.
            frame.capture_time.FromNanoseconds(1_700_000_000_123_999_999)
            chain.add(frame)
            head = number.to_bytes(8, "big") + (1_700_000_000_123).to_bytes(8, "big")
            expected = hashlib.sha256(expected + head + hashlib.sha256(jpeg).digest()).digest()
            assert chain.value(number) == expected

        assert chain.value() == chain.value(99) == expected
        assert chain.value(1) != expected
        assert chain.value(0) == FrameChain(b"nonce").value()

    def test_seal(self) -> None:
        """Eight parts, each with its length in front."""
        identity = phone_identity()
        place = event_pb2.Location(latitude=0.73, longitude=127.5, accuracy_m=12.5, mock=True)
        opened = checkin_pb2.OpenCheckIn(
            request_id="r-1", kind=event_pb2.EVENT_KIND_OUT, location=place
        )
        place_hash = hashlib.sha256(
            struct.pack(">d", 0.73) + struct.pack(">d", 127.5) + struct.pack(">f", 12.5) + b"\x01"
        ).digest()
        parts = [b"hadir-checkin-v1", b"01DEVICE", b"199001012015011001", b"r-1", b"\x02"]
        parts += [b"n" * 32, place_hash, b"c" * 32]
        expected = b"".join(len(part).to_bytes(4, "big") + part for part in parts)

        message = seal_message(identity, opened, nonce=b"n" * 32, chain=b"c" * 32)
        signature = seal_signature(identity, opened, nonce=b"n" * 32, chain=b"c" * 32)

        assert location_hash(place) == place_hash
        assert message == expected
        assert verifies(identity.key.public_der, signature, expected)


class TestLostStatus:
    """What grpc.aio makes of a write that meets the end of its call."""

    def test_counts_as_a_lost_connection(self) -> None:
        """The reason is gone; trying again is right and brings it to light."""
        lost = grpc.aio.AioRpcError(
            grpc.StatusCode.INTERNAL,
            grpc.aio.Metadata(),
            grpc.aio.Metadata(),
            details="Internal error from Core",
        )

        error = read_error(lost)

        assert (grpc.StatusCode.UNAVAILABLE, "CALL_ENDED") == (error.code, error.reason)
