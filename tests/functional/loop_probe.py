"""A server that notes what holds its event loop: started by test_event_loop.py as a process.

Usage: loop_probe.py SETTINGS_FILE
"""

import asyncio
import signal
import sys
import time
from pathlib import Path

import structlog

from server import logs
from server.app import open_app
from server.settings import load_settings

# Callbacks that took longer are written to the server's log.
NOTED_S = 0.005


def watch_callbacks() -> None:
    """Times every callback of the loop: as the clock sees it, and the time on the processor."""
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        started, used = time.perf_counter(), time.thread_time()
        run(handle)
        took_s, used_s = time.perf_counter() - started, time.thread_time() - used
        if took_s > NOTED_S:
            structlog.get_logger().info(
                "callback",
                took_ms=round(took_s * 1e3, 1),
                used_ms=round(used_s * 1e3, 1),
                handle=repr(handle)[:300],
            )

    asyncio.Handle._run = timed


async def serve(file: Path) -> None:
    """Serves until SIGTERM; callbacks are timed from when the server is open."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_app(load_settings(file)) as app:
        watch_callbacks()
        structlog.get_logger().info("serving", port=app.server.port)
        await stop.wait()


if __name__ == "__main__":
    logs.configure("INFO")
    asyncio.run(serve(Path(sys.argv[1])))
