"""The calibration: file format, interpolation, extrapolation and the formula of thresholds."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calibration import Calibration
from server.errors import ModelInvalid
from server.vision.calibration import load_calibration

# FMR falls by a decade every 0.1.
POINTS = ((0.0, 0.1), (0.1, 0.01), (0.2, 1e-3), (0.3, 1e-4), (0.4, 1e-5))
CALIBRATION = Calibration("model-1", "made by hand", 3_000_000, 1e-5, POINTS)
SHIPPED = "sface-2021dec-fb143eea0783"


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    """Any curve that a file may hold."""
    count = draw(st.integers(5, 40))
    scores = draw(st.lists(st.integers(-1000, 1000), min_size=count, max_size=count, unique=True))
    logs = draw(st.lists(st.integers(0, 800), min_size=count, max_size=count, unique=True))
    points = tuple(
        (score / 1000, 10 ** (-log / 100))
        for score, log in zip(sorted(scores), sorted(logs), strict=True)
    )
    return Calibration("model-1", "drawn", 10**9, points[-1][1], points)


def as_file(**changes: object) -> str:
    """The calibration file of CALIBRATION, with other or (None) missing keys."""
    content = {**json.loads(CALIBRATION.to_json()), **changes}
    return json.dumps({key: value for key, value in content.items() if value is not None})


class TestFalseMatchRate:
    """FMR over score and back."""

    def test_is_interpolated_in_the_logarithm(self) -> None:
        """Half-way between two decades lies the square root of ten."""
        assert math.isclose(CALIBRATION.fmr(0.15), 10**-2.5, rel_tol=1e-9)

    def test_is_extrapolated_beyond_the_last_point(self) -> None:
        """The straight line goes on with the slope of the upper tail."""
        assert math.isclose(CALIBRATION.fmr(0.6), 1e-7, rel_tol=1e-6)
        assert math.isclose(CALIBRATION.score_for_fmr(1e-7), 0.6, rel_tol=1e-6)

    def test_is_one_at_the_lowest_score(self) -> None:
        """A threshold of -1 accepts everybody."""
        assert CALIBRATION.fmr(-1) == 1
        assert CALIBRATION.score_for_fmr(1) == -1

    @given(calibrations(), st.floats(-1, 1), st.floats(-1, 1))
    def test_never_rises_with_the_score(
        self, calibration: Calibration, first: float, second: float
    ) -> None:
        """A higher threshold never accepts more."""
        low, high = sorted((first, second))

        assert calibration.fmr(high) <= calibration.fmr(low) * (1 + 1e-9)
        assert 0 <= calibration.fmr(high) <= 1

    @given(calibrations(), st.floats(-12, 0))
    def test_threshold_holds_its_rate(self, calibration: Calibration, log: float) -> None:
        """The threshold for a rate has at most this rate, and a lower one has more."""
        threshold = calibration.score_for_fmr(10**log)

        assert calibration.fmr(threshold) <= 10**log * (1 + 1e-6)
        assert threshold <= -1 + 1e-9 or calibration.fmr(threshold - 1e-6) >= 10**log * (1 - 1e-6)

    @pytest.mark.parametrize("fmr", [0, -1e-3, 1.1, math.nan])
    def test_refuses_what_is_no_rate(self, fmr: float) -> None:
        """An FMR lies over 0 and up to 1."""
        with pytest.raises(ValueError, match="FMR"):
            CALIBRATION.score_for_fmr(fmr)


class TestThresholds:
    """What a gallery of N people needs."""

    @given(calibrations(), st.integers(1, 5_000_000), st.floats(1e-4, 0.1))
    def test_meets_the_fpir_formula(
        self, calibration: Calibration, gallery_size: int, fpir: float
    ) -> None:
        """1 - (1 - FMR)^N is the FPIR that was asked for, or less."""
        threshold = calibration.identification_threshold(gallery_size, fpir=fpir)
        reached = -math.expm1(gallery_size * math.log1p(-calibration.fmr(threshold)))

        assert reached <= fpir * (1 + 1e-6)

    @given(calibrations(), st.integers(1, 5_000_000), st.integers(1, 5_000_000))
    def test_grows_with_the_gallery(
        self, calibration: Calibration, first: int, second: int
    ) -> None:
        """More people never need a lower threshold."""
        few, many = sorted((first, second))
        assert calibration.identification_threshold(few) <= calibration.identification_threshold(
            many
        )

    def test_of_one_person_is_the_fpir_itself(self) -> None:
        """With N = 1 the FMR is the FPIR."""
        threshold = CALIBRATION.identification_threshold(1, fpir=1e-3)

        assert math.isclose(threshold, 0.2, rel_tol=1e-9)
        assert math.isclose(CALIBRATION.verification_threshold(), 0.3, rel_tol=1e-9)

    def test_refuses_an_empty_gallery_and_odd_rates(self) -> None:
        """There is no threshold for nobody, nor for a certain false positive."""
        with pytest.raises(ValueError, match="at least 1 person"):
            CALIBRATION.identification_threshold(0)
        with pytest.raises(ValueError, match="FPIR"):
            CALIBRATION.identification_threshold(10, fpir=1)


class TestFile:
    """Calibration files."""

    @given(calibrations())
    def test_is_read_as_it_was_written(self, calibration: Calibration) -> None:
        """What is written is read back the same."""
        assert Calibration.parse(calibration.to_json()) == calibration

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "no JSON"),
            ("[]", "not of the format"),
            (as_file(format="other"), "not of the format"),
            (as_file(model_version=None), "model_version"),
            (as_file(source=""), "source"),
            (as_file(comparisons="many"), "comparisons"),
            (as_file(comparisons=0), "comparisons"),
            (as_file(measured_fmr_min=1e-4), "under its measured_fmr_min"),
            (as_file(measured_fmr_min=True), "measured_fmr_min"),
            (as_file(points=None), "points"),
            (as_file(points=[[0, 0.1]]), "at least 5"),
            (as_file(points=[*POINTS, [0.5]]), "expected"),
            (as_file(points=[*POINTS, [0.5, 0]]), "expected"),
            (as_file(points=[*POINTS, [1.5, 1e-6]]), "expected"),
            (as_file(points=[*POINTS, [0.4, 1e-6]]), "does not fall"),
            (as_file(points=[*POINTS, [0.5, 1e-5]]), "does not fall"),
            (as_file(points=[*POINTS, [0.5, math.nan]]), "expected"),
        ],
    )
    def test_says_what_is_wrong(self, text: str, message: str) -> None:
        """A bad file is refused with the reason."""
        with pytest.raises(ValueError, match=message):
            Calibration.parse(text)


class TestLoad:
    """Which file the server takes."""

    def test_default_model_is_shipped_with_one(self) -> None:
        """The default pack starts without any measuring, at thresholds of a sane size."""
        calibration = load_calibration(SHIPPED, None)

        assert 0.35 < calibration.verification_threshold() < 0.5
        assert 0.45 < calibration.identification_threshold(1000) < 0.65

    def test_model_without_one_is_told_what_to_do(self) -> None:
        """There is no guessing: the operator has to measure."""
        with pytest.raises(ModelInvalid, match="hadir-bench accuracy"):
            load_calibration("unknown-model", None)

    def test_operator_may_name_an_own_one(self, tmp_path: Path) -> None:
        """The override wins over the shipped file."""
        path = tmp_path / "own.json"
        path.write_text(CALIBRATION.to_json())

        assert load_calibration("model-1", path) == CALIBRATION

    def test_calibration_of_another_model_is_refused(self, tmp_path: Path) -> None:
        """Scores of different models are not comparable."""
        path = tmp_path / "own.json"
        path.write_text(CALIBRATION.to_json())

        with pytest.raises(ModelInvalid, match="the server runs model-2"):
            load_calibration("model-2", path)

    def test_damaged_or_missing_override_is_refused(self, tmp_path: Path) -> None:
        """An override that cannot be read never falls back to the shipped file."""
        path = tmp_path / "own.json"
        with pytest.raises(ModelInvalid, match=r"own\.json"):
            load_calibration(SHIPPED, path)
        path.write_text("{}")
        with pytest.raises(ModelInvalid, match="not of the format"):
            load_calibration(SHIPPED, path)
