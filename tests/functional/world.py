"""A province on a real server in this process, and the people, phones and staff who use it."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import message_factory
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.client import ApiError, Client, Endpoint, readable_errors
from hadir.device import Identity, login
from hadir.v1 import enrollment_pb2, event_pb2, frame_pb2, options_pb2

from benchmarks import province
from benchmarks.phone import HONEST, ImposterKnobs, Phone
from kiosk_client.duplex import Duplex
from server.app import App, open_app
from server.rpc.server import FILES
from server.settings import Settings

PASSWORD = "rahasia-panjang-2026"
OTHER_PASSWORD = "sandi-antara-2026-x"
DEADLINE_S = 20.0
# Quicker people would end a challenge within a second on a fast machine, and count as a script.
STEP_S = 1.2
METHODS = {
    method.name: method
    for file in FILES
    for service in file.services_by_name.values()
    for method in service.methods
}


class SteppedClock:
    """The machine's clocks, ahead by as much as a test wants."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._held: datetime | None = None
        self._lost = timedelta()

    def advance(self, **by: float) -> None:
        """Moves both clocks, also one that is held; by what timedelta takes."""
        if self._held is not None:
            self._lost += self._running() - self._held
            self._held = None
        self._ahead += timedelta(**by)

    def hold(self) -> datetime:
        """Stops the wall clock until it is moved: real seconds do not pass there. Returns it."""
        self._held = self.now()
        return self._held

    def now(self) -> datetime:
        """Returns the wall time, aware, UTC."""
        return self._held or self._running()

    def _running(self) -> datetime:
        return datetime.now(UTC) + self._ahead - self._lost

    def monotonic(self) -> float:
        """Returns seconds that never run backwards."""
        return time.monotonic() + self._ahead.total_seconds()


@contextmanager
def refused(reason: str, code: str) -> Iterator[pytest.ExceptionInfo[ApiError]]:
    """The block ends with this error of the API."""
    with pytest.raises(ApiError) as caught:
        yield caught
    assert (code, reason) == (caught.value.code.name, caught.value.reason)


def now() -> Timestamp:
    """Returns the present as the API writes it."""
    stamp = Timestamp()
    stamp.GetCurrentTime()
    return stamp


def frame(number: int, jpeg: bytes) -> frame_pb2.Frame:
    """Returns a frame taken now."""
    return frame_pb2.Frame(frame_number=number, jpeg=jpeg, capture_time=now())


def names(enum: Any, prefix: str, numbers: Iterable[int]) -> list[str]:
    """Returns the names of an enum's numbers, without the prefix that they share."""
    return [enum.Name(number).removeprefix(prefix) for number in numbers]


def outcomes(numbers: Iterable[int]) -> list[str]:
    """Returns the names of frame outcomes."""
    return names(frame_pb2.FrameOutcome, "FRAME_OUTCOME_", numbers)


class Api:
    """The API as one caller sees it: methods by name, errors that can be read."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, name: str, **fields: Any) -> Any:
        """Calls a unary method."""
        method = self._method(name, "unary_unary")
        request = _class_of(METHODS[name].input_type)(**fields)
        with readable_errors(self.client.endpoint.language):
            return await method(request, metadata=self.client.metadata, timeout=DEADLINE_S)

    async def upload(self, name: str, requests: AsyncIterable[Any] | Iterable[Any]) -> Any:
        """Calls a method that takes a stream and returns one message."""
        method = self._method(name, "stream_unary")
        with readable_errors(self.client.endpoint.language):
            return await method(requests, metadata=self.client.metadata, timeout=DEADLINE_S)

    async def read(self, name: str, **fields: Any) -> list[Any]:
        """Calls a method that returns a stream. Returns its messages."""
        async with self.listen(name, **fields) as call:
            with readable_errors(self.client.endpoint.language):
                return [message async for message in call]

    @asynccontextmanager
    async def listen(self, name: str, **fields: Any) -> AsyncIterator[Any]:
        """Opens a method that returns a stream; it is cancelled behind the block."""
        request = _class_of(METHODS[name].input_type)(**fields)
        call = self._method(name, "unary_stream")(
            request, metadata=self.client.metadata, timeout=4 * DEADLINE_S
        )
        try:
            yield call
        finally:
            call.cancel()

    @asynccontextmanager
    async def stream(self, name: str) -> AsyncIterator["Stream"]:
        """Opens a method that streams both ways; it has ended behind the block."""
        call = self._method(name, "stream_stream")(
            metadata=self.client.metadata, timeout=4 * DEADLINE_S
        )
        async with Duplex(call, language=self.client.endpoint.language) as duplex:
            yield Stream(duplex, _class_of(METHODS[name].input_type))

    def _method(self, name: str, form: str) -> Any:
        method = METHODS[name]
        return getattr(self.client.channel, form)(
            f"/{method.containing_service.full_name}/{name}",
            request_serializer=_class_of(method.input_type).SerializeToString,
            response_deserializer=_class_of(method.output_type).FromString,
        )


class Stream:
    """A stream as a test drives it, message by message."""

    def __init__(self, duplex: Duplex, request: Any) -> None:
        self.duplex = duplex
        self._request = request
        self._number = 0

    async def send(self, **fields: Any) -> None:
        """Sends a message."""
        await self.duplex.write(self._request(**fields))

    async def show(self, jpeg: bytes) -> int:
        """Sends a frame, numbered and taken now. Returns its number."""
        self._number += 1
        await self.send(frame=frame(self._number, jpeg))
        return self._number

    async def receive(self) -> Any:
        """Returns the next message, None at a good end. Raises ApiError."""
        return await self.duplex.read()

    async def rest(self) -> list[Any]:
        """Returns the messages that are left. Raises ApiError."""
        found = []
        while (message := await self.receive()) is not None:
            found.append(message)
        return found


@dataclass(slots=True)
class Seed:
    """What every world begins with; made once, through the API."""

    directory: Path
    employees: list[province.DemoEmployee]
    # Employees by the number of the person who plays them; all but the last are enrolled.
    people: dict[int, province.DemoEmployee] = field(default_factory=dict)
    phones: dict[int, Identity] = field(default_factory=dict)
    kiosks: dict[str, Identity] = field(default_factory=dict)


class World:
    """One server with its province."""

    # The server, where it runs in this process.
    app: App

    def __init__(
        self, port: int, directory: Path, seed: Seed, cast: Any, stack: AsyncExitStack
    ) -> None:
        self.address = f"127.0.0.1:{port}"
        self.directory = directory
        self.seed = seed
        self.cast = cast
        self.clock = SteppedClock()
        self._stack = stack
        self._staff: dict[str, tuple[Api, datetime]] = {}
        self.anyone = Api(self.client())

    def client(
        self, *, language: str = "id", token: str | None = None, address: str | None = None
    ) -> Client:
        """Returns a client that the world closes; address: another way to the server."""
        client = Client(Endpoint(address or self.address, language=language), token=token)
        self._stack.push_async_callback(client.close)
        return client

    async def staff(self, username: str, password: str = PASSWORD, *, language: str = "id") -> Api:
        """Logs a staff account in; a first password is changed, and back again."""
        api = Api(self.client(language=language))
        session = await api.call("OpenStaffSession", username=username, password=password)
        api.client.token = session.token
        if session.first_password:
            await api.call("ChangePassword", old_password=password, new_password=OTHER_PASSWORD)
            await api.call("ChangePassword", old_password=OTHER_PASSWORD, new_password=password)
        return api

    async def bkd(self) -> Api:
        """Returns BKD, logged in once."""
        return await self._known("bkd")

    async def officer(self) -> Api:
        """Returns a person of BKD, logged in once; the account is made when first asked for."""
        if "petugas" not in self._staff:
            await (await self.bkd()).call(
                "CreateStaffAccount",
                username="petugas",
                password=PASSWORD,
                role=options_pb2.ROLE_BKD,
                nip=self.seed.employees[-1].nip,
            )
        return await self._known("petugas")

    async def head(self) -> Api:
        """Returns the head of the first unit, logged in once."""
        return await self._known("kepala")

    async def operator(self) -> Api:
        """Returns an operator, logged in once."""
        return await self._known("operator")

    async def phone(
        self,
        number: int,
        *,
        knobs: ImposterKnobs = HONEST,
        language: str = "id",
        address: str | None = None,
    ) -> Phone:
        """Returns the logged-in phone of an enrolled person; address: another way to the server."""
        phone = Phone(
            self.client(language=language, address=address),
            identity=self.seed.phones[number],
            step_s=STEP_S,
            knobs=knobs,
        )
        await phone.login()
        return phone

    async def kiosk(self, site_id: str = "kantor-gubernur", *, language: str = "id") -> Api:
        """Returns the logged-in kiosk of a site."""
        api = Api(self.client(language=language))
        await login(api.client, self.seed.kiosks[site_id])
        return api

    def place(self, number: int, *, north_m: float = 0.0, **fields: Any) -> event_pb2.Location:
        """Returns a place so far north of the centre of a person's site."""
        site = site_of(self.seed.people[number].unit_id)
        fields.setdefault("accuracy_m", 12.0)
        latitude = site.latitude + north_m / 111_195
        return event_pb2.Location(latitude=latitude, longitude=site.longitude, **fields)

    async def enrol(
        self, nip: str, jpegs: Iterable[bytes], *, bkd: Api | None = None
    ) -> tuple[list[str], enrollment_pb2.Enrollment]:
        """Enrols an employee. Returns the outcome of each picture, and the enrolment."""
        api, seen = bkd or await self.bkd(), []
        async with api.stream("Enroll") as stream:
            await stream.send(open=enrollment_pb2.OpenEnrollment(nip=nip, consent=consent()))
            await stream.receive()
            for jpeg in jpegs:
                await stream.show(jpeg)
                seen.append((await stream.receive()).progress.outcome)
            await stream.send(commit=enrollment_pb2.CommitEnrollment())
            response = await stream.receive()
        return outcomes(seen), response.enrollment

    async def events(self, unit_id: str = "provinsi") -> list[event_pb2.Event]:
        """Returns all events, as BKD sees them."""
        bkd = await self.bkd()
        page = await bkd.call("ListUnitEvents", unit_id=unit_id, page_size=1000)
        return list(page.events)

    async def _known(self, username: str) -> Api:
        """Logs in again where the clock was moved past the session."""
        if username not in self._staff or self._staff[username][1] < self.clock.now():
            until = self.clock.now() + timedelta(hours=7)
            self._staff[username] = (await self.staff(username), until)
        return self._staff[username][0]


async def none_open(world: World) -> None:
    """Waits until the server noticed that all streams are gone."""
    for _ in range(500):
        if not len(world.app.services.live):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a stream stays open")


def refusals_of(world: World, phone: Phone, column: str = "reason") -> list[str]:
    """Returns why a phone was refused, oldest first."""
    connection = sqlite3.connect(f"file:{world.directory}/hadir.db?mode=ro", uri=True)
    rows = connection.execute(
        f"SELECT {column} FROM refusals WHERE device_id = ? ORDER BY sequence",
        (phone.identity.device_id,),
    ).fetchall()
    connection.close()
    return [value for (value,) in rows]


def consent(**fields: Any) -> enrollment_pb2.Consent:
    """Returns a confirmed notice."""
    return enrollment_pb2.Consent(
        **{"notice_version": "2022-02", "confirmed": True, "confirm_time": now(), **fields}
    )


def site_of(unit_id: str) -> province.DemoSite:
    """Returns the site of a unit."""
    return next(site for site in province.SITES if unit_id in dict(site.units))


def settings_in(directory: Path, **changes: Any) -> Settings:
    """Returns settings of a server whose files lie in a directory."""
    values = {
        "listen": "127.0.0.1:0",
        "database": f"sqlite:///{directory / 'hadir.db'}",
        "key_file": directory / "hadir.key",
        "repeat_minutes": 5,
        "drain_seconds": 3,
    }
    return Settings(**{**values, **changes})


@asynccontextmanager
async def open_world(
    directory: Path, seed: Seed, cast: Any, **changes: Any
) -> AsyncIterator[World]:
    """Opens the server of a directory; behind the block it has drained."""
    clock = SteppedClock()
    async with open_app(settings_in(directory, **changes), clock) as app, AsyncExitStack() as stack:
        world = World(app.server.port, directory, seed, cast, stack)
        world.app, world.clock = app, clock
        yield world


def _class_of(descriptor: Any) -> Any:
    return message_factory.GetMessageClass(descriptor)
