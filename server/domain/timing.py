"""Judges when the frames of a check-in came: a script's burst or an old recording stands out.

Camera time and arrival time must tell the same story; network delay may only make frames late.
"""

import enum
from dataclasses import dataclass

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

    def __init__(self) -> None:
        self._first: Moment | None = None
        self._last: Moment | None = None
        self._fast = 0
        self.fault: TimingFault | None = None

    def observe(self, moment: Moment) -> None:
        """Takes the next frame, in the order of arrival."""
        if self._first is None or self._last is None:
            self._first = self._last = moment
            return
        taken = moment.captured_s - self._first.captured_s
        arrived = moment.arrived_s - self._first.arrived_s
        step = moment.captured_s - self._last.captured_s
        self._last = moment
        self._fast = self._fast + 1 if step < INTERVAL_S_MIN else 0
        if self.fault is None:
            self.fault = self._judge(step, taken - arrived)

    def _judge(self, step: float, ahead: float) -> TimingFault | None:
        if step < 0:
            return TimingFault.BACKWARDS
        if ahead > EARLY_S_MAX:
            return TimingFault.AHEAD_OF_TIME
        if -ahead > LATE_S_MAX:
            return TimingFault.TOO_LATE
        return TimingFault.TOO_FAST if self._fast >= FAST_FRAMES_MAX else None
