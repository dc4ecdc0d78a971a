"""What a server does by itself every now and then: removes what may not stay."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from server.clock import Clock

INTERVAL_S = 3600.0

log = structlog.get_logger()


class Upkeep:
    """Runs named jobs at the start and every hour; each returns how much it removed.

    doubt: why the clock is not believed, by which all of them remove; empty if it is.
    """

    def __init__(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[int]]],
        clock: Clock,
        *,
        doubt: Callable[[], str],
    ) -> None:
        self._jobs = jobs
        self._clock = clock
        self._doubt = doubt
        # Seconds since 1970; 0 until all jobs have succeeded once.
        self.success_time_s = 0.0

    async def run(self) -> None:
        """Runs until it is cancelled; a job that fails is tried again an hour later."""
        while True:
            await self.once()
            await asyncio.sleep(INTERVAL_S)

    async def once(self) -> None:
        """Runs each job once, unless the clock is in doubt."""
        if why := self._doubt():
            log.error("upkeep_skipped", why=why)
            return
        failed = False
        for name, job in self._jobs.items():
            try:
                removed = await job()
            except Exception:  # one job's failure keeps neither the others nor the next hour
                failed = True
                log.exception("upkeep_failed", job=name)
                continue
            if removed:
                log.info("upkeep_done", job=name, removed=removed)
        if not failed:
            self.success_time_s = self._clock.now().timestamp()
