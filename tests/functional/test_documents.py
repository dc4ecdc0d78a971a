"""Documents of requests through the real server: resumable, opaque, seen by who sees the request."""

import hashlib
import sqlite3
import uuid
from datetime import timedelta

import pytest
import pytest_asyncio
from hadir.client import ApiError
from hadir.v1 import request_pb2

from tests.functional.attendance_world import (
    PROOF,
    fault_of,
    gather,
    go_to,
    moment,
    phone_api,
    stamp,
    submit,
    upload,
)
from tests.functional.world import World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, STAFF, COLLEAGUE, ELSEWHERE = 0, 1, 2, 3


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def one_unit(world: World) -> None:
    """The staff of these tests serve under the first person, who is a head."""
    await gather(world, HEAD, (STAFF, COLLEAGUE))


class TestDocuments:
    """Opaque proofs: encrypted, resumable, seen by who sees the request."""

    async def test_goes_on_where_it_stopped(self, world):
        """Half of it, a lost connection, the rest; the digest is that of all."""
        go_to(world, "12:00")
        api, upload_id = await phone_api(world, STAFF), str(uuid.uuid4())
        begun = await upload_part(api, upload_id, PROOF[:1000])
        so_far = await api.call("GetUpload", upload_id=upload_id)

        with refused("UPLOAD_OFFSET", "FAILED_PRECONDITION") as caught:
            await upload(api, PROOF, upload_id=upload_id, start=2000)
        whole = await upload(api, PROOF, upload_id=upload_id, start=so_far.size_bytes)
        again = await upload(api, PROOF, upload_id=upload_id)

        assert "DOCUMENT_INVALID" != begun
        assert 1000 == so_far.size_bytes
        assert "" == so_far.document_id
        assert "1000" == caught.value.metadata["offset"]
        assert ("image/png", hashlib.sha256(PROOF).hexdigest()) == (whole.media_type, whole.sha256)
        assert whole == again

    async def test_who_may_read_it(self, world):
        """The employee, the head and BKD; before it is filed the employee alone."""
        day = go_to(world, "12:00")
        api, head, bkd = await phone_api(world, STAFF), await world.head(), await world.bkd()
        document = await upload(api, PROOF)
        with refused("DOCUMENT_UNKNOWN", "NOT_FOUND"):
            await head.read("DownloadDocument", document_id=document.document_id)
        await submit(api, "SAKIT", day, document_ids=[document.document_id])

        for reader in (api, head, bkd):
            parts = await reader.read("DownloadDocument", document_id=document.document_id)
            assert PROOF == b"".join(part.content for part in parts)
        for stranger in (await phone_api(world, COLLEAGUE), await phone_api(world, ELSEWHERE)):
            with refused("DOCUMENT_UNKNOWN", "NOT_FOUND"):
                await stranger.read("DownloadDocument", document_id=document.document_id)

    async def test_proves_one_request(self, world):
        """Not another one, nor that of a colleague."""
        day = go_to(world, "12:00")
        api = await phone_api(world, STAFF)
        document = await upload(api, PROOF)
        proof = {"document_ids": [document.document_id]}

        with refused("DOCUMENT_UNKNOWN", "NOT_FOUND"):
            await submit(await phone_api(world, COLLEAGUE), "SAKIT", day, **proof)
        await submit(api, "SAKIT", day, **proof)
        with refused("DOCUMENT_UNKNOWN", "NOT_FOUND"):
            await submit(api, "SAKIT", day + timedelta(days=1), **proof)

    @pytest.mark.parametrize(
        ("content", "fault"),
        [(b"MZ" + PROOF, "TYPE_UNKNOWN"), (PROOF[:-4], "DAMAGED")],
    )
    async def test_refused(self, world, content, fault):
        """By its bytes; nothing of it stays."""
        go_to(world, "12:00")
        api, upload_id = await phone_api(world, STAFF), str(uuid.uuid4())

        with refused("DOCUMENT_INVALID", "INVALID_ARGUMENT") as caught:
            await upload(api, content, upload_id=upload_id)

        assert fault == fault_of(caught)
        assert 0 == (await api.call("GetUpload", upload_id=upload_id)).size_bytes

    async def test_asking_begins_nothing(self, world):
        """Only an upload makes a document: who asks about many does not run out of them."""
        go_to(world, "12:00")
        api = await phone_api(world, COLLEAGUE)
        for _ in range(12):
            answer = await api.call("GetUpload", upload_id=str(uuid.uuid4()))
            assert request_pb2.Document() == answer
        document = await upload(api, PROOF)

        assert document.size_bytes == len(PROOF)

    async def test_discarded(self, world):
        """By its owner, as often as asked; what proves a request stays."""
        day = go_to(world, "12:00")
        api, stranger = await phone_api(world, STAFF), await phone_api(world, COLLEAGUE)
        own, filed = str(uuid.uuid4()), str(uuid.uuid4())
        await upload(api, PROOF, upload_id=own)
        proof = await upload(api, PROOF, upload_id=filed)
        await submit(api, "SAKIT", day, document_ids=[proof.document_id])

        await stranger.call("DiscardUpload", upload_id=own)
        kept = await api.call("GetUpload", upload_id=own)
        for _ in range(2):
            await api.call("DiscardUpload", upload_id=own)
        gone = await api.call("GetUpload", upload_id=own)
        with refused("DOCUMENT_UNKNOWN", "NOT_FOUND"):
            await api.call("DiscardUpload", upload_id=filed)

        assert (len(PROOF), 0) == (kept.size_bytes, gone.size_bytes)
        assert len(PROOF) == (await api.call("GetUpload", upload_id=filed)).size_bytes

    async def test_abandoned_uploads_are_swept(self, world):
        """Ten that were never filed are in the way until the server deletes them."""
        day = go_to(world, "12:00")
        api = await phone_api(world, ELSEWHERE)
        proof = await upload(api, PROOF)
        await submit(api, "SAKIT", day, document_ids=[proof.document_id])
        for _ in range(10):
            await upload(api, PROOF)
        with refused("TOO_MANY_DOCUMENTS", "RESOURCE_EXHAUSTED"):
            await upload(api, PROOF)

        world.clock.advance(hours=71)
        await world.app.services.upkeep.once()
        api = await phone_api(world, ELSEWHERE)
        with refused("TOO_MANY_DOCUMENTS", "RESOURCE_EXHAUSTED"):
            await upload(api, PROOF)
        world.clock.advance(hours=2)
        await world.app.services.upkeep.once()
        later = await upload(api, PROOF)
        parts = await api.read("DownloadDocument", document_id=proof.document_id)

        assert later.document_id
        assert PROOF == b"".join(part.content for part in parts)

    async def test_encrypted_at_rest(self, world):
        """No byte run of a document is in the database's files."""
        go_to(world, "12:00")
        await upload(await phone_api(world, STAFF), PROOF)

        content = b"".join(file.read_bytes() for file in world.directory.glob("hadir.db*"))

        assert PROOF[200:232] not in content

    async def test_kept_by_the_database(self, world):
        """What was asked, decided and proved cannot be changed with a database tool either."""
        day = go_to(world, "12:00")
        api, bkd = await phone_api(world, STAFF), await world.officer()
        proof = await upload(api, PROOF)
        asked = await submit(api, "SAKIT", day, document_ids=[proof.document_id])
        await (await world.head()).call(
            "DecideRequest", request_id=asked.request_id, accept=True, reason="setuju"
        )
        made = await bkd.call(
            "CorrectAttendance",
            nip=world.seed.people[STAFF].nip,
            kind="EVENT_KIND_IN",
            event_time=stamp(moment(day, "07:20")),
            reason="listrik padam",
        )
        await bkd.call("VoidPunch", event_id=made.event_id, reason="salah orang")
        with sqlite3.connect(world.directory / "hadir.db") as connection:
            for statement in (
                "UPDATE attendance_requests SET first = '2020-01-01'",
                "UPDATE attendance_requests SET reason = 'x'",
                "DELETE FROM attendance_requests",
                "UPDATE request_decisions SET actor = 'x'",
                "DELETE FROM request_decisions",
                "UPDATE corrections SET event_time = 0",
                "UPDATE voids SET reason = 'x'",
                "DELETE FROM voids",
                "UPDATE account_changes SET actor = 'x'",
                "DELETE FROM account_changes",
                "DELETE FROM rules",
                "UPDATE rules SET actor = 'x'",
                "UPDATE documents SET digest = x'00' WHERE media_type <> ''",
                "UPDATE document_chunks SET content = x'00'",
                "DELETE FROM postings",
            ):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    connection.execute(statement)
        connection.close()


async def upload_part(api, upload_id: str, content: bytes) -> str:
    """Uploads the beginning of a document and loses the connection. Returns the error's reason."""

    async def messages():
        yield request_pb2.UploadDocumentRequest(open=request_pb2.OpenUpload(upload_id=upload_id))
        part = request_pb2.DocumentPart(offset=0, content=content)
        yield request_pb2.UploadDocumentRequest(part=part)
        for _ in range(100):
            if (await api.call("GetUpload", upload_id=upload_id)).size_bytes == len(content):
                break
        raise ConnectionResetError

    try:
        await api.upload("UploadDocument", messages())
    except ApiError as error:
        return error.reason
    except BaseException as error:  # noqa: BLE001  what grpc makes of a client that dies
        return type(error).__name__
    return "OK"
