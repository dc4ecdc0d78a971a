"""A full server: new check-ins are refused early with a hint, running ones are served."""

import asyncio
import time

import pytest
from hadir.client import ApiError
from hadir.v1 import event_pb2
from prometheus_client import REGISTRY

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

IN = event_pb2.EVENT_KIND_IN
# A refusal reads nothing from the disk; the figure is in the load benchmark.
REFUSAL_S_MAX = 1.0


def shed() -> float:
    """Returns how many check-ins were refused for load so far, as operators see it."""
    return REGISTRY.get_sample_value("hadir_shed_total", {"what": "check_in"}) or 0.0


class Noticed:
    """An actor; `asked` is set once the server wants to see the face."""

    def __init__(self, actor) -> None:
        self.asked = asyncio.Event()
        self._actor = actor

    def frame_for(self, step, progress):
        self.asked.set()
        return self._actor.frame_for(step, progress)


class TestFullServer:
    """One place, and two who want it."""

    async def test_the_second_is_refused_and_the_first_served(self, world, cast, monkeypatch):
        """Early, with a hint when to come back; afterwards there is room again."""
        monkeypatch.setattr("server.services.admission.places_of", lambda *_: 1)
        first, second = await world.phone(0), await world.phone(1)
        admission, before = world.app.services.checkins.admission, shed()
        person = Noticed(cast.actor(0))
        running = asyncio.create_task(first.check_in(IN, world.place(0), person))
        await person.asked.wait()
        began = time.perf_counter()
        with pytest.raises(ApiError) as caught:
            await second.check_in(IN, world.place(1), cast.actor(1))
        took_s, refusal = time.perf_counter() - began, caught.value

        assert ("RESOURCE_EXHAUSTED", "OVERLOADED") == (refusal.code.name, refusal.reason)
        assert refusal.retry_after_s >= 1
        assert took_s < REFUSAL_S_MAX
        assert before + 1 == shed()
        assert (await running).recorded
        assert (await second.check_in(IN, world.place(1), cast.actor(1))).recorded
        assert 0 == admission.open
