"""`hadir-bench accuracy`: how well the server's own pipeline recognises people of an LFW-like set.

Prints, stores and plots the figures, and writes the calibration that the server's thresholds
come from.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from benchmarks import embedding, lfw, protocols, report
from benchmarks.embedding import Embedded
from benchmarks.protocols import Comparisons, Searches
from benchmarks.sheet import Sheet, show, write
from server.cores import usable_cores
from server.domain.calibration import Calibration
from server.errors import ModelInvalid
from server.settings import DETECT_SIDE_PIXELS
from server.vision.calibration import load_calibration
from server.vision.pack import Pack, load_pack
from server.vision.pipeline import Pipeline
from server.vision.session import Runtime

PAIRS_FILES = ("pairs.txt", "pairsDevTest.txt")
IDENTIFICATION_FILE = "identification.txt"
FAILED_NAMED_MAX = 10


@dataclass(frozen=True, slots=True)
class Inputs:
    """What to measure on, and how the pipeline is set up. None: see the command's help."""

    directory: Path
    pairs: Path | None = None
    identification: Path | None = None
    cache: Path | None = None
    detect_side: int = DETECT_SIDE_PIXELS
    workers: int = 1

    @property
    def data(self) -> str:
        """Name of the data, without where it lies."""
        return self.directory.resolve().name


@dataclass(frozen=True, slots=True)
class Measured:
    """All that one run found: the figures for the report, and the scores for the plot."""

    figures: dict[str, Any]
    comparisons: Comparisons
    searches: list[Searches]
    calibration: Calibration


LfwOption = Annotated[
    Path,
    typer.Option(
        "--lfw",
        help="Folder of images: DIR/Name/Name_0001.jpg or DIR/images/Name/Name_0001.jpg.",
        exists=True,
        file_okay=False,
    ),
]
PairsOption = Annotated[
    Path | None,
    typer.Option(
        help="Pairs of LFW: pairsDevTest.txt (View 1) or pairs.txt (10 folds). "
        "Default: one of these in DIR, else none."
    ),
]
IdentificationOption = Annotated[
    Path | None,
    typer.Option(
        help="Rows `gallery NAME` and `impostor NAME`. Default: DIR/identification.txt, else "
        "who has 3 or more images is enrolled and who has one is an impostor."
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        help="Keep embeddings here (.npz) for the next run. Delete it after a change of "
        "server/vision."
    ),
]


def accuracy(
    *,
    lfw_directory: LfwOption,
    pairs: PairsOption = None,
    identification: IdentificationOption = None,
    pack: Annotated[str, typer.Option(help="Model pack: default or insightface:DIR.")] = "default",
    runtime: Annotated[Runtime, typer.Option(help="What runs the models.")] = Runtime.AUTO,
    detect_side: Annotated[
        int, typer.Option(min=64, help="Longer side for the detector, pixels; never enlarged.")
    ] = DETECT_SIDE_PIXELS,
    workers: Annotated[
        int, typer.Option(min=0, help="Worker threads; 0: one for each usable core.")
    ] = 0,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write all figures here; Markdown and curves (PNG) beside it."),
    ] = None,
    calibration: Annotated[
        Path | None, typer.Option(help="Write the server's calibration of this model here.")
    ] = None,
    cache: CacheOption = None,
) -> None:
    """Measures recognition accuracy and calibrates the thresholds of the server.

    Every image goes through the server's own pipeline; of several faces the one nearest the
    centre counts, and an image without a face counts as an error. Three protocols are run:

    1:1 on the pairs of LFW, as published for most models (accuracy), and over all pairs of images
    (FNMR: how often a person is refused; FMR: how often another person is accepted).

    1:N, open set: people enrolled with 1, 2 or 3 images are searched (TPIR: how often they are
    found), and people who are not enrolled (FPIR: how often they get somebody's name).

    The server's own decision: its threshold for this gallery size, and its margin.

    Example: hadir-bench accuracy --lfw ~/lfw --cache /tmp/lfw.npz --json out.json
    """
    console = Console()
    inputs = Inputs(
        directory=lfw_directory,
        pairs=pairs,
        identification=identification,
        cache=cache,
        detect_side=detect_side,
        workers=workers or usable_cores(),
    )
    try:
        loaded = load_pack(pack, runtime=runtime, detect_side=detect_side, calls=inputs.workers)
        result = report.origin("accuracy", _settings(loaded, pack, inputs))
        report.print_origin(console, result)
        measured = measure(loaded, inputs, console)
    except (ModelInvalid, lfw.LfwInvalid, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(code=1) from error
    paragraphs = list(told(measured.figures))
    show(console, paragraphs)
    if json_file is not None:
        draw = partial(_draw, title=f"{loaded.model_version} on {inputs.data}", measured=measured)
        write(json_file, {**result, "results": measured.figures}, paragraphs, draw)
    if calibration is not None:
        calibration.parent.mkdir(parents=True, exist_ok=True)
        calibration.write_text(measured.calibration.to_json(), encoding="utf-8")


def _draw(path: Path, title: str, measured: Measured) -> None:
    from benchmarks.plots import plot_accuracy

    plot_accuracy(path, title, measured.comparisons, measured.searches)


def measure(pack: Pack, inputs: Inputs, console: Console) -> Measured:
    """Embeds the images of a folder and runs all protocols. Raises LfwInvalid, OSError."""
    images = lfw.find_images(inputs.directory)
    names = list(images)
    people = _identification(inputs, names)
    pairs = inputs.pairs or _first_file(inputs.directory, *PAIRS_FILES)
    rows = lfw.parse_pairs(pairs.read_text(encoding="utf-8")) if pairs else ()
    lfw.require(images, [name for pair in rows for name in (pair.first, pair.second)])
    embedded = _embedded(pack, images, inputs, console)
    comparisons = protocols.compare(embedded, names)
    data = f"{inputs.data}, {len(lfw.by_person(names)):,} people"
    measured = protocols.calibrate(comparisons, pack.model_version, data)
    used, origin = _calibration_in_use(measured)
    searches = [
        protocols.identify(embedded, names, people, count) for count in protocols.ENROLLED_IMAGES
    ]
    searches = [entry for entry in searches if len(entry.mated.best)]
    figures: dict[str, Any] = {
        "images": len(images),
        "images_without_face": list(embedded.failed),
        "verification": None,
        "comparisons": protocols.summarise_comparisons(comparisons),
        "identification": [protocols.summarise_searches(entry, used) for entry in searches],
        "calibration": origin,
    }
    if pairs:
        figures["verification"] = {"file": pairs.name, **protocols.verify(embedded, rows)}
    return Measured(figures, comparisons, searches, measured)


def told(figures: dict[str, Any]) -> Iterator[str | Sheet]:
    """Yields the figures of `measure` as sentences and tables."""
    failed = figures["images_without_face"]
    named = f": {', '.join(failed[:FAILED_NAMED_MAX])}" if failed else ""
    yield f"{figures['images']:,} images, {len(failed)} without a face{named}"
    verified = figures["verification"]
    if verified is not None:
        yield (
            f"1:1 on {verified['file']}: {verified['accuracy']:.2%} of {verified['pairs']:,} pairs "
            f"({verified['method']})"
        )
    counted = figures["comparisons"]
    yield Sheet(
        f"1:1 over all images: {counted['genuine']:,} genuine, {counted['impostor']:,} impostor "
        "comparisons of single templates",
        ("FMR", "FNMR", "threshold"),
        [
            (f"{row['fmr']:g}", f"{row['fnmr']:.2%}", f"{row['threshold']:.3f}")
            for row in counted["fnmr_at_fmr"]
        ],
    )
    yield _search_sheet(figures)
    yield _server_sheet(figures)


def _search_sheet(figures: dict[str, Any]) -> Sheet:
    return Sheet(
        "1:N, open set, by images enrolled; TPIR (threshold)",
        ("images", "gallery", "mated", "impostors", "rank 1", "FPIR 1 %", "FPIR 0.3 %"),
        [
            (
                str(row["enrolled_images"]),
                str(row["gallery"]),
                str(row["mated_probes"]),
                str(row["impostor_probes"]),
                f"{row['rank1']:.2%}",
                *(f"{rate['tpir']:.2%} ({rate['threshold']:.3f})" for rate in row["tpir_at_fpir"]),
            )
            for row in figures["identification"]
        ],
    )


def _server_sheet(figures: dict[str, Any]) -> Sheet:
    rows = [(str(row["enrolled_images"]), row["server"]) for row in figures["identification"]]
    return Sheet(
        f"The server's own decision, calibration {figures['calibration']}",
        ("images", "threshold", "TPIR", "wrong names", "FPIR", "wanted at most"),
        [
            (
                images,
                f"{server['threshold']:.3f}",
                f"{server['tpir']:.2%}",
                str(server["named_wrongly"]),
                f"{server['fpir']:.2%}",
                f"{server['fpir_wanted']:.1%}",
            )
            for images, server in rows
        ],
    )


def _settings(pack: Pack, name: str, inputs: Inputs) -> dict[str, object]:
    return {
        "data": inputs.data,
        "pack": name if name == "default" else f"insightface:{Path(name).name}",
        "model_version": pack.model_version,
        "runtimes": pack.runtimes,
        "detect_side": inputs.detect_side,
        "workers": inputs.workers,
    }


def _identification(inputs: Inputs, images: list[str]) -> lfw.Identification:
    path = inputs.identification or _first_file(inputs.directory, IDENTIFICATION_FILE)
    if path is None:
        return lfw.default_identification(images)
    return lfw.parse_identification(path.read_text(encoding="utf-8"))


def _embedded(pack: Pack, images: dict[str, Path], inputs: Inputs, console: Console) -> Embedded:
    names = hashlib.sha256("\n".join(images).encode()).hexdigest()[:16]
    key = f"{pack.model_version}, {pack.runtimes}, side {inputs.detect_side}, images {names}"
    found = embedding.load_cache(inputs.cache, key) if inputs.cache else None
    if found is not None:
        console.print(f"embeddings from {inputs.cache}")
        return found
    pipeline = Pipeline(pack, workers=inputs.workers)
    try:
        with embedding.progress_bar(console) as progress:
            embedded = asyncio.run(embedding.embed_images(pipeline, images, progress))
    finally:
        pipeline.close()
    if not embedded.vectors:
        raise lfw.LfwInvalid("no face was found in any image")
    if inputs.cache:
        embedding.save_cache(inputs.cache, key, embedded)
    return embedded


def _calibration_in_use(measured: Calibration) -> tuple[Calibration, str]:
    """Returns the calibration that the server would use, and where it comes from."""
    try:
        return load_calibration(measured.model_version, None), "shipped"
    except ModelInvalid:
        return measured, "measured here"


def _first_file(directory: Path, *names: str) -> Path | None:
    return next((directory / name for name in names if (directory / name).is_file()), None)
