"""Searches galleries of several sizes on one thread, and times how soon an enrolment is found.

People are simulated: Gaussian vectors whose variance falls from direction to direction, and the
shared mean, like those of SFace embeddings. A probe has a cosine of 0.45 to 0.95, 0.75 on average,
to its person. Estimate: a million take 1 GB and 2 minutes.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np

from benchmarks.metrics import wilson
from server.domain.face import Vector
from server.gallery.gallery import Gallery
from server.gallery.index import Exact
from server.gallery.people import Person

DIMENSION = 128
SEED = 0
ENROLMENTS = 20
# Of SFace on LFW: the length of the mean of all people's means, and how the variances fall.
SHARED_MEAN = 0.306
SPECTRUM_FALL = 0.0058
COSINE_MEAN, COSINE_DEVIATION, COSINE_MIN, COSINE_MAX = 0.74, 0.1, 0.45, 0.95


@dataclass(frozen=True, slots=True)
class SearchRow:
    """What one size reached.

    build_s: until everybody can be searched. index_bytes: the index without the means.
    recall_at_1: how often the best of a search is the exact search's best; recall_at_least: the
    lower end of its 95 % interval. enrol_to_found_ms: the slowest of 20 enrolments until a search
    found it.
    """

    people: int
    kind: str
    probes: int
    build_s: float
    index_bytes: int
    p50_ms: float
    p99_ms: float
    recall_at_1: float
    recall_at_least: float
    enrol_to_found_ms: float


def measure(size: int, probes: int) -> SearchRow:
    """Measures a number of people with so many searches."""
    return asyncio.run(_measure(size, probes))


async def _measure(size: int, probes: int) -> SearchRow:
    rng = np.random.default_rng(SEED)
    means = _faces(rng, size)
    asked = _seen_again(rng, means[rng.integers(size, size=probes)])
    people = [Person(f"{row:018d}", "", mean) for row, mean in enumerate(means)]
    with ThreadPoolExecutor(1) as executor, ThreadPoolExecutor(1) as background:
        gallery = Gallery(DIMENSION, executor, background)
        started = time.perf_counter()
        await gallery.load(people)
        build_s = time.perf_counter() - started
        snapshot = gallery.snapshot
        times, found = [], []
        for probe in asked:
            started = time.perf_counter()
            found.append(int(snapshot.search(probe, 2)[0].nip))
            times.append((time.perf_counter() - started) * 1e3)
        newcomers = _faces(rng, ENROLMENTS)
        enrolled = [await _enrolled(gallery, size + row, one) for row, one in enumerate(newcomers)]
    p50, p99 = np.percentile(times, (50, 99))
    index = snapshot.base.index
    hits = int((_best(means, asked) == found).sum())
    return SearchRow(
        people=size,
        kind="exact" if isinstance(index, Exact) else "approximate",
        probes=probes,
        build_s=build_s,
        index_bytes=index.nbytes,
        p50_ms=float(p50),
        p99_ms=float(p99),
        recall_at_1=hits / probes,
        recall_at_least=wilson(hits, probes)[0],
        enrol_to_found_ms=max(enrolled),
    )


async def _enrolled(gallery: Gallery, number: int, mean: Vector) -> float:
    """Enrols somebody; returns after how many milliseconds a search found the person."""
    nip, started = f"{number:018d}", time.perf_counter()
    await gallery.put(Person(nip, "", mean))
    while (await gallery.search(mean, 1))[0].nip != nip:
        pass
    return (time.perf_counter() - started) * 1e3


def _faces(rng: np.random.Generator, count: int) -> Vector:
    """Returns unit vectors; in one piece, as a million are 0.5 GB."""
    scale = np.exp(-SPECTRUM_FALL * np.arange(DIMENSION, dtype=np.float32))
    scale *= np.sqrt((1 - SHARED_MEAN**2) / (scale**2).sum())
    faces: Vector = rng.standard_normal((count, DIMENSION), dtype=np.float32)
    faces *= scale
    faces += SHARED_MEAN / np.sqrt(DIMENSION, dtype=np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    return faces


def _seen_again(rng: np.random.Generator, means: Vector) -> Vector:
    """Returns another picture of each face."""
    noise = _faces(rng, len(means))
    noise -= (noise * means).sum(axis=1, keepdims=True) * means
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    cosines = rng.normal(COSINE_MEAN, COSINE_DEVIATION, (len(means), 1))
    cosines = cosines.clip(COSINE_MIN, COSINE_MAX)
    probes: Vector = (cosines * means + np.sqrt(1 - cosines**2) * noise).astype(np.float32)
    return probes


def _best(means: Vector, probes: Vector) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Returns the row of each probe's best mean, exactly."""
    _, rows = faiss.knn(probes, means, 1, metric=faiss.METRIC_INNER_PRODUCT)
    best: np.ndarray[tuple[int], np.dtype[np.int64]] = rows[:, 0]
    return best
