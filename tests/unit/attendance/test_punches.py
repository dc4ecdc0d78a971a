"""Arrival and departure: duplicates, wrong buttons, kiosks that guess, windows that overlap."""

from dataclasses import replace

import pytest

from server.domain.attendance.hours import Windows
from server.domain.attendance.model import Added, DayStatus, PunchSource, TraceRule
from tests.unit.attendance.world import (
    HEAD,
    IN,
    KIOSK,
    MONDAY,
    OUT,
    PHONE,
    SATURDAY,
    USUAL,
    at,
    dates,
    office,
    one,
    punch,
    span,
    worked,
)

# Check-in 05:30 to 13:30, check-out 10:00 to 22:00: they overlap from 10:00 to 13:30.
OVERLAPPING = office(replace(USUAL, windows=Windows(7200, 21_600, 21_600, 21_600)))


def clocks(day) -> tuple[str, str]:
    """Returns the local times of arrival and departure as the ids of punches have them."""
    return tuple(p.event_id[11:16] if p else "" for p in (day.arrival, day.departure))


class TestFirstAndLast:
    """The first check-in and the last check-out of the day count."""

    def test_of_many_punches(self):
        """Whatever lies between is named in the trace and changes nothing."""
        times = ["07:40", "07:20", "09:00", "15:00", "16:20", "16:10"]
        day = one(MONDAY, [punch(MONDAY, clock) for clock in times])
        [others] = [line for line in day.why if line.rule is TraceRule.OTHER_PUNCHES]

        assert ("07:20", "16:20") == clocks(day)
        assert ["07:40", "09:00", "15:00", "16:10"] == [name[11:16] for name in others.event_ids]

    def test_one_event_sent_twice_is_one(self):
        """Same id: no other punch is named."""
        punches = worked(MONDAY, "07:20", "16:00")

        assert one(MONDAY, punches) == one(MONDAY, punches * 3)

    def test_one_event_read_twice_on_a_free_day_is_no_departure(self):
        """Two records of one id."""
        day = one(SATURDAY, [punch(SATURDAY, "09:00"), punch(SATURDAY, "09:00")])

        assert ("09:00", "") == clocks(day)

    def test_a_retry_with_another_id_makes_nobody_late(self):
        """The earlier one counts, in whatever order they are stored."""
        early, retry = punch(MONDAY, "07:30:30"), punch(MONDAY, "07:33")
        leave = punch(MONDAY, "16:00", OUT)

        assert 0 == one(MONDAY, [retry, leave, early]).late_minutes
        assert 3 == one(MONDAY, [retry, leave]).late_minutes

    def test_a_kiosk_that_was_offline_mends_the_day_when_it_syncs(self):
        """Its punch was early, though it came to the server last."""
        before = worked(MONDAY, "08:10", "16:00")
        after = [*before, punch(MONDAY, "07:25", OUT, KIOSK)]

        assert (40, 0) == (one(MONDAY, before).late_minutes, one(MONDAY, after).late_minutes)

    @pytest.mark.parametrize(("come", "leave"), [(IN, IN), (OUT, OUT), (OUT, IN), (IN, OUT)])
    @pytest.mark.parametrize("source", [PHONE, KIOSK])
    def test_the_wrong_button_costs_nothing(self, come, leave, source):
        """A window that stands alone decides, not the label; the date has one row."""
        punches = [punch(MONDAY, "07:30", come, source), punch(MONDAY, "16:00", leave, source)]
        days = span(MONDAY, MONDAY, punches)

        assert [DayStatus.PRESENT] == [day.status for day in days]
        assert ("07:30", "16:00") == clocks(days[0])

    def test_every_date_has_one_row(self):
        """With no punch, and with many."""
        punches = [punch(MONDAY, f"{hour:02}:15") for hour in range(24)]
        days = span(MONDAY, dates(MONDAY, 10)[-1], punches)

        assert dates(MONDAY, 10) == [day.day for day in days]


class TestAdded:
    """Punches that a correction added."""

    @pytest.mark.parametrize("day", [MONDAY, SATURDAY])
    def test_the_trace_names_request_approver_and_reason(self, day):
        """Once each, also on a free day and where it is not the one that counts."""
        by_request = Added("r1", HEAD, "lupa absen pulang")
        by_bkd = Added("", HEAD, "listrik padam")
        first, second = (
            punch(day, clock, OUT, PunchSource.CORRECTION)._replace(added=added)
            for clock, added in (("16:00", by_request), ("16:30", by_bkd))
        )
        found = one(day, [second, punch(day, "07:20"), first, first])
        lines = [line for line in found.why if line.rule is TraceRule.ADDED_PUNCH]

        assert [(first.event_id,), (second.event_id,)] == [line.event_ids for line in lines]
        assert [by_request, by_bkd] == [
            (line.request_id, line.approver, line.source) for line in lines
        ]


class TestWindows:
    """Check-in and check-out windows."""

    @pytest.mark.parametrize(
        ("clock", "found"),
        [
            ("05:29:59", ("", "")),
            ("05:30:00", ("05:30", "")),
            ("11:29:59", ("11:29", "")),
            ("11:30:00", ("", "")),
            ("11:59:59", ("", "")),
            ("12:00:00", ("", "12:00")),
            ("21:59:59", ("", "21:59")),
            ("22:00:00", ("", "")),
        ],
    )
    def test_hold_their_beginning_but_not_their_end(self, clock, found):
        """05:30 to 11:30, 12:00 to 22:00."""
        assert found == clocks(one(MONDAY, [punch(MONDAY, clock)]))

    def test_a_punch_outside_of_both_is_named_and_is_no_attendance(self):
        """Absent, with the event that did not count."""
        day = one(MONDAY, [punch(MONDAY, "11:45")])

        assert DayStatus.ABSENT is day.status
        assert (punch(MONDAY, "11:45").event_id,) in [line.event_ids for line in day.why]


class TestOverlap:
    """Where a punch may be either."""

    @pytest.mark.parametrize(
        ("kind", "source", "found"),
        [
            (IN, PHONE, ("11:00", "")),
            (OUT, PHONE, ("", "11:00")),
            (IN, KIOSK, ("11:00", "")),
            (OUT, KIOSK, ("11:00", "")),
        ],
    )
    def test_one_punch_is_never_both(self, kind, source, found):
        """A phone's label decides; a kiosk's first sighting is the arrival."""
        assert found == clocks(
            one(MONDAY, [punch(MONDAY, "11:00", kind, source)], rules=OVERLAPPING)
        )

    def test_two_sightings_of_a_kiosk_are_arrival_and_departure(self):
        """However it labelled them."""
        punches = [punch(MONDAY, "10:30", OUT, KIOSK), punch(MONDAY, "13:00", IN, KIOSK)]

        assert ("10:30", "13:00") == clocks(one(MONDAY, punches, rules=OVERLAPPING))

    def test_a_departure_lies_after_the_arrival(self):
        """A check-out before the check-in is none."""
        punches = [punch(MONDAY, "10:30", OUT), punch(MONDAY, "11:00", IN)]

        assert ("11:00", "") == clocks(one(MONDAY, punches, rules=OVERLAPPING))


class TestClock:
    """Lateness is judged by the receipt of the first frame."""

    def test_event_time_alone_counts(self):
        """Shown at 07:30:58, recognised half a minute later: not late."""
        shown = punch(MONDAY, "07:30:58")._replace(event_id="recognised at 07:31:28")

        assert 0 == one(MONDAY, [shown, punch(MONDAY, "16:00", OUT)]).late_minutes
        assert at(MONDAY, "07:30:58") == one(MONDAY, [shown]).arrival.event_time
