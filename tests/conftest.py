"""Faces for every folder of tests: the models once a session, and virtual people made from a still."""

from functools import cache
from importlib import resources

import cv2
import numpy as np
import pytest

from benchmarks.actor import Actor, people_in
from benchmarks.virtual import VirtualPerson
from server import app
from server.vision import pack
from server.vision.session import Runtime

# Six people stand on the still; the fifth shows half a face, which no warp makes whole.
HALF_PROFILE = 4
_STILL = "data/images/t1.jpg"
_SIDE_OF_STILL, _SIDE_OF_FRAMES = 640, 320


class Cast:
    """The people of the tests. Actors are made once, since finding their turns takes a while."""

    def __init__(self) -> None:
        still = cv2.imread(str(resources.files("insightface") / _STILL))
        everyone = people_in(np.ascontiguousarray(still[:, :, ::-1]), _detector(_SIDE_OF_STILL))
        self.people: list[VirtualPerson] = [
            person for index, person in enumerate(everyone) if index != HALF_PROFILE
        ]
        self.detector = _detector(_SIDE_OF_FRAMES)
        self._actors: dict[int, Actor] = {}

    def actor(self, number: int) -> Actor:
        """Returns a person, back at rest; the frames of one session never repeat."""
        if number not in self._actors:
            self._actors[number] = Actor(self.people[number], self.detector, seed=number + 1)
        self._actors[number].reset()
        return self._actors[number]

    def print_of(self, number: int) -> Actor:
        """Returns a flat print of a person."""
        return Actor(self.people[number], self.detector, seed=100 + number, flat=True)


def _detector(side: int):
    return pack.load_pack(
        "default", runtime=Runtime.AUTO, threads=1, detect_side=side
    ).detector


@pytest.fixture(scope="session")
def cast() -> Cast:
    """Five people, numbered from 0."""
    return Cast()


@pytest.fixture(scope="session", autouse=False)
def shared_models():
    """Servers of one session share their models: loading takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "load_pack", cache(pack.load_pack))
        yield
