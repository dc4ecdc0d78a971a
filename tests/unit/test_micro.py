"""`hadir-bench micro`: what it measures of searches, and how it tells."""

import pytest
from rich.progress import Progress

from benchmarks import micro
from benchmarks.micro import Cost, Part, cost_sheet, search_sheet
from benchmarks.search import SearchRow, measure

ROW = SearchRow(
    people=1_000_000,
    kind="approximate",
    probes=5_000,
    build_s=21.0,
    index_bytes=48_000_000,
    p50_ms=1.9,
    p99_ms=2.6,
    recall_at_1=0.9996,
    recall_at_least=0.9985,
    enrol_to_found_ms=12.0,
)


@pytest.fixture(scope="module")
def row():
    """What 400 searches among 300 people found."""
    return measure(300, 400)


class TestSearch:
    """A small gallery, searched exactly."""

    def test_exact_search_misses_nobody(self, row):
        """Its recall is whole; how sure that is depends on the searches."""
        assert (300, "exact", 400, 1.0) == (row.people, row.kind, row.probes, row.recall_at_1)
        assert pytest.approx(0.9905, abs=1e-4) == row.recall_at_least

    def test_times_and_sizes(self, row):
        """Each is told, and 128 numbers a person are what the index holds."""
        assert 0 < row.p50_ms <= row.p99_ms
        assert row.build_s > 0
        assert row.enrol_to_found_ms > 0
        assert 300 * 128 * 4 == row.index_bytes


class TestMeasure:
    """All parts, one after the other."""

    def test_progress_ends_with_the_last_part(self, monkeypatch):
        """Every part and every gallery is a step of the bar."""
        parts = [Part("decode", lambda: 1.0, "VGA"), Part("align", lambda: 2.0)]
        monkeypatch.setattr(micro, "_vision", lambda: parts)
        monkeypatch.setattr(micro, "_storage_and_call", lambda: [Part("call", lambda: 3.0)])
        progress = Progress(disable=True)

        costs, searches = micro.measure(progress, [200, 300], 100)

        (task,) = progress.tasks
        assert [Cost("decode", 1.0, "VGA"), Cost("align", 2.0), Cost("call", 3.0)] == costs
        assert [200, 300] == [row.people for row in searches]
        assert (5, 5) == (task.completed, task.total)


class TestSheets:
    """What readers see."""

    def test_searches(self):
        """With p99, recall and its bound, enrolment, build and bytes."""
        shown = search_sheet([ROW])

        assert [
            ("1,000,000", "approximate", "5,000", "1.900", "2.600", "0.9996", "0.9985", "12.0",
             "21.0", "48.0")
        ] == shown.rows  # fmt: skip
        assert len(shown.heads) == len(shown.rows[0])

    def test_costs(self):
        """Each with what it is of."""
        assert [("decode", "0.400", "VGA")] == cost_sheet([Cost("decode", 0.4, "VGA")]).rows
