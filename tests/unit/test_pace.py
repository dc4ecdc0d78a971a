"""A client's pace: when the next frame may go."""

import asyncio

import pytest

from kiosk_client.duplex import Pace

pytestmark = pytest.mark.asyncio


async def _waited_s(pace: Pace) -> float:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert await pace.turn()
    return loop.time() - began_s


class TestPace:
    """Not before its time, and not while too many await an answer."""

    async def test_the_first_goes_at_once(self):
        """Nothing was sent before."""
        first = asyncio.create_task(Pace(0.001).turn())
        await asyncio.sleep(0)

        assert first.done()
        assert first.result()

    async def test_asked_for(self):
        """So long after the frame that was answered, however long the answer took."""
        pace, loop = Pace(100.0), asyncio.get_running_loop()
        began_s = loop.time()
        await pace.turn()
        waiting = asyncio.create_task(_waited_s(pace))
        await asyncio.sleep(0)
        pace.answered(asked_s=0.3)
        await waiting

        assert loop.time() - began_s >= 0.29

    async def test_asked_for_until_the_next_answer(self):
        """Also the frame that goes before it: otherwise every second one would come unasked."""
        pace, loop = Pace(100.0), asyncio.get_running_loop()
        began_s = loop.time()
        await pace.turn()
        pace.answered(asked_s=0.2)
        for _ in range(2):
            await pace.turn()

        assert loop.time() - began_s >= 0.39

    async def test_a_shorter_wish_hurries_nobody(self):
        """The own pace holds, whatever the server has room for."""
        pace = Pace(5.0)
        await pace.turn()
        pace.answered(asked_s=0.01)

        assert await _waited_s(pace) >= 0.19

    async def test_two_on_their_way(self):
        """The third goes with the first answer, however long that takes."""
        pace = Pace(1000.0)
        for _ in range(2):
            await pace.turn()
        third = asyncio.create_task(pace.turn())
        await asyncio.sleep(0.05)
        assert not third.done()
        pace.answered()

        assert await third

    async def test_stopped(self):
        """No frame goes any more, and nobody waits for one."""
        pace = Pace(0.001)
        await pace.turn()
        waiting = asyncio.create_task(pace.turn())
        await asyncio.sleep(0)
        pace.stop()

        assert not await waiting
