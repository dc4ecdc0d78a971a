"""What several starts of a server come to."""

from benchmarks.start import start_of


def test_fastest_median_and_worst():
    """Processor time and memory are those of the fastest, which the others disturbed least."""
    found = start_of(10, [(2.0, 2.5, 400.0), (1.0, 1.5, 390.0), (6.0, 3.0, 410.0)])

    assert (1.0, 2.0, 6.0) == (found.serving_s, found.median_s, found.worst_s)
    assert (1.5, 390.0) == (found.cpu_s, found.memory_mb)
