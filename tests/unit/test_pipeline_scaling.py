"""How speed grows with cores, as `hadir-bench pipeline` tells it."""

import pytest

from benchmarks.pipeline import Speed, scaling


def speed(runtimes, workers, frames_per_second):
    return Speed(runtimes, workers, 100, frames_per_second, 1.0, 40.0, 1.0, 8.0, 30.0)


class TestScaling:
    """Each row against the first of its own runtimes."""

    def test_each_runtime_by_itself(self):
        """A fast runtime is no reference for a slow one."""
        rows = [speed("a", 1, 20.0), speed("a", 2, 38.0), speed("b", 1, 10.0), speed("b", 2, 15.0)]

        assert [1.0, 1.9, 1.0, 1.5] == pytest.approx(scaling(rows))
