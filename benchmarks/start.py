"""`hadir-bench start`: seconds until a server serves, and its memory, by enrolled people."""

import asyncio
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
    """The fastest of ROUNDS starts.

    serving_s: from the start of the process until SERVING. cpu_s: its processor time by then.
    memory_mb: resident.
    """

    people: int
    serving_s: float
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
    shown = Table(title=f"Start of a server, best of {ROUNDS}", title_justify="left")
    for head in ("people", "until SERVING s", "processor s", "memory MB"):
        shown.add_column(head, justify="right")
    for one in starts:
        row = f"{one.serving_s:.1f}", f"{one.cpu_s:.1f}", f"{one.memory_mb:.0f}"
        shown.add_row(f"{one.people:,}", *row)
    console.print(shown)
    if json_file is not None:
        report.write_json(json_file, {**result, "results": [asdict(one) for one in starts]})


def measure(directory: Path, people: int) -> Start:
    """Starts a server on a folder several times."""
    found = []
    for _ in range(ROUNDS):
        with local.running(directory, {"log_level": "WARNING"}) as server:
            serving_s = asyncio.run(local.wait_until_serving(server.address))
            found.append(Start(people, serving_s, server.cpu_s(), server.memory_mb()))
    return min(found, key=lambda one: one.serving_s)


async def _fill(directory: Path, count: int, advance: Callable[[int], None]) -> None:
    """Fills a fresh folder: the offices through the API, people and faces directly."""
    with local.running(directory) as server:
        await local.wait_until_serving(server.address)
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
