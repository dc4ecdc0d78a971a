"""Runs the command by itself: `python -m benchmarks.peers --help`."""

import typer

from benchmarks.peers.command import peers

if __name__ == "__main__":
    typer.run(peers)
