"""SQL of enrolments: sealed templates and images, and their erasure with proof.

A value is sealed for its enrolment, its row and its model version, so rows cannot be swapped.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from ulid import ULID

from server.domain.face import Vector
from server.domain.model import Consent, EmployeeState
from server.errors import DataInvalid
from server.storage.schema import (
    employees,
    enrollment_images,
    enrollments,
    erasures,
    templates,
    units,
)
from server.storage.times import pack, unpack
from server.storage.vault import Vault

# Opening the sealed rows of one fetch takes some 5 ms of the event loop.
_ROWS_A_FETCH = 100


@dataclass(frozen=True, slots=True)
class Templates:
    """The face of an employee: unit vectors of each image (n x d) and their normalised mean (d)."""

    nip: str
    site_id: str
    singles: Vector
    mean: Vector


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What is stored of an employee's face, without the face."""

    nip: str
    template_count: int
    model_version: str
    consent: Consent
    actor: str
    create_time: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """Proof of an erasure: counts and the SHA-256 over the sealed rows in the order of ids."""

    template_count: int
    image_count: int
    digest: bytes
    erase_time: datetime


async def put(
    connection: AsyncConnection,
    vault: Vault,
    enrollment: Enrollment,
    *,
    singles: Vector,
    mean: Vector,
    images: Sequence[bytes],
) -> None:
    """Stores an enrolment in place of an earlier one. singles: n x d, mean: d, images: PNG."""
    nip, version = enrollment.nip, enrollment.model_version
    await _delete_rows(connection, nip)
    cipher, wrapped = vault.new_key(nip)
    await connection.execute(
        insert(enrollments).values(
            nip=nip,
            wrapped_key=wrapped,
            model_version=version,
            notice_version=enrollment.consent.notice_version,
            confirm_time=pack(enrollment.consent.confirm_time),
            actor=enrollment.actor,
            create_time=pack(enrollment.create_time),
        )
    )
    vectors = [("SINGLE", vector) for vector in singles] + [("MEAN", mean)]
    rows = []
    for kind, vector in vectors:
        row_id = str(ULID())
        sealed = cipher.seal(_packed(vector), _owner(nip, row_id, version))
        rows.append({"template_id": row_id, "nip": nip, "kind": kind, "vector": sealed})
    await connection.execute(insert(templates), rows)
    shots = []
    for image in images:
        row_id = str(ULID())
        sealed = cipher.seal(image, _owner(nip, row_id, "image"))
        shots.append({"image_id": row_id, "nip": nip, "image": sealed})
    await connection.execute(insert(enrollment_images), shots)


async def get(connection: AsyncConnection, nip: str) -> Enrollment | None:
    """Returns what is stored of an employee's face."""
    row = (await connection.execute(select(enrollments).where(enrollments.c.nip == nip))).first()
    if row is None:
        return None
    count = await connection.scalar(
        select(func.count())
        .select_from(templates)
        .where(and_(templates.c.nip == nip, templates.c.kind == "SINGLE"))
    )
    return Enrollment(
        nip=nip,
        template_count=int(count or 0),
        model_version=row.model_version,
        consent=Consent(row.notice_version, unpack(row.confirm_time)),
        actor=row.actor,
        create_time=unpack(row.create_time),
    )


async def erase(
    connection: AsyncConnection, nip: str, *, reason: str, actor: str, now: datetime
) -> Erasure | None:
    """Deletes the key, templates and images of an employee and records that it happened."""
    digest = hashlib.sha256()
    counts = []
    for table, key, value in (
        (templates, templates.c.template_id, templates.c.vector),
        (enrollment_images, enrollment_images.c.image_id, enrollment_images.c.image),
    ):
        rows = await connection.execute(select(value).where(table.c.nip == nip).order_by(key))
        sealed = list(rows.scalars())
        counts.append(len(sealed))
        for content in sealed:
            digest.update(content)
    if not await _delete_rows(connection, nip):
        return None
    erasure = Erasure(counts[0], counts[1], digest.digest(), now)
    await connection.execute(
        insert(erasures).values(
            nip=nip,
            reason=reason,
            actor=actor,
            erase_time=pack(now),
            template_count=erasure.template_count,
            image_count=erasure.image_count,
            digest=erasure.digest,
        )
    )
    return erasure


async def stream_templates(
    connection: AsyncConnection, vault: Vault, model_version: str
) -> AsyncIterator[Templates]:
    """Yields the faces of all active employees that this model version made, by NIP."""
    after = ""
    while True:
        rows = await _enrolled_after(connection, model_version, after)
        for nip, site_id, wrapped, sealed in rows:
            cipher = vault.open_key(wrapped, nip)
            opened: dict[str, list[bytes]] = {"SINGLE": [], "MEAN": []}
            for row_id, kind, content in sealed:
                opened[kind].append(cipher.open(content, _owner(nip, row_id, model_version)))
            if not opened["SINGLE"] or len(opened["MEAN"]) != 1:
                raise DataInvalid("templates of an enrolment are missing", nip=nip)
            # One array for all: this runs for everybody at every start.
            vectors = np.frombuffer(b"".join((*opened["MEAN"], *opened["SINGLE"])), "<f4")
            vectors = vectors.reshape(len(sealed), -1)
            yield Templates(nip, site_id, vectors[1:], vectors[0])
        if not rows:
            return
        after = rows[-1][0]


async def images(connection: AsyncConnection, vault: Vault, nip: str) -> list[bytes]:
    """Returns the enrolment crops (PNG) of an employee, to re-embed them by a new model."""
    wrapped = await connection.scalar(
        select(enrollments.c.wrapped_key).where(enrollments.c.nip == nip)
    )
    if wrapped is None:
        return []
    cipher = vault.open_key(wrapped, nip)
    rows = await connection.execute(
        select(enrollment_images)
        .where(enrollment_images.c.nip == nip)
        .order_by(enrollment_images.c.image_id)
    )
    return [cipher.open(row.image, _owner(nip, row.image_id, "image")) for row in rows]


async def count_outdated(connection: AsyncConnection, model_version: str) -> int:
    """Returns how many enrolments another model version made."""
    statement = (
        select(func.count())
        .select_from(enrollments)
        .where(enrollments.c.model_version != model_version)
    )
    return (await connection.execute(statement)).scalar_one()


async def outdated(connection: AsyncConnection, model_version: str) -> list[Enrollment]:
    """Returns the enrolments that another model version made, by NIP."""
    statement = (
        select(enrollments.c.nip)
        .where(enrollments.c.model_version != model_version)
        .order_by(enrollments.c.nip)
    )
    nips = list((await connection.execute(statement)).scalars())
    found = [await get(connection, nip) for nip in nips]
    return [item for item in found if item is not None]


async def _enrolled_after(
    connection: AsyncConnection, model_version: str, after: str
) -> list[tuple[str, str, bytes, list[tuple[str, str, bytes]]]]:
    heads = await connection.execute(
        select(
            enrollments.c.nip,
            enrollments.c.wrapped_key,
            func.coalesce(employees.c.site_id, units.c.site_id, "").label("site_id"),
        )
        .join(employees, employees.c.nip == enrollments.c.nip)
        .join(units, units.c.unit_id == employees.c.unit_id)
        .where(
            and_(
                enrollments.c.model_version == model_version,
                enrollments.c.nip > after,
                employees.c.state == EmployeeState.ACTIVE.value,
            )
        )
        .order_by(enrollments.c.nip)
        .limit(_ROWS_A_FETCH)
    )
    people = {row.nip: (row.site_id, row.wrapped_key) for row in heads.all()}
    if not people:
        return []
    first, last = min(people), max(people)
    sealed: dict[str, list[tuple[str, str, bytes]]] = {nip: [] for nip in people}
    rows = await connection.execute(
        select(templates.c.template_id, templates.c.nip, templates.c.kind, templates.c.vector)
        .where(and_(templates.c.nip >= first, templates.c.nip <= last))
        .order_by(templates.c.template_id)
    )
    for row_id, nip, kind, vector in rows.all():
        if nip in sealed:
            sealed[nip].append((row_id, kind, vector))
    return [(nip, site, key, sealed[nip]) for nip, (site, key) in people.items()]


async def _delete_rows(connection: AsyncConnection, nip: str) -> bool:
    for table in (templates, enrollment_images):
        await connection.execute(delete(table).where(table.c.nip == nip))
    result = await connection.execute(delete(enrollments).where(enrollments.c.nip == nip))
    return result.rowcount == 1


def _packed(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, "<f4").tobytes()


def _owner(nip: str, row_id: str, version: str) -> str:
    return f"face|{nip}|{row_id}|{version}"
