"""The table of liveness cues: no cue decides alone."""

import pytest

from server.domain.liveness import (
    PASSIVE_LIVE_MIN,
    RELIEF_MIN_AFTER_CHALLENGE,
    Liveness,
    judge,
)
from server.domain.relief import RELIEF_MIN

HIGH, LOW = RELIEF_MIN, RELIEF_MIN - 1e-6
LIVE, FAKE = PASSIVE_LIVE_MIN, PASSIVE_LIVE_MIN - 1e-6


class TestJudge:
    """Every combination of the two cues, at their limits."""

    @pytest.mark.parametrize(
        ("relief", "passive", "verdict"),
        [
            (HIGH, LIVE, Liveness.LIVE),
            (HIGH, FAKE, Liveness.DOUBTFUL),
            (LOW, LIVE, Liveness.DOUBTFUL),
            (LOW, FAKE, Liveness.SPOOF),
            (HIGH, None, Liveness.LIVE),
            (LOW, None, Liveness.SPOOF),
            (0, 0, Liveness.SPOOF),
            (1, 1, Liveness.LIVE),
        ],
    )
    def test_table(self, relief: float, passive: float | None, verdict: Liveness) -> None:
        """All good is LIVE, all bad is SPOOF, anything between is DOUBTFUL."""
        assert verdict is judge(relief, passive)

    def test_a_challenge_asks_for_less_relief(self) -> None:
        """The person has turned the head already; the limit itself is enough."""
        least = RELIEF_MIN_AFTER_CHALLENGE

        assert least < RELIEF_MIN
        assert Liveness.LIVE is judge(least, None, relief_min=least)
        assert Liveness.SPOOF is judge(least - 1e-6, None, relief_min=least)
        assert Liveness.SPOOF is judge(least, None)

    def test_a_score_of_zero_is_a_score(self) -> None:
        """Not the same as no model: it speaks against a head with relief."""
        assert Liveness.DOUBTFUL is judge(HIGH, 0.0)
