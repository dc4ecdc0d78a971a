"""A crowd of simulated employees with phones: few real faces, many accounts, frames drawn before.

Each face is enrolled once over the API; its templates are then stored for many employees, as no
API would allow, so that a crowd needs no crowd of photos. Who checks in is compared with the own
templates only, so nobody is taken for another. Frames are drawn once and made unique in a comment
segment of the JPEG: the client's processor sends them and does nothing else.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from hadir.client import Client
from hadir.v1 import checkin_pb2
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks import local, province
from benchmarks.actor import Actor
from benchmarks.bkd import Bkd
from benchmarks.cast import Cast
from benchmarks.local import LocalServer
from benchmarks.phone import Phone
from server.storage import enrollments
from server.storage.database import open_database
from server.storage.enrollments import Enrollment, Face, Templates
from server.storage.vault import Vault, read_key_file

FACES = 3
CLONES_A_WRITE = 100
# Poses drawn on the way into a step, and takes of each with a sway of its own.
_PARTS, _TAKES = 12, 3
_STEPS = (
    checkin_pb2.CHALLENGE_STEP_FRONT,
    checkin_pb2.CHALLENGE_STEP_LEFT,
    checkin_pb2.CHALLENGE_STEP_RIGHT,
    checkin_pb2.CHALLENGE_STEP_CLOSER,
)
_SOI_BYTES = 2

Step = checkin_pb2.ChallengeStep | None
Key = tuple[Step, Step, int]


class FrameBank:
    """All frames of one face that a check-in can ask for, drawn before the load begins."""

    def __init__(self, actor: Actor, progress: Callable[[], None]) -> None:
        self._takes: dict[Key, list[bytes]] = {}
        for before, step in itertools.product((None, *_STEPS), _STEPS):
            if before != step:
                self._draw(actor, before, step)
                progress()

    @staticmethod
    def size() -> int:
        """How often `progress` is called for a bank."""
        return sum(before != step for before in (None, *_STEPS) for step in _STEPS)

    def take(self, before: Step, step: Step, progress: float, rng: random.Random) -> bytes:
        """Returns a frame on the way from one step into another; progress 0 to 1 and beyond."""
        part = min(_PARTS - 1, int(progress * _PARTS))
        return rng.choice(self._takes[before, step, part])

    def _draw(self, actor: Actor, before: Step, step: Step) -> None:
        for part in range(_PARTS):
            shots = []
            for _ in range(_TAKES):
                actor.reset()
                if before is not None:
                    actor.frame_for(before, 1.0)
                shots.append(actor.frame_for(step, (part + 1) / _PARTS))
            self._takes[before, step, part] = shots


class BankedPerson:
    """The person before one phone during one check-in; see benchmarks.phone.FrameSource."""

    _serial = itertools.count()

    def __init__(self, bank: FrameBank, seed: int) -> None:
        self._bank = bank
        self._rng = random.Random(seed)  # noqa: S311  which take is shown, no secret
        self._before: Step = None
        self._step: Step = None

    def frame_for(self, step: Step, progress: float) -> bytes:
        """Returns the next JPEG, unlike any before."""
        if step is not None and step != self._step:
            self._before, self._step = self._step, step
        assert self._step is not None, "a challenge begins with a step"
        return unique(
            self._bank.take(self._before, self._step, progress, self._rng), next(self._serial)
        )


def unique(jpeg: bytes, number: int) -> bytes:
    """Returns the JPEG with a comment that makes its digest its own; the pixels are the same."""
    comment = number.to_bytes(8, "big")
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    return jpeg[:_SOI_BYTES] + segment + jpeg[_SOI_BYTES:]


class Crowd:
    """Phones that are logged in, each with the face of its employee.

    logs_in: whether everybody logs in anew before a check-in, as after a night.
    """

    def __init__(self, phones: Sequence[tuple[Phone, FrameBank]], *, logs_in: bool = False) -> None:
        self.idle = list(phones)
        self.logs_in = logs_in
        self._seed = itertools.count(1)

    def person(self, bank: FrameBank) -> BankedPerson:
        """Returns the next person before a phone."""
        return BankedPerson(bank, next(self._seed))


async def prepare(directory: Path, cast: Cast, people: list[province.DemoEmployee]) -> None:
    """Fills a fresh folder: the province, the faces, and clones of them for all the people."""
    faces = cast.staff[:FACES]
    with local.running(directory) as server:
        await server.serving()
        async with local.connected(server.address) as desk:
            bkd = Bkd(desk)
            await bkd.login("bkd", server.password)
            await bkd.seed(people)
            for employee, player in zip(people, faces, strict=False):
                if (await bkd.enrol(employee.nip, player.enrolment())).stored is None:
                    raise SystemExit("A face of the crowd could not be enrolled.")
    await _clone(directory, [one.nip for one in people])


async def _clone(directory: Path, nips: Sequence[str]) -> None:
    """Stores the templates of the first FACES people for all others, in turn."""
    vault = read_key_file(directory / "hadir.key")
    async with open_database(directory / "hadir.db") as database:
        async with database.read() as connection:
            first = await enrollments.get(connection, nips[0])
            assert first is not None, "the first was just enrolled"
            faces = [await enrollments.templates_of(connection, vault, nip) for nip in nips[:FACES]]
        stored = [face for face in faces if face is not None]
        clones = [(nip, stored[index % FACES]) for index, nip in enumerate(nips[FACES:])]
        for start in range(0, len(clones), CLONES_A_WRITE):
            part = clones[start : start + CLONES_A_WRITE]
            await database.write(partial(_put, vault=vault, first=first, clones=part))


async def _put(
    connection: AsyncConnection,
    *,
    vault: Vault,
    first: Enrollment,
    clones: Sequence[tuple[str, Templates]],
) -> None:
    faces = [Face(replace(first, nip=nip), face, [b"simulated"]) for nip, face in clones]
    await enrollments.put(connection, vault, faces)


async def crowd_of(
    server: LocalServer,
    people: Sequence[province.DemoEmployee],
    banks: Sequence[FrameBank],
    stack: AsyncExitStack,
    *,
    reaction_s: float,
) -> Crowd:
    """Activates and logs in a phone for each of the people; connections end with the stack.

    reaction_s: until they begin a step that is asked for.
    """
    async with local.connected(server.address) as desk:
        bkd = Bkd(desk)
        await bkd.login("bkd", server.password)
        codes = [await bkd.phone_code(one.nip) for one in people]
    phones = []
    for index, code in enumerate(codes):
        client: Client = await stack.enter_async_context(local.connected(server.address))
        phone = Phone(client, reaction_s=reaction_s)
        await phone.activate(code)
        await phone.login()
        # The first FACES people lent their faces in turn; see _clone.
        bank = banks[index if index < FACES else (index - FACES) % FACES]
        phones.append((phone, bank))
        await asyncio.sleep(0)
    return Crowd(phones)


def banks_of(cast: Cast, progress: Callable[[], None]) -> list[FrameBank]:
    """Draws the frames of the faces; calls `progress` FrameBank.size() times a face."""
    return [FrameBank(actor, progress) for actor in _actors(cast)]


def _actors(cast: Cast) -> Iterator[Actor]:
    for player in cast.staff[:FACES]:
        assert isinstance(player, Actor), "only virtual persons can be drawn before"
        yield player
