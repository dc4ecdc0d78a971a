"""Admission: as many check-ins at once as the machine can look at, and a hint for the others."""

import math
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from server.domain.model import Principal, Role
from server.domain.refusal import CheckInRefused, Refusal
from server.errors import Overloaded, StorageUnavailable
from server.services.admission import (
    ASKED_MAX,
    CAMERA_S,
    CHECK_IN_FPS_MAX,
    CHECK_IN_FPS_MIN,
    CHECK_IN_S,
    COMES_BACK_S_MAX,
    CREDIT_S_MAX,
    FULL_ABOVE,
    IDLE_BELOW,
    KNOWN_MAX,
    PLACES_MIN,
    PUT_OFF_S_MAX,
    RETRY_S_MAX,
    RETRY_S_MIN,
    ROOM_MAX,
    ROOM_STEP,
    TURNED_AWAY_MAX,
    WAIT_S_MAX,
    Admission,
    places_of,
)
from server.services.tokens import hashed
from server.vision.cost import FrameCost


def pipeline(workers: int = 2, frame_s: float = 0.05, wait_s: float = 0.0) -> SimpleNamespace:
    """Returns the figures of a pipeline; half of a frame's cost is its look."""
    cost = FrameCost(workers=workers, cores=workers, process_s=lambda: 0.0)
    cost.set(frame_s / 2, frame_s / 2)
    return SimpleNamespace(workers=workers, cost=cost, wait_s=wait_s)


def phone(device_id: str = "phone", token: str = "token") -> Principal:
    """Returns who calls from a phone."""
    return Principal(Role.EMPLOYEE, hashed(token), datetime.max.replace(tzinfo=UTC), device_id)


def refused(admission: Admission) -> float:
    """Returns the hint of a refusal, in seconds."""
    with pytest.raises(Overloaded) as caught, admission.place(phone()):
        pass
    return caught.value.retry_after_s


class TestPlaces:
    """How many check-ins run at once."""

    @pytest.mark.parametrize(("workers", "frame_s"), [(1, 0.05), (2, 0.05), (8, 0.006)])
    def test_follow_the_machine(self, workers, frame_s):
        """So many that each is looked at often enough."""
        places = Admission(pipeline(workers, frame_s)).places

        assert math.floor(workers / frame_s / CHECK_IN_FPS_MIN) == places

    def test_never_none(self):
        """The slowest machine serves one person after the other."""
        assert PLACES_MIN == Admission(pipeline(1, 10.0)).places

    def test_all_are_used_and_given_back(self):
        """The next one after the last place is refused; an end makes room."""
        admission = Admission(pipeline())
        with ExitStack() as stack:
            for _ in range(admission.places):
                stack.enter_context(admission.place(phone()))
            refused(admission)
        with admission.place(phone()):
            assert 1 == admission.open

        assert 0 == admission.open

    def test_given_back_after_an_error(self):
        """However a check-in ends."""
        admission = Admission(pipeline())
        with pytest.raises(KeyError), admission.place(phone()):
            raise KeyError

        assert 0 == admission.open

    def test_others_may_use_the_machine_up(self):
        """Kiosks and enrolments make frames wait: no new check-in then, whatever is open."""
        figures = pipeline(wait_s=WAIT_S_MAX * 1.1)
        admission = Admission(figures)
        refused(admission)
        figures.wait_s = 0.0
        with admission.place(phone()):
            pass


class TestRoom:
    """More places while workers idle though all are taken: behind a slow network."""

    @staticmethod
    def measured(
        figures: SimpleNamespace, admission: Admission, *busy: float, free: float = 0.0
    ) -> int:
        """Lets one more in, or not, after each measurement. Returns how many places there are then.

        free: the part of the places that nobody has.
        """
        for one in busy:
            with ExitStack() as stack:
                for _ in range(round(admission.places * (1 - free))):
                    stack.enter_context(admission.place(phone()))
                figures.cost.busy, figures.cost.measurements = one, figures.cost.measurements + 1
                with suppress(Overloaded), admission.place(phone()):
                    pass
        return admission.places

    def test_grows_while_workers_idle(self):
        """Step by step, to a limit."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        before = admission.places

        assert places_of(2, 0.005 / ROOM_STEP) == self.measured(figures, admission, 0.5) > before
        assert places_of(2, 0.005 / ROOM_MAX) == self.measured(figures, admission, *[0.5] * 50)

    def test_shrinks_where_they_do_not(self):
        """Down to what they can look at often enough, and no further."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        before = admission.places
        self.measured(figures, admission, *[0.5] * 8)

        assert before < self.measured(figures, admission, 1.0) < before * ROOM_STEP**8
        assert before == self.measured(figures, admission, *[1.0] * 50)

    def test_shrinks_where_places_stay_free(self):
        """What a network held up is no rule for those who come later."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        before = admission.places
        self.measured(figures, admission, *[0.5] * 8)

        assert before == self.measured(figures, admission, *[0.5] * 8, free=0.2)

    def test_where_places_are_few(self):
        """Who takes the last one found all others taken."""
        figures = pipeline(frame_s=0.09)
        admission = Admission(figures)
        for _ in range(30):
            with ExitStack() as stack:
                for _ in range(admission.places - 1):
                    stack.enter_context(admission.place(phone()))
                figures.cost.busy, figures.cost.measurements = 0.5, figures.cost.measurements + 1
                stack.enter_context(admission.place(phone()))

        assert admission.places > places_of(2, 0.09) > 3

    def test_once_a_measurement(self):
        """However many are turned away meanwhile."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        after = self.measured(figures, admission, 0.5)
        with ExitStack() as stack:
            for _ in range(after):
                stack.enter_context(admission.place(phone()))
            hints = [refused(admission) for _ in range(20)]

        assert 20 == len(hints)
        assert after == admission.places

    def test_stays_in_between(self):
        """Neither idle nor full."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        more = self.measured(figures, admission, *[0.5] * 8)

        assert more == self.measured(figures, admission, *[(IDLE_BELOW + FULL_ABOVE) / 2] * 9)

    def test_not_by_a_line_of_others(self):
        """Who is refused because kiosks use the machine tells nothing of places."""
        figures = pipeline(frame_s=0.005)
        admission = Admission(figures)
        more = self.measured(figures, admission, *[0.5] * 8)
        figures.wait_s = WAIT_S_MAX * 1.1

        assert more == self.measured(figures, admission, *[0.5] * 8, free=1.0)


class TestNextFrame:
    """When a stream's next frame should come."""

    def test_alone(self):
        """As often as a phone sends by itself, however long the answer took."""
        admission = Admission(pipeline(), monotonic=lambda: 10.03)

        assert pytest.approx(1 / CHECK_IN_FPS_MAX) == admission.next_frame_s("a", 10.0, faces=1)

    def test_at_once_where_it_is_overdue(self):
        """A frame that took longer than the pace."""
        admission = Admission(pipeline(), monotonic=lambda: 10.5)

        assert pytest.approx(0.5) == admission.next_frame_s("a", 10.0, faces=1)

    def test_one_after_the_other(self):
        """Streams whose frames came together are told apart, by what a frame costs."""
        admission = Admission(pipeline(workers=1, frame_s=0.02), monotonic=lambda: 0.0)
        first, second, third = (admission.next_frame_s(n, 0.0, faces=n) for n in (1, 0, 2))

        assert pytest.approx(0.02 / ASKED_MAX) == second - first
        assert pytest.approx(0.01 / ASKED_MAX) == third - second

    def test_often_enough_however_many_there_are(self):
        """A challenge needs so many frames a second."""
        admission = Admission(pipeline(workers=1, frame_s=0.05), monotonic=lambda: 0.0)

        latest = max(admission.next_frame_s(n, 0.0, faces=1) for n in range(100))

        assert pytest.approx(1 / CHECK_IN_FPS_MAX + PUT_OFF_S_MAX) == latest
        assert latest >= 1 / CHECK_IN_FPS_MIN  # else the places are more than have stretches

    def test_what_waits_comes_first(self):
        """A line of half a second: a frame that were sent at once would only make it longer."""
        admission = Admission(pipeline(wait_s=0.5), monotonic=lambda: 10.2)

        assert pytest.approx(0.7) == admission.next_frame_s("a", 10.0, faces=1)

    def test_a_kiosk_has_a_pace_of_its_own(self):
        """It sends fewer frames a second than a phone."""
        admission = Admission(pipeline(), monotonic=lambda: 0.0)

        assert pytest.approx(0.5) == admission.next_frame_s("a", 0.0, faces=1, fps_max=2.0)

    def test_the_first_frame_has_its_turn_too(self):
        """After the camera is on, and not when the others are looked at."""
        admission = Admission(pipeline(workers=1, frame_s=0.02), monotonic=lambda: 0.0)
        first, second = admission.first_frame_s("a"), admission.first_frame_s("b")

        assert pytest.approx(CAMERA_S) == first
        assert pytest.approx(0.02 / ASKED_MAX) == second - first

    def test_the_first_frame_does_not_join_a_line(self):
        """Kiosks and enrolments are before it: it is asked for when they are through."""
        admission = Admission(pipeline(wait_s=0.4), monotonic=lambda: 0.0)

        assert pytest.approx(0.4) == admission.first_frame_s("a")

    def test_the_first_frame_is_not_put_off_for_long(self):
        """However many come at once."""
        admission = Admission(pipeline(workers=1, frame_s=0.05), monotonic=lambda: 0.0)

        latest = max(admission.first_frame_s(n) for n in range(100))

        assert pytest.approx(CAMERA_S + PUT_OFF_S_MAX) == latest


class TestHint:
    """When to come back."""

    def test_grows_with_those_who_wait(self):
        """Who is refused later comes later, within a limit: nobody meets the same rush again."""
        admission = Admission(pipeline(wait_s=1.0))
        hints = [refused(admission) for _ in range(200)]

        assert sorted(hints) == hints
        assert RETRY_S_MIN < hints[0] < RETRY_S_MIN + CHECK_IN_S
        assert RETRY_S_MAX == hints[-1]

    def test_forgets(self):
        """A rush that is over makes nobody wait."""
        now = [100.0]
        admission = Admission(pipeline(wait_s=1.0), monotonic=lambda: now[0])
        first, *_ = [refused(admission) for _ in range(20)]
        now[0] += CHECK_IN_S + 0.1

        assert first == refused(admission)


class TestCredit:
    """Who is turned away and comes back as told is dated from the first refusal."""

    def test_from_the_first_refusal_of_a_chain(self):
        """A second refusal within the time to come back begins nothing new."""
        now = [0.0]
        admission = Admission(pipeline(wait_s=9), monotonic=lambda: now[0])
        hint_s = refused(admission)
        now[0] = hint_s + COMES_BACK_S_MAX
        hint_s = refused(admission)
        now[0] += hint_s + COMES_BACK_S_MAX

        assert now[0] == admission.credit_s("phone")
        assert 0.0 == admission.credit_s("another")

    def test_not_for_who_comes_late(self):
        """A minute later somebody else may want to be early."""
        now = [0.0]
        admission = Admission(pipeline(wait_s=9), monotonic=lambda: now[0])
        now[0] = refused(admission) + COMES_BACK_S_MAX + 0.1
        assert 0.0 == admission.credit_s("phone")
        refused(admission)
        now[0] += 5

        assert pytest.approx(5) == admission.credit_s("phone")

    def test_ten_minutes_at_most(self):
        """A chain that goes on for longer begins again."""
        now = [0.0]
        admission = Admission(pipeline(wait_s=9), monotonic=lambda: now[0])
        while now[0] <= CREDIT_S_MAX:
            refused(admission)
            assert now[0] == admission.credit_s("phone")
            now[0] += 25
        assert 0.0 == admission.credit_s("phone")

    def test_once(self):
        """What is recorded uses it up."""
        admission = Admission(pipeline(wait_s=9))
        refused(admission)
        assert admission.credit_s("phone") > 0
        admission.settle("phone")

        assert 0.0 == admission.credit_s("phone")

    def test_from_a_check_in_that_could_not_be_stored(self):
        """From its beginning, and through a second failure whose challenge took a minute."""
        now = [100.0]
        admission = Admission(pipeline(wait_s=0), monotonic=lambda: now[0])

        def failed(since_s: float) -> None:
            error = StorageUnavailable("full", retry_after_s=1)
            with pytest.raises(StorageUnavailable), admission.excused("phone", since_s):
                raise error

        failed(60.0)
        first_s = admission.credit_s("phone")
        now[0] += 20.0
        opened_s, credit_s = now[0], admission.credit_s("phone")
        now[0] += 60.0
        failed(opened_s - credit_s)

        assert (40.0, 60.0, 120.0) == (first_s, credit_s, admission.credit_s("phone"))

    def test_what_the_person_did_excuses_nothing(self):
        """A refusal of ours that is no fault of the disk passes."""
        admission = Admission(pipeline(wait_s=0))
        with pytest.raises(CheckInRefused), admission.excused("phone", 0.0):
            raise CheckInRefused(Refusal.FACE_MISMATCH)

        assert 0.0 == admission.credit_s("phone")

    def test_memory_is_bounded(self):
        """The oldest are forgotten."""
        admission = Admission(pipeline(wait_s=9))
        for number in range(TURNED_AWAY_MAX + 1):
            with pytest.raises(Overloaded), admission.place(phone(str(number))):
                pass

        assert 0.0 == admission.credit_s("0")
        assert admission.credit_s("1") > 0


class TestKnown:
    """A token whose session was found before is refused before it is asked for again."""

    def test_only_while_there_is_no_place(self):
        """Then, and with the same hint and credit as any refusal."""
        figures, now = pipeline(), [0.0]
        admission = Admission(figures, monotonic=lambda: now[0])
        with admission.place(phone()):
            pass
        admission.refuse_known("token")  # there is room: the session is asked for
        figures.wait_s = WAIT_S_MAX + 1
        with pytest.raises(Overloaded) as caught:
            admission.refuse_known("token")
        now[0] = caught.value.retry_after_s
        assert now[0] == admission.credit_s("phone")

    def test_nobody_else(self):
        """A token that nobody ever had is for the session to refuse, however full it is."""
        admission = Admission(pipeline(wait_s=9))
        refused(admission)
        admission.refuse_known("another")
        admission.refuse_known("")

    def test_is_bounded(self):
        """The session that was let in the longest time ago is forgotten first."""
        figures = pipeline()
        admission = Admission(figures)
        for number in range(KNOWN_MAX + 1):
            with admission.place(phone(token=str(number))):
                pass
        figures.wait_s = 9
        admission.refuse_known("0")
        with pytest.raises(Overloaded):
            admission.refuse_known("1")
