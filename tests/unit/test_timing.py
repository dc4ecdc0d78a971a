"""When frames come: camera time and arrival must tell the same story."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.timing import (
    EARLY_S_MAX,
    FAST_FRAMES_MAX,
    INTERVAL_S_MIN,
    LATE_S_MAX,
    FrameTiming,
    Moment,
    TimingFault,
)

QUICK = settings(deadline=None, max_examples=30)


def fault_of(moments: Iterable[tuple[float, float]]) -> TimingFault | None:
    """Returns the fault of frames by (camera time, arrival); the challenge went out with the first."""
    moments = list(moments)
    timing = FrameTiming(moments[0][1] if moments else 0.0)
    for captured, arrived in moments:
        timing.observe(Moment(captured, arrived))
    return timing.fault


class TestHonest:
    """What a phone does."""

    @QUICK
    @given(
        st.floats(-1e9, 1e9),
        st.lists(st.tuples(st.floats(0.02, 1), st.floats(0, 0.9)), max_size=60),
    )
    def test_a_camera_with_a_wrong_clock_and_a_slow_network_has_no_fault(
        self, offset: float, frames: list[tuple[float, float]]
    ) -> None:
        """Only differences count; delay varies by less than a second."""
        taken, moments = 100.0, []
        for interval, delay in frames:
            taken += interval
            moments.append((taken + offset, taken + delay))

        assert fault_of(moments) is None

    def test_a_stall_at_the_start_has_no_fault(self) -> None:
        """The first frame waits 3 seconds for the network, the others catch up with it."""
        timing = FrameTiming(100.0)
        for number in range(40):
            taken = number / 10
            timing.observe(Moment(taken, max(103.0, 100.05 + taken)))

        assert timing.fault is None

    def test_one_frame_has_no_fault(self) -> None:
        """There is nothing to compare it with."""
        assert fault_of([(5, 1000)]) is None

    def test_a_queue_that_empties_at_once_has_no_fault(self) -> None:
        """Frames that waited 10 seconds for the network come in one burst."""
        waited = [(1 + number / 10, 11.0) for number in range(10)]

        assert fault_of([(0, 0), *waited, (11, 11)]) is None


class TestFaults:
    """What a script or an old recording does."""

    def test_camera_time_that_runs_backwards(self) -> None:
        """However little."""
        assert TimingFault.BACKWARDS is fault_of([(10, 0), (10.1, 0.1), (10.09, 0.2)])

    def test_frames_of_the_future(self) -> None:
        """Five seconds of video in one second: more was filmed than time went by."""
        moments = [(number / 10, number / 50) for number in range(50)]

        assert TimingFault.AHEAD_OF_TIME is fault_of(moments)

    def test_frames_of_the_past(self) -> None:
        """Held back for longer than a network does."""
        assert TimingFault.TOO_LATE is fault_of([(0, 0), (1, 1 + LATE_S_MAX + 0.1)])

    def test_late_is_measured_from_the_fastest_frame(self) -> None:
        """A first frame that waited itself does not excuse a delay of 16 seconds later."""
        timing = FrameTiming(0.0)
        for captured, arrived in ((0, 10), (10, 10.1), (11, 11 + LATE_S_MAX + 1)):
            timing.observe(Moment(captured, arrived))

        assert TimingFault.TOO_LATE is timing.fault

    def test_frames_faster_than_a_camera(self) -> None:
        """A burst with hardly any time between them."""
        burst = [(number * 0.001, number * 0.001) for number in range(FAST_FRAMES_MAX + 1)]

        assert fault_of(burst[:-1]) is None
        assert TimingFault.TOO_FAST is fault_of(burst)

    def test_a_few_fast_frames_are_forgiven(self) -> None:
        """A camera that stutters; a slow frame between starts the count anew."""
        moments, at = [], 0.0
        for number in range(60):
            at += 0.001 if number % FAST_FRAMES_MAX else 0.2
            moments.append((at, at))

        assert fault_of(moments) is None

    def test_equal_times_are_fast_but_not_backwards(self) -> None:
        """A clock of whole milliseconds may stand still once."""
        assert fault_of([(1, 1), (1, 1.1)]) is None

    @pytest.mark.parametrize(
        ("ahead", "fault"),
        [
            (EARLY_S_MAX, None),
            (EARLY_S_MAX + 0.01, TimingFault.AHEAD_OF_TIME),
            (-LATE_S_MAX, None),
            (-LATE_S_MAX - 0.01, TimingFault.TOO_LATE),
        ],
    )
    def test_the_limit_itself_is_good(self, ahead: float, fault: TimingFault | None) -> None:
        """Camera time against arrival."""
        assert fault is fault_of([(0, 0), (32, 32 - ahead)])

    def test_the_shortest_interval_itself_is_good(self) -> None:
        """As a camera of 125 frames a second has it."""
        moments = [(number * INTERVAL_S_MIN * 1.0001,) * 2 for number in range(40)]

        assert fault_of(moments) is None

    def test_the_first_fault_is_kept(self) -> None:
        """What comes later neither mends nor renames it."""
        moments = [(10, 0), (9, 0.1), (10, 0.2), (40, 0.3), (40.1, 90)]

        assert TimingFault.BACKWARDS is fault_of(moments)

    def test_slow_drift_is_measured_from_the_first_frame(self) -> None:
        """A film played a little too fast is found in the end, though no step is odd."""
        moments = [(number * 0.11, number * 0.1) for number in range(120)]

        assert fault_of(moments[:90]) is None
        assert TimingFault.AHEAD_OF_TIME is fault_of(moments)
