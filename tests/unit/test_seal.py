"""What a phone signs, byte by byte, from the comment of SealCheckIn: three writings agree.

The spelling in this file uses neither the server's nor the phone's code.
"""

import hashlib
import math
import struct
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hadir import device
from hadir.v1 import checkin_pb2, event_pb2, frame_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.model import EventKind, Location
from server.domain.seal import FrameChain, location_digest, request_digest, seal_payload
from server.services.keys import signature_fits

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOCATION = Location(0.7366, 127.5619, 12.5, mock=False)
NONCE = bytes(range(32))
DEVICE, NIP, REQUEST = "01JDEVICE", "198501152010011001", "0b7e2c1e-3f0d-4c55-9d6f-6d2a1c1c9a11"
MILLIS = st.integers(-(10**11), 10**13)
FLOAT32 = st.floats(0.125, 999_999, width=32)
LOCATIONS = st.builds(Location, st.floats(-90, 90), st.floats(-180, 180), FLOAT32, st.booleans())
FRAMES = st.lists(st.tuples(st.integers(1, 2**63), MILLIS, st.binary(max_size=20)), max_size=5)
QUICK = settings(deadline=None, max_examples=25)


def sha(*parts: bytes) -> bytes:
    """SHA-256 of parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def at(millis: int) -> datetime:
    """Returns the time so many milliseconds after 1970."""
    return EPOCH + timedelta(milliseconds=millis)


def spelled_chain(nonce: bytes, frames: list[tuple[int, int, bytes]]) -> bytes:
    """The frame chain as the comment says."""
    link = sha(b"hadir-frames-v1", nonce)
    for number, millis, jpeg in frames:
        link = sha(link, number.to_bytes(8), millis.to_bytes(8, signed=True), sha(jpeg))
    return link


def spelled_location(location: Location) -> bytes:
    """The hashed location as the comment says."""
    numbers = (location.latitude, location.longitude)
    doubles = b"".join(struct.pack(">d", number) for number in numbers)
    return sha(doubles, struct.pack(">f", location.accuracy_m), bytes([location.mock]))


def server_chain(nonce: bytes, frames: list[tuple[int, int, bytes]]) -> bytes:
    """The frame chain as the server computes it."""
    chain = FrameChain(nonce)
    for number, millis, jpeg in frames:
        chain.add(number, at(millis), hashlib.sha256(jpeg).digest())
    return chain.head


def opened(kind: EventKind, location: Location) -> checkin_pb2.OpenCheckIn:
    """Returns the message that a phone sends first."""
    return checkin_pb2.OpenCheckIn(
        request_id=REQUEST,
        kind={EventKind.IN: 1, EventKind.OUT: 2}[kind],
        location=event_pb2.Location(
            latitude=location.latitude,
            longitude=location.longitude,
            accuracy_m=location.accuracy_m,
            mock=location.mock,
        ),
    )


def payload(kind: EventKind, location: Location, chain: bytes) -> bytes:
    """What the server expects to be signed."""
    return seal_payload(
        device_id=DEVICE, nip=NIP, request_id=REQUEST, kind=kind, nonce=NONCE,
        location=location, chain_head=chain,
    )  # fmt: skip


class TestFrameChain:
    """Every frame, its number and its time are in the seal."""

    @QUICK
    @given(st.binary(min_size=32, max_size=32), FRAMES)
    def test_is_what_the_api_says(self, nonce: bytes, frames: list[tuple[int, int, bytes]]) -> None:
        """Server, phone library and this file's own spelling."""
        phone = device.FrameChain(nonce)
        for number, millis, jpeg in frames:
            frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg)
            frame.capture_time.FromMilliseconds(millis)
            phone.add(frame)

        assert spelled_chain(nonce, frames) == server_chain(nonce, frames)
        assert spelled_chain(nonce, frames) == phone.value()

    def test_these_bytes_never_change(self) -> None:
        """Phones in the field have them built in."""
        frames = [(1, 1_795_521_600_000, b"first"), (2, 1_795_521_600_200, b"second")]

        assert (
            "5e830c84e0123520c12e38664e39adf13233524ef8ed1b7323e80d4e7503d5cd"
            == server_chain(NONCE, frames).hex()
        )

    def test_fractions_of_a_millisecond_are_cut(self) -> None:
        """Also before 1970, where cutting means earlier."""
        for millis in (1_795_521_600_123, -1_500):
            finer = at(millis) + timedelta(microseconds=999)
            chain = FrameChain(NONCE)
            chain.add(1, finer, sha(b"x"))
            frame = frame_pb2.Frame(frame_number=1, jpeg=b"x")
            frame.capture_time.FromDatetime(finer)
            phone = device.FrameChain(NONCE)
            phone.add(frame)

            assert spelled_chain(NONCE, [(1, millis, b"x")]) == chain.head
            assert chain.head == phone.value()

    @pytest.mark.parametrize(
        "other",
        [
            [(1, 1000, b"a")],
            [(2, 1200, b"b"), (1, 1000, b"a")],
            [(1, 1000, b"a"), (2, 1200, b"c")],
            [(1, 1000, b"a"), (2, 1201, b"b")],
            [(1, 1000, b"a"), (3, 1200, b"b")],
            [(1, 1000, b"a"), (2, 1200, b"b"), (3, 1400, b"c")],
        ],
    )
    def test_any_other_frame_makes_another_chain(self, other: list[tuple[int, int, bytes]]) -> None:
        """Left out, in another order, changed, later, renumbered, added."""
        frames = [(1, 1000, b"a"), (2, 1200, b"b")]

        assert server_chain(NONCE, frames) != server_chain(NONCE, other)
        assert server_chain(NONCE, frames) != server_chain(bytes(32), frames)


class TestLocationDigest:
    """The place is sealed as it was claimed."""

    @QUICK
    @given(LOCATIONS)
    def test_is_what_the_api_says(self, location: Location) -> None:
        """25 bytes, hashed; the accuracy has the 4 bytes of the field."""
        phone = device.location_hash(opened(EventKind.IN, location).location)

        assert spelled_location(location) == location_digest(location) == phone

    def test_minus_zero_is_another_place_than_zero(self) -> None:
        """Bytes are sealed, not numbers: both sides pack what was sent."""
        plus, minus = Location(0.0, 0, 1, mock=False), Location(-0.0, 0, 1, mock=False)

        assert location_digest(plus) != location_digest(minus)
        assert math.copysign(1, opened(EventKind.IN, minus).location.latitude) == -1


class TestPayload:
    """The signed bytes: eight parts, each with its length in front."""

    @QUICK
    @given(LOCATIONS, st.sampled_from(EventKind), st.binary(min_size=32, max_size=32))
    def test_is_what_the_api_says(self, location: Location, kind: EventKind, chain: bytes) -> None:
        """Server, phone library and this file's own spelling."""
        parts = [
            b"hadir-checkin-v1",
            DEVICE.encode(),
            NIP.encode(),
            REQUEST.encode(),
            b"\x01" if kind is EventKind.IN else b"\x02",
            NONCE,
            spelled_location(location),
            chain,
        ]
        spelled = b"".join(len(part).to_bytes(4) + part for part in parts)
        identity = device.Identity(DEVICE, "phone", "", device.DeviceKey.generate(), NIP)
        phone = device.seal_message(identity, opened(kind, location), nonce=NONCE, chain=chain)

        assert spelled == payload(kind, location, chain) == phone

    def test_these_bytes_never_change(self) -> None:
        """SHA-256 of the payload of one check-in."""
        signed = payload(EventKind.OUT, LOCATION, bytes(32))

        assert (
            "438c41b11b1d746cb96a7c23a6d60129efa99d4b4eb5955d960d5967aec38d45"
            == hashlib.sha256(signed).hexdigest()
        )

    def test_kinds_are_numbered_as_in_the_api(self) -> None:
        """The byte in the payload is the number of the enum."""
        for kind in EventKind:
            number = event_pb2.EventKind.Value(f"EVENT_KIND_{kind.value}")
            other = payload(kind, LOCATION, bytes(32))

            assert b"\0\0\0\x01" + bytes([number]) + b"\0\0\0\x20" + NONCE in other

    def test_parts_cannot_be_shifted_into_each_other(self) -> None:
        """The lengths keep "ab" + "c" and "a" + "bc" apart."""
        common = {"request_id": "", "kind": EventKind.IN, "nonce": NONCE,
                  "location": LOCATION, "chain_head": bytes(32)}  # fmt: skip

        first = seal_payload(device_id="ab", nip="c", **common)

        assert first != seal_payload(device_id="a", nip="bc", **common)

    def test_a_signature_of_the_phone_fits(self) -> None:
        """And no longer does when a single claim differs."""
        key = device.DeviceKey.generate()
        identity = device.Identity(DEVICE, "phone", "", key, NIP)
        chain = server_chain(NONCE, [(1, 1000, b"a")])
        sealed = device.seal_signature(
            identity, opened(EventKind.IN, LOCATION), nonce=NONCE, chain=chain
        )
        moved = Location(0.7367, 127.5619, 12.5, mock=False)

        assert signature_fits(key.public_der, sealed, payload(EventKind.IN, LOCATION, chain))
        assert not signature_fits(key.public_der, sealed, payload(EventKind.OUT, LOCATION, chain))
        assert not signature_fits(key.public_der, sealed, payload(EventKind.IN, moved, chain))
        assert not signature_fits(key.public_der, sealed, payload(EventKind.IN, LOCATION, NONCE))

    def test_another_library_can_sign_it(self) -> None:
        """Plain ECDSA with SHA-256 in DER, as every key store of a phone does it."""
        private = ec.generate_private_key(ec.SECP256R1())
        key = device.DeviceKey(private)
        signed = payload(EventKind.IN, LOCATION, bytes(32))

        assert signature_fits(key.public_der, private.sign(signed, ec.ECDSA(SHA256())), signed)


class TestRequestDigest:
    """A retry asks for the same thing; a reused id asks for another."""

    def test_tells_kind_and_place_apart(self) -> None:
        """Four requests, four digests, the same ones each time."""
        places = (LOCATION, Location(0.7366, 127.5619, 12.5, mock=True))
        digests = [request_digest(kind, place) for kind in EventKind for place in places]

        assert 4 == len({*digests})
        assert digests[0] == request_digest(EventKind.IN, LOCATION)
