"""The slope of what a soak samples: found through noise and outliers, and doubted where short."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import soak as soaking
from benchmarks.local import ServerFailed
from benchmarks.soak import POINTS_MIN, Sample, Soaked, slope_of, slopes_of, soak

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
            Sample(second, second / 2, min(400.0, 300 + second), 30, 9, 2, 40, 60)
            for second in range(0, 800, 5)
        ]
        memory, *others = slopes_of(samples)

        assert (400.0, 400.0, "no slope seen") == (memory.first, memory.last, memory.verdict)
        assert {"no slope seen"} == {slope.verdict for slope in others}


class TestLoad:
    """How much of the cores is used, and by what rate."""

    def test_cores_used(self):
        """Between the first and the last sample, not from the start of the process."""
        samples = [Sample(at_s, 7 + at_s / 2, 300, 30, 9, 2, 40, 60) for at_s in (10, 20, 30)]

        assert 0.5 == pytest.approx(Soaked(samples=samples).cores)
        assert 0.0 == Soaked(samples=samples[:1]).cores

    async def test_the_rate_that_uses_half(self):
        """A check-in costs less among many, so the rate of a quiet one would use too little."""

        async def play(rate):
            return SimpleNamespace(server_cores_busy=0.2 * rate**0.8)

        found = await soaking._rate_of(0.5, play)

        assert 0.5 == pytest.approx((await play(found)).server_cores_busy, rel=0.02)
        assert 2.5 * 1.2 < found  # half by the cost at one a second


class TestReport:
    """What was seen is written, however the soak ends."""

    @pytest.mark.parametrize("failure", [ServerFailed("code 9"), SystemExit(143), OSError("disk")])
    def test_a_failure_is_told_in_it(self, tmp_path, monkeypatch, failure):
        """The figures so far, the reason, and the failure goes on to the command line."""

        async def play(plan, progress, soaked):
            soaked.rate = 2.5
            soaked.samples.append(Sample(0, 1, 300, 30, 9, 2, 40, 60))
            raise failure

        monkeypatch.setattr(soaking, "_play", play)
        file = tmp_path / "soak.json"
        with pytest.raises(type(failure)):
            soak(json_file=file)
        written = json.loads(file.read_text())

        assert f"{type(failure).__name__}: {failure}" == written["ended"]
        assert (2.5, 1) == (written["rate"], len(written["samples"]))
        assert str(failure) in file.with_suffix(".md").read_text()

    def test_not_the_log(self, tmp_path, monkeypatch):
        """Its lines are for the terminal."""

        async def play(plan, progress, soaked):
            raise ServerFailed("code 9; see soak-data/server.log:\nline 1\nline 2")

        monkeypatch.setattr(soaking, "_play", play)
        with pytest.raises(ServerFailed):
            soak(json_file=tmp_path / "soak.json")

        assert (
            "ServerFailed: code 9; see soak-data/server.log"
            == json.loads((tmp_path / "soak.json").read_text())["ended"]
        )
