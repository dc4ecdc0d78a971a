"""Documents of requests: taken in parts that survive a lost connection, encrypted, opaque.

Each part is on disk before it is answered, so an upload goes on where it stopped, also after a
restart. The type is what the bytes say; the server never renders a document.
"""

import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from server.clock import Clock
from server.domain.document import BYTES_MAX, Checked, check
from server.domain.model import Principal
from server.errors import (
    DocumentExpired,
    DocumentInvalid,
    DocumentUnknown,
    RequestIdInvalid,
    TooManyDocuments,
    UploadOffset,
)
from server.storage import documents
from server.storage.database import Connection, Database
from server.storage.documents import Document
from server.storage.vault import Vault

PART_BYTES_MAX = 256 * 1024
# Documents of one employee that belong to no request yet.
OPEN_DOCUMENTS_MAX = 10
# Of documents that are swept in one transaction: check-ins commit in between.
SWEPT_AT_ONCE_MAX = 20

log = structlog.get_logger()


def checked_uuid(value: str, field: str) -> str:
    """Returns a UUID in lower case with hyphens. Raises RequestIdInvalid."""
    try:
        canonical = str(UUID(value))
    except ValueError:
        canonical = ""
    if canonical != value:
        raise RequestIdInvalid(f"{field} is no UUID in lower case with hyphens")
    return value


class Documents:
    """Takes and returns documents."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, *, upload_hours: float
    ) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._wait = timedelta(hours=upload_hours)

    async def find(self, principal: Principal, upload_id: str) -> Document | None:
        """Returns the document of an own upload, as far as it came. Raises RequestIdInvalid."""
        checked_uuid(upload_id, "upload_id")
        async with self._database.read() as connection:
            return await documents.find_upload(connection, principal.nip, upload_id)

    async def discard(self, principal: Principal, upload_id: str) -> None:
        """Deletes the document of an own upload, if there is one.

        Raises RequestIdInvalid; DocumentUnknown for what belongs to a request: it stays.
        """
        checked_uuid(upload_id, "upload_id")

        async def work(connection: Connection) -> None:
            found = await documents.find_upload(connection, principal.nip, upload_id)
            if found is not None and found.request_id:
                raise DocumentUnknown("the document proves a request", upload_id=upload_id)
            if found is not None:
                await documents.discard(connection, found.document_id)

        await self._database.write(work)
        log.info("upload_discarded", upload_id=upload_id)

    async def sweep(self) -> int:
        """Deletes documents that waited too long for their request; returns how many."""
        removed = 0
        while True:
            some = await self._database.write(self._sweep_some)
            removed += some
            if some < SWEPT_AT_ONCE_MAX:
                return removed

    async def _sweep_some(self, connection: Connection) -> int:
        before = self._clock.now() - self._wait
        found = await documents.list_waiting(connection, before, SWEPT_AT_ONCE_MAX)
        for document_id in found:
            await documents.discard(connection, document_id)
        return len(found)

    async def begin(self, principal: Principal, upload_id: str) -> Document:
        """Returns the document of an upload, new or as far as it came.

        Raises RequestIdInvalid, TooManyDocuments.
        """
        checked_uuid(upload_id, "upload_id")

        async def work(connection: Connection) -> Document:
            known = await documents.find_upload(connection, principal.nip, upload_id)
            if known is not None:
                return known
            if await documents.count_open(connection, principal.nip) >= OPEN_DOCUMENTS_MAX:
                raise TooManyDocuments("too many documents wait for their request")
            document = self._new(principal.nip, upload_id, self._clock.now())
            await documents.insert_document(connection, document)
            return document

        return await self._database.write(work)

    async def append(self, document: Document, offset: int, part: bytes) -> Document:
        """Stores the part of a document that begins at an offset. Returns the document with it.

        A part that is there already is taken as read. Raises UploadOffset with where to go on,
        DocumentInvalid.
        """
        if not 0 < len(part) <= PART_BYTES_MAX:
            raise DocumentInvalid("the document is not taken", fault="PART_SIZE")
        cipher = self._vault.open_key(document.wrapped_key, document.document_id)
        sealed = cipher.seal(part, f"{document.document_id}|{offset}")

        async def work(connection: Connection) -> Document:
            found = await documents.find_upload(connection, document.nip, document.upload_id)
            if found is None or found.complete:
                raise UploadOffset("the upload is over", offset=document.size_bytes)
            if offset != found.size_bytes:
                raise UploadOffset("another part is due", offset=found.size_bytes)
            if offset + len(part) > BYTES_MAX:
                raise DocumentInvalid("the document is not taken", fault="TOO_LARGE")
            size = offset + len(part)
            await documents.append(connection, document.document_id, offset, sealed, size)
            return await _reread(connection, found)

        return await self._database.write(work)

    async def finish(self, document: Document) -> Document:
        """Looks at all of a document and completes it. Raises DocumentInvalid: it is gone then."""
        if document.complete:
            return document
        async with self._database.read() as connection:
            content = await self._content(connection, document)
        checked = check(b"".join(content))
        if not isinstance(checked, Checked):
            await self._database.write(
                lambda connection: documents.discard(connection, document.document_id)
            )
            raise DocumentInvalid("the document is not taken", fault=checked.value)

        async def work(connection: Connection) -> Document:
            found = await _reread(connection, document)
            if not found.complete:
                await documents.complete(
                    connection, found.document_id, checked.media_type.value, checked.digest
                )
            return await _reread(connection, document)

        stored = await self._database.write(work)
        log.info("document_stored", document_id=stored.document_id, bytes=stored.size_bytes)
        return stored

    async def content(self, document: Document) -> AsyncIterator[bytes]:
        """Yields the parts of a document. Raises DocumentExpired."""
        cipher = self._vault.open_key(document.wrapped_key, document.document_id)
        async with self._database.read() as connection:
            parts = await documents.parts_of(connection, document.document_id)
        if document.complete and not parts:
            raise DocumentExpired("the document was deleted at the end of its time")
        for start, sealed in parts:
            yield cipher.open(sealed, f"{document.document_id}|{start}")

    async def _content(self, connection: Connection, document: Document) -> list[bytes]:
        cipher = self._vault.open_key(document.wrapped_key, document.document_id)
        parts = await documents.parts_of(connection, document.document_id)
        return [cipher.open(sealed, f"{document.document_id}|{start}") for start, sealed in parts]

    def _new(self, nip: str, upload_id: str, now: datetime) -> Document:
        document_id = secrets.token_hex(16)
        _, wrapped_key = self._vault.new_key(document_id)
        return Document(document_id, nip, upload_id, 0, "", b"", wrapped_key, now)


async def _reread(connection: Connection, document: Document) -> Document:
    found = await documents.get_documents(connection, [document.document_id])
    return found[document.document_id]
