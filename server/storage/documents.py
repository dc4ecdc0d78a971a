"""SQL of the documents of requests: encrypted parts under a random id, appended as they arrive."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.schema import document_chunks, documents
from server.storage.times import pack, unpack

_D = documents.c


@dataclass(frozen=True, slots=True)
class Document:
    """A document; media_type and digest (SHA-256) are empty until it is complete."""

    document_id: str
    nip: str
    upload_id: str
    size_bytes: int
    media_type: str
    digest: bytes
    wrapped_key: bytes
    create_time: datetime
    request_id: str = ""

    @property
    def complete(self) -> bool:
        """Whether all of it arrived."""
        return self.media_type != ""


async def insert_document(connection: AsyncConnection, document: Document) -> None:
    """Stores a document without content."""
    await connection.execute(
        insert(documents).values(
            document_id=document.document_id,
            nip=document.nip,
            upload_id=document.upload_id,
            request_id=None,
            size_bytes=document.size_bytes,
            media_type=document.media_type,
            digest=document.digest,
            wrapped_key=document.wrapped_key,
            create_time=pack(document.create_time),
        )
    )


async def find_upload(connection: AsyncConnection, nip: str, upload_id: str) -> Document | None:
    """Returns the document of an employee's upload."""
    statement = select(documents).where(and_(_D.nip == nip, _D.upload_id == upload_id))
    row = (await connection.execute(statement)).first()
    return _document(row) if row else None


async def get_documents(
    connection: AsyncConnection, document_ids: Collection[str]
) -> dict[str, Document]:
    """Returns documents by id."""
    statement = select(documents).where(_D.document_id.in_(sorted(document_ids)))
    rows = await connection.execute(statement)
    return {row.document_id: _document(row) for row in rows}


async def count_open(connection: AsyncConnection, nip: str) -> int:
    """Returns how many documents of an employee belong to no request yet."""
    statement = select(_D.document_id).where(and_(_D.nip == nip, _D.request_id.is_(None)))
    return len((await connection.execute(statement)).all())


async def list_waiting(connection: AsyncConnection, before: datetime, limit: int) -> list[str]:
    """Returns ids of documents begun before a time that belong to no request, the oldest first."""
    statement = (
        select(_D.document_id)
        .where(_D.request_id.is_(None), _D.create_time < pack(before))
        .order_by(_D.create_time)
        .limit(limit)
    )
    return list((await connection.execute(statement)).scalars())


async def append(
    connection: AsyncConnection, document_id: str, start: int, sealed: bytes, size_bytes: int
) -> None:
    """Appends a part that begins at `start`; size_bytes: of the document with it."""
    await connection.execute(
        insert(document_chunks).values(document_id=document_id, start=start, content=sealed)
    )
    await connection.execute(
        update(documents).where(_D.document_id == document_id).values(size_bytes=size_bytes)
    )


async def parts_of(connection: AsyncConnection, document_id: str) -> list[tuple[int, bytes]]:
    """Returns (start, sealed part) of a document in their order."""
    columns = document_chunks.c
    statement = (
        select(columns.start, columns.content)
        .where(columns.document_id == document_id)
        .order_by(columns.start)
    )
    return [(row.start, row.content) for row in await connection.execute(statement)]


async def complete(
    connection: AsyncConnection, document_id: str, media_type: str, digest: bytes
) -> None:
    """Says that all of a document arrived."""
    await connection.execute(
        update(documents)
        .where(_D.document_id == document_id)
        .values(media_type=media_type, digest=digest)
    )


async def discard(connection: AsyncConnection, document_id: str) -> None:
    """Deletes a document that belongs to no request."""
    await connection.execute(
        delete(document_chunks).where(document_chunks.c.document_id == document_id)
    )
    await connection.execute(
        delete(documents).where(and_(_D.document_id == document_id, _D.request_id.is_(None)))
    )


async def attach(
    connection: AsyncConnection, document_ids: Collection[str], request_id: str
) -> None:
    """Ties documents to a request, for good."""
    await connection.execute(
        update(documents)
        .where(_D.document_id.in_(sorted(document_ids)))
        .values(request_id=request_id)
    )


def _document(row: Row[Any]) -> Document:
    return Document(
        document_id=row.document_id,
        nip=row.nip,
        upload_id=row.upload_id,
        size_bytes=row.size_bytes,
        media_type=row.media_type,
        digest=row.digest,
        wrapped_key=row.wrapped_key,
        create_time=unpack(row.create_time),
        request_id=row.request_id or "",
    )
