"""Turns cosine scores into false match rates and back: which threshold a gallery of N people needs.

Pure. A calibration belongs to one model version and is measured by `hadir-bench accuracy`.
"""

import json
import math
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "hadir-calibration-v1"
# Rule of 30 (Doddington et al., 2000): with 30 errors seen, the true rate lies within 30 % of the
# measured one with 90 % confidence. Rates of fewer errors are extrapolated instead.
ERRORS_MIN = 30
# So many last decades of measured FMR give the slope of the upper tail.
TAIL_DECADES = 1.5
POINTS_MIN = 5
# Rates are written with 5 digits.
_ROUNDING = 1e-3
FPIR_MAX = 0.003
VERIFICATION_FMR_MAX = 1e-4


@dataclass(frozen=True)
class Calibration:
    """False match rate over score, for one model version.

    source: which data it was measured on. comparisons: how many impostor comparisons stand behind
    the smallest rate, measured_fmr_min. points: (score, fmr), scores rising within -1 to 1, FMR
    falling and not under measured_fmr_min.

    Between the points log10 FMR is linear in the score. Beyond the last one it goes on as a
    straight line whose slope is fitted to the last TAIL_DECADES: an exponential tail, the limit of
    light tails in extreme value theory (Pickands, 1975). The measured curve bends down, so the
    line overstates the FMR there and the thresholds err on the safe side.
    """

    model_version: str
    source: str
    comparisons: int
    measured_fmr_min: float
    points: tuple[tuple[float, float], ...]

    @classmethod
    def parse(cls, text: str) -> "Calibration":
        """Reads a calibration file. Raises ValueError with what is wrong with it."""
        try:
            content = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"calibration is no JSON: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f'calibration is not of the format "{FORMAT}"')
        calibration = cls(
            model_version=_text(content, "model_version"),
            source=_text(content, "source"),
            comparisons=int(_number(content, "comparisons", least=1, most=math.inf)),
            measured_fmr_min=_number(content, "measured_fmr_min", least=0, most=1),
            points=_points(content.get("points")),
        )
        if calibration.points[-1][1] < calibration.measured_fmr_min * (1 - _ROUNDING):
            raise ValueError("calibration has points under its measured_fmr_min")
        return calibration

    def to_json(self) -> str:
        """Returns the content of a calibration file, one point a line."""
        content = {"format": FORMAT, **asdict(self)}
        del content["points"]
        head = json.dumps(content, indent=2)[:-2]
        lines = ",\n".join(f"    {json.dumps(list(point))}" for point in self.points)
        return f'{head},\n  "points": [\n{lines}\n  ]\n}}\n'

    def fmr(self, score: float) -> float:
        """Returns the false match rate (0 to 1) of one comparison at a threshold of -1 to 1."""
        scores, logs, slope = self._curve
        if score > scores[-1]:
            return float(10.0 ** (logs[-1] + slope * (score - scores[-1])))
        return float(10.0 ** np.interp(score, scores, logs))

    def score_for_fmr(self, fmr: float) -> float:
        """Returns the smallest threshold whose false match rate is at most `fmr` (over 0 to 1).

        A rate far beyond the measurement may need a threshold over 1, which nobody reaches.
        """
        if not 0 < fmr <= 1:
            raise ValueError(f"FMR must be over 0 and at most 1, not {fmr}")
        scores, logs, slope = self._curve
        wanted = math.log10(fmr)
        if wanted < logs[-1]:
            return float(scores[-1] + (wanted - logs[-1]) / slope)
        return float(np.interp(-wanted, -logs, scores))

    def identification_threshold(self, gallery_size: int, *, fpir: float = FPIR_MAX) -> float:
        """Returns the threshold for a search among `gallery_size` people, at least 1.

        fpir: how often somebody who is not enrolled may be taken for one who is, over 0 and under
        1. For N independent comparisons FPIR = 1 - (1 - FMR)^N, solved here for the FMR.
        """
        if gallery_size < 1:
            raise ValueError(f"a gallery has at least 1 person, not {gallery_size}")
        if not 0 < fpir < 1:
            raise ValueError(f"FPIR must be between 0 and 1, not {fpir}")
        return self.score_for_fmr(-math.expm1(math.log1p(-fpir) / gallery_size))

    def verification_threshold(self, fmr: float = VERIFICATION_FMR_MAX) -> float:
        """Returns the threshold for one comparison, of a face with a claimed identity."""
        return self.score_for_fmr(fmr)

    @cached_property
    def _curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Returns scores, log10 FMR and the slope (decades a score of 1) of the upper tail."""
        scores, rates = np.array(self.points, float).T
        logs = np.log10(rates)
        tail = max(2, int((logs <= logs[-1] + TAIL_DECADES).sum()))
        slope = float(np.polyfit(scores[-tail:], logs[-tail:], 1)[0])
        if logs[0] < 0 and scores[0] > -1:
            scores, logs = np.insert(scores, 0, -1.0), np.insert(logs, 0, 0.0)
        return scores, logs, slope


def _text(content: dict[str, Any], key: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f'calibration has no text "{key}"')
    return value


def _number(content: dict[str, Any], key: str, *, least: float, most: float) -> float:
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'calibration has no number "{key}"')  # noqa: TRY004
    if not least <= value <= most or not math.isfinite(value):
        raise ValueError(f'calibration has "{key}" {value}, not {least} to {most}')
    return value


def _points(rows: object) -> tuple[tuple[float, float], ...]:
    if not isinstance(rows, list) or len(rows) < POINTS_MIN:
        raise ValueError(f'calibration needs at least {POINTS_MIN} "points"')
    points = tuple(_point(row) for row in rows)
    for (score, rate), (next_score, next_rate) in pairwise(points):
        if next_score <= score or next_rate >= rate:
            raise ValueError(f"calibration does not fall from score {score} to {next_score}")
    return points


def _point(row: object) -> tuple[float, float]:
    match row:
        case [int() | float() as score, int() | float() as rate]:
            if -1 <= score <= 1 and 0 < rate <= 1:
                return float(score), float(rate)
    raise ValueError(f"calibration has the point {row}: [score -1 to 1, FMR over 0 to 1] expected")
