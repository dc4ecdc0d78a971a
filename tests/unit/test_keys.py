"""Device keys: P-256 and nothing else, and signatures that fit or do not."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x448
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import KeyInvalid
from server.services.keys import (
    PUBLIC_KEY_BYTES_MAX,
    SIGNATURE_BYTES_MAX,
    read_public_key,
    signature_fits,
)

PRIVATE = ec.derive_private_key(20_261_124, ec.SECP256R1())
OTHER = ec.derive_private_key(20_261_125, ec.SECP256R1())
QUICK = settings(deadline=None, max_examples=30)


def der_of(key: object) -> bytes:
    """Returns the public half as DER SubjectPublicKeyInfo."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


DER = der_of(PRIVATE)
# The OID of the curve: 1.2.840.10045.3.1.7.
CURVE = bytes.fromhex("2a8648ce3d030107")


class TestReadPublicKey:
    """What a device may be activated with."""

    def test_takes_p256(self) -> None:
        """As every key store of a phone makes it."""
        assert PRIVATE.public_key() == read_public_key(DER)
        assert len(DER) <= PUBLIC_KEY_BYTES_MAX

    @pytest.mark.parametrize(
        "key",
        [
            ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP256K1()),
            ed25519.Ed25519PrivateKey.generate(),
            x448.X448PrivateKey.generate(),
            rsa.generate_private_key(65537, 1024),
        ],
        ids=["p384", "secp256k1", "ed25519", "x448", "rsa"],
    )
    def test_refuses_other_kinds(self, key: object) -> None:
        """Good keys, but not those of the API."""
        with pytest.raises(KeyInvalid, match="P-256"):
            read_public_key(der_of(key))

    @pytest.mark.parametrize(
        "der",
        [
            b"",
            b"\x30",
            b"x" * 91,
            b"x" * (PUBLIC_KEY_BYTES_MAX + 1),
            DER[:-1],
            DER + b"\0",
            DER[:-64] + bytes(64),  # no point of the curve
            DER.replace(CURVE, b"\x2a\x86\x48\xce\x3d\x03\x01\x7f"),  # a curve nobody knows
            DER.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d027f")),
            PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            PRIVATE.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        ],
        ids=[
            "empty", "header", "noise", "long", "cut", "more", "point", "curve", "algorithm",
            "pem", "raw",
        ],
    )  # fmt: skip
    def test_refuses_what_is_no_key(self, der: bytes) -> None:
        """Always KeyInvalid, whatever the library says of it."""
        with pytest.raises(KeyInvalid):
            read_public_key(der)

    @QUICK
    @given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), max_size=4))
    def test_damaged_bytes_are_refused_or_another_key(self, edits: list[tuple[int, int]]) -> None:
        """Nothing else is raised."""
        damaged = bytearray(DER)
        for place, value in edits:
            damaged[place] = value
        try:
            key = read_public_key(bytes(damaged))
        except KeyInvalid:
            return
        assert (bytes(damaged) == DER) == (key == PRIVATE.public_key())


class TestSignatureFits:
    """ECDSA with SHA-256 in DER."""

    SIGNED = PRIVATE.sign(b"payload", ec.ECDSA(SHA256()))

    def test_accepts_the_keys_own_signature(self) -> None:
        """Within the documented size."""
        assert signature_fits(DER, self.SIGNED, b"payload")
        assert len(self.SIGNED) <= SIGNATURE_BYTES_MAX

    def test_refuses_another_payload_key_or_hash(self) -> None:
        """Each alone."""
        assert not signature_fits(DER, self.SIGNED, b"payloaf")
        assert not signature_fits(der_of(OTHER), self.SIGNED, b"payload")
        assert not signature_fits(DER, PRIVATE.sign(b"payload", ec.ECDSA(SHA384())), b"payload")

    @pytest.mark.parametrize(
        "signature",
        [b"", b"\x30\x00", b"\0" * 70, b"\x30\x06\x02\x01\x00\x02\x01\x00", b"x" * 81, bytes(64)],
    )
    def test_refuses_what_is_no_signature(self, signature: bytes) -> None:
        """Empty, zeros, too long, raw instead of DER: false, never an error."""
        assert not signature_fits(DER, signature, b"payload")

    @QUICK
    @given(st.binary(max_size=SIGNATURE_BYTES_MAX + 5))
    def test_refuses_any_bytes(self, signature: bytes) -> None:
        """False, never an error."""
        assert not signature_fits(DER, signature, b"payload")

    def test_a_broken_key_is_an_error(self) -> None:
        """Not a signature that does not fit."""
        with pytest.raises(KeyInvalid):
            signature_fits(b"broken", self.SIGNED, b"payload")
