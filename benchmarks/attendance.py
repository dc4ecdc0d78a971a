"""`hadir-bench attendance`: what days, recaps and boards cost a server with a province of people.

A database is filled with punches of a month, straight into its tables, and read through the use
cases: storage, derivation, recap. No network, no models; times are of one core that does it all.
"""

import asyncio
import logging
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import structlog
import typer
from rich.console import Console
from sqlalchemy import insert

from benchmarks import report
from benchmarks.panels import Panel, draw_bars
from benchmarks.sheet import Sheet, write
from server import memory
from server.domain.geo import Circle
from server.domain.model import (
    Device,
    DeviceKind,
    DeviceState,
    Employee,
    EmployeeState,
    Event,
    EventKind,
    EventSource,
    Principal,
    Role,
    Scores,
    Site,
    Unit,
)
from server.services.attendance import Attendance
from server.services.changes import Changes
from server.services.events import EventLog
from server.services.live import LiveStreams
from server.services.reports import Reports
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import attendance as rows
from server.storage import devices, directory, migrate, schema
from server.storage.database import Connection, Database, open_database
from server.storage.times import pack

WIT = ZoneInfo("Asia/Jayapura")
MONTH = date(2026, 3, 1)
LAST = date(2026, 3, 31)
NOW = datetime(2026, 4, 2, 0, 0, tzinfo=UTC)
UNITS = 50
ROWS_AT_ONCE = 20_000
REPEATS = 3
BOARD_CHANGES = 20
BKD = Principal(Role.BKD, b"", NOW + timedelta(days=1), username="bkd")


class StoppedClock:
    """Always the day after the month."""

    def now(self) -> datetime:
        """Returns the same time, aware, UTC."""
        return NOW

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class Figure:
    """What something took, seconds; bar: the most that it may."""

    what: str
    seconds: float
    bar_s: float


def attendance(
    *,
    people: Annotated[int, typer.Option(min=100, help="Employees of the province.")] = 10_000,
    days: Annotated[int, typer.Option(min=31, help="Days of punches that are stored.")] = 250,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Measures days and recaps of a month for a province and for a unit, and a live board.

    Example: hadir-bench attendance --json attendance.json
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    memory.spare_modules()  # as the server does
    console = Console()
    result = report.origin("attendance", {"people": people, "days": days})
    report.print_origin(console, result)
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(_measure(Path(folder), people, days, console))
    console.print(sheet(figures).table())
    if json_file is not None:
        found = {**result, "results": [asdict(one) for one in figures]}
        draw = partial(draw_bars, title="Attendance of a month", panels=[_panel(figures)])
        write(json_file, found, [sheet(figures)], draw)


def sheet(figures: Sequence[Figure]) -> Sheet:
    """Returns the figures as a table."""
    rows = [(one.what, f"{one.seconds:.2f}", f"{one.bar_s:g}") for one in figures]
    return Sheet("What it took; bar: the most that it may", ("what", "seconds", "bar"), rows)


def _panel(figures: Sequence[Figure]) -> Panel:
    series = {"took": [one.seconds for one in figures], "bar": [one.bar_s for one in figures]}
    return Panel("seconds", [one.what for one in figures], series)


async def _measure(folder: Path, people: int, days: int, console: Console) -> list[Figure]:
    path = folder / "hadir.db"
    migrate.upgrade(path)
    thousand = min(1000, people)
    async with _services(path) as (database, service, log):
        console.print(f"storing punches of {people} people, {days} of {thousand} ...")
        await _fill(database, people, days, thousand)
        console.print("reading them ...")
        month = (MONTH, LAST)
        province, _ = await _timed(lambda: service.recaps(BKD, "provinsi", *month), 1)
        unit, found = await _timed(lambda: service.recaps(BKD, "seribu", *month))
        assert len(found) == thousand, f"{len(found)} people of {thousand}"
        board = await _board(service, log)
    return [
        Figure(f"days and recaps of a month, {people} people", province, 10),
        Figure(f"month recap, {thousand} people with {days} days stored", unit, 2),
        Figure("WatchUnit: from the event's commit to the update, worst", board, 1),
    ]


@asynccontextmanager
async def _services(path: Path) -> AsyncIterator[tuple[Database, Attendance, EventLog]]:
    clock = StoppedClock()
    with ThreadPoolExecutor(1) as thread:
        async with open_database(path) as database:
            sight, changes = Sight(clock, WIT), Changes()
            rules = Rules(database, clock)
            await rules.begin()
            reports = Reports(thread, lambda: False)
            service = Attendance(
                database, rules, sight, changes=changes, reports=reports, clock=clock
            )
            yield database, service, EventLog(database, sight, changes, repeat_minutes=0)


async def _fill(database: Database, people: int, days: int, thousand: int) -> None:
    nips = [f"19850115201001{number:04d}" for number in range(people)]
    random_ = random.Random(7)  # noqa: S311  the same province each time

    async def master(connection: Connection) -> None:
        fence = Circle((0.7, 127.5), 100)
        await directory.put_site(connection, Site("kantor", "Kantor", WIT.key, fence))
        await directory.put_unit(connection, Unit("provinsi", "Provinsi", site_id="kantor"))
        for name in ("seribu", *(f"u{number}" for number in range(UNITS))):
            await directory.put_unit(connection, Unit(name, name, "provinsi", "kantor"))
        unit_of = {
            nip: "seribu" if number < thousand else f"u{number % UNITS}"
            for number, nip in enumerate(nips)
        }
        active = EmployeeState.ACTIVE
        everybody = [Employee(nip, f"Pegawai {nip}", unit_of[nip], "", active, NOW) for nip in nips]
        await directory.put_employees(connection, everybody)
        start = date(2020, 1, 1)
        await rows.insert_postings(
            connection,
            [(n, start, unit_of[n], "") for n in nips],
            actor="bkd",
            reason="",
            now=datetime.now(UTC),
        )
        phone = Device("phone", DeviceKind.PHONE, DeviceState.ACTIVE, b"key", NOW, nips[0])
        await devices.insert_device(connection, phone)

    await database.write(master)
    some: list[dict[str, Any]] = []
    number = 0
    for index, nip in enumerate(nips):
        first = LAST - timedelta(days=days - 1 if index < thousand else 30)
        for event in _punches(nip, first, random_):
            number += 1
            some.append({**event, "event_id": f"{number:026d}"})
        if len(some) >= ROWS_AT_ONCE or index == len(nips) - 1:
            await database.write(partial(_store, some))
            some = []


async def _store(some: list[dict[str, Any]], connection: Connection) -> None:
    await connection.execute(insert(schema.events), some)


def _punches(nip: str, first: date, random_: random.Random) -> list[dict[str, Any]]:
    """Returns a check-in and a check-out of each weekday; one in twenty is late or missing."""
    found = []
    for number in range((LAST - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() > 4 or random_.random() < 0.02:
            continue
        late = random_.random() < 0.05
        begin = datetime(day.year, day.month, day.day, 7, 0, tzinfo=WIT)
        for kind, minutes in (("IN", 25 + 30 * late), ("OUT", 545)):
            moment = begin + timedelta(minutes=minutes + random_.random() * 5)
            found.append(_row(nip, kind, moment))
    return found


def _row(nip: str, kind: str, moment: datetime) -> dict[str, Any]:
    at = pack(moment.astimezone(UTC))
    return {
        "nip": nip, "display_name": nip, "unit_id": "seribu", "kind": kind, "source": "PHONE",
        "event_time": at, "device_time": at, "clock_disputed": False, "site_id": "kantor",
        "distance_m": 0.0, "device_id": "phone", "similarity": 0.9, "threshold": 0.4,
        "margin": 0.0, "relief": 0.1, "frame_digest": b"", "seal": b"", "create_time": at,
    }  # fmt: skip


async def _board(service: Attendance, log: EventLog) -> float:
    """Returns the slowest of some updates of a board of 1,000 people, seconds after the commit."""
    live = LiveStreams()
    slowest = 0.0
    with live.open(BKD) as stream:
        updates = service.watch(BKD, "seribu", stream)
        await anext(updates)
        for number in range(BOARD_CHANGES):
            moment = NOW + timedelta(minutes=number)
            nip = f"19850115201001{number:04d}"
            await log.record_phone(_event(nip, number, moment), f"r{number}", b"")
            started = time.perf_counter()
            await anext(updates)
            slowest = max(slowest, time.perf_counter() - started)
    return slowest


def _event(nip: str, number: int, moment: datetime) -> Event:
    return Event(
        event_id=f"B{number:025d}",
        nip=nip,
        display_name=nip,
        unit_id="seribu",
        kind=EventKind.IN,
        source=EventSource.PHONE,
        event_time=moment,
        device_time=moment,
        clock_disputed=False,
        site_id="kantor",
        distance_m=0.0,
        device_id="phone",
        scores=Scores(0.9, 0.4, 0.0, 0.1, None),
        create_time=moment,
        frame_digest=f"board {number}".encode(),
    )


async def _timed(work: Callable[[], Awaitable[Any]], repeats: int = REPEATS) -> tuple[float, Any]:
    """Returns the median seconds of some runs, and the result of the last."""
    taken, result = [], None
    for _ in range(repeats):
        started = time.perf_counter()
        result = await work()
        taken.append(time.perf_counter() - started)
    return median(taken), result
