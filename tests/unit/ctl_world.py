"""A fake server on a real socket, and hadirctl before it, for the tests of hadirctl."""

from __future__ import annotations

import json
from collections import defaultdict
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import cv2
import grpc
import numpy as np
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from hadir.v1 import device_admin_pb2 as admin
from hadir.v1 import enrollment_pb2, frame_pb2
from typer.testing import CliRunner

from server.ctl.main import app, globals_first
from server.ctl.session import Session, SessionStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from google.protobuf.message import Message
    from typer.testing import Result

NIP = "197001011995031001"
TWIN = f"{NIP[:-1]}9"
TOKEN = "t" * 43
WIT = ZoneInfo("Asia/Jayapura")
# 7 February 2022, 07:28:14 in Sofifi.
MORNING = datetime(2022, 2, 6, 22, 28, 14, tzinfo=UTC)
NEEDED, KEPT = 3, 4
GOOD, NO_FACE = frame_pb2.FRAME_OUTCOME_USABLE, frame_pb2.FRAME_OUTCOME_NO_FACE
CODE = admin.ActivationCode(code="7K3M-Q2PX-9RTW")


def stamp(moment: datetime) -> Timestamp:
    """Return a moment as the API sends it."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def soon(hours: int = 1) -> datetime:
    """Return a moment from now."""
    return datetime.now(UTC) + timedelta(hours=hours)


@dataclass
class World:
    """What the fake server answers and refuses, and what it was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, status_pb2.Status] = field(default_factory=dict)
    outcomes: list[frame_pb2.FrameOutcome] = field(default_factory=list)
    asked: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    metadata: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, method: str, code: int, reason: str, text: str) -> None:
        """Let a method answer with an error from now on."""
        status = status_pb2.Status(code=code)
        status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason))
        status.details.add().Pack(error_details_pb2.LocalizedMessage(locale="id", message=text))
        self.refusals[method] = status

    def take(self, method: str, request: Message, context: grpc.ServicerContext) -> Any:
        """Note a request; refuse it or return the answer that was prepared, if any."""
        self.asked[method].append(request)
        self.metadata.append(dict(context.invocation_metadata()))
        if method in self.refusals:
            context.abort_with_status(rpc_status.to_status(self.refusals[method]))
        answer = self.answers.get(method)
        return answer(request) if callable(answer) else answer

    def enroll(self, request: Any, progress: enrollment_pb2.EnrollProgress) -> dict[str, Any]:
        """Judge a frame by the prepared outcomes; beyond them every frame is good."""
        if request.WhichOneof("message") == "commit":
            count = progress.accepted_count
            return {"enrollment": enrollment_pb2.Enrollment(nip=NIP, template_count=count)}
        if request.WhichOneof("message") == "frame":
            progress.outcome = self.outcomes.pop(0) if self.outcomes else GOOD
            progress.accepted_count += progress.outcome == GOOD
            resembles = progress.outcome == frame_pb2.FRAME_OUTCOME_LOOKS_LIKE_ANOTHER
            progress.resembled_nip = TWIN if resembles else ""
            progress.text = "Bagus" if progress.outcome == GOOD else "Lihat ke kamera"
        return {"progress": progress}


class FakeServer(grpc.GenericRpcHandler):
    """Every method of the API, by its descriptor."""

    def __init__(self, world: World) -> None:
        self.world = world

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method."""
        service, name = details.method.removeprefix("/").split("/")
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
        coders: dict[str, Any] = {
            "request_deserializer": GetMessageClass(method.input_type).FromString,
            "response_serializer": lambda message: message.SerializeToString(),
        }
        nothing = GetMessageClass(method.output_type)()

        def unary(request: Message, context: grpc.ServicerContext) -> Message:
            return self.world.take(name, request, context) or nothing

        def upload(requests: Iterator[Message], context: grpc.ServicerContext) -> Message:
            # Read whole before it is judged, as the server does: grpc.aio may lose the status of
            # a call that ends while it writes.
            read = list(requests)
            return [self.world.take(name, request, context) for request in read][-1] or nothing

        def enroll(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Message]:
            progress = enrollment_pb2.EnrollProgress(needed_count=NEEDED, max_count=KEPT)
            for request in requests:
                self.world.take(name, request, context)
                yield enrollment_pb2.EnrollResponse(**self.world.enroll(request, progress))

        if name == "Enroll":
            return grpc.stream_stream_rpc_method_handler(enroll, **coders)
        if name == "ImportEmployees":
            return grpc.stream_unary_rpc_method_handler(upload, **coders)
        return grpc.unary_unary_rpc_method_handler(unary, **coders)


def pages(response: Callable[..., Message], rows: str, known: list[Any]) -> Callable[[Any], Any]:
    """Return an answer in pages of at most two rows."""

    def answer(request: Any) -> Message:
        start = int(request.page_token or 0)
        end = start + min(request.page_size, 2)
        token = str(end) if end < len(known) else ""
        return response(**{rows: known[start:end], "next_page_token": token})

    return answer


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[World, str]]:
    """Run the fake server on a socket; yields its world and address."""
    world = World()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), handlers=[FakeServer(world)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield world, f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


@pytest.fixture
def world(shared: tuple[World, str]) -> World:
    """Return the world of the fake server, as new."""
    vars(shared[0]).update(vars(World()))
    return shared[0]


@dataclass(frozen=True)
class Hadirctl:
    """Runs hadirctl as a user would type it."""

    address: str
    home: Path

    def __call__(self, *arguments: str, stdin: str = "", server: str = "") -> Result:
        """Return what came of a command."""
        environment = {
            "XDG_CONFIG_HOME": str(self.home),
            "HADIRCTL_SERVER": server or self.address,
            "HADIRCTL_LANGUAGE": "id",
        }
        return CliRunner().invoke(app, globals_first(arguments), env=environment, input=stdin)

    def json(self, *arguments: str) -> Any:
        """Return the answer of a command that must succeed, as JSON."""
        result = self("--json", *arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        return json.loads(result.stdout)

    @property
    def store(self) -> SessionStore:
        """The session file."""
        return SessionStore(self.address, self.home / "hadirctl" / "sessions")


@pytest.fixture
def ctl(shared: tuple[World, str], tmp_path: Path) -> Hadirctl:
    """Return hadirctl with a session."""
    ctl = Hadirctl(shared[1], tmp_path)
    ctl.store.save(Session("bkd-siti", TOKEN, soon().isoformat()))
    return ctl


def image(seed: int, size: tuple[int, int] = (96, 96)) -> Any:
    """Return a picture of noise."""
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Return a folder of five pictures and a file that is none."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(5):
        cv2.imwrite(str(folder / f"{number}.{'png' if number % 2 else 'jpg'}"), image(number))
    (folder / "notes.txt").write_text("no picture")
    return folder
