"""The score thresholds of the loaded model, for as many people as are searched."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from server.domain.calibration import Calibration

# A small office is searched as if it were this large: strangers pass its kiosk as often, and each
# passes before it many times.
PEOPLE_MIN = 1000
# A turned head scores lower; this only tells the person from another one in the same stream.
CONTINUITY_FMR = 1e-2


@dataclass(frozen=True)
class Thresholds:
    """Cosines that a comparison must reach, -1 to 1, by the model's calibration."""

    calibration: Calibration
    fpir: float
    fmr: float

    @cached_property
    def verification(self) -> float:
        """For 1:1 on a phone."""
        return self.calibration.verification_threshold(self.fmr)

    @cached_property
    def continuity(self) -> float:
        """For turned frames of one stream."""
        return self.calibration.verification_threshold(CONTINUITY_FMR)

    def identification(self, people: int, *, searches: float = 1) -> float:
        """For 1:N among so many people, at the configured FPIR; never easier than 1:1.

        searches: how many like it may find somebody; together they keep the FPIR.
        """
        threshold = _identification(self.calibration, max(PEOPLE_MIN, people), self.fpir / searches)
        return max(threshold, self.verification)

    def of_two_searches(self, here: int, everyone: int) -> tuple[float, float]:
        """For a search among a site's people and one among everyone, at one FPIR for both.

        A stranger is taken for one of the site by the first, for one of the others by the second.
        Small galleries are searched as if they were large, and so take less than their part.
        """
        at_site = here / max(PEOPLE_MIN, here)
        elsewhere = (everyone - here) / max(PEOPLE_MIN, everyone)
        searches = max(1.0, at_site + elsewhere)
        return (
            self.identification(here, searches=searches),
            self.identification(everyone, searches=searches),
        )


@lru_cache(maxsize=1024)
def _identification(calibration: Calibration, people: int, fpir: float) -> float:
    return calibration.identification_threshold(people, fpir=fpir)
