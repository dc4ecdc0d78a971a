"""The book of rules is made when it must be, once, and never while a write waits."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from server.clock import SystemClock
from server.domain.attendance.rules import EVERYBODY, Rule, RuleKind, Shift
from server.domain.attendance.starter import OFFICE_HOURS
from server.errors import StorageUnavailable
from server.services.rules import Rules
from server.storage import migrate, rules
from server.storage.database import Database, open_database

pytestmark = pytest.mark.asyncio(loop_scope="function")

NURSE, GUARD = "197001011995031001", "197101011995031001"
FIRST = date(2026, 1, 1)


@contextmanager
def rows_read(database: Database) -> Iterator[list[str]]:
    """Notes the statements of readers that read contents of rules."""
    found: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "rules.content" in statement:
            found.append(statement)

    engine = database._readers.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def shift(nip: str, day: date, name: str | None) -> Rule:
    """Returns the shift of a date; None takes it back."""
    return Rule(RuleKind.SHIFT, nip, day, None if name is None else Shift(name))


class TestBook:
    """Many callers, few books."""

    @pytest.fixture
    async def database(self, tmp_path) -> AsyncIterator[Database]:
        """A database with the rules to begin with."""
        migrate.upgrade(tmp_path / "hadir.db")
        async with open_database(tmp_path / "hadir.db") as database:
            await Rules(database, SystemClock()).begin()
            yield database

    async def put(self, database: Database, *some: Rule) -> None:
        """Stores rules past the checks."""

        async def work(connection: Any) -> None:
            now = SystemClock().now()
            await rules.insert_rules(connection, some, actor="bkd", reason="uji", now=now)

        await database.write(work)

    async def test_a_new_kind_begins_in_an_old_log(self, tmp_path):
        """A server that knows a kind more stores its starting rule, once, and no other again."""
        migrate.upgrade(tmp_path / "hadir.db")
        async with open_database(tmp_path / "hadir.db") as database:
            await self.put(database, Rule(RuleKind.SCHEDULE, EVERYBODY, FIRST, OFFICE_HOURS))
            book = Rules(database, SystemClock())
            await book.begin()
            await book.begin()
            async with database.read() as connection:
                found = await rules.list_current(connection, frozenset(RuleKind))

        kinds = [one.rule.kind for one in found]
        assert 1 == kinds.count(RuleKind.SCHEDULE)
        assert 1 == kinds.count(RuleKind.FORENSIC_LIMITS)

    async def test_callers_at_once_share_one_making(self, database):
        """Ten who find the book stale wait for one of them."""
        book = Rules(database, SystemClock())
        with rows_read(database) as read:
            await asyncio.gather(*(book.warm() for _ in range(10)))

        assert 1 == len(read)

    async def test_a_roster_makes_no_book(self, database):
        """Shifts are read for whom and when they matter, past ones by nobody."""
        book = Rules(database, SystemClock())
        await book.warm()
        roster = [shift(NURSE, FIRST + timedelta(days=n), "malam") for n in range(1200)]
        await self.put(database, *roster, shift(GUARD, FIRST, "pagi"))
        with rows_read(database) as read:
            async with database.read() as connection:
                found = await book.book_of(connection, [NURSE], FIRST, FIRST + timedelta(days=1))

        assert 1 == len(read)
        assert {FIRST: "malam", FIRST + timedelta(days=1): "malam"} == found.roster(NURSE)
        assert {} == found.roster(GUARD)

    async def test_last_shift_of_a_date_holds(self, database):
        """Put again, put as off, taken back."""
        days = [FIRST + timedelta(days=n) for n in range(3)]
        await self.put(database, *(shift(NURSE, day, "malam") for day in days))
        await self.put(
            database,
            shift(NURSE, days[0], "pagi"),
            shift(NURSE, days[1], ""),
            shift(NURSE, days[2], None),
        )
        async with database.read() as connection:
            found = await rules.rosters(connection, [NURSE], days[0], days[2])

        async with database.read() as connection:
            book = await Rules(database, SystemClock()).book_of(connection, [NURSE])

        assert {NURSE: {days[0]: "pagi", days[1]: ""}} == found
        assert found[NURSE] == book.roster(NURSE)

    async def test_another_rule_makes_the_book_anew(self, database):
        """Also where shifts came before it."""
        book = Rules(database, SystemClock())
        await book.warm()
        await self.put(database, shift(NURSE, FIRST, "malam"))
        await book.warm()
        await self.put(database, Rule(RuleKind.SCHEDULE, EVERYBODY, FIRST, OFFICE_HOURS))
        with rows_read(database) as read:
            await book.warm()
            await book.warm()

        assert 1 == len(read)

    async def test_a_rule_that_was_rolled_back(self, database):
        """Whoever asked within its transaction leaves nothing of it; its number is another's."""
        book = Rules(database, SystemClock())
        await book.warm()
        taken_back = Rule(RuleKind.SCHEDULE, EVERYBODY, FIRST, OFFICE_HOURS)
        monday = replace(OFFICE_HOURS, week=(OFFICE_HOURS.week[0], *[None] * 6))
        seen = []

        async def work(connection: Any) -> None:
            now = SystemClock().now()
            await rules.insert_rules(connection, [taken_back], actor="bkd", reason="uji", now=now)
            seen.append(await book.book(connection))
            raise StorageUnavailable("full")

        with pytest.raises(StorageUnavailable):
            await database.write(work)
        await self.put(database, replace(taken_back, content=monday))
        async with database.read() as connection:
            held = await book.book(connection)

        calendar, tuesday = held.calendar([2026]), date(2026, 3, 3)
        assert seen[0].is_usual_workday(EVERYBODY, tuesday, calendar)
        assert not held.is_usual_workday(EVERYBODY, tuesday, calendar)
