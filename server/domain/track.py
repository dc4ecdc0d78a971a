"""People in front of a kiosk: boxes become tracks, and a track votes before anything is recorded.

K of the last N looks must name the same employee, and the track must look alive: relief of the
face over the track, and passive liveness where it is installed. No cue decides alone.
"""

import enum
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.domain.face import BoundingBox, Face, Vector
from server.domain.match import Decision, Verdict
from server.domain.relief import FRAMES_MAX, RELIEF_MIN, relief

VOTES_NEEDED = 3
VOTES_KEPT = 5
TRACKS_MAX = 16
OVERLAP_MIN = 0.25
GONE_AFTER_S = 1.5
# How long a track may stay without relief before it counts as a picture.
SPOOF_AFTER_LOOKS = 40
PASSIVE_LIVE_MIN = 0.5
PASSIVE_KEPT = 8


class FaceState(enum.Enum):
    """What a kiosk shows for a face; the names equal those of the API."""

    UNUSABLE = "UNUSABLE"
    LOOK_AGAIN = "LOOK_AGAIN"
    TURN_HEAD = "TURN_HEAD"
    RECOGNISED = "RECOGNISED"
    NOT_RECOGNISED = "NOT_RECOGNISED"
    SPOOF_SUSPECTED = "SPOOF_SUSPECTED"


@dataclass(slots=True)
class Track:
    """One person in view. `recorded` is set by the caller once the event is stored."""

    number: int
    box: BoundingBox
    first_seen_s: float
    seen_s: float
    looks: int = 0
    votes: deque[Decision] = field(default_factory=lambda: deque(maxlen=VOTES_KEPT))
    landmarks: deque[Vector] = field(default_factory=lambda: deque(maxlen=FRAMES_MAX))
    passive: deque[float] = field(default_factory=lambda: deque(maxlen=PASSIVE_KEPT))

    def observe(self, face: Face, decision: Decision) -> None:
        """Takes a look at the face: its landmarks, liveness score and whom it matched."""
        self.looks += 1
        self.votes.append(decision)
        self.landmarks.append(face.landmarks)
        if face.passive is not None:
            self.passive.append(face.passive)

    def forget(self) -> None:
        """Begins anew: the face became another person's."""
        self.looks = 0
        self.votes.clear()
        self.landmarks.clear()
        self.passive.clear()

    @property
    def relief(self) -> float:
        """Relief of the face over the track; see domain/relief.py."""
        return relief(self.landmarks)

    @property
    def passive_score(self) -> float | None:
        """Mean passive liveness of the last looks, None where it is not installed."""
        return sum(self.passive) / len(self.passive) if self.passive else None

    def winner(self) -> Decision | None:
        """Returns the best vote for the employee whom K of the last N looks named, if any."""
        names = Counter(vote.nip for vote in self.votes if vote.verdict is Verdict.MATCH)
        if not names:
            return None
        nip, count = names.most_common(1)[0]
        # A second name in the same few looks is a reason to look again, never to choose.
        if count < VOTES_NEEDED or len(names) > 1:
            return None
        return max(
            (vote for vote in self.votes if vote.nip == nip), key=lambda vote: vote.similarity
        )

    def judge(self) -> FaceState:
        """Returns what to show; RECOGNISED means that the winner may be recorded."""
        if self.winner() is None:
            unknown = sum(vote.verdict is Verdict.UNKNOWN for vote in self.votes)
            enough = unknown >= VOTES_NEEDED + 1
            return FaceState.NOT_RECOGNISED if enough else FaceState.LOOK_AGAIN
        solid = self.relief >= RELIEF_MIN
        passive = self.passive_score
        looks_live = passive is None or passive >= PASSIVE_LIVE_MIN
        if solid and looks_live:
            return FaceState.RECOGNISED
        if self.looks >= SPOOF_AFTER_LOOKS:
            return FaceState.SPOOF_SUSPECTED
        return FaceState.LOOK_AGAIN if solid else FaceState.TURN_HEAD


class Tracker:
    """Follows the faces of one stream from frame to frame by the overlap of their boxes."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next = 1

    def follow(self, faces: Sequence[Face], now_s: float) -> list[Track]:
        """Returns the track of each face, in the order of the faces."""
        self._tracks = [item for item in self._tracks if now_s - item.seen_s <= GONE_AFTER_S]
        pairs = sorted(
            (
                (-face.box.overlap(track.box), index, track.number)
                for index, face in enumerate(faces)
                for track in self._tracks
                if face.box.overlap(track.box) >= OVERLAP_MIN
            )
        )
        by_number = {track.number: track for track in self._tracks}
        chosen: dict[int, Track] = {}
        for _, index, number in pairs:
            if index not in chosen and number in by_number:
                chosen[index] = by_number.pop(number)
        return [self._seen(chosen.get(index), face, now_s) for index, face in enumerate(faces)]

    def _seen(self, track: Track | None, face: Face, now_s: float) -> Track:
        if track is None:
            track = Track(self._next, face.box, now_s, now_s)
            self._next += 1
            self._tracks = [*self._tracks, track][-TRACKS_MAX:]
        track.box, track.seen_s = face.box, now_s
        return track
