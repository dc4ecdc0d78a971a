"""A server that notes what holds its event loop: started by test_event_loop.py as a process.

Usage: loop_probe.py [DELIBERATE] SETTINGS_FILE

DELIBERATE makes one callback hold the loop, "work" or "sleep": does the probe see it?
"""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from server import logs
from server.app import open_app
from server.settings import load_settings

# Callbacks that worked longer are written to the server's log.
NOTED_S = 0.005
# On the reference machine: as often as this one is slower, as much longer.
DELIBERATE_S = 0.1
# What a piece of work takes on the reference machine, a Zen 4 of 2026 with Python 3.11.
WORK_S = 0.011
WORK_TRIES = 7
# What waits instead of working takes no processor time; it is known by name.
WAITS = {
    "os.fsync",
    "os.system",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "sqlite3.connect",
    "subprocess.Popen",
    "time.sleep",
    "urllib.Request",
}


def slowness() -> float:
    """Returns how many times as long as the reference machine this one works, 1 at least."""
    took_s = []
    for _ in range(WORK_TRIES):
        started = time.thread_time()
        sum(number * number % 7 for number in range(200_000))
        took_s.append(time.thread_time() - started)
    return max(1.0, min(took_s) / WORK_S)


def watch_callbacks() -> None:
    """Times every callback of the loop on the processor, and notes what waits in one.

    The clock is not judged: a busy machine interrupts the loop for longer than any callback works.
    """
    run = asyncio.Handle._run
    log = structlog.get_logger()
    loop_thread, waits = threading.get_ident(), []

    def told(event: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def telling(*arguments: Any) -> Any:
            heard(event, arguments)
            return call(*arguments)

        return telling

    def heard(event: str, _: tuple[Any, ...]) -> None:
        if event in WAITS and threading.get_ident() == loop_thread:
            waits.append(event)

    def timed(handle: asyncio.Handle) -> None:
        waits.clear()
        started, used = time.perf_counter(), time.thread_time()
        run(handle)
        used_s, took_s = time.thread_time() - used, time.perf_counter() - started
        if used_s > NOTED_S or waits:
            log.info(
                "callback",
                took_ms=round(took_s * 1e3, 1),
                used_ms=round(used_s * 1e3, 1),
                waits=list(waits),
                handle=repr(handle)[:300],
            )

    sys.addaudithook(heard)
    # Python 3.11 tells its audit hooks of neither.
    os.fsync, time.sleep = told("os.fsync", os.fsync), told("time.sleep", time.sleep)
    asyncio.Handle._run = timed


def hold(how: str, seconds: float) -> None:
    """Does in a callback what none may do."""
    if how == "sleep":
        time.sleep(seconds)
    end = time.thread_time() + seconds
    while how == "work" and time.thread_time() < end:
        pass


async def serve(file: Path, deliberate: str) -> None:
    """Serves until SIGTERM; callbacks are timed from when the server is open."""
    stop, loop, slower = asyncio.Event(), asyncio.get_running_loop(), slowness()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    async with open_app(load_settings(file)) as app:
        watch_callbacks()
        structlog.get_logger().info("speed", slowness=slower)
        structlog.get_logger().info("serving", port=app.server.port)
        loop.call_soon(hold, deliberate, DELIBERATE_S * slower)
        await stop.wait()


if __name__ == "__main__":
    logs.configure("INFO")
    asyncio.run(serve(Path(sys.argv[-1]), sys.argv[1] if len(sys.argv) > 2 else ""))
