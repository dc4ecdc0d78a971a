"""A server that notes what holds its event loop: started by test_event_loop.py as a process.

Usage: loop_probe.py SETTINGS_FILE
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path

import structlog

from server import logs
from server.app import open_app
from server.settings import load_settings

# Callbacks that took longer are written to standard error by asyncio.
SLOW_S = 0.01


async def serve(file: Path) -> None:
    """Serves until SIGTERM, in debug mode once the server is open."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    async with open_app(load_settings(file)) as app:
        loop.slow_callback_duration = SLOW_S
        loop.set_debug(True)
        structlog.get_logger().info("serving", port=app.server.port)
        await stop.wait()
        loop.set_debug(False)


class _Lines(logging.Handler):
    """Writes asyncio's warnings as lines of the server's own log."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("Executing"):
            handle, took_s = record.args
            structlog.get_logger().info(
                "slow_callback", took_ms=round(took_s * 1e3, 1), handle=str(handle)[:300]
            )


if __name__ == "__main__":
    logs.configure("INFO")
    logging.getLogger("asyncio").addHandler(_Lines())
    asyncio.run(serve(Path(sys.argv[1])))
