"""What the transport lets nobody take too much of, before anybody asks for a session."""

import asyncio
import contextlib

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.rpc import server as rpc_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

HANGS_S = 30


@contextlib.asynccontextmanager
async def watching():
    """Gives calls that stay open without a session; they end behind the block."""
    calls = []

    async def watch(channel):
        stub = health_pb2_grpc.HealthStub(channel)
        calls.append(stub.Watch(health_pb2.HealthCheckRequest()))
        return calls[-1]

    yield watch
    for call in calls:
        call.cancel()


class TestCalls:
    """Each may hold a message that never ends, so they are counted."""

    async def test_calls_of_one_connection(self, world):
        """One connection has so many calls at once; the next waits until one ends."""
        async with grpc.aio.insecure_channel(world.address) as channel, watching() as watch:
            calls = [await watch(channel) for _ in range(rpc_server.STREAMS_PER_CONNECTION_MAX)]
            answers = [await asyncio.wait_for(call.read(), HANGS_S) for call in calls]
            late = asyncio.create_task((await watch(channel)).read())
            await asyncio.sleep(0.5)
            waited = not late.done()
            calls[0].cancel()
            answers.append(await asyncio.wait_for(late, HANGS_S))

        assert waited
        assert {health_pb2.HealthCheckResponse.SERVING} == {one.status for one in answers}

    async def test_calls_of_all(self, open_copy, monkeypatch):
        """Beyond what the server can hold it takes no call, from whatever connection."""
        monkeypatch.setattr(rpc_server, "CALLS_MAX", 3)
        async with open_copy() as world, contextlib.AsyncExitStack() as stack, watching() as watch:
            channels = [grpc.aio.insecure_channel(world.address) for _ in range(4)]
            for channel in channels:
                await stack.enter_async_context(channel)
            for channel in channels[:3]:
                await (await watch(channel)).read()
            code = await (await watch(channels[3])).code()

        assert grpc.StatusCode.RESOURCE_EXHAUSTED is code
