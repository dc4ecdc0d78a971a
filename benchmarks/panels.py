"""Draws figures of a report as panels of bars or lines, for reports that need no more than that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DPI = 110
_WIDTH, _LINES_HEIGHT = 5.8, 4.4
_HEADROOM, _BAR_HEIGHT, _BARS_SHARE = 1.2, 0.3, 0.8
_NAME_CHARACTERS = 30


@dataclass(frozen=True, slots=True)
class Panel:
    """Series of values over the same names (bars) or numbers (lines). log: of the values' axis."""

    title: str
    over: Sequence[str] | Sequence[float]
    series: Mapping[str, Sequence[float]]
    log: bool = False


def draw_bars(path: Path, title: str, panels: Sequence[Panel]) -> None:
    """Writes panels side by side as PNG, with a bar and its value for each name and series."""
    _save(bars(title, panels), path)


def draw_lines(path: Path, title: str, panels: Sequence[Panel], along: str) -> None:
    """Writes panels side by side as PNG, with a line for each series. along: what `over` is."""
    _save(lines(title, panels, along), path)


def bars(title: str, panels: Sequence[Panel]) -> Figure:
    """Returns the figure of `draw_bars`."""
    most = max(len(panel.over) * len(panel.series) for panel in panels)
    figure, subplots = _figure(title, len(panels), _HEADROOM + _BAR_HEIGHT * most)
    for axes, panel in zip(subplots, panels, strict=True):
        places, thick = np.arange(len(panel.over)), _BARS_SHARE / len(panel.series)
        for number, (name, values) in enumerate(panel.series.items()):
            middle = places + (number - (len(panel.series) - 1) / 2) * thick
            drawn = axes.barh(middle, values, thick, label=name)
            axes.bar_label(drawn, [_short(value) for value in values], padding=3, fontsize=8)
        names = [fill(str(name), _NAME_CHARACTERS) for name in panel.over]
        axes.set(title=panel.title, yticks=places, yticklabels=names)
        axes.invert_yaxis()
        axes.margins(x=0.15)
        if panel.log:
            axes.set_xscale("log")
        else:
            axes.set_xlim(left=0)
        _finish(axes, panel)
    return figure


def lines(title: str, panels: Sequence[Panel], along: str) -> Figure:
    """Returns the figure of `draw_lines`."""
    figure, subplots = _figure(title, len(panels), _LINES_HEIGHT)
    for axes, panel in zip(subplots, panels, strict=True):
        for name, values in panel.series.items():
            axes.plot(panel.over, values, "o-", label=name)
        axes.set(title=panel.title, xlabel=along)
        if panel.log:
            axes.set_yscale("log")
        _finish(axes, panel)
    return figure


def _figure(title: str, panels: int, height: float) -> tuple[Figure, list[Axes]]:
    # Only here: matplotlib is slow to import, and most runs draw nothing.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH * panels, height), layout="constrained")
    figure.suptitle(title)
    return figure, list(figure.subplots(1, panels, squeeze=False)[0])


def _finish(axes: Axes, panel: Panel) -> None:
    if len(panel.series) > 1:
        axes.legend()
    axes.set_axisbelow(True)
    axes.grid(alpha=0.3)


def _short(value: float) -> str:
    """Returns a value with about three digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI)
