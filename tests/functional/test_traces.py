"""Traces: what a collector is told of calls and frames, and that nobody is named and nothing waits."""

import itertools
import socket
import time
from collections import defaultdict
from types import SimpleNamespace

import pytest
import pytest_asyncio
from hadir.client import Client, Endpoint
from hadir.v1 import event_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

from benchmarks.phone import Phone
from server.traces import FLUSH_S_MAX
from tests.functional.collector import attributes, open_collector
from tests.functional.processes import command, run_server
from tests.functional.workday import work
from tests.functional.world import STEP_S, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN = event_pb2.EVENT_KIND_IN
CALLERS_TRACE, CALLERS_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
DRAIN_S = 3
STAGES = {f"hadir.{stage}_ms" for stage in ("queue", "decode", "detect", "embed")}
# Whatever is added here is told to a collector: nothing of a person, a device or a place.
KNOWN = {
    "call": {
        *("rpc.system.name", "rpc.method", "rpc.response.status_code"),
        *("hadir.request_id", "hadir.role", "hadir.outcome"),
    },
    "frame": {
        *("hadir.number", "hadir.waited_ms", "hadir.outcome", "hadir.faces", "hadir.steps_done")
    },
    "analyze": {*STAGES, "hadir.batch", "hadir.faces", "hadir.outcome"},
    "search": {"hadir.whole_province"},
    "record": {"hadir.kind", "hadir.source", "hadir.replayed"},
    "refuse": {"hadir.reason"},
    "commit": {"hadir.outcome"},
}
RESOURCE = {
    *("service.name", "service.version", "service.instance.id"),
    *("telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"),
}


class TracedClient(Client):
    """A client that has a trace of its own."""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        traceparent = f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"
        return (*super().metadata, ("traceparent", traceparent))


class Told:
    """What a collector was told, as trees."""

    def __init__(self, spans: list[trace_pb2.Span]) -> None:
        self.spans = spans
        self.by_id = {span.span_id: span for span in spans}
        self._children: dict[bytes, list[trace_pb2.Span]] = defaultdict(list)
        for span in spans:
            self._children[span.parent_span_id].append(span)

    @property
    def calls(self) -> list[trace_pb2.Span]:
        """The spans of calls."""
        return [span for span in self.spans if span.kind == trace_pb2.Span.SPAN_KIND_SERVER]

    def call(self, method: str, *, last: bool = False) -> trace_pb2.Span:
        """Returns the span of the first call of a method."""
        found = [span for span in self.calls if span.name.endswith(f"/{method}")]
        return found[-1 if last else 0]

    def children(self, span: trace_pb2.Span, name: str) -> list[trace_pb2.Span]:
        """Returns the children of a span that have a name."""
        return [child for child in self._children[span.span_id] if child.name == name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(new_copy, seed, cast):
    """A server that was stopped after a day's work, and a check-in of a phone that traces too."""
    async with open_collector() as collector:
        settings = {"traces_endpoint": collector.endpoint, "traces_ratio": "1"}
        async with run_server(new_copy(), seed, cast, **settings) as (world, process):
            done = await work(world)
            result = await check_in(world, TracedClient(Endpoint(world.address)))
            process.stop()
            assert 0 == await process.exit_code()
        yield SimpleNamespace(
            told=Told(collector.spans),
            requests=collector.requests,
            records=process.records(),
            done=done,
            result=result,
        )


async def check_in(world: World, client: Client):
    """Checks a person in."""
    phone = Phone(client, identity=world.seed.phones[1], step_s=STEP_S)
    try:
        await phone.login()
        return await phone.check_in(IN, world.place(1), world.cast.actor(1))
    finally:
        await client.close()


def free_port() -> int:
    """Returns a port at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return closed.getsockname()[1]


class TestCheckIn:
    """The trace of a check-in."""

    async def test_continues_the_callers(self, day):
        """The call is a child of the phone's span, by its traceparent."""
        call = day.told.call("CheckIn", last=True)

        found = attributes(call)
        assert (CALLERS_TRACE, CALLERS_SPAN) == (call.trace_id.hex(), call.parent_span_id.hex())
        assert "hadir.v1.CheckInService/CheckIn" == call.name == found["rpc.method"]
        assert ("EMPLOYEE", "OK", "OK") == (
            found["hadir.role"], found["hadir.outcome"], found["rpc.response.status_code"],
        )  # fmt: skip

    async def test_frames(self, day):
        """Each frame that was looked at is a child of the call, with what its stages took."""
        told, call = day.told, day.told.call("CheckIn", last=True)

        frames = told.children(call, "frame")

        answers = {answer.frame_number: answer for answer in day.result.guidance}
        shown = [answers[attributes(frame)["hadir.number"]] for frame in frames]
        assert len(frames) >= 8
        assert {CALLERS_TRACE} == {frame.trace_id.hex() for frame in frames}
        for frame, answer in zip(frames, shown, strict=True):
            (analyze,) = told.children(frame, "analyze")
            took = attributes(analyze)
            spent_ms = sum(took[stage] for stage in STAGES)
            assert inside(analyze, frame)
            assert inside(frame, call)
            assert 0 < took["hadir.detect_ms"] < spent_ms <= length_ms(analyze) + 0.1
            assert took["hadir.detect_ms"] == pytest.approx(answer.timings.detect_ms, abs=0.1)
            assert attributes(frame)["hadir.waited_ms"] >= 0

    async def test_what_was_stored(self, day):
        """The event's outcome is a child of the call, its commit a child of that."""
        (record,) = day.told.children(day.told.call("CheckIn", last=True), "record")
        (commit,) = day.told.children(record, "commit")

        assert day.result.recorded
        assert {"hadir.kind": "IN", "hadir.source": "PHONE", "hadir.replayed": False} == (
            attributes(record)
        )
        assert inside(commit, record)
        assert length_ms(commit) > 0

    async def test_refused(self, day):
        """A refusal is told with its reason."""
        calls = [call for call in day.told.calls if call.name.endswith("/CheckIn")]

        refused = [child for call in calls for child in day.told.children(call, "refuse")]

        assert ["OUTSIDE_GEOFENCE"] == [attributes(one)["hadir.reason"] for one in refused]
        assert 1 == len(day.told.children(refused[0], "commit"))


class TestKiosk:
    """The trace of a kiosk's stream."""

    async def test_frames(self, day):
        """Frames with faces are analysed, then searched at the site and in the province at once."""
        told, call = day.told, day.told.call("Identify")

        frames = told.children(call, "frame")

        assert b"" == call.parent_span_id
        assert len(frames) >= 10
        searched = [frame for frame in frames if told.children(frame, "search")]
        assert searched
        for frame in searched:
            (analyze,), (search,) = told.children(frame, "analyze"), told.children(frame, "search")
            assert attributes(analyze)["hadir.batch"] >= 1
            assert attributes(search)["hadir.whole_province"]
            assert inside(search, frame)
            assert analyze.end_time_unix_nano <= search.start_time_unix_nano

    async def test_event(self, day):
        """The event belongs to the frame that won the vote."""
        told = day.told
        frames = told.children(told.call("Identify"), "frame")

        records = [child for frame in frames for child in told.children(frame, "record")]

        assert [("KIOSK", False)] == [
            (attributes(one)["hadir.source"], attributes(one)["hadir.replayed"]) for one in records
        ]
        assert 1 == len(told.children(records[0], "commit"))


class TestCalls:
    """Every call has a span."""

    async def test_log_and_span_lead_to_each_other(self, day):
        """By the request id and by the trace's."""
        logged = {
            record["request_id"]: record for record in day.records if record["event"] == "rpc"
        }
        told = {attributes(call)["hadir.request_id"]: call for call in day.told.calls}

        assert logged.keys() == told.keys()
        assert len(told) > 15
        for request_id, record in logged.items():
            found = attributes(told[request_id])
            assert record["trace_id"] == told[request_id].trace_id.hex()
            assert record["method"] == f"/{found['rpc.method']}"
            assert record["outcome"] == found["hadir.outcome"]

    async def test_decisions_too(self, day):
        """What is logged within a call has its trace."""
        recorded = [record for record in day.records if record["event"] == "event_recorded"]

        assert 3 == len(recorded)
        assert all(record["trace_id"] for record in recorded)
        assert CALLERS_TRACE == recorded[-1]["trace_id"]

    async def test_a_caller_s_fault_is_no_failure(self, day):
        """The code says what it was; nothing is marked as an error of the server."""
        ended = {
            (found["hadir.outcome"], found["rpc.response.status_code"])
            for found in map(attributes, day.told.calls)
        }

        assert {
            ("OK", "OK"),
            ("LOGIN_REFUSED", "UNAUTHENTICATED"),
            ("UNAUTHENTICATED", "UNAUTHENTICATED"),
            ("ROLE_DENIED", "PERMISSION_DENIED"),
            ("EMPLOYEE_UNKNOWN", "NOT_FOUND"),
        } <= ended
        assert {trace_pb2.Status.STATUS_CODE_UNSET} == {call.status.code for call in day.told.calls}

    async def test_trees_are_whole(self, day):
        """Every span has ended, and has its parent among the others of its trace."""
        told = day.told

        assert len(told.by_id) == len(told.spans)
        for span in told.spans:
            assert span.end_time_unix_nano >= span.start_time_unix_nano
            parent = told.by_id.get(span.parent_span_id)
            if parent is None:
                assert span in told.calls
                assert span.parent_span_id.hex() in {"", CALLERS_SPAN}
            else:
                assert parent.trace_id == span.trace_id


class TestNobodyIsNamed:
    """A collector is a system of its own: it learns of no person."""

    async def test_attributes(self, day):
        """None but those that are known, no events, no links."""
        for span in day.told.spans:
            kind = "call" if span in day.told.calls else span.name
            assert set(attributes(span)) <= KNOWN[kind]
            assert not span.events
            assert not span.links
            assert not span.status.message

    async def test_resource(self, day):
        """Nor does the process tell more than what it is."""
        resources = [one.resource for request in day.requests for one in request.resource_spans]

        keys = {pair.key for resource in resources for pair in resource.attributes}

        assert {"service.name", "service.version"} <= keys <= RESOURCE

    async def test_content(self, day, seed):
        """Neither secrets, names, numbers, devices nor events are anywhere in the bytes."""
        content = b"".join(request.SerializeToString() for request in day.requests)
        identities = itertools.chain(seed.phones.values(), seed.kiosks.values())
        private = [
            *day.done["secrets"],
            *day.done["people"],
            *day.done["event_ids"],
            *(identity.device_id for identity in identities),
            *(name for one in seed.employees for name in (one.display_name, one.unit_id)),
            *("kantor-gubernur", "127.0.0.1", "petugas", "kepala"),
        ]

        assert len(private) > 30
        assert [] == [word for word in private if word.encode() in content]


class TestCollectorIsGone:
    """A collector that is down is the operator's trouble, and nobody else's."""

    async def test_calls_do_not_notice(self, new_copy, seed, cast):
        """A check-in works, the log says it once, and the server still stops in time."""
        settings = {
            "traces_endpoint": f"http://127.0.0.1:{free_port()}",
            "traces_ratio": "1",
            "drain_seconds": str(DRAIN_S),
        }
        async with run_server(new_copy(), seed, cast, **settings) as (world, process):
            result = await check_in(world, world.client())
            await process.record("traces_failing")
            process.stop()
            started = time.monotonic()
            code = await process.exit_code()

        records = process.records()
        assert result.recorded
        assert 0 == code
        assert time.monotonic() - started < DRAIN_S + FLUSH_S_MAX + 3
        assert 1 == len([record for record in records if record["event"] == "traces_failing"])
        assert {"info", "warning"} >= {record["level"] for record in records}


class TestOff:
    """Without a collector there is no OpenTelemetry in the process."""

    LISTS = """
import atexit, json, sys
from server import main

def tell():
    found = sorted(name for name in sys.modules if name.partition(".")[0] == "opentelemetry")
    sys.stderr.write(json.dumps({"event": "modules", "found": found}) + "\\n")

atexit.register(tell)
sys.argv[:] = ["hadir-server", "run", "--config", sys.argv[1]]
main.main()
"""

    @pytest.mark.parametrize("on", [False, True])
    async def test_nothing_is_imported(self, new_copy, seed, cast, on):
        """Not even after a check-in; the same question finds it where a collector is named."""
        settings = {"traces_endpoint": f"http://127.0.0.1:{free_port()}"} if on else {}
        listed = ("-c", self.LISTS)
        async with run_server(new_copy(), seed, cast, *listed, **settings) as (world, process):
            result = await check_in(world, world.client())
            process.stop()
            assert 0 == await process.exit_code()

        found = (await process.record("modules"))["found"]
        assert result.recorded
        assert on is bool(found)
        assert on is any("trace_id" in record for record in process.records())

    async def test_a_wrong_endpoint_is_said(self, new_copy):
        """Before anything is loaded."""
        directory = new_copy()
        (directory / "hadir.toml").write_text('traces_endpoint = "collector:4317"\n')

        code, _, errors = await command("run", "--config", str(directory / "hadir.toml"))

        assert 1 == code
        assert "traces_endpoint" in errors


def inside(child: trace_pb2.Span, parent: trace_pb2.Span) -> bool:
    """Whether a span lies within another."""
    return (
        parent.start_time_unix_nano <= child.start_time_unix_nano
        and child.end_time_unix_nano <= parent.end_time_unix_nano
    )


def length_ms(span: trace_pb2.Span) -> float:
    """Returns how long a span took."""
    return (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
