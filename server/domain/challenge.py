"""The active liveness challenge: a random sequence of looks, judged from landmarks.

A challenge belongs to one stream, is valid once and for 60 seconds. A movement that was not asked
for voids it: otherwise a clip with every movement would pass in time.
"""

import enum
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from server.domain.face import Measures

NONCE_BYTES = 32
STEPS = 4
SECONDS_MAX = 60.0
# A person needs this long for the movements; faster is a script.
SECONDS_MIN = 1.0
HOLD_FRAMES = 2
FRONT_YAW_MAX = 0.16
TURN_YAW_MIN = 0.10
# A turn that counts against the person must be beyond what landmark noise makes of none.
WRONG_YAW_MIN = 0.18
CLOSER_RATIO_MIN = 1.22
# Frames of a movement that was not asked for until the challenge is void: one may be noise.
WRONG_FRAMES_MAX = 3


class Step(enum.Enum):
    """What the person has to do; left and right are the person's own."""

    FRONT = "FRONT"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    CLOSER = "CLOSER"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one stream has to do, with its nonce (32 bytes)."""

    nonce: bytes = field(repr=False)
    steps: tuple[Step, ...]


def new_challenge(choose: Callable[[Sequence[Step]], Step] = secrets.choice) -> Challenge:
    """Returns a challenge: FRONT, then random steps, no two alike in a row, at least one turn.

    Raises nothing; `choose` is for tests, the default is a cryptographic source.
    """
    while True:
        steps = [Step.FRONT]
        while len(steps) < STEPS:
            steps.append(choose([step for step in Step if step is not steps[-1]]))
        if Step.LEFT in steps or Step.RIGHT in steps:
            return Challenge(secrets.token_bytes(NONCE_BYTES), tuple(steps))


class Progress:
    """Follows one face through a challenge. Pure: it is told measures and says where it stands."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        self._held = 0
        self._wrong = 0
        self._fronts: list[Measures] = []
        self._last: Step | None = None
        self.done = 0
        self.failed = False

    @property
    def step(self) -> Step | None:
        """The step to do now, None when all are done."""
        return self._steps[self.done] if self.done < len(self._steps) else None

    def look_again(self, choose: Callable[[Sequence[Step]], Step] = secrets.choice) -> None:
        """Asks for one more turn, and FRONT, of a person who did all steps but left doubt."""
        turns = [turn for turn in (Step.LEFT, Step.RIGHT) if turn is not self._steps[-1]]
        self._steps += (choose(turns), Step.FRONT)

    def shows(self, measures: Measures) -> frozenset[Step]:
        """Returns the steps that a face shows; empty for a pose between two."""
        if not self._fronts:
            front = abs(measures.yaw) <= FRONT_YAW_MAX
            return frozenset({Step.FRONT} if front else ())
        turn = self._turn(measures)
        if turn >= TURN_YAW_MIN:
            return frozenset({Step.LEFT})
        if turn <= -TURN_YAW_MIN:
            return frozenset({Step.RIGHT})
        base = median(front.eye_distance for front in self._fronts)
        close = measures.eye_distance >= base * CLOSER_RATIO_MIN
        return frozenset({Step.FRONT, Step.CLOSER} if close else {Step.FRONT})

    @property
    def completes_next(self) -> bool:
        """Whether the next frame that shows the step to do now would complete it."""
        return self._held + 1 >= HOLD_FRAMES

    def completes(self, measures: Measures) -> bool:
        """Whether a frame with these measures would complete the step to do now."""
        return self.completes_next and self.step in self.shows(measures)

    def observe(self, measures: Measures) -> None:
        """Takes the next usable frame of the face."""
        step = self.step
        if step is None or self.failed:
            return
        shown = self.shows(measures)
        if step in shown:
            self._hold(step, measures)
            return
        self._held = 0
        turn = self._turn(measures) if self._fronts else 0.0
        turned = Step.LEFT if turn > 0 else Step.RIGHT
        # The turn of the step before may linger while the person moves on.
        if abs(turn) >= WRONG_YAW_MIN and turned is not self._last:
            self._wrong += 1
            self.failed = self._wrong >= WRONG_FRAMES_MAX

    def _turn(self, measures: Measures) -> float:
        """Yaw against the frontal frames of this stream; needs one."""
        return measures.yaw - median(front.yaw for front in self._fronts)

    def _hold(self, step: Step, measures: Measures) -> None:
        if self.done == 0:
            self._fronts.append(measures)
        self._held += 1
        if self._held >= HOLD_FRAMES:
            self.done, self._held, self._wrong, self._last = self.done + 1, 0, 0, step
