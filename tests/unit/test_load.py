"""What the rungs of a load come to, in words and in the JSON."""

import pytest

from benchmarks.load import RECOVERY_S, Found, said
from benchmarks.rung import Rung, Spent, Tally, rung_of


def rung(name, offered, recorded, carried) -> Rung:
    """A rung of 10 s with so much recorded in its window, and in all."""
    tally = Tally(arrived=round(offered * 10), recorded=round(offered * 10 * carried))
    window = Spent(10.0, round(recorded * 10), 9.0, 1.0)
    return rung_of(name, 10.0, tally, window=window, whole=window, memory_mb=(300.0, 310.0))


@pytest.fixture
def found():
    """Carried at 6 a second, most at 12, and ten times the knee after it."""
    ramp = [rung("ramp", 6.0, 5.9, 1.0), rung("ramp", 12.0, 8.0, 0.7)]
    return Found([*ramp, rung("half", 3.0, 3.0, 1.0), rung("10 x", 60.0, 7.2, 0.12)])


class TestFound:
    """Knee, peak and what is left of it."""

    def test_of_the_ramp(self, found):
        """The knee is where it was carried, the peak where most was recorded."""
        assert (6.0, 8.0) == (found.knee, found.peak)

    def test_goodput_is_of_the_peak(self, found):
        """Not of the knee, which less than the peak can hardly fail."""
        assert 0.9 == pytest.approx(found.goodput)

    def test_without_too_much(self, found):
        """Nothing to compare."""
        assert None is Found(found.rungs[:3]).goodput


class TestSaid:
    """The sentences below the tables."""

    def test_recovered(self, found):
        """After how many seconds."""
        found.recovery_s = 3
        knee, goodput, recovery = said(found)

        assert "6.00 a second" in knee
        assert "8.00" in knee
        assert "90%" in goodput
        assert "after 3 s" in recovery

    def test_not_recovered(self, found):
        """Is said, and so is that nobody looked."""
        assert f"not normal again within {RECOVERY_S:.0f} s" in list(said(found))[-1]
        found.lobbies = [object()]
        assert "not measured" in list(said(found))[-1]

    def test_no_knee(self):
        """Every rate was too much."""
        (only,) = said(Found([rung("ramp", 6.0, 2.0, 0.4)]))

        assert "No rate was carried" in only
