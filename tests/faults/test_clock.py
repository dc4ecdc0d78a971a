"""A server's clock that is wrong, or was: it deletes nothing too early, and locks nobody for ever."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from server.domain.face import Fingerprint
from server.errors import DataInvalid
from server.services import retention as retention_service
from server.services.retention import Periods, Retention
from server.services.sight import Sight
from server.services.timekeeping import begun_in_time
from server.services.upkeep import Upkeep
from server.storage import events, retention
from server.storage.database import Database, open_database
from server.storage.events import Refusal
from tests.faults.conftest import NOW
from tests.faults.test_kill import event_of

DAYS = 180
LONG_AGO = NOW - timedelta(days=200)
SUSPICIOUS = frozenset({"FACE_MISMATCH"})


class Clock:
    """A clock that can be set, beside seconds that pass as they are told."""

    def __init__(self, moment: datetime) -> None:
        self.moment, self.seconds = moment, 0.0

    def now(self) -> datetime:
        """Returns the wall time."""
        return self.moment

    def monotonic(self) -> float:
        """Returns the seconds that passed."""
        return self.seconds

    def pass_by(self, time: timedelta) -> None:
        """Lets time pass on both."""
        self.moment += time
        self.seconds += time.total_seconds()


async def store(database: Database, *moments: datetime) -> None:
    """Stores events with a fingerprint, at their times."""
    for number, moment in enumerate(moments):
        event = replace(
            event_of(number),
            event_time=moment,
            create_time=moment,
            fingerprint=Fingerprint(7, 9),
        )
        await database.write(lambda connection, event=event: events.insert_event(connection, event))


class TestStart:
    """What is stored is the witness of the clock."""

    @pytest.mark.parametrize("minutes", [-4, 0, 60 * 24 * 29])
    async def test_right(self, database: Database, minutes: int) -> None:
        """A little behind, or ahead by holidays, is believed."""
        await store(database, NOW)
        times = await begun_in_time(
            database, Clock(NOW + timedelta(minutes=minutes)), trusted=False
        )

        assert "" == times.doubt()

    async def test_empty(self, database: Database) -> None:
        """Where nothing is stored nothing speaks against it."""
        assert "" == (await begun_in_time(database, Clock(NOW), trusted=False)).doubt()

    async def test_behind(self, database: Database) -> None:
        """The server does not start, and says what to do; unless the operator knows better."""
        clock = Clock(NOW - timedelta(minutes=6))
        await store(database, NOW)

        with pytest.raises(DataInvalid, match="trust_clock = true"):
            await begun_in_time(database, clock, trusted=False)
        assert "" == (await begun_in_time(database, clock, trusted=True)).doubt()

    async def test_the_last_row_counts(self, database: Database) -> None:
        """One that a wrong clock dated years ahead keeps no server from starting for ever."""
        await store(database, NOW + timedelta(days=5000), NOW)

        assert "" == (await begun_in_time(database, Clock(NOW), trusted=False)).doubt()

    async def test_refusals_count(self, database: Database) -> None:
        """Where nobody has checked in yet."""
        await refuse(database, NOW)

        with pytest.raises(DataInvalid):
            await begun_in_time(database, Clock(NOW - timedelta(days=1)), trusted=False)

    async def test_ahead(self, database: Database) -> None:
        """It is doubted until the next start, unless the operator knows better."""
        clock = Clock(NOW + timedelta(days=31))
        await store(database, NOW)
        times = await begun_in_time(database, clock, trusted=False)
        await store(database, clock.moment)

        assert "trust_clock = true" in times.doubt()
        assert "" == (await begun_in_time(database, clock, trusted=True)).doubt()

    @pytest.mark.parametrize(("hours", "doubted"), [(2, True), (-2, True), (0.5, False)])
    async def test_set_while_running(self, database: Database, hours: float, doubted) -> None:
        """Seconds that did not pass are no time; those that did are, however many."""
        clock = Clock(NOW)
        times = await begun_in_time(database, clock, trusted=False)
        clock.pass_by(timedelta(days=400))
        before = times.doubt()
        clock.moment += timedelta(hours=hours)

        assert "" == before
        assert doubted == bool(times.doubt())


class TestUpkeep:
    """All that is removed is removed by the clock."""

    async def test_removes_nothing_in_doubt(self) -> None:
        """Until the doubt is gone."""
        done, doubts = [], ["the clock was set", ""]

        async def job() -> int:
            done.append("job")
            return 1

        upkeep = Upkeep({"job": job}, Clock(NOW), doubt=lambda: doubts[0])
        await upkeep.once()
        skipped = upkeep.success_time_s
        doubts.pop(0)
        await upkeep.once()

        assert ["job"] == done
        assert (0.0, NOW.timestamp()) == (skipped, upkeep.success_time_s)


class TestRetention:
    """Rows that a wrong clock dated keep no others."""

    @pytest_asyncio.fixture
    async def small(self, path: Path, monkeypatch) -> AsyncIterator[Database]:
        """A database whose old rows are looked for two at a time."""
        monkeypatch.setattr(retention_service, "ROWS_AT_ONCE_MAX", 2)
        async with open_database(path) as database:
            yield database

    async def emptied(self, database: Database, clock: Clock) -> tuple[int, list[bool], list[int]]:
        """Empties old events; returns how many, whether each is empty by now, and the log."""
        sight = Sight(clock, ZoneInfo("Asia/Jayapura"))
        count = await Retention(database, sight, clock, Periods(DAYS, 1, 1)).fingerprints()
        async with database.read() as connection:
            rows = await connection.exec_driver_sql(
                "SELECT frame_hash IS NULL FROM events ORDER BY sequence"
            )
            log = await connection.exec_driver_sql(
                "SELECT removed_count FROM removals WHERE removed_count > 0 ORDER BY sequence"
            )
            return count, [bool(empty) for empty in rows.scalars()], list(log.scalars())

    async def test_future_rows(self, small: Database) -> None:
        """What lies behind them goes in its time, they go in theirs, and each is logged once."""
        clock = Clock(NOW)
        future = [NOW + timedelta(days=100)] * 4
        await store(small, LONG_AGO, *future, *[LONG_AGO] * 3, NOW, NOW)
        first = await self.emptied(small, clock)
        again = await self.emptied(small, clock)
        clock.pass_by(timedelta(days=100 + DAYS, seconds=1))
        last = await self.emptied(small, clock)

        gone = [True, *[False] * 4, *[True] * 3, False, False]
        assert (4, gone) == first[:2]
        assert (0, gone) == again[:2]
        assert (6, [True] * 10) == last[:2]
        assert 10 == sum(last[2])

    async def test_minutes_out_of_order(self, small: Database) -> None:
        """One that is a little younger than those behind it is not passed over for good."""
        clock = Clock(NOW)
        cut = NOW - timedelta(days=DAYS)
        await store(small, LONG_AGO, cut + timedelta(seconds=3), cut - timedelta(seconds=3), NOW)
        first = await self.emptied(small, clock)
        clock.pass_by(timedelta(seconds=4))
        last = await self.emptied(small, clock)

        assert (2, [True, False, True, False]) == first[:2]
        assert (1, [True, True, True, False]) == last[:2]

    async def test_what_is_done_is_not_looked_at_again(self, small: Database) -> None:
        """The next search begins behind the rows that are all old."""
        clock = Clock(NOW)
        await store(small, *[LONG_AGO] * 5, NOW)
        await self.emptied(small, clock)

        async with small.read() as connection:
            assert 5 == await retention.emptied_up_to(connection, retention.Kept.FINGERPRINTS)

    async def test_logged_with_it(self, small: Database, monkeypatch) -> None:
        """What cannot be logged is not emptied."""

        async def fails(*_: object, **__: object) -> None:
            raise OSError

        await store(small, LONG_AGO)
        with monkeypatch.context() as patched:
            patched.setattr(retention, "insert_removal", fails)
            with pytest.raises(OSError):  # noqa: PT011  the one above
                await self.emptied(small, Clock(NOW))

        assert (1, [True], [1]) == await self.emptied(small, Clock(NOW))


async def refuse(database: Database, moment: datetime) -> None:
    """Stores a refusal of phone-0 that accuses its owner."""
    refusal = Refusal("phone-0", "FACE_MISMATCH", moment)
    await database.write(lambda connection: events.insert_refusal(connection, refusal))


class TestLocks:
    """Refusals of the future are none."""

    async def test_phone(self, database: Database) -> None:
        """Five from a clock that was ahead count no more once it is right."""
        for number in range(5):
            await refuse(database, NOW + timedelta(days=300, seconds=number))
        await refuse(database, NOW)
        async with database.read() as connection:
            found = await events.refusals_since(
                connection, "phone-0", NOW, timedelta(minutes=10), SUSPICIOUS
            )

        assert ((1, NOW), (1, NOW)) == found
