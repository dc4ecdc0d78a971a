"""Judges when the frames of a check-in came: a script's burst or an old recording stands out.

Camera time and arrival time must tell the same story; network delay may only make frames late.
"""

import enum
from dataclasses import dataclass
from datetime import timedelta

# A device's clock that is further off makes the time of an event disputed.
CLOCK_SKEW_MAX = timedelta(minutes=5)
EARLY_S_MAX = 1.0
LATE_S_MAX = 15.0
INTERVAL_S_MIN = 0.008
FAST_FRAMES_MAX = 5


class TimingFault(enum.Enum):
    """What is wrong with the timing of frames."""

    BACKWARDS = "BACKWARDS"
    AHEAD_OF_TIME = "AHEAD_OF_TIME"
    TOO_LATE = "TOO_LATE"
    TOO_FAST = "TOO_FAST"


@dataclass(frozen=True, slots=True)
class Moment:
    """When a frame was taken by the device's clock and when it arrived by ours, in seconds."""

    captured_s: float
    arrived_s: float


class FrameTiming:
    """Follows the frames of one stream and keeps the first fault."""

    def __init__(self, start_s: float) -> None:
        """start_s: when the challenge was sent, on the clock of the arrivals."""
        self._start_s = start_s
        self._first: Moment | None = None
        self._last: Moment | None = None
        self._least_delay_s = 0.0
        self._fast = 0
        self.fault: TimingFault | None = None

    def observe(self, moment: Moment) -> None:
        """Takes the next frame, in the order of arrival."""
        delay_s = moment.arrived_s - moment.captured_s
        if self._first is None or self._last is None:
            self._first = self._last = moment
            self._least_delay_s = delay_s
            return
        self._least_delay_s = min(self._least_delay_s, delay_s)
        step_s = moment.captured_s - self._last.captured_s
        self._last = moment
        self._fast = self._fast + 1 if step_s < INTERVAL_S_MIN else 0
        # Frames that waited at the start may catch up, but none was taken before the challenge.
        taken_s = moment.captured_s - self._first.captured_s
        ahead_s = taken_s - (moment.arrived_s - self._start_s)
        if self.fault is None:
            self.fault = self._judge(step_s, ahead_s, delay_s - self._least_delay_s)

    def _judge(self, step_s: float, ahead_s: float, late_s: float) -> TimingFault | None:
        if step_s < 0:
            return TimingFault.BACKWARDS
        if ahead_s > EARLY_S_MAX:
            return TimingFault.AHEAD_OF_TIME
        if late_s > LATE_S_MAX:
            return TimingFault.TOO_LATE
        return TimingFault.TOO_FAST if self._fast >= FAST_FRAMES_MAX else None
