"""The ledger in the database: which records it holds, what it lacks, and what it has of each.

Records are read with plain SQLite, in threads and beside a server, as SQLite stores them: the same
code takes them in and checks them years later. Estimate: 15 us a record either way.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.ledger import Frontier, Value, leaf_of
from server.errors import StorageUnavailable
from server.storage import schema
from server.storage.schema_logs import (
    checkpoints,
    closed_units,
    closings,
    kiosk_changes,
    ledger,
    site_changes,
)
from server.storage.times import pack

Reading = sqlite3.Connection


@dataclass(frozen=True, slots=True)
class Kind:
    """A table of the ledger: those of its columns that never change.

    name: the column that is its key where that is no number. also: further values by name, as SQL
    over the row `r`.
    """

    table: Table
    columns: tuple[str, ...]
    name: str = ""
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def key(self) -> str:
        """The SQL condition that an entry `l` of the ledger is of the row `r`."""
        if self.name:
            return f"l.kind = '{self.of}' AND l.number = 0 AND l.name = r.{self.name}"
        return f"l.kind = '{self.of}' AND l.number = r.rowid AND l.name = ''"

    @property
    def values(self) -> str:
        """The SQL of a record's values, in the order of `names`."""
        return ", ".join([*(f"r.{column}" for column in self.columns), *self.also.values()])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a record's values."""
        return (*self.columns, *self.also)

    def leaf(self, values: Sequence[Value]) -> bytes:
        """Returns the hash of a record."""
        return leaf_of(self.of, dict(zip(self.names, values, strict=True)))


def _kind(table: Table, *but: str, name: str = "", also: Mapping[str, str] | None = None) -> Kind:
    columns = tuple(sorted(column.name for column in table.columns if column.name not in but))
    return Kind(table, columns, name, also or {})


# What days, pay and verdicts rest on; columns that may be emptied or go on changing are left out.
KINDS = (
    _kind(schema.events, "frame_hash", "background_hash"),
    _kind(schema.refusals, "similarity", "relief", "passive", "distance_m"),
    _kind(schema.corrections, name="event_id"),
    _kind(schema.voids, name="event_id"),
    _kind(
        schema.attendance_requests,
        "state",
        "steps_done",
        "approver",
        name="request_id",
        also={
            "documents": "(SELECT group_concat(hex(digest), ' ') FROM (SELECT d.digest FROM"
            " documents d WHERE d.request_id = r.request_id ORDER BY d.digest))"
        },
    ),
    _kind(schema.request_decisions),
    _kind(schema.postings),
    _kind(schema.unit_changes),
    _kind(site_changes),
    _kind(schema.rules),
    _kind(
        schema.devices,
        *("state", "revoke_time", "revoke_reason", "revoke_actor", "model", "handset_hash"),
        name="device_id",
    ),
    _kind(schema.binding_changes),
    _kind(kiosk_changes),
    _kind(schema.enrollment_changes),
    _kind(schema.account_changes),
    _kind(schema.erasures),
    _kind(schema.removals),
    _kind(closings),
    _kind(closed_units),
)

_MISSING = "NOT EXISTS (SELECT 1 FROM ledger l WHERE {})"

# Up to which row of its table each kind is taken in.
Marks = dict[str, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as the ledger holds it. row: its row id, by which the next ones are found."""

    kind: str
    number: int
    name: str
    leaf: bytes
    row: int


@contextmanager
def reading(path: Path) -> Iterator[Reading]:
    """A connection that can only read, and sees one state. Raises StorageUnavailable."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN")
            yield connection
    except sqlite3.OperationalError as error:
        raise StorageUnavailable(f"cannot read {path} now: {error}") from error


def marks_of(connection: Reading) -> Marks:
    """Returns up to where each kind is taken in, by what the ledger holds."""
    found = {}
    for kind in KINDS:
        if kind.name:
            # Names have no order: up to before the first that is missing.
            (first,) = connection.execute(
                f"SELECT min(r.rowid) FROM {kind.of} r WHERE {_MISSING.format(kind.key)}"  # noqa: S608  names are ours
            ).fetchone()
            found[kind.of] = last_rows(connection)[kind.of] if first is None else first - 1
        else:
            query = "SELECT max(number) FROM ledger WHERE kind = ?"
            found[kind.of] = int(connection.execute(query, (kind.of,)).fetchone()[0] or 0)
    return found


def behind(connection: Reading, marks: Marks, limit: int) -> list[Entry]:
    """Returns records behind the marks that the ledger does not hold, `limit` at most."""
    found: list[Entry] = []
    for kind in KINDS:
        rows = connection.execute(
            f"SELECT r.rowid, {_name(kind)}, {kind.values} FROM {kind.of} r WHERE r.rowid > ?"  # noqa: S608  names are ours
            f" AND {_MISSING.format(kind.key)} ORDER BY r.rowid LIMIT ?",
            (marks[kind.of], limit - len(found)),
        )
        found += (_entry(kind, row) for row in rows)
        if len(found) == limit:
            break
    return found


def last_rows(connection: Reading) -> Marks:
    """Returns the last row of each kind."""
    rows = ((kind.of, f"SELECT max(rowid) FROM {kind.of}") for kind in KINDS)  # noqa: S608  names are ours
    return {of: int(connection.execute(query).fetchone()[0] or 0) for of, query in rows}


def frontier_of(connection: Reading) -> tuple[Frontier, int]:
    """Returns the tree of all entries, and the size of the last checkpoint.

    From that checkpoint on; without one that can be read, from the beginning.
    """
    query = "SELECT size, frontier FROM checkpoints ORDER BY size DESC LIMIT 1"
    size, packed = connection.execute(query).fetchone() or (0, b"")
    try:
        frontier = Frontier.unpacked(size, packed)
    except ValueError:
        frontier = Frontier()
    for (leaf,) in connection.execute(
        "SELECT leaf FROM ledger WHERE position > ? ORDER BY position", (frontier.size,)
    ):
        frontier.add(leaf)
    return frontier, size


async def append(
    connection: AsyncConnection, entries: Sequence[Entry], *, first: int, late: bool
) -> None:
    """Appends entries; first: the position of the first of them."""
    # By the driver's own statement: thousands of rows pass here while people check in, and what
    # SQLAlchemy makes of each would hold the event loop, the collector of garbage above all.
    await connection.exec_driver_sql(
        f"INSERT INTO {ledger.name} (position, kind, number, name, leaf, late)"  # noqa: S608  ours
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (position, entry.kind, entry.number, entry.name, entry.leaf, late)
            for position, entry in enumerate(entries, first)
        ],
    )


async def insert_checkpoint(
    connection: AsyncConnection, size: int, frontier: bytes, note: str, now: datetime
) -> None:
    """Appends a signed checkpoint."""
    await connection.execute(
        insert(checkpoints).values(size=size, frontier=frontier, note=note, make_time=pack(now))
    )


def _name(kind: Kind) -> str:
    return f"r.{kind.name}" if kind.name else "''"


def _entry(kind: Kind, row: tuple[Any, ...]) -> Entry:
    rowid, name, *values = row
    return Entry(kind.of, 0 if kind.name else rowid, name, kind.leaf(values), rowid)


@dataclass(frozen=True, slots=True)
class Compared:
    """A record beside its entry; leaf: what the ledger holds, None if nothing."""

    key: str
    computed: bytes
    leaf: bytes | None
    late: bool
    is_before_taken: bool


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it is stored."""

    size: int
    note: str


@dataclass(frozen=True, slots=True)
class Seal:
    """What a phone signed of an event, and its key."""

    sequence: int
    nip: str
    device_id: str
    kind: str
    nonce: bytes | None
    chain_head: bytes | None
    signature: bytes
    latitude: float | None
    longitude: float | None
    accuracy_m: float | None
    mock: int | None
    request_id: str | None
    public_key: bytes | None


def count(connection: Reading) -> int:
    """Returns how many records there are."""
    return sum(
        connection.execute(f"SELECT count(*) FROM {kind.of}").fetchone()[0]  # noqa: S608  names are ours
        for kind in KINDS
    )


def compared(connection: Reading, kind: Kind) -> Iterator[Compared]:
    """Yields every record of a kind beside its entry."""
    query = "SELECT max(number) FROM ledger WHERE kind = ?"
    last = connection.execute(query, (kind.of,)).fetchone()[0] or 0
    for rowid, name, leaf, late, *values in connection.execute(
        f"SELECT r.rowid, {_name(kind)}, l.leaf, l.late, {kind.values} FROM {kind.of} r"  # noqa: S608  names are ours
        f" LEFT JOIN ledger l ON {kind.key} ORDER BY r.rowid"
    ):
        before = not kind.name and rowid <= last
        yield Compared(name or str(rowid), kind.leaf(values), leaf, bool(late), before)


def gone(connection: Reading, kind: Kind) -> Iterator[str]:
    """Yields the keys of entries of a kind whose record is not there."""
    for number, name in connection.execute(
        f"SELECT l.number, l.name FROM ledger l WHERE l.kind = '{kind.of}'"  # noqa: S608  names are ours
        f" AND NOT EXISTS (SELECT 1 FROM {kind.of} r WHERE {kind.key})"
    ):
        yield name or str(number)


def leaves(connection: Reading) -> Iterator[tuple[int, bytes]]:
    """Yields (position, leaf) of every entry, in order."""
    yield from connection.execute("SELECT position, leaf FROM ledger ORDER BY position")


def checkpoints_of(connection: Reading) -> Iterator[StoredCheckpoint]:
    """Yields all checkpoints, the smallest first."""
    query = "SELECT size, note FROM checkpoints ORDER BY size"
    yield from (StoredCheckpoint(size, note) for size, note in connection.execute(query))


def seals(connection: Reading) -> Iterator[Seal]:
    """Yields what phones signed, of each of their events."""
    for row in connection.execute(
        "SELECT e.sequence, e.nip, e.device_id, e.kind, e.nonce, e.chain_head, e.seal, e.latitude,"
        " e.longitude, e.accuracy_m, e.mock, q.request_id, d.public_key FROM events e"
        " LEFT JOIN requests q ON q.event_id = e.event_id"
        " LEFT JOIN devices d ON d.device_id = e.device_id"
        " WHERE e.source = 'PHONE' ORDER BY e.sequence"
    ):
        yield Seal(*row)
