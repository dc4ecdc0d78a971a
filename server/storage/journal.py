"""The journal of endings: a file beside the database, so that a restored backup learns of them.

One line an ending, each with a code made of the key file (HMAC-SHA-256): what another hand wrote is
not obeyed. Lines are only added, and flushed to the disk; those of years ago are dropped. Estimate:
250 bytes a line, 1 MB for the endings of 10,000 people in a year.
"""

import hmac
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from server.domain.ending import Ending, EndingKind
from server.storage.backup import flush
from server.storage.times import pack, unpack

# Larger is no journal of ours.
BYTES_MAX = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Written:
    """What a journal holds, in its order. foreign: lines that are not of this key, or changed.

    torn: bytes at the end that are no whole line, as of a write that was cut off.
    """

    endings: tuple[Ending, ...] = ()
    foreign: int = 0
    torn: int = 0


def journal_of(database: Path) -> Path:
    """Returns where the journal of a database lies.

    `hadir.endings` of `hadir.db`: whoever moves `hadir.db*` aside leaves it in place.
    """
    name = database.name if database.suffix == ".endings" else database.stem
    return database.with_name(name + ".endings")


class Journal:
    """One file. Every method raises OSError where the disk does."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._key = key

    def read(self) -> Written:
        """Returns what is written; nothing if there is no file yet."""
        if not self.path.exists():
            return Written()
        with self.path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise OSError(0, f"it is larger than {BYTES_MAX / 2**20:.0f} MiB", str(self.path))
        *lines, torn = content.split(b"\n")
        if torn and self._ending(torn) is not None:  # whole: an editor, or a copy, took its newline
            lines, torn = [*lines, torn], b""
        endings = [self._ending(line) for line in lines]
        known = tuple(one for one in endings if one is not None)
        return Written(known, len(endings) - len(known), len(torn))

    def mend(self) -> Written:
        """Takes a line off that was cut off. Returns what was written, with it."""
        found = self.read()
        if found.torn:
            with self.path.open("rb+") as file:
                file.truncate(self.path.stat().st_size - found.torn)
                os.fsync(file.fileno())
        return found

    def append(self, endings: Iterable[Ending]) -> None:
        """Adds endings; they are on the disk when this returns, or none of them is."""
        content = b"".join(map(self._line, endings))
        is_new = not self.path.exists()
        if not is_new and not self._ends_whole():
            content = b"\n" + content
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            before = os.fstat(descriptor).st_size
            try:
                while content:
                    content = content[os.write(descriptor, content) :]
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, before)
                raise
        finally:
            os.close(descriptor)
        if is_new:
            flush(self.path.parent)

    def keep(self, endings: Collection[Ending]) -> None:
        """Leaves these endings and no other: the file is replaced once the new one is on disk."""
        part = self.path.with_name(self.path.name + ".part")
        part.unlink(missing_ok=True)
        Journal(part, self._key).append(endings)
        part.replace(self.path)
        flush(self.path.parent)

    def _ends_whole(self) -> bool:
        """Whether the last line has its newline, or there is no line."""
        with self.path.open("rb") as file:
            if not file.seek(0, os.SEEK_END):
                return True
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"

    def _line(self, ending: Ending) -> bytes:
        values = [
            ending.kind.value,
            ending.subject,
            pack(ending.time),
            ending.actor,
            ending.reason,
            ending.actor_nip,
            ending.begin_time and pack(ending.begin_time),
        ]
        text = json.dumps(values, separators=(",", ":")).encode()
        return text + b" " + self._code(text) + b"\n"

    def _ending(self, line: bytes) -> Ending | None:
        """Returns the ending of a line, None if this key did not write it so."""
        text, _, code = line.rpartition(b" ")
        if not hmac.compare_digest(self._code(text), code):
            return None
        kind, subject, time, actor, reason, actor_nip, begin_time = json.loads(text)
        began: datetime | None = unpack(begin_time)
        return Ending(EndingKind(kind), subject, unpack(time), actor, reason, actor_nip, began)

    def _code(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, "sha256").hex().encode()
