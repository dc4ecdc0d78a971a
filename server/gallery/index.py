"""Searches rows of means: exactly where they are few, else by short codes, re-ranked exactly.

Estimate on one thread: exact 10k 0.2 ms, 100k 1.8 ms. A million approximately: 3/4 of the lists,
750k codes of 32 bytes at 4 ns and 512 re-ranked rows make 3.3 ms; memory 48 bytes a person.
"""

import math
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from server.domain.face import Vector
from server.gallery.people import Moves, Rows

faiss.omp_set_num_threads(1)

Ranked = list[tuple[int, float]]
Bits = NDArray[np.uint8]

EXACT_MAX = 200_000

# Recall@1 against the exact search, a million people and 20,000 probes simulated from SFace
# embeddings (benchmarks/search.py: cosine 0.74 to the person on average): 3/4 of the lists 99.95 %,
# with 256 rows re-ranked 99.94 %; of 5,000 probes with half of the lists 99.5 %.
_PROBED = 3 / 4
_PROBED_MIN = 16
_RERANKED = 512
_TRAINING_PER_LIST = 64
_TRAINING_MIN = 1024
_TRAINING_ROUNDS = 8
_SEED = 0
# Lists fit the number of people they were made for; they are made anew when that has changed so.
_GROWTH_MAX = 2.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Exact:
    """Compares a probe with every row."""

    flat: faiss.IndexFlatIP

    def search(self, probe: Vector, count: int, among: Bits | None = None) -> Ranked:
        """Returns the best rows with their cosines, best first; only rows whose bit is set."""
        parameters = None
        if among is not None:
            selector = faiss.IDSelectorBitmap(self.flat.ntotal, faiss.swig_ptr(among))
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        scores, rows = self.flat.search(probe[None], count, params=parameters)
        return [
            (int(row), float(score))
            for row, score in zip(rows[0], scores[0], strict=True)
            if row >= 0
        ]

    def bits_of(self, rows: Rows) -> Bits:
        """Returns the bits that limit a search to some rows."""
        member = np.zeros(self.flat.ntotal, bool)
        member[rows] = True
        return np.packbits(member, bitorder="little")

    @property
    def nbytes(self) -> int:
        """What the index takes, bytes."""
        return int(self.flat.ntotal * self.flat.code_size)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Approximate:
    """Compares a probe with 4-bit product codes of the nearest lists, then with their best rows."""

    codes: faiss.IndexIVFPQFastScan
    means: Vector
    # The row of each code, -1 where its person is there no longer.
    labels: Rows
    trained_for: int

    def search(self, probe: Vector, count: int, among: Bits | None = None) -> Ranked:
        """Returns the best rows with their cosines, best first; only rows whose bit is set."""
        parameters = None
        if among is not None:
            selector = faiss.IDSelectorBitmap(len(self.labels), faiss.swig_ptr(among))
            parameters = faiss.SearchParametersIVF(  # type: ignore[call-arg]
                nprobe=self.codes.nprobe, sel=selector
            )
        wanted = min(max(_RERANKED, 2 * count), len(self.labels))
        _, found = self.codes.search(probe[None], wanted, params=parameters)
        rows = self.labels[found[0][found[0] >= 0]]
        return best_of(self.means, rows[rows >= 0], probe, count)

    def bits_of(self, rows: Rows) -> Bits:
        """Returns the bits that limit a search to some rows."""
        member = np.zeros(len(self.means) + 1, bool)  # The last is for labels of -1.
        member[rows] = True
        return np.packbits(member[self.labels], bitorder="little")

    @property
    def nbytes(self) -> int:
        """What codes, row numbers and centroids take, bytes; the means come on top."""
        row = self.codes.code_size + 2 * self.labels.itemsize
        return int(self.codes.ntotal * row + self.codes.nlist * self.means.shape[1] * 4)


Index = Exact | Approximate


def best_of(means: Vector, rows: Rows, probe: Vector, count: int) -> Ranked:
    """Returns the best of some rows with their cosines, best first."""
    scores = np.empty(len(rows), np.float32)
    _inner_products(scores, probe, means, rows)
    best = np.arange(len(rows))
    if count < len(rows):
        best = np.argpartition(scores, -count)[-count:] if count else best[:0]
    best = best[np.argsort(-scores[best], kind="stable")]
    return [(int(rows[place]), float(scores[place])) for place in best]


def _inner_products(scores: Vector, probe: Vector, means: Vector, rows: Rows) -> None:
    # Reads the rows where they are, on this thread: half the time of a copy and a BLAS product.
    pointers = (faiss.swig_ptr(array) for array in (scores, probe, means, rows))
    products = faiss.fvec_inner_products_by_idx  # type: ignore[attr-defined]
    products(*pointers, means.shape[1], 1, len(rows))


def build_index(means: Vector, exact_max: int) -> Index:
    """Builds the index that fits the number of rows."""
    if len(means) <= exact_max:
        flat = faiss.IndexFlatIP(means.shape[1])
        flat.add(means)
        return Exact(flat)
    codes = _trained(means)
    codes.add(means)
    return Approximate(codes, means, np.arange(len(means)), len(means))


def update_index(old: Index, means: Vector, moves: Moves, exact_max: int) -> Index:
    """Returns an index of rows that differ from the old one's by moves, cheaply where it can."""
    if isinstance(old, Exact) or len(means) <= exact_max or _outgrown(old, means, moves):
        return build_index(means, exact_max)
    # Searches go on in the old codes: only the copy is changed. Codes are never removed: FAISS
    # 1.15 loses most of what is added to such lists after a removal.
    codes = faiss.clone_index(old.codes)
    assert isinstance(codes, faiss.IndexIVFPQFastScan)
    codes.add(means[moves.written])
    stay = np.where(np.isin(old.labels, moves.vacated), -1, old.labels)
    return Approximate(codes, means, np.concatenate([stay, moves.written]), old.trained_for)


def _outgrown(old: Approximate, means: Vector, moves: Moves) -> bool:
    codes = len(old.labels) + len(moves.written)
    return codes > old.trained_for * _GROWTH_MAX or len(means) * _GROWTH_MAX < old.trained_for


def _trained(means: Vector) -> faiss.IndexIVFPQFastScan:
    """Returns empty lists made for these means: the same for the same means."""
    count, dimension = means.shape
    lists = 2 ** round(math.log2(math.sqrt(count)))
    codes = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(dimension),
        dimension,
        lists,
        dimension // 2,
        4,
        faiss.METRIC_INNER_PRODUCT,
    )
    codes.by_residual = False  # Whole vectors: one table serves all lists of a search.
    codes.nprobe = min(lists, max(_PROBED_MIN, round(lists * _PROBED)))
    codes.cp.niter = _TRAINING_ROUNDS
    size = max(_TRAINING_PER_LIST * lists, _TRAINING_MIN)
    codes.train(means[np.random.default_rng(_SEED).integers(count, size=size)])
    return codes
