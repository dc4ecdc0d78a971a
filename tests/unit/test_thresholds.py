"""The thresholds that a server uses: they follow the gallery and never become too easy."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.calibration import Calibration
from server.services.thresholds import CONTINUITY_FMR, PEOPLE_MIN, Thresholds

# FMR falls by a decade every 0.1: 1e-4 at 0.4, 1e-6 at 0.6.
POINTS = tuple((score / 10, 10.0**-score) for score in range(1, 8))
CALIBRATION = Calibration("model-1", "made by hand", 3_000_000, 1e-7, POINTS)
USUAL = Thresholds(CALIBRATION, fpir=0.003, fmr=1e-4)
QUICK = settings(deadline=None, max_examples=30)


class TestVerification:
    """One face against its own template."""

    def test_holds_the_configured_rate(self) -> None:
        """A false match in ten thousand."""
        assert 0.4 == pytest.approx(USUAL.verification)
        assert 0.3 == pytest.approx(Thresholds(CALIBRATION, 0.003, 1e-3).verification)

    def test_continuity_is_easier(self) -> None:
        """A turned head scores lower and is the same person."""
        assert 0.2 == pytest.approx(USUAL.continuity)
        assert 1e-2 == CONTINUITY_FMR


class TestIdentification:
    """One face against many."""

    @QUICK
    @given(st.integers(PEOPLE_MIN, 5_000_000), st.floats(1e-4, 0.4))
    def test_holds_the_configured_rate(self, people: int, fpir: float) -> None:
        """1 - (1 - FMR) ^ N at the threshold is at most the FPIR."""
        threshold = Thresholds(CALIBRATION, fpir, 0.4).identification(people)

        reached = -math.expm1(people * math.log1p(-CALIBRATION.fmr(threshold)))
        assert reached <= fpir * (1 + 1e-6)

    @QUICK
    @given(st.integers(0, 10_000), st.integers(0, 5_000_000), st.floats(1e-4, 0.4))
    def test_two_searches_keep_the_configured_rate(
        self, here: int, elsewhere: int, fpir: float
    ) -> None:
        """A stranger is taken for one of the site or of the others: both have one FPIR."""
        both = Thresholds(CALIBRATION, fpir, 0.4).of_two_searches(here, here + elsewhere)

        nobody = math.prod(
            (1 - CALIBRATION.fmr(threshold)) ** people
            for threshold, people in zip(both, (here, elsewhere), strict=True)
        )
        assert both[0] <= both[1]  # so that the second finds nobody whom the first did not
        assert 1 - nobody <= fpir * (1 + 1e-6)

    def test_one_search_has_all_of_it(self) -> None:
        """The same people twice, nobody at the site, or few in all: nothing is to be shared."""
        alone = USUAL.identification(5000)
        trial = USUAL.identification(1000)

        assert (alone, alone) == USUAL.of_two_searches(5000, 5000)
        assert alone == USUAL.of_two_searches(0, 5000)[1]
        assert (trial, trial) == USUAL.of_two_searches(500, 1000)
        assert alone < USUAL.of_two_searches(100, 5000)[1] < USUAL.of_two_searches(1000, 5000)[1]

    @QUICK
    @given(st.integers(0, 10_000_000), st.integers(0, 10_000_000))
    def test_never_falls_with_the_number_of_people(self, first: int, second: int) -> None:
        """More people, more chances of a stranger."""
        low, high = sorted((first, second))

        assert USUAL.identification(low) <= USUAL.identification(high)

    def test_a_small_office_is_searched_as_a_large_one(self) -> None:
        """Six people would allow a threshold that a stranger's face passes."""
        assert USUAL.identification(1000) == USUAL.identification(6) == USUAL.identification(0)
        assert USUAL.identification(6) < USUAL.identification(10_000)

    def test_is_never_easier_than_verification(self) -> None:
        """Even where the FPIR would allow it."""
        lax = Thresholds(CALIBRATION, fpir=0.4, fmr=1e-5)

        assert lax.verification == lax.identification(6)
        assert lax.verification < lax.identification(1_000_000)

    def test_two_servers_with_other_rates_do_not_share_answers(self) -> None:
        """Answers are kept by calibration, people and rate."""
        strict = Thresholds(CALIBRATION, fpir=0.0003, fmr=1e-4)

        assert 0.1 == pytest.approx(
            strict.identification(10_000) - USUAL.identification(10_000), abs=0.001
        )
