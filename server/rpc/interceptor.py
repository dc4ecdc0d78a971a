"""The one gate of the API: who may call (from the method's option), required fields, errors, log.

Methods outside our package (health, reflection) pass through untouched: wrapping their `Watch`
breaks it (grpc#28728).
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import grpc
import structlog
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError, Message
from hadir.v1 import options_pb2

from server import messages, metrics
from server.domain.model import Principal, Role
from server.errors import (
    FirstPassword,
    HadirError,
    Kind,
    MessageInvalid,
    RoleDenied,
    Unauthenticated,
)
from server.rpc.call import Call, Context, enter
from server.rpc.required import check_required
from server.rpc.status import CODES, abort
from server.traces import Traces

Roles = frozenset[Role]
Authenticate = Callable[[str], Awaitable[Principal]]
# By method: raises where a token can be refused before its session is asked for.
Early = Mapping[str, Callable[[str], None]]

_PACKAGE = "/hadir."
_BEARER = "Bearer "
METADATA_CHARACTERS_MAX = 200
# A caller who takes longer to read one message of a stream reads none: the stream is cut off.
WRITE_S_MAX = 30.0
# Who is refused before anything was read is listened to for so long; see _heard.
HEARD_S_MAX = 1.0

log = structlog.get_logger()


class InternalFailure(HadirError):
    """Something that must not happen; the log has the traceback."""


def roles_by_method(files: Iterator[FileDescriptor]) -> dict[str, Roles]:
    """Returns the roles of every method of the files, by full name (/package.Service/Method)."""
    table = {}
    for file in files:
        for service in file.services_by_name.values():
            for method in service.methods:
                access: options_pb2.Access = method.GetOptions().Extensions[
                    options_pb2.access  # type: ignore[index]
                ]
                names = (options_pb2.Role.Name(role) for role in access.roles)
                table[f"/{service.full_name}/{method.name}"] = frozenset(
                    Role(name.removeprefix("ROLE_")) for name in names
                )
    return table


def before_password(files: Iterator[FileDescriptor]) -> frozenset[str]:
    """Returns the methods that an account may call whose first password was not changed yet."""
    return frozenset(
        f"/{service.full_name}/{method.name}"
        for file in files
        for service in file.services_by_name.values()
        for method in service.methods
        if method.GetOptions().Extensions[options_pb2.access].first_password  # type: ignore[index]
    )


class Gate(grpc.aio.ServerInterceptor):
    """Wraps every handler of our package."""

    def __init__(
        self,
        roles: dict[str, Roles],
        authenticate: Authenticate,
        *,
        before_password: frozenset[str] = frozenset(),
        early: Early | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._roles = roles
        self._before_password = before_password
        self._authenticate = authenticate
        self._early = early or {}
        self._traces = traces or Traces()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Returns the handler, wrapped by its kind."""
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(_PACKAGE):
            return handler
        metadata = dict(handler_call_details.invocation_metadata or ())
        if handler.response_streaming:
            return self._streaming(method, handler, metadata)
        return self._single(method, handler, metadata)

    def _single(self, method: str, handler: Any, metadata: dict[str, Any]) -> Any:
        behavior = handler.stream_unary or handler.unary_unary

        async def serve(request: Any, context: Context) -> Any:
            async with self._call(method, metadata, context):
                return await behavior(_decoded(handler, request), context)

        make = (
            grpc.stream_unary_rpc_method_handler
            if handler.request_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        return make(serve, None, handler.response_serializer)

    def _streaming(self, method: str, handler: Any, metadata: dict[str, Any]) -> Any:
        behavior = handler.stream_stream or handler.unary_stream

        async def serve(request: Any, context: Context) -> AsyncIterator[Any]:
            sent = request if handler.request_streaming else None
            async with self._call(method, metadata, context, sent):
                async for response in behavior(_decoded(handler, request), context):
                    with _write_limit():
                        yield response

        make = (
            grpc.stream_stream_rpc_method_handler
            if handler.request_streaming
            else grpc.unary_stream_rpc_method_handler
        )
        return make(serve, None, handler.response_serializer)

    @asynccontextmanager
    async def _call(
        self,
        method: str,
        metadata: dict[str, Any],
        context: Context,
        requests: AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[None]:
        """Authorises the call, turns errors into a status, writes the log line and the span.

        requests: what the caller streams.
        """
        started = time.perf_counter()
        request_id = secrets.token_hex(8)
        language = messages.language_of(_value(metadata, "accept-language"))
        # Ended below, and by no block of its own: a block around a yield is left in any context.
        span = self._traces.call(method, request_id, _value(metadata, "traceparent"))
        structlog.contextvars.bind_contextvars(request_id=request_id, method=method, **span.log)
        outcome, code = "OK", grpc.StatusCode.OK
        try:
            principal = await self._authorised(method, metadata, requests)
            span.note(role=(principal.role if principal else Role.ANYONE).value)
            enter(Call(method, request_id, language, principal))
            yield
        except HadirError as error:
            outcome, code = error.reason, CODES[error.kind]
            if error.kind is Kind.INTERNAL:
                log.exception("rpc_failed")
            await abort(context, error, language=language, request_id=request_id)
        except (grpc.aio.AbortError, GeneratorExit):
            outcome, code = "ENDED", grpc.StatusCode.CANCELLED
            raise
        except Exception as error:
            # The edge: a fault of ours is logged here, and nothing of it reaches a caller.
            outcome, code = "INTERNAL", grpc.StatusCode.INTERNAL
            log.exception("rpc_failed")
            failure = InternalFailure(type(error).__name__)
            await abort(context, failure, language=language, request_id=request_id)
        except BaseException:
            # Only for the log line: a cancellation passes.
            outcome, code = "CANCELLED", grpc.StatusCode.CANCELLED
            raise
        finally:
            took_s = time.perf_counter() - started
            metrics.RPC.labels(method, outcome).observe(took_s)
            span.end(outcome, code.name)
            log.info("rpc", outcome=outcome, took_ms=round(took_s * 1e3, 1))

    async def _authorised(
        self, method: str, metadata: dict[str, Any], requests: AsyncIterator[bytes] | None
    ) -> Principal | None:
        roles = self._roles.get(method, frozenset())
        if Role.ANYONE in roles:
            return None
        authorization = _value(metadata, "authorization")
        if not authorization.startswith(_BEARER):
            raise Unauthenticated("no valid session")
        token = authorization.removeprefix(_BEARER)
        if (refuse := self._early.get(method)) is not None:
            try:
                refuse(token)
            except HadirError:
                if requests is not None:
                    await _heard(requests)
                raise
        principal = await self._authenticate(token)
        if principal.role not in roles:
            raise RoleDenied("the role may not call this method", role=principal.role.value)
        if principal.first_password and method not in self._before_password:
            raise FirstPassword("change the first password first")
        return principal


@contextmanager
def _write_limit() -> Iterator[None]:
    """Cancels the call whose message is written in the block, if that takes too long."""
    task = asyncio.current_task()
    assert task is not None, "handlers run in tasks"
    timer = task.get_loop().call_later(WRITE_S_MAX, task.cancel)
    try:
        yield
    finally:
        timer.cancel()


async def _heard(requests: AsyncIterator[bytes]) -> None:
    """Takes the first message of a stream that is about to be refused.

    grpc.aio loses the status of a call that ends while its client writes, and with it the hint when
    to come back: 1 of 100 refusals of a full server, which come within a millisecond.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARD_S_MAX):
            async for _ in requests:
                return


def _decoded(handler: Any, request: Any) -> Any:
    """Returns the request as a checked message, or a stream as an iterator of messages.

    Decoding belongs to us: gRPC would answer bytes that are no message with UNKNOWN, and log them.
    """
    if handler.request_streaming:
        return _decoded_stream(handler, request)
    message = _message(handler, request)
    check_required(message)
    return message


async def _decoded_stream(handler: Any, requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
    async for request in requests:
        yield _message(handler, request)


def _message(handler: Any, content: bytes) -> Message:
    try:
        message: Message = handler.request_deserializer(content)
    except (DecodeError, UnicodeDecodeError):
        raise MessageInvalid("the bytes are no message of this method") from None
    return message


def _value(metadata: dict[str, Any], key: str) -> str:
    value = metadata.get(key, "")
    return value[:METADATA_CHARACTERS_MAX] if isinstance(value, str) else ""
