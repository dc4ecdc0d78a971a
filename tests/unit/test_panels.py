"""Panels of bars and lines: every value is drawn where its name says."""

import pytest

from benchmarks.panels import Panel, bars, draw_bars, draw_lines, lines

PANEL = Panel("ms", ["decode", "embed"], {"p50": [0.5, 30.0], "p99": [0.9, 1234.5]})
GROWTH = Panel("found", [16, 20, 24], {"320 px": [90.0, 99.0, 100.0], "256 px": [75.0, 92.0, 99.0]})


class TestBars:
    """A bar for each name and series."""

    def test_values_and_names(self):
        """The first name is at the top, its series side by side, in their order."""
        (axes,) = bars("Parts", [PANEL]).axes

        drawn = [[bar.get_width() for bar in group] for group in axes.containers]
        middles = [bar.get_y() + bar.get_height() / 2 for group in axes.containers for bar in group]
        assert [[0.5, 30.0], [0.9, 1234.5]] == drawn
        assert ["decode", "embed"] == [label.get_text() for label in axes.get_yticklabels()]
        assert pytest.approx([-0.2, 0.8, 0.2, 1.2]) == middles
        assert axes.yaxis_inverted()

    def test_values_are_written(self):
        """With about three digits, beside their bars."""
        (axes,) = bars("Parts", [PANEL]).axes

        assert ["0.5", "30", "0.9", "1,234"] == [text.get_text() for text in axes.texts]

    def test_nothing_is_drawn_from_nothing(self):
        """Where all values are 0 the axis begins there all the same; long names are wrapped."""
        name = "wrong names among a million searches"
        (axes,) = bars("Race", [Panel("wrong answers", [name], {"": [0]})]).axes

        assert 0 == axes.get_xlim()[0]
        assert name.replace("million ", "million\n") == axes.get_yticklabels()[0].get_text()

    def test_one_series_needs_no_legend(self):
        """Its title says what it is."""
        one, two = bars("Parts", [Panel("ms", ["a"], {"": [1.0]}, log=True), PANEL]).axes

        assert one.get_legend() is None
        assert two.get_legend() is not None
        assert ("log", "linear") == (one.get_xscale(), two.get_xscale())


class TestLines:
    """A line for each series."""

    def test_values(self):
        """Over the numbers that they belong to."""
        (axes,) = lines("Faces", [GROWTH], "pixels").axes

        shown = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
        expected = {
            name: [[at, value] for at, value in zip(GROWTH.over, values, strict=True)]
            for name, values in GROWTH.series.items()
        }
        assert expected == shown
        assert "pixels" == axes.get_xlabel()


@pytest.mark.parametrize(
    "draw",
    [
        lambda path: draw_bars(path, "Parts", [PANEL]),
        lambda path: draw_lines(path, "Faces", [GROWTH], "pixels"),
    ],
    ids=["bars", "lines"],
)
def test_is_written(draw, tmp_path):
    """A PNG, in a folder that is made for it."""
    path = tmp_path / "deep" / "panels.png"
    draw(path)

    assert path.read_bytes().startswith(b"\x89PNG")
