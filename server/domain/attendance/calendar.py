"""Free days: the national holidays of Indonesia, and what BKD imports: cuti bersama and changes."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# How the library marks dates that follow the moon and are not decreed yet.
_ESTIMATED = "(perkiraan)"


class FreeKind(enum.Enum):
    """Why a day is free. WORKDAY takes a holiday back, as when a decree moves it."""

    NATIONAL = "NATIONAL"
    JOINT_LEAVE = "JOINT_LEAVE"
    REGIONAL = "REGIONAL"
    WORKDAY = "WORKDAY"


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A free day; decree: the number of the joint decree (SKB) or of the governor's letter.

    estimated: the date is computed, not decreed; BKD confirms it by importing the decree.
    """

    day: date
    name: str
    kind: FreeKind
    decree: str = ""
    estimated: bool = False


class Calendar:
    """The free days by date; what is imported wins over what is computed."""

    def __init__(self, computed: Iterable[FreeDay], imported: Iterable[FreeDay] = ()) -> None:
        self._days = {free.day: free for free in computed}
        self._days.update({free.day: free for free in imported})

    def on(self, day: date) -> FreeDay | None:
        """Returns why a day is free; None if it is not."""
        free = self._days.get(day)
        return None if free is None or free.kind is FreeKind.WORKDAY else free

    def all(self) -> list[FreeDay]:
        """Returns the free days in order."""
        days = (self.on(day) for day in sorted(self._days))
        return [free for free in days if free]

    def unconfirmed(self) -> list[FreeDay]:
        """Returns the free days whose date is only estimated, in order."""
        return sorted(
            (free for free in self._days.values() if free.estimated), key=lambda free: free.day
        )


def national(years: Iterable[int]) -> list[FreeDay]:
    """Returns the national holidays of the years, with their Indonesian names.

    Cuti bersama is not among them: it is decreed each year (SKB of three ministers) and imported.
    """
    from holidays import country_holidays  # takes a third of a second to import

    found = country_holidays("ID", years=list(years), language="id")
    return [
        FreeDay(
            day,
            name.replace(_ESTIMATED, "").strip(),
            FreeKind.NATIONAL,
            estimated=_ESTIMATED in name,
        )
        for day, name in sorted(found.items())
    ]
