"""What lateness, early leaving and absence cost: bands and percentages, by the date they hold from.

Minutes. A deviation is measured in whole seconds (parts of a second are given to the employee). Up
to the grace it is none. Beyond it, it counts in whole minutes from the start of work, never less
than 1: with a grace of 59 s, 07:30:59 is not late and 07:31:00 is 1 minute late (Perka ANRI
18/2016), and 30 minutes 59 seconds are still 30 minutes, the last of TL1 ("1 menit sd < 31 menit",
Permentan 68/2012). More seconds never give fewer minutes, and a longer grace never gives more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from server.domain.attendance.model import NOTHING, LeaveType, Request, RequestKind

PERCENT_MAX = Decimal(100)


@dataclass(frozen=True, slots=True)
class Band:
    """A band from so many minutes on, up to the next band; percent of the allowance for one day."""

    code: str
    minutes_min: int
    percent: Decimal


@dataclass(frozen=True, slots=True)
class CutTable:
    """A version of the percentages, from a date on.

    late, early: bands in rising order (TL1-TL4, PSW1-PSW4, or any other number). no_check_in,
    no_check_out: what a missing record counts as. excused, leave: what an accepted absence costs,
    by its kind or, for CUTI, by the type of leave; not listed is 0. day_max: the most that one day
    costs.
    """

    version: str
    start: date
    late: tuple[Band, ...]
    early: tuple[Band, ...]
    no_check_in: Band
    no_check_out: Band
    absent: Band
    day_max: Decimal
    excused: Mapping[RequestKind, Decimal] = field(default_factory=dict)
    leave: Mapping[LeaveType, Decimal] = field(default_factory=dict)

    def price(self, request: Request) -> Decimal:
        """Returns the percentage of a day that a request excuses."""
        if request.leave and request.leave in self.leave:
            return self.leave[request.leave]
        return self.excused.get(request.kind, NOTHING)


def minutes_off(off_s: int, grace_s: int, *, beyond_grace: bool) -> int:
    """Returns the minutes of a deviation of so many whole seconds; see the module."""
    if off_s <= max(0, grace_s):
        return 0
    return max(1, (off_s - grace_s if beyond_grace else off_s) // 60)


def band_of(bands: Sequence[Band], minutes: int) -> Band | None:
    """Returns the highest band that begins at or below the minutes; None below the first."""
    found = None
    for band in bands:
        if band.minutes_min > minutes:
            break
        found = band
    return found


def faults_of(table: CutTable) -> list[str]:
    """Returns what BKD must mend in a table, as reasons; empty if nothing."""
    ordered = (table.late, table.early)
    singles = (table.no_check_in, table.no_check_out, table.absent)
    prices = [band.percent for band in (*table.late, *table.early, *singles)]
    prices += [table.day_max, *table.excused.values(), *table.leave.values()]
    checks = (
        (not all(ordered), "NO_BANDS"),
        (any(bands and bands[0].minutes_min != 1 for bands in ordered), "FIRST_BAND_NOT_1_MINUTE"),
        (
            any(a.minutes_min >= b.minutes_min for bands in ordered for a, b in pairwise(bands)),
            "BANDS_NOT_RISING",
        ),
        (
            any(a.percent > b.percent for bands in ordered for a, b in pairwise(bands)),
            "PERCENT_FALLS_WITH_MINUTES",
        ),
        (min(prices) < 0 or max(prices) > PERCENT_MAX, "PERCENT_OUT_OF_RANGE"),
    )
    return [reason for wrong, reason in checks if wrong]
