"""A peer in a process of its own, on one core, and the environment of face_recognition."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.embedding import Embedded
from benchmarks.peers.figures import (
    WARM_UP_SECONDS,
    PeerFailed,
    Run,
    parse_report,
    parse_run,
)
from server.vision.embedder import unit

_HERE = Path(__file__).resolve().parent
# face_recognition names dlib as a source package, which needs a compiler: dlib-bin is the same,
# built. Its models still ask for pkg_resources, which later versions of setuptools lack.
FACE_RECOGNITION = (
    "face_recognition==1.3.0",
    "face_recognition_models==0.3.0",
    "dlib-bin==20.0.1.post1",
    "click",
    "numpy",
    "Pillow",
    "setuptools<81",
)
INSTALL_SECONDS_MAX = 900
STOP_SECONDS_MAX = 10
# Libraries that count cores by the machine are told what the affinity says.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """Keeps this thread, and processes and threads that it starts, to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def peak_memory_mb(pid: int) -> float:
    """Returns the most memory that a process had resident, in MB.

    Not getrusage's figure: that one begins with the memory of the process that started it.
    """
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6


class PeerProcess:
    """A worker.py at work. Close it to end it."""

    def __init__(self, python: Path, with_file: str, folder: Path, core: int) -> None:
        self._log = folder / f"{with_file}.log"
        self._vectors = folder / f"{with_file}.npy"
        command = [python, "-P", _HERE / "worker.py", _HERE / with_file]
        with pinned(core), self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own script
                [*map(str, command), str(folder / "models"), str(folder / "frames")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **ONE_THREAD},
            )
        self.runs_with = ""

    def __enter__(self) -> Self:
        self.runs_with = str(self._report()["with"])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS_MAX)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def peak_memory_mb(self) -> float:
        """See peak_memory_mb."""
        return peak_memory_mb(self._process.pid)

    def measure(self, seconds: float) -> Run:
        """Runs one round after its warm-up. Raises PeerFailed."""
        order = {"do": "measure", "seconds": seconds, "warm_up_seconds": WARM_UP_SECONDS}
        return parse_run(self._ask(order))

    def embed(self, images: dict[str, Path]) -> Embedded:
        """Embeds the central face of images. Raises PeerFailed."""
        files = [str(file.resolve()) for file in images.values()]
        self._ask({"do": "embed", "images": files, "file": str(self._vectors)})
        rows = unit(np.load(self._vectors))
        vectors = {name: row for name, row in zip(images, rows, strict=True) if row.any()}
        return Embedded(vectors, tuple(name for name in images if name not in vectors))

    def _ask(self, order: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self._report()

    def _report(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return parse_report(line)

    def _ended(self) -> PeerFailed:
        return PeerFailed(f"its process ended: {_last_line(self._log.read_text(errors='replace'))}")


def python_of(*, own_environment: bool) -> Path:
    """Returns the interpreter of a peer: this one, or face_recognition's. Raises PeerFailed.

    face_recognition's environment is made on the first call. It lies in the user's cache, and may
    be deleted.
    """
    if not own_environment:
        return Path(sys.executable)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "hadir-bench" / "peers" / "face_recognition"
    python = folder / "bin" / "python"
    check: list[str | Path] = [python, "-c", "import face_recognition"]
    if python.exists() and _succeeds(check):
        return python
    _run([sys.executable, "-m", "venv", "--clear", folder])
    _run([python, "-m", "pip", "install", "--quiet", "--no-deps", *FACE_RECOGNITION])
    _run(check)
    return python


def _succeeds(command: Sequence[str | Path]) -> bool:
    try:
        _run(command)
    except PeerFailed:
        return False
    return True


def _run(command: Sequence[str | Path]) -> None:
    try:
        subprocess.run(  # noqa: S603  fixed commands
            [str(part) for part in command],
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
        )
    except subprocess.CalledProcessError as error:
        raise PeerFailed(f"cannot be installed: {_last_line(error.stderr)}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerFailed(f"cannot be installed: {error}") from error


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "without a word"
