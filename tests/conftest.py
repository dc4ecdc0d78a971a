"""Faces for every folder of tests: virtual people made from one still, and models loaded once."""

from functools import cache
from importlib import resources

import cv2
import numpy as np
import pytest
from hypothesis import settings

from benchmarks.actor import Actor, people_in
from benchmarks.virtual import VirtualPerson
from server import app
from server.settings import DETECT_SIDE_PIXELS
from server.vision import pack
from server.vision.detector import Detector
from server.vision.session import Runtime

# Six people stand on the still; the fifth shows half a face, which no warp makes whole.
_STILL = "data/images/t1.jpg"
_HALF_PROFILE = 4
_SIDE_OF_STILL = 640
# How long an example takes is the machine's affair.
settings.register_profile("hadir", deadline=None)
settings.load_profile("hadir")


class Cast:
    """Five people, by number. Their actors are kept, since finding the turns of one takes long."""

    def __init__(self) -> None:
        still = cv2.imread(str(resources.files("insightface") / _STILL))
        everyone = people_in(np.ascontiguousarray(still[:, :, ::-1]), _detector(_SIDE_OF_STILL))
        self.people: list[VirtualPerson] = [
            person for index, person in enumerate(everyone) if index != _HALF_PROFILE
        ]
        self._detector = _detector(DETECT_SIDE_PIXELS)
        self._actors: dict[tuple[int, int, bool], Actor] = {}

    def actor(self, number: int, *, take: int = 0, flat: bool = False) -> Actor:
        """Returns a person (or a print of one) at rest; no two frames of a session are alike.

        Who acts in two places at once needs another take.
        """
        key = (number, take, flat)
        if key not in self._actors:
            seed = 1 + number + 10 * take + 100 * flat
            person = self.people[number]
            self._actors[key] = Actor(person, self._detector, seed=seed, flat=flat)
        self._actors[key].reset()
        return self._actors[key]


def _detector(side: int) -> Detector:
    loaded = pack.load_pack("default", runtime=Runtime.AUTO, detect_side=side)
    return loaded.detector


@pytest.fixture(scope="session")
def cast() -> Cast:
    """The people of the tests."""
    return Cast()


@pytest.fixture(scope="session")
def shared_models():
    """Lets the servers of this process share their models: loading takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "load_pack", cache(pack.load_pack))
        yield
