"""What the garbage collector leaves alone."""

import asyncio
import gc

import pytest

from server import memory

pytestmark = pytest.mark.asyncio


class TestReadsMuch:
    """While much is read the collector begins no round."""

    async def test_until_all_are_done(self):
        """Two at once: until the later one ends."""
        ends = asyncio.Event(), asyncio.Event()

        @memory.reads_much
        async def report(end: asyncio.Event) -> bool:
            await end.wait()
            return gc.isenabled()

        first, second = (asyncio.create_task(report(end)) for end in ends)
        await asyncio.sleep(0)
        ends[0].set()
        assert await first is False
        assert not gc.isenabled()
        ends[1].set()
        assert await second is False
        assert gc.isenabled()

    @pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
    async def test_however_it_ends(self, error):
        """Failed or cancelled."""

        @memory.reads_much
        async def report() -> None:
            raise error

        with pytest.raises(error):
            await report()
        assert gc.isenabled()

    async def test_what_was_read_is_let_go_before(self):
        """Else the first round would go over all of it."""
        alive_at_the_end = []

        class Material:
            def __del__(self) -> None:
                alive_at_the_end.append(gc.isenabled())

        @memory.reads_much
        async def report() -> int:
            material = Material()
            await asyncio.sleep(0)
            return len(vars(material))

        await report()
        assert [False] == alive_at_the_end
