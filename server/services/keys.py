"""Device keys: P-256 public keys and the signatures that they verify."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from server.errors import KeyInvalid

PUBLIC_KEY_BYTES_MAX = 256
SIGNATURE_BYTES_MAX = 80


def read_public_key(der: bytes) -> ec.EllipticCurvePublicKey:
    """Returns a P-256 key from DER SubjectPublicKeyInfo. Raises KeyInvalid."""
    if not 0 < len(der) <= PUBLIC_KEY_BYTES_MAX:
        raise KeyInvalid("the public key is empty or too long")
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyInvalid("the public key is no DER SubjectPublicKeyInfo") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise KeyInvalid("the public key is not P-256")
    return key


def signature_fits(der: bytes, signature: bytes, payload: bytes) -> bool:
    """Whether a DER ECDSA signature with SHA-256 fits the key and the payload."""
    if not 0 < len(signature) <= SIGNATURE_BYTES_MAX:
        return False
    try:
        read_public_key(der).verify(signature, payload, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
