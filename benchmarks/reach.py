"""`hadir-bench reach`: from what size on faces are found, by the side that the detector sees.

Photos of LFW are put into a VGA frame at a size, wherever they fit. The eyes' distance stands for
how far away somebody is; the cosine says how like the embedding stays to that of the whole photo.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks import lfw, report
from benchmarks.panels import Panel, draw_lines
from benchmarks.sheet import Sheet, write
from server.domain.face import Image, Vector
from server.domain.pose import eye_distance
from server.domain.quality import CHALLENGE, ENROLMENT, RECOGNITION
from server.settings import DETECT_SIDE_PIXELS
from server.vision import align, jpeg
from server.vision.detector import Detection
from server.vision.pack import Pack, load_pack
from server.vision.session import Runtime

WIDTH, HEIGHT = 640, 480
WALL = 128
EYES_PX = (16, 20, 24, 30, 40, 60, 90)
SEED = 0


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo with one face: its eye distance in pixels, its embedding."""

    image: Image
    eyes_px: float
    embedding: Vector


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of 100 faces were found at a size, and their mean cosine to the whole photo."""

    detect_side: int
    eyes_px: int
    found_percent: float
    cosine: float


def reach(
    *,
    directory: Annotated[
        Path, typer.Option("--lfw", help="Folder of LFW images.", exists=True, file_okay=False)
    ],
    people: Annotated[int, typer.Option(min=10, help="So many people, one photo each.")] = 250,
    detect_side: Annotated[
        list[int] | None, typer.Option(help="Longer side for the detector; several times.")
    ] = None,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write the figures here; Markdown and PNG beside it."),
    ] = None,
) -> None:
    """Measures from what size on faces are found.

    Recognition takes faces whose eyes are 24 pixels apart or more, a challenge from 30 and an
    enrolment from 40 on: what is found below is of no use, what is missed above is somebody who
    has to come closer.

    Example: hadir-bench reach --lfw ~/lfw --detect-side 320 --detect-side 256
    """
    console = Console()
    sides = list(dict.fromkeys(detect_side or [DETECT_SIDE_PIXELS]))
    limits = (RECOGNITION, CHALLENGE, ENROLMENT)
    gates = ", ".join(f"{limit.eye_distance_min:.0f}" for limit in limits)
    result = report.origin(
        "reach", {"people": people, "sides": ", ".join(map(str, sides)), "gates_px": gates}
    )
    report.print_origin(console, result)
    packs = {side: _pack(side) for side in sides}
    photos = _photos(directory, people, next(iter(packs.values())))
    rows = [
        measure(photos, packs[side], side, eyes)
        for side, eyes in track(
            [(side, eyes) for eyes in EYES_PX for side in sides], "looking ...", console=console
        )
    ]
    shown = sheet(rows, len(photos))
    console.print(shown.table())
    if json_file is not None:
        found = {**result, "results": [asdict(row) for row in rows]}
        along = "distance of the eyes, pixels"
        draw = partial(draw_lines, title=shown.title, panels=_panels(rows), along=along)
        write(json_file, found, [shown], draw)


def sheet(rows: Sequence[Reach], photos: int) -> Sheet:
    """Returns what was found as a table."""
    return Sheet(
        f"{photos} photos in VGA frames",
        ("eyes px", "detect side", "found %", "cosine"),
        [
            (
                str(row.eyes_px),
                str(row.detect_side),
                f"{row.found_percent:.1f}",
                f"{row.cosine:.3f}",
            )
            for row in rows
        ],
    )


def _panels(rows: Sequence[Reach]) -> list[Panel]:
    """Returns a panel for each figure; rows: by size, the same sides for each."""
    sides = list(dict.fromkeys(row.detect_side for row in rows))
    of = {side: [row for row in rows if row.detect_side == side] for side in sides}
    found = {f"{side} px": [row.found_percent for row in of[side]] for side in sides}
    cosines = {f"{side} px": [row.cosine for row in of[side]] for side in sides}
    eyes = [row.eyes_px for row in of[sides[0]]]
    return [
        Panel("found, %, by the detector's side", eyes, found),
        Panel("cosine to the whole photo", eyes, cosines),
    ]


def measure(photos: list[Photo], pack: Pack, side: int, eyes_px: int) -> Reach:
    """Looks for every photo once, at one size; equal seeds put them in equal places."""
    rng = np.random.default_rng(SEED)
    cosines = []
    for photo in photos:
        frame = _framed(photo, eyes_px, rng)
        found = pack.detector.detect(frame)
        if found:
            cosines.append(float(_embedding(frame, found[0], pack) @ photo.embedding))
    share = 100 * len(cosines) / len(photos)
    return Reach(side, eyes_px, share, float(np.mean(cosines)) if cosines else 0.0)


def _photos(directory: Path, people: int, pack: Pack) -> list[Photo]:
    images = lfw.find_images(directory)
    names = [names[0] for names in lfw.by_person(list(images)).values()][:people]
    photos = []
    for name in names:
        image = jpeg.decode(images[name].read_bytes())
        found = pack.detector.detect(image)
        if len(found) == 1:
            embedding = _embedding(image, found[0], pack)
            photos.append(Photo(image, eye_distance(found[0].landmarks), embedding))
    return photos


def _framed(photo: Photo, eyes_px: int, rng: np.random.Generator) -> Image:
    scale = eyes_px / photo.eyes_px
    side = min(HEIGHT, round(photo.image.shape[0] * scale))
    size = (max(side, round(photo.image.shape[1] * scale)), round(photo.image.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(photo.image, size, interpolation=how)
    above, before = (resized.shape[0] - side) // 2, (resized.shape[1] - side) // 2
    piece = resized[above : above + side, before : before + side]
    frame = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    top, left = rng.integers(0, HEIGHT - side + 1), rng.integers(0, WIDTH - side + 1)
    frame[top : top + side, left : left + side] = piece
    return frame


def _embedding(image: Image, face: Detection, pack: Pack) -> Vector:
    embedding: Vector = pack.embedder.embed([align.crop(image, face.landmarks)])[0]
    return embedding


def _pack(side: int) -> Pack:
    return load_pack("default", runtime=Runtime.AUTO, detect_side=side)
