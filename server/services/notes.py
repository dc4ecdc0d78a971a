"""Signed notes: text that was signed by the server's Ed25519 key, as c2sp.org/signed-note has them.

Who keeps a note elsewhere (a mail, a paper, another machine) can tell later whether history was
changed since, and needs the public key alone for it.
"""

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.errors import DataInvalid

KEY_NAME = "hadir"
_ED25519 = b"\x01"
_ID_BYTES = 4


class Verifier:
    """Tells whether notes are the server's."""

    def __init__(self, public_key: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        named = KEY_NAME.encode() + b"\n" + _ED25519 + public_key
        self.key_id = hashlib.sha256(named).digest()[:_ID_BYTES]
        encoded = base64.b64encode(_ED25519 + public_key).decode()
        # The public key in one line, as it is given to whoever keeps notes.
        self.line = f"{KEY_NAME}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def of_line(cls, line: str) -> "Verifier":
        """Returns the verifier of such a line. Raises DataInvalid."""
        try:
            *_, encoded = line.strip().split("+", 2)
            found = cls(base64.b64decode(encoded, validate=True)[1:])
        except ValueError:  # binascii.Error is one
            found = None
        if found is None or found.line != line.strip():
            raise DataInvalid(f"{line!r} is no public key of a ledger, or was mistyped")
        return found

    def text_of(self, note: str) -> str:
        """Returns the signed text of a note. Raises DataInvalid if it is not the server's."""
        text, _, signatures = note.partition("\n\n")
        for line in signatures.splitlines():
            if self._fits(line, text + "\n"):
                return text + "\n"
        raise DataInvalid("the note is not signed by this server's key, or was changed")

    def _fits(self, line: str, text: str) -> bool:
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        if (dash, name, signature[:_ID_BYTES]) != ("—", KEY_NAME, self.key_id):
            return False
        try:
            self._key.verify(signature[_ID_BYTES:], text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """Signs notes with a key that is made of 32 secret bytes."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.verifier = Verifier(public)

    def note_of(self, text: str) -> str:
        """Returns the note of a text, which ends with a line break."""
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n— {KEY_NAME} {base64.b64encode(signature).decode()}\n"
