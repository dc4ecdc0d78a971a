"""Reads every record, the ledger and the seals of phones again, and says what does not fit.

For `hadir-server check`: synchronous, beside a server or on a backup. Estimate: 25 us a record and
100 us a check-in of a phone.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.domain.ledger import Checkpoint, Frontier
from server.domain.model import EventKind, Location
from server.domain.seal import seal_payload
from server.errors import DataInvalid, KeyInvalid
from server.services.keys import signature_fits
from server.services.notes import Verifier
from server.storage import ledger as rows

# So many faults are told; all are counted.
FAULTS_TOLD_MAX = 50
_SHOWN_EVERY = 1000


@dataclass(slots=True)
class Audit:
    """What was found. late: how many records came into the ledger at a start, by kind.

    new: records that are not taken in yet. unsealed: check-ins of phones of before seals were kept.
    """

    records: int = 0
    checkpoints: int = 0
    seals: int = 0
    unsealed: int = 0
    new: int = 0
    late: dict[str, int] = field(default_factory=dict)
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, fault: str) -> None:
        """Notes a fault."""
        self.fault_count += 1
        if len(self.faults) < FAULTS_TOLD_MAX:
            self.faults.append(fault)


def audit(
    path: Path,
    verifier: Verifier | None,
    kept: Sequence[Checkpoint] = (),
    shown: Callable[[int, int], None] = lambda _done, _all: None,
) -> Audit:
    """Checks a database. Raises StorageUnavailable if it cannot be read.

    verifier: of the server's key; without it checkpoints are compared and their signatures are
    not. kept: checkpoints that were kept elsewhere. shown: gets the records done and all.
    """
    found = Audit()
    with rows.reading(path) as connection:
        total, done = rows.count(connection), 0
        _check_tree(connection, verifier, kept, found)
        for kind in rows.KINDS:
            for row in rows.compared(connection, kind):
                _check_record(kind, row, found)
                done += 1
                if done % _SHOWN_EVERY == 0:
                    shown(done, total)
            for what in rows.gone(connection, kind):
                found.add(f"{kind.of} {what}: it is in the ledger, and was removed")
        _check_seals(connection, found)
    return found


def _check_record(kind: rows.Kind, row: rows.Compared, found: Audit) -> None:
    found.records += 1
    if row.leaf is not None:
        if row.leaf != row.computed:
            found.add(f"{kind.of} {row.key}: it was changed since the ledger took it in")
        if row.late:
            found.late[kind.of] = found.late.get(kind.of, 0) + 1
    elif row.is_before_taken:
        found.add(f"{kind.of} {row.key}: the ledger does not hold it, but holds later ones")
    else:
        found.new += 1


def _check_tree(
    connection: rows.Reading,
    verifier: Verifier | None,
    kept: Sequence[Checkpoint],
    found: Audit,
) -> None:
    """Compares all checkpoints with the tree, as it grows from the first record on."""
    wanted = [(one.size, one.root, "the checkpoint that was kept") for one in kept]
    for stored in rows.checkpoints_of(connection):
        found.checkpoints += 1
        try:
            signed = Checkpoint.read(_text(stored.note, verifier))
        except (ValueError, DataInvalid) as error:
            found.add(f"checkpoint of {stored.size:,} records: {error}")
            continue
        if signed.size != stored.size:
            found.add(f"checkpoint of {stored.size:,} records: its note is of {signed.size:,}")
        else:
            wanted.append((signed.size, signed.root, "the checkpoint in the database"))
    heapq.heapify(wanted)
    frontier = Frontier()
    _compare(wanted, frontier, found)
    for position, leaf in rows.leaves(connection):
        frontier.add(leaf)
        if position != frontier.size:
            found.add(f"ledger: entry {frontier.size:,} is missing")
            return
        _compare(wanted, frontier, found)
    for size, _, name in wanted:
        found.add(
            f"{name} is of {size:,} records, and the ledger holds {frontier.size:,}: the newest "
            "were removed, or this is an older copy"
        )


def _compare(wanted: list[tuple[int, bytes, str]], frontier: Frontier, found: Audit) -> None:
    while wanted and wanted[0][0] == frontier.size:
        size, root, name = heapq.heappop(wanted)
        if root != frontier.root:
            found.add(f"{name}, of {size:,} records: the ledger was another one then")


def _text(note: str, verifier: Verifier | None) -> str:
    return verifier.text_of(note) if verifier else note.partition("\n\n")[0] + "\n"


def _check_seals(connection: rows.Reading, found: Audit) -> None:
    """Checks what phones signed, with their own keys."""
    for sequence, asked in itertools.groupby(rows.seals(connection), lambda one: one.sequence):
        # Whoever asked twice has two request ids for one event, and signed it with the first.
        ones = list(asked)
        if ones[0].nonce is None and not found.seals:
            found.unsealed += 1
        elif any(map(_seal_fits, ones)):
            found.seals += 1
        else:
            found.add(f"events {sequence}: its phone did not sign it as it is")


def _seal_fits(one: rows.Seal) -> bool:
    if one.nonce is None or one.chain_head is None or one.public_key is None:
        return False
    payload = seal_payload(
        device_id=one.device_id,
        nip=one.nip,
        request_id=one.request_id or "",
        kind=EventKind(one.kind),
        nonce=one.nonce,
        location=Location(
            one.latitude or 0.0, one.longitude or 0.0, one.accuracy_m or 0.0, bool(one.mock)
        ),
        chain_head=one.chain_head,
    )
    try:
        return signature_fits(one.public_key, one.signature, payload)
    except KeyInvalid:
        return False


def read_kept(notes: Sequence[Path], verifier: Verifier | None) -> Iterator[Checkpoint]:
    """Yields the checkpoints of files. Raises DataInvalid if one is none or not the server's."""
    for path in notes:
        try:
            yield Checkpoint.read(_text(path.read_text(encoding="utf-8"), verifier))
        except (ValueError, DataInvalid) as error:
            raise DataInvalid(f"{path}: {error}") from error
