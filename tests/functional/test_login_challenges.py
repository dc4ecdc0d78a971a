"""Logins of devices: replayed, late, foreign or changed challenges open no session."""

import asyncio
import sqlite3
from datetime import UTC, timedelta

import pytest
from hadir.client import ApiError
from hadir.device import DeviceKey, Identity, login_signature

from server.services.sessions import SESSIONS_PER_DEVICE_MAX, USED_CHALLENGES_KEPT
from server.storage import migrate
from server.storage.vault import write_key_file
from tests.functional.world import Api, World, open_world, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def challenge_for(world: World, device_id: str) -> bytes:
    asked = await world.anyone.call("CreateChallenge", device_id=device_id)
    return asked.challenge


async def accepted(world: World, *tries: tuple[str, bytes, bytes]) -> int:
    """Returns how many of the logins (device, challenge, signature), made at once, succeed."""
    results = await asyncio.gather(
        *(
            world.anyone.call(
                "OpenDeviceSession", device_id=device_id, challenge=challenge, signature=signature
            )
            for device_id, challenge, signature in tries
        ),
        return_exceptions=True,
    )
    errors = [result for result in results if isinstance(result, BaseException)]
    assert {("UNAUTHENTICATED", "LOGIN_REFUSED")} >= {_kind(error) for error in errors}
    return len(results) - len(errors)


def _kind(error: BaseException) -> tuple[str, str]:
    if isinstance(error, ApiError):
        return error.code.name, error.reason
    return type(error).__name__, str(error)


class TestChallenge:
    """What a device signs is fresh, its own, and worth one session."""

    async def test_form(self, world):
        """A challenge is 32 fresh bytes and ends after 60 seconds."""
        device_id = world.seed.phones[0].device_id
        asked = [await world.anyone.call("CreateChallenge", device_id=device_id) for _ in range(3)]

        left = asked[0].expire_time.ToDatetime(UTC) - world.clock.now()
        assert [32] * 3 == [len(one.challenge) for one in asked]
        assert 3 == len({one.challenge for one in asked})
        assert 55 < left.total_seconds() <= 60

    async def test_unknown_device_gets_one(self, world):
        """Nobody learns which devices exist: the answer has the same form."""
        asked = await world.anyone.call("CreateChallenge", device_id="01TIDAKADA")
        identity = Identity("01TIDAKADA", "phone", "", DeviceKey.generate())
        signature = login_signature(identity, asked.challenge)

        assert 32 == len(asked.challenge)
        assert 0 == await accepted(world, (identity.device_id, asked.challenge, signature))

    async def test_good_one(self, world):
        """The honest answer opens a session: what follows fails for its own reason."""
        phone = world.seed.phones[0]
        challenge = await challenge_for(world, phone.device_id)
        answer = (phone.device_id, challenge, login_signature(phone, challenge))

        assert 1 == await accepted(world, answer)

    async def test_replayed(self, world):
        """The same answer opens one session, however often it is sent afterwards."""
        phone = world.seed.phones[0]
        challenge = await challenge_for(world, phone.device_id)
        answer = (phone.device_id, challenge, login_signature(phone, challenge))

        assert 1 == await accepted(world, answer)
        assert 0 == await accepted(world, *[answer] * 20)

    async def test_in_parallel(self, world):
        """Of twenty answers to one challenge at once, one opens a session."""
        phone = world.seed.phones[1]
        challenge = await challenge_for(world, phone.device_id)
        tries = [(phone.device_id, challenge, login_signature(phone, challenge)) for _ in range(20)]

        assert 1 == await accepted(world, *tries)

    async def test_of_another_device(self, world):
        """A challenge serves the device that asked for it, in nobody else's hands."""
        mine, other = world.seed.phones[0], world.seed.phones[1]
        challenge = await challenge_for(world, mine.device_id)
        tries = [
            (other.device_id, challenge, login_signature(other, challenge)),
            (other.device_id, challenge, login_signature(mine, challenge)),
            (mine.device_id, challenge, login_signature(other, challenge)),
        ]

        assert 0 == await accepted(world, *tries)

    async def test_changed(self, world):
        """One changed bit, anywhere in the challenge, is one too many."""
        phone = world.seed.phones[0]
        challenge = await challenge_for(world, phone.device_id)
        changed = [
            bytes(byte ^ (place == index) for index, byte in enumerate(challenge))
            for place in range(len(challenge))
        ]
        changed += [challenge[:-1], challenge + b"\0", b"\0" * 32]
        tries = [(phone.device_id, one, login_signature(phone, one)) for one in changed]

        assert 0 == await accepted(world, *tries)

    @pytest.mark.parametrize("wrong", range(6))
    async def test_wrong_signature(self, world, wrong):
        """A signature by another key, for another device or use, or none, is refused."""
        phone = world.seed.phones[0]
        challenge = await challenge_for(world, phone.device_id)
        own = phone.device_id.encode()
        signature = [
            DeviceKey.generate().sign(b"hadir-login-v1\0" + own + challenge),
            phone.key.sign(b"hadir-login-v1\0" + b"01LAIN" + challenge),
            phone.key.sign(b"hadir-activate-v1\0" + own + challenge),
            phone.key.sign(challenge),
            b"\x30\x06\x02\x01\x00\x02\x01\x00",
            login_signature(phone, challenge)[:-2],
        ][wrong]

        assert 0 == await accepted(world, (phone.device_id, challenge, signature))

    async def test_late(self, open_copy):
        """After 60 seconds the challenge is worth nothing; before, it is."""
        async with open_copy() as world:
            phone = world.seed.phones[0]
            early, late = [await challenge_for(world, phone.device_id) for _ in range(2)]
            world.clock.advance(seconds=58)
            in_time = await accepted(world, (phone.device_id, early, login_signature(phone, early)))
            world.clock.advance(seconds=2)

            assert 1 == in_time
            assert 0 == await accepted(world, (phone.device_id, late, login_signature(phone, late)))

    async def test_after_a_restart(self, open_copy, cast, seed):
        """A challenge of before a restart is as good, and as used, as without one."""
        phone = seed.phones[0]
        async with open_copy() as world:
            used, fresh = [await challenge_for(world, phone.device_id) for _ in range(2)]
            assert 1 == await accepted(world, (phone.device_id, used, login_signature(phone, used)))
            directory = world.directory
        async with open_world(directory, seed, cast) as world:
            again = await accepted(world, (phone.device_id, used, login_signature(phone, used)))
            first = await accepted(world, (phone.device_id, fresh, login_signature(phone, fresh)))

        assert (0, 1) == (again, first)

    async def test_made_elsewhere(self, world, seed, cast, tmp_path):
        """A challenge of another server, or made by the device itself, is none of ours."""
        phone, directory = seed.phones[0], tmp_path / "other"
        directory.mkdir()
        migrate.upgrade(directory / "hadir.db")
        write_key_file(directory / "hadir.key")
        async with open_world(directory, seed, cast) as other:
            foreign = await challenge_for(other, phone.device_id)
        made = (bytes(32), foreign)
        tries = [(phone.device_id, one, login_signature(phone, one)) for one in made]

        assert 0 == await accepted(world, *tries)

    async def test_strangers_cost_no_write(self, world):
        """Challenges, however many are asked for and by whom, change nothing on the disk."""
        before = _files(world)

        await asyncio.gather(*(challenge_for(world, f"01TIDAKADA{n}") for n in range(200)))
        await challenge_for(world, world.seed.phones[0].device_id)

        assert before == _files(world)

    async def test_used_ones_are_forgotten(self, world):
        """What was used is kept for a day, lest a clock set back revive it, and no longer."""
        phone = world.seed.phones[2]
        for passed in (timedelta(), USED_CHALLENGES_KEPT + timedelta(seconds=90)):
            world.clock.advance(seconds=passed.total_seconds())
            challenge = await challenge_for(world, phone.device_id)
            answer = (phone.device_id, challenge, login_signature(phone, challenge))
            assert 1 == await accepted(world, answer)

        assert 1 == _used(world)


def _files(world: World) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in world.directory.glob("hadir.db*")}


def _used(world: World) -> int:
    connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
    count = connection.execute("SELECT COUNT(*) FROM used_challenges").fetchone()[0]
    connection.close()
    return count


async def test_sessions_of_one_device(world):
    """The oldest ends where a device opens more than an app has use for."""
    tokens = [(await world.phone(0)).client.token for _ in range(SESSIONS_PER_DEVICE_MAX + 1)]
    first, *rest = [Api(world.client(token=token)) for token in tokens]

    with refused("UNAUTHENTICATED", "UNAUTHENTICATED"):
        await first.call("GetSession")
    for one in rest:
        assert (await one.call("GetSession")).device_id
