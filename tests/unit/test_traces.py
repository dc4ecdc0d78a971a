"""Traces: parents that no other task sees, frames by their share, and nothing where it is off."""

import asyncio
import logging
import socket
import sys
import time
from types import SimpleNamespace

import grpc
import pytest
import structlog
from hadir.v1 import session_pb2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from server import traces
from server.errors import SettingsInvalid, UnitUnknown
from server.rpc.interceptor import Gate, roles_by_method
from server.rpc.server import FILES
from server.traces import COMPLAINT_S_MIN, FLUSH_S_MAX, WAITING_SPANS_MAX, Traces

METHOD = "/hadir.v1.SessionService/CreateChallenge"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, NOT_SAMPLED = f"00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-00"


class Memory:
    """Spans that ended, in this process."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(ParentBased(ALWAYS_ON), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = provider.get_tracer("test")

    def traces(self, ratio: float = 1.0) -> Traces:
        return Traces(self.tracer, ratio)

    @property
    def spans(self):
        return self._exporter.get_finished_spans()

    @property
    def parents(self) -> dict[str, str]:
        """The name of each span's parent, by its own."""
        names = {span.context.span_id: span.name for span in self.spans}
        return {
            span.name: names.get(span.parent.span_id, "elsewhere") if span.parent else ""
            for span in self.spans
        }


@pytest.fixture
def memory() -> Memory:
    return Memory()


async def alone(work):
    """Runs work in a task of its own, as a call is, and so in a context of its own."""
    return await asyncio.create_task(work)


class TestSteps:
    """Spans of what is done in a call."""

    async def test_parents(self, memory):
        """The innermost block that is open is the parent, and none behind its end."""

        async def work():
            call = memory.traces().call(METHOD, "r", "")
            with traces.frame(number=1), traces.stage("analyze"):
                pass
            with traces.step("record"), traces.step("commit"):
                pass
            call.end("OK", "OK")

        await alone(work())

        name = METHOD.removeprefix("/")
        expected = {"analyze": "frame", "frame": name, "commit": "record", "record": name, name: ""}
        assert expected == memory.parents

    async def test_tasks_do_not_see_each_other(self, memory):
        """Two calls at once keep their own, and so does what a call finishes in a task."""

        async def work(name: str):
            call = memory.traces().call(f"/{name}", name, "")
            with traces.step(f"outer-{name}"):
                await asyncio.sleep(0.01)
                task = asyncio.create_task(inner(name))
                await asyncio.sleep(0.01)
            await task
            call.end("OK", "OK")

        async def inner(name: str):
            with traces.step(f"inner-{name}"):
                await asyncio.sleep(0.03)

        await asyncio.gather(alone(work("a")), alone(work("b")))

        for name in "ab":
            assert f"outer-{name}" == memory.parents[f"inner-{name}"]
            assert name == memory.parents[f"outer-{name}"]
        assert traces.step("after") is traces.step("all")

    async def test_an_error_passes_and_is_named(self, memory):
        """By its reason or class, never by its text."""

        async def work():
            memory.traces().call(METHOD, "r", "")
            for error in (UnitUnknown("secret"), ValueError("secret"), asyncio.CancelledError()):
                with pytest.raises(type(error)), traces.step("step"):
                    raise error

        await alone(work())

        outcomes = [span.attributes["hadir.outcome"] for span in memory.spans]
        assert ["UNIT_UNKNOWN", "ValueError", "CancelledError"] == outcomes
        assert not any(span.events or span.status.description for span in memory.spans)

    async def test_off(self):
        """The same object every time, which does nothing; the log has no more than before."""
        call = Traces().call(METHOD, "r", SAMPLED)
        call.note(role="BKD")
        call.end("OK", "OK")

        assert {} == call.log
        assert traces.step("a", x=1) is traces.frame(number=1) is traces.stage("b")
        with traces.step("a") as step:
            step.note(x=1)


class TestFrames:
    """The share of frames that are traced."""

    async def work(self, memory: Memory, ratio: float, frames: int) -> list[str]:
        async def work():
            memory.traces(ratio).call(METHOD, "r", "")
            for number in range(frames):
                with traces.frame(number=number), traces.stage("search"), traces.step("commit"):
                    pass

        await alone(work())
        return [span.name for span in memory.spans]

    async def test_all(self, memory):
        names = await self.work(memory, 1.0, 20)

        assert 20 == names.count("frame") == names.count("search")

    async def test_none(self, memory):
        """What is stored is told all the same, as part of the call."""
        names = await self.work(memory, 0.0, 20)

        assert ["commit"] * 20 == names
        assert {"commit": "elsewhere"} == memory.parents

    async def test_some(self, memory):
        """Each by itself: whole or not at all."""
        names = await self.work(memory, 0.5, 400)

        assert 100 < names.count("frame") == names.count("search") < 300


class TestCallers:
    """What a caller's traceparent does."""

    @pytest.mark.parametrize(
        "text", ["", "x", "00-0-0-01", f"00-{'0' * 32}-{SPAN}-01", SAMPLED.upper(), "\xff" * 200]
    )
    async def test_nonsense_begins_a_trace(self, memory, text):
        """As no traceparent does."""
        call = memory.traces().call(METHOD, "r", text)
        call.end("OK", "OK")

        (span,) = memory.spans
        assert span.parent is None
        assert {"trace_id": f"{span.context.trace_id:032x}"} == call.log

    async def test_not_sampled(self, memory):
        """Nothing is told; the log still leads to the caller's trace."""

        async def work():
            call = memory.traces().call(METHOD, "r", NOT_SAMPLED)
            with traces.frame(number=1), traces.step("commit"):
                pass
            call.end("OK", "OK")
            return call.log

        assert {"trace_id": TRACE} == await alone(work())
        assert () == memory.spans

    @pytest.mark.parametrize(
        ("code", "failed"), [("OK", False), ("NOT_FOUND", False), ("INTERNAL", True)]
    )
    async def test_only_the_servers_fault_is_an_error(self, memory, code, failed):
        """As OpenTelemetry has it for servers."""
        memory.traces().call(METHOD, "r", "").end("OUTCOME", code)

        (span,) = memory.spans
        assert code == span.attributes["rpc.response.status_code"]
        assert failed is not span.status.is_unset
        assert failed is ("error.type" in span.attributes)


class TestGate:
    """The span of a call lasts as long as the call, however it ends."""

    async def streamed(self, memory: Memory, serve):
        """Returns the answers of a streaming method as the gate gives them."""

        async def authenticate(_token):
            raise AssertionError("open to all")

        async def continuation(_details):
            return grpc.stream_stream_rpc_method_handler(
                serve, session_pb2.CreateChallengeRequest.FromString, None
            )

        details = SimpleNamespace(method=METHOD, invocation_metadata=[("traceparent", SAMPLED)])
        gate = Gate(roles_by_method(iter(FILES)), authenticate, traces=memory.traces())
        handler = await gate.intercept_service(continuation, details)
        return handler.stream_stream(requests(), None)

    async def test_answered(self, memory):
        """A child is a child also where the stream yielded in between."""

        async def serve(_requests, _context):
            with traces.step("first"):
                pass
            yield session_pb2.CreateChallengeResponse()
            with traces.step("second"):
                pass
            yield session_pb2.CreateChallengeResponse()

        async def work():
            return [answer async for answer in await self.streamed(memory, serve)]

        assert 2 == len(await alone(work()))
        name = METHOD.removeprefix("/")
        assert {"first": name, "second": name, name: "elsewhere"} == memory.parents
        assert SPAN == f"{memory.spans[-1].parent.span_id:016x}"

    @pytest.mark.parametrize("how", ["closed", "cancelled"])
    async def test_left(self, memory, how):
        """A generator that is closed in another task, and a task that is cancelled, end it once."""
        yielded = asyncio.Event()

        async def serve(_requests, _context):
            with traces.step("first"):
                pass
            yield session_pb2.CreateChallengeResponse()
            yielded.set()
            await asyncio.sleep(60)

        answers = await self.streamed(memory, serve)

        async def read():
            return [await anext(answers)] if how == "closed" else [a async for a in answers]

        task = asyncio.create_task(read())
        if how == "closed":
            await task
            await answers.aclose()
        else:
            await yielded.wait()
            task.cancel()
            await asyncio.wait({task})

        first, call = memory.spans
        assert first.parent.span_id == call.context.span_id
        assert "CANCELLED" == call.attributes["rpc.response.status_code"]
        assert traces.step("here") is traces.step("too")


async def requests():
    """One request."""
    yield session_pb2.CreateChallengeRequest(device_id="d").SerializeToString()


class TestCollector:
    """A collector that is no help costs no more than its limits."""

    @pytest.fixture
    def said(self):
        with structlog.testing.capture_logs() as lines:
            yield lines

    @pytest.fixture
    def silent(self):
        """The address of a machine that takes connections and never says a word."""
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(8)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def test_the_extra_is_not_installed(self, monkeypatch):
        """What to install is said."""
        monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

        with pytest.raises(SettingsInvalid, match=r"pip install 'hadir\[server,traces\]'"):
            async with traces.opened("http://127.0.0.1:4317", 1.0):
                pass

    async def test_no_endpoint(self):
        async with traces.opened("", 1.0) as opened:
            assert {} == opened.call(METHOD, "r", SAMPLED).log

    async def test_silent(self, silent, said):
        """More spans than may wait cost nothing but themselves, and the end comes in time."""
        logger = logging.getLogger("opentelemetry")
        async with traces.opened(silent, 1.0) as opened:
            started = time.perf_counter()
            for number in range(2 * WAITING_SPANS_MAX):
                opened.call(METHOD, str(number), "").end("OK", "OK")
            took_s = time.perf_counter() - started
            closing = time.perf_counter()

        assert took_s < 5
        assert time.perf_counter() - closing < FLUSH_S_MAX + 1
        assert ["traces_failing"] == [line["event"] for line in said]
        assert ([], True) == (logger.handlers, logger.propagate)

    async def test_complaints(self, said, monkeypatch):
        """One line a minute, with how many were not said; none of it elsewhere."""
        now_s = 1000.0
        monkeypatch.setattr(traces.time, "monotonic", lambda: now_s)
        logger = logging.getLogger("opentelemetry.exporter")
        with traces._Complaints():
            for _ in range(5):
                logger.error("Failed to export %s", "x" * 1000)
            logger.info("Not worth a line")
            now_s += COMPLAINT_S_MIN
            logger.warning("Again")

        assert [("traces_failing", 0), ("traces_failing", 4)] == [
            (line["event"], line["unsaid"]) for line in said
        ]
        assert "Again" == said[1]["cause"]
        assert len(said[0]["cause"]) < 300
