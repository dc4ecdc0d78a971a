"""SQL of the log of enrolments: who enrolled whom, and how like the earlier face the new one is."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.face import Vector
from server.errors import DataInvalid
from server.storage import enrollments
from server.storage.schema import enrollment_changes, erasures
from server.storage.times import pack
from server.storage.vault import Vault


class Earlier(enum.Enum):
    """What there was of a face before an enrolment."""

    NOTHING = "NOTHING"
    COMPARED = "COMPARED"
    ERASED = "ERASED"
    UNREADABLE = "UNREADABLE"
    OTHER_MODEL = "OTHER_MODEL"


@dataclass(frozen=True, slots=True)
class EnrollmentChange:
    """An entry of the log. actor: account; actor_nip: its person, empty for an account of nobody.

    similarity: of the new mean to the earlier one, None unless COMPARED. threshold: from which on
    both were one person's then. resembles: the NIP of somebody else who looks alike, by the word
    of BKD, and the reason; empty if nobody.
    """

    nip: str
    actor: str
    actor_nip: str
    change_time: datetime
    template_count: int
    earlier: Earlier
    similarity: float | None
    threshold: float
    resembles: str = ""
    reason: str = ""


async def insert_change(connection: AsyncConnection, change: EnrollmentChange) -> None:
    """Appends an enrolment."""
    await connection.execute(
        insert(enrollment_changes).values(
            nip=change.nip,
            actor=change.actor,
            actor_nip=change.actor_nip,
            change_time=pack(change.change_time),
            template_count=change.template_count,
            earlier=change.earlier.value,
            similarity=change.similarity,
            threshold=change.threshold,
            resembles=change.resembles,
            reason=change.reason,
        )
    )


async def earlier_face(
    connection: AsyncConnection, vault: Vault, nip: str, model_version: str
) -> tuple[Earlier, Vector | None]:
    """Returns what there is of an employee's face, with the mean that can be compared."""
    stored = await enrollments.get(connection, nip)
    if stored is None:
        erased = select(erasures.c.sequence).where(erasures.c.nip == nip).limit(1)
        was = (await connection.execute(erased)).first() is not None
        return (Earlier.ERASED if was else Earlier.NOTHING), None
    if stored.model_version != model_version:
        return Earlier.OTHER_MODEL, None
    try:
        templates = await enrollments.templates_of(connection, vault, nip)
    except DataInvalid:
        return Earlier.UNREADABLE, None
    assert templates is not None, "the enrolment is there"
    return Earlier.COMPARED, templates.mean
