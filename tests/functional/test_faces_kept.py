"""Faces of who left the service: kept for their days, then erased with proof."""

import pytest

from server.storage import enrollments
from tests.functional.seeding import import_csv
from tests.functional.test_enrolment import rows

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestWhoLeft:
    """Faces of who is out of service go after their days, with the proof of any erasure."""

    async def test_erased_in_time(self, open_copy):
        """Not a day before, and of nobody who came back."""
        async with open_copy() as world:
            bkd, people = await world.bkd(), world.seed.people
            gone, back = people[0], people[1]
            for person, states in ((gone, ["INACTIVE"]), (back, ["INACTIVE", "ACTIVE"])):
                for state in states:
                    row = f"{person.nip},{person.display_name},{person.unit_id},{state}\n"
                    await import_csv(bkd, f"nip,name,unit_id,state\n{row}".encode())
            stored = "SELECT nip FROM enrollments WHERE nip IN (?, ?)"
            proofs = "SELECT nip, actor, reason, template_count > 0 FROM erasures"

            world.clock.advance(days=89)
            await world.app.services.upkeep.once()
            early = set(rows(world, stored, gone.nip, back.nip)), rows(world, proofs)
            world.clock.advance(days=2)
            await world.app.services.upkeep.once()
            late = set(rows(world, stored, gone.nip, back.nip)), rows(world, proofs)

        assert ({(gone.nip,), (back.nip,)}, []) == early
        assert {(back.nip,)} == late[0]
        assert [(gone.nip, "hadir", "90 hari setelah berhenti", 1)] == late[1]

    async def test_who_comes_back_meanwhile(self, open_copy, monkeypatch):
        """Between the list and the erasure: judged again in its transaction."""
        async with open_copy() as world:
            service, nip = world.app.services.enrollments, world.seed.people[0].nip
            listed = enrollments.of_who_left

            async def outdated(connection, before, *, nips=None):
                return [nip] if nips is None else await listed(connection, before, nips=nips)

            monkeypatch.setattr(enrollments, "of_who_left", outdated)

            assert 0 == await service.erase_left(90)
            assert [(1,)] == rows(world, "SELECT count(*) FROM enrollments WHERE nip = ?", nip)
