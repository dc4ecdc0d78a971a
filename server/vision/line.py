"""What waits for the worker threads, and what comes next: frames to look at, faces to embed.

Pure and without a lock; `Pipeline` holds one around it. A step costs a microsecond or two.
"""

import enum
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

# Faces of several streams are embedded together, at most so many, so that the runtimes meet few
# shapes; a frame's faces stay together, and FACES_MAX of the detector fits into the largest bucket.
BUCKETS = (1, 2, 4, 8)
BATCH_MAX = BUCKETS[-1]
# How long faces wait for company while there are frames to look at; never beside an idle thread.
BATCH_WAIT_S = 0.008
# Among people's frames, one turn in so many goes to an empty view: somebody may have come into it.
IDLE_TURN = 8

F = TypeVar("F")
C = TypeVar("C")


class Urgency(enum.Enum):
    """What a frame is for: a person who waits, or a view in which nobody was seen so far."""

    PERSON = "person"
    IDLE = "idle"


class LineFull(Exception):
    """The frame was not taken: as many as are allowed wait already."""


@dataclass(frozen=True, slots=True)
class _Faces(Generic[C]):
    job: C
    count: int
    since_s: float


class Line(Generic[F, C]):
    """Frames and faces that wait. F: a frame's job, C: the job of all faces of a frame."""

    def __init__(self, frames_max: int) -> None:
        self._frames_max = frames_max
        self._frames: dict[Urgency, deque[F]] = {urgency: deque() for urgency in Urgency}
        self._faces: deque[_Faces[C]] = deque()
        self._faces_count = 0
        self._turns = 0

    @property
    def frames_waiting(self) -> int:
        """How many frames wait to be looked at."""
        return sum(len(frames) for frames in self._frames.values())

    def add_frame(self, job: F, urgency: Urgency) -> F | None:
        """Takes a frame. Returns the frame that gives way to it, if one must.

        The oldest view without a person gives way to a person. Raises LineFull.
        """
        given_up = None
        if self.frames_waiting >= self._frames_max:
            idle = self._frames[Urgency.IDLE]
            if urgency is Urgency.IDLE or not idle:
                raise LineFull
            given_up = idle.popleft()
        self._frames[urgency].append(job)
        return given_up

    def add_faces(self, job: C, count: int, now_s: float) -> None:
        """Takes the faces of a frame, 1 to BATCH_MAX."""
        assert 1 <= count <= BATCH_MAX, count
        self._faces.append(_Faces(job, count, now_s))
        self._faces_count += count

    def next_faces(self, now_s: float) -> list[C]:
        """Returns the faces to embed together now; none while waiting for more is better."""
        if not self._faces:
            return []
        waited_s = now_s - self._faces[0].since_s
        if self.frames_waiting and self._faces_count < BATCH_MAX and waited_s < BATCH_WAIT_S:
            return []
        taken = [self._faces.popleft() for _ in range(self._fitting())]
        self._faces_count -= sum(faces.count for faces in taken)
        return [faces.job for faces in taken]

    def _fitting(self) -> int:
        """Returns how many jobs to embed together: those that fill a bucket, without blanks.

        A blank costs as much as a face: three faces are two and one, not four. Where no number of
        jobs fills a bucket, all that fit.
        """
        fitting = filling = total = 0
        for number, faces in enumerate(self._faces, 1):
            total += faces.count
            if total > BATCH_MAX:
                break
            fitting = number
            filling = number if total in BUCKETS else filling
        return filling or fitting

    def next_frame(self) -> F | None:
        """Returns the frame to look at now, people's first, None if none waits."""
        people, idle = self._frames[Urgency.PERSON], self._frames[Urgency.IDLE]
        self._turns += 1
        if idle and (not people or self._turns >= IDLE_TURN):
            self._turns = 0
            return idle.popleft()
        return people.popleft() if people else None

    def clear(self) -> tuple[list[F], list[C]]:
        """Empties the line. Returns what waited."""
        frames = [job for waiting in self._frames.values() for job in waiting]
        faces = [faces.job for faces in self._faces]
        for waiting in self._frames.values():
            waiting.clear()
        self._faces.clear()
        self._faces_count = 0
        return frames, faces


def bucket_of(count: int) -> int:
    """Returns the smallest bucket that holds so many faces, 1 to BATCH_MAX."""
    return next(bucket for bucket in BUCKETS if bucket >= count)
