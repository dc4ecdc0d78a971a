"""The command hadir-bench: one subcommand a benchmark, each a function in a module of its own."""

import typer

from benchmarks.accuracy import accuracy
from benchmarks.attendance import attendance
from benchmarks.load import load
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
    """Runs the command line."""
    app()


if __name__ == "__main__":
    main()
