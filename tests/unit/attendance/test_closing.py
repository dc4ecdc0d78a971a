"""Closing a month: when it may be, which closing holds for a unit, and who differs from it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from server.domain.attendance.closing import (
    Closing,
    Difference,
    Figures,
    differences,
    fault_of,
    figures_by_unit,
    figures_of,
    holding,
    total,
)
from server.domain.attendance.model import Person, Phase, PhasePeriod, Posting
from server.domain.attendance.recap import tpp_recap
from server.domain.model import Unit
from server.storage.closings import packed, unpacked
from tests.unit.attendance.world import BEGIN, LATER, NIP, OFFICE, OFFICIAL, planner, span

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)  # 21 workdays
UNITS = (
    Unit("provinsi", "Provinsi"),
    Unit("bkd", "BKD", "provinsi"),
    Unit("bidang", "Bidang", "bkd"),
    Unit("dinas", "Dinas", "provinsi"),
)
ONE_DAY = Figures(1, Decimal(4))
NONE: Mapping[str, Closing] = {}
# All were made after the closings, unless a closing kept figures of them.
MADE = {unit.unit_id: LATER + timedelta(days=1) for unit in UNITS}


def closing(sequence: int, unit_id: str) -> Closing:
    """Returns a closing of November."""
    return Closing(sequence, unit_id, FIRST, 1, NIP, "bkd-siti", "BA 11", "", 0, 1, 9, LATER)


class TestFigures:
    """What is kept of an employee."""

    def test_of_one_unit(self):
        """They are those of the recap for the allowance."""
        days = span(FIRST, LAST)

        by_unit = figures_by_unit(days, tpp_recap(days))

        assert {"bkd": Figures(21, Decimal(84))} == by_unit
        assert figures_of(tpp_recap(days)) == by_unit["bkd"]

    def test_of_who_was_transferred(self):
        """Each unit has its days; together they are the recap of all."""
        moved = (
            Posting(BEGIN, "bkd", "Asia/Jayapura", date(2026, 11, 15)),
            Posting(date(2026, 11, 16), "dinas", "Asia/Jayapura"),
        )
        rules = planner(
            OFFICE,
            replace(OFFICE, unit_id="dinas"),
            phases=[OFFICIAL, PhasePeriod("dinas", BEGIN, Phase.OFFICIAL)],
        )
        days = span(FIRST, LAST, rules=rules, person=Person(NIP, moved))

        by_unit = figures_by_unit(days, tpp_recap(days))

        assert {"bkd": 10, "dinas": 11} == {unit: one.workdays for unit, one in by_unit.items()}
        assert figures_of(tpp_recap(days)) == total(by_unit.values())

    def test_no_more_than_everything_is_cut(self):
        """Also where each of two units cut less."""
        parts = [Figures(20, Decimal(60), Decimal(2), 1), Figures(11, Decimal(44), Decimal(1), 2)]

        assert Figures(31, Decimal(100), Decimal(3), 3) == total(parts)
        assert Figures() == total([])

    @pytest.mark.parametrize("percent", ["0", "84", "0.50", "100"])
    def test_come_back_as_they_were_stored(self, percent):
        """With each digit of a percent, in an order that does not depend on chance."""
        figures = {"2": Figures(3, Decimal(percent), Decimal("1.25"), 4), "1": Figures()}

        assert figures == unpacked(packed(figures))
        assert packed(figures) == packed(dict(reversed(figures.items())))
        assert f'"{percent}"' in packed(figures)


class TestWhen:
    """A month is closed once it is over and nothing is open, or despite that for a reason."""

    @pytest.mark.parametrize(
        ("today", "more", "fault"),
        [
            (LAST, {}, "MONTH_NOT_OVER"),
            (LAST, {"despite": "dibayar"}, "MONTH_NOT_OVER"),
            (LAST + timedelta(days=1), {"days_open": True, "despite": "dibayar"}, "MONTH_NOT_OVER"),
            (LAST + timedelta(days=1), {}, "CORRECTIONS_OPEN"),
            (LAST + timedelta(days=5), {}, "CORRECTIONS_OPEN"),
            (LAST + timedelta(days=6), {}, ""),
            (LAST + timedelta(days=6), {"waiting": 1}, "REQUESTS_WAITING"),
            (LAST + timedelta(days=1), {"waiting": 1, "despite": "dibayar"}, ""),
        ],
    )
    def test_fault(self, today, more, fault):
        """The fifth day after the last one is the last for corrections."""
        assert fault == fault_of(LAST, today, correction_days=5, **more)

    def test_without_a_deadline(self):
        """Where no day may be corrected later, the day after will do."""
        assert "" == fault_of(LAST, LAST + timedelta(days=1), correction_days=0)


class TestWhichHolds:
    """The latest closing with figures of a unit."""

    def held(self, *closings: Closing, kept: Mapping[str, Closing] = NONE) -> dict[str, int]:
        """Returns the sequence of the closing that holds for each unit."""
        found = holding(closings, kept, UNITS, [unit.unit_id for unit in UNITS], made=MADE)
        return {unit_id: one.sequence for unit_id, one in found.items()}

    def test_of_the_tree(self):
        """A closing is for the units below, one of the province for all."""
        assert {"bkd": 1, "bidang": 1} == self.held(closing(1, "bkd"))
        assert dict.fromkeys(("provinsi", "bkd", "bidang", "dinas"), 1) == self.held(closing(1, ""))
        assert {} == self.held()

    def test_only_of_the_units_asked_for(self):
        """Others are somebody else's."""
        assert ["dinas"] == list(holding([closing(1, "")], {}, UNITS, ["dinas"], made=MADE))

    @pytest.mark.parametrize("made", [{}, {"bidang": LATER - timedelta(days=9)}])
    def test_not_of_what_was_moved_there(self, made):
        """A unit that was elsewhere when the tree was closed is open, with all its days."""
        assert {} == holding([closing(1, "bkd")], {}, UNITS, ["bidang"], made=made)

    def test_the_latest(self):
        """An office that was closed again behind the province goes by its own, and the reverse."""
        held = self.held(closing(1, "provinsi"), closing(2, "bkd"))

        assert {"provinsi": 1, "dinas": 1, "bkd": 2, "bidang": 2} == held
        assert {3} == set(self.held(closing(2, "bkd"), closing(3, "")).values())
        assert {"bkd": 3, "bidang": 3} == self.held(closing(2, "bkd"), closing(3, "bkd"))

    def test_of_a_unit_that_has_moved(self):
        """It goes by the closing that kept its figures, not by that of where it is now."""
        old, new = closing(1, "dinas"), closing(2, "bkd")

        assert 1 == self.held(old, new, kept={"bidang": old})["bidang"]


class TestDifferences:
    """Only who differs, in the units that are asked for."""

    def test_none(self):
        """The same figures, however many digits a percent is written with, are no difference."""
        closed = {"bkd": {NIP: Figures(21, Decimal("4.0"))}}

        assert [] == differences(closed, {"bkd": {NIP: Figures(21, Decimal(4))}}, ["bkd"])

    @pytest.mark.parametrize(
        "changed",
        [
            Figures(2, Decimal(4)),
            Figures(1, Decimal(5)),
            Figures(1, Decimal(4), Decimal(1)),
            Figures(1, Decimal(4), left_out_days=1),
        ],
    )
    def test_each_figure(self, changed):
        """Workdays, cut, what was waived, what was left out."""
        found = differences({"bkd": {NIP: ONE_DAY}}, {"bkd": {NIP: changed}}, ["bkd"])

        assert [Difference(NIP, ONE_DAY, changed)] == found

    def test_who_came_and_who_went(self):
        """Who had no figures, or has none any more, is compared with nothing; by NIP."""
        found = differences({"bkd": {"2": ONE_DAY}}, {"bkd": {"1": ONE_DAY}}, ["bkd"])

        assert [
            Difference("1", Figures(), ONE_DAY),
            Difference("2", ONE_DAY, Figures()),
        ] == found
        assert [] == differences({}, {"bkd": {"1": Figures()}}, ["bkd"])

    def test_a_transfer_within_the_tree(self):
        """Days that went from one unit to another differ in each, and not in both together."""
        closed, today = {"bkd": {NIP: ONE_DAY}}, {"dinas": {NIP: ONE_DAY}}

        assert [] == differences(closed, today, ["bkd", "dinas"])
        assert [Difference(NIP, ONE_DAY, Figures())] == differences(closed, today, ["bkd"])
        assert [] == differences(closed, today, ["provinsi"])
