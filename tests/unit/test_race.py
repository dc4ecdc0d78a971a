"""What `hadir-bench race` says of what it found."""

from benchmarks.race import Tally, figures, told


def tally(**changes):
    found = Tally(searches=3_000, search_ms=[1.0] * 99 + [9.0], **changes)
    found.verdicts["MATCH"] = 2_000
    found.changes["deleted"] = 40
    return found


class TestTold:
    """The figures in words."""

    def test_nothing_wrong(self):
        """None in so many proves a rate, and no more."""
        said = dict(told(figures(tally(), 10.0)))

        assert "3,000 in 10.0 s, 300 a second; p50 1.0 ms, p99 1.08 ms" == said["searches"]
        assert (
            "0 (rate below 1.0e-03, 95 %): 0 wrong_scores, 0 wrong_names, 0 missed"
            == (said["wrong"])
        )

    def test_wrong_answers(self):
        """They are counted by kind, and shown; no rate is below anything then."""
        found = tally(wrong_scores=1, wrong_names=2, examples=["a as b"])

        said = told(figures(found, 10.0))

        assert ("wrong", "3: 1 wrong_scores, 2 wrong_names, 0 missed") in said
        assert ("example", "a as b") == said[-1]
