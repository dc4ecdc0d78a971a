"""What a failed commit says of the disk, by SQLite's names of errors: wait, make room, or stop."""

import enum

from sqlalchemy import exc


class Fault(enum.Enum):
    """What to do about a failed commit."""

    PASSES = "PASSES"  # locked by somebody, or a statement of ours: the next one may succeed
    NO_ROOM = "NO_ROOM"  # nothing can be stored until an operator makes room
    BROKEN = "BROKEN"  # what the file or the disk holds can be trusted no more


# A log that cannot be opened or indexed: so does a full disk show itself, too.
_NO_ROOM = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_IOERR_SHMSIZE")
_BROKEN = ("SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB")


def name_of(error: BaseException) -> str:
    """Returns SQLite's name of an error (SQLITE_IOERR_FSYNC), else that of its class."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig else error
    return getattr(cause, "sqlite_errorname", "") or type(cause).__name__


def fault_of(name: str) -> Fault:
    """Returns what the name of an error asks for."""
    if name.startswith(_NO_ROOM):
        return Fault.NO_ROOM
    return Fault.BROKEN if name.startswith(_BROKEN) else Fault.PASSES
