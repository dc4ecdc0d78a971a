"""People before a phone who do not do what they should; see benchmarks.phone.FrameSource."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from hadir.v1 import checkin_pb2

from benchmarks.actor import Actor
from tests.functional.world import SteppedClock

_STEP = checkin_pb2.ChallengeStep


class Opposite:
    """Turns to the other side than asked, and far."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        del progress
        turn = {_STEP.CHALLENGE_STEP_LEFT: -45.0, _STEP.CHALLENGE_STEP_RIGHT: 45.0}.get(step, 0.0)
        front = self._actor.front
        return self._actor.shot(replace(front, yaw_degrees=front.yaw_degrees + turn))


class Hasty:
    """Jerks from pose to pose for the four steps of a challenge, then turns as people do."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._step: Any = None
        self._steps = 0

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        self._steps += step != self._step
        self._step = step
        return self._actor.frame_for(step, 1.0 if self._steps <= 4 else progress)


class LateSecondFrame:
    """An actor; the server's clock stands still until it passes some seconds before frame two."""

    def __init__(self, clock: SteppedClock, actor: Actor, seconds: float) -> None:
        self.first_time: datetime | None = None
        self._clock, self._actor, self._seconds = clock, actor, seconds

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        if self.first_time is None:
            self.first_time = self._clock.hold()
        elif self._seconds:
            self._clock.advance(seconds=self._seconds)
            self._seconds = 0.0
        return self._actor.frame_for(step, progress)


class Still:
    """Looks straight on, whatever is asked."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        del step, progress
        return self._actor.shot(self._actor.front)


class Swapped:
    """One person does the first step, another the rest."""

    def __init__(self, first: Actor, second: Actor) -> None:
        self._first, self._second = first, second
        self._step: Any = None
        self._swapped = False

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        self._swapped = self._swapped or self._step not in {None, step}
        self._step = step
        actor = self._second if self._swapped else self._first
        return actor.frame_for(step, progress)


class Impatient:
    """Shows a source for so many frames; then the server's clock passes a minute."""

    def __init__(self, source: Any, clock: SteppedClock, frames: int) -> None:
        self._source, self._clock, self._left = source, clock, frames

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        self._left -= 1
        if self._left == 0:
            self._clock.advance(seconds=61)
        return self._source.frame_for(step, progress)


class Recorder:
    """Keeps what an honest person showed, by place in the challenge."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self.kept: list[tuple[Any, bytes]] = []

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        jpeg = self._actor.frame_for(step, progress)
        self.kept.append((step, jpeg))
        return jpeg


class Replay:
    """Shows what was recorded: all of it, or now and then between the frames of a person."""

    def __init__(self, recorder: Recorder, actor: Actor | None = None) -> None:
        self._kept = list(recorder.kept)
        self._actor = actor
        self._count = 0

    def frame_for(self, step: Any, progress: float) -> bytes:
        """Returns the next JPEG."""
        self._count += 1
        if self._actor is not None and self._count % 3:
            return self._actor.frame_for(step, progress)
        if len(self._kept) > 1:
            return self._kept.pop(0)[1]
        return self._kept[0][1]
