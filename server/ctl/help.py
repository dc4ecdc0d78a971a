"""What the help of the commands has in common: names of arguments, and examples at the end."""

from typing import Annotated

import typer

Nip = Annotated[str, typer.Argument(metavar="NIP", help="18 digits.")]
Username = Annotated[str, typer.Argument(metavar="USER", help="Name of the account.")]
UnitId = Annotated[str, typer.Argument(metavar="UNIT", help="Id of the unit.")]
UnitOrAll = Annotated[
    str, typer.Argument(metavar="UNIT", help="Id of the unit; '' for all that you may see.")
]
SiteId = Annotated[str, typer.Argument(metavar="SITE", help="Id of the site.")]
DeviceId = Annotated[str, typer.Argument(metavar="DEVICE", help="Id of the device.")]


def examples(*lines: str, note: str = "") -> str:
    """Return the epilog of a command. Blank lines keep the examples on lines of their own."""
    shown = [f"[dim]$[/] [cyan]{line}[/]" for line in lines]
    return "\n\n".join(["[bold]Examples[/]", *shown, *([note] if note else [])])
