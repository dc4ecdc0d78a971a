"""The way of a frame: decode > detect > align > measure > embed, off the event loop.

One worker thread a core takes what `Line` says is next: a frame to look at, or the faces of several
streams to embed in one batch. Estimate for a VGA frame with one face on one AMX core: decode 1,
detect 2.1 (0.8 where a face is followed), align and measure 0.3, embed 2.1 to 3 ms: 6 ms or 160
frames a second; on a core without AMX embedding decides.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import cv2
import numpy as np

from server import metrics
from server.domain.face import Face, Image, Vector
from server.errors import Overloaded
from server.vision import align, jpeg
from server.vision.antispoof import MiniFasNet
from server.vision.cost import FrameCost
from server.vision.detector import Detection, Gaze
from server.vision.fingerprint import fingerprint
from server.vision.line import BATCH_MAX, BUCKETS, Line, LineFull, Urgency, bucket_of
from server.vision.pack import Pack

WAITING_FRAMES_PER_WORKER_MAX = 32
OVERLOADED_RETRY_S = 0.5
_BLANK_CROP = np.zeros((align.CROP_SIDE, align.CROP_SIDE, 3), np.uint8)
_BLANK_FRAME = np.zeros((480, 640, 3), np.uint8)

Gate = Callable[[Face], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timings:
    """What a frame cost, in milliseconds; queue_ms is all its waits, embed_ms the whole batch's.

    batch: how many faces were embedded together, faces: how many of them were this frame's.
    """

    queue_ms: float = 0.0
    decode_ms: float = 0.0
    detect_ms: float = 0.0
    embed_ms: float = 0.0
    batch: int = 0
    faces: int = 0

    @property
    def look_ms(self) -> float:
        """What looking at the frame cost a worker."""
        return self.decode_ms + self.detect_ms

    @property
    def face_ms(self) -> float:
        """What embedding each face of the batch cost a worker, 0 without one."""
        return self.embed_ms / max(1, self.batch)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a frame: faces, largest first; size in pixels; the cost."""

    faces: tuple[Face, ...]
    width: int
    height: int
    timings: Timings


@dataclass(slots=True, eq=False)
class _Look:
    """A frame to look at."""

    data: bytes
    gate: Gate
    gaze: Gaze | None
    traced: bool
    future: Future[Analysis] = field(default_factory=Future)
    submitted_s: float = field(default_factory=time.perf_counter)


@dataclass(slots=True, eq=False)
class _Faces:
    """Crops of one frame to embed; `finish` takes their vectors, the batch's start and size."""

    crops: Sequence[Image]
    finish: Callable[[Vector, float, int], None]
    future: Future[Analysis] | Future[Vector]


class Pipeline:
    """Analyses frames in worker threads. Close it to end them.

    cores: how many the process may use, one for each worker if not given.
    """

    def __init__(
        self,
        pack: Pack,
        *,
        workers: int,
        cores: int | None = None,
        antispoof: MiniFasNet | None = None,
    ) -> None:
        self.model_version = pack.model_version
        self.dimension = pack.embedder.dimension
        self.workers = workers
        self._pack = pack
        self._antispoof = antispoof
        self._line: Line[_Look, _Faces] = Line(workers * WAITING_FRAMES_PER_WORKER_MAX)
        self._change = threading.Condition()
        self._closing = False
        self.cost = FrameCost(workers=workers, cores=cores or workers)
        cv2.setNumThreads(1)  # of each worker's own; OpenCV's pool would run beside all of them
        self._warm: list[Future[tuple[float, float]]] = [Future() for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._work, args=(warm,), name=f"vision-{number}")
            for number, warm in enumerate(self._warm)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def frames_waiting(self) -> int:
        """How many frames wait for a worker."""
        return self._line.frames_waiting

    @property
    def wait_s(self) -> float:
        """How long a frame that came now would wait, by the moving average of their cost."""
        return self.frames_waiting * self.cost.frame_s / self.workers

    async def analyze(
        self,
        data: bytes,
        gate: Gate,
        urgency: Urgency = Urgency.PERSON,
        *,
        gaze: Gaze | None = None,
        traced: bool = False,
    ) -> Analysis:
        """Analyses a JPEG; faces that pass `gate` are embedded (and judged for liveness).

        gaze: of the stream whose next frame this is, if it is of one. traced: whether they get a
        fingerprint, by which reused pictures are found. A frame whose caller gives up is dropped
        before its next stage. Raises jpeg.ImageRejected for bytes that are no frame, Overloaded if
        too many wait or it gave way to a person's frame.
        """
        look = _Look(data, gate, gaze, traced)
        with self._change:
            try:
                given_up = self._line.add_frame(look, urgency)
            except LineFull:
                raise _overloaded() from None
            self._change.notify()
        if given_up is not None:
            _fail(given_up.future, _overloaded())
        analysis = await asyncio.wrap_future(look.future)
        self._note(analysis.timings)
        return analysis

    async def embed(self, crops: Sequence[Image]) -> Vector:
        """Embeds stored crops (n x 112 x 112 x 3), for a new model version. Returns n vectors."""
        parts = []
        for start in range(0, len(crops), BATCH_MAX):
            future: Future[Vector] = Future()
            finish = _finisher(future)
            self._put(_Faces(crops[start : start + BATCH_MAX], finish, future))
            parts.append(await asyncio.wrap_future(future))
        return np.concatenate(parts)

    async def warm_up(self) -> None:
        """Waits until every worker ran every model in every shape: no first frame is slow."""
        measured = await asyncio.gather(*map(asyncio.wrap_future, self._warm))
        self.cost.set(*min(measured))

    def close(self) -> None:
        """Ends the worker threads; what waits is given up."""
        with self._change:
            self._closing = True
            looks, faces = self._line.clear()
            self._change.notify_all()
        for future in (*(job.future for job in looks), *(job.future for job in faces)):
            future.cancel()
        for thread in self._threads:
            thread.join()

    def _note(self, timings: Timings) -> None:
        self.cost.note(timings.look_ms / 1e3, timings.face_ms / 1e3, timings.faces)
        metrics.observe_stages(
            queue=timings.queue_ms, decode=timings.decode_ms, detect=timings.detect_ms
        )

    def _work(self, warm: "Future[tuple[float, float]]") -> None:
        """The life of a worker; what a job raises is for its caller, and no end of the worker."""
        try:
            _give(warm, self._warm_up_here())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the start
            _fail(warm, error)
        while (work := self._next()) is not None:
            try:
                if isinstance(work, _Look):
                    self._look(work)
                else:
                    self._embed(work)
            except Exception as error:  # noqa: BLE001 - handed to the callers
                waiting = [work.future] if isinstance(work, _Look) else [f.future for f in work]
                for future in waiting:
                    _fail(future, error)

    def _next(self) -> _Look | list[_Faces] | None:
        """Waits for work. Returns a frame, or faces of several, or None at the end."""
        with self._change:
            while not self._closing:
                work = self._line.next_faces(time.perf_counter()) or self._line.next_frame()
                if work is not None:
                    return work
                self._change.wait()
        return None

    def _put(self, faces: _Faces) -> None:
        with self._change:
            self._line.add_faces(faces, len(faces.crops), time.perf_counter())
            self._change.notify()

    def _warm_up_here(self) -> tuple[float, float]:
        """Runs every model in every shape. Returns what a look and an embedding took, seconds."""
        for bucket in reversed(BUCKETS):
            self._pack.embedder.embed([_BLANK_CROP] * bucket)
        self._pack.detector.detect(_BLANK_FRAME)
        started = time.perf_counter()
        self._pack.detector.detect(_BLANK_FRAME)
        looked = time.perf_counter()
        self._pack.embedder.embed([_BLANK_CROP])
        return looked - started, time.perf_counter() - looked

    def _look(self, job: _Look) -> None:
        """Decodes, detects and measures; the faces that are wanted are put in line for a batch."""
        if job.future.cancelled():
            return
        started = time.perf_counter()
        image = jpeg.decode(job.data)
        decoded = time.perf_counter()
        detections = self._pack.detector.detect(image, job.gaze)
        faces = [_face(image, detection) for detection in detections]
        wanted = [index for index, face in enumerate(faces) if job.gate(face)]
        for index in wanted:
            box, passive = faces[index].box, None
            if self._antispoof is not None:
                passive = self._antispoof.live_probability(image, box)
            traces = fingerprint(image, box) if job.traced else None
            faces[index] = replace(faces[index], passive=passive, fingerprint=traces)
        looked = time.perf_counter()
        timings = Timings(
            queue_ms=(started - job.submitted_s) * 1e3,
            decode_ms=(decoded - started) * 1e3,
            detect_ms=(looked - decoded) * 1e3,
        )
        height, width = image.shape[:2]
        analysis = Analysis(tuple(faces), width, height, timings)
        if not wanted:
            _give(job.future, analysis)
            return

        def finish(vectors: Vector, started_s: float, batch: int) -> None:
            for index, vector in zip(wanted, vectors, strict=True):
                faces[index] = replace(faces[index], embedding=vector)
            spent = replace(
                timings,
                queue_ms=timings.queue_ms + (started_s - looked) * 1e3,
                embed_ms=(time.perf_counter() - started_s) * 1e3,
                batch=batch,
                faces=len(wanted),
            )
            _give(job.future, replace(analysis, faces=tuple(faces), timings=spent))

        self._put(_Faces([faces[index].crop for index in wanted], finish, job.future))

    def _embed(self, jobs: list[_Faces]) -> None:
        """Embeds the faces of several frames in one batch, filled up to a bucket."""
        jobs = [job for job in jobs if not job.future.cancelled()]
        crops = [crop for job in jobs for crop in job.crops]
        if not crops:
            return
        started = time.perf_counter()
        filled = crops + [_BLANK_CROP] * (bucket_of(len(crops)) - len(crops))
        vectors = self._pack.embedder.embed(filled)
        metrics.observe_stages(embed=(time.perf_counter() - started) * 1e3)
        metrics.BATCH.observe(len(crops))
        start = 0
        for job in jobs:
            end = start + len(job.crops)
            job.finish(vectors[start:end], started, len(crops))
            start = end


def _face(image: Image, detection: Detection) -> Face:
    aligned = align.crop(image, detection.landmarks)
    return Face(
        box=detection.box,
        score=detection.score,
        landmarks=detection.landmarks,
        measures=align.measure(image, detection.box, detection.landmarks, aligned),
        crop=aligned,
    )


def _finisher(future: "Future[Vector]") -> Callable[[Vector, float, int], None]:
    return lambda vectors, _started, _batch: _give(future, vectors)


def _overloaded() -> Overloaded:
    metrics.SHED.labels("frame").inc()
    return Overloaded("too many frames wait", retry_after_s=OVERLOADED_RETRY_S)


def _give(future: "Future[T]", result: T) -> None:
    with suppress(InvalidStateError):  # whoever asked has given up
        future.set_result(result)


def _fail(future: "Future[Any]", error: Exception) -> None:
    with suppress(InvalidStateError):
        future.set_exception(error)
