"""Embeds the images of a folder through the server's own pipeline, with a cache between runs.

The subject of an LFW image is the face nearest its centre. Estimate: 4 ms and one embedding an
image, so 13,233 images take 2 to 12 minutes a core.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from server.domain.face import Face, Vector
from server.vision.jpeg import ImageRejected
from server.vision.pipeline import Analysis, Pipeline

# So many frames are under way for each worker: none idles, and the queue stays within its limit.
FRAMES_PER_WORKER = 2


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit vectors by image name; `failed` are images without a face, or refused by the decoder."""

    vectors: dict[str, Vector]
    failed: tuple[str, ...]

    def matrix(self, names: list[str]) -> Vector:
        """Returns the vectors of images, n x dimension; zeros where an image failed."""
        zero = np.zeros_like(next(iter(self.vectors.values())))
        return np.reshape([self.vectors.get(name, zero) for name in names], (-1, *zero.shape))


def central_face(analysis: Analysis) -> Face | None:
    """Returns the face whose box is nearest the centre of its image, or None without a face."""

    def distance(face: Face) -> float:
        box = face.box
        across = (box.left + box.right - analysis.width) / 2
        down = (box.top + box.bottom - analysis.height) / 2
        return across**2 + down**2

    return min(analysis.faces, key=distance, default=None)


async def embed_images(
    pipeline: Pipeline, images: Mapping[str, Path], progress: Progress
) -> Embedded:
    """Embeds the central face of each image; every face passes the gate, as LFW has no retakes."""
    task = progress.add_task("embedding", total=len(images))
    vectors: dict[str, Vector] = {}
    waiting = iter(images.items())

    async def work(items: Iterator[tuple[str, Path]]) -> None:
        for name, path in items:
            vector = await _embed(pipeline, path)
            if vector is not None:
                vectors[name] = vector
            progress.advance(task)

    async with asyncio.TaskGroup() as group:
        for _ in range(pipeline.workers * FRAMES_PER_WORKER):
            group.create_task(work(waiting))
    return Embedded(vectors, tuple(name for name in images if name not in vectors))


def progress_bar(console: Console) -> Progress:
    """Returns the bar that `embed_images` moves."""
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def load_cache(path: Path, key: str) -> Embedded | None:
    """Returns what `save_cache` wrote under the same key, else None."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as content:
        if str(content["key"]) != key:
            return None
        names, vectors = content["names"].tolist(), content["vectors"]
        return Embedded(dict(zip(names, vectors, strict=True)), tuple(content["failed"].tolist()))


def save_cache(path: Path, key: str, embedded: Embedded) -> None:
    """Stores embeddings; `key` says which images, model and settings they are of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez(
            file,
            key=np.array(key),
            names=np.array(list(embedded.vectors)),
            vectors=np.stack(list(embedded.vectors.values())),
            failed=np.array(embedded.failed, dtype=str),
        )


async def _embed(pipeline: Pipeline, path: Path) -> Vector | None:
    data = path.read_bytes()  # noqa: ASYNC240 - 15 kB, and nothing else runs on this loop
    try:
        analysis = await pipeline.analyze(data, lambda _: True)
    except ImageRejected:
        return None
    face = central_face(analysis)
    return face.embedding if face else None
