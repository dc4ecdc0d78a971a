"""`hadir-bench race`: whether a search ever names the wrong person while the gallery changes.

The server's own gallery and decision, with random faces: people are enrolled, re-enrolled and
deleted without a pause while threads search. No network, models or storage take part.
"""

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks import report
from benchmarks.panels import Panel, draw_bars
from benchmarks.sheet import write
from server.cores import usable_cores
from server.domain.face import Vector
from server.domain.match import Candidate, Verdict
from server.gallery.gallery import Gallery
from server.gallery.snapshot import Person
from server.services.identify import identify
from server.services.thresholds import Thresholds
from server.vision import weights
from server.vision.calibration import load_calibration

DIMENSION = 128
SITES = ("", "kantor-gubernur", "jalan-40")
SEARCHES_PER_CHANGE = 4
CHANGES_BETWEEN_LOADS = 5_000
# Cosine of a probe to the face that it shows.
PROBE_COSINE = 0.9
# Stricter than a server, so that in 2e9 comparisons no stranger passes by chance.
FPIR, FMR = 1e-6, 1e-4
STRANGERS = 64
# How much history of one person a search that began earlier may still see.
FACES_KEPT = 16
ROUNDING = 1e-5
EXAMPLES_MAX = 10
PROGRESS_SECONDS = 0.2
LOADING = "everyone"
_WRONG = ("wrong_scores", "wrong_names", "missed")


@dataclass(frozen=True, slots=True)
class Race:
    """How much is searched among how many people, and by how many at once."""

    searches: int = 1_000_000
    people: int = 2_000
    searchers: int = 8
    workers: int = 2
    seed: int = 0


@dataclass(slots=True, eq=False)
class Enrolled:
    """One enrolment of a person, and what became of it; gone_at counts changes."""

    person: Person
    known: bool = False
    leaving: bool = False
    gone_at: int | None = None


@dataclass(slots=True)
class Tally:
    """What a race found.

    wrong_scores: candidates with the score of somebody else. wrong_names: accepted under another's
    name, or after deletion or replacement. missed: enrolled throughout, and not recognised.
    """

    searches: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)
    wrong_scores: int = 0
    wrong_names: int = 0
    missed: int = 0
    examples: list[str] = field(default_factory=list)
    search_ms: list[float] = field(default_factory=list, repr=False)

    @property
    def wrong(self) -> int:
        """All answers that must not be."""
        return self.wrong_scores + self.wrong_names + self.missed

    def blame(self, what: str, *, of_kind: int) -> None:
        """Keeps the first examples of each kind of wrong answer; of_kind: how many there are."""
        if of_kind <= EXAMPLES_MAX:
            self.examples.append(what)


class Truth:
    """Who is enrolled with which face, and since when."""

    def __init__(self, race: Race) -> None:
        self.rng = np.random.default_rng(race.seed)
        self.changes = 0
        self.busy: set[str] = set()
        self.nips = [f"{number:018d}" for number in range(race.people)]
        self.faces = {
            nip: deque([Enrolled(self.new_person(nip), known=True)], FACES_KEPT)
            for nip in self.nips
        }
        self._strangers = [Enrolled(self.new_person("")) for _ in range(STRANGERS)]

    def new_person(self, nip: str) -> Person:
        """Returns a person with a random face, at a random site."""
        mean = _unit(self.rng.standard_normal(DIMENSION))
        return Person(nip, SITES[self.rng.integers(len(SITES))], mean)

    def everyone(self) -> list[Person]:
        """Returns who is enrolled."""
        last = [faces[-1] for faces in self.faces.values()]
        return [face.person for face in last if face.gone_at is None]

    def any_face(self) -> Enrolled:
        """Returns a face to search for: mostly the last of somebody, some older, some strange."""
        kind = self.rng.random()
        if kind < 0.1:
            return self._strangers[self.rng.integers(STRANGERS)]
        faces = self.faces[self.nips[self.rng.integers(len(self.nips))]]
        return faces[self.rng.integers(len(faces))] if kind < 0.3 else faces[-1]

    def probe(self, face: Enrolled) -> Vector:
        """Returns a new picture of a face."""
        mean = face.person.mean
        noise = self.rng.standard_normal(DIMENSION).astype(np.float32)
        noise = _unit(noise - (noise @ mean) * mean)
        return _unit(PROBE_COSINE * mean + np.float32(np.sqrt(1 - PROBE_COSINE**2)) * noise)

    def explains(self, candidate: Candidate, probe: Vector, begun: int) -> bool:
        """Whether this person had a face of this score at some time since a search began."""
        return any(
            abs(float(face.person.mean @ probe) - candidate.similarity) < ROUNDING
            for face in self.faces[candidate.nip]
            if face.gone_at is None or face.gone_at > begun
        )


class Watched(Gallery):
    """A gallery whose answers are compared with the truth, one by one."""

    def __init__(self, executor: Executor, truth: Truth, tally: Tally) -> None:
        super().__init__(DIMENSION, executor)
        self._truth = truth
        self._tally = tally

    async def searches(
        self, probe: Vector, count: int, site_ids: Sequence[str | None]
    ) -> list[list[Candidate]]:
        """Searches, and counts what does not belong to whom it is said to belong to."""
        begun, started = self._truth.changes, time.perf_counter()
        found = await super().searches(probe, count, site_ids)
        self._tally.search_ms.append((time.perf_counter() - started) * 1e3)
        self._tally.searches += len(site_ids)
        for candidate in itertools.chain(*found):
            if not self._truth.explains(candidate, probe, begun):
                self._tally.wrong_scores += 1
                self._tally.blame(
                    f"{candidate.nip} found by a score that is not this person's",
                    of_kind=self._tally.wrong_scores,
                )
        return found


def race(
    *,
    searches: Annotated[int, typer.Option(min=1, help="How many searches.")] = 1_000_000,
    people: Annotated[int, typer.Option(min=10, help="How many people.")] = 2_000,
    searchers: Annotated[int, typer.Option(min=1, help="Searches that wait at once.")] = 8,
    workers: Annotated[
        int, typer.Option(min=0, help="Threads that search; 0: one for each usable core.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of faces and choices.")] = 0,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Searches the gallery while people are enrolled, re-enrolled and deleted without a pause.

    Every candidate must carry a score of its own person, and every decision must be right: nobody
    under another's name, nobody by a face that was deleted or replaced, and everyone who stays
    enrolled is recognised. Ends with exit code 1 if a single answer is wrong.

    Faces are random unit vectors. Threads make each run different, the seed fixes faces alone.

    Example: hadir-bench race --searches 1000000 --json race.json
    """
    console = Console()
    asked = Race(searches, people, searchers, workers or usable_cores(), seed)
    result = report.origin("race", asdict(asked))
    report.print_origin(console, result)
    columns = (TextColumn("searches"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started = time.perf_counter()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=searches)
        tally = asyncio.run(
            run(asked, lambda tally: progress.update(task, completed=tally.searches))
        )
    found = figures(tally, time.perf_counter() - started)
    for label, text in told(found):
        console.print(f"[bold]{label:9}[/bold] {text}", highlight=False, soft_wrap=True)
    if json_file is not None:
        said = "\n".join(f"- {label}: {text}" for label, text in told(found))
        draw = partial(draw_bars, title="Searches while the gallery changes", panels=_panels(found))
        write(json_file, {**result, "results": found}, [said], draw)
    if tally.wrong:
        raise typer.Exit(code=1)


async def run(
    asked: Race,
    progress: Callable[[Tally], None] = lambda _: None,
    gallery_type: type[Watched] = Watched,
) -> Tally:
    """Searches and changes a gallery until the searches are done."""
    truth, tally = Truth(asked), Tally()
    thresholds = shipped_thresholds()
    with ThreadPoolExecutor(asked.workers, thread_name_prefix="search") as executor:
        gallery = gallery_type(executor, truth, tally)
        await gallery.load(truth.everyone())

        async def search_and_change() -> None:
            # The change of one task happens while the searches of the others run.
            while tally.searches < asked.searches:
                for _ in range(SEARCHES_PER_CHANGE):
                    await _identify(gallery, thresholds, truth, tally)
                await _change(gallery, truth, tally)

        async def tell() -> None:
            while tally.searches < asked.searches:
                progress(tally)
                await asyncio.sleep(PROGRESS_SECONDS)

        async with asyncio.TaskGroup() as group:
            for _ in range(asked.searchers):
                group.create_task(search_and_change())
            group.create_task(tell())
    return tally


def shipped_thresholds() -> Thresholds:
    """Returns thresholds of the default model."""
    digest = weights.SHA256[weights.SFACE_FILE]
    return Thresholds(load_calibration(f"sface-2021dec-{digest[:12]}", None), FPIR, FMR)


async def _identify(gallery: Watched, thresholds: Thresholds, truth: Truth, tally: Tally) -> None:
    face = truth.any_face()
    nip, site_id = face.person.nip, SITES[truth.rng.integers(len(SITES))]
    stays = face.known and not face.leaving
    decision = await identify(gallery, thresholds, truth.probe(face), site_id)
    # Nothing else ran on the loop since the decision: the truth is that of its moment.
    tally.verdicts[decision.verdict.value] += 1
    if decision.verdict is Verdict.MATCH:
        if decision.nip != nip or face.gone_at is not None:
            tally.wrong_names += 1
            tally.blame(
                f"{nip or 'a stranger'} accepted as {decision.nip}", of_kind=tally.wrong_names
            )
    elif stays and not face.leaving:
        tally.missed += 1
        tally.blame(f"{nip} not recognised: {decision}", of_kind=tally.missed)


async def _change(gallery: Watched, truth: Truth, tally: Tally) -> None:
    """Enrols, re-enrols or deletes somebody; now and then loads everyone anew."""
    if LOADING in truth.busy:
        return
    if truth.changes >= CHANGES_BETWEEN_LOADS * (tally.changes["loads"] + 1) and not truth.busy:
        truth.busy.add(LOADING)
        await gallery.load(truth.everyone())
        truth.busy.remove(LOADING)
        tally.changes["loads"] += 1
    nip = truth.nips[truth.rng.integers(len(truth.nips))]
    if nip in truth.busy:
        return
    truth.busy.add(nip)
    base, before = gallery.snapshot.base, truth.faces[nip][-1]
    if before.gone_at is None and truth.rng.random() < 0.5:
        before.leaving = True
        await gallery.remove(nip)
        tally.changes["deleted"] += 1
    else:
        tally.changes["enrolled" if before.gone_at is not None else "re-enrolled"] += 1
        before.leaving = True
        after = Enrolled(truth.new_person(nip))
        truth.faces[nip].append(after)
        await gallery.put(after.person)
        after.known = True
    truth.changes += 1
    if before.gone_at is None:
        before.gone_at = truth.changes
    truth.busy.remove(nip)
    tally.changes["merges"] += gallery.snapshot.base is not base


def figures(tally: Tally, seconds: float) -> dict[str, Any]:
    """Returns what a report says of a race."""
    p50, p99 = np.percentile(tally.search_ms, (50, 99))
    return {
        "searches": tally.searches,
        "seconds": round(seconds, 1),
        "searches_per_second": round(tally.searches / seconds),
        "search_ms_p50": round(float(p50), 3),
        "search_ms_p99": round(float(p99), 3),
        "changes": dict(tally.changes),
        "verdicts": dict(tally.verdicts),
        "wrong_scores": tally.wrong_scores,
        "wrong_names": tally.wrong_names,
        "missed": tally.missed,
        # The rule of three: what none in so many proves.
        "rate_bound_95": None if tally.wrong else 3 / tally.searches,
        "examples": tally.examples,
    }


def told(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the figures of a race in words, each with its label."""
    changes = ", ".join(f"{count:,} {name}" for name, count in found["changes"].items())
    verdicts = ", ".join(f"{count:,} {name}" for name, count in found["verdicts"].items())
    wrong = sum(found[kind] for kind in _WRONG)
    bound = f" (rate below {found['rate_bound_95']:.1e}, 95 %)" if not wrong else ""
    speed = f"{found['searches_per_second']:,} a second"
    times = f"p50 {found['search_ms_p50']} ms, p99 {found['search_ms_p99']} ms"
    kinds = ", ".join(f"{found[kind]} {kind}" for kind in _WRONG)
    return [
        ("searches", f"{found['searches']:,} in {found['seconds']:,} s, {speed}; {times}"),
        ("changes", changes),
        ("decisions", verdicts),
        ("wrong", f"{wrong}{bound}: {kinds}"),
        *(("example", text) for text in found["examples"]),
    ]


def _panels(found: Mapping[str, Any]) -> list[Panel]:
    done = {"searches": found["searches"], **found["verdicts"], **found["changes"]}
    wrong = {kind: found[kind] for kind in _WRONG}
    return [
        Panel("how many", list(done), {"": list(done.values())}, log=True),
        Panel("wrong answers", list(wrong), {"": list(wrong.values())}),
    ]


def _unit(vector: NDArray[np.floating]) -> Vector:
    unit: Vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit
