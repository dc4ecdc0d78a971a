"""What cameras and documents gave ends with its time; what it proves stays."""

import sqlite3
from datetime import timedelta

import pytest

from server.domain.face import Fingerprint
from server.storage import retention
from tests.functional.attendance_world import (
    PROOF,
    go_to,
    moment,
    own_day,
    phone_api,
    punch,
    submit,
    upload,
)
from tests.functional.world import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = 1


def rows(world, statement):
    """Returns what the database's file says."""
    connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


class TestRetention:
    """180 days, 180 days and five years."""

    async def test_each_in_its_time(self, world, cast):
        """Nothing before, all of it after; the day, the reason and the hash are still there."""
        day = go_to(world, "07:20")
        api = await phone_api(world, STAFF)
        traces = {"fingerprint": Fingerprint(7, 9)}
        event_id = await punch(world, STAFF, "IN", moment(day, "07:20"), **traces)
        phone = await world.phone(STAFF)
        await phone.check_in(1, world.place(STAFF, north_m=5000), cast.actor(STAFF))
        proof = await upload(api, PROOF)
        await submit(api, "SAKIT", day + timedelta(days=1), document_ids=[proof.document_id])
        upkeep = world.app.services.upkeep
        hashes = "SELECT frame_hash, background_hash FROM events"
        refusals = "SELECT reason, distance_m IS NULL FROM refusals"
        content = "SELECT count(*) > 0 FROM document_chunks"

        world.clock.advance(days=179)
        await upkeep.once()
        before = [rows(world, one) for one in (hashes, refusals, content)]
        world.clock.advance(days=2)
        await upkeep.once()
        await upkeep.once()
        after = [rows(world, one) for one in (hashes, refusals, content)]
        world.clock.advance(days=1825)
        await upkeep.once()
        api = await phone_api(world, STAFF)
        with refused("DOCUMENT_EXPIRED", "FAILED_PRECONDITION"):
            await api.read("DownloadDocument", document_id=proof.document_id)

        assert [[(7, 9)], [("OUTSIDE_GEOFENCE", 0)], [(1,)]] == before
        assert [[(None, None)], [("OUTSIDE_GEOFENCE", 1)], [(1,)]] == after
        assert [(0,)] == rows(world, content)
        assert event_id == (await own_day(api, day)).arrival.event_id
        assert [(bytes.fromhex(proof.sha256),)] == rows(world, "SELECT digest FROM documents")
        assert [("FINGERPRINTS", 1), ("REFUSALS", 1), ("DOCUMENTS", 1)] == rows(
            world, "SELECT kind, removed_count FROM removals ORDER BY sequence"
        )

    async def test_documents_go_with_their_proof(self, world, monkeypatch):
        """A document whose end cannot be logged is still there; then both happen at once."""
        day = go_to(world, "07:20")
        api = await phone_api(world, STAFF)
        proof = await upload(api, PROOF)
        await submit(api, "SAKIT", day + timedelta(days=1), document_ids=[proof.document_id])
        upkeep = world.app.services.upkeep
        content = "SELECT count(*) > 0 FROM document_chunks"
        logged = "SELECT sum(removed_count) FROM removals WHERE kind = 'DOCUMENTS'"

        async def fails(*_, **__):
            raise OSError("no room")

        before = rows(world, logged)
        world.clock.advance(days=1828)
        with monkeypatch.context() as patched:
            patched.setattr(retention, "insert_removal", fails)
            await upkeep.once()
        kept = rows(world, content)
        await upkeep.once()

        assert [(1,)] == kept
        assert [(0,)] == rows(world, content)
        assert [(before[0][0] + 1,)] == rows(world, logged)
