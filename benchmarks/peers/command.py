"""`hadir-bench peers`: Hadir's server and other libraries on the same frames and the same core."""

import enum
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from benchmarks import lfw, protocols, report
from benchmarks.accuracy import PAIRS_FILES
from benchmarks.embedding import Embedded
from benchmarks.lfw import Pair
from benchmarks.panels import Panel, draw_bars
from benchmarks.peers import hadir, material, process
from benchmarks.peers.figures import HADIR, WARM_UP_SECONDS, PeerFailed, Run, Side, ratios
from benchmarks.peers.process import PeerProcess
from benchmarks.sheet import Sheet, show, write
from server.errors import ModelInvalid

CORES_NEEDED = 2


class Peer(enum.StrEnum):
    """A library to compare with."""

    INSIGHTFACE = "insightface"
    OPENCV_ZOO = "opencv_zoo"
    FACE_RECOGNITION = "face_recognition"


class Measured(Protocol):
    """A side that is ready to run rounds."""

    @property
    def peak_memory_mb(self) -> float:
        """The most memory that its process had resident."""

    def measure(self, seconds: float) -> Run:
        """Runs one round."""


def peers(
    *,
    seconds: Annotated[
        float, typer.Option(min=0.5, help="How long each side runs in each round.")
    ] = 10,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often the sides take turns; the median counts.")
    ] = 3,
    peer: Annotated[
        list[Peer] | None,
        typer.Option(help="Compare with this one; may be given several times. Default: all."),
    ] = None,
    models: Annotated[
        Path | None,
        typer.Option(
            help="Folder with insightface's det_500m.onnx (non-commercial research only). Without "
            "it insightface is left out.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    lfw_directory: Annotated[
        Path | None,
        typer.Option(
            "--lfw",
            help="Folder of LFW images and a pairs file, as for `accuracy`: for the frames and for "
            "accuracy. Without it the frames are of a virtual person, and accuracy is left out.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    streams: Annotated[
        int, typer.Option(min=1, max=32, help="Kiosk streams to Hadir's server.")
    ] = 8,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Compares Hadir's server with insightface, OpenCV Zoo and face_recognition, one core each.

    All get the same JPEG frames (640 x 480, one face) and decode them, find the face and embed it.
    The sides take turns, so that a slow minute of the machine hits all of them.
    Hadir is its real server, asked through gRPC by kiosks on another core; a frame counts only if
    its face was embedded. A peer runs as its own documentation says, with nothing between it and
    its frames; every frame counts.

    face_recognition gets an environment of its own in the user's cache, by pip, on the first run.
    A peer that cannot run is left out, and the report says why.

    Example: hadir-bench peers --models ~/buffalo_s --lfw ~/lfw --json peers.json
    """
    console, chosen = Console(), list(dict.fromkeys(peer or Peer))
    settings: dict[str, object] = {"seconds": seconds, "rounds": rounds, "streams": streams}
    settings |= {"warm_up_seconds": WARM_UP_SECONDS, "peers": ", ".join(chosen)}
    settings["frame"] = "640 x 480, one face, JPEG"
    settings["frames_of"] = lfw_directory.resolve().name if lfw_directory else "virtual person"
    result = report.origin("peers", settings)
    report.print_origin(console, result)
    with _told(console), tempfile.TemporaryDirectory(prefix="hadir-peers-") as folder:
        bench = Bench(Path(folder), console, lfw_directory)
        sides = bench.run(chosen, models, streams=streams, rounds=rounds, seconds=seconds)
    paragraphs: list[str | Sheet] = [sheet(sides), *_notes(sides, bench.left_out)]
    show(console, paragraphs)
    if json_file is not None:
        found = {"ratios": ratios(sides), "left_out": bench.left_out}
        found["results"] = {side.name: side.as_dict() for side in sides}
        draw = partial(draw_bars, title="VGA frames, one core each", panels=_panels(sides))
        write(json_file, {**result, **found}, paragraphs, draw)


@contextmanager
def _told(console: Console) -> Iterator[None]:
    """Ends the command with a line on what is missing, where something is."""
    try:
        yield
    except (PeerFailed, ModelInvalid, lfw.LfwInvalid, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(code=1) from error


class Bench:
    """One comparison in a folder of its own. left_out: why a peer did not take part."""

    def __init__(self, folder: Path, console: Console, lfw_directory: Path | None) -> None:
        self.left_out: dict[str, str] = {}
        self._folder = folder
        self._console = console
        self._lfw = lfw_directory
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < CORES_NEEDED:
            raise PeerFailed("two cores are needed: one to measure, one for the client")
        # Core 0 also serves interrupts: the last one is measured.
        self._client_core, self._core = cores[-2], cores[-1]

    def run(
        self,
        chosen: Sequence[Peer],
        models: Path | None,
        *,
        streams: int,
        rounds: int,
        seconds: float,
    ) -> list[Side]:
        """Opens all sides, lets them take turns and measures accuracy. Raises PeerFailed."""
        images, pairs = self._pairs()
        with ExitStack() as stack:
            with self._console.status("making frames ..."):
                frames = material.make_frames(self._lfw)
                material.store_frames(frames, self._folder / "frames")
                opened = self._open(chosen, models, stack)
            stack.enter_context(process.pinned(self._client_core))
            server = stack.enter_context(
                hadir.open_hadir(self._folder, self._core, streams, frames)
            )
            everyone: dict[str, Measured] = {HADIR: server, **opened}
            versions = report.versions()
            how = f"hadir {versions['hadir']}, gRPC, {streams} streams, 1 worker"
            with_ = {HADIR: how} | {name: one.runs_with for name, one in opened.items()}
            sides = {name: Side(name, with_[name], [], [], []) for name in everyone}
            self._take_turns(everyone, sides, rounds, seconds)
            for name, one in everyone.items():
                sides[name].peak_memory_mb = one.peak_memory_mb
            if pairs:
                self._verify(opened, sides, images, pairs)
        return list(sides.values())

    def _open(
        self, chosen: Sequence[Peer], models: Path | None, stack: ExitStack
    ) -> dict[str, PeerProcess]:
        """Starts the peers that can run, and notes why others cannot."""
        scrfd = None
        opened: dict[str, PeerProcess] = {}
        if Peer.INSIGHTFACE in chosen:
            try:
                scrfd = material.find_scrfd(models)
            except PeerFailed as error:
                self.left_out[Peer.INSIGHTFACE] = str(error)
        material.store_models(self._folder / "models", scrfd)
        for peer in chosen:
            if peer in self.left_out:
                continue
            try:
                python = process.python_of(own_environment=peer is Peer.FACE_RECOGNITION)
                worker = PeerProcess(python, f"with_{peer}.py", self._folder, self._core)
                opened[peer] = stack.enter_context(worker)
            except PeerFailed as error:
                self.left_out[peer] = str(error)
        return opened

    def _take_turns(
        self, everyone: dict[str, Measured], sides: dict[str, Side], rounds: int, seconds: float
    ) -> None:
        with Progress(console=self._console, transient=True) as progress:
            task = progress.add_task("", total=rounds * len(everyone))
            for number in range(1, rounds + 1):
                for name, one in everyone.items():
                    progress.update(task, description=f"round {number}: {name}")
                    try:
                        sides[name].add(one.measure(seconds))
                    except PeerFailed as error:
                        raise PeerFailed(f"{name}: {error}") from error
                    progress.advance(task)

    def _pairs(self) -> tuple[dict[str, Path], Sequence[Pair]]:
        """Returns the images of the pairs, and the pairs; nothing without --lfw."""
        if self._lfw is None:
            return {}, ()
        file = next((self._lfw / n for n in PAIRS_FILES if (self._lfw / n).is_file()), None)
        if file is None:
            raise lfw.LfwInvalid(f"no {' or '.join(PAIRS_FILES)} in {self._lfw}")
        pairs = lfw.parse_pairs(file.read_text(encoding="utf-8"))
        images = lfw.find_images(self._lfw)
        names = sorted({name for pair in pairs for name in (pair.first, pair.second)})
        lfw.require(images, names)
        return {name: images[name] for name in names}, pairs

    def _verify(
        self,
        opened: dict[str, PeerProcess],
        sides: dict[str, Side],
        images: dict[str, Path],
        pairs: Sequence[Pair],
    ) -> None:
        embedded: dict[str, Embedded] = {HADIR: hadir.embed(images, self._console)}
        for name, one in opened.items():
            with self._console.status(f"embedding {len(images):,} images with {name} ..."):
                embedded[name] = one.embed(images)
        for name, vectors in embedded.items():
            sides[name].verification = protocols.verify(vectors, pairs)


def sheet(sides: Sequence[Side]) -> Sheet:
    """Returns the sides as a table."""
    times = ratios(sides)
    return Sheet(
        "VGA frames with one face, one core each; medians of the rounds. f/s: frames a second; "
        "ms: 1,000 / f/s; answer: ms from a frame to its answer; found: frames whose face was "
        "embedded; LFW: right pairs; MB: peak memory",
        ("side", "f/s", "ms", "answer", "found", "LFW", "MB", "Hadir is"),
        [(side.name, *_cells(side.as_dict(), times.get(side.name))) for side in sides],
    )


def _notes(sides: Sequence[Side], left_out: Mapping[str, str]) -> Iterator[str]:
    for side in sides:
        yield f"{side.name} runs with {side.runs_with}"
    for name, reason in left_out.items():
        yield f"{name} is left out: {reason}"


def _panels(sides: Sequence[Side]) -> list[Panel]:
    names, figures = [side.name for side in sides], [side.as_dict() for side in sides]
    return [
        Panel(title, names, {"": [one[key] for one in figures]})
        for title, key in (
            ("frames a second", "frames_per_second_median"),
            ("from a frame to its answer, ms", "latency_ms_median"),
            ("peak memory, MB", "peak_memory_mb"),
        )
    ]


def _cells(figures: dict[str, Any], times: float | None) -> list[str]:
    verified = figures["verification"]
    return [
        f"{figures['frames_per_second_median']:.1f}",
        f"{figures['ms_per_frame']:.1f}",
        f"{figures['latency_ms_median']:.1f}",
        f"{figures['embedded_share_median']:.1%}",
        f"{verified['accuracy']:.2%}" if verified else "-",
        f"{figures['peak_memory_mb']:.0f}",
        f"{times:.1f} x" if times is not None else "",
    ]
