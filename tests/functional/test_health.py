"""What a server says of its own state, and how it comes back by itself."""

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server import app, metrics
from tests.faults.test_disk import read_only
from tests.functional.world import refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestStorage:
    """A disk that takes nothing more."""

    async def test_without_room(self, open_copy):
        """Work is sent elsewhere while nothing can be stored, reads go on, and all by itself."""
        async with open_copy() as world:
            bkd = await world.bkd()
            stub = health_pb2_grpc.HealthStub(world.anyone.client.channel)
            watch = stub.Watch(health_pb2.HealthCheckRequest())
            seen = [(await watch.read()).status]
            async with read_only(world.app.services.storage):
                with refused("STORAGE_UNAVAILABLE", "UNAVAILABLE"):
                    await world.phone(0)
                seen.append((await watch.read()).status)
                await bkd.call("ListEmployees")
            seen.append((await watch.read()).status)
            await world.phone(0)
            watch.cancel()

        response = health_pb2.HealthCheckResponse
        assert [response.SERVING, response.NOT_SERVING, response.SERVING] == seen


class TestGauges:
    """What is read from the running server."""

    async def test_every_one(self, world):
        """Each has its description, and none is missing."""
        assert metrics.GAUGES.keys() == app._gauges(world.app.services).keys()
