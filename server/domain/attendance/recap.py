"""Adds up the days of an employee: the recap of all, and the recap for the allowance (TPP)."""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from server.domain.attendance.bands import PERCENT_MAX
from server.domain.attendance.model import (
    NO_WORK,
    NOTHING,
    AttendanceDay,
    DayStatus,
    Phase,
)


class LeftOut(enum.Enum):
    """Why a day is not in the TPP recap."""

    SOCIALISATION = "SOCIALISATION"
    TRIAL = "TRIAL"
    NOT_OVER = "NOT_OVER"
    UNSCHEDULED = "UNSCHEDULED"
    NO_CUT_TABLE = "NO_CUT_TABLE"


@dataclass(frozen=True, slots=True)
class Recap:
    """All days, whatever their phase. bands: how often each was reached, waived or not."""

    statuses: Mapping[DayStatus, int]
    phases: Mapping[Phase, int]
    bands: Mapping[str, int]
    late_minutes: int
    early_minutes: int
    unit_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TppRecap:
    """What the official workdays cost.

    workdays: that were counted. percent: the cut of the allowance, at most 100. waived_percent:
    what requests took off the day's price. left_out: the dates that were not counted, by reason.
    """

    workdays: int
    percent: Decimal
    waived_percent: Decimal
    left_out: Mapping[LeftOut, tuple[date, ...]]

    @property
    def left_out_count(self) -> int:
        """How many days were left out."""
        return sum(map(len, self.left_out.values()))


def recap(days: Iterable[AttendanceDay]) -> Recap:
    """Returns the recap of days, of one unit or of several after a transfer."""
    days = list(days)
    bands = Counter(band for day in days for band in (day.late_band, day.early_band) if band)
    return Recap(
        statuses=Counter(day.status for day in days),
        phases=Counter(day.phase for day in days),
        bands=bands,
        late_minutes=sum(day.late_minutes for day in days),
        early_minutes=sum(day.early_minutes for day in days),
        unit_ids=tuple(dict.fromkeys(day.unit_id for day in days if day.unit_id)),
    )


def tpp_recap(days: Iterable[AttendanceDay]) -> TppRecap:
    """Returns the recap for the allowance: official, final workdays alone."""
    counted: list[AttendanceDay] = []
    left_out: dict[LeftOut, tuple[date, ...]] = {}
    for day in days:
        reason = left_out_because(day)
        if reason:
            left_out[reason] = (*left_out.get(reason, ()), day.day)
        elif day.status not in NO_WORK:
            counted.append(day)
    percent = sum((day.percent for day in counted), NOTHING)
    return TppRecap(
        workdays=len(counted),
        percent=min(PERCENT_MAX, percent),
        waived_percent=sum((day.waived_percent for day in counted), NOTHING),
        left_out=left_out,
    )


def left_out_because(day: AttendanceDay) -> LeftOut | None:
    """Returns why a day does not count for the allowance; None if it does or was no workday."""
    if day.status is DayStatus.UNSCHEDULED:
        return LeftOut.UNSCHEDULED
    if day.status in NO_WORK:
        return None
    if day.phase is not Phase.OFFICIAL:
        return LeftOut.TRIAL if day.phase is Phase.TRIAL else LeftOut.SOCIALISATION
    if not day.final:
        return LeftOut.NOT_OVER
    return None if day.cut_table else LeftOut.NO_CUT_TABLE
