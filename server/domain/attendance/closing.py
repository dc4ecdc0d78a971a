"""Closing a month: the figures that pay rested on, kept for good, and how today's differ from them.

Days go on being derived, so a correction or a rule with a past date changes a month that was paid.
The figures are kept by employee and unit, so that each tree of units adds up, whatever tree was
closed: BKD may close the province, or each office by its own decision.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from server.domain.attendance.bands import PERCENT_MAX
from server.domain.attendance.model import NOTHING, AttendanceDay
from server.domain.attendance.recap import TppRecap, tpp_recap
from server.domain.attendance.requests import in_time
from server.domain.model import Unit
from server.domain.units import path_up

# Of one month and tree: a month that is settled so often has another trouble.
VERSIONS_MAX = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """What the official workdays of an employee come to; percents as in `TppRecap`."""

    workdays: int = 0
    percent: Decimal = NOTHING
    waived_percent: Decimal = NOTHING
    left_out_days: int = 0


@dataclass(frozen=True, slots=True)
class Closing:
    """A month of a tree of units as somebody of BKD closed it.

    unit_id: the top of the tree, empty for the whole province. month: its first date. version: 1
    and up; a later one is an adjustment (penyesuaian). actor: NIP; username: the account used.
    despite: why it was closed although something was open. waiting: requests that had no decision.
    people: employees with figures. ledger_size: how many records the ledger held before.
    """

    sequence: int
    unit_id: str
    month: date
    version: int
    actor: str
    username: str
    reason: str
    despite: str
    waiting: int
    people: int
    ledger_size: int
    close_time: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """An employee whose closed figures are not those of today."""

    nip: str
    closed: Figures
    today: Figures


def figures_of(tpp: TppRecap) -> Figures:
    """Returns the figures of a recap for the allowance."""
    return Figures(tpp.workdays, tpp.percent, tpp.waived_percent, tpp.left_out_count)


def figures_by_unit(days: Sequence[AttendanceDay], tpp: TppRecap) -> dict[str, Figures]:
    """Returns the figures of an employee by the unit of the day; tpp: the recap of all days."""
    by_unit: dict[str, list[AttendanceDay]] = {}
    for day in days:
        by_unit.setdefault(day.unit_id, []).append(day)
    if len(by_unit) == 1:
        return dict.fromkeys(by_unit, figures_of(tpp))
    return {unit_id: figures_of(tpp_recap(own)) for unit_id, own in by_unit.items()}


def total(parts: Iterable[Figures]) -> Figures:
    """Returns the figures of several units together, as the recap of all their days gives them."""
    parts = list(parts)
    return Figures(
        workdays=sum(one.workdays for one in parts),
        percent=min(PERCENT_MAX, sum((one.percent for one in parts), NOTHING)),
        waived_percent=sum((one.waived_percent for one in parts), NOTHING),
        left_out_days=sum(one.left_out_days for one in parts),
    )


def fault_of(
    last: date,
    today: date,
    *,
    correction_days: int,
    waiting: int = 0,
    days_open: bool = False,
    despite: str = "",
) -> str:
    """Returns why a month that ends on a date cannot be closed, empty if it can.

    today: where it is earliest in the tree. correction_days: within which a day may be corrected.
    waiting: requests for days of the month without a decision. days_open: a night shift may run on.
    despite: a reason for which what may still change is no hindrance; a month that runs always is.
    """
    if today <= last or days_open:
        return "MONTH_NOT_OVER"
    if despite:
        return ""
    if in_time(last, today, correction_days):
        return "CORRECTIONS_OPEN"
    return "REQUESTS_WAITING" if waiting else ""


def holding(
    closings: Iterable[Closing],
    kept: Mapping[str, Closing],
    units: Iterable[Unit],
    unit_ids: Iterable[str],
    *,
    made: Mapping[str, datetime],
) -> dict[str, Closing]:
    """Returns the closing that holds for each of some units: the latest that kept figures of it.

    closings: of one month, the oldest first. kept: the latest of them with figures of a unit. made:
    when units were put first. One that was made below a closed unit later goes with that one: who
    was moved there has not lost the days. One that was there, elsewhere, was not closed with it.
    """
    latest = {closing.unit_id: closing for closing in closings}
    parents = {unit.unit_id: unit.parent_unit_id for unit in units}
    found: dict[str, Closing] = {}
    for unit_id in unit_ids:
        above = [latest[one] for one in (*path_up(parents, unit_id), "") if one in latest]
        before = [one for one in above if unit_id in made and one.close_time < made[unit_id]]
        if unit_id in kept:
            found[unit_id] = kept[unit_id]
        elif before:
            found[unit_id] = max(before, key=lambda closing: closing.sequence)
    return found


def differences(
    closed: Mapping[str, Mapping[str, Figures]],
    today: Mapping[str, Mapping[str, Figures]],
    unit_ids: Collection[str],
) -> list[Difference]:
    """Returns whose figures in some units differ, by NIP. closed, today: by unit and NIP.

    Who has none has figures of nothing.
    """

    def summed(by_unit: Mapping[str, Mapping[str, Figures]]) -> dict[str, Figures]:
        parts: dict[str, list[Figures]] = {}
        for unit_id in unit_ids:
            for nip, figures in by_unit.get(unit_id, {}).items():
                parts.setdefault(nip, []).append(figures)
        return {nip: total(some) for nip, some in parts.items()}

    before, now, nothing = summed(closed), summed(today), Figures()
    pairs = (
        Difference(nip, before.get(nip, nothing), now.get(nip, nothing))
        for nip in sorted(before.keys() | now.keys())
    )
    return [one for one in pairs if one.closed != one.today]
