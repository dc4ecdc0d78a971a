"""Spans of calls and frames for the operators' collector (OTLP over gRPC), where one is named.

OpenTelemetry is imported only then. A span's parent comes from the task's own context variable, and
it ends with its block. Attributes are states, counts and times: never who, where or with what.
Estimate: 90 us a span, half of it for sending, four a traced frame; 0.3 us a step where nothing is
traced.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from importlib import metadata
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from server.errors import SettingsInvalid

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

# What a collector that is slow or gone may cost: spans that wait (the oldest are dropped), time at
# the end of the server, lines in the log.
WAITING_SPANS_MAX = 2048
FLUSH_S_MAX = 2.0
COMPLAINT_S_MIN = 60.0
_COMPLAINT_CHARACTERS_MAX = 200
# Codes that are the server's fault, as OpenTelemetry counts them.
_FAILURES = {
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
}

Value = str | int | float
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a task is in a trace; ratio: of frames; in_frame: within one that is traced."""

    tracer: "Tracer"
    parent: "Context"
    ratio: float
    in_frame: bool = False


_HERE: ContextVar[_Here | None] = ContextVar("hadir_trace", default=None)


class Step:
    """A span that lasts as long as its block. This one, where nothing is traced, is none."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the span, with the name of an error that passes."""

    def note(self, **attributes: Value) -> None:
        """Adds attributes: states, counts and times alone."""


class _Traced(Step):
    __slots__ = ("_before", "_here", "_span")

    def __init__(
        self, here: _Here, name: str, attributes: Mapping[str, Value], *, in_frame: bool
    ) -> None:
        self._before = here
        self._span = here.tracer.start_span(name, here.parent, attributes=_named(attributes))
        self._here = replace(here, parent=_within(self._span), in_frame=in_frame)

    def __enter__(self) -> Self:
        _HERE.set(self._here)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _HERE.set(self._before)
        if kind is not None:
            self.note(outcome=getattr(kind, "reason", kind.__name__))
        self._span.end()

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes(_named(attributes))


_NOTHING = Step()


def step(name: str, **attributes: Value) -> Step:
    """Returns the span of something that is done in a call."""
    here = _HERE.get()
    if here is None:
        return _NOTHING
    return _Traced(here, name, attributes, in_frame=here.in_frame)


def frame(**attributes: Value) -> Step:
    """Returns the span of a frame that is looked at, if it is one of those that are traced."""
    here = _HERE.get()
    if here is None or random.random() >= here.ratio:  # noqa: S311
        return _NOTHING
    return _Traced(here, "frame", attributes, in_frame=True)


def stage(name: str, **attributes: Value) -> Step:
    """Returns the span of a stage of a frame; none if its frame is not traced."""
    here = _HERE.get()
    if here is None or not here.in_frame:
        return _NOTHING
    return _Traced(here, name, attributes, in_frame=True)


class Call:
    """The span of a call; log: what its log lines carry of it. This one is none."""

    log: Mapping[str, str] = {}

    def note(self, **attributes: Value) -> None:
        """Adds attributes: states, counts and times alone."""

    def end(self, outcome: str, code: str) -> None:
        """Ends the span with the outcome that the log has, and the gRPC code."""


class _TracedCall(Call):
    def __init__(self, span: "Span") -> None:
        self.log = {"trace_id": f"{span.get_span_context().trace_id:032x}"}
        self._span = span

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes(_named(attributes))

    def end(self, outcome: str, code: str) -> None:
        from opentelemetry.trace import StatusCode

        self.note(outcome=outcome)
        self._span.set_attribute("rpc.response.status_code", code)
        if code in _FAILURES:
            self._span.set_attribute("error.type", code)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


_NO_CALL = Call()


class Traces:
    """Begins the spans of calls; without a tracer there are none."""

    def __init__(self, tracer: "Tracer | None" = None, ratio: float = 0.0) -> None:
        self._tracer = tracer
        self._ratio = ratio

    def call(self, method: str, request_id: str, traceparent: str) -> Call:
        """Begins a call's span, in the trace that its W3C traceparent names, for this task.

        A caller who says that its trace is not sampled gets none. The span must be ended.
        """
        if self._tracer is None:
            return _NO_CALL
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        name = method.removeprefix("/")
        caller = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
        span = self._tracer.start_span(
            name,
            caller,
            SpanKind.SERVER,
            attributes={
                "rpc.system.name": "grpc",
                "rpc.method": name,
                "hadir.request_id": request_id,
            },
        )
        if span.is_recording():
            _HERE.set(_Here(self._tracer, _within(span), self._ratio))
        return _TracedCall(span) if span.get_span_context().is_valid else _NO_CALL


@asynccontextmanager
async def opened(endpoint: str, ratio: float) -> AsyncIterator[Traces]:
    """Sends spans to a collector until the end of the block; to none if the endpoint is empty.

    ratio: of the frames. What still waits at the end is sent within FLUSH_S_MAX, or lost. Raises
    SettingsInvalid if the extra is not installed.
    """
    if not endpoint:
        yield Traces()
        return
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
    except ImportError as error:
        raise SettingsInvalid(
            "traces_endpoint needs OpenTelemetry: pip install 'hadir[server,traces]'"
        ) from error
    version = metadata.version("hadir")
    exporter = OTLPSpanExporter(endpoint)
    provider = TracerProvider(
        ParentBased(ALWAYS_ON),
        Resource.create({"service.name": "hadir", "service.version": version}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, WAITING_SPANS_MAX))
    with _Complaints():
        try:
            yield Traces(provider.get_tracer("hadir", version), ratio)
        finally:
            closing = asyncio.create_task(asyncio.to_thread(provider.shutdown))
            await asyncio.wait({closing}, timeout=FLUSH_S_MAX)
            if not closing.done():
                exporter.shutdown()  # gives up what is being sent, and all that waits
            await closing


class _Complaints(logging.Handler):
    """Lets OpenTelemetry complain (of a collector that is gone, of dropped spans) once a minute."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logger = logging.getLogger("opentelemetry")
        self._next_s = 0.0
        self._unsaid = 0

    def __enter__(self) -> None:
        self._logger.addHandler(self)
        self._logger.propagate = False

    def __exit__(self, *_: object) -> None:
        self._logger.propagate = True
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Logs one line, or counts it for the next."""
        if time.monotonic() < self._next_s:
            self._unsaid += 1
            return
        cause = record.getMessage()[:_COMPLAINT_CHARACTERS_MAX]
        log.warning("traces_failing", cause=cause, unsaid=self._unsaid)
        self._next_s, self._unsaid = time.monotonic() + COMPLAINT_S_MIN, 0


def _within(span: "Span") -> "Context":
    """Returns the context of a span's children: explicit, and of nothing that is current."""
    from opentelemetry.context import Context
    from opentelemetry.trace import set_span_in_context

    return set_span_in_context(span, Context())


def _named(attributes: Mapping[str, Value]) -> dict[str, Value]:
    return {f"hadir.{name}": value for name, value in attributes.items()}
