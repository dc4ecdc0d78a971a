"""A device's key and its side of the protocol: activation, login, and the seal of a check-in.

Follows the comments in proto/hadir/v1 alone, on purpose: a second writing of the protocol beside
the server's. Knows only grpc, cryptography and hadir.v1.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import json
import os
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import grpc
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hadir.client import UNARY_DEADLINE_S, ApiError, readable_errors
from hadir.v1 import device_pb2, device_pb2_grpc, session_pb2, session_pb2_grpc

if TYPE_CHECKING:
    from hadir.client import Client
    from hadir.v1 import checkin_pb2, event_pb2, frame_pb2

IDENTITY_FILE: Final = "device.json"
DIRECTORY_MODE: Final = 0o700
# An answer that is lost is asked for again, so often and so long after.
ACTIVATE_TRIES: Final = 3
ACTIVATE_RETRY_S: Final = 1.0
_LOST: Final = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}

_ACTIVATE_PREFIX: Final = b"hadir-activate-v1\0"
_LOGIN_PREFIX: Final = b"hadir-login-v1\0"
_CHECKIN_LABEL: Final = b"hadir-checkin-v1"
_CHAIN_LABEL: Final = b"hadir-frames-v1"
_KIND_NAMES: Final = {device_pb2.DEVICE_KIND_PHONE: "phone", device_pb2.DEVICE_KIND_KIOSK: "kiosk"}


class IdentityError(Exception):
    """A device's key or identity cannot be used; the message says what to do."""


class DeviceKey:
    """A P-256 key; the private half leaves this object only into its own file."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read a key as `to_pem` writes it."""
        match serialization.load_pem_private_key(pem, password=None):
            case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()) as private:
                return cls(private)
        message = "not a P-256 key"
        raise ValueError(message)

    def to_pem(self) -> bytes:
        """Return the private key as PKCS8 in PEM, not encrypted."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def public_der(self) -> bytes:
        """Public key as DER SubjectPublicKeyInfo."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, data: bytes) -> bytes:
        """Sign with ECDSA and SHA-256, in DER."""
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a device is, once activated."""

    device_id: str
    kind: str
    address: str
    key: DeviceKey
    nip: str = ""
    display_name: str = ""

    @property
    def key_file(self) -> str:
        """Name of the key's file, so that a new key never overwrites the one still in use."""
        return f"key-{hashlib.sha256(self.key.public_der).hexdigest()[:12]}.pem"


def save_identity(identity: Identity, directory: Path) -> None:
    """Keep key and identity in `directory`, readable by the owner only.

    The identity file names its key, so replacing that one file switches both at once.
    """
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    save_key(identity.key, directory)
    fields = {
        "device_id": identity.device_id,
        "kind": identity.kind,
        "address": identity.address,
        "nip": identity.nip,
        "display_name": identity.display_name,
        "key_file": identity.key_file,
    }
    _write_private(directory / IDENTITY_FILE, (json.dumps(fields, indent=2) + "\n").encode())
    for other in directory.glob("key-*.pem"):
        if other.name != identity.key_file:
            other.unlink(missing_ok=True)


def save_key(key: DeviceKey, directory: Path) -> None:
    """Keep a key before the server learns of it, so that a full disk cannot cost the code."""
    directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    name = Identity(device_id="", kind="", address="", key=key).key_file
    _write_private(directory / name, key.to_pem())


def pending_key(directory: Path) -> DeviceKey | None:
    """Return the key of an activation that was not answered, None if there was none."""
    try:
        named = str(json.loads((directory / IDENTITY_FILE).read_bytes())["key_file"])
    except (OSError, ValueError, KeyError, TypeError):
        named = ""
    for path in sorted(directory.glob("key-*.pem")):
        if path.name != named:
            try:
                return _load_key(path)
            except (ValueError, OSError):
                continue
    return None


def load_identity(directory: Path) -> Identity:
    """Read what `save_identity` kept."""
    path = directory / IDENTITY_FILE
    try:
        fields = json.loads(path.read_bytes())
        key = _load_key(directory / Path(fields["key_file"]).name)
        return Identity(
            device_id=str(fields["device_id"]),
            kind=str(fields["kind"]),
            address=str(fields["address"]),
            key=key,
            nip=str(fields.get("nip", "")),
            display_name=str(fields.get("display_name", "")),
        )
    except FileNotFoundError as error:
        message = (
            f"Perangkat belum diaktifkan; minta kode aktivasi ke BKD. / This device is not "
            f"activated yet; ask BKD for an activation code. ({error.filename})"
        )
        raise IdentityError(message) from error
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        message = (
            f"Berkas identitas tidak dapat dipakai; aktifkan ulang. / The identity file cannot be "
            f"used; activate again. ({path}: {error})"
        )
        raise IdentityError(message) from error


def normal_code(code: str) -> str:
    """Return the code as it is signed: without hyphens and spaces, in upper case."""
    return "".join(code.split()).replace("-", "").upper()


async def activate(
    client: Client, code: str, *, model: str, key: DeviceKey | None = None, handset_id: str = ""
) -> Identity:
    """Activate a device with the code that BKD issued; a new key is made unless one is given.

    Asks again with that key where the answer is lost: a code is good for one key only.
    """
    key = DeviceKey.generate() if key is None else key
    proof = key.sign(_ACTIVATE_PREFIX + normal_code(code).encode() + key.public_der)
    request = device_pb2.ActivateDeviceRequest(
        activation_code=code,
        public_key=key.public_der,
        signature=proof,
        model=model,
        handset_id=handset_id,
    )
    stub = device_pb2_grpc.DeviceServiceStub(client.channel)
    for tries_left in reversed(range(ACTIVATE_TRIES)):
        try:
            with readable_errors(client.endpoint.language):
                device: device_pb2.Device = await stub.ActivateDevice(
                    request, metadata=client.metadata, timeout=UNARY_DEADLINE_S
                )
            break
        except ApiError as error:
            if error.code not in _LOST or not tries_left:
                raise
            await asyncio.sleep(
                error.retry_after_s or ACTIVATE_RETRY_S * (ACTIVATE_TRIES - tries_left)
            )
    return Identity(
        device_id=device.device_id,
        kind=_KIND_NAMES.get(device.kind, ""),
        address=client.endpoint.address,
        key=key,
        nip=device.nip,
        display_name=device.display_name,
    )


async def login(client: Client, identity: Identity) -> session_pb2.Session:
    """Open a session with a signed challenge and give its token to `client`."""
    stub = session_pb2_grpc.SessionServiceStub(client.channel)
    # An expired token must not stand in the way of its own replacement.
    client.token = None
    call = {"metadata": client.metadata, "timeout": UNARY_DEADLINE_S}
    with readable_errors(client.endpoint.language):
        asked = await stub.CreateChallenge(
            session_pb2.CreateChallengeRequest(device_id=identity.device_id), **call
        )
        request = session_pb2.OpenDeviceSessionRequest(
            device_id=identity.device_id,
            challenge=asked.challenge,
            signature=login_signature(identity, asked.challenge),
        )
        session: session_pb2.Session = await stub.OpenDeviceSession(request, **call)
    client.token = session.token
    return session


def login_signature(identity: Identity, challenge: bytes) -> bytes:
    """Sign a login challenge."""
    return identity.key.sign(_LOGIN_PREFIX + identity.device_id.encode() + challenge)


class FrameChain:
    """Hash chain over the frames of one check-in, in the order sent."""

    def __init__(self, nonce: bytes) -> None:
        self._values = [hashlib.sha256(_CHAIN_LABEL + nonce).digest()]
        self._numbers = [0]

    def add(self, frame: frame_pb2.Frame) -> None:
        """Append a frame that is about to be sent."""
        head = struct.pack(">Qq", frame.frame_number, frame.capture_time.ToMilliseconds())
        content = self._values[-1] + head + hashlib.sha256(frame.jpeg).digest()
        self._values.append(hashlib.sha256(content).digest())
        self._numbers.append(frame.frame_number)

    def value(self, last_frame_number: int | None = None) -> bytes:
        """Return the chain up to and with `last_frame_number`, or with the last frame added."""
        if last_frame_number is None:
            return self._values[-1]
        return self._values[bisect.bisect_right(self._numbers, last_frame_number) - 1]


def location_hash(location: event_pb2.Location) -> bytes:
    """Hash a location as the seal carries it."""
    fields = (location.latitude, location.longitude, location.accuracy_m, location.mock)
    return hashlib.sha256(struct.pack(">ddf?", *fields)).digest()


def seal_message(
    identity: Identity, opened: checkin_pb2.OpenCheckIn, *, nonce: bytes, chain: bytes
) -> bytes:
    """Return what the seal of a check-in signs: every part with its length in front."""
    parts = (
        _CHECKIN_LABEL,
        identity.device_id.encode(),
        identity.nip.encode(),
        opened.request_id.encode(),
        bytes([opened.kind]),
        nonce,
        location_hash(opened.location),
        chain,
    )
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def seal_signature(
    identity: Identity, opened: checkin_pb2.OpenCheckIn, *, nonce: bytes, chain: bytes
) -> bytes:
    """Sign a check-in with the phone's key."""
    return identity.key.sign(seal_message(identity, opened, nonce=nonce, chain=chain))


def _load_key(path: Path) -> DeviceKey:
    if path.stat().st_mode & 0o077:
        message = f"the key can be read by others; run: chmod 600 {path}"
        raise ValueError(message)
    try:
        return DeviceKey.from_pem(path.read_bytes())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step; mkstemp makes it readable by the owner only."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
