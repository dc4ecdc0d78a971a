"""Working time: weeks, Fridays, Ramadan, holidays, shifts over midnight, flexibility, zones."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.domain.attendance.calendar import FreeDay, FreeKind
from server.domain.attendance.hours import (
    DayHours,
    Override,
    Schedule,
    Windows,
    faults_of,
    weekly_work_s,
)
from server.domain.attendance.model import DayStatus, Person, Phase, PhasePeriod, Posting, TraceRule
from server.domain.attendance.starter import FIVE_DAYS, FIVE_DAYS_RAMADAN
from tests.unit.attendance.world import (
    ANI,
    BEGIN,
    FRIDAY,
    IN,
    MONDAY,
    NIGHT,
    NIP,
    OFFICE,
    OUT,
    SATURDAY,
    USUAL,
    at,
    dates,
    office,
    one,
    planner,
    punch,
    span,
    week,
    worked,
)

RAMADAN = Override("ramadan-1448", date(2027, 2, 8), date(2027, 3, 9), FIVE_DAYS_RAMADAN)
WARD = Schedule("ward-1", "rsud", BEGIN, shifts={"night": NIGHT, "day": USUAL}, holidays=False)


def nurse(**roster: str) -> Person:
    """Returns a nurse by day of November and shift, such as d23="night"."""
    shifts = {date(2026, 11, int(day[1:])): shift for day, shift in roster.items()}
    return Person(NIP, (Posting(BEGIN, "rsud", "Asia/Jayapura"),), shifts)


class TestPerpres:
    """Perpres 21/2023 art. 4: hours of the week, Friday, Ramadan."""

    def test_37_h_30_min_a_week_without_breaks(self):
        """Mon-Thu 07:30-16:00 with 60 min break, Fri 07:30-16:30 with 90."""
        assert 37.5 * 3600 == weekly_work_s(FIVE_DAYS)

    def test_32_h_30_min_a_week_in_ramadan(self):
        """Mon-Thu 08:00-15:00 with 30 min break, Fri 08:00-15:30 with 60."""
        assert 32.5 * 3600 == weekly_work_s(FIVE_DAYS_RAMADAN)

    @pytest.mark.parametrize(("day", "minutes"), [(MONDAY, 0), (FRIDAY, 30)])
    def test_friday_ends_half_an_hour_later(self, day, minutes):
        """16:00 is the end from Monday to Thursday, and too early on Fridays."""
        assert minutes == one(day, worked(day, "07:30", "16:00")).early_minutes

    @pytest.mark.parametrize(
        ("day", "status"),
        [
            (date(2027, 2, 5), DayStatus.LATE),  # the Friday before
            (date(2027, 2, 8), DayStatus.PRESENT),  # the first day
            (date(2027, 3, 9), DayStatus.PRESENT),  # the last day
            (date(2027, 3, 10), DayStatus.LATE),
        ],
    )
    def test_ramadan_starts_at_8_on_its_dates(self, day, status):
        """Both ends included; who comes at 08:00 and leaves at 16:30 is punctual in Ramadan alone."""
        rules = planner(replace(OFFICE, overrides=(RAMADAN,)))

        assert status is one(day, worked(day, "08:00", "16:30"), rules=rules).status

    def test_ramadan_ends_at_15_and_at_15_30_on_fridays(self):
        """The override has a week of its own; the trace names it."""
        rules = planner(replace(OFFICE, overrides=(RAMADAN,)))
        monday = one(date(2027, 2, 8), worked(date(2027, 2, 8), "08:00", "15:00"), rules=rules)
        friday = one(date(2027, 2, 12), worked(date(2027, 2, 12), "08:00", "15:00"), rules=rules)

        assert (0, 30) == (monday.early_minutes, friday.early_minutes)
        assert "ramadan-1448" in [
            line.source for line in monday.why if line.rule is TraceRule.OVERRIDE
        ]


class TestWeeks:
    """Five days, six days, versions by date."""

    @pytest.mark.parametrize(("days", "status"), [(5, DayStatus.OFF), (6, DayStatus.ABSENT)])
    def test_saturday_is_off_in_five_days_and_work_in_six(self, days, status):
        """Who does not come on Saturday is absent only where it is a workday."""
        assert status is one(SATURDAY, rules=office(USUAL, days)).status

    def test_a_schedule_holds_from_its_date(self):
        """A new version on 1 December; the day before keeps the old one."""
        new = Schedule("office-2", "bkd", date(2026, 12, 1), week(replace(USUAL, start=time(8))))
        days = span(
            date(2026, 11, 30),
            date(2026, 12, 1),
            [p for day in dates(date(2026, 11, 30), 2) for p in worked(day, "08:00", "16:00")],
            rules=planner(OFFICE, new),
        )

        assert [("office-1", 30), ("office-2", 0)] == [(d.schedule, d.late_minutes) for d in days]

    def test_without_a_schedule_nobody_is_absent(self):
        """The day says so, and so does its trace."""
        before = one(
            BEGIN - timedelta(days=1),
            person=replace(ANI, postings=(Posting(date(2025, 1, 1), "bkd", "Asia/Jayapura"),)),
        )
        nowhere = one(MONDAY, person=Person(NIP, ()))

        assert [DayStatus.UNSCHEDULED] * 2 == [before.status, nowhere.status]
        assert TraceRule.NO_SCHEDULE in [line.rule for line in before.why]

    def test_after_the_last_posting_nobody_is_absent(self):
        """Retired on Monday: Monday counts, Tuesday does not."""
        retired = Person(NIP, (Posting(BEGIN, "bkd", "Asia/Jayapura", end=MONDAY),))
        days = span(MONDAY, MONDAY + timedelta(days=1), person=retired)

        assert [DayStatus.ABSENT, DayStatus.UNSCHEDULED] == [day.status for day in days]


class TestFreeDays:
    """National holidays and cuti bersama."""

    @pytest.mark.parametrize("kind", [FreeKind.NATIONAL, FreeKind.JOINT_LEAVE, FreeKind.REGIONAL])
    def test_nobody_is_absent_on_a_free_day(self, kind):
        """The trace has the name and the decree."""
        free = FreeDay(MONDAY, "Cuti bersama", kind, "SKB 1/2026")
        day = one(MONDAY, rules=planner(free=[free]))

        assert DayStatus.HOLIDAY is day.status
        assert "Cuti bersama SKB 1/2026" in [line.source for line in day.why]

    def test_direct_service_works_on_holidays(self):
        """A ward has a roster, and no free days."""
        free = FreeDay(MONDAY, "Natal", FreeKind.NATIONAL)
        rules = planner(WARD, free=[free])

        assert DayStatus.ABSENT is one(MONDAY, rules=rules, person=nurse(d23="day")).status

    def test_who_comes_on_a_free_day_is_seen_and_costs_nothing(self):
        """First and last punch are shown."""
        day = one(SATURDAY, worked(SATURDAY, "09:00", "11:00"))

        assert DayStatus.OFF is day.status
        assert ("09:00", "11:00") == tuple(p.event_id[11:16] for p in (day.arrival, day.departure))
        assert 0 == day.percent


class TestShifts:
    """Shifts over midnight and rosters."""

    def test_the_morning_after_belongs_to_the_day_on_which_the_shift_began(self):
        """22:00 to 06:00: one row, and none for the next date."""
        punches = [punch(MONDAY, "21:55"), punch(MONDAY + timedelta(days=1), "06:05", IN)]
        first, second = span(
            MONDAY, MONDAY + timedelta(days=1), punches,
            rules=planner(WARD), person=nurse(d23="night", d24=""),
        )  # fmt: skip

        assert (DayStatus.PRESENT, DayStatus.OFF) == (first.status, second.status)
        assert punches == [first.arrival, first.departure]
        assert second.arrival is None

    def test_two_nights_in_a_row(self):
        """Each check-in and check-out finds its own night, though a kiosk calls all of them IN."""
        days = dates(MONDAY, 3)
        clocks = [(0, "21:50"), (1, "06:10"), (1, "22:20"), (2, "05:30")]
        punches = [punch(days[number], clock) for number, clock in clocks]
        found = span(
            days[0], days[1], punches,
            rules=planner(WARD), person=nurse(d23="night", d24="night", d25=""),
        )  # fmt: skip

        assert [(0, 0), (20, 30)] == [(d.late_minutes, d.early_minutes) for d in found]
        assert punches == [p for d in found for p in (d.arrival, d.departure)]

    def test_a_night_over_new_year_is_one_of_the_old_year(self):
        """31 December 22:00 WIT to 1 January 06:00."""
        eve = date(2026, 12, 31)
        person = Person(NIP, ANI.postings, {eve: "night"})
        rules = planner(replace(WARD, unit_id="bkd"))
        punches = [punch(eve, "22:00"), punch(date(2027, 1, 1), "06:00", OUT)]

        assert DayStatus.PRESENT is one(eve, punches, rules=rules, person=person).status

    @pytest.mark.parametrize(
        ("shift", "status"), [("", DayStatus.OFF), ("none", DayStatus.UNSCHEDULED)]
    )
    def test_a_roster_that_names_no_shift_makes_nobody_absent(self, shift, status):
        """Off by the roster, or a shift that does not exist."""
        assert status is one(MONDAY, rules=planner(WARD), person=nurse(d23=shift)).status

    def test_a_roster_that_says_nothing_makes_nobody_absent(self):
        """BKD sees a day without a schedule."""
        assert DayStatus.UNSCHEDULED is one(MONDAY, rules=planner(WARD), person=nurse()).status

    def test_the_next_check_in_window_ends_a_check_out_window(self):
        """A punch in both belongs to one date, here the next."""
        wide = replace(USUAL, windows=Windows(7200, 14_400, 14_400, 50_000))  # out until 05:53
        tuesday = MONDAY + timedelta(days=1)
        punches = [punch(MONDAY, "07:30"), punch(tuesday, "05:40")]
        days = span(MONDAY, tuesday, punches, rules=office(wide))

        assert [punches[0], punches[1]] == [day.arrival for day in days]
        assert days[0].departure is None

    @pytest.mark.parametrize(
        ("flex_after_s", "clock", "ends_night"),
        [
            (0, "06:00", True),
            (0, "06:44:59", True),
            (0, "06:45", False),
            (1800, "06:59:59", True),
            (1800, "07:00", False),
        ],
    )
    def test_halfway_from_shift_to_shift_divides_what_windows_share(
        self, flex_after_s, clock, ends_night
    ):
        """The day's check-in opens at 05:30; the night lasts until 06:00, or 06:30 if flexible."""
        night = replace(NIGHT, flex_after_s=flex_after_s)
        rules = planner(replace(WARD, shifts={"night": night, "day": USUAL}))
        tuesday = MONDAY + timedelta(days=1)
        morning = punch(tuesday, clock)
        first, second = span(
            MONDAY, tuesday, [punch(MONDAY, "22:00"), morning],
            rules=rules, person=nurse(d23="night", d24="day"),
        )  # fmt: skip

        assert (ends_night, not ends_night) == (
            first.departure == morning, second.arrival == morning,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("windows", "clock", "ends_first"),
        [
            # check-out until 05:53, check-in from 05:30
            (Windows(7200, 14_400, 14_400, 50_000), "01:00", True),
            # check-out until 20:00, check-in from 17:36; halfway would be 23:45
            (Windows(50_000, 14_400, 14_400, 14_400), "19:59", True),
            (Windows(50_000, 14_400, 14_400, 14_400), "20:00", False),
        ],
    )
    def test_what_windows_do_not_share_is_not_divided(self, windows, clock, ends_first):
        """Overtime after midnight is the day's; after its check-out window, the next may begin."""
        tuesday = MONDAY + timedelta(days=1)
        late = punch(tuesday if clock < "05" else MONDAY, clock)
        first, second = span(
            MONDAY, tuesday, [punch(MONDAY, "07:30"), late],
            rules=office(replace(USUAL, windows=windows)),
        )  # fmt: skip

        assert (ends_first, not ends_first) == (first.departure == late, second.arrival == late)

    def test_a_shift_of_24_hours_ends_at_its_start_of_the_next_day(self):
        """07:30 to 07:30."""
        guard = replace(USUAL, end=USUAL.start, windows=Windows(3600, 3600, 3600, 3000))
        rules = planner(replace(WARD, shifts={"guard": guard}))
        punches = [punch(MONDAY, "07:30"), punch(MONDAY + timedelta(days=1), "07:30", OUT)]
        day = one(MONDAY, punches, rules=rules, person=nurse(d23="guard", d24=""))

        assert (DayStatus.PRESENT, 0) == (day.status, day.early_minutes)

    def test_who_has_no_roster_goes_by_the_week_of_the_unit(self):
        """The clerk of a ward; a nurse on the same date by the roster."""
        rules = planner(replace(WARD, week=week(USUAL)))
        clerk, off = nurse(), nurse(d23="")

        assert [DayStatus.ABSENT, DayStatus.OFF] == [
            one(MONDAY, rules=rules, person=person).status for person in (clerk, off)
        ]
        assert DayStatus.OFF is one(SATURDAY, rules=rules, person=clerk).status

    def test_ramadan_has_shifts_of_its_own(self):
        """The day shift begins at 08:00; the night is not changed. Of two overrides the later."""
        season = {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}
        late = replace(USUAL, start=time(9))
        overrides = (
            Override("ramadan", **season, shifts={"day": replace(USUAL, start=time(8))}),
            Override("flood", MONDAY, MONDAY, shifts={"day": late}),
        )
        rules = planner(replace(WARD, overrides=overrides))
        tuesday = MONDAY + timedelta(days=1)
        person = nurse(d23="day", d24="day", d25="night")
        days = [
            one(day, [punch(day, clock)], rules=rules, person=person)
            for day, clock in (
                (MONDAY, "09:30"), (tuesday, "08:30"), (tuesday + timedelta(days=1), "22:30"),
            )
        ]  # fmt: skip

        assert [30, 30, 30] == [day.late_minutes for day in days]


class TestFlexible:
    """Permen PANRB 4/2025: flexible place and time."""

    FLEXIBLE = replace(USUAL, flex_before_s=1800, flex_after_s=3600)

    @pytest.mark.parametrize(
        ("come", "leave", "late", "early"),
        [
            ("07:30", "16:00", 0, 0),
            ("08:30", "17:00", 0, 0),
            ("08:30", "16:00", 0, 60),
            ("07:00", "15:30", 0, 0),
            ("06:30", "15:30", 0, 0),  # before the band: counts from its beginning
            ("06:30", "15:00", 0, 30),
            ("09:00", "17:00", 30, 0),  # after the band: late, and due at its last end
            ("09:00", "16:30", 30, 30),
        ],
    )
    def test_who_begins_in_the_band_leaves_after_the_required_time(self, come, leave, late, early):
        """07:00 to 08:30, then 8 h 30 min with the break."""
        day = one(MONDAY, worked(MONDAY, come, leave), rules=office(self.FLEXIBLE))

        assert (late, early) == (day.late_minutes, day.early_minutes)

    def test_flexible_place_waives_the_geofence_and_nothing_else(self):
        """The day says so, with the rule; lateness is the same."""
        punches = worked(MONDAY, "08:30", "16:00")
        bound, free = (
            one(MONDAY, punches, rules=office(replace(USUAL, flexible_place=flexible)))
            for flexible in (False, True)
        )

        assert (False, True) == (bound.place_waived, free.place_waived)
        assert TraceRule.FLEXIBLE_PLACE in [line.rule for line in free.why]
        assert (bound.late_minutes, bound.percent) == (free.late_minutes, free.percent)


class TestZones:
    """WIT, UTC+9: local midnight is 15:00 UTC; each site has its own zone."""

    def test_local_midnight_is_15_utc(self):
        """A free day holds the punches from its midnight to the next."""
        inside = [punch(SATURDAY, "00:00:00"), punch(SATURDAY, "23:59:59.999999")]
        around = [punch(FRIDAY, "23:59:59.999999"), punch(SATURDAY + timedelta(days=1), "00:00")]
        day = one(SATURDAY, [*inside, *around])

        assert at(SATURDAY, "00:00") == datetime.fromisoformat("2026-11-27T15:00:00Z")
        assert inside == [day.arrival, day.departure]

    @pytest.mark.parametrize(
        "day", [date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)]
    )
    def test_ends_of_months_and_years(self, day):
        """07:30 WIT is the evening of the day before in UTC; it is an arrival of the local date."""
        assert DayStatus.PRESENT is one(day, worked(day, "07:30", "16:30")).status

    def test_the_zone_is_that_of_the_site(self):
        """The liaison office in Jakarta starts two hours later than Sofifi."""
        jakarta = ZoneInfo("Asia/Jakarta")
        person = replace(ANI, postings=(Posting(BEGIN, "bkd", "Asia/Jakarta"),))
        punches = [
            punch(MONDAY, "07:30")._replace(event_time=at(MONDAY, "07:30", jakarta)),
            punch(MONDAY, "16:00", OUT)._replace(event_time=at(MONDAY, "16:00", jakarta)),
        ]

        assert DayStatus.PRESENT is one(MONDAY, punches, person=person).status
        assert 120 == one(MONDAY, punches).late_minutes


class TestTransfer:
    """An employee changes the unit within a month."""

    def test_each_date_goes_by_the_unit_of_that_date(self):
        """BKD until Tuesday, the ward with another start from Wednesday on."""
        other = Schedule("rsud-1", "rsud", BEGIN, week(replace(USUAL, start=time(8))))
        wednesday = MONDAY + timedelta(days=2)
        person = Person(
            NIP,
            (Posting(BEGIN, "bkd", "Asia/Jayapura"), Posting(wednesday, "rsud", "Asia/Jayapura")),
        )
        punches = [p for day in dates(MONDAY, 4) for p in worked(day, "08:00", "16:00")]
        phases = [PhasePeriod(unit, BEGIN, Phase.OFFICIAL) for unit in ("bkd", "rsud")]
        days = span(
            MONDAY, MONDAY + timedelta(days=3), punches,
            rules=planner(OFFICE, other, phases=phases), person=person,
        )  # fmt: skip

        assert ["bkd", "bkd", "rsud", "rsud"] == [day.unit_id for day in days]
        assert [30, 30, 0, 0] == [day.late_minutes for day in days]


class TestShared:
    """Plans are shared by those who stay in one place; nobody gets those of another."""

    def test_postings_and_rosters_keep_people_apart(self):
        """One who stays, one who retires, one who comes, one with a roster: one set of rules."""
        rules = planner(replace(OFFICE, shifts={"late": replace(USUAL, start=time(9))}))
        tuesday = MONDAY + timedelta(days=1)
        stays = ANI.postings[0]
        people = [
            ANI,
            Person(NIP, (replace(stays, end=MONDAY),)),
            Person(NIP, (replace(stays, start=tuesday),)),
            Person(NIP, (stays,), {tuesday: ""}),
        ]
        found = [
            [day.status for day in span(MONDAY, tuesday, rules=rules, person=p)] for p in people
        ]
        absent, none = DayStatus.ABSENT, DayStatus.UNSCHEDULED

        assert [[absent, absent], [absent, none], [none, absent], [absent, DayStatus.OFF]] == found


class TestNotOver:
    """Today is not absent before it is over."""

    @pytest.mark.parametrize(
        ("punches", "clock", "status"),
        [
            ([], "06:00", DayStatus.PENDING),
            ([], "21:59:59", DayStatus.PENDING),
            ([], "22:00", DayStatus.ABSENT),
            (worked(MONDAY, "07:30", ""), "12:00", DayStatus.PENDING),
            (worked(MONDAY, "07:30", ""), "22:00", DayStatus.NO_CHECK_OUT),
            (worked(MONDAY, "07:30", "16:00"), "16:00", DayStatus.PRESENT),
            (worked(MONDAY, "07:30", "15:00"), "16:00", DayStatus.PENDING),
            (worked(MONDAY, "07:30", "15:00"), "22:00", DayStatus.LEFT_EARLY),
        ],
    )
    def test_a_day_is_pending_until_nothing_can_mend_it(self, punches, clock, status):
        """The check-out window closes at 22:00; who left when due is done before."""
        assert status is one(MONDAY, punches, now=at(MONDAY, clock)).status

    def test_lateness_is_known_at_once_and_costs_nothing_yet(self):
        """The head sees who is late today."""
        day = one(MONDAY, worked(MONDAY, "08:10", ""), now=at(MONDAY, "09:00"))

        assert (DayStatus.PENDING, 40, "TL2", 0) == (
            day.status, day.late_minutes, day.late_band, day.percent,
        )  # fmt: skip
        assert TraceRule.DAY_NOT_OVER in [line.rule for line in day.why]


class TestFaults:
    """What BKD must mend before hours are used."""

    @pytest.mark.parametrize("hours", [*FIVE_DAYS[:5], *FIVE_DAYS_RAMADAN[:5], NIGHT])
    def test_the_data_to_begin_with_has_none(self, hours):
        """Nor has a night."""
        assert [] == faults_of(hours)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"late_grace_s": -1}, "SECONDS_NEGATIVE"),
            ({"break_s": 90_000}, "SECONDS_OVER_A_DAY"),
            ({"break_s": 8 * 3600 + 1800}, "BREAK_TOO_LONG"),
            ({"flex_before_s": 7201}, "CHECK_IN_OPENS_AFTER_FLEX"),
            ({"late_grace_s": 14_400}, "CHECK_IN_CLOSES_TOO_SOON"),
            ({"windows": Windows(7200, 14_400, 0, 0)}, "CHECK_OUT_CLOSES_TOO_SOON"),
            (
                {"start": time(22), "end": time(6), "windows": Windows(7200, 7200, 0, 82_800)},
                "CHECK_OUT_CLOSES_TOO_LATE",
            ),
            (
                {"flex_before_s": 3600, "windows": Windows(7200, 14_400, 1800, 3600)},
                "CHECK_OUT_OPENS_TOO_LATE",
            ),
        ],
    )
    def test_each_is_named(self, changes, reason):
        """By its reason."""
        assert reason in faults_of(replace(USUAL, **changes))

    def test_a_day_of_24_hours_and_a_night_have_their_spans(self):
        """An end at the start is the next day's."""
        full = DayHours(time(7), time(7), USUAL.windows)

        assert (24 * 3600, 8 * 3600) == (full.span_s, NIGHT.span_s)
