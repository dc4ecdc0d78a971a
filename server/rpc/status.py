"""Turns an error of ours into a gRPC status: reason, text for people, when to retry."""

import random
from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from server import attendance_messages, messages
from server.errors import HadirError, Kind
from server.rpc.call import Context

DOMAIN = "hadir"
# Clients that were refused together must not come back together.
_JITTER = (0.8, 1.4)

CODES = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.DEADLINE: grpc.StatusCode.DEADLINE_EXCEEDED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}


async def abort(context: Context, error: HadirError, *, language: str, request_id: str) -> NoReturn:
    """Ends the call with the error; the details follow google.rpc.Status."""
    code = CODES[error.kind]
    # The cause of an internal error is for the log, not for the caller.
    internal = error.kind is Kind.INTERNAL
    message = "internal error" if internal else str(error)
    reason = "INTERNAL" if internal else error.reason
    metadata = {} if internal else error.metadata
    words = dict(metadata)
    if fault := metadata.get("fault"):
        words["fault"] = messages.text(attendance_messages.FAULTS, fault, language)
    text = messages.text(messages.ERRORS, reason, language, **words)
    details: list[Any] = [
        _packed(
            error_details_pb2.ErrorInfo(
                reason=reason, domain=DOMAIN, metadata={**metadata, "request_id": request_id}
            )
        ),
        _packed(error_details_pb2.LocalizedMessage(locale=language, message=text)),
    ]
    trailing: list[tuple[str, str | bytes]] = []
    if error.retry_after_s is not None:
        wait_ms = round(error.retry_after_s * 1000 * random.uniform(*_JITTER))  # noqa: S311
        delay = Duration()
        delay.FromMilliseconds(wait_ms)
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
        trailing.append(("grpc-retry-pushback-ms", str(wait_ms)))
    status = status_pb2.Status(code=code.value[0], message=message, details=details)
    trailing.append(("grpc-status-details-bin", status.SerializeToString()))
    await context.abort(code, message, tuple(trailing))
    raise AssertionError("abort raises")


def _packed(message: object) -> Any:
    packed = Any()
    packed.Pack(message)  # type: ignore[arg-type]
    return packed
