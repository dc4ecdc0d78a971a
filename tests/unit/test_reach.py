"""What `hadir-bench reach` shows: found faces by their size and the detector's side."""

from benchmarks.reach import Reach, _panels, sheet

ROWS = [
    Reach(320, 16, 92.8, 0.937),
    Reach(256, 16, 75.6, 0.924),
    Reach(320, 20, 99.1, 0.959),
    Reach(256, 20, 92.3, 0.957),
]


class TestShown:
    """The same figures in a table and in a picture."""

    def test_sheet(self):
        """A row for each size and side."""
        shown = sheet(ROWS, 221)

        assert "221 photos in VGA frames" == shown.title
        assert ("16", "256", "75.6", "0.924") == shown.rows[1]
        assert len(ROWS) == len(shown.rows)

    def test_panels(self):
        """A line for each side, over the sizes."""
        found, cosine = _panels(ROWS)

        assert [16, 20] == found.over == cosine.over
        assert {"320 px": [92.8, 99.1], "256 px": [75.6, 92.3]} == found.series
        assert {"320 px": [0.937, 0.959], "256 px": [0.924, 0.957]} == cosine.series
