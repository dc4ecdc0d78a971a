"""Servers in processes of their own, as an operator runs them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.functional.world import Seed, World

# A machine that has to read the models and libraries from a cold disk takes a minute and more.
START_S = 180.0
# Longer than any stop takes that is not stuck; a check-in under way is waited for.
STOP_S = 120.0


class Process:
    """A running server with its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def running(self) -> bool:
        """Whether it has not exited yet."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def lines(self) -> list[str]:
        """Returns the whole lines that it wrote so far."""
        return self._log.read_text().rpartition("\n")[0].splitlines()

    def records(self) -> list[dict[str, Any]]:
        """Returns its log; every line must be JSON."""
        return [json.loads(line) for line in self.lines()]

    async def record(self, event: str) -> dict[str, Any]:
        """Waits for a log line of an event and returns it."""
        async with asyncio.timeout(START_S):
            while True:
                for line in self.lines():
                    if f'"event": "{event}"' in line:
                        return json.loads(line)
                if not self.running:
                    raise AssertionError("\n".join(self.lines()))
                await asyncio.sleep(0.05)

    def stop(self) -> None:
        """Asks it to stop."""
        self._process.send_signal(signal.SIGTERM)

    async def exit_code(self) -> int:
        """Waits until it has exited."""
        async with asyncio.timeout(STOP_S):
            return await self._process.wait()


@asynccontextmanager
async def run_server(
    directory: Path, seed: Seed, cast: Any, *command: str, **settings: str
) -> AsyncIterator[tuple[World, Process]]:
    """Runs `python COMMAND` with the settings of a directory until the end of the block."""
    config, log = directory / "hadir.toml", directory / "log"
    config.write_text('listen = "127.0.0.1:0"\ndatabase = "sqlite:///hadir.db"\n')
    environment = {f"HADIR_{name.upper()}": value for name, value in settings.items()}
    with log.open("wb") as file:
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            *(command or ("-m", "server.main", "run", "--config")),
            str(config),
            stderr=file,
            env={**os.environ, "HADIR_KEY_FILE": str(directory / "hadir.key"), **environment},
        )
    process = Process(started, log)
    try:
        port = (await process.record("serving"))["port"]
        async with AsyncExitStack() as stack:
            yield World(port, directory, seed, cast, stack), process
    finally:
        if process.running:
            started.kill()
            await started.wait()


async def command(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Runs `hadir-server` to its end. Returns exit code, output and errors."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.main",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    async with asyncio.timeout(START_S):
        output, errors = await started.communicate()
    assert started.returncode is not None
    return started.returncode, output.decode(), errors.decode()
