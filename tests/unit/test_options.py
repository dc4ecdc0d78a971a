"""Options of several commands: times as people write them, and cores that exist."""

import pytest
import typer

from benchmarks.options import existing, seconds_of
from server.cores import usable_cores


class TestSeconds:
    """A number and its unit."""

    @pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5m", 90), ("2h", 7200)])
    def test_units(self, text, seconds):
        """Seconds, minutes and hours."""
        assert seconds == seconds_of(text)

    @pytest.mark.parametrize("text", ["90", "m", "-1s", "1 h"])
    def test_anything_else(self, text):
        """Is told what to write."""
        with pytest.raises(typer.BadParameter, match="90s, 30m or 1h"):
            seconds_of(text)


class TestCores:
    """The server's, of this machine."""

    def test_all_of_them(self):
        """The client then shares them."""
        assert usable_cores() == existing(usable_cores())

    def test_more_than_there_are(self):
        """Would give figures of a machine that does not exist."""
        with pytest.raises(typer.BadParameter, match="this machine has"):
            existing(usable_cores() + 1)
