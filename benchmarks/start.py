"""`hadir-bench start`: seconds until a server serves, and its memory, by enrolled people."""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import cast as casting
from benchmarks import local, province, report
from benchmarks.crowd import prepare

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Start:
    """The fastest of ROUNDS starts: seconds until SERVING, resident memory in MB."""

    people: int
    serving_s: float
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

    Example: hadir-bench start --people 1000 --people 10000
    """
    console = Console()
    counts = people or [1_000, 10_000]
    result = report.origin("start", {"people": ", ".join(map(str, counts)), "rounds": ROUNDS})
    report.print_origin(console, result)
    starts = []
    for count in counts:
        with console.status(f"enrolling {count:,} simulated people ..."):
            local.make_folder(directory)
            asyncio.run(prepare(directory, casting.group_photo(), province.employees(count)))
        with console.status(f"starting with {count:,} people ..."):
            starts.append(measure(directory, count))
    shown = Table(title="Start of a server, best of three", title_justify="left")
    for head in ("people", "until SERVING s", "memory MB"):
        shown.add_column(head, justify="right")
    for one in starts:
        shown.add_row(f"{one.people:,}", f"{one.serving_s:.1f}", f"{one.memory_mb:.0f}")
    console.print(shown)
    if json_file is not None:
        report.write_json(json_file, {**result, "results": [asdict(one) for one in starts]})


def measure(directory: Path, people: int) -> Start:
    """Starts a server on a folder several times."""
    found = []
    for _ in range(ROUNDS):
        with local.running(directory, {"log_level": "WARNING"}) as server:
            serving_s = asyncio.run(local.wait_until_serving(server.address))
            found.append(Start(people, serving_s, server.memory_mb()))
    return min(found, key=lambda one: one.serving_s)
