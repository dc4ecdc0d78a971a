"""Whoever has a kiosk's key: recordings, a copy beside the real kiosk, who issued which code."""

import contextlib
import itertools
import sqlite3
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hadir.device import activate
from hadir.v1 import device_admin_pb2, kiosk_pb2
from ulid import ULID

from benchmarks.walker import Walk, walk
from server.domain.model import Event, EventKind, EventSource
from server.domain.refusal import CheckInRefused
from tests.functional.attendance_world import SCORES, go_to
from tests.functional.world import Stream, World, names, none_open, now, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

FPS = 15.0
KIOSK = "kantor-gubernur"


def rows(world: World, query: str, *values: Any) -> list[tuple]:
    """Returns what the database of a world holds."""
    connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
    found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def refusals(world: World, reason: str) -> list[str]:
    """Returns whose sightings, or nobody's, the kiosk was refused for a reason."""
    query = "SELECT nip FROM refusals WHERE reason = ? AND device_id = ?"
    return [nip for (nip,) in rows(world, query, reason, world.seed.kiosks[KIOSK].device_id)]


def states(walked: Walk) -> set[str]:
    """Returns what a walk was shown."""
    return set(names(kiosk_pb2.FaceState, "FACE_STATE_", (face.state for face in walked.faces)))


async def see(world: World, frames) -> Walk:
    """Walks past the kiosk."""
    kiosk = await world.kiosk(KIOSK)
    return await walk(kiosk.client, frames, frames_per_second=FPS)


def sighting(world: World, number: int, when: datetime, digest: bytes) -> Event:
    """Returns an event of a person before the kiosk."""
    person = world.seed.people[number]
    return Event(
        event_id=str(ULID()),
        nip=person.nip,
        display_name=person.display_name,
        unit_id=person.unit_id,
        kind=EventKind.IN,
        source=EventSource.KIOSK,
        event_time=when,
        device_time=when,
        clock_disputed=False,
        site_id=KIOSK,
        distance_m=0.0,
        device_id=world.seed.kiosks[KIOSK].device_id,
        scores=SCORES,
        create_time=when,
        frame_digest=digest,
    )


class TestRecordings:
    """No camera takes an image twice."""

    async def test_of_yesterday(self, open_copy, cast):
        """A clip that gave an event gives none again; who comes in person gets one."""
        async with open_copy() as world:
            go_to(world, "07:00")
            clip = list(cast.actor(0).walk(24))
            first = await see(world, clip)
            ((digest,),) = rows(world, "SELECT frame_digest FROM events")
            proof = next(jpeg for jpeg in clip if sha256(jpeg).digest() == digest)
            world.clock.advance(days=1)
            again = await see(world, itertools.chain([proof], clip))
            suspected = refusals(world, "FRAMES_REUSED")
            live = await see(world, cast.actor(0).walk(24))
            stored = await world.events()

        assert "RECOGNISED" not in states(again)
        assert "SPOOF_SUSPECTED" in states(again)
        assert {world.seed.people[0].nip} == set(suspected)
        assert [walked.recognised[0].event.event_id for walked in (live, first)] == [
            event.event_id for event in stored
        ]

    async def test_one_image_of_two_people(self, open_copy):
        """Both get their events; minutes later it is a recording, for whomever."""
        async with open_copy() as world:
            go_to(world, "07:00")
            start, log = world.clock.now(), world.app.services.event_log
            zone, image = ZoneInfo("Asia/Jayapura"), sha256(b"image").digest()

            async def record(number: int, after_s: float) -> str:
                event = sighting(world, number, start + timedelta(seconds=after_s), image)
                try:
                    return (await log.record_sighting(event, zone, [b"other", image])).event.nip
                except CheckInRefused as refused:
                    return refused.refusal.value

            both = [await record(0, 0), await record(1, 60)]
            later = [await record(number, 200) for number in (2, 0)]
            events = await world.events()

        nips = [world.seed.people[number].nip for number in (0, 1)]
        assert nips == both
        assert ["FRAMES_REUSED", nips[0]] == later  # the second is a repeat
        assert 2 == len(events)


class TestOneStream:
    """A kiosk has one stream, so that a copy of its key does not run beside it unnoticed."""

    async def test_two_devices_with_one_key(self, open_copy):
        """They end each other's streams, and BKD is told, once in ten minutes."""
        async with open_copy() as world, contextlib.AsyncExitStack() as stack:
            kiosk, copy, told = await world.kiosk(), await world.kiosk(), []
            older = await opened(stack, kiosk)
            for turn in range(4):
                newer = await opened(stack, (copy, kiosk)[turn % 2])
                with refused("STREAM_REPLACED", "RESOURCE_EXHAUSTED") as caught:
                    await older.rest()
                assert 3 < caught.value.retry_after_s < 8
                told.append(len(refusals(world, "CONNECTED_TWICE")))
                older = newer
                if turn == 2:
                    world.clock.advance(minutes=11)
                    await older.show(b"still here")
                    await older.receive()
            bkd, today = await world.bkd(), world.clock.now().date()
            first, last = (today + timedelta(days=days) for days in (-1, 1))
            summary = await bkd.call(
                "SummariseTrial", first=first.isoformat(), last=last.isoformat()
            )

        assert [1, 1, 1, 2] == told
        assert "CONNECTED_TWICE" in str(summary)

    async def test_after_a_fault_of_the_network(self, open_copy):
        """What has been silent for a while gives way, and nobody is told."""
        async with open_copy() as world, contextlib.AsyncExitStack() as stack:
            kiosk = await world.kiosk()
            older = await opened(stack, kiosk)
            world.clock.advance(seconds=4)
            newer = await opened(stack, kiosk)
            with refused("STREAM_REPLACED", "RESOURCE_EXHAUSTED"):
                await older.rest()
            await newer.show(b"no image")
            answer = await newer.receive()

            assert 2 == answer.result.frame_number
            assert [] == refusals(world, "CONNECTED_TWICE")

    async def test_who_hangs_up(self, open_copy):
        """A kiosk that begins again at once, time after time, is one kiosk."""
        async with open_copy() as world:
            kiosk = await world.kiosk()
            for _ in range(20):
                async with contextlib.AsyncExitStack() as stack:
                    await opened(stack, kiosk)
            await none_open(world)

            assert [] == refusals(world, "CONNECTED_TWICE")


async def opened(stack: contextlib.AsyncExitStack, kiosk) -> Stream:
    """Opens a stream and shows something on it."""
    stream = await stack.enter_async_context(kiosk.stream("Identify"))
    await stream.send(open=kiosk_pb2.OpenIdentify(device_time=now()))
    await stream.receive()
    await stream.show(b"no image")
    await stream.receive()
    return stream


class TestHistory:
    """What happened to the kiosks of a site is kept."""

    async def test_kiosks(self, world):
        """Who issued the code of which kiosk, who revoked it, and why."""
        bkd, officer, site = await world.bkd(), await world.officer(), {"site_id": "jalan-40"}
        codes = [await one.call("IssueActivationCode", **site) for one in (officer, bkd)]
        second, first = [
            (await activate(world.anyone.client, issued.code, model="Lobi")).device_id
            for issued in codes[::-1]
        ]
        await officer.call("RevokeDevice", device_id=first, reason="Kiosk dicuri")

        found = (await bkd.call("ListBindingHistory", **site)).changes[-5:]

        actions = names(
            device_admin_pb2.BindingAction, "BINDING_ACTION_", [c.action for c in found]
        )
        assert [
            ("CODE_ISSUED", "petugas", "", ""),
            ("CODE_ISSUED", "bkd", "", ""),
            ("BOUND", "bkd", second, ""),
            ("BOUND", "petugas", first, ""),
            ("REVOKED", "petugas", first, "Kiosk dicuri"),
        ] == [
            (action, change.actor, change.device_id, change.reason)
            for action, change in zip(actions, found, strict=True)
        ]

    async def test_of_nothing(self, world):
        """A site that does not exist has no history, and something must be asked for."""
        bkd = await world.bkd()

        with refused("SITE_UNKNOWN", "NOT_FOUND"):
            await bkd.call("ListBindingHistory", site_id="tidak-ada")
        with refused("FIELD_REQUIRED", "INVALID_ARGUMENT"):
            await bkd.call("ListBindingHistory")
