"""A real server process for demos and benchmarks: made in a folder, started, awaited, stopped.

A server that has ended is told from one that is slow: who waits for it is told at once.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hadir.client import Client, Endpoint

from benchmarks.peers.process import peak_memory_mb

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
LOG_LINES_TOLD = 8
_SERVER = (sys.executable, "-m", "server.main")


class ServerFailed(Exception):
    """The server did not start, or ended by itself; the message says where its log is."""


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A running server: its address, its folder, its process."""

    address: str
    directory: Path
    process: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        """Of its process."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def check(self) -> None:
        """Raises ServerFailed if the process has ended."""
        if not self.running:
            ended = f"The server ended by itself, with code {self.process.returncode}"
            raise ServerFailed(f"{ended}; {told(self.directory / 'server.log')}")

    async def serving(self) -> float:
        """Waits until it serves. Returns after how many seconds. Raises ServerFailed."""
        return await wait_until_serving(self.address, check=self.check)

    @property
    def password(self) -> str:
        """Of the account `bkd`."""
        return (self.directory / "bkd-password").read_text().rstrip("\n")

    def cpu_s(self) -> float:
        """Returns the processor time that the process used so far, in seconds."""
        return _cpu_s(Path(f"/proc/{self.pid}/stat"))

    def loop_cpu_s(self) -> float:
        """Returns the processor time of its first thread, which runs the event loop, in seconds."""
        return _cpu_s(Path(f"/proc/{self.pid}/task/{self.pid}/stat"))

    def memory_mb(self) -> float:
        """Returns its resident memory in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def forget_peak(self) -> None:
        """Lets memory_peak_mb begin anew with what is resident now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def memory_peak_mb(self) -> float:
        """Returns the most memory that was resident since forget_peak, in MB."""
        return peak_memory_mb(self.pid)

    def threads(self) -> int:
        """Returns how many threads it has."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def descriptors(self) -> int:
        """Returns how many files, sockets and the like it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


def make_folder(directory: Path) -> None:
    """Makes a fresh folder with settings, key, database and a BKD account. Exits if not ours."""
    if directory.exists():
        if directory.is_dir() and any(directory.iterdir()) and not _is_ours(directory):
            raise SystemExit(f"{directory} is not a demo's folder; choose another with --dir.")
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    password = directory / "bkd-password"
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(12) + "\n")
    subprocess.run(  # noqa: S603  our own server, from this very environment
        [*_SERVER, "init", str(directory), "--password-file", str(password)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    config = directory / "hadir.toml"
    config.write_text(config.read_text().replace("127.0.0.1:50051", f"127.0.0.1:{free_port()}"))


@contextmanager
def running(
    directory: Path, settings: Mapping[str, str] | None = None, cores: set[int] | None = None
) -> Iterator[LocalServer]:
    """Runs `hadir-server` on a folder of make_folder, with HADIR_* settings, on some cores."""
    config = directory / "hadir.toml"
    environment = {f"HADIR_{name.upper()}": value for name, value in (settings or {}).items()}
    before = os.sched_getaffinity(0)
    with (directory / "server.log").open("a") as log:
        try:
            os.sched_setaffinity(0, cores or before)  # the child begins with the same
            process = subprocess.Popen(  # noqa: S603  as above
                [*_SERVER, "run", "--config", str(config)],
                stderr=log,
                env={**os.environ, **environment},
                # Ctrl-C is for the benchmark, which ends the server in its own time.
                process_group=0,
            )
        finally:
            os.sched_setaffinity(0, before)
        try:
            yield LocalServer(_address_in(config), directory, process)
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes], seconds_max: float = STOP_SECONDS_MAX) -> None:
    """Asks a process to end, and kills it where it does not, or where nobody waits for it."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=seconds_max)
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"The server did not stop within {seconds_max:g} s and was killed.\n")
    finally:
        process.kill()  # of one that has ended: nothing
        process.wait()


def told(log: Path) -> str:
    """Returns where a log is, of its path the last parts, with its last lines."""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_TOLD:] if log.exists() else []
    return f"see {log.parent.name}/{log.name}" + (
        ":\n" + "\n".join(lines) if lines else ", which is empty."
    )


async def wait_until_serving(address: str, *, check: Callable[[], None] = lambda: None) -> float:
    """Waits for the health service. Returns after how many seconds it served.

    check: raises where there is nothing to wait for any more. Exits if it never serves.
    """
    started = time.perf_counter()
    # Else a channel that could not connect for half a minute waits up to 15 s more.
    eager = [(f"grpc.{which}_reconnect_backoff_ms", 100) for which in ("initial", "min", "max")]
    async with grpc.aio.insecure_channel(address, eager) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        while True:
            try:
                await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
                return time.perf_counter() - started
            except grpc.aio.AioRpcError:
                check()
                if time.perf_counter() - started > START_SECONDS_MAX:
                    raise SystemExit("The server did not start; see server.log.") from None
                await asyncio.sleep(0.1)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    """Opens a client that speaks Indonesian."""
    async with Client(Endpoint(address, language="id")) as client:
        yield client


def _cpu_s(stat: Path) -> float:
    """Returns the processor time of a process or thread by its line in /proc, in seconds."""
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _address_in(config: Path) -> str:
    line = next(line for line in config.read_text().splitlines() if line.startswith("listen"))
    return line.split('"')[1]


def _is_ours(directory: Path) -> bool:
    return (directory / "hadir.toml").is_file() and (directory / "bkd-password").is_file()


def free_port() -> int:
    """Returns a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
