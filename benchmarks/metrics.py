"""Error rates of face recognition from scores (ISO/IEC 19795-1): pure functions over arrays.

Scores are cosines, -1 to 1. A score of NaN stands for an image without a face: it counts as an
error whatever was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Vectors = NDArray[np.float32]

# Scores are counted in bins of 1e-4: 87 million of the full LFW fit in 160 kB.
BINS = 20_000
ROWS_A_BLOCK = 512
Z_95 = 1.96


def bin_edges() -> Scores:
    """Returns the lower edge of each bin: the thresholds at which `reaching` counts."""
    return np.linspace(-1, 1, BINS, endpoint=False)


def histogram(scores: NDArray[np.floating]) -> Counts:
    """Counts scores by bin; NaN is counted as -1."""
    filled = np.nan_to_num(scores.ravel(), nan=-1.0)
    # The slack keeps a score that is an edge from falling under it by rounding.
    bins = np.clip(((filled + 1) * (BINS / 2) + 1e-6).astype(np.int64), 0, BINS - 1)
    return np.bincount(bins, minlength=BINS)


def has_face(vectors: Vectors) -> Flags:
    """Returns which rows are embeddings: a row of zeros stands for an image without a face."""
    return np.asarray(vectors.any(axis=1), np.bool_)


def reaching(counts: Counts) -> Scores:
    """Returns the share of scores at or over each edge, falling from 1."""
    total = max(1, int(counts.sum()))
    return np.asarray(counts[::-1].cumsum()[::-1] / total, float)


def compare_all(
    rows: Vectors,
    row_people: Sequence[str],
    columns: Vectors,
    column_people: Sequence[str],
    *,
    once: bool = False,
) -> tuple[Counts, Counts]:
    """Compares rows with columns. Returns histograms of scores (same person, different people).

    once: rows and columns are the same, and each pair counts once. Zero vectors are images without
    a face: the same person is not matched then, different people are left out.
    """
    numbers = {name: number for number, name in enumerate({*row_people, *column_people})}
    row_ids = np.array([numbers[name] for name in row_people])
    column_ids = np.array([numbers[name] for name in column_people])
    genuine, impostor = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for start in range(0, len(rows), ROWS_A_BLOCK):
        block = rows[start : start + ROWS_A_BLOCK]
        ids = row_ids[start : start + ROWS_A_BLOCK]
        same = ids[:, np.newaxis] == column_ids
        faces = has_face(block)[:, np.newaxis] & has_face(columns)
        scores = np.where(faces, block @ columns.T, np.float32(-1))
        wanted = np.triu(np.ones_like(same), k=start + 1) if once else np.ones_like(same)
        genuine += histogram(scores[wanted & same])
        impostor += histogram(scores[wanted & ~same & faces])
    return genuine, impostor


def fnmr_at_fmr(genuine: Counts, impostor: Counts, fmr: float) -> tuple[float, float]:
    """Returns (FNMR, threshold) at the smallest threshold whose FMR is at most `fmr`."""
    index = int(np.argmax(reaching(impostor) <= fmr))
    return float(1 - reaching(genuine)[index]), float(bin_edges()[index])


def accuracy_at(scores: Scores, same: Flags, threshold: float) -> float:
    """Returns the share of pairs that are judged rightly; NaN counts as wrong."""
    judged = np.where(same, scores >= threshold, scores < threshold)
    return float((judged & ~np.isnan(scores)).mean())


def best_threshold(scores: Scores, same: Flags) -> float:
    """Returns the threshold of the highest accuracy: the middle of the gap where it lies."""
    known = ~np.isnan(scores)
    order = np.sort(np.unique(scores[known]))
    edges = np.concatenate([[order[0] - 1e-3], (order[1:] + order[:-1]) / 2, [order[-1] + 1e-3]])
    return float(edges[int(np.argmax([accuracy_at(scores, same, edge) for edge in edges]))])


def cross_validated(scores: Scores, same: Flags, folds: NDArray[np.int64]) -> tuple[float, float]:
    """Returns (mean accuracy, its standard error) with each fold judged at the others' threshold.

    This is the protocol of LFW View 2: no threshold has seen the pairs that it is tested on.
    """
    results = []
    for fold in np.unique(folds):
        tested = folds == fold
        threshold = best_threshold(scores[~tested], same[~tested])
        results.append(accuracy_at(scores[tested], same[tested], threshold))
    return float(np.mean(results)), float(np.std(results, ddof=1) / np.sqrt(len(results)))


@dataclass(frozen=True, slots=True)
class Search:
    """Searches of probes in a gallery: each probe's best score, its runner-up, and if it is right.

    For people who are not enrolled `right` is False throughout. NaN: the probe has no face.
    """

    best: Scores
    second: Scores
    right: Flags


def search(
    probes: Vectors,
    people: Sequence[str],
    gallery: Vectors,
    enrolled: Sequence[str],
) -> Search:
    """Searches each probe in a gallery of one unit vector a person (zeros: none enrolled)."""
    scores = probes.astype(float) @ gallery.T.astype(float)
    scores[:, ~has_face(gallery)] = -1
    order = np.argsort(-scores, axis=1)[:, :2]
    top = np.take_along_axis(scores, order, axis=1)
    top[~has_face(probes)] = np.nan
    found = np.array(enrolled)[order[:, 0]]
    right = (found == np.array(people)) & ~np.isnan(top[:, 0])
    return Search(top[:, 0], top[:, 1], right)


def threshold_at_fpir(impostors: Search, fpir: float) -> float:
    """Returns the smallest threshold at which at most a share `fpir` of impostors is accepted."""
    falling = np.sort(np.nan_to_num(impostors.best, nan=-1.0))[::-1]
    allowed = int(fpir * len(falling) + 1e-9)
    return float(np.nextafter(falling[allowed], 2)) if allowed < len(falling) else -1.0


def accepted(searches: Search, threshold: float, margin: float = 0.0) -> Flags:
    """Returns which searches end with a name, right or wrong, by threshold and margin."""
    reached = np.nan_to_num(searches.best, nan=-2.0) >= threshold
    return np.asarray(reached & (np.nan_to_num(searches.best - searches.second) >= margin))


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Returns the 95 % confidence interval of a share (Wilson, 1927)."""
    share, square = hits / total, Z_95**2 / total
    middle = (share + square / 2) / (1 + square)
    half = Z_95 / (1 + square) * np.sqrt(share * (1 - share) / total + square / total / 4)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
