"""Encrypts faces at rest: AES-256-GCM, a key for each enrolment, wrapped by the server's key file.

Each value is bound to what it belongs to (associated data), so rows cannot be swapped. Erasing the
wrapped key of an enrolment makes its rows unreadable; backups keep it until they are discarded.
"""

import base64
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.errors import DataInvalid

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class Vault:
    """Holds the server's key and opens the keys of enrolments with it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise DataInvalid(f"the key has {len(key)} bytes, needs {KEY_BYTES}")
        self._key = key
        self._cipher = Cipher(key)

    def subkey(self, purpose: str) -> bytes:
        """Returns a key of 32 bytes for another purpose, derived by HMAC-SHA-256."""
        return hmac.digest(self._key, b"hadir|" + purpose.encode(), "sha256")

    def new_key(self, owner: str) -> tuple["Cipher", bytes]:
        """Returns a cipher with a fresh key, and that key wrapped for storage."""
        key = secrets.token_bytes(KEY_BYTES)
        return Cipher(key), self._cipher.seal(key, f"key|{owner}")

    def open_key(self, wrapped: bytes, owner: str) -> "Cipher":
        """Returns the cipher of a stored key. Raises DataInvalid."""
        return Cipher(self._cipher.open(wrapped, f"key|{owner}"))


class Cipher:
    """Seals and opens values under one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, value: bytes, belongs_to: str) -> bytes:
        """Returns version, nonce and sealed value."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, value, belongs_to.encode())

    def open(self, sealed: bytes, belongs_to: str) -> bytes:
        """Returns the value. Raises DataInvalid for another key, owner or changed bytes."""
        if sealed[:1] != _VERSION:
            raise DataInvalid("a sealed value has an unknown version")
        nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, content, belongs_to.encode())
        except (InvalidTag, ValueError):
            raise DataInvalid(
                "a sealed value does not fit the key file, or was changed: put the key file back "
                "that belongs to this database"
            ) from None


def write_key_file(path: Path) -> None:
    """Creates a key file, readable by its owner only. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")


def read_key_file(path: Path) -> Vault:
    """Opens the vault of a key file. Raises DataInvalid with what to do."""
    try:
        mode = path.stat().st_mode & 0o077
        content = path.read_bytes()
    except OSError as error:
        raise DataInvalid(f"cannot read key file {path}: {error.strerror}") from error
    if mode:
        raise DataInvalid(f"key file {path} is open to others: chmod 600 {path}")
    try:
        return Vault(base64.b64decode(content.strip(), validate=True))
    except ValueError as error:
        raise DataInvalid(f"key file {path} is not base64") from error
