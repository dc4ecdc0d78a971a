"""Virtual persons that act: follow a check-in's challenge, walk past a kiosk, pose for enrolment.

Simulated from stills, see virtual.py. Faces are found with the server's own detector.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from hadir.v1 import checkin_pb2

from benchmarks.virtual import Camera, Pose, VirtualPerson, encode, path
from server.domain.face import Image
from server.domain.pose import yaw_pitch_roll
from server.vision.detector import Detector

# How much closer the face comes when asked to.
CLOSER = 1.45
# Yaws tried, relative to the still, to find those at which the person looks straight and turned.
_YAWS = range(-45, 46, 5)
# A turn that the server cannot take for noise; see TURN_YAW_MIN in domain/challenge.py.
_CLEAR_TURN = 0.16
_STRAIGHT = 0.1
_UNSEEN = 9.0
# Who is asked for a turn longer than a step should take turns further, so many degrees a step.
_FURTHER_DEGREES = 8.0
_STEP = checkin_pb2.ChallengeStep
# Part of a step that is spent on the movement; then the pose is held.
_MOVING = 0.6


def people_in(image: Image, detector: Detector) -> list[VirtualPerson]:
    """Returns a virtual person for each face of an RGB image, from left to right."""
    found = sorted(detector.detect(image), key=lambda face: face.box.left)
    return [VirtualPerson(image, face.landmarks) for face in found]


@dataclass(frozen=True, slots=True)
class Turns:
    """Yaws in degrees, relative to the still, at which the person looks front, left and right."""

    front: float
    left: float
    right: float


def turns_of(person: VirtualPerson, detector: Detector) -> Turns:
    """Finds the turns of a person by what the detector sees; a still is rarely quite frontal."""
    seen = {yaw: _seen_yaw(person, detector, yaw) for yaw in _YAWS}
    # The smallest turn that does: the further from the still, the less believable.
    straight = [yaw for yaw in seen if abs(seen[yaw]) <= _STRAIGHT]
    front = min(straight or seen, key=lambda yaw: abs(yaw) if straight else abs(seen[yaw]))
    left = [y for y in seen if y > front and _CLEAR_TURN <= seen[y] - seen[front] < _UNSEEN / 2]
    right = [y for y in seen if y < front and seen[front] - seen[y] >= _CLEAR_TURN]
    return Turns(front, min(left, default=max(_YAWS)), max(right, default=min(_YAWS)))


def _seen_yaw(person: VirtualPerson, detector: Detector, yaw: float) -> float:
    frame = person.render(Pose(yaw_degrees=yaw), rng=np.random.default_rng(0))
    faces = detector.detect(frame)
    return yaw_pitch_roll(faces[0].landmarks)[0] if faces else _UNSEEN


class Actor:
    """One virtual person before one camera; equal seeds give equal frames."""

    def __init__(
        self,
        person: VirtualPerson,
        detector: Detector,
        *,
        seed: int = 1,
        camera: Camera | None = None,
        flat: bool = False,
    ) -> None:
        self._person = person
        self._rng = np.random.default_rng(seed)
        self._camera = camera or Camera()
        self._flat = flat
        self._turns = turns_of(person, detector)
        self.front = Pose(yaw_degrees=0.0 if flat else self._turns.front)
        self._pose = self.front
        self._from = self.front
        self._step: int | None = None

    @property
    def effort(self) -> float:
        """How far the still must be turned in all, in degrees: the less, the more believable."""
        turns = self._turns
        return 2 * abs(turns.front) + abs(turns.left) + abs(turns.right)

    def reset(self) -> None:
        """Goes back to where a check-in begins: straight before the camera, at rest."""
        self._pose, self._step = self.front, None

    def frame_for(self, step: "checkin_pb2.ChallengeStep | None", progress: float) -> bytes:
        """Returns the next JPEG for a step of a challenge; see benchmarks.phone.FrameSource."""
        if step != self._step:
            self._step, self._from = step, self._pose
        target = self._target(step)
        part = min(1.0, progress / _MOVING)
        turn = target.yaw_degrees - self.front.yaw_degrees
        further = float(np.sign(turn)) * _FURTHER_DEGREES * min(2.0, max(0.0, progress - 1.5))
        self._pose = Pose(
            yaw_degrees=self._from.yaw_degrees * (1 - part) + target.yaw_degrees * part + further,
            pitch_degrees=0.0,
            eye_distance_px=self._from.eye_distance_px * (1 - part) + target.eye_distance_px * part,
        )
        return self.shot(self._pose)

    def shot(self, pose: Pose) -> bytes:
        """Returns a JPEG of a pose, with the small sway that no person is without."""
        sway = self._rng.normal(0.0, 0.6, 2)
        swayed = replace(
            pose,
            yaw_degrees=pose.yaw_degrees + float(sway[0]),
            pitch_degrees=pose.pitch_degrees + float(sway[1]),
        )
        draw = self._person.render_print if self._flat else self._person.render
        return encode(draw(swayed, self._camera, rng=self._rng))

    def enrolment(self) -> Iterator[bytes]:
        """Yields pictures for an enrolment: straight, then turned a little each way."""
        for yaw, pitch, size in (
            (0, 0, 80),
            (12, 0, 80),
            (-12, 0, 82),
            (5, 9, 84),
            (-6, -9, 78),
            (16, 4, 86),
        ):
            yield self.shot(
                replace(
                    self.front,
                    yaw_degrees=self.front.yaw_degrees + yaw,
                    pitch_degrees=pitch,
                    eye_distance_px=size,
                )
            )

    def walk(self, frames: int = 24) -> Iterator[bytes]:
        """Yields a walk-up: comes closer, looks a little left and right, and stays."""
        yaw = self.front.yaw_degrees
        keys = [
            Pose(yaw_degrees=yaw - 8, eye_distance_px=45, center=(0.35, 0.45)),
            Pose(yaw_degrees=yaw + 12, eye_distance_px=70, center=(0.48, 0.45)),
            Pose(yaw_degrees=yaw - 12, eye_distance_px=80, center=(0.5, 0.45)),
            Pose(yaw_degrees=yaw, eye_distance_px=80, center=(0.5, 0.45)),
        ]
        between = max(1, frames // (len(keys) - 1) - 1)
        for pose in path(keys, between):
            yield self.shot(pose)

    def _target(self, step: "checkin_pb2.ChallengeStep | None") -> Pose:
        yaw, size = self.front.yaw_degrees, self.front.eye_distance_px
        if step == _STEP.CHALLENGE_STEP_LEFT:
            return Pose(yaw_degrees=self._turns.left, eye_distance_px=size)
        if step == _STEP.CHALLENGE_STEP_RIGHT:
            return Pose(yaw_degrees=self._turns.right, eye_distance_px=size)
        if step == _STEP.CHALLENGE_STEP_CLOSER:
            return Pose(yaw_degrees=yaw, eye_distance_px=size * CLOSER)
        return self.front
