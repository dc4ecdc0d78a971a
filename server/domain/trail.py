"""One face through a check-in: whose it is, from frame to frame, and whether it lives.

Good faces are compared with the employee where somebody could gain by not being; those in between
count once the next compared one is the employee's. Comparing is most of what a frame costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain import liveness
from server.domain.face import BoundingBox, Face, Fingerprint, Vector
from server.domain.liveness import Liveness
from server.domain.match import similarity
from server.domain.refusal import CheckInRefused, Refusal
from server.domain.relief import FRAMES_MAX, relief

# Frames of another face, before the next front that is the employee's, until the check-in ends: one
# may be a bad embedding. A turned face proves too little to begin the count anew.
STRANGE_FRAMES_MAX = 4
# Frames of another face in one check-in: nobody tries faces as long as the challenge lasts.
STRANGERS_MAX = 8
MATCHING_FRONTS_MIN = 2
# Good faces in a row that need not be compared, while nothing hinges on them: 0.6 s of a phone, and
# 1.5 s of one whose frames are all put off for as long as they may be (services/admission.py).
UNCOMPARED_MAX = 3
# A face that moved further from one frame to the next is compared: it may be another one.
STILL_OVERLAP_MIN = 0.5


@dataclass(frozen=True, slots=True)
class BestFront:
    """The frontal frame most like the employee's template."""

    score: float
    digest: bytes
    fingerprint: Fingerprint | None


class FaceTrail:
    """The faces of one check-in. verification, continuity: cosines, see services/thresholds.py."""

    def __init__(self, template: Vector, *, verification: float, continuity: float) -> None:
        self.best: BestFront | None = None
        self.relief = 0.0
        self._template = template
        self._verification = verification
        self._continuity = continuity
        self._fronts = 0
        self._strange = 0
        self._strangers = 0
        self._last: Vector | None = None
        self._box: BoundingBox | None = None
        self._seen: Sequence[tuple[Vector, float]] = ()
        self._uncompared: Sequence[tuple[Vector, float]] = ()
        self._passive: list[float] = []

    @property
    def matches(self) -> bool:
        """Whether enough frontal frames showed the employee."""
        return self._fronts >= MATCHING_FRONTS_MIN

    @property
    def met_strangers(self) -> bool:
        """Whether another face was shown."""
        return self._strangers > 0

    @property
    def passive(self) -> float | None:
        """Mean passive liveness, None where it is not installed."""
        return sum(self._passive) / len(self._passive) if self._passive else None

    @property
    def has_relief(self) -> bool:
        """Whether the flat-print cue holds."""
        return self.relief >= liveness.RELIEF_MIN_AFTER_CHALLENGE

    @property
    def is_live(self) -> bool:
        """Every installed cue must hold: a replay has relief, a good print may fool a model."""
        relief_min = liveness.RELIEF_MIN_AFTER_CHALLENGE
        return liveness.judge(self.relief, self.passive, relief_min=relief_min) is Liveness.LIVE

    @property
    def compares_next(self) -> bool:
        """Whether the next good face must be compared, wherever it is."""
        enough = self.matches and len(self._uncompared) < UNCOMPARED_MAX
        return self._strange > 0 or not enough

    def must_compare(self, box: BoundingBox) -> bool:
        """Whether a good face must be compared, whatever step it shows.

        Who exchanges faces in between must do so from one frame to the next, in place, and gains
        nothing but landmarks that count only once the next compared face is the employee's.
        """
        still = self._box is not None and box.overlap(self._box) >= STILL_OVERLAP_MIN
        return self.compares_next or not still

    def pass_over(self, face: Face, captured_s: float) -> None:
        """Takes a good face that was not compared; the next compared one vouches for it."""
        self._box = face.box
        self._uncompared = (*self._uncompared, (face.landmarks, captured_s))

    def follow(self, face: Face, captured_s: float, digest: bytes, *, front: bool) -> bool:
        """Takes a compared face. Returns whether it is the employee's.

        front: whether it looks straight. Raises CheckInRefused after several that are not.
        """
        assert face.embedding is not None, "a compared face was embedded"
        if not self._is_person(face.embedding, front=front):
            self.interrupt()
            return False
        if face.passive is not None:
            self._passive.append(face.passive)
        if front:
            self._fronts += 1
            score = similarity(face.embedding, self._template)
            if self.best is None or score > self.best.score:
                self.best = BestFront(score, digest, face.fingerprint)
        seen = (*self._seen, *self._uncompared, (face.landmarks, captured_s))
        self._seen, self._uncompared, self._box = seen[-FRAMES_MAX:], (), face.box
        landmarks, times_s = zip(*self._seen, strict=True)
        # By speed alone: phones set the pace, so whoever holds up photos sends slowly, and quick
        # honest turns were refused. Of simulated check-ins at 4 to 7 a second 1 to 6 in 100 with
        # jumps told up to gaps of 0.25 s, 5 in 760 up to 0.125 s, and none of thousands without.
        self.relief = max(self.relief, relief(landmarks, times_s, jumps=False))
        return True

    def interrupt(self) -> None:
        """Begins the flat-print cue anew: pictures may have been exchanged meanwhile."""
        self._seen, self._uncompared, self._box = (), (), None

    def _is_person(self, probe: Vector, *, front: bool) -> bool:
        """Whether a face is the employee's and goes on from the last one that was."""
        least = self._verification if front else self._continuity
        goes_on = self._last is None or similarity(probe, self._last) >= self._continuity
        if goes_on and similarity(probe, self._template) >= least:
            self._last = probe
            if front:
                self._strange = 0
            return True
        self._strange += 1
        self._strangers += 1
        if self._strange >= STRANGE_FRAMES_MAX or self._strangers >= STRANGERS_MAX:
            raise CheckInRefused(
                Refusal.IDENTITY_CHANGED if self.matches else Refusal.FACE_MISMATCH
            )
        return False
