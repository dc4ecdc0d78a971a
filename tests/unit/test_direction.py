"""In or out: the local day of the site, the first sighting, and what only repeats another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.direction import kind_of_sighting, left_already, local_day, repeated
from server.domain.model import Event, EventKind, EventSource, Scores

WIT = ZoneInfo("Asia/Jayapura")
IN, OUT = EventKind.IN, EventKind.OUT
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 12:00 WIT
COOLDOWN = timedelta(minutes=5)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
QUICK = settings(deadline=None, max_examples=30)


def utc(*fields: int) -> datetime:
    """Returns a time in UTC."""
    return datetime(*fields, tzinfo=UTC)


def event(kind: EventKind, minutes: float = 0) -> Event:
    """Returns an event so many minutes after noon."""
    when = NOON + timedelta(minutes=minutes)
    scores = Scores(0.7, 0.45, 0.3, 0.05, None)
    return Event(
        event_id=f"{minutes}", nip="198501152010011001", display_name="Ani", unit_id="bkd",
        kind=kind, source=EventSource.KIOSK, event_time=when, device_time=when,
        clock_disputed=False, site_id="kantor", distance_m=0, device_id="d", scores=scores,
        create_time=when,
    )  # fmt: skip


class TestLocalDay:
    """Days are those of the site."""

    @pytest.mark.parametrize(
        ("moment", "start"),
        [
            (utc(2026, 11, 24, 14, 59, 59, 999_999), utc(2026, 11, 23, 15)),
            (utc(2026, 11, 24, 15), utc(2026, 11, 24, 15)),
            (utc(2026, 11, 24, 0), utc(2026, 11, 23, 15)),
            (utc(2026, 11, 30, 15), utc(2026, 11, 30, 15)),  # 1 December in Sofifi
            (utc(2026, 12, 31, 14, 59), utc(2026, 12, 30, 15)),
            (utc(2026, 12, 31, 15), utc(2026, 12, 31, 15)),  # New Year in Sofifi
            (utc(2028, 2, 28, 15), utc(2028, 2, 28, 15)),  # 29 February in Sofifi
            (utc(2028, 2, 29, 15), utc(2028, 2, 29, 15)),
        ],
    )
    def test_midnight_of_sofifi_is_15_o_clock_utc(self, moment: datetime, start: datetime) -> None:
        """Also at the ends of months and years."""
        assert (start, start + timedelta(days=1)) == local_day(moment, WIT)

    def test_is_that_of_the_zone_and_not_of_the_moment(self) -> None:
        """One moment lies in different days of Sofifi, Makassar and Jakarta."""
        moment = utc(2026, 11, 24, 16, 30)
        days = [
            local_day(moment, ZoneInfo(zone))[0].day
            for zone in ("Asia/Jayapura", "Asia/Makassar", "Asia/Jakarta")
        ]

        assert [25, 25, 24] == days

    @QUICK
    @given(
        MOMENTS,
        st.sampled_from(["Asia/Jayapura", "Asia/Jakarta", "Europe/Berlin", "America/New_York"]),
    )
    def test_holds_the_moment_and_borders_on_its_neighbours(
        self, moment: datetime, name: str
    ) -> None:
        """Where clocks change too: days of 23 and 25 hours."""
        zone = ZoneInfo(name)
        start, end = (edge.astimezone(UTC) for edge in local_day(moment, zone))

        assert start <= moment < end
        assert timedelta(hours=23) <= end - start <= timedelta(hours=25)
        assert end == local_day(end, zone)[0].astimezone(UTC)
        assert end == local_day(end - timedelta(microseconds=1), zone)[1].astimezone(UTC)


class TestKindOfSighting:
    """A kiosk is not asked whether somebody comes or goes."""

    @pytest.mark.parametrize(
        ("today", "kind"),
        [([], IN), ([IN], OUT), ([IN, OUT], OUT), ([IN, OUT, OUT], OUT), ([OUT], IN)],
    )
    def test_the_first_is_in_and_every_later_one_out(
        self, today: list[EventKind], kind: EventKind
    ) -> None:
        """The last check-out counts; a check-out alone is no arrival."""
        events = [event(one, minutes) for minutes, one in enumerate(today)]

        assert kind is kind_of_sighting(events, NOON + timedelta(hours=1))

    def test_what_happened_later_does_not_count(self) -> None:
        """A sighting that was stored late, from before the first check-in, is the check-in."""
        assert IN is kind_of_sighting([event(IN, 1)], NOON)
        assert OUT is kind_of_sighting([event(IN, 0)], NOON)


class TestRepeated:
    """Who walks by twice is recorded once."""

    def test_a_check_in_of_the_last_minutes_is_the_same_visit_at_a_kiosk(self) -> None:
        """Until something came between."""
        first, soon = event(IN), NOON + timedelta(minutes=4)

        assert first is repeated([first], soon, None, COOLDOWN)
        assert repeated([first, event(OUT, 2)], soon, None, COOLDOWN) is None

    def test_a_check_out_is_never_repeated(self) -> None:
        """Seen at 15:57 and at 16:01, the person left at 16:01."""
        assert repeated([event(OUT)], NOON + timedelta(minutes=4), None, COOLDOWN) is None
        assert repeated([event(OUT)], NOON + timedelta(minutes=4), OUT, COOLDOWN) is None

    def test_a_phone_repeats_only_its_own_kind(self) -> None:
        """A check-out right after the check-in is meant."""
        first, soon = event(IN), NOON + timedelta(minutes=1)

        assert first is repeated([first], soon, IN, COOLDOWN)
        assert repeated([first], soon, OUT, COOLDOWN) is None

    def test_the_cooldown_ends(self) -> None:
        """At five minutes a new event begins."""
        just_before = NOON + COOLDOWN - timedelta(microseconds=1)

        assert repeated([event(IN)], NOON + COOLDOWN, None, COOLDOWN) is None
        assert repeated([event(IN)], just_before, None, COOLDOWN) is not None

    def test_an_event_that_happened_earlier_repeats_nothing(self) -> None:
        """Two kiosks, one slower than the other: the first check-in of the day counts."""
        later = event(IN, 2)

        assert repeated([later], NOON, None, COOLDOWN) is None
        assert repeated([later], NOON, IN, COOLDOWN) is None
        assert later is repeated([later], later.event_time, IN, COOLDOWN)

    def test_the_newest_before_it_is_named(self) -> None:
        """In whatever order they come."""
        events = [event(IN, 1), event(IN, 3), event(IN, 2), event(IN, 4.5)]

        assert events[1] is repeated(events, NOON + timedelta(minutes=4), None, COOLDOWN)

    def test_no_cooldown_repeats_nothing(self) -> None:
        """repeat_minutes = 0."""
        assert repeated([event(IN)], NOON, None, timedelta()) is None


class TestLeftAlready:
    """Whoever lingers before a kiosk leaves once a minute."""

    @pytest.mark.parametrize(
        ("recent", "seconds", "repeats"),
        [
            ([event(OUT, 0.1)], 50, True),
            ([event(IN, -480), event(OUT, -1), event(OUT, 0.1)], 59.9, True),
            # The minute that may end the hours of work has begun.
            ([event(OUT, 0.9)], 60, False),
            ([event(OUT, 0.1)], 66, False),
            ([event(IN, -480)], 10, False),
            # Somebody came back between.
            ([event(OUT, 0.1), event(IN, 0.2)], 50, False),
            # It happened before what is stored.
            ([event(OUT, 0.5)], 10, False),
            ([replace(event(OUT, 0.1), device_id="another")], 50, False),
            ([], 10, False),
        ],
    )
    def test_in_one_minute(self, recent, seconds, repeats) -> None:
        """At one kiosk, with nothing in between."""
        found = left_already(recent, event(OUT, seconds / 60))

        assert (recent[-1] if repeats else None) == found
