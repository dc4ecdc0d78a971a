"""Draws the curves of the accuracy benchmark. Import it only for a plot: matplotlib is slow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.metrics import bin_edges, reaching
from benchmarks.protocols import Comparisons, Searches


def plot_accuracy(
    path: Path, title: str, comparisons: Comparisons, searches: Sequence[Searches]
) -> None:
    """Writes three panels as PNG: ROC of 1:1, ROC of 1:N, false match rate over score."""
    figure = Figure(figsize=(15, 4.6), layout="constrained")
    verification, identification, rates = figure.subplots(1, 3)
    _plot_verification(verification, comparisons)
    _plot_identification(identification, searches)
    _plot_rates(rates, comparisons)
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _plot_verification(axes: Axes, comparisons: Comparisons) -> None:
    axes.semilogx(reaching(comparisons.impostor), reaching(comparisons.genuine))
    axes.set(xlim=(1e-6, 1), ylim=(0.85, 1.002), title="1:1, single templates")
    axes.set(xlabel="false match rate", ylabel="true match rate")
    axes.grid(alpha=0.3)


def _plot_identification(axes: Axes, searches: Sequence[Searches]) -> None:
    edges = bin_edges()
    for entry in searches:
        right = np.where(entry.mated.right, np.nan_to_num(entry.mated.best, nan=-2.0), -2.0)
        found = (right[:, None] >= edges[None, ::10]).mean(axis=0)
        false = (np.nan_to_num(entry.impostors.best, nan=-2.0)[:, None] >= edges[None, ::10]).mean(
            axis=0
        )
        axes.semilogx(false, found, label=f"{entry.enrolled_images} enrolled", drawstyle="steps")
    axes.set(xlim=(1e-3, 1), ylim=(0.85, 1.002), title="1:N, open set")
    axes.set(
        xlabel="false positive identification rate", ylabel="true positive identification rate"
    )
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)


def _plot_rates(axes: Axes, comparisons: Comparisons) -> None:
    edges = bin_edges()
    kinds = ((comparisons.impostor, "single template"), (comparisons.impostor_mean, "mean of 3"))
    for counts, label in kinds:
        axes.semilogy(edges, np.maximum(reaching(counts), 1e-9), label=label)
    axes.set(xlim=(-0.2, 0.8), ylim=(1e-7, 1.5), title="different people")
    axes.set(xlabel="threshold (cosine)", ylabel="false match rate")
    axes.legend()
    axes.grid(alpha=0.3)
