"""Errors on the wire: code, reason, text, and the time to wait; causes stay in the log."""

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from hadir.client import ApiError, read_error

from server.errors import (
    AccountLocked,
    DataInvalid,
    DeviceRevoked,
    FieldRequired,
    HadirError,
    Kind,
    Overloaded,
    ZoneUnknown,
)
from server.rpc.status import CODES, DOMAIN, abort


class Context:
    """Keeps what a call was aborted with."""

    def __init__(self) -> None:
        self.code = grpc.StatusCode.OK
        self.message = ""
        self.trailing: tuple[tuple[str, Any], ...] = ()

    async def abort(
        self, code: grpc.StatusCode, details: str, trailing_metadata: tuple[tuple[str, Any], ...]
    ) -> None:
        """Ends the call as gRPC does."""
        self.code, self.message, self.trailing = code, details, trailing_metadata
        raise grpc.aio.AbortError

    @property
    def status(self) -> status_pb2.Status:
        """The status with its details."""
        return status_pb2.Status.FromString(dict(self.trailing)["grpc-status-details-bin"])


async def aborted(error: HadirError, language: str = "en") -> Context:
    """Ends a call with an error."""
    context = Context()
    with pytest.raises(grpc.aio.AbortError):
        await abort(context, error, language=language, request_id="r-1")
    return context


def details(context: Context) -> dict[str, Any]:
    """Returns the details of a status by the names of their messages."""
    found = {}
    for packed in context.status.details:
        message = getattr(error_details_pb2, packed.TypeName().rpartition(".")[2])()
        assert packed.Unpack(message)
        found[type(message).__name__] = message
    return found


def read(context: Context) -> ApiError:
    """Reads the answer as our clients do."""
    trailing = grpc.aio.Metadata(*context.trailing)
    return read_error(
        grpc.aio.AioRpcError(context.code, grpc.aio.Metadata(), trailing, context.message)
    )


class TestCodes:
    """Every kind of error has a code of gRPC, and each its own."""

    def test_are_complete(self) -> None:
        """One each, none of them OK or UNKNOWN."""
        assert set(Kind) == set(CODES)
        assert len(Kind) == len({*CODES.values()})
        assert not {grpc.StatusCode.OK, grpc.StatusCode.UNKNOWN} & {*CODES.values()}

    @pytest.mark.parametrize("kind", Kind)
    async def test_reach_the_client(self, kind: Kind) -> None:
        """In the call and in the status, which must agree."""
        error = type("Odd", (FieldRequired,), {"kind": kind})("text", field="x")

        context = await aborted(error)

        assert CODES[kind] is context.code
        assert CODES[kind].value[0] == context.status.code
        assert context.message == context.status.message


class TestDetails:
    """google.rpc.Status with ErrorInfo and LocalizedMessage."""

    async def test_say_what_and_where(self) -> None:
        """Reason, domain, metadata, and the request id for the operator."""
        info = details(await aborted(FieldRequired("nip is required", field="nip")))["ErrorInfo"]

        assert ("FIELD_REQUIRED", DOMAIN) == (info.reason, info.domain)
        assert {"field": "nip", "request_id": "r-1"} == dict(info.metadata)

    @pytest.mark.parametrize(
        ("language", "text"),
        [("id", "Isian nip wajib diisi."), ("en", "The field nip is required.")],
    )
    async def test_are_in_the_callers_language(self, language: str, text: str) -> None:
        """The message of the status stays English, for logs."""
        context = await aborted(FieldRequired("nip is required", field="nip"), language)
        localized = details(context)["LocalizedMessage"]

        assert (language, text) == (localized.locale, localized.message)
        assert "nip is required" == context.message

    async def test_are_read_by_our_clients(self) -> None:
        """The other half of this protocol."""
        error = read(await aborted(ZoneUnknown("no such time zone", time_zone="Mars/Base")))

        assert (grpc.StatusCode.INVALID_ARGUMENT, "ZONE_UNKNOWN") == (error.code, error.reason)
        assert "Mars/Base" in error.message
        assert "Mars/Base" == error.metadata["time_zone"]
        assert error.retry_after_s is None

    async def test_have_nothing_to_wait_for_unless_told(self) -> None:
        """Neither as detail nor as header."""
        context = await aborted(DeviceRevoked())

        assert {"ErrorInfo", "LocalizedMessage"} == set(details(context))
        assert ["grpc-status-details-bin"] == [key for key, _ in context.trailing]


class TestRetry:
    """When to come back: not all at once."""

    async def test_is_spread(self) -> None:
        """0.8 to 1.4 times as long, and the same in both places."""
        waits = []
        for _ in range(200):
            context = await aborted(Overloaded("busy", retry_after_s=10))
            delay = details(context)["RetryInfo"].retry_delay.ToMilliseconds()
            assert str(delay) == dict(context.trailing)["grpc-retry-pushback-ms"]
            waits.append(delay)

        assert 8000 <= min(waits) < 9000
        assert 13_000 < max(waits) <= 14_000
        assert len({*waits}) > 100

    async def test_is_read_by_our_clients(self) -> None:
        """As seconds."""
        error = read(await aborted(AccountLocked("locked", retry_after_s=60, seconds=60)))

        assert 48 <= error.retry_after_s <= 84
        assert "60" in error.message


class TestInternal:
    """What went wrong inside is nobody's business."""

    async def test_hides_message_reason_and_metadata(self) -> None:
        """A path, a table or a key never reach a caller; the request id does."""
        context = await aborted(DataInvalid("cannot read /srv/hadir/hadir.key", path="/srv"))
        everything = b"".join(
            value if isinstance(value, bytes) else value.encode() for _, value in context.trailing
        )
        info = details(context)["ErrorInfo"]

        assert "internal error" == context.message
        assert b"/srv" not in everything
        assert b"DATA_INVALID" not in everything
        assert ("INTERNAL", {"request_id": "r-1"}) == (info.reason, dict(info.metadata))
