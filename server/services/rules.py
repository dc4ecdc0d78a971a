"""BKD's rules: stored as a log, read as a book that follows every change."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import structlog

from server.clock import Clock
from server.domain.attendance import starter
from server.domain.attendance.approval import Delegation
from server.domain.attendance.calendar import national
from server.domain.attendance.rules import (
    Rule,
    RuleBook,
    RuleChange,
    RuleKind,
    faults_of,
)
from server.domain.model import Principal, Unit
from server.domain.unit_history import UnitHistory
from server.errors import FieldInvalid
from server.services.devices import checked_reason
from server.storage import directory, rules, unit_changes
from server.storage.database import Connection, Database, is_reader

RULES_AT_ONCE_MAX = 5000
FOUNDER = "hadir"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RuleFault:
    """What is wrong with a rule; number: its place in the list, from 1."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class _State:
    """What a book is made of: the logs of rules and units up to a sequence, and the units."""

    sequence: int
    unit_sequence: int
    units: tuple[Unit, ...]


class Rules:
    """Reads and changes rules."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: tuple[_State, RuleBook] | None = None
        self._making = asyncio.Lock()

    async def begin(self) -> None:
        """Stores the rules to begin with, of kinds of which the log has never had one."""
        # The library of holidays takes a third of a second to import: not while somebody waits.
        await asyncio.to_thread(national, [self._clock.now().year])

        async def work(connection: Connection) -> int:
            known = await rules.known_kinds(connection)
            missing = [rule for rule in starter.RULES if rule.kind not in known]
            await rules.insert_rules(
                connection,
                missing,
                actor=FOUNDER,
                reason="aturan awal, lihat domain/attendance/starter.py",
                now=self._clock.now(),
            )
            return len(missing)

        if stored := await self._database.write(work):
            log.info("starter_rules_stored", rules=stored)

    async def warm(self) -> None:
        """Makes the book if a rule has changed: before a write, for which all others wait."""
        async with self._database.read() as connection:
            await self.book(connection)

    async def book(self, connection: Connection) -> RuleBook:
        """Returns the rules that hold now, without shifts; those of a later state, if known."""
        state = await _state(connection)
        if (book := self._known(state)) is not None:
            return book
        async with self._making:  # whoever waited here finds it made
            if (book := self._known(state)) is None:
                book = await self._made(connection, state)
                # What a writer sees may be rolled back, and its number given to another rule.
                if is_reader(connection):
                    self._kept = state, book
        return book

    async def book_of(
        self,
        connection: Connection,
        nips: Collection[str],
        first: date = date.min,
        last: date = date.max,
    ) -> RuleBook:
        """Returns the rules that hold now, with the employees' shifts (of first to last)."""
        book = await self.book(connection)
        return book.with_rosters(await rules.rosters(connection, nips, first, last))

    async def _made(self, connection: Connection, state: "_State") -> RuleBook:
        if self._kept is not None:
            before, book = self._kept
            same_units = replace(state, sequence=before.sequence) == before
            if same_units and not await rules.book_changed(connection, before.sequence):
                return book
        changes = await rules.list_current(connection, rules.BOOK_KINDS)
        moves = await unit_changes.all_changes(connection)
        book = await asyncio.to_thread(
            lambda: RuleBook(changes, state.units, UnitHistory(state.units, moves))
        )
        log.info("rule_book_made", rules=len(changes))
        return book

    def _known(self, state: "_State") -> RuleBook | None:
        if self._kept is None:
            return None
        kept, book = self._kept
        later = kept.sequence >= state.sequence and kept.unit_sequence >= state.unit_sequence
        return book if later and kept.units == state.units else None

    async def put(
        self, principal: Principal, some: Sequence[Rule], *, reason: str, dry_run: bool
    ) -> list[RuleFault]:
        """Stores rules, all or none, and returns what is wrong. Raises ReasonRequired."""
        reason = checked_reason(reason)
        if not 0 < len(some) <= RULES_AT_ONCE_MAX:
            raise FieldInvalid(f"1 to {RULES_AT_ONCE_MAX} rules at once", field="rules")

        async def work(connection: Connection) -> list[RuleFault]:
            found = await _faults(connection, some)
            if not found:
                await rules.insert_rules(
                    connection,
                    some,
                    actor=principal.username,
                    reason=reason,
                    now=self._clock.now(),
                )
            return found

        if dry_run:
            async with self._database.read() as connection:
                return await _faults(connection, some)
        found = await self._database.write(work)
        if not found:
            log.info("rules_stored", actor=principal.username, rules=len(some))
        return found

    async def list(
        self,
        *,
        kind: RuleKind | None,
        subject: str,
        current_only: bool,
        before: int | None,
        limit: int,
    ) -> list[RuleChange]:
        """Returns changes of rules, newest first."""
        async with self._database.read() as connection:
            return await rules.list_changes(
                connection,
                kind=kind,
                subject=subject,
                current_only=current_only,
                before=before,
                limit=limit,
            )


async def _state(connection: Connection) -> _State:
    return _State(
        await rules.last_sequence(connection),
        await unit_changes.last_sequence(connection),
        tuple(await directory.list_units(connection)),
    )


async def _faults(connection: Connection, some: Sequence[Rule]) -> list[RuleFault]:
    unit_ids = {unit.unit_id for unit in await directory.list_units(connection)}
    named = {rule.subject for rule in some if rule.kind is RuleKind.SHIFT}
    named |= {rule.content.nip for rule in some if isinstance(rule.content, Delegation)}
    nips = await directory.known_nips(connection, named)
    found = [
        RuleFault(number, reason)
        for number, rule in enumerate(some, 1)
        for reason in faults_of(rule, unit_ids, nips)
    ]
    seen: set[tuple[RuleKind, str, object]] = set()
    for number, rule in enumerate(some, 1):
        key = (rule.kind, rule.subject, rule.start)
        if key in seen:
            found.append(RuleFault(number, "RULE_TWICE"))
        seen.add(key)
    return found
