"""Puts the liveness cues together; every score is kept with the event.

Each installed cue must hold for an event: relief always, passive liveness where there is a model,
which makes it stricter, never easier. DOUBTFUL and SPOOF tell how much speaks against a face.
"""

import enum

from server.domain.relief import RELIEF_MIN

PASSIVE_LIVE_MIN = 0.5
# After a challenge half the relief is enough: a quick one holds a turn for few frames.
RELIEF_MIN_AFTER_CHALLENGE = RELIEF_MIN / 2


class Liveness(enum.Enum):
    """What the cues say together."""

    LIVE = "LIVE"
    DOUBTFUL = "DOUBTFUL"
    SPOOF = "SPOOF"


def judge(relief: float, passive: float | None, *, relief_min: float = RELIEF_MIN) -> Liveness:
    """LIVE if every known cue is good, SPOOF if every known cue is bad, else DOUBTFUL.

    relief: see relief.py, 0 and up. passive: MiniFASNet's probability, None where not installed.
    """
    cues = [relief >= relief_min]
    if passive is not None:
        cues.append(passive >= PASSIVE_LIVE_MIN)
    if all(cues):
        return Liveness.LIVE
    return Liveness.DOUBTFUL if any(cues) else Liveness.SPOOF
