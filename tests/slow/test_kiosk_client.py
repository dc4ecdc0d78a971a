"""The kiosk: its stream against a scripted server, and its command."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import cv2
import grpc
import grpc.aio
import numpy as np
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from hadir.client import Client, Endpoint
from hadir.device import DeviceKey, Identity, save_identity
from hadir.v1 import (
    frame_pb2,
    kiosk_pb2,
    kiosk_pb2_grpc,
    session_pb2,
    session_pb2_grpc,
)
from typer.testing import CliRunner

from kiosk_client.camera import SourceError
from kiosk_client.main import RunOptions, app, run_kiosk
from kiosk_client.screen import LineScreen
from kiosk_client.stream import Backoff, KioskStream
from kiosk_client.updates import Answer, Ended, Offline, Online, Shot, Update

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    Context = grpc.aio.ServicerContext[Any, Any]
    Requests = AsyncIterator[kiosk_pb2.IdentifyRequest]
    Answers = AsyncIterator[kiosk_pb2.IdentifyResponse]
    Script = Callable[[Requests, Context], Answers]

IDENTITY = Identity("01KIOSK", "kiosk", "", DeviceKey.generate())
FAST = 200.0
SOON = Backoff(s_min=0.01, s_max=0.02)
HANGS_S = 30.0


def ready(**fields: Any) -> kiosk_pb2.IdentifyResponse:
    """Return the answer to `open`."""
    opened = kiosk_pb2.IdentifyReady(site_name="Kantor Gubernur", **fields)
    opened.server_time.GetCurrentTime()
    return kiosk_pb2.IdentifyResponse(ready=opened)


def result(number: int, *faces: kiosk_pb2.FaceResult, busy: bool = False) -> Any:
    """Return the answer to a frame."""
    outcome = frame_pb2.FRAME_OUTCOME_OVERLOADED if busy else frame_pb2.FRAME_OUTCOME_USABLE
    answer = kiosk_pb2.FrameResult(frame_number=number, outcome=outcome, faces=faces)
    return kiosk_pb2.IdentifyResponse(result=answer)


async def abort(context: Context, code: grpc.StatusCode, reason: str) -> None:
    """End a call as the server does."""
    detail = AnyMessage()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="hadir"))
    status = status_pb2.Status(code=code.value[0], message=reason, details=[detail])
    await context.abort_with_status(rpc_status.to_status(status))


async def answer_all(requests: Requests, _: Context) -> Answers:
    """Open, then answer every frame."""
    await anext(requests)
    yield ready()
    async for request in requests:
        yield result(request.frame.frame_number)


class FakeServer(kiosk_pb2_grpc.KioskServiceServicer, session_pb2_grpc.SessionServiceServicer):
    """Plays one script for each stream; the last one again and again."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts) or [answer_all]
        self.streams_at_s: list[float] = []
        self.tokens: list[str] = []
        self.logins = 0
        self.refuse_login = False

    async def CreateChallenge(
        self, _: session_pb2.CreateChallengeRequest, __: Context
    ) -> session_pb2.CreateChallengeResponse:
        """Give a challenge."""
        return session_pb2.CreateChallengeResponse(challenge=b"c" * 32)

    async def OpenDeviceSession(
        self, _: session_pb2.OpenDeviceSessionRequest, context: Context
    ) -> session_pb2.Session:
        """Accept every signature, or none."""
        if self.refuse_login:
            await abort(context, grpc.StatusCode.UNAUTHENTICATED, "LOGIN_REFUSED")
        self.logins += 1
        return session_pb2.Session(token=f"t{self.logins}")

    async def Identify(self, requests: Requests, context: Context) -> Answers:
        """Play the next script."""
        self.streams_at_s.append(time.monotonic())
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.tokens.append(metadata["authorization"])
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        async for answer in script(requests, context):
            yield answer


@asynccontextmanager
async def serve(fake: FakeServer, port: int = 0) -> AsyncIterator[int]:
    """Serve the fake."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    kiosk_pb2_grpc.add_KioskServiceServicer_to_server(fake, server)
    session_pb2_grpc.add_SessionServiceServicer_to_server(fake, server)
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


async def collect(
    fake: FakeServer,
    until: Callable[[list[Update]], bool],
    *,
    then: Callable[[KioskStream], Coroutine[Any, Any, None]] | None = None,
    answer_deadline_s: float = 5.0,
) -> list[Update]:
    """Run a stream that is offered frames all the time until enough has happened."""
    seen: list[Update] = []
    async with serve(fake) as port, Client(Endpoint(f"127.0.0.1:{port}")) as client:
        stream = KioskStream(
            client,
            IDENTITY,
            frames_per_second=FAST,
            backoff=SOON,
            answer_deadline_s=answer_deadline_s,
        )
        feeder = asyncio.create_task((then or feed)(stream))
        async with asyncio.timeout(HANGS_S), aclosing(stream.updates()) as updates:
            async for update in updates:
                seen.append(update)
                if until(seen):
                    break
        feeder.cancel()
    return seen


async def feed(stream: KioskStream) -> None:
    """Offer a frame every few milliseconds."""
    while True:
        stream.offer(Shot(b"jpeg", 1))
        await asyncio.sleep(0.003)


def ends(count: int, kind: type) -> Callable[[list[Update]], bool]:
    """Whether an update of a kind was seen this often."""
    return lambda seen: sum(isinstance(update, kind) for update in seen) >= count


class TestStream:
    """Frames out, results in, and back again after every break."""

    async def test_it_signs_in_opens_and_yields_results(self) -> None:
        """In this order."""
        fake = FakeServer()
        seen = await collect(fake, ends(3, Answer))

        assert isinstance(seen[0], Online)
        assert seen[0].site_name == "Kantor Gubernur"
        assert abs(seen[0].clock_offset_s) < 5
        assert [type(update) for update in seen[1:]] == [Answer] * 3
        assert fake.tokens == ["Bearer t1"]

    async def test_the_newest_frame_wins(self) -> None:
        """A server that answers once in 20 offers gets few frames, each the newest by then."""
        received: list[bytes] = []
        offered: list[int] = []

        async def slow(requests: Requests, _: Context) -> Answers:
            await anext(requests)
            yield ready()
            async for request in requests:
                received.append(request.frame.jpeg)
                until = len(offered) + 20
                while len(offered) < until:  # noqa: ASYNC110
                    await asyncio.sleep(0.003)
                yield result(request.frame.frame_number)

        async def count(stream: KioskStream) -> None:
            while True:
                offered.append(len(offered))
                stream.offer(Shot(b"%d" % offered[-1], 1))
                await asyncio.sleep(0.003)

        await collect(FakeServer(slow), ends(4, Answer), then=count)

        numbers = [int(jpeg) for jpeg in received]
        assert numbers == sorted(set(numbers))
        assert 4 <= len(received) <= 6
        # Two are on their way: the third waits for the first answer, and so on.
        assert all(later - one >= 20 for one, later in zip(numbers, numbers[2:], strict=False))

    async def test_it_comes_back_after_a_break_and_says_so(self) -> None:
        """Offline with the reason, then online."""

        async def broken(requests: Requests, context: Context) -> Answers:
            await anext(requests)
            yield ready()
            await abort(context, grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")

        fake = FakeServer(broken, answer_all)
        seen = await collect(fake, ends(1, Answer))

        kinds = [type(update) for update in seen]
        assert kinds == [Online, Offline, Online, Answer]
        assert fake.logins == 1

    async def test_resume_is_honoured(self) -> None:
        """Answers on their way are still shown; then it waits as long as the server asked."""

        async def restart(requests: Requests, context: Context) -> Answers:
            await anext(requests)
            yield ready()
            first = await anext(requests)
            resume = kiosk_pb2.Resume()
            resume.delay.FromMilliseconds(200)
            yield kiosk_pb2.IdentifyResponse(resume=resume)
            yield result(first.frame.frame_number)
            await abort(context, grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")

        fake = FakeServer(restart, answer_all)
        seen = await collect(fake, ends(2, Online))

        assert [type(update) for update in seen] == [Online, Answer, Offline, Online]
        offline = seen[2]
        assert isinstance(offline, Offline)
        assert "dimulai ulang" in offline.text
        assert 0.2 <= offline.retry_in_s <= 0.25
        assert fake.streams_at_s[1] - fake.streams_at_s[0] >= 0.2

    async def test_an_ended_session_is_opened_again_at_once(self) -> None:
        """People do not read "offline" for it."""

        async def expired(_: Requests, context: Context) -> Answers:
            await abort(context, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
            yield ready()

        async def served(requests: Requests, context: Context) -> Answers:
            await anext(requests)
            yield ready()
            await abort(context, grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")

        fake = FakeServer(served, expired, answer_all)
        seen = await collect(fake, ends(1, Answer))

        assert [type(update) for update in seen] == [Online, Offline, Online, Answer]
        assert fake.tokens == ["Bearer t1", "Bearer t1", "Bearer t2"]

    async def test_a_session_that_never_holds_is_not_a_busy_loop(self) -> None:
        """A fresh token that is refused waits like any other trouble."""

        async def never(_: Requests, context: Context) -> Answers:
            await abort(context, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
            yield ready()

        seen = await collect(FakeServer(never), ends(2, Offline))

        assert [type(update) for update in seen] == [Offline, Offline]

    @pytest.mark.parametrize(
        ("reason", "part"), [("DEVICE_REVOKED", "dicabut"), ("ROLE_DENIED", "bukan kiosk")]
    )
    async def test_revoked_is_for_good(self, reason: str, part: str) -> None:
        """It ends and says what to do."""

        async def revoked(_: Requests, context: Context) -> Answers:
            await abort(context, grpc.StatusCode.PERMISSION_DENIED, reason)
            yield ready()

        fake = FakeServer(revoked)
        seen = await collect(fake, lambda _: False)

        assert len(seen) == 1
        assert isinstance(seen[0], Ended)
        assert part in seen[0].text
        assert len(fake.streams_at_s) == 1

    async def test_a_refused_login_is_tried_again(self) -> None:
        """The server's answer is the same for every cause, so it may pass."""
        fake = FakeServer()
        fake.refuse_login = True
        seen = await collect(fake, ends(2, Offline))

        assert all(isinstance(update, Offline) for update in seen)
        assert "BKD" in str(seen[0])

    async def test_silence_is_offline(self) -> None:
        """A frame without an answer ends the stream after the deadline, long before keepalive."""

        async def silent(requests: Requests, _: Context) -> Answers:
            await anext(requests)
            yield ready()
            async for _request in requests:
                pass

        seen = await collect(FakeServer(silent, answer_all), ends(2, Online), answer_deadline_s=0.1)

        assert [type(update) for update in seen] == [Online, Offline, Online]
        assert "tidak menjawab" in str(seen[1])

    async def test_a_camera_that_pauses_is_not_silence(self) -> None:
        """Only an unanswered frame counts."""
        arrived = asyncio.Event()

        async def answering(requests: Requests, context: Context) -> Answers:
            async for answer in answer_all(requests, context):
                yield answer
                if answer.HasField("result"):
                    arrived.set()

        async def twice(stream: KioskStream) -> None:
            stream.offer(Shot(b"1", 1))
            await arrived.wait()
            await asyncio.sleep(2.5)
            stream.offer(Shot(b"2", 1))

        seen = await collect(
            FakeServer(answering), ends(2, Answer), then=twice, answer_deadline_s=2.0
        )

        assert [type(update) for update in seen] == [Online, Answer, Answer]

    async def test_the_server_sets_the_pace(self) -> None:
        """No more frames a second than it wants, and fewer while it is overloaded."""

        async def busy(requests: Requests, _: Context) -> Answers:
            await anext(requests)
            yield ready(max_frames_per_second=40.0)
            async for request in requests:
                yield result(request.frame.frame_number, busy=True)

        start_s = time.monotonic()
        await collect(FakeServer(busy), ends(6, Answer))

        # 25 ms as the server wants, then twice as long after each answer: 0.775 s if each is here
        # before the next frame goes out. Without that it would be 0.125 s.
        assert time.monotonic() - start_s >= 0.3

    async def test_the_next_frame_waits_until_it_is_wanted(self) -> None:
        """As long after the one before as its answer said."""

        async def crowded(requests: Requests, _: Context) -> Answers:
            await anext(requests)
            yield ready(max_frames_per_second=40.0)
            async for request in requests:
                answer = result(request.frame.frame_number)
                answer.result.next_frame_ms = 150.0
                yield answer

        start_s = time.monotonic()
        await collect(FakeServer(crowded), ends(6, Answer))

        # The second may go before the first answer is here; without the wish it would be 0.125 s.
        assert time.monotonic() - start_s >= 0.55

    async def test_nobody_there_then_a_server(self) -> None:
        """A kiosk that starts before its server."""
        with socket.socket() as held:  # keeps the port from others, and does not listen
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
            client = Client(Endpoint(f"127.0.0.1:{port}"))
            stream = KioskStream(client, IDENTITY, backoff=SOON)
            async with client, aclosing(stream.updates()) as updates:
                first = await anext(updates)
                assert isinstance(first, Offline)
                assert "tidak dapat dihubungi" in first.text
                async with asyncio.timeout(HANGS_S), serve(FakeServer(), port):
                    while not isinstance(await anext(updates), Online):
                        pass

    async def test_finish_answers_the_last_frame_first(self) -> None:
        """A film that ends loses nothing."""

        async def one(stream: KioskStream) -> None:
            stream.offer(Shot(b"last", 1))
            stream.finish()

        seen = await collect(FakeServer(), lambda _: False, then=one)

        assert [type(update) for update in seen] == [Online, Answer]


class TestCommand:
    """`hadir-kiosk` from end to end, without a camera."""

    async def test_a_folder_is_shown_and_the_kiosk_ends(self, tmp_path: Path) -> None:
        """Every image is answered before it ends."""
        write_images(tmp_path, 3)
        lines: list[str] = []
        options = RunOptions(f"dir:{tmp_path}", loop=False, frames_per_second=50, headless=True)
        async with serve(FakeServer()) as port:
            ended = await run_kiosk(
                Endpoint(f"127.0.0.1:{port}"),
                IDENTITY,
                options,
                screen=LineScreen(write=lines.append),
            )

        assert ended is None
        assert [line[9:] for line in lines] == ["Terhubung: Kantor Gubernur"]

    async def test_a_revoked_kiosk_ends_although_its_camera_runs(self, tmp_path: Path) -> None:
        """With the reason."""

        async def revoked(_: Requests, context: Context) -> Answers:
            await abort(context, grpc.StatusCode.PERMISSION_DENIED, "DEVICE_REVOKED")
            yield ready()

        write_images(tmp_path, 1)
        options = RunOptions(f"dir:{tmp_path}", loop=True, frames_per_second=5, headless=True)
        async with asyncio.timeout(HANGS_S), serve(FakeServer(revoked)) as port:
            ended = await run_kiosk(
                Endpoint(f"127.0.0.1:{port}"), IDENTITY, options, screen=LineScreen(write=forget)
            )

        assert ended is not None
        assert "dicabut" in ended.text

    async def test_a_missing_folder_is_an_error(self) -> None:
        """Not a kiosk that waits for ever."""
        options = RunOptions("dir:/missing", loop=False, frames_per_second=5, headless=True)
        async with asyncio.timeout(HANGS_S), serve(FakeServer()) as port:
            with pytest.raises(SourceError, match="does not exist"):
                await run_kiosk(
                    Endpoint(f"127.0.0.1:{port}"),
                    IDENTITY,
                    options,
                    screen=LineScreen(write=forget),
                )

    def test_run_before_activate_says_what_to_do(self, tmp_path: Path) -> None:
        """Exit status 1, no traceback."""
        outcome = CliRunner().invoke(app, ["run", "--key-dir", str(tmp_path)])

        assert outcome.exit_code == 1
        assert "ask BKD for an activation code" in outcome.stderr

    def test_activate_without_a_server_says_what_to_do(self, tmp_path: Path) -> None:
        """The code is not consumed; the language is the one asked for."""
        words = ["activate", "CODE", "--server", "127.0.0.1:1", "--language", "en"]
        outcome = CliRunner().invoke(app, [*words, "--key-dir", str(tmp_path)])

        assert outcome.exit_code == 1
        assert "cannot be reached" in outcome.stderr
        assert not (tmp_path / "device.json").exists()

    def test_a_bad_ca_file_says_what_to_do(self, tmp_path: Path) -> None:
        """Before anything is sent."""
        save_identity(IDENTITY, tmp_path)
        words = ["run", "--server", "a:1", "--ca-file", str(tmp_path / "none.pem")]
        outcome = CliRunner().invoke(app, [*words, "--key-dir", str(tmp_path), "--headless"])

        assert outcome.exit_code == 1
        assert "none.pem" in outcome.stderr

    @pytest.mark.parametrize("command", ["activate", "run"])
    def test_help_teaches(self, command: str) -> None:
        """Each command explains its options."""
        assert "--key-dir" in CliRunner().invoke(app, [command, "--help"]).stdout
        assert "issue" in CliRunner().invoke(app, ["--help"]).stdout


def forget(_: str) -> None:
    """Show nothing."""


def write_images(directory: Path, count: int) -> None:
    """Write images for a `dir:` source."""
    for number in range(count):
        image = np.full((240, 320, 3), 40 * number, dtype=np.uint8)
        cv2.imwrite(str(directory / f"{number}.jpg"), image)
