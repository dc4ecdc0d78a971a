"""`hadir-bench start`: seconds until a server serves, and its memory, by enrolled people."""

import asyncio
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks import local, province, report
from benchmarks.bkd import Bkd
from server.domain.model import Consent, EmployeeState
from server.settings import DETECT_SIDE_PIXELS
from server.storage import enrollments
from server.storage.database import open_database
from server.storage.enrollments import Enrollment, Face, Templates
from server.storage.schema import employees
from server.storage.times import pack
from server.storage.vault import Vault, read_key_file
from server.vision.pack import load_pack
from server.vision.session import Runtime

ROUNDS = 3
SEED = 0
SINGLES = 3
PEOPLE_A_WRITE = 2_000


@dataclass(frozen=True, slots=True)
class Start:
    """ROUNDS starts, of a database that lies in the page cache.

    serving_s: from the start of the process until SERVING, of the fastest, median_s, worst_s: of
    all. cpu_s: processor time by then, and memory_mb: resident, of the fastest.
    """

    people: int
    serving_s: float
    median_s: float
    worst_s: float
    cpu_s: float
    memory_mb: float


def start(
    *,
    people: Annotated[
        list[int] | None, typer.Option(min=10, help="Enrolled people; may be given several times.")
    ] = None,
    directory: Annotated[
        Path, typer.Option("--dir", help="Folder for the server's database; made anew.")
    ] = Path("start-data"),
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the figures here.")
    ] = None,
) -> None:
    """Measures start to SERVING with the gallery from the database, and the memory after it.

    The database was just written, so it is read from memory and not from the disk: a machine that
    was off takes longer.

    People and their templates are random vectors, written into the database directly: a million
    take some minutes and 3 GB of disk.

    Example: hadir-bench start --people 1000 --people 10000
    """
    console = Console()
    counts = people or [1_000, 10_000]
    result = report.origin("start", {"people": ", ".join(map(str, counts)), "rounds": ROUNDS})
    report.print_origin(console, result)
    starts = []
    for count in counts:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"enrolling {count:,} simulated people", total=count)
            local.make_folder(directory)
            asyncio.run(_fill(directory, count, partial(progress.advance, task)))
        with console.status(f"starting with {count:,} people ..."):
            starts.append(measure(directory, count))
    title = f"Start of a server, {ROUNDS} times, its database in the page cache"
    shown = Table(title=title, title_justify="left")
    for head in ("people", "until SERVING s", "median", "worst", "processor s", "memory MB"):
        shown.add_column(head, justify="right")
    for one in starts:
        times = (f"{s:.1f}" for s in (one.serving_s, one.median_s, one.worst_s, one.cpu_s))
        shown.add_row(f"{one.people:,}", *times, f"{one.memory_mb:.0f}")
    console.print(shown)
    if json_file is not None:
        report.write_json(json_file, {**result, "results": [asdict(one) for one in starts]})


def measure(directory: Path, people: int) -> Start:
    """Starts a server on a folder several times."""
    found = []
    for _ in range(ROUNDS):
        with local.running(directory, {"log_level": "WARNING"}) as server:
            found.append((asyncio.run(server.serving()), server.cpu_s(), server.memory_mb()))
    return start_of(people, found)


def start_of(people: int, found: Sequence[tuple[float, float, float]]) -> Start:
    """Returns what starts took: seconds until SERVING, processor seconds and MB of each."""
    serving_s, cpu_s, memory_mb = min(found)
    all_s = [one[0] for one in found]
    return Start(people, serving_s, statistics.median(all_s), max(all_s), cpu_s, memory_mb)


async def _fill(directory: Path, count: int, advance: Callable[[int], None]) -> None:
    """Fills a fresh folder: the offices through the API, people and faces directly."""
    with local.running(directory) as server:
        await server.serving()
        async with local.connected(server.address) as desk:
            bkd = Bkd(desk)
            await bkd.login("bkd", server.password)
            await bkd.seed(province.employees(1))
    unit_ids = [unit_id for site in province.SITES for unit_id, _ in site.units]
    version = load_pack(
        "default", runtime=Runtime.AUTO, detect_side=DETECT_SIDE_PIXELS
    ).model_version
    vault, rng = read_key_file(directory / "hadir.key"), np.random.default_rng(SEED)
    async with open_database(directory / "hadir.db") as database:
        for first in range(0, count, PEOPLE_A_WRITE):
            # No NIP has a month 00: these numbers meet nobody of the province.
            numbers = range(first, min(count, first + PEOPLE_A_WRITE))
            nips = [f"19700000{number:010d}" for number in numbers]
            faces = [_face(nip, version, rng) for nip in nips]
            await database.write(partial(_put, vault=vault, faces=faces, unit_ids=unit_ids))
            advance(len(nips))


def _face(nip: str, version: str, rng: np.random.Generator) -> Face:
    vectors = rng.standard_normal((SINGLES + 1, 128), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    now = datetime.now(UTC)
    enrollment = Enrollment(nip, SINGLES, version, Consent("simulated", now), "bkd", now)
    return Face(enrollment, Templates(vectors[1:], vectors[0]), ())


async def _put(
    connection: AsyncConnection, *, vault: Vault, faces: Sequence[Face], unit_ids: Sequence[str]
) -> None:
    rows = [
        {
            "nip": face.enrollment.nip,
            "display_name": "Pegawai Simulasi",
            "unit_id": unit_ids[number % len(unit_ids)],
            "site_id": None,
            "state": EmployeeState.ACTIVE.value,
            "update_time": pack(face.enrollment.create_time),
        }
        for number, face in enumerate(faces)
    ]
    await connection.execute(insert(employees), rows)
    await enrollments.put(connection, vault, faces)
