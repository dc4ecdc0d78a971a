"""Encryption at rest: what is sealed opens only with its key, at its place, unchanged."""

import base64
import hashlib
import hmac
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import DataInvalid
from server.storage.vault import KEY_BYTES, Cipher, Vault, read_key_file, write_key_file

VAULT = Vault(bytes(range(32)))
KEY = bytes(range(32, 64))
QUICK = settings(deadline=None, max_examples=30)


class TestCipher:
    """One key, many values."""

    @QUICK
    @given(st.binary(max_size=300), st.text("|:abc123", max_size=20))
    def test_opens_what_it_sealed(self, value: bytes, place: str) -> None:
        """Empty values too."""
        assert value == Cipher(KEY).open(Cipher(KEY).seal(value, place), place)

    def test_is_aes_256_gcm(self) -> None:
        """Version 1, 12 bytes of nonce, value and tag: readable by any other library."""
        sealed = Cipher(KEY).seal(b"template", "row|7")

        assert b"\x01" == sealed[:1]
        assert b"template" == AESGCM(KEY).decrypt(sealed[1:13], sealed[13:], b"row|7")
        assert 1 + 12 + len(b"template") + 16 == len(sealed)

    def test_never_seals_twice_alike(self) -> None:
        """A nonce is not used again, so equal faces do not show."""
        assert 200 == len({Cipher(KEY).seal(b"x", "p")[1:13] for _ in range(200)})

    def test_refuses_another_key_or_place(self) -> None:
        """Rows cannot be swapped between employees."""
        sealed = Cipher(KEY).seal(b"template", "row|7")

        for cipher, place in ((Cipher(bytes(32)), "row|7"), (Cipher(KEY), "row|8")):
            with pytest.raises(DataInvalid):
                cipher.open(sealed, place)

    @QUICK
    @given(st.integers(0, 36), st.integers(1, 255))
    def test_refuses_any_changed_byte(self, place: int, change: int) -> None:
        """Version, nonce, value, tag."""
        sealed = bytearray(Cipher(KEY).seal(b"template", "row|7"))
        sealed[place] ^= change

        with pytest.raises(DataInvalid):
            Cipher(KEY).open(bytes(sealed), "row|7")

    def test_refuses_any_cut(self) -> None:
        """Down to nothing; always as DataInvalid."""
        sealed = Cipher(KEY).seal(b"template", "row|7")

        for length in range(len(sealed)):
            with pytest.raises(DataInvalid):
                Cipher(KEY).open(sealed[:length], "row|7")


class TestVault:
    """The server's key wraps the keys of enrolments."""

    def test_opens_the_keys_that_it_made(self) -> None:
        """After a restart, too."""
        cipher, wrapped = VAULT.new_key("ann")
        again = Vault(bytes(range(32))).open_key(wrapped, "ann")

        assert b"face" == again.open(cipher.seal(b"face", "p"), "p")

    def test_makes_a_key_for_each_enrolment(self) -> None:
        """Destroying one leaves the others readable and the one unreadable."""
        first, wrapped_first = VAULT.new_key("ann")
        second, wrapped_second = VAULT.new_key("ann")

        assert wrapped_first != wrapped_second
        with pytest.raises(DataInvalid):
            second.open(first.seal(b"face", "p"), "p")

    def test_a_key_belongs_to_its_owner(self) -> None:
        """Ann's key does not open as Ben's, and no value opens as a key."""
        cipher, wrapped = VAULT.new_key("ann")

        with pytest.raises(DataInvalid):
            VAULT.open_key(wrapped, "ben")
        with pytest.raises(DataInvalid):
            VAULT.open_key(cipher.seal(KEY, "key|ann"), "ann")

    def test_another_key_file_opens_nothing(self) -> None:
        """With a word about the key file."""
        _, wrapped = VAULT.new_key("ann")

        with pytest.raises(DataInvalid, match="key file"):
            Vault(bytes(32)).open_key(wrapped, "ann")

    def test_derives_keys_for_other_purposes(self) -> None:
        """Each its own, the same after a restart, none of them the key itself."""
        spelled = hmac.new(bytes(range(32)), b"hadir|challenges", hashlib.sha256).digest()

        assert spelled == VAULT.subkey("challenges")
        assert 4 == len({bytes(range(32)), *map(VAULT.subkey, ("", "a", "b"))})
        assert VAULT.subkey("a") != Vault(bytes(32)).subkey("a")

    @pytest.mark.parametrize("length", [0, 16, 31, 33])
    def test_refuses_keys_of_another_length(self, length: int) -> None:
        """AES-128 would be accepted by the library."""
        with pytest.raises(DataInvalid, match="32"):
            Vault(bytes(length))


class TestKeyFile:
    """The one file that must be backed up elsewhere."""

    def test_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        """Whatever the umask; 32 random bytes in base64."""
        before = os.umask(0)
        try:
            write_key_file(tmp_path / "key")
        finally:
            os.umask(before)

        assert 0o600 == stat.S_IMODE((tmp_path / "key").stat().st_mode)
        assert KEY_BYTES == len(base64.b64decode((tmp_path / "key").read_bytes()))

    def test_is_read_as_it_was_written(self, tmp_path: Path) -> None:
        """Two readers open each other's keys."""
        write_key_file(tmp_path / "key")
        cipher, wrapped = read_key_file(tmp_path / "key").new_key("ann")

        opened = read_key_file(tmp_path / "key").open_key(wrapped, "ann")

        assert b"face" == opened.open(cipher.seal(b"face", "p"), "p")

    def test_is_never_overwritten(self, tmp_path: Path) -> None:
        """That would make every stored face unreadable."""
        write_key_file(tmp_path / "key")
        content = (tmp_path / "key").read_bytes()

        with pytest.raises(FileExistsError):
            write_key_file(tmp_path / "key")

        assert content == (tmp_path / "key").read_bytes()

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
    def test_is_refused_when_others_may_touch_it(self, tmp_path: Path, mode: int) -> None:
        """With the command that mends it."""
        write_key_file(tmp_path / "key")
        (tmp_path / "key").chmod(mode)

        with pytest.raises(DataInvalid, match="chmod 600"):
            read_key_file(tmp_path / "key")

    @pytest.mark.parametrize("content", [b"", b"!!!", b"\xff" * 40, base64.b64encode(b"short")])
    def test_is_refused_when_it_holds_no_key(self, tmp_path: Path, content: bytes) -> None:
        """Empty, no base64, too short."""
        (tmp_path / "key").write_bytes(content)
        (tmp_path / "key").chmod(0o600)

        with pytest.raises(DataInvalid, match="key"):
            read_key_file(tmp_path / "key")

    def test_is_named_when_it_is_missing(self, tmp_path: Path) -> None:
        """The operator restores it."""
        with pytest.raises(DataInvalid, match="nowhere"):
            read_key_file(tmp_path / "nowhere")
