"""What a server does by itself goes on, whatever of it fails, and shows when it last succeeded."""

import asyncio

from prometheus_client import REGISTRY

from server import app as server_app
from server.clock import SystemClock
from server.services.upkeep import Upkeep


class TestAgain:
    """A task that nobody waits for."""

    async def test_is_begun_again(self, monkeypatch) -> None:
        """Each failure is counted; a cancellation ends it."""
        monkeypatch.setattr(server_app, "AGAIN_S", 0.0)
        tries, runs, labels = [], asyncio.Event(), {"task": "some-task"}

        async def work() -> None:
            tries.append(None)
            if len(tries) < 3:
                raise ZeroDivisionError
            runs.set()
            await asyncio.sleep(3600)

        task = asyncio.create_task(server_app._again("some-task", work))
        await asyncio.wait_for(runs.wait(), 30)
        task.cancel()
        await asyncio.wait({task})

        assert task.cancelled()
        assert 2 == REGISTRY.get_sample_value("hadir_task_failures_total", labels)


class TestSuccess:
    """When all of the upkeep was last done."""

    async def test_counts_if_no_job_failed(self) -> None:
        """One that fails keeps no other from its work, and the time where it was."""
        clock, done = SystemClock(), []

        async def good() -> int:
            done.append("good")
            return 1

        async def bad() -> int:
            if len(done) < 2:
                raise OSError("no room")
            return 0

        upkeep = Upkeep({"bad": bad, "good": good}, clock, doubt=str)
        await upkeep.once()
        await upkeep.once()
        failed_s, now_s = upkeep.success_time_s, clock.now().timestamp()
        await upkeep.once()

        assert ["good"] * 3 == done
        assert 0.0 == failed_s
        assert now_s <= upkeep.success_time_s <= clock.now().timestamp()
