"""The journal of endings: what it holds, whose lines it believes, and a disk that fails."""

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.ending import Ending, EndingKind
from server.storage.journal import Journal, Written, journal_of

NOW = datetime(2026, 11, 27, 9, 30, 0, 123456, UTC)
FACE = Ending(EndingKind.FACE, "198501152010011001", NOW, "bkd-siti", 'wajah "ditarik"\nbaris dua')
PHONE = Ending(EndingKind.DEVICE, "01J", NOW + timedelta(hours=1), "petugas", "ponsel hilang")
ACCOUNT = Ending(
    EndingKind.ACCOUNT, "kepala", NOW + timedelta(days=1), "bkd", "", "1985", NOW - timedelta(9)
)
ALL = (FACE, PHONE, ACCOUNT)


@pytest.fixture
def journal(tmp_path):
    """A journal with a line of each kind."""
    made = Journal(tmp_path / "hadir.endings", b"k" * 32)
    made.append(ALL)
    return made


class TestRead:
    """What is believed."""

    def test_as_it_was_written(self, journal):
        """In its order, to the microsecond; for this user alone, a line each."""
        assert Written(ALL) == journal.read()
        assert 3 == len(journal.path.read_bytes().splitlines())
        assert 0o600 == stat.S_IMODE(journal.path.stat().st_mode)

    def test_none_yet(self, tmp_path):
        """As on the first start; it lies beside the database."""
        path = journal_of(tmp_path / "hadir.db")

        assert tmp_path / "hadir.endings" == path
        assert path != journal_of(path)
        assert Written() == Journal(path, b"k" * 32).read()

    def test_of_another_key(self, journal):
        """Nothing of it is believed."""
        assert Written((), 3) == Journal(journal.path, b"x" * 32).read()

    @pytest.mark.parametrize(
        "change",
        [
            lambda line: line.replace(b"petugas", b"bkd-ani"),
            lambda line: line[:-4] + b"0000",
            lambda _: b"DEVICE 01J",
            lambda _: b"",
            lambda _: b"\xff\xfe \xff",
        ],
    )
    def test_a_foreign_line(self, journal, change):
        """Changed or put in by another hand: counted, and the others stand."""
        lines = journal.path.read_bytes().splitlines()
        lines[1] = change(lines[1])
        journal.path.write_bytes(b"\n".join(lines) + b"\n")

        assert Written((FACE, ACCOUNT), 1) == journal.read()

    @pytest.mark.parametrize("left", [1, 40, -2])
    def test_a_torn_line(self, journal, left):
        """It is taken off, so that the next one stands for itself."""
        whole = journal.path.read_bytes().splitlines(keepends=True)
        journal.path.write_bytes(b"".join(whole[:2]) + whole[2][:left])
        torn = len(whole[2][:left])

        found, mended = journal.read(), journal.mend()
        journal.append([ACCOUNT])

        assert Written((FACE, PHONE), 0, torn) == found
        assert found == mended
        assert Written(ALL) == journal.read()

    def test_a_line_without_its_end(self, journal):
        """An editor, or a copy, took the last newline: the newest ending counts, the next too."""
        journal.path.write_bytes(journal.path.read_bytes().removesuffix(b"\n"))

        found = journal.mend()
        journal.append([replace(PHONE, subject="01K")])

        assert Written(ALL) == found
        assert Written((*ALL, replace(PHONE, subject="01K"))) == journal.read()

    def test_two_in_one(self, journal, tmp_path):
        """Copies of two journals of one key are one, one behind the other."""
        other = Journal(tmp_path / "other", b"k" * 32)
        later = replace(PHONE, subject="01K")
        other.append([later])
        journal.path.write_bytes(journal.path.read_bytes() + other.path.read_bytes())

        assert Written((*ALL, later)) == journal.read()


class TestWrite:
    """All or nothing."""

    def test_a_disk_that_fills(self, journal, monkeypatch):
        """What was begun is taken back."""
        write = os.write

        def fills(descriptor, content):
            if len(content) < 100:
                raise OSError(28, "No space left on device")
            return write(descriptor, content[:-90])

        with monkeypatch.context() as patched:
            patched.setattr(os, "write", fills)
            with pytest.raises(OSError, match="No space"):
                journal.append([replace(PHONE, subject="01K")])

        assert Written(ALL) == journal.read()

    def test_a_write_in_parts(self, journal, monkeypatch):
        """As a system may do it."""
        write, later = os.write, replace(PHONE, subject="01K")
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda to, content: write(to, content[:7]))
            journal.append([later])

        assert Written((*ALL, later)) == journal.read()

    def test_flushed(self, journal, monkeypatch):
        """Before it returns."""
        flushed = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor)))
        journal.append([FACE])

        assert [journal.path.stat().st_size] == [one.st_size for one in flushed]

    def test_keep(self, journal):
        """What is left is another file, as private; nothing lies beside it."""
        journal.keep([ACCOUNT])

        assert Written((ACCOUNT,)) == journal.read()
        assert 0o600 == stat.S_IMODE(journal.path.stat().st_mode)
        assert [journal.path] == list(journal.path.parent.iterdir())

    def test_larger_than_any(self, journal, monkeypatch):
        """It is not read into memory; the error names the file."""
        monkeypatch.setattr("server.storage.journal.BYTES_MAX", 100)
        with pytest.raises(OSError, match="larger") as error:
            journal.read()

        assert str(journal.path) == error.value.filename
