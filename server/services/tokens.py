"""Random secrets that people or devices carry, and the hashes under which they are stored."""

import hashlib
import secrets

# Crockford's base 32: no letters that look like digits.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_CHARACTERS = 12
TOKEN_CHARACTERS_MAX = 64


def new_token() -> str:
    """Returns a session token: 256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Returns an activation code: 60 random bits as XXXX-XXXX-XXXX."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS))
    return "-".join(text[start : start + 4] for start in range(0, _CODE_CHARACTERS, 4))


def plain_code(code: str) -> str:
    """Returns a code as a device signs it: upper case, without spaces and hyphens."""
    return "".join(code.split()).replace("-", "").upper()


def code_hash(code: str) -> bytes:
    """Returns the hash of a code; letters that people take for digits count as these."""
    return hashed(plain_code(code).translate(str.maketrans("OIL", "011")))


def hashed(secret: str | bytes) -> bytes:
    """Returns the SHA-256 of a secret; enough for secrets of 60 random bits and more."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()
