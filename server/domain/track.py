"""People in front of a kiosk: boxes become tracks, and a track votes before anything is recorded.

K of the last N looks must name the same employee, and the track must look alive: relief of the
face over the track, and passive liveness where it is installed. No cue decides alone.
"""

import enum
from collections import Counter, deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.domain.face import BoundingBox, Face, Vector
from server.domain.frame import Frame
from server.domain.liveness import Liveness, judge
from server.domain.match import Decision, Verdict
from server.domain.relief import FRAMES_MAX, RELIEF_MIN, relief

VOTES_NEEDED = 3
VOTES_KEPT = 5
TRACKS_MAX = 16
OVERLAP_MIN = 0.25
# Missing for so long in frames that were looked at; while nothing is looked at nobody has left.
GONE_AFTER_S = 1.5
# An event's time is at most this long before the frame that proved it, by the frames' arrival: a
# picture that is held up for somebody who is on the way wins no more, and a frame that waits its
# turn in the server costs nobody anything. A track that was not looked at for so long is over.
BACK_S_MAX = 60.0
# For so long before the first usable look a track's beginning counts.
UNSEEN_S_MAX = 10.0
# Looks at somebody known, without every sign of life, after which a face counts as a picture.
SPOOF_AFTER_LOOKS = 40
PASSIVE_KEPT = 8
# A face that keeps still and of which so many looks in a row brought nothing rests: a portrait on
# the wall, a guard. It is looked at the more rarely the longer that lasts, and at once if it moves:
# if its box overlaps less, or its yaw (see domain/pose.py) differs more, than these.
REST_AFTER_LOOKS = 8
REST_S_PER_LOOK = 0.075
REST_S_MAX = 3.0
STILL_OVERLAP_MIN = 0.6
STILL_YAW_MAX = 0.045


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
    """One person in view, with the last looks at the face.

    first: the frame that began the track, whose arrival is the time of its event. looks: those with
    a winner and the votes that made it one. last: the latest embedding, of the frame at checked_s.
    passed_over: the first frame since whose face nobody
    compared. taken_s: when the latest frame was taken, by the kiosk's clock. missing_s: when the
    first of the frames arrived in which the person was looked for in vain. suspected: whether it
    was called a picture. idle: looks in a row at a still face that brought nothing; still: where
    and how the face was held at the first of them.
    """

    number: int
    box: BoundingBox
    first: Frame
    seen_s: float
    looks: int = 0
    last: Vector | None = None
    taken_s: float = 0.0
    checked_s: float = 0.0
    passed_over: Frame | None = None
    missing_s: float | None = None
    suspected: bool = False
    idle: int = 0
    still: tuple[BoundingBox, float] | None = None
    votes: deque[Decision] = field(default_factory=lambda: deque(maxlen=VOTES_KEPT))
    landmarks: deque[Vector] = field(default_factory=lambda: deque(maxlen=FRAMES_MAX))
    times_s: deque[float] = field(default_factory=lambda: deque(maxlen=FRAMES_MAX))
    passive: deque[float] = field(default_factory=lambda: deque(maxlen=PASSIVE_KEPT))

    def is_other_person(self, face: Face, similarity_min: float) -> bool:
        """Whether somebody else now stands where the track was."""
        if self.last is None or face.embedding is None:
            return False
        return float(self.last @ face.embedding) < similarity_min

    def begin_anew(self, frame: Frame) -> None:
        """Makes the track the next person's: nothing of the one before counts for them.

        Their time begins with the first frame that may have shown them.
        """
        self.first, self.looks, self.last = self.passed_over or frame, 0, None
        self.suspected, self.idle = False, 0
        self.votes.clear()
        self.passive.clear()
        self.interrupt()

    def interrupt(self) -> None:
        """Begins relief anew: while a face is not seen, another picture may take its place."""
        self.landmarks.clear()
        self.times_s.clear()

    def suspect(self, frame: Frame) -> None:
        """Begins anew behind a picture: nobody inherits the time for which it was held up.

        The face stays known, so that whoever is another person is still noticed.
        """
        last = self.last
        self.begin_anew(frame)
        self.last, self.suspected = last, True

    def began(self, proof: Frame) -> tuple[datetime, datetime]:
        """Returns when the person came, by our clock and the device's, as a frame proves it."""
        beyond_s = max(0.0, proof.arrived_s - self.first.arrived_s - BACK_S_MAX)
        beyond = timedelta(seconds=beyond_s)
        return self.first.receive_time + beyond, self.first.capture_time + beyond

    def observe(self, face: Face, decision: Decision) -> None:
        """Takes a look at the face: its landmarks, liveness score and whom it matched."""
        self.last, self.checked_s, self.passed_over = face.embedding, self.seen_s, None
        self.votes.append(decision)
        if self.winner() is not None:  # who is not known yet was not asked for anything
            self.looks = max(self.looks + 1, VOTES_NEEDED)
        self.landmarks.append(face.landmarks)
        self.times_s.append(self.taken_s)
        if face.passive is not None:
            self.passive.append(face.passive)
        if not self.is_still(face):
            self.still, self.idle = (face.box, face.measures.yaw), 0
        nothing = self.suspected or decision.verdict is Verdict.UNKNOWN
        self.idle = self.idle + 1 if nothing else 0

    def is_still(self, face: Face) -> bool:
        """Whether a face is where and how it was when looks at it began to bring nothing."""
        if self.still is None:
            return False
        box, yaw = self.still
        turned = abs(face.measures.yaw - yaw)
        return face.box.overlap(box) >= STILL_OVERLAP_MIN and turned <= STILL_YAW_MAX

    @property
    def rest_s(self) -> float:
        """How long after a look the next one brings something, in seconds; 0 for at once."""
        if self.idle < REST_AFTER_LOOKS:
            return 0.0
        return min(REST_S_MAX, self.idle * REST_S_PER_LOOK)

    def pass_over(self, frame: Frame) -> None:
        """Notes a good face that was not compared with the one before."""
        self.passed_over = self.passed_over or frame

    @property
    def relief(self) -> float:
        """Relief of the face over the track; see domain/relief.py."""
        return relief(self.landmarks, self.times_s)

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
        """Returns what to show; RECOGNISED means that the winner may be recorded.

        The last look must name the winner, too: who was erased or has left since is not recorded.
        """
        winner = self.winner()
        if winner is None:
            unknown = sum(vote.verdict is Verdict.UNKNOWN for vote in self.votes)
            enough = unknown >= VOTES_NEEDED + 1
            return FaceState.NOT_RECOGNISED if enough else FaceState.LOOK_AGAIN
        relief = self.relief
        liveness = judge(relief, self.passive_score)
        if liveness is Liveness.LIVE:
            named = self.votes[-1].nip == winner.nip
            return FaceState.RECOGNISED if named else FaceState.LOOK_AGAIN
        if self.looks >= SPOOF_AFTER_LOOKS:
            return FaceState.SPOOF_SUSPECTED
        return FaceState.LOOK_AGAIN if relief >= RELIEF_MIN else FaceState.TURN_HEAD


class Tracker:
    """Follows the faces of one stream from frame to frame by the overlap of their boxes."""

    def __init__(self) -> None:
        self._tracks: list[Track] = []
        self._next = 1

    @property
    def numbers(self) -> frozenset[int]:
        """Numbers of the tracks in view."""
        return frozenset(track.number for track in self._tracks)

    def boxes(self, numbers: Container[int], *, checked_since_s: float) -> list[BoundingBox]:
        """Returns where those of the tracks are whose face was compared since then."""
        return [
            track.box
            for track in self._tracks
            if track.number in numbers and track.checked_s >= checked_since_s
        ]

    def resting(self) -> list[Track]:
        """Returns the tracks at which nothing is to be seen for now; see Track.rest_s."""
        return [track for track in self._tracks if track.rest_s]

    def follow(self, faces: Sequence[Face], frame: Frame) -> list[Track]:
        """Returns the track of each face, in the order of the faces."""
        oldest_s = frame.arrived_s - BACK_S_MAX
        self._tracks = [track for track in self._tracks if track.seen_s >= oldest_s]
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
        self._miss(by_number, frame)
        return [self._seen(chosen.get(index), face, frame) for index, face in enumerate(faces)]

    def _miss(self, missing: Container[int], frame: Frame) -> None:
        """Notes which tracks the frame does not show; drops those that left."""
        for track in self._tracks:
            if track.number not in missing:
                track.missing_s = None
                continue
            track.interrupt()
            track.still = None
            if track.missing_s is None:
                track.missing_s = frame.arrived_s
        self._tracks = [
            track
            for track in self._tracks
            if track.missing_s is None or frame.arrived_s - track.missing_s <= GONE_AFTER_S
        ]

    def _seen(self, track: Track | None, face: Face, frame: Frame) -> Track:
        if track is None:
            track = Track(self._next, face.box, frame, frame.arrived_s)
            self._next += 1
            self._tracks = [*self._tracks, track][-TRACKS_MAX:]
        if track.last is None and frame.arrived_s - track.first.arrived_s > UNSEEN_S_MAX:
            track.first = frame  # nobody holds a place in time with a face that cannot be seen
        track.box, track.seen_s, track.taken_s = face.box, frame.arrived_s, frame.captured_s
        return track
