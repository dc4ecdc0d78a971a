"""The command that fetches a checkpoint of the ledger, to be kept elsewhere."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from hadir.v1 import ledger_pb2
from hadir.v1.ledger_pb2_grpc import LedgerServiceStub

from server.ctl.context import Ctl, ctl_of
from server.ctl.help import examples
from server.ctl.texts import Text


def add_to(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(
        epilog=examples(
            "hadirctl checkpoint --out /media/usb/hadir-2026-11-30.txt",
            "hadir-server check --checkpoint /media/usb/hadir-2026-11-30.txt",
            note="Keep checkpoints where who runs the server cannot change them: a mail to the "
            "Inspektorat, a USB stick, a printout. `hadir-server check` then tells whether any "
            "record of before was changed or removed.",
        )
    )(checkpoint)


def checkpoint(
    context: typer.Context,
    *,
    out: Annotated[
        Path | None, typer.Option(help="File for it; it must not exist. The screen if not given.")
    ] = None,
) -> None:
    """Fetch a signed checkpoint of all records, to be kept elsewhere (BKD, operators)."""
    ctl_of(context).run(partial(_checkpoint, out=out))


async def _checkpoint(ctl: Ctl, *, out: Path | None) -> None:
    async with ctl.service(LedgerServiceStub) as (stub, options):
        answer: ledger_pb2.Checkpoint = await stub.GetCheckpoint(
            ledger_pb2.GetCheckpointRequest(), **options
        )
    if out is not None:
        with out.open("x", encoding="utf-8") as file:
            file.write(answer.note)
        ctl.screen.done(answer, Text.SAVED, file=out, size=len(answer.note.encode()))
    elif ctl.screen.as_json:
        ctl.screen.record(answer, {})
    else:
        typer.echo(answer.note, nl=False)
    ctl.screen.note(Text.CHECKPOINT, size=answer.size, key=answer.public_key)
