"""Draws the figures of load, size and soak. Import it only for a plot: matplotlib is slow."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from benchmarks.needs import Need
from benchmarks.rung import Rung
from benchmarks.size import Comparison
from benchmarks.soak import SAMPLED, Sample

_DPI = 110


def plot_load(path: Path, title: str, rungs: Sequence[Rung]) -> None:
    """Writes two panels as PNG: offered against recorded and refused; the answer to a frame."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    fate, answer = figure.subplots(1, 2)
    ordered = sorted(rungs, key=lambda rung: rung.offered)
    offered = [rung.offered for rung in ordered]
    fate.plot(offered, offered, color="0.8", label="offered")
    fate.plot(offered, [rung.recorded for rung in ordered], "o-", label="recorded")
    fate.plot(offered, [rung.refused_for_load for rung in ordered], "x-", label="refused for load")
    fate.set(
        xscale="log", yscale="symlog", ylabel="check-ins a second", title="what became of them"
    )
    for key, mark in (("answer_p50_ms", "o-"), ("answer_p99_ms", "s-")):
        answer.plot(offered, [getattr(rung, key) for rung in ordered], mark, label=key[7:10])
    answer.set(xscale="log", ylim=(0, None), ylabel="ms", title="a frame's answer")
    for axes in (fate, answer):
        axes.set(xlabel="offered check-ins a second")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend()
        axes.grid(alpha=0.3)
    _save(figure, path, title)


def plot_size(path: Path, title: str, needs: Sequence[Need], played: Sequence[Comparison]) -> None:
    """Writes PNG panels: cores over people, and, where played, predictions beside it."""
    figure = Figure(figsize=(11 if played else 5.5, 4.4), layout="constrained")
    panels = figure.subplots(1, 3 if played else 1, squeeze=False)[0]
    met = [need for need in needs if need.cores and need.replicas]
    people = [need.staff for need in met]
    panels[0].loglog(people, [need.cores for need in met], "o-", label="cores")
    panels[0].loglog(people, [need.replicas for need in met], "s-", label="replicas")
    panels[0].set(xlabel="people", title="what a morning needs")
    panels[0].legend()
    if played:
        where = np.arange(len(played))
        labels = [f"{one.share:.0%} busy, {one.measured.offered:.1f}/s" for one in played]
        pairs = (
            ("p99 of a frame's answer, ms", [p.predicted.answer_p99_s * 1e3 for p in played],
             [p.measured.answer_p99_ms for p in played]),
            ("cores busy", [p.predicted.cores_busy for p in played],
             [p.measured.server_cores_busy for p in played]),
        )  # fmt: skip
        for axes, (name, predicted, measured) in zip(panels[1:], pairs, strict=True):
            axes.bar(where - 0.2, predicted, 0.4, label="predicted")
            axes.bar(where + 0.2, measured, 0.4, label="played")
            axes.set(title=name, xticks=where, xticklabels=labels)
            axes.legend(loc="lower left")
    for axes in panels:
        axes.grid(alpha=0.3)
    _save(figure, path, title)


def plot_soak(path: Path, title: str, samples: Sequence[Sample]) -> None:
    """Writes a panel for each thing sampled, over minutes, as PNG."""
    figure = Figure(figsize=(8, 9), layout="constrained")
    panels = figure.subplots(len(SAMPLED), 1, sharex=True)
    minutes = [sample.at_s / 60 for sample in samples]
    for axes, what in zip(panels, SAMPLED, strict=True):
        axes.plot(minutes, [getattr(sample, what) for sample in samples])
        axes.set(ylabel=what)
        axes.grid(alpha=0.3)
    panels[-1].set(xlabel="minutes")
    _save(figure, path, title)


def _save(figure: Figure, path: Path, title: str) -> None:
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI)
