"""The simulated slow network: all bytes arrive, in order, and not before their time."""

import asyncio
import math
import time
from contextlib import asynccontextmanager, closing, suppress

import pytest

from benchmarks.network import Distance, slow_network

PATIENCE_S = 10.0


@pytest.fixture
async def there():
    """The address of an echo."""
    served = set[asyncio.Task[None]]()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with closing(writer):
            while piece := await reader.read(1000):
                writer.write(piece)
                await writer.drain()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        yield "{}:{}".format(*server.sockets[0].getsockname())
        await asyncio.wait_for(asyncio.gather(*served, return_exceptions=True), PATIENCE_S)


@asynccontextmanager
async def connected(address: str):
    """A connection; it is gone afterwards."""
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with closing(writer):
        yield reader, writer
    with suppress(OSError):
        await writer.wait_closed()


async def sent(address: str, *pieces: bytes) -> tuple[bytes, float]:
    """Returns what comes back, and after how long the last of it did."""
    async with connected(address) as (reader, writer):
        began_s = time.monotonic()
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        answer = await asyncio.wait_for(reader.readexactly(sum(map(len, pieces))), PATIENCE_S)
        return answer, time.monotonic() - began_s


async def test_both_ways_take_their_time(there):
    """A delay there and one back."""
    async with slow_network(there, Distance(0.05, 0.0)) as address:
        answer, took_s = await sent(address, b"frame")

    assert b"frame" == answer
    assert took_s >= 0.1


async def test_in_order_whatever_the_jitter(there):
    """More than pieces hold; nothing overtakes, nothing is lost."""
    pieces = [bytes([number]) * 7_000 for number in range(50)]
    async with slow_network(there, Distance(0.0, 0.002)) as address:
        answer, _ = await sent(address, *pieces)

    assert b"".join(pieces) == answer


async def test_held_up_and_let_go_together(there):
    """Nothing reaches the server between two of the moments at which what was sent is let go."""
    held_s = 0.3
    async with slow_network(there, Distance(0.0, 0.0, held_s=held_s)) as address:
        began_s = time.monotonic()
        due_s = math.ceil(began_s / held_s) * held_s
        if due_s - began_s < held_s / 3:  # so near that it would seem held where nothing is
            await asyncio.sleep(held_s / 2)
            due_s += held_s
        await sent(address, b"frame")

    assert time.monotonic() >= due_s


async def test_an_end_is_passed_on(there):
    """Who has said all is heard to the end, and the other side hangs up then."""
    async with (
        slow_network(there, Distance(0.001, 0.0)) as address,
        connected(address) as (reader, writer),
    ):
        writer.write(b"last")
        writer.write_eof()

        assert b"last" == await asyncio.wait_for(reader.read(), PATIENCE_S)


async def test_nobody_there():
    """A server that does not listen: the connection ends, as it would without the network."""
    async with (
        slow_network("127.0.0.1:1", Distance(0.0, 0.0)) as address,
        connected(address) as (reader, _),
    ):
        assert b"" == await asyncio.wait_for(reader.read(), PATIENCE_S)
