"""A database file with a few people, for the tests that break it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import structlog

from server.clock import SystemClock
from server.domain.geo import Circle
from server.domain.model import Device, DeviceKind, DeviceState, Employee, EmployeeState, Site, Unit
from server.services.changes import Changes
from server.services.events import EventLog
from server.services.sight import Sight
from server.storage import devices, directory, migrate
from server.storage.database import Database, open_database

NOW = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
# Everybody has a phone, phone-0 to phone-7.
NIPS = tuple(f"19900101201503100{number}" for number in range(8))


def quiet() -> None:
    """Keeps the server's log lines below errors out of the output of this process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def event_log(database: Database, *, repeat_minutes: float) -> EventLog:
    """Returns a log of events over a database; nobody watches it."""
    sight = Sight(SystemClock(), ZoneInfo("Asia/Jayapura"))
    return EventLog(database, sight, Changes(), repeat_minutes=repeat_minutes)


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> Iterator[None]:
    quiet()
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database with one unit and its people."""
    path = tmp_path_factory.mktemp("seed") / "hadir.db"
    migrate.upgrade(path)
    asyncio.run(_seed(path))
    return path


@pytest.fixture
def path(seeded: Path, tmp_path: Path) -> Path:
    """A copy of the seeded database."""
    copy = tmp_path / "hadir.db"
    copy.write_bytes(seeded.read_bytes())
    return copy


@pytest_asyncio.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """The copy, open."""
    async with open_database(path) as opened:
        yield opened


async def _seed(path: Path) -> None:
    async def work(connection) -> None:
        fence = Circle((0.7, 127.5), 100)
        await directory.put_site(connection, Site("kantor", "Kantor", "Asia/Jayapura", fence))
        await directory.put_unit(connection, Unit("bkd", "BKD", site_id="kantor"))
        people = [Employee(nip, "Ani", "bkd", "", EmployeeState.ACTIVE, NOW) for nip in NIPS]
        await directory.put_employees(connection, people)
        for number, nip in enumerate(NIPS):
            device_id, key = f"phone-{number}", f"key-{number}".encode()
            phone = Device(device_id, DeviceKind.PHONE, DeviceState.ACTIVE, key, NOW, nip)
            await devices.insert_device(connection, phone)

    async with open_database(path) as database:
        await database.write(work)
