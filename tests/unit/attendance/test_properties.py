"""What holds for any punches and requests: order, repetition, retries, requests, midnight."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.attendance.hours import Windows
from server.domain.attendance.model import (
    LeaveType,
    Person,
    Punch,
    PunchSource,
    Request,
    RequestKind,
    RequestState,
    TraceRule,
    Void,
)
from server.domain.attendance.starter import CUTS
from server.domain.model import EventKind
from tests.unit.attendance.world import (
    ANI,
    HEAD,
    LATER,
    MONDAY,
    NIGHT,
    NIP,
    OFFICE,
    USUAL,
    at,
    dates,
    one,
    planner,
    span,
    week,
)

QUICK = settings(deadline=None, max_examples=50)
EDGES = [MONDAY, date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 1)]
OVERLAP = replace(USUAL, windows=Windows(7200, 21_600, 21_600, 21_600))
FLEXIBLE = replace(OVERLAP, flex_before_s=1800, flex_after_s=3600)
PRICES = {RequestKind.IZIN: Decimal(3), RequestKind.SAKIT: Decimal(4)}
LEAVE_PRICES = {LeaveType.BESAR: Decimal(1)}
TABLE = replace(CUTS, excused=PRICES, leave=LEAVE_PRICES)
RULES = [
    planner(replace(OFFICE, week=week(hours, 7)), tables=[TABLE])
    for hours in (USUAL, OVERLAP, FLEXIBLE, NIGHT)
]
ANY_SECOND = st.integers(-12 * 3600, 36 * 3600)
# Around starts, ends and windows of the days above, where the rules bite.
_EDGES_S = [3600 * hour + 1800 for hour in (-2, 5, 6, 7, 8, 9, 11, 13, 15, 16, 21, 22, 29, 30)]
NEAR_EDGES = st.builds(int.__add__, st.sampled_from(_EDGES_S), st.integers(-2400, 2400))
VOIDS = st.builds(Void, st.just(HEAD), st.sampled_from(["salah orang", "foto layar"]))
SECONDS_AROUND = st.one_of(ANY_SECOND, NEAR_EDGES)


@st.composite
def punches_around(draw, day: date) -> list[Punch]:
    """Returns punches from noon before a date to noon after it; ids do not tell their times."""
    times = draw(st.lists(SECONDS_AROUND, max_size=8))
    return [
        Punch(
            f"e{number}",
            draw(st.sampled_from(EventKind)),
            at(day, "00:00") + timedelta(seconds=second),
            draw(st.sampled_from(PunchSource)),
        )
        for number, second in enumerate(times)
    ]


@st.composite
def requests_around(draw, day: date) -> list[Request]:
    """Returns accepted requests that begin a day before or on a date."""
    return [
        Request(
            f"r{number}",
            NIP,
            kind,
            day - timedelta(days=draw(st.integers(0, 1))),
            day,
            RequestState.ACCEPTED,
            HEAD,
            leave=draw(st.sampled_from(LeaveType)) if kind is RequestKind.CUTI else None,
        )
        for number, kind in enumerate(draw(st.lists(st.sampled_from(RequestKind), max_size=3)))
    ]


@st.composite
def cases(draw):
    """Returns rules, a date, punches and requests."""
    day = draw(st.sampled_from(EDGES))
    return (
        draw(st.sampled_from(RULES)), day,
        draw(punches_around(day)), draw(requests_around(day)),
    )  # fmt: skip


class TestDay:
    """One day of any."""

    @QUICK
    @given(cases(), st.randoms(use_true_random=False))
    def test_the_order_in_which_events_and_requests_come_does_not_matter(self, case, chance):
        """Nor does how often an event comes."""
        rules, day, punches, requests = case
        mixed, asked = punches * 2, list(requests)
        chance.shuffle(mixed)
        chance.shuffle(asked)

        assert one(day, punches, requests, rules=rules) == one(day, mixed, asked, rules=rules)

    @QUICK
    @given(cases())
    def test_recomputation_is_idempotent(self, case):
        """With rules that were used before, or read anew, now or a year later."""
        rules, day, punches, requests = case
        first = one(day, punches, requests, rules=rules)
        later = LATER + timedelta(days=365)

        assert first == one(day, punches, requests, rules=rules, now=later)
        assert first == span(day - timedelta(days=3), day, punches, requests, rules=rules)[-1]

    @QUICK
    @given(cases(), st.data())
    def test_an_event_more_never_makes_anybody_later(self, case, data):
        """A retry, a duplicate, a kiosk's queue: with an arrival before, minutes never grow."""
        rules, day, punches, requests = case
        punches = [Punch("come", EventKind.IN, at(day, "08:15"), PunchSource.PHONE), *punches]
        more = [p._replace(event_id=f"x{p.event_id}") for p in data.draw(punches_around(day))]
        before = one(day, punches, requests, rules=rules)
        after = one(day, [*punches, *more], requests, rules=rules)

        assert before.arrival is None or after.late_minutes <= before.late_minutes
        assert before.arrival is None or after.arrival.event_time <= before.arrival.event_time

    @QUICK
    @given(cases(), st.data())
    def test_an_accepted_request_more_never_makes_a_day_dearer(self, case, data):
        """Nor does it touch the record."""
        rules, day, punches, requests = case
        more = [replace(r, request_id=f"x{r.request_id}") for r in data.draw(requests_around(day))]
        before = one(day, punches, requests, rules=rules)
        after = one(day, punches, [*requests, *more], rules=rules)

        assert after.percent <= before.percent
        assert (before.arrival, before.departure, before.late_minutes, before.early_minutes) == (
            after.arrival, after.departure, after.late_minutes, after.early_minutes,
        )  # fmt: skip

    @QUICK
    @given(cases(), SECONDS_AROUND)
    def test_is_never_absent_and_costs_nothing_before_it_is_final(self, case, second):
        """At whatever moment one looks."""
        rules, day, punches, requests = case
        now = at(day, "00:00") + timedelta(seconds=second)
        seen = [punch for punch in punches if punch.event_time <= now]
        found = one(day, seen, requests, rules=rules, now=now)

        assert found.final or (not found.unexcused and 0 == found.percent and () == found.cuts)

    @QUICK
    @given(cases())
    def test_the_price_lies_between_nothing_and_the_limit(self, case):
        """And the departure after the arrival."""
        rules, day, punches, requests = case
        found = one(day, punches, requests, rules=rules)

        assert 0 <= found.percent <= CUTS.day_max
        assert not (found.arrival and found.departure) or (
            found.arrival.event_time < found.departure.event_time
        )


@st.composite
def voided_cases(draw):
    """Returns a case as `cases` does, and which of its punches were voided by whom and why."""
    case = draw(cases())
    wrong = st.dictionaries(st.sampled_from([punch.event_id for punch in case[2]] or ["e0"]), VOIDS)
    return case, draw(wrong)


class TestVoided:
    """Punches that BKD voided."""

    @QUICK
    @given(voided_cases(), st.randoms(use_true_random=False))
    def test_order_and_repetition_do_not_matter(self, case, chance):
        """Neither of punches nor of voids; and it is the same again a year later."""
        (rules, day, punches, requests), voids = case
        mixed, shuffled = punches * 2, list(voids.items())
        chance.shuffle(mixed)
        chance.shuffle(shuffled)
        first = one(day, punches, requests, rules=rules, voids=voids)
        later = LATER + timedelta(days=365)

        assert first == one(day, mixed, requests, rules=rules, voids=dict(shuffled))
        assert first == one(day, punches, requests, rules=rules, voids=voids, now=later)

    @QUICK
    @given(voided_cases())
    def test_the_day_is_as_if_the_punch_had_not_been(self, case):
        """But for the trace, which names each once, at the end, on its date."""
        (rules, day, punches, requests), voids = case
        around = (day - timedelta(days=2), day + timedelta(days=2))
        left = [punch for punch in punches if punch.event_id not in voids]
        without = span(*around, left, requests, rules=rules)
        found = span(*around, punches, requests, rules=rules, voids=voids)
        named = [line for one in found for line in one.why if line.rule is TraceRule.VOIDED_PUNCH]

        assert without == [
            one._replace(why=tuple(line for line in one.why if line not in named)) for one in found
        ]
        known = {punch.event_id for punch in punches} & set(voids)
        assert sorted(known) == sorted(line.event_ids[0] for line in named)
        assert all(Void(line.approver, line.reason) == voids[line.event_ids[0]] for line in named)


class TestDays:
    """Several days, over ends of months and years."""

    @QUICK
    @given(st.sampled_from(RULES), st.sampled_from(EDGES), st.data())
    def test_a_punch_belongs_to_one_date(self, rules, day, data):
        """The traces of the dates around name each event once as arrival, departure or other."""
        punches = data.draw(punches_around(day))
        days = span(day - timedelta(days=3), day + timedelta(days=3), punches, rules=rules)
        named = {
            (found.day, event_id)
            for found in days
            for line in found.why
            for event_id in line.event_ids
        }

        assert sorted(punch.event_id for punch in punches) == sorted(name for _, name in named)

    @QUICK
    @given(st.integers(0, 86_399), st.integers(0, 800))
    def test_every_second_of_a_free_day_is_of_its_local_date(self, second, offset):
        """Midnight in Sofifi is 15:00 UTC, on every date of two years."""
        day = date(2026, 1, 1) + timedelta(days=offset)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            seconds=second, hours=-9
        )
        free = planner(replace(OFFICE, start=date(2020, 1, 1), week=(None,) * 7))
        event = Punch("e", EventKind.IN, moment, PunchSource.KIOSK)
        person = Person(NIP, (replace(ANI.postings[0], start=date(2020, 1, 1)),))
        first = day - timedelta(days=1)
        days = span(first, first + timedelta(days=2), [event], rules=free, person=person)

        assert [None, event, None] == [found.arrival for found in days]

    @QUICK
    @given(st.lists(punches_around(MONDAY), max_size=3), st.integers(0, 10**6))
    def test_a_month_is_its_days(self, groups, seed):
        """Together or one by one."""
        chance = random.Random(seed)
        punches = [
            p._replace(
                event_id=f"{number}-{p.event_id}",
                event_time=p.event_time + timedelta(days=chance.randrange(8)),
            )
            for number, group in enumerate(groups)
            for p in group
        ]
        days = dates(MONDAY, 9)

        assert [one(day, punches) for day in days] == span(days[0], days[-1], punches)
