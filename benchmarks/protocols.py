"""Runs the protocols of the accuracy benchmark on embeddings: 1:1, 1:N and the calibration.

An employee is scored as the server does it: cosine to the normalised mean of the enrolled images.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import metrics
from benchmarks.embedding import Embedded
from benchmarks.lfw import Identification, LfwInvalid, Pair, by_person, person_of
from benchmarks.metrics import Counts, Search, Vectors
from server.domain.calibration import (
    ERRORS_MIN,
    FPIR_MAX,
    VERIFICATION_FMR_MAX,
    Calibration,
)
from server.domain.match import MARGIN_MIN
from server.services.thresholds import Thresholds
from server.vision.embedder import unit

FMRS = (1e-3, 1e-4)
FPIRS = (0.01, 0.003)
ENROLLED_IMAGES = (1, 2, 3)
# Of people with many images only so many are compared, or a few of them would shape the curves.
IMAGES_A_PERSON_MAX = 10
MEAN_OF = 3
POINTS_A_DECADE = 10


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Histograms of scores, see metrics.

    genuine, impostor: single templates of one person, of different people. impostor_mean: images
    against the mean of 3 images of another person.
    """

    genuine: Counts
    impostor: Counts
    impostor_mean: Counts


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of one gallery: with how many images each of its people is enrolled."""

    enrolled_images: int
    gallery_size: int
    mated: Search
    impostors: Search


def verify(embedded: Embedded, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Returns the verification accuracy of a pairs file, 0 to 1, and how it was reached."""
    first = embedded.matrix([pair.first for pair in pairs]).astype(float)
    second = embedded.matrix([pair.second for pair in pairs]).astype(float)
    known = first.any(axis=1) & second.any(axis=1)
    scores = np.where(known, (first * second).sum(axis=1), np.nan)
    same = np.array([pair.same for pair in pairs])
    folds = np.array([pair.fold for pair in pairs])
    result: dict[str, Any] = {"pairs": len(pairs), "pairs_without_face": int((~known).sum())}
    if folds.max() > 0:
        accuracy, error = metrics.cross_validated(scores, same, folds)
        how = f"mean of {folds.max() + 1} folds, each at the threshold of the others"
        return {**result, "accuracy": accuracy, "standard_error": error, "method": how}
    threshold = metrics.best_threshold(scores, same)
    accuracy = metrics.accuracy_at(scores, same, threshold)
    interval = metrics.wilson(round(accuracy * len(pairs)), len(pairs))
    how = "best threshold of these same pairs, so slightly optimistic"
    return {**result, "accuracy": accuracy, "ci95": interval, "threshold": threshold, "method": how}


def compare(embedded: Embedded, images: list[str]) -> Comparisons:
    """Compares each image with each other, and with the means of other people."""
    groups = {name: group[:IMAGES_A_PERSON_MAX] for name, group in by_person(images).items()}
    chosen = [image for group in groups.values() for image in group]
    people = [person_of(image) for image in chosen]
    vectors = embedded.matrix(chosen)
    genuine, impostor = metrics.compare_all(vectors, people, vectors, people, once=True)
    several = [name for name, group in groups.items() if len(group) >= MEAN_OF]
    means = enrol(embedded, [groups[name][:MEAN_OF] for name in several])
    _, impostor_mean = metrics.compare_all(vectors, people, means, several)
    return Comparisons(genuine, impostor, impostor_mean)


def enrol(embedded: Embedded, images: Sequence[list[str]]) -> Vectors:
    """Returns the normalised mean of each person's images; zeros where none has a face."""
    size = next(iter(embedded.vectors.values())).shape
    rows = [embedded.matrix(group).sum(axis=0) for group in images]
    return unit(np.reshape(rows, (-1, *size)).astype(np.float32))


def identify(
    embedded: Embedded, images: list[str], protocol: Identification, enrolled_images: int
) -> Searches:
    """Enrols the first images of each person of the gallery and searches the others in it.

    Who has no more images than that is enrolled without being searched. Raises LfwInvalid for a
    name of the protocol without images.
    """
    groups = by_person(images)
    missing = [name for name in (*protocol.gallery, *protocol.impostors) if name not in groups]
    if missing:
        raise LfwInvalid(f"no images of {', '.join(missing[:5])} ({len(missing)} people)")
    gallery = enrol(embedded, [groups[name][:enrolled_images] for name in protocol.gallery])
    mated = [image for name in protocol.gallery for image in groups[name][enrolled_images:]]
    others = [image for name in protocol.impostors for image in groups[name]]

    def searched(probes: list[str]) -> Search:
        people = [person_of(image) for image in probes]
        return metrics.search(embedded.matrix(probes), people, gallery, protocol.gallery)

    return Searches(enrolled_images, len(gallery), searched(mated), searched(others))


def calibrate(comparisons: Comparisons, model_version: str, data: str) -> Calibration:
    """Returns the false match rate over score: the higher of both kinds of template.

    Its points end where fewer than 30 errors would be counted.
    """
    kinds = [counts for counts in (comparisons.impostor, comparisons.impostor_mean) if counts.any()]
    rates = np.max([metrics.reaching(counts) for counts in kinds], axis=0)
    fewest = min(int(counts.sum()) for counts in kinds)
    floor = ERRORS_MIN / fewest
    edges, points = metrics.bin_edges(), {}
    decades = np.log10(floor)
    for wanted in np.logspace(0, decades, round(-decades * POINTS_A_DECADE) + 1):
        index = int(np.flatnonzero(rates >= wanted * (1 - 1e-9))[-1])
        points[round(float(edges[index]), 4)] = float(f"{rates[index]:.4e}")
    return Calibration(
        model_version=model_version,
        source=f"{data}: {comparisons.impostor.sum():,} comparisons of single templates, "
        f"{comparisons.impostor_mean.sum():,} with means of {MEAN_OF}; the higher rate of both",
        comparisons=fewest,
        measured_fmr_min=float(f"{floor:.4e}"),
        points=tuple(points.items()),
    )


def summarise_comparisons(comparisons: Comparisons) -> dict[str, Any]:
    """Returns FNMR and threshold at each of FMRS, over all comparisons of single templates."""
    genuine, impostor = comparisons.genuine, comparisons.impostor
    rows = []
    for fmr in FMRS:
        fnmr, threshold = metrics.fnmr_at_fmr(genuine, impostor, fmr)
        rows.append({"fmr": fmr, "fnmr": fnmr, "threshold": threshold})
    return {"genuine": int(genuine.sum()), "impostor": int(impostor.sum()), "fnmr_at_fmr": rows}


def summarise_searches(searches: Searches, calibration: Calibration) -> dict[str, Any]:
    """Returns TPIR at each of FPIRS, and what the server does with its own threshold and margin."""
    mated, impostors = searches.mated, searches.impostors
    rows = []
    for fpir in FPIRS:
        threshold = metrics.threshold_at_fpir(impostors, fpir)
        found = metrics.accepted(mated, threshold) & mated.right
        interval = metrics.wilson(int(found.sum()), len(found))
        tpir = float(found.mean())
        rows.append({"fpir": fpir, "tpir": tpir, "ci95": interval, "threshold": threshold})
    return {
        "enrolled_images": searches.enrolled_images,
        "gallery": searches.gallery_size,
        "mated_probes": len(mated.best),
        "impostor_probes": len(impostors.best),
        "rank1": float(mated.right.mean()),
        "tpir_at_fpir": rows,
        "server": _as_the_server(searches, calibration),
    }


def _as_the_server(searches: Searches, calibration: Calibration) -> dict[str, Any]:
    thresholds = Thresholds(calibration, FPIR_MAX, VERIFICATION_FMR_MAX)
    threshold = thresholds.identification(searches.gallery_size)
    named = metrics.accepted(searches.mated, threshold, MARGIN_MIN)
    false = metrics.accepted(searches.impostors, threshold, MARGIN_MIN)
    return {
        "threshold": threshold,
        "margin": MARGIN_MIN,
        "fpir_wanted": FPIR_MAX,
        "fpir": float(false.mean()),
        "fpir_ci95": metrics.wilson(int(false.sum()), len(false)),
        "tpir": float((named & searches.mated.right).mean()),
        "named_wrongly": int((named & ~searches.mated.right).sum()),
    }
