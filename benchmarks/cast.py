"""Who plays in the demo: the six of the group photo, folders of photos, or who is at a camera."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from hadir.v1 import checkin_pb2
from rich.console import Console

from benchmarks.actor import Actor, people_in
from kiosk_client.camera import Source, encode, open_source
from server.domain.face import Image
from server.settings import DETECT_SIDE_PIXELS
from server.vision.detector import Detector
from server.vision.pack import load_pack
from server.vision.session import Runtime

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
CAMERA_FPS = 10
CAMERA_ENROLMENT_FRAMES = 60
CAMERA_WALK_FRAMES = 80
# Faces of a group photo are small in it: looked for in more pixels than a phone's frame.
_PHOTO_SIDE = 960


class Player(Protocol):
    """Somebody before a camera, real or simulated."""

    def enrolment(self) -> Iterator[bytes]:
        """Yields pictures for an enrolment."""

    def reset(self) -> None:
        """Gets ready for a check-in."""

    def frame_for(self, step: "checkin_pb2.ChallengeStep | None", progress: float) -> bytes:
        """Returns the next JPEG for a step of a challenge."""

    def walk(self, frames: int = 24) -> Iterator[bytes]:
        """Yields a walk-up to a kiosk."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Staff who are enrolled, a stranger who is not, and what to say about where they come from."""

    staff: list[Player]
    stranger: Player | None
    note: str


class PhotoPlayer:
    """Enrolled from several real photos; moves as a virtual person made of the first."""

    def __init__(self, photos: list[Image], actor: Actor) -> None:
        self._photos = photos
        self._actor = actor

    def enrolment(self) -> Iterator[bytes]:
        """Yields the photos as they are."""
        for photo in self._photos:
            yield encode(np.ascontiguousarray(photo[:, :, ::-1]))

    def reset(self) -> None:
        """See Actor."""
        self._actor.reset()

    def frame_for(self, step: "checkin_pb2.ChallengeStep | None", progress: float) -> bytes:
        """See Actor."""
        return self._actor.frame_for(step, progress)

    def walk(self, frames: int = 24) -> Iterator[bytes]:
        """See Actor."""
        return self._actor.walk(frames)


class CameraPlayer:
    """Whoever is before a real camera; the console says what to do."""

    def __init__(self, source: Source, console: Console) -> None:
        self._source = source
        self._console = console
        self._asked: int | None = None

    def enrolment(self) -> Iterator[bytes]:
        """Yields pictures of the camera."""
        self._console.print("  Look at the camera and move your head a little each way.")
        for _ in range(CAMERA_ENROLMENT_FRAMES):
            yield self._shot()

    def reset(self) -> None:
        """Forgets what was asked last."""
        self._asked = None

    def frame_for(self, step: "checkin_pb2.ChallengeStep | None", progress: float) -> bytes:
        """Returns the next picture; says each step once."""
        del progress
        if step is not None and step != self._asked:
            name = checkin_pb2.ChallengeStep.Name(step).removeprefix("CHALLENGE_STEP_")
            self._console.print(f"  -> [bold]{name}[/]")
        self._asked = step
        return self._shot()

    def walk(self, frames: int = 24) -> Iterator[bytes]:
        """Yields pictures of the camera for some seconds."""
        self._console.print("  Walk up to the camera and turn your head slightly.")
        for _ in range(max(frames, CAMERA_WALK_FRAMES)):
            yield self._shot()

    def _shot(self) -> bytes:
        shot = self._source.read()
        if shot is None:
            raise SystemExit("The camera gives no pictures any more.")
        return shot.jpeg


def group_photo() -> Cast:
    """The six people of the photo inside the insightface package; a stranger from another."""
    images = resources.files("insightface") / "data" / "images"
    photo = _read(Path(str(images / "t1.jpg")))
    other = _padded(_read(Path(str(images / "Tom_Hanks_54745.png"))))
    frames = _detector(DETECT_SIDE_PIXELS)
    staff = [
        Actor(person, frames, seed=seed)
        for seed, person in enumerate(people_in(photo, _detector(_PHOTO_SIDE)), 1)
    ]
    stranger = Actor(people_in(other, frames)[0], frames, seed=99)
    staff.sort(key=lambda actor: actor.effort)
    return Cast(
        list(staff),
        stranger,
        "Real photographed faces, moved by simulation: each person is one still (the group photo "
        "inside the insightface package), warped as a head that turns.",
    )


def folders(directory: Path) -> Cast:
    """One folder a person, several photos each; the last person stays a stranger."""
    found = _detector(_PHOTO_SIDE)
    frames = _detector(DETECT_SIDE_PIXELS)
    players: list[Player] = []
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
        photos = [_read(path) for path in files]
        people = [person for photo in photos[:1] for person in people_in(photo, found)]
        if people:
            players.append(PhotoPlayer(photos, Actor(people[0], frames, seed=len(players))))
    if len(players) < 2:
        raise SystemExit(f"{directory} needs at least 2 folders, each with photos of one person.")
    return Cast(
        players[:-1],
        players[-1],
        f"People from {directory}: enrolled from their photos; at the phone and the kiosk each "
        "is the first photo, moved by simulation.",
    )


def camera(source: str, console: Console) -> Cast:
    """Whoever is at a camera: a number, or a source as hadir-kiosk takes it."""
    name = f"camera:{source}" if source.isdigit() else source
    player = CameraPlayer(open_source(name, frames_per_second=CAMERA_FPS, loop=True), console)
    return Cast([player], None, f"The person at {name}: nothing is simulated.")


def _detector(side: int) -> Detector:
    return load_pack("default", runtime=Runtime.AUTO, detect_side=side).detector


def _read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path} is no picture.")
    return np.ascontiguousarray(image[:, :, ::-1])


def _padded(image: Image) -> Image:
    """Puts grey around a tight crop, so that the detector sees a whole head."""
    height, width = image.shape[:2]
    around = np.full((height * 2, width * 2, 3), 128, np.uint8)
    around[height // 2 : height // 2 + height, width // 2 : width // 2 + width] = image
    return around
