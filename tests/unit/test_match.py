"""Who a face is: threshold, margin, and the winner's own template, which has the last word."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.match import (
    MARGIN_MIN,
    Candidate,
    Decision,
    Verdict,
    decide,
    mean_template,
    similarity,
)

ANN, BEN = "198501152010011001", "199003032015032002"
COSINES = st.floats(-1, 1)
QUICK = settings(deadline=None, max_examples=30)


class TestDecide:
    """A search is a match, ambiguous, or nobody: never a guess."""

    def test_a_clear_winner_is_a_match(self) -> None:
        """With the scores by which it won."""
        decision = decide([Candidate(ANN, 0.7), Candidate(BEN, 0.3)], 0.7, 0.45)

        assert Decision(Verdict.MATCH, ANN, 0.7, 0.45, pytest.approx(0.4)) == decision

    def test_below_the_threshold_is_nobody(self) -> None:
        """The threshold itself is enough."""
        assert decide([Candidate(ANN, 0.5)], 0.4499, 0.45).verdict is Verdict.UNKNOWN
        assert decide([Candidate(ANN, 0.5)], 0.45, 0.45).verdict is Verdict.MATCH

    def test_two_who_are_alike_are_ambiguous(self) -> None:
        """Within the margin nobody is named."""
        decision = decide([Candidate(ANN, 0.7), Candidate(BEN, 0.66)], 0.7, 0.45)

        assert (Verdict.AMBIGUOUS, "") == (decision.verdict, decision.nip)

    def test_the_own_template_decides_and_not_the_index(self) -> None:
        """A stale or wrong row of the index cannot credit anybody."""
        candidates = [Candidate(ANN, 0.9), Candidate(BEN, 0.2)]

        assert decide(candidates, 0.1, 0.45).verdict is Verdict.UNKNOWN
        assert decide(candidates, 0.5, 0.45).margin == pytest.approx(0.3)

    def test_the_margin_is_taken_from_the_rescored_winner(self) -> None:
        """0.9 by the index, 0.5 by the own template: 0.48 is too near."""
        candidates = [Candidate(ANN, 0.9), Candidate(BEN, 0.48)]

        assert decide(candidates, 0.5, 0.45).verdict is Verdict.AMBIGUOUS

    def test_an_empty_search_is_nobody(self) -> None:
        """However high the score."""
        assert decide([], 1.0, 0.45).verdict is Verdict.UNKNOWN

    @pytest.mark.parametrize("others", [[], [Candidate(BEN, 0.1)]])
    def test_a_score_that_is_no_number_is_nobody(self, others: list[Candidate]) -> None:
        """NaN is not below the threshold, and not above it either."""
        decision = decide([Candidate(ANN, 0.9), *others], math.nan, 0.45)

        assert decision.verdict is Verdict.UNKNOWN

    @QUICK
    @given(COSINES, COSINES, COSINES, st.floats(0, 1))
    def test_a_match_holds_every_condition(
        self, first: float, second: float, rescored: float, threshold: float
    ) -> None:
        """And only a match carries a name."""
        candidates = [Candidate(ANN, max(first, second)), Candidate(BEN, min(first, second))]

        decision = decide(candidates, rescored, threshold)

        won = rescored >= threshold and rescored - min(first, second) >= MARGIN_MIN
        assert won == (decision.verdict is Verdict.MATCH)
        assert (ANN if won else "") == decision.nip
        assert (rescored, threshold) == (decision.similarity, decision.threshold)


class TestTemplates:
    """Cosines and means of unit vectors."""

    @QUICK
    @given(st.integers(0, 2**32 - 1), st.integers(1, 8))
    def test_a_mean_is_a_unit_vector_in_the_middle(self, seed: int, count: int) -> None:
        """No single template is on its far side, and their order does not matter."""
        faces = np.random.default_rng(seed).normal(1, 0.3, (count, 128)).astype(np.float32)
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)

        mean = mean_template(faces)

        assert np.float32 == mean.dtype
        assert 1 == pytest.approx(similarity(mean, mean), abs=1e-5)
        assert min(similarity(mean, face) for face in faces) > 0
        assert np.allclose(mean, mean_template(faces[::-1]), atol=1e-6)

    def test_opposite_faces_have_no_mean_and_no_warning(self) -> None:
        """They fit nobody."""
        faces = np.array([[1, 0], [-1, 0]], np.float32)

        assert [0, 0] == mean_template(faces).tolist()
