"""The command hadir-bench: one subcommand a benchmark, each a function in a module of its own."""

import signal
from types import FrameType

import typer

from benchmarks.accuracy import accuracy
from benchmarks.attendance import attendance
from benchmarks.load import load
from benchmarks.local import ServerFailed
from benchmarks.micro import micro
from benchmarks.peers.command import peers
from benchmarks.pipeline import pipeline
from benchmarks.race import race
from benchmarks.reach import reach
from benchmarks.size import size
from benchmarks.soak import soak
from benchmarks.start import start

app = typer.Typer(
    help="Measures Hadir on this machine. Every report names the machine, commit and settings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for command in (accuracy, attendance, load, micro, peers, pipeline, race, reach, size, soak, start):
    app.command()(command)


def main() -> None:
    """Runs the command line. Ends non-zero, and ends its servers, whatever happens."""
    for asked in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(asked) is not signal.SIG_IGN:  # as nohup leaves SIGHUP
            signal.signal(asked, _end)
    told = ""
    try:
        app()
    except* ServerFailed as failed:  # alone, or out of a group of tasks
        told = str(_first(failed))
    if told:
        raise SystemExit(told)


def _first(failed: BaseException) -> BaseException:
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed


def _end(asked: int, _: FrameType | None) -> None:
    """Ends the command as an error would: what it opened is closed. Once is enough."""
    signal.signal(asked, signal.SIG_IGN)
    raise SystemExit(128 + asked)


if __name__ == "__main__":
    main()
