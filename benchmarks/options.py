"""Options that several commands share, and how they are read."""

import re
from typing import Annotated

import typer

from server.cores import usable_cores

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """Returns a time as people write it, 90s, 30m or 1h, in seconds."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if found is None:
        raise typer.BadParameter(f"{text!r}: write a time as 90s, 30m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def existing(cores: int) -> int:
    """Returns a number of cores if this machine has so many for us."""
    if cores > (usable := usable_cores()):
        raise typer.BadParameter(f"{cores} cores: this machine has {usable} that may be used.")
    return cores


Reaction = Annotated[
    float,
    typer.Option(min=0, max=5, help="Seconds until a person begins a step that is asked for."),
]
ServerCores = Annotated[
    int,
    typer.Option(
        min=1, callback=existing, help="Cores of the server; the client has the others, if any."
    ),
]
