"""SQL of enrolments: sealed templates and images, and their erasure with proof.

A value is sealed for its enrolment, its row and its model version, so rows cannot be swapped.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import and_, bindparam, delete, func, insert, select
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
from server.storage.vault import Cipher, Vault

# Opening the sealed rows of one fetch takes some 3 ms of the event loop.
_ROWS_A_FETCH = 250
_MEANS = (
    select(
        enrollments.c.nip,
        enrollments.c.wrapped_key,
        func.coalesce(employees.c.site_id, units.c.site_id, ""),
        templates.c.template_id,
        templates.c.vector,
    )
    .join(employees, employees.c.nip == enrollments.c.nip)
    .join(units, units.c.unit_id == employees.c.unit_id)
    .outerjoin(templates, and_(templates.c.nip == enrollments.c.nip, templates.c.kind == "MEAN"))
    .where(
        and_(
            enrollments.c.model_version == bindparam("version"),
            enrollments.c.nip > bindparam("after"),
            employees.c.state == EmployeeState.ACTIVE.value,
        )
    )
    .order_by(enrollments.c.nip)
    .limit(_ROWS_A_FETCH)
)


@dataclass(frozen=True, slots=True)
class Templates:
    """The face of an employee: unit vectors of each image (n x d) and their normalised mean (d)."""

    singles: Vector
    mean: Vector


@dataclass(frozen=True, slots=True)
class Mean:
    """What an employee is recognised by: the mean template (d), and the site of work."""

    nip: str
    site_id: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What is stored of an employee's face, without the face.

    actor_nip: of whoever enrols; it is kept in the log alone.
    """

    nip: str
    template_count: int
    model_version: str
    consent: Consent
    actor: str
    create_time: datetime
    actor_nip: str = ""


@dataclass(frozen=True, slots=True)
class Face:
    """What an enrolment stores: who and how, the templates, the crops they were made of (PNG)."""

    enrollment: Enrollment
    templates: Templates
    images: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Proof of an erasure: counts and the SHA-256 over the sealed rows in the order of ids."""

    template_count: int
    image_count: int
    digest: bytes
    erase_time: datetime


async def put(connection: AsyncConnection, vault: Vault, faces: Sequence[Face]) -> None:
    """Stores enrolments in place of earlier ones of the same people."""
    await _delete_rows(connection, [face.enrollment.nip for face in faces])
    heads, vectors, shots = [], [], []
    for face in faces:
        enrollment, nip = face.enrollment, face.enrollment.nip
        cipher, wrapped = vault.new_key(nip)
        heads.append(
            {
                "nip": nip,
                "wrapped_key": wrapped,
                "model_version": enrollment.model_version,
                "notice_version": enrollment.consent.notice_version,
                "confirm_time": pack(enrollment.consent.confirm_time),
                "actor": enrollment.actor,
                "create_time": pack(enrollment.create_time),
            }
        )
        singles = [("SINGLE", vector) for vector in face.templates.singles]
        for kind, vector in (*singles, ("MEAN", face.templates.mean)):
            row_id = str(ULID())
            sealed = cipher.seal(_packed(vector), _owner(nip, row_id, enrollment.model_version))
            vectors.append({"template_id": row_id, "nip": nip, "kind": kind, "vector": sealed})
        for image in face.images:
            row_id = str(ULID())
            sealed = cipher.seal(image, _owner(nip, row_id, "image"))
            shots.append({"image_id": row_id, "nip": nip, "image": sealed})
    for table, rows in ((enrollments, heads), (templates, vectors), (enrollment_images, shots)):
        if rows:
            await connection.execute(insert(table), rows)


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
    if not await _delete_rows(connection, [nip]):
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


async def stream_means(
    connection: AsyncConnection,
    vault: Vault,
    model_version: str,
    *,
    skip: Callable[[str, str, DataInvalid], None] | None = None,
) -> AsyncIterator[Mean]:
    """Yields the means of all active employees that this model version enrolled, by NIP.

    This runs for everybody at every start. Estimate: 20 us a person. Raises DataInvalid for an
    enrolment without its mean, another key file or changed bytes; if there is one to tell, `skip`
    gets the NIP, the id of the template and the error instead.
    """
    after = ""
    values = {"version": model_version}
    while page := (await connection.execute(_MEANS, {**values, "after": after})).all():
        for nip, wrapped, site_id, row_id, sealed in page:
            try:
                opened = _opened(vault.open_key(wrapped, nip), nip, row_id, sealed, model_version)
            except DataInvalid as error:
                if skip is None:
                    raise
                skip(nip, row_id or "", error)
                continue
            yield Mean(nip, site_id, np.frombuffer(opened, "<f4"))
        after = page[-1].nip


async def templates_of(connection: AsyncConnection, vault: Vault, nip: str) -> Templates | None:
    """Returns the templates of an employee. Raises DataInvalid if some cannot be read."""
    head = (await connection.execute(select(enrollments).where(enrollments.c.nip == nip))).first()
    if head is None:
        return None
    cipher = vault.open_key(head.wrapped_key, nip)
    rows = await connection.execute(
        select(templates).where(templates.c.nip == nip).order_by(templates.c.template_id)
    )
    opened: dict[str, list[Vector]] = {"SINGLE": [], "MEAN": []}
    for row in rows:
        content = cipher.open(row.vector, _owner(nip, row.template_id, head.model_version))
        opened[row.kind].append(np.frombuffer(content, "<f4"))
    if not opened["SINGLE"] or len(opened["MEAN"]) != 1:
        raise DataInvalid("templates of an enrolment are missing", nip=nip)
    return Templates(np.stack(opened["SINGLE"]), opened["MEAN"][0])


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


async def of_who_left(
    connection: AsyncConnection, before: datetime, *, nips: Sequence[str] | None = None
) -> list[str]:
    """Returns who (of some) has an enrolment and was recorded as out of service before a time."""
    statement = (
        select(enrollments.c.nip)
        .join(employees, employees.c.nip == enrollments.c.nip)
        .where(
            employees.c.state != EmployeeState.ACTIVE.value,
            employees.c.update_time < pack(before),
        )
        .order_by(enrollments.c.nip)
    )
    if nips is not None:
        statement = statement.where(enrollments.c.nip.in_(nips))
    return list((await connection.execute(statement)).scalars())


async def _delete_rows(connection: AsyncConnection, nips: Sequence[str]) -> int:
    """Deletes the enrolments of employees. Returns of how many there was one."""
    for table in (templates, enrollment_images):
        await connection.execute(delete(table).where(table.c.nip.in_(nips)))
    result = await connection.execute(delete(enrollments).where(enrollments.c.nip.in_(nips)))
    return result.rowcount


def _opened(
    cipher: Cipher, nip: str, row_id: str | None, sealed: bytes | None, version: str
) -> bytes:
    if row_id is None or sealed is None:
        raise DataInvalid("the mean template of an enrolment is missing", nip=nip)
    return cipher.open(sealed, _owner(nip, row_id, version))


def _packed(vector: Vector) -> bytes:
    return np.ascontiguousarray(vector, "<f4").tobytes()


def _owner(nip: str, row_id: str, version: str) -> str:
    return f"face|{nip}|{row_id}|{version}"
