"""Free days of Indonesia: computed, imported, moved."""

from datetime import date

import pytest

from server.domain.attendance.calendar import Calendar, FreeDay, FreeKind, national

COMPUTED = national([2026])
CHRISTMAS = date(2026, 12, 25)


class TestNational:
    """The computed holidays."""

    @pytest.mark.parametrize(
        ("day", "name"),
        [
            (date(2026, 1, 1), "Tahun Baru Masehi"),
            (date(2026, 3, 21), "Hari Raya Idul Fitri"),
            (date(2026, 8, 17), "Hari Kemerdekaan Republik Indonesia"),
            (CHRISTMAS, "Hari Raya Natal"),
        ],
    )
    def test_have_their_indonesian_names(self, day, name):
        """Fixed ones, and those of the moon."""
        free = Calendar(COMPUTED).on(day)

        assert (name, FreeKind.NATIONAL) == (free.name, free.kind)

    def test_cuti_bersama_is_not_computed(self):
        """It is decreed each year."""
        assert Calendar(COMPUTED).on(date(2026, 12, 24)) is None

    def test_what_is_only_estimated_is_listed_until_it_is_decreed(self, monkeypatch):
        """What hangs on the moon is marked in its name, which does not say so any more."""
        fitri, new_year = date(2027, 3, 10), date(2027, 1, 1)
        found = {fitri: "Hari Raya Idul Fitri (perkiraan)", new_year: "Tahun Baru Masehi"}
        monkeypatch.setattr("holidays.country_holidays", lambda *_, **__: found)
        computed = national([2027])
        decreed = FreeDay(fitri, "Idul Fitri", FreeKind.NATIONAL, "SKB 2/2026")

        assert [fitri] == [free.day for free in Calendar(computed).unconfirmed()]
        assert "Hari Raya Idul Fitri" == Calendar(computed).on(fitri).name
        assert [] == Calendar(computed, [decreed]).unconfirmed()

    def test_the_library_marks_what_it_estimates(self):
        """Nobody has decreed the holidays of 2060; some follow the moon, and no name says so."""
        computed = national([2060])

        assert 0 < len(Calendar(computed).unconfirmed()) < len(computed)
        assert [] == [free.name for free in computed if "(" in free.name]


class TestImported:
    """What BKD imports wins."""

    def test_cuti_bersama(self):
        """With its decree."""
        joint = FreeDay(date(2026, 12, 24), "Natal", FreeKind.JOINT_LEAVE, "SKB 1/2025")

        assert joint == Calendar(COMPUTED, [joint]).on(joint.day)

    def test_a_holiday_that_is_moved(self):
        """The old date is a workday again, the new one is free."""
        moved = [
            FreeDay(CHRISTMAS, "moved", FreeKind.WORKDAY),
            FreeDay(date(2026, 12, 26), "Natal", FreeKind.NATIONAL),
        ]
        calendar = Calendar(COMPUTED, moved)

        assert calendar.on(CHRISTMAS) is None
        assert "Natal" == calendar.on(date(2026, 12, 26)).name
