"""What a phone signs: the hash chain of its frames with everything that the check-in claims.

The exact bytes are part of the API (checkin.proto, SealCheckIn).
"""

import hashlib
import struct
from datetime import UTC, datetime, timedelta

from server.domain.model import EventKind, Location

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KIND_NUMBER = {EventKind.IN: 1, EventKind.OUT: 2}


class FrameChain:
    """Hash chain over the frames of one stream; begins with the stream's nonce."""

    def __init__(self, nonce: bytes) -> None:
        self.head = hashlib.sha256(b"hadir-frames-v1" + nonce).digest()

    def add(self, frame_number: int, capture_time: datetime, jpeg_digest: bytes) -> None:
        """Appends a frame; jpeg_digest is the SHA-256 of its bytes."""
        millis = (capture_time - _EPOCH) // timedelta(milliseconds=1)
        link = struct.pack(">Qq", frame_number, millis)
        self.head = hashlib.sha256(self.head + link + jpeg_digest).digest()


def location_digest(location: Location) -> bytes:
    """SHA-256 of a location as the API packs it."""
    packed = struct.pack(
        ">ddf?", location.latitude, location.longitude, location.accuracy_m, location.mock
    )
    return hashlib.sha256(packed).digest()


def seal_payload(
    *,
    device_id: str,
    nip: str,
    request_id: str,
    kind: EventKind,
    nonce: bytes,
    location: Location,
    chain_head: bytes,
) -> bytes:
    """Returns the bytes that the phone signs."""
    parts = (
        b"hadir-checkin-v1",
        device_id.encode(),
        nip.encode(),
        request_id.encode(),
        bytes([KIND_NUMBER[kind]]),
        nonce,
        location_digest(location),
        chain_head,
    )
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def request_digest(kind: EventKind, location: Location) -> bytes:
    """SHA-256 of what a check-in request asks for, to tell a retry from a reused id."""
    content = b"hadir-request-v1" + bytes([KIND_NUMBER[kind]]) + location_digest(location)
    return hashlib.sha256(content).digest()
