"""The ledger's arithmetic: the hash of a record, the tree over all of them, and its checkpoint.

The tree is that of RFC 6962 (Certificate Transparency): a checkpoint of n records binds each of
them, and every later one can be shown to continue it. Estimate: 10 us a record.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HASH_BYTES = 32
# First line of a checkpoint: what it is of.
ORIGIN = "hadir/ledger"

Value = str | float | bytes | None


def leaf_of(kind: str, values: Mapping[str, Value]) -> bytes:
    """Returns the hash of a record, 32 bytes.

    kind: its table. values: its columns by name, in any order. Nothing (None) is left out, so a
    column that is added later and is empty in old records does not change them. Numbers are
    written in decimal, floats by their 64 bits; lengths stand before everything.
    """
    parts = [_part(kind.encode())]
    for name in sorted(values):
        if (value := values[name]) is not None:
            parts += (_part(name.encode()), _part(_encoded(value)))
    return hashlib.sha256(b"\x00" + b"".join(parts)).digest()


def _encoded(value: str | float | bytes) -> bytes:
    match value:
        case str():
            return b"s" + value.encode()
        case int():
            return b"i%d" % value
        case float():
            return b"f" + value.hex().encode()
        case _:
            return b"b" + value


def _part(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def node_of(left: bytes, right: bytes) -> bytes:
    """Returns the hash of an inner node of the tree."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: all that is needed to go on with it and to know its root.

    hashes: of its whole subtrees, the largest first: as many as `size` has bits set.
    """

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes do not make a tree of {size}")

    def add(self, leaf: bytes) -> None:
        """Appends a record."""
        self.hashes.append(leaf)
        whole = self.size
        while whole & 1:
            right = self.hashes.pop()
            self.hashes[-1] = node_of(self.hashes[-1], right)
            whole >>= 1
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash of the whole tree (RFC 6962, 2.1)."""
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        *left, root = self.hashes
        for one in reversed(left):
            root = node_of(one, root)
        return root

    def packed(self) -> bytes:
        """The hashes in one piece, for storage."""
        return b"".join(self.hashes)

    @classmethod
    def unpacked(cls, size: int, packed: bytes) -> "Frontier":
        """Returns the frontier that was packed. Raises ValueError."""
        starts = range(0, len(packed), HASH_BYTES)
        return cls(size, (packed[start : start + HASH_BYTES] for start in starts))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the ledger was at a moment: how many records, and the root of their tree."""

    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The lines that are signed, as c2sp.org/tlog-checkpoint has them."""
        return f"{ORIGIN}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Returns the checkpoint of such lines. Raises ValueError."""
        origin, size, root, *rest = text.split("\n")
        if origin != ORIGIN or rest != [""] or str(int(size)) != size:
            raise ValueError("no checkpoint of a ledger of Hadir")
        try:
            decoded = base64.b64decode(root, validate=True)
        except binascii.Error:
            raise ValueError("the root is no base64") from None
        if len(decoded) != HASH_BYTES or int(size) < 0:
            raise ValueError("the root has another length")
        return cls(int(size), decoded)
