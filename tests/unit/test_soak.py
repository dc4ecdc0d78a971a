"""The slope of what a soak samples: found through noise and outliers, and doubted where short."""

import numpy as np
import pytest

from benchmarks.soak import POINTS_MIN, Sample, slope_of, slopes_of

HOURS = np.arange(720) / 720


class TestSlope:
    """Theil-Sen through the medians of blocks."""

    @pytest.mark.parametrize("an_hour", [12.0, -12.0])
    def test_found_through_noise(self, an_hour):
        """A leak of twelve an hour under noise of one, and its direction."""
        noise = np.random.default_rng(1).normal(0, 1, 720)
        found = slope_of("memory_mb", HOURS, 400 + an_hour * HOURS + noise)

        assert an_hour == pytest.approx(found.an_hour, abs=1)
        assert found.low < an_hour < found.high
        assert ("grows" if an_hour > 0 else "falls") == found.verdict

    def test_none_in_noise(self):
        """Nothing but noise is no leak."""
        noise = np.random.default_rng(2).normal(0, 1, 720)

        assert "no slope seen" == slope_of("memory_mb", HOURS, 400 + noise).verdict

    def test_wild_samples_do_not_move_it(self):
        """A burst at the end is no growth."""
        levels = np.full(720, 30.0)
        levels[-10:] = 300.0
        found = slope_of("streams", HOURS, levels)

        assert (0.0, "no slope seen") == (found.an_hour, found.verdict)

    @pytest.mark.parametrize(
        ("count", "verdict"), [(0, "too short to say"), (POINTS_MIN - 1, "too short to say"),
                               (POINTS_MIN, "grows")]
    )  # fmt: skip
    def test_needs_points(self, count, verdict):
        """A run that was ended at once says so, and is no error."""
        assert verdict == slope_of("threads", HOURS[:count], 1000 * HOURS[:count]).verdict

    def test_the_warm_up_does_not_count(self):
        """What fills a cache in the first quarter is no leak."""
        samples = [
            Sample(second, min(400.0, 300 + second), 30, 9, 2, 60) for second in range(0, 800, 5)
        ]
        memory, *others = slopes_of(samples)

        assert (400.0, 400.0, "no slope seen") == (memory.first, memory.last, memory.verdict)
        assert {"no slope seen"} == {slope.verdict for slope in others}
