"""A slow network between phones and a server on loopback: TCP whose bytes arrive some time later.

Each piece is passed on after a fixed delay and a random one (exponential, as queues in mobile
networks make it), and never before what was sent earlier: so do TCP's bytes behind radio links
arrive. Nothing is lost, and bandwidth has no limit.
"""

import asyncio
import math
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

_PIECE_BYTES = 64 * 1024
# What may be under way in one direction of a connection, in pieces; beyond, its sender waits.
_PIECES_MAX = 1024

Piece = tuple[float, bytes]


@dataclass(frozen=True, slots=True)
class Distance:
    """What a piece takes each way, in seconds: delay_s, and at random jitter_s more on average.

    Pieces keep their order, and a frame is some of them: it takes longer than one of them would.
    held_s: what goes to the server is let go together, every so many seconds.
    """

    delay_s: float
    jitter_s: float
    held_s: float = 0.0


NEAR = Distance(0.0, 0.0)


@asynccontextmanager
async def slow_network(address: str, far: Distance, *, seed: int = 1) -> AsyncIterator[str]:
    """Yields an address on which whoever listens at `address` is that far away."""
    host, _, port = address.rpartition(":")
    rng = random.Random(seed)  # noqa: S311  no secret
    relays: set[asyncio.Task[None]] = set()

    def takes_s() -> float:
        return far.delay_s + (rng.expovariate(1 / far.jitter_s) if far.jitter_s else 0.0)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            try:
                there, back = await asyncio.open_connection(host, int(port))
                with closing(back):
                    async with asyncio.TaskGroup() as group:
                        group.create_task(_carry(reader, back, takes_s, far.held_s))
                        group.create_task(_carry(there, writer, takes_s))
            except* OSError:
                pass  # one end is gone: so is the connection

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(relay(reader, writer))
        relays.add(task)
        task.add_done_callback(relays.discard)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        own_host, own_port = server.sockets[0].getsockname()
        try:
            yield f"{own_host}:{own_port}"
        finally:
            for task in relays:
                task.cancel()
            await asyncio.gather(*relays, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    takes_s: Callable[[], float],
    held_s: float = 0.0,
) -> None:
    """Passes on what one end sends, to its end."""
    under_way: asyncio.Queue[Piece] = asyncio.Queue(_PIECES_MAX)
    async with asyncio.TaskGroup() as group:
        group.create_task(_deliver(under_way, writer))
        due_s, piece = 0.0, b"any"
        while piece:
            piece = await reader.read(_PIECE_BYTES)
            due_s = max(due_s, asyncio.get_running_loop().time() + takes_s())
            if held_s:
                due_s = math.ceil(due_s / held_s) * held_s
            await under_way.put((due_s, piece))


async def _deliver(under_way: asyncio.Queue[Piece], writer: asyncio.StreamWriter) -> None:
    """Writes each piece when it is due; an empty one is the end."""
    piece = b"any"
    while piece:
        due_s, piece = await under_way.get()
        await asyncio.sleep(due_s - asyncio.get_running_loop().time())
        if piece:
            writer.write(piece)
            await writer.drain()
    writer.write_eof()
