"""Streams and calls at their limits: order, idleness, budgets, sizes, languages, drain."""

import asyncio
import contextlib
import time
import uuid

import grpc
import pytest
from google.protobuf import message_factory
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from hadir import client
from hadir.v1 import checkin_pb2, enrollment_pb2, event_pb2, frame_pb2, kiosk_pb2

from server.domain import frame as frames
from server.domain.challenge import SECONDS_MAX
from server.errors import DeviceRevoked, SettingsInvalid
from server.rpc import checkin as checkin_rpc
from server.rpc import enrollment as enrollment_rpc
from server.rpc import interceptor
from server.rpc.server import FILES
from tests.functional.world import METHODS, Api, World, consent, none_open, now, outcomes, refused

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("later")]

IDLE_S = 0.5
HANGS_S = 30


def opening(world: World, name: str) -> dict[str, object]:
    """Returns the first message of a stream."""
    if name == "Identify":
        return {"open": kiosk_pb2.OpenIdentify(device_time=now())}
    if name == "Enroll":
        nip = world.seed.people[4].nip
        return {"open": enrollment_pb2.OpenEnrollment(nip=nip, consent=consent())}
    opened = checkin_pb2.OpenCheckIn(
        request_id=str(uuid.uuid4()),
        kind=event_pb2.EVENT_KIND_IN,
        location=world.place(0),
        device_time=now(),
    )
    return {"open": opened}


async def caller(world: World, name: str) -> Api:
    """Returns who may open a stream."""
    if name == "Identify":
        return await world.kiosk()
    if name == "Enroll":
        return await world.bkd()
    return Api((await world.phone(0)).client)


STREAMS = pytest.mark.parametrize("name", ["CheckIn", "Identify", "Enroll"])


class TestOrder:
    """A stream begins with `open`, once."""

    @STREAMS
    async def test_frame_first(self, world, name):
        """A frame before `open` ends the stream."""
        api = await caller(world, name)
        async with api.stream(name) as stream:
            await stream.show(b"too early")
            with refused("OPEN_FIRST", "INVALID_ARGUMENT"):
                await stream.rest()

    @STREAMS
    async def test_nothing(self, world, name):
        """A message with nothing in it is no `open`."""
        api = await caller(world, name)
        async with api.stream(name) as stream:
            await stream.send()
            with refused("OPEN_FIRST", "INVALID_ARGUMENT"):
                await stream.rest()

    @STREAMS
    async def test_open_twice(self, world, name):
        """A second `open` ends the stream."""
        api = await caller(world, name)
        async with api.stream(name) as stream:
            await stream.send(**opening(world, name))
            await stream.send(**opening(world, name))
            with refused("OPEN_FIRST", "INVALID_ARGUMENT"):
                await stream.rest()

    async def test_last_message_first(self, world):
        """Neither a seal nor a commit opens a stream."""
        seal = checkin_pb2.SealCheckIn(signature=b"x")
        messages = {
            "CheckIn": {"seal": seal},
            "Enroll": {"commit": enrollment_pb2.CommitEnrollment()},
        }
        for name, message in messages.items():
            api = await caller(world, name)
            async with api.stream(name) as stream:
                await stream.send(**message)
                with refused("OPEN_FIRST", "INVALID_ARGUMENT"):
                    await stream.rest()

    @STREAMS
    async def test_frame_without_time(self, world, name):
        """A frame says when it was taken."""
        api = await caller(world, name)
        async with api.stream(name) as stream:
            await stream.send(**opening(world, name))
            await stream.send(frame=frame_pb2.Frame(frame_number=1, jpeg=b"x"))
            with refused("FIELD_REQUIRED", "INVALID_ARGUMENT") as caught:
                await stream.rest()

        assert "capture_time" == caught.value.metadata["field"]

    @STREAMS
    async def test_impossible_time(self, world, name):
        """A time outside the calendar is an invalid field, not a failure of ours."""
        api = await caller(world, name)
        async with api.stream(name) as stream:
            await stream.send(**opening(world, name))
            frame = frame_pb2.Frame(frame_number=1, jpeg=b"x")
            frame.capture_time.seconds = 10**15
            await stream.send(frame=frame)
            with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
                await stream.rest()

    @pytest.mark.parametrize("field", ["request_id", "kind", "location", "device_time"])
    async def test_required_of_a_check_in(self, world, field):
        """Each field of the opening is needed, and the answer names the missing one."""
        api, message = await caller(world, "CheckIn"), opening(world, "CheckIn")["open"]
        message.ClearField(field)
        async with api.stream("CheckIn") as stream:
            await stream.send(open=message)
            with refused("FIELD_REQUIRED", "INVALID_ARGUMENT") as caught:
                await stream.rest()

        assert field == caught.value.metadata["field"]


class TestIdle:
    """A stream on which nothing comes does not stay."""

    @pytest.mark.parametrize("name", ["CheckIn", "Identify"])
    @pytest.mark.parametrize("opened", [False, True], ids=["before open", "after open"])
    async def test_ends(self, open_copy, name, opened):
        """It ends after stream_idle_seconds, and its place is free again."""
        async with open_copy(stream_idle_seconds=IDLE_S) as world:
            api = await caller(world, name)
            started = time.monotonic()
            async with api.stream(name) as stream:
                if opened:
                    await stream.send(**opening(world, name))
                    await stream.receive()
                with refused("STREAM_IDLE", "DEADLINE_EXCEEDED"):
                    await stream.rest()
                took_s = time.monotonic() - started

            assert took_s > IDLE_S * 0.8
            await none_open(world)

    async def test_half_closed(self, world):
        """A stream that the kiosk ends is over, without an error."""
        kiosk = await world.kiosk()
        async with kiosk.stream("Identify") as stream:
            await stream.send(**opening(world, "Identify"))
            await stream.duplex.done_writing()
            messages = await stream.rest()

        assert ["ready"] == [message.WhichOneof("message") for message in messages]


class TestHowMany:
    """Streams, frames and bytes have limits."""

    @pytest.mark.parametrize("name", ["CheckIn", "Enroll"])
    async def test_streams_of_one_caller(self, world, name):
        """A third stream of one caller is refused with a time to wait; a closed one makes room."""
        api = await caller(world, name)
        async with api.stream(name) as first, api.stream(name) as second:
            for stream in (first, second):
                await stream.send(**opening(world, name))
                await stream.receive()
            async with api.stream(name) as third:
                with refused("TOO_MANY_STREAMS", "RESOURCE_EXHAUSTED") as caught:
                    await third.rest()
        await none_open(world)
        async with api.stream(name) as fourth:
            await fourth.send(**opening(world, name))
            answer = await fourth.receive()

        assert 3 < caught.value.retry_after_s < 8
        assert answer is not None

    @pytest.mark.parametrize("name", ["CheckIn", "Enroll"])
    async def test_frames_of_one_stream(self, world, monkeypatch, name):
        """One frame more than one use needs ends the stream."""
        frames_max = checkin_rpc.FRAMES_MAX if name == "CheckIn" else enrollment_rpc.FRAMES_MAX
        api = await caller(world, name)
        answers = 0
        async with api.stream(name) as stream:
            await stream.send(**opening(world, name))
            await stream.receive()

            async def flood() -> None:
                for index in range(frames_max + 1):
                    await stream.show(b"frame %d" % index)

            stream.duplex.send_with(flood())
            with refused("FRAME_BUDGET", "RESOURCE_EXHAUSTED"):
                while await stream.receive() is not None:
                    answers += 1

        assert answers <= frames_max

    async def test_bytes_of_one_stream(self, open_copy, monkeypatch):
        """The bytes of a stream are counted, too."""
        monkeypatch.setattr(checkin_rpc, "BYTES_MAX", 100_000)
        async with open_copy() as world:
            api = await caller(world, "CheckIn")
            async with api.stream("CheckIn") as stream:
                await stream.send(**opening(world, "CheckIn"))
                await stream.receive()
                await stream.show(bytes(60_000))
                answer = await stream.receive()
                await stream.show(bytes(40_001))
                with refused("FRAME_BUDGET", "RESOURCE_EXHAUSTED"):
                    await stream.rest()

        assert ["CORRUPT_IMAGE"] == outcomes([answer.guidance.outcome])

    @pytest.mark.parametrize("size", [10_000_000, 524_289])
    async def test_large_frame(self, world, cast, monkeypatch, size):
        """A frame of 10 MB, or of a byte too many, is an outcome and in no chain; more may come."""
        monkeypatch.setattr(client, "MESSAGE_BYTES_MAX", 12 * 2**20)
        hashed = []
        arrived = frames.arrived
        monkeypatch.setattr(
            frames,
            "arrived",
            lambda *args, **more: hashed.append(args[0]) or arrived(*args, **more),
        )
        good = cast.actor(0).shot(cast.actor(0).front)
        for name, field in (("Identify", "result"), ("CheckIn", "guidance")):
            api = await caller(world, name)
            async with api.stream(name) as stream:
                await stream.send(**opening(world, name))
                await stream.receive()
                answers = []
                for jpeg in (bytes(size), good + b"\0" * len(name)):
                    await stream.show(jpeg)
                    answers.append(getattr(await stream.receive(), field))
            assert ["BAD_IMAGE_SIZE", "USABLE"] == outcomes(a.outcome for a in answers)
            assert [1, 2] == [answer.frame_number for answer in answers]

        assert [2, 2] == hashed

    async def test_large_message(self, world):
        """A message beyond 12 MiB is refused by the transport, and the server goes on."""
        kiosk = await world.kiosk()
        request = kiosk_pb2.IdentifyRequest(frame=frame_pb2.Frame(jpeg=bytes(12 * 2**20 + 1)))
        async with grpc.aio.insecure_channel(world.address) as channel:
            call = channel.stream_stream("/hadir.v1.KioskService/Identify")(
                iter([request.SerializeToString()]), metadata=kiosk.client.metadata, timeout=60
            )
            code = await call.code()
        session = await kiosk.call("GetSession")

        assert grpc.StatusCode.RESOURCE_EXHAUSTED is code
        assert session.device_id == world.seed.kiosks["kantor-gubernur"].device_id

    async def test_hung_up(self, world):
        """Callers that cancel in the middle leave no stream behind."""
        kiosk = await world.kiosk()
        for _ in range(10):
            async with kiosk.stream("Identify") as stream:
                await stream.send(**opening(world, "Identify"))
                await stream.receive()
                await stream.show(b"x")
        await none_open(world)

        assert 0 == len(world.app.services.live)


class TestNeverReads:
    """A caller who reads nothing holds a stream no longer than anybody else."""

    @STREAMS
    async def test_ended(self, world, name):
        """It ends when its device or account is ended, though its handler waits for the reader."""
        async with deaf(world, name):
            assert 1 == len(world.app.services.live)
            world.app.services.live.end_all(DeviceRevoked("the device was revoked"))
            await none_open(world)

    @STREAMS
    async def test_write_limit(self, world, monkeypatch, name):
        """It ends when one message is not taken in time."""
        monkeypatch.setattr(interceptor, "WRITE_S_MAX", 0.5)
        async with deaf(world, name):
            await none_open(world)

    async def test_deadline_of_a_check_in(self, world, monkeypatch):
        """A check-in ends with its challenge, and its place is free for the next."""
        monkeypatch.setattr(checkin_rpc, "DEADLINE_SLACK_S", 0.5 - SECONDS_MAX)
        async with deaf(world, "CheckIn"):
            await none_open(world)

        assert 0 == world.app.services.checkins.admission.open


class TestHealthAndReflection:
    """What operators' tools ask."""

    async def test_serving(self, world):
        """A server that runs is SERVING, for anyone who asks."""
        stub = health_pb2_grpc.HealthStub(world.anyone.client.channel)

        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=HANGS_S)

        assert health_pb2.HealthCheckResponse.SERVING == answer.status

    async def test_not_serving(self, open_copy):
        """A server that stops says NOT_SERVING first, and then ends by itself."""
        async with open_copy() as world:
            stub = health_pb2_grpc.HealthStub(world.anyone.client.channel)
            watch = stub.Watch(health_pb2.HealthCheckRequest())
            first = await watch.read()
            drained = asyncio.create_task(world.app.drain())
            second = await watch.read()
            watch.cancel()
            await asyncio.wait_for(drained, HANGS_S)

        response = health_pb2.HealthCheckResponse
        assert [response.SERVING, response.NOT_SERVING] == [first.status, second.status]

    async def test_reflection(self, world):
        """Reflection lists every service of the API, health and itself."""
        stub = reflection_pb2_grpc.ServerReflectionStub(world.anyone.client.channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")

        call = stub.ServerReflectionInfo(iter([request]), timeout=HANGS_S)
        answer = await call.read()
        call.cancel()

        listed = {service.name for service in answer.list_services_response.service}
        ours = {service.full_name for file in FILES for service in file.services_by_name.values()}
        others = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
        assert 15 == len(ours)
        assert ours | others == listed

    async def test_unknown_method(self, world):
        """A method that does not exist is UNIMPLEMENTED, with a session or without."""
        method = world.anyone.client.channel.unary_unary("/hadir.v1.SessionService/Nothing")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(b"", timeout=HANGS_S)

        assert grpc.StatusCode.UNIMPLEMENTED is caught.value.code()

    async def test_unknown_fields(self, world):
        """Fields of a newer client are ignored."""
        method = world.anyone.client.channel.unary_unary("/hadir.v1.SessionService/CreateChallenge")

        answer = await method(b"\x0a\x01x\xa2\x06\x03new\xf8\x07\x01", timeout=HANGS_S)

        assert len(answer) > 32


class TestGarbage:
    """Bytes that are no message of the API are the caller's mistake, and show nothing of ours."""

    @pytest.mark.parametrize(
        "garbage",
        [b"\xff\xff\xff\xff", b"\x0a\x05ab", b"\x0a\x02\xff\xfe"],
        ids=["noise", "cut off", "no UTF-8"],
    )
    async def test_unary(self, world, garbage):
        """A call that cannot be read is refused by name, and the server goes on."""
        method = world.anyone.client.channel.unary_unary("/hadir.v1.SessionService/CreateChallenge")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(garbage, timeout=HANGS_S)
        answer = await world.anyone.call("CreateChallenge", device_id="01TIDAKADA")

        assert grpc.StatusCode.INVALID_ARGUMENT is caught.value.code()
        assert "protobuf" not in caught.value.details()
        assert 32 == len(answer.challenge)

    async def test_before_the_gate(self, world):
        """Whoever has no session learns nothing of what is read."""
        method = world.anyone.client.channel.unary_unary("/hadir.v1.DirectoryService/PutUnit")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(b"\xff\xff\xff\xff", timeout=HANGS_S)

        assert grpc.StatusCode.UNAUTHENTICATED is caught.value.code()

    async def test_stream(self, world):
        """Noise in the middle of a stream ends it by name."""
        kiosk = await world.kiosk()
        opened = kiosk_pb2.IdentifyRequest(**opening(world, "Identify"))
        call = kiosk.client.channel.stream_stream("/hadir.v1.KioskService/Identify")(
            iter([opened.SerializeToString(), b"\xff\xff\xff\xff"]),
            metadata=kiosk.client.metadata,
            timeout=HANGS_S,
        )

        answers = await _read_all(call)

        assert grpc.StatusCode.INVALID_ARGUMENT is await call.code()
        assert 1 == len(answers)

    async def test_import(self, world):
        """So does noise in an upload."""
        bkd = await world.bkd()
        call = bkd.client.channel.stream_unary("/hadir.v1.DirectoryService/ImportEmployees")(
            iter([b"\x0a\x00", b"\xff\xff\xff\xff"]), metadata=bkd.client.metadata, timeout=60
        )

        assert grpc.StatusCode.INVALID_ARGUMENT is await call.code()


class TestDrain:
    """A server that stops takes nothing new and lets a check-in end."""

    async def test_check_in_ends(self, open_copy, cast):
        """A check-in that is under way is recorded; the server waits for it."""
        async with open_copy(drain_seconds=120) as world:
            phone, started = await world.phone(0), asyncio.Event()
            actor = cast.actor(0)

            class Watched:
                def frame_for(self, step, progress):
                    started.set()
                    return actor.frame_for(step, progress)

            running = asyncio.create_task(
                phone.check_in(event_pb2.EVENT_KIND_IN, world.place(0), Watched())
            )
            await started.wait()
            drained = asyncio.create_task(world.app.drain())
            result = await running
            await asyncio.wait_for(drained, HANGS_S)

        assert result.recorded

    @pytest.mark.parametrize(("name", "begun"), [("CheckIn", False), ("Enroll", True)])
    async def test_not_begun(self, open_copy, name, begun):
        """A check-in without a challenge, and an enrolment without a picture, go elsewhere."""
        async with open_copy() as world:
            api = await caller(world, name)
            async with api.stream(name) as stream:
                if begun:
                    await stream.send(**opening(world, name))
                    await stream.receive()
                while not len(world.app.services.live):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                world.app.services.live.begin_drain()
                with refused("SERVER_DRAINING", "UNAVAILABLE"):
                    await stream.rest()

    async def test_port_is_taken(self, world, open_copy):
        """A second server on the port does not start, and says why."""
        with pytest.raises(SettingsInvalid, match="another server running"):
            async with open_copy(listen=world.address):
                pass


@contextlib.asynccontextmanager
async def deaf(world: World, name: str):
    """Opens a stream whose client takes nothing off the wire, so that its handler waits for it."""
    metadata = (await caller(world, name)).client.metadata
    method = METHODS[name]
    make = message_factory.GetMessageClass(method.input_type)
    options = [("grpc.http2.lookahead_bytes", 0), ("grpc.http2.bdp_probe", 0)]
    async with grpc.aio.insecure_channel(world.address, options=options) as channel:
        call = channel.stream_stream(f"/{method.containing_service.full_name}/{name}")(
            metadata=metadata, timeout=60
        )
        await call.write(make(**opening(world, name)).SerializeToString())
        while not len(world.app.services.live):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for number in range(300):
            shown = frame_pb2.Frame(frame_number=number, jpeg=b"x%d" % number, capture_time=now())
            await call.write(make(frame=shown).SerializeToString())
        await asyncio.sleep(0.3)
        try:
            yield call
        finally:
            call.cancel()


async def _read_all(call: grpc.aio.StreamStreamCall) -> list[bytes]:
    """Returns the messages of a call until it ends, well or not."""
    found = []
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for message in call:
            found.append(message)
    return found
