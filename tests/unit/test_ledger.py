"""The ledger's tree against RFC 6962, hashes of records, checkpoints and signed notes."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.ledger import Checkpoint, Frontier, leaf_of, node_of
from server.errors import DataInvalid
from server.services.notes import Signer, Verifier

# Of certificate-transparency-go: the leaves, and the root after each.
INPUTS = (
    *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
SECRET = bytes(range(32))


def whole(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962, 2.1 spells it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_of(whole(leaves[:split]), whole(leaves[split:]))


def tree(leaves: list[bytes]) -> Frontier:
    """Returns the frontier of leaves."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier


class TestFrontier:
    """The right edge of the tree."""

    def test_roots_of_certificate_transparency(self):
        """After each leaf the root is the one that the reference gives."""
        frontier, found = Frontier(), []
        for data in INPUTS:
            frontier.add(hashlib.sha256(b"\x00" + bytes.fromhex(data)).digest())
            found.append(frontier.root.hex())

        assert list(ROOTS) == found
        assert hashlib.sha256(b"").digest() == Frontier().root

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 31, 32, 33, 100])
    def test_root_by_recursion(self, size):
        """The edge gives the root of the whole tree, kept and read back at any size."""
        leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(size)]
        half = tree(leaves[: size // 2])

        again = Frontier.unpacked(half.size, half.packed())
        for leaf in leaves[size // 2 :]:
            again.add(leaf)

        assert whole(leaves) == tree(leaves).root == again.root
        assert size.bit_count() == len(again.hashes)

    def test_another_number_of_hashes(self):
        """A frontier that was cut is none."""
        with pytest.raises(ValueError, match="do not make a tree of 3"):
            Frontier.unpacked(3, bytes(32))


class TestLeaf:
    """The hash of a record."""

    def test_spelled_out(self):
        """Kind, then each name with its value by the order of names, each behind its length."""

        def part(content: bytes) -> bytes:
            return len(content).to_bytes(4, "big") + content

        parts = (
            b"events",
            b"a",
            b"i7",
            b"b",
            b"b\x01",
            b"c",
            b"f0x1.8000000000000p+0",
            b"d",
            b"sx",
        )
        expected = hashlib.sha256(b"\x00" + b"".join(map(part, parts))).digest()

        values = {"d": "x", "c": 1.5, "b": b"\x01", "a": 7, "later": None}
        assert expected == leaf_of("events", values)

    def test_what_is_told_apart(self):
        """Kinds, names, types and where one value ends and the next begins."""
        records = [
            ("events", {"a": 1}),
            ("voids", {"a": 1}),
            ("events", {"b": 1}),
            ("events", {"a": "1"}),
            ("events", {"a": b"1"}),
            ("events", {"a": 1.0}),
            ("events", {"a": ""}),
            ("events", {}),
            ("events", {"a": "bc", "d": "e"}),
            ("events", {"a": "b", "cd": "e"}),
            ("events", {"a": -0.0}),
            ("events", {"a": 0.0}),
        ]

        assert len(records) == len({leaf_of(kind, values) for kind, values in records})


class TestCheckpoint:
    """The text of a checkpoint."""

    def test_text(self):
        """Three lines, and back."""
        one = Checkpoint(3, bytes(32))

        assert f"hadir/ledger\n3\n{base64.b64encode(bytes(32)).decode()}\n" == one.text
        assert one == Checkpoint.read(one.text)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("hadir/ledger", "other/ledger"),
            ("\n3\n", "\n03\n"),
            ("\n3\n", "\n-3\n"),
            ("\n3\n", "\nthree\n"),
            ("A", "?"),
            ("AAAA", ""),
            ("=\n", "=\nmore\n"),
            ("=\n", "="),
        ],
    )
    def test_other_texts(self, old, new):
        """Anything else is no checkpoint."""
        text = Checkpoint(3, bytes(32)).text

        with pytest.raises(ValueError):  # noqa: PT011  of whatever reads first
            Checkpoint.read(text.replace(old, new, 1))


class TestNotes:
    """Signed notes."""

    def test_signed(self):
        """A note fits the key that signed it, given as a line too, and no other one."""
        signer, other = Signer(SECRET), Signer(bytes(32))
        note = signer.note_of("hadir/ledger\n3\nroot\n")

        assert "hadir/ledger\n3\nroot\n" == signer.verifier.text_of(note)
        again = Verifier.of_line(signer.verifier.line)
        assert "hadir/ledger\n3\nroot\n" == again.text_of(note)
        with pytest.raises(DataInvalid):
            other.verifier.text_of(note)

    def test_signature_beside_others(self):
        """A witness may add a line of its own."""
        note = Signer(SECRET).note_of("text\n")
        text, signature = note.split("\n\n")

        found = Signer(SECRET).verifier.text_of(f"{text}\n\n— witness AAAAAAAA\n{signature}")

        assert "text\n" == found

    @settings(deadline=None, max_examples=200)
    @given(st.integers(0, 200), st.characters(codec="utf-8"))
    def test_any_change(self, position, put):
        """A note with one other character is not the server's; but for the space around lines."""
        signer = Signer(SECRET)
        note = signer.note_of("hadir/ledger\n3\nroot\n")
        at = position % len(note)
        changed = note[:at] + put + note[at + 1 :]

        try:
            text = signer.verifier.text_of(changed)
        except DataInvalid:
            return
        assert "hadir/ledger\n3\nroot\n" == text

    @pytest.mark.parametrize("change", ["", "x", "hadir", "hadir+00000000+AAAA"])
    def test_no_key(self, change):
        """What is no public key says so."""
        with pytest.raises(DataInvalid, match="public key"):
            Verifier.of_line(change)

    def test_mistyped_key(self):
        """One other character is noticed by the key's own check."""
        line = Signer(SECRET).verifier.line
        with pytest.raises(DataInvalid, match="mistyped"):
            Verifier.of_line(line[:-3] + ("B" if line[-3] != "B" else "C") + line[-2:])
