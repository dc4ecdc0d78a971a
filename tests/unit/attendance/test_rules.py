"""The log of rules: the last change of a kind, subject and date holds, and units inherit."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from server.domain.attendance import starter
from server.domain.attendance.approval import Delegation, DelegationKind
from server.domain.attendance.calendar import Calendar, FreeDay, FreeKind
from server.domain.attendance.hours import Schedule
from server.domain.attendance.model import Phase, PhasePeriod
from server.domain.attendance.rules import (
    EVERYBODY,
    Rule,
    RuleBook,
    RuleChange,
    RuleKind,
    Shift,
    current,
    faults_of,
)
from server.domain.forensics.limits import DeviceLimits, FrameLimits, Limits, PermitLimits
from server.domain.model import Unit
from tests.unit.attendance.world import MONDAY

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNITS = [Unit("provinsi", "Provinsi"), Unit("bkd", "BKD", "provinsi"), Unit("mutasi", "M", "bkd")]
NIP = "198501152010011001"


def changes(*rules: Rule) -> list[RuleChange]:
    """Returns changes in their order."""
    return [
        RuleChange(number, rule, "bkd", "sebab", NOW + timedelta(seconds=number))
        for number, rule in enumerate(rules, 1)
    ]


def phase(unit_id: str, start: date, kind: Phase | None) -> Rule:
    """Returns a rule of phase; None takes it back."""
    return Rule(RuleKind.PHASE, unit_id, start, PhasePeriod(unit_id, start, kind) if kind else None)


def phase_of(unit_id: str, day: date, *rules: Rule) -> Phase:
    """Returns the phase of a unit's date."""
    planner = RuleBook(changes(*rules), UNITS).planner(day, day)
    return planner.plan(unit_id, "Asia/Jayapura", day).phase


class TestCurrent:
    """What holds of a log."""

    def test_last_change_holds(self):
        """Another phase for the same date replaces the one before; another date does not."""
        rules = [
            phase("bkd", MONDAY, Phase.TRIAL),
            phase("bkd", MONDAY + timedelta(days=30), Phase.OFFICIAL),
            phase("bkd", MONDAY, Phase.SOCIALISATION),
        ]
        found = current(changes(*rules))

        assert {2, 3} == {change.sequence for change in found}
        assert found == current(reversed(changes(*rules)))

    def test_what_is_taken_back_is_gone(self):
        """And may be put again."""
        put, back = phase("bkd", MONDAY, Phase.TRIAL), phase("bkd", MONDAY, None)

        assert [] == current(changes(put, back))
        assert [3] == [change.sequence for change in current(changes(put, back, put))]


class TestInheritance:
    """A unit follows those above it until it has rules of its own."""

    def test_from_the_unit_above_and_from_all(self):
        """The nearest one that has a rule by that date."""
        day = MONDAY
        everybody = phase(EVERYBODY, day, Phase.SOCIALISATION)
        of_bkd = phase("bkd", day, Phase.TRIAL)

        assert Phase.SOCIALISATION is phase_of("provinsi", day, everybody, of_bkd)
        assert Phase.TRIAL is phase_of("bkd", day, everybody, of_bkd)
        assert Phase.TRIAL is phase_of("mutasi", day, everybody, of_bkd)

    def test_before_the_own_one_that_above_holds(self):
        """A cut-over date of one unit does not change the days before it."""
        later = MONDAY + timedelta(days=10)
        rules = [phase(EVERYBODY, MONDAY, Phase.TRIAL), phase("bkd", later, Phase.OFFICIAL)]

        assert Phase.TRIAL is phase_of("bkd", later - timedelta(days=1), *rules)
        assert Phase.OFFICIAL is phase_of("bkd", later, *rules)
        assert Phase.TRIAL is phase_of("provinsi", later, *rules)

    def test_a_later_rule_above_does_not_change_the_own_one(self):
        """Who has an own schedule keeps it."""
        later = MONDAY + timedelta(days=10)
        rules = [phase("bkd", MONDAY, Phase.OFFICIAL), phase(EVERYBODY, later, Phase.TRIAL)]

        assert Phase.OFFICIAL is phase_of("bkd", later, *rules)

    def test_starter_rules_hold_for_every_unit(self):
        """A fresh database has hours, cuts, thresholds and chains; and is in socialisation."""
        book = RuleBook(changes(*starter.RULES), UNITS)
        plan = book.planner(MONDAY, MONDAY).plan("mutasi", "Asia/Jayapura", MONDAY)

        assert plan.work is not None
        assert f"{MONDAY - timedelta(days=1)} 22:30" == f"{plan.work.start:%Y-%m-%d %H:%M}"
        assert Phase.SOCIALISATION is plan.phase
        assert starter.CUTS == plan.table
        assert starter.DISCIPLINE == book.discipline_on(MONDAY)
        assert starter.CHAINS == book.chains_on(MONDAY)
        assert starter.LIMITS == book.limits_on(MONDAY)
        assert Limits() == RuleBook([], UNITS).limits_on(MONDAY)


class TestContent:
    """What a book knows."""

    def test_free_days_shifts_and_deputies(self):
        """Each by its date."""
        free = FreeDay(MONDAY, "Cuti bersama", FreeKind.JOINT_LEAVE, "SKB 1/2026")
        deputy = Delegation("bkd", MONDAY, NIP, MONDAY, DelegationKind.PLH, "800/1")
        book = RuleBook(
            changes(
                Rule(RuleKind.FREE_DAY, EVERYBODY, MONDAY, free),
                Rule(RuleKind.DELEGATION, "bkd", MONDAY, deputy),
            ),
            UNITS,
        )

        assert free == book.calendar([2026]).on(MONDAY)
        with pytest.raises(LookupError):
            book.roster(NIP)
        assert {} == book.with_rosters({}).roster(NIP)
        assert {MONDAY: "malam"} == book.with_rosters({NIP: {MONDAY: "malam"}}).roster(NIP)
        assert [deputy] == list(book.delegations)

    def test_the_usual_week_of_a_unit_of_shifts(self):
        """That of the nearest unit above, without its holidays; none above, no workday."""
        shifts = Schedule("v", "", MONDAY, shifts={"malam": starter.FIVE_DAYS[0]}, holidays=False)
        ward = Rule(RuleKind.SCHEDULE, "mutasi", MONDAY, shifts)
        days = [MONDAY + timedelta(days=number) for number in range(7)]
        free = Calendar([FreeDay(MONDAY, "Libur", FreeKind.NATIONAL)])
        book = RuleBook(changes(*starter.RULES, ward), UNITS)
        alone = RuleBook(changes(ward), UNITS)

        assert [1, 1, 1, 1, 1, 0, 0] == [
            book.is_usual_workday("mutasi", day, Calendar([])) for day in days
        ]
        assert not book.is_usual_workday("mutasi", MONDAY, free)
        assert not alone.is_usual_workday("mutasi", MONDAY, Calendar([]))

    def test_quotas_by_employment(self):
        """PPPK have their own set; whoever has none is under the one for all."""
        book = RuleBook(changes(*starter.RULES), UNITS)

        assert starter.QUOTAS_PPPK.longest_days == book.quota_on(MONDAY, "PPPK").longest_days
        assert starter.QUOTAS.longest_days == book.quota_on(MONDAY, "PNS").longest_days


SCHEDULE = starter.OFFICE_HOURS
BAD_WEEK = (replace(starter.FIVE_DAYS[0], break_s=36_000), *starter.FIVE_DAYS[1:])
CUTS_FALL = replace(starter.CUTS, late=tuple(reversed(starter.CUTS.late)))
ZERO_STEP = replace(starter.DISCIPLINE, steps=(replace(starter.DISCIPLINE.steps[0], days_min=0),))
REVERSED = Delegation("bkd", MONDAY, NIP, MONDAY - timedelta(days=1), DelegationKind.PLT, "800/2")


class TestFaults:
    """What BKD must mend."""

    @pytest.mark.parametrize(
        ("kind", "subject", "content", "fault"),
        [
            (RuleKind.SCHEDULE, "nowhere", SCHEDULE, "UNIT_UNKNOWN"),
            (RuleKind.FORENSIC_LIMITS, "bkd", Limits(), "SUBJECT_NOT_EMPTY"),
            (
                RuleKind.FORENSIC_LIMITS,
                EVERYBODY,
                Limits(devices=DeviceLimits(rebinds_min=0)),
                "LIMIT_NOT_POSITIVE",
            ),
            (
                RuleKind.FORENSIC_LIMITS,
                EVERYBODY,
                Limits(permits=PermitLimits(bulk_share_min=1.5)),
                "SHARE_OVER_ONE",
            ),
            (
                RuleKind.FORENSIC_LIMITS,
                EVERYBODY,
                Limits(frames=FrameLimits(frame_bits=9)),
                "BITS_OUT_OF_RANGE",
            ),
            (RuleKind.SCHEDULE, "bkd", replace(SCHEDULE, week=None), "NO_HOURS"),
            (RuleKind.SCHEDULE, "bkd", replace(SCHEDULE, week=BAD_WEEK), "BREAK_TOO_LONG"),
            (RuleKind.CUT_TABLE, "bkd", starter.CUTS, "SUBJECT_NOT_EMPTY"),
            (RuleKind.CUT_TABLE, "", CUTS_FALL, "BANDS_NOT_RISING"),
            (RuleKind.DISCIPLINE, "", ZERO_STEP, "STEPS_NOT_RISING"),
            (RuleKind.SHIFT, "198501152010011999", Shift("pagi"), "EMPLOYEE_UNKNOWN"),
            (RuleKind.SHIFT, NIP, Shift("x" * 41), "SHIFT_NAME_TOO_LONG"),
            (RuleKind.DELEGATION, "", REVERSED, "UNIT_UNKNOWN"),
            (RuleKind.DELEGATION, "bkd", REVERSED, "DATES_REVERSED"),
        ],
    )
    def test_named(self, kind, subject, content, fault):
        """By a reason."""
        assert fault in faults_of(Rule(kind, subject, MONDAY, content), {"bkd"}, {NIP})

    def test_the_starter_rules_have_none(self):
        """Nor has a rule that is taken back."""
        assert [] == [fault for rule in starter.RULES for fault in faults_of(rule, set(), set())]
        assert [] == faults_of(Rule(RuleKind.PHASE, "bkd", MONDAY, None), {"bkd"}, set())
