"""The way of a frame: decode > detect > align > measure > embed, off the event loop.

A bounded number of worker threads, one a core; the waiting line has a limit and refuses what goes
beyond it. Estimate for a VGA frame with one face on one AMX core: decode 1, detect 2.1, align and
measure 0.3, embed 3 ms: 6 ms or 160 frames a second; on a core without AMX embedding decides.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

import numpy as np

from server.domain.face import Face, Image, Vector
from server.errors import Overloaded
from server.vision import align, jpeg
from server.vision.antispoof import MiniFasNet
from server.vision.detector import Detection
from server.vision.pack import Pack

WAITING_FRAMES_PER_WORKER_MAX = 32

Gate = Callable[[Face], bool]
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timings:
    """What a frame cost, in milliseconds."""

    queue_ms: float = 0.0
    decode_ms: float = 0.0
    detect_ms: float = 0.0
    embed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a frame: faces, largest first; size in pixels; the cost."""

    faces: tuple[Face, ...]
    width: int
    height: int
    timings: Timings


class Pipeline:
    """Analyses frames in worker threads. Close it to end them."""

    def __init__(self, pack: Pack, *, workers: int, antispoof: MiniFasNet | None = None) -> None:
        self.model_version = pack.model_version
        self.dimension = pack.embedder.dimension
        self.workers = workers
        self._pack = pack
        self._antispoof = antispoof
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="vision")
        self._waiting = 0
        self._waiting_max = workers * WAITING_FRAMES_PER_WORKER_MAX

    async def analyze(self, data: bytes, gate: Gate) -> Analysis:
        """Analyses a JPEG; faces that pass `gate` are embedded (and judged for liveness).

        Raises jpeg.ImageRejected for bytes that are no frame, Overloaded if too many wait.
        """
        return await self._run(self._analyze, data, gate, time.perf_counter())

    async def embed(self, crops: list[Image]) -> Vector:
        """Embeds stored crops (n x 112 x 112 x 3), for a new model version. Returns n vectors."""
        return await self._run(self._pack.embedder.embed, crops)

    async def warm_up(self) -> None:
        """Runs every worker once, so that the first frame of a day is not slow."""
        blank = np.zeros((480, 640, 3), np.uint8)
        patch = np.zeros((align.CROP_SIDE, align.CROP_SIDE, 3), np.uint8)
        for _ in range(self.workers):
            await self._run(self._pack.detector.detect, blank)
            await self.embed([patch])

    def close(self) -> None:
        """Ends the worker threads; frames that wait are given up."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= self._waiting_max:
            raise Overloaded("too many frames wait", retry_after_s=0.5)
        self._waiting += 1
        future = self._executor.submit(function, *args, **kwargs)
        # Counted down when the thread is free again, not when a caller gives up waiting.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._done))
        return await asyncio.wrap_future(future)

    def _done(self) -> None:
        self._waiting -= 1

    def _analyze(self, data: bytes, gate: Gate, submitted: float) -> Analysis:
        started = time.perf_counter()
        image = jpeg.decode(data)
        decoded = time.perf_counter()
        detections = self._pack.detector.detect(image)
        detected = time.perf_counter()
        faces = [_face(image, detection) for detection in detections]
        faces = self._embed_gated(image, faces, gate)
        ended = time.perf_counter()
        return Analysis(
            faces=tuple(faces),
            width=image.shape[1],
            height=image.shape[0],
            timings=Timings(
                queue_ms=(started - submitted) * 1e3,
                decode_ms=(decoded - started) * 1e3,
                detect_ms=(detected - decoded) * 1e3,
                embed_ms=(ended - detected) * 1e3,
            ),
        )

    def _embed_gated(self, image: Image, faces: list[Face], gate: Gate) -> list[Face]:
        wanted = [index for index, face in enumerate(faces) if gate(face)]
        if not wanted:
            return faces
        vectors = self._pack.embedder.embed([faces[index].crop for index in wanted])
        for index, vector in zip(wanted, vectors, strict=True):
            passive = None
            if self._antispoof is not None:
                passive = self._antispoof.live_probability(image, faces[index].box)
            faces[index] = replace(faces[index], embedding=vector, passive=passive)
        return faces


def _face(image: Image, detection: Detection) -> Face:
    aligned = align.crop(image, detection.landmarks)
    return Face(
        box=detection.box,
        score=detection.score,
        landmarks=detection.landmarks,
        measures=align.measure(image, detection.box, detection.landmarks, aligned),
        crop=aligned,
    )
