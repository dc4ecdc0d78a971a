"""The tree of units of a date, and the rules that a unit follows on it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from server.domain.attendance.hours import Schedule
from server.domain.attendance.model import DayStatus, Phase, PhasePeriod
from server.domain.attendance.rules import EVERYBODY, Rule, RuleBook, RuleChange, RuleKind
from server.domain.attendance.starter import FIVE_DAYS
from server.domain.model import Unit
from server.domain.unit_history import UnitChange, UnitHistory

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEBRUARY, MARCH, JUNE = date(2026, 2, 2), date(2026, 3, 2), date(2026, 6, 1)
OLD, NEW = Unit("old", "Old"), Unit("new", "New")
BELOW_OLD, BELOW_NEW = Unit("team", "Team", "old"), Unit("team", "Team", "new")


def changes(*some: tuple[Unit, date]) -> list[UnitChange]:
    """Returns changes in their order."""
    return [
        UnitChange(number, unit, start, "bkd", "sebab", NOW)
        for number, (unit, start) in enumerate(some, 1)
    ]


def phases(*some: tuple[str, date, Phase]) -> list[RuleChange]:
    """Returns rules of phases in their order."""
    return [
        RuleChange(
            number,
            Rule(RuleKind.PHASE, unit_id, start, PhasePeriod(unit_id, start, phase)),
            "bkd",
            "sebab",
            NOW,
        )
        for number, (unit_id, start, phase) in enumerate(some, 1)
    ]


class TestHistory:
    """What stood where."""

    def test_a_move_holds_from_its_date(self):
        """And nothing before it changes, also when it is entered afterwards."""
        history = UnitHistory(
            [OLD, NEW, BELOW_NEW], changes((BELOW_OLD, FEBRUARY), (BELOW_NEW, MARCH))
        )

        assert [
            (date.min, ("team", "old")),
            (MARCH, ("team", "new")),
        ] == history.paths("team")
        assert [NEW, OLD, BELOW_OLD] == history.on(MARCH - timedelta(days=1))
        assert [NEW, OLD, BELOW_NEW] == history.on(MARCH)

    def test_a_move_of_a_unit_above(self):
        """Moves all that is below it."""
        top = Unit("top", "Top")
        history = UnitHistory(
            [top, OLD, BELOW_OLD],
            changes((OLD, FEBRUARY), (replace(OLD, parent_unit_id="top"), MARCH)),
        )

        assert [(date.min, ("team", "old")), (MARCH, ("team", "old", "top"))] == history.paths(
            "team"
        )

    def test_a_correction_replaces_what_follows(self):
        """A unit is put whole: an earlier date wins over what was to hold from a later one."""
        history = UnitHistory(
            [OLD, NEW, BELOW_OLD], changes((BELOW_NEW, MARCH), (BELOW_OLD, FEBRUARY))
        )

        assert [(date.min, ("team", "old"))] == history.paths("team")

    def test_since(self):
        """As it stood on a date, and each change behind it."""
        history = UnitHistory(
            [OLD, NEW, BELOW_NEW], changes((BELOW_OLD, FEBRUARY), (BELOW_NEW, MARCH))
        )

        assert [BELOW_OLD, BELOW_NEW] == history.since("team", MARCH - timedelta(days=1))
        assert [BELOW_NEW] == history.since("team", MARCH)
        assert [BELOW_OLD, BELOW_OLD, BELOW_NEW] == history.since("team", date(2026, 1, 1))
        assert [] == history.since("nobody", MARCH)


class TestRules:
    """A unit that moves takes the rules from above with it from that date on."""

    def phase_on(self, day, *rules, moves=((BELOW_OLD, FEBRUARY), (BELOW_NEW, MARCH))):
        """Returns the phase of the team on a date."""
        units = [OLD, NEW, BELOW_NEW]
        book = RuleBook(phases(*rules), units, UnitHistory(units, changes(*moves)))
        return book.planner(day, day).plan("team", "Asia/Jayapura", day).phase

    def test_past_phases_stay(self):
        """A day in trial does not become official by a move to an official unit."""
        rules = [("old", FEBRUARY, Phase.TRIAL), ("new", FEBRUARY, Phase.OFFICIAL)]

        assert Phase.TRIAL is self.phase_on(FEBRUARY, *rules)
        assert Phase.TRIAL is self.phase_on(MARCH - timedelta(days=1), *rules)
        assert Phase.OFFICIAL is self.phase_on(MARCH, *rules)
        assert Phase.OFFICIAL is self.phase_on(JUNE, *rules)

    def test_later_rules_of_the_unit_before_do_not_follow(self):
        """Only what stands above now."""
        rules = [
            (EVERYBODY, date(2026, 1, 1), Phase.SOCIALISATION),
            ("old", MARCH, Phase.TRIAL),
            ("old", JUNE, Phase.OFFICIAL),
        ]

        assert Phase.SOCIALISATION is self.phase_on(MARCH, *rules)
        assert Phase.SOCIALISATION is self.phase_on(JUNE, *rules)

    def test_rules_for_all_hold_through_a_move(self):
        """Also one that begins on the very day."""
        for begin in (FEBRUARY, MARCH):
            assert Phase.TRIAL is self.phase_on(MARCH, (EVERYBODY, begin, Phase.TRIAL))
            assert Phase.TRIAL is self.phase_on(JUNE, (EVERYBODY, begin, Phase.TRIAL))

    def test_no_rule_above_after_a_move(self):
        """Where nothing holds, nothing of the unit before goes on, until something begins there."""
        rules = [("old", FEBRUARY, Phase.OFFICIAL), ("new", JUNE, Phase.TRIAL)]

        assert Phase.OFFICIAL is self.phase_on(MARCH - timedelta(days=1), *rules)
        assert Phase.SOCIALISATION is self.phase_on(MARCH, *rules)
        assert Phase.SOCIALISATION is self.phase_on(JUNE - timedelta(days=1), *rules)
        assert Phase.TRIAL is self.phase_on(JUNE, *rules)

    def test_no_schedule_above_after_a_move(self):
        """A day without a schedule is no day off, and nobody is absent on it."""
        units = [OLD, NEW, BELOW_NEW]
        week = Schedule("mine", "old", FEBRUARY, week=FIVE_DAYS)
        rule = RuleChange(1, Rule(RuleKind.SCHEDULE, "old", FEBRUARY, week), "bkd", "sebab", NOW)
        moves = changes((BELOW_OLD, FEBRUARY), (BELOW_NEW, MARCH))
        planner = RuleBook([rule], units, UnitHistory(units, moves)).planner(FEBRUARY, JUNE)

        assert planner.plan("team", "Asia/Jayapura", FEBRUARY).work is not None
        after = planner.plan("team", "Asia/Jayapura", MARCH)
        assert (None, DayStatus.UNSCHEDULED) == (after.work, after.rest.status)
