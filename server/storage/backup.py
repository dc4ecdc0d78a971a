"""A copy of the database beside a running server: of one moment, checked, and whole or not there.

Estimate: as fast as the disks, then the check. The writer goes on meanwhile; its log of changes
grows until the copy is done.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from server.errors import DataInvalid, StorageUnavailable
from server.storage.database import verify

# Pages between two reports of progress: 16 MiB.
_PAGES_AT_ONCE = 4096
# Beside the copy itself.
_SPARE_BYTES = 16 * 2**20

Progress = Callable[[int, int], None]


def back_up(source: Path, target: Path, progress: Progress = lambda _done, _all: None) -> None:
    """Writes a copy of `source` to `target`, which appears once it is complete, sound and on disk.

    progress: gets the pages that are copied and all of them. Raises DataInvalid if the target is
    there already or the source is damaged, StorageUnavailable if a file cannot be read or written.
    """
    if target.exists():
        raise DataInvalid(f"{target} is there already; choose another name")
    if not source.is_file():
        raise StorageUnavailable(f"there is no database {source}")
    if not target.parent.is_dir():
        raise StorageUnavailable(f"cannot write {target}: {target.parent} is no folder")
    part = target.with_name(target.name + ".part")
    try:
        _assert_room(source, target)
        part.unlink(missing_ok=True)
        _copy(source, part, progress)
        _assert_sound(part, source)
        flush(part)
        if target.exists():
            raise DataInvalid(f"{target} came meanwhile; choose another name")
        part.rename(target)
        flush(target.parent)
    except OSError as error:
        raise StorageUnavailable(f"cannot write {target}: {error.strerror}") from error
    except sqlite3.OperationalError as error:
        raise StorageUnavailable(f"cannot copy {source} to {target}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DataInvalid(f"{source}: {error}; restore it from an earlier backup") from error
    finally:
        part.unlink(missing_ok=True)


def copy_beside(source: Path, target: Path) -> None:
    """Copies a file that lies beside a database; it appears once it is on disk.

    Raises StorageUnavailable.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        shutil.copyfile(source, part)
        flush(part)
        part.replace(target)
        flush(target.parent)
    except OSError as error:
        raise StorageUnavailable(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, part: Path, progress: Progress) -> None:
    part.touch(mode=0o600, exist_ok=False)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(part)) as writing,
    ):
        # One moment: without a transaction of ours the copy would begin anew with every commit.
        reading.isolation_level = None
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(
            writing,
            pages=_PAGES_AT_ONCE,
            progress=lambda _, left, total: progress(total - left, total),
            sleep=0,
        )
        # A file by itself, that opens without a log beside it; a server turns the log on again.
        writing.execute("PRAGMA journal_mode=DELETE")


def _assert_sound(part: Path, source: Path) -> None:
    try:
        verify(part)
    except DataInvalid as error:
        raise DataInvalid(f"{source} is damaged; restore it from an earlier backup") from error


def _assert_room(source: Path, target: Path) -> None:
    """Raises OSError where the disk cannot hold the copy."""
    log = source.with_name(source.name + "-wal")
    needed = source.stat().st_size + (log.stat().st_size if log.exists() else 0) + _SPARE_BYTES
    free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise OSError(0, f"{needed / 2**20:,.0f} MiB are needed and {free / 2**20:,.0f} are free")


def flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
