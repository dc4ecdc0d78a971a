"""Runs one library in a process of its own: orders come as JSON lines on stdin, reports go out.

Depends on the standard library, numpy and the library alone: it also runs in environments that
know nothing of Hadir. Call: worker.py WITH_FILE MODELS_DIR FRAMES_DIR
"""

from __future__ import annotations

import itertools
import json
import os
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

# Middle of a face's box (x, y) and its vector.
Face = tuple[float, float, NDArray[np.float32]]
# Width and height of an image, and the faces in it.
Seen = tuple[int, int, list[Face]]
Look = Callable[[bytes], Seen]


def measure(look: Look, frames: Iterator[bytes], seconds: float) -> dict[str, Any]:
    """Looks at frames one after the other for so long."""
    times: list[float] = []
    embedded = 0
    began = time.perf_counter()
    while (started := time.perf_counter()) < began + seconds:
        embedded += bool(look(next(frames))[2])
        times.append(time.perf_counter() - started)
    return {
        "frames": len(times),
        "embedded": embedded,
        "seconds": time.perf_counter() - began,
        "latency_ms": median(times) * 1e3,
    }


def embed(look: Look, images: list[str], file: str) -> dict[str, Any]:
    """Writes the vector of each image's central face (.npy); zeros where no face is found."""
    found = [central(look(Path(image).read_bytes())) for image in images]
    size = next(vector.size for vector in found if vector is not None)
    rows = [np.zeros(size) if vector is None else vector for vector in found]
    np.save(file, np.stack(rows).astype(np.float32))
    return {"without_face": sum(vector is None for vector in found)}


def central(seen: Seen) -> NDArray[np.float32] | None:
    """Returns the vector of the face nearest the image's centre, or None without a face."""
    width, height, faces = seen
    ranked = sorted(
        faces, key=lambda face: (face[0] - width / 2) ** 2 + (face[1] - height / 2) ** 2
    )
    return np.ravel(ranked[0][2]) if ranked else None


def serve(orders: IO[str], reports: IO[str], with_file: str, models: str, folder: str) -> None:
    """Opens the library, says so, and follows orders until there are no more."""
    opened = runpy.run_path(with_file)
    look: Look = opened["open_peer"](Path(models))
    images = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))]
    frames = itertools.cycle(images)
    _report(reports, {"with": opened["versions"]()})
    for line in orders:
        order = json.loads(line)
        if order["do"] == "measure":
            measure(look, frames, order["warm_up_seconds"])
            _report(reports, measure(look, frames, order["seconds"]))
        else:
            _report(reports, embed(look, order["images"], order["file"]))


def _report(reports: IO[str], content: dict[str, Any]) -> None:
    reports.write(json.dumps(content) + "\n")
    reports.flush()


def main() -> None:
    """Keeps stdout for reports: what libraries print goes to stderr."""
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, reports, *sys.argv[1:4])


if __name__ == "__main__":
    main()
