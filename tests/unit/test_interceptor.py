"""The gate: nobody passes without the method's role, and no error leaves as it was raised."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from hadir.v1 import device_pb2, session_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.model import Principal, Role
from server.errors import HadirError, Unauthenticated, UnitUnknown
from server.rpc import call, interceptor
from server.rpc.interceptor import METADATA_CHARACTERS_MAX, Gate, roles_by_method
from server.rpc.server import FILES

ROLES = roles_by_method(iter(FILES))
OPEN_TO_ALL = "/hadir.v1.SessionService/CreateChallenge"
FOR_DEVICES = "/hadir.v1.DeviceService/GetOwnDevice"
REQUEST = session_pb2.CreateChallengeRequest(device_id="d").SerializeToString()
EXPIRE = datetime(2026, 11, 24, tzinfo=UTC)


class Aborted(grpc.aio.AbortError):
    """A call that ended with an error."""


@pytest.fixture
def aborts(monkeypatch: pytest.MonkeyPatch) -> list[HadirError]:
    """Collects the errors with which calls are ended."""
    collected: list[HadirError] = []

    async def abort(context: Any, error: HadirError, *, language: str, request_id: str) -> None:
        assert request_id
        collected.append(error)
        raise Aborted

    monkeypatch.setattr(interceptor, "abort", abort)
    return collected


async def authenticate(token: str) -> Principal:
    """Knows two sessions, by their role, and one of BKD with a first password."""
    if token not in {"KIOSK", "BKD", "BKD first"}:
        raise Unauthenticated("no valid session", characters=len(token))
    role, _, first = token.partition(" ")
    return Principal(Role(role), token.encode(), EXPIRE, first_password=bool(first))


def answer(_request: Message) -> device_pb2.Device:
    """A servicer's method."""
    return device_pb2.Device()


async def gated(
    method: str,
    behaviour: Callable[[Message], Any] = answer,
    *,
    token: str | None = None,
    language: str = "",
    content: bytes = REQUEST,
) -> Any:
    """Calls a unary method through the gate."""

    async def serve(request: Message, _context: Any) -> Any:
        return behaviour(request)

    handler = grpc.unary_unary_rpc_method_handler(
        serve, session_pb2.CreateChallengeRequest.FromString, device_pb2.Device.SerializeToString
    )
    wrapped = await through(method, handler, token, language)
    return await wrapped.unary_unary(content, None)


async def through(method: str, handler: Any, token: str | None = None, language: str = "") -> Any:
    """Returns the handler as the gate wraps it."""
    metadata = [("accept-language", language)]
    if token is not None:
        metadata.append(("authorization", f"Bearer {token}"))
    details = SimpleNamespace(method=method, invocation_metadata=metadata)

    async def continuation(_details: Any) -> Any:
        return handler

    return await Gate(ROLES, authenticate).intercept_service(continuation, details)


class TestRoles:
    """The table of methods, read from the API."""

    def test_every_method_has_roles(self) -> None:
        """A method that was forgotten is found here, not by an attacker."""
        assert len(ROLES) > 25
        assert all(ROLES.values())

    async def test_anyone_needs_no_session(self, aborts: list[HadirError]) -> None:
        """Not even a valid one."""
        assert device_pb2.Device() == await gated(OPEN_TO_ALL)
        assert device_pb2.Device() == await gated(OPEN_TO_ALL, token="stale")

    async def test_a_role_of_the_method_passes(self) -> None:
        """And the servicer knows who calls."""
        seen: list[Principal] = []

        await gated(FOR_DEVICES, lambda _: seen.append(call.caller()), token="KIOSK")

        assert [Role.KIOSK] == [principal.role for principal in seen]

    @pytest.mark.parametrize(
        ("method", "token", "reason"),
        [
            (FOR_DEVICES, None, "UNAUTHENTICATED"),
            (FOR_DEVICES, "stale", "UNAUTHENTICATED"),
            (FOR_DEVICES, "", "UNAUTHENTICATED"),
            (FOR_DEVICES, "BKD", "ROLE_DENIED"),
            (FOR_DEVICES, "BKD first", "ROLE_DENIED"),
            ("/hadir.v1.DirectoryService/ListUnits", "BKD first", "FIRST_PASSWORD"),
            ("/hadir.v1.DeviceService/Forgotten", None, "UNAUTHENTICATED"),
            ("/hadir.v1.DeviceService/Forgotten", "BKD", "ROLE_DENIED"),
        ],
    )
    async def test_everybody_else_does_not(
        self, aborts: list[HadirError], method: str, token: str | None, reason: str
    ) -> None:
        """A method without roles is closed to all; the servicer is not reached."""
        reached: list[Message] = []

        with pytest.raises(Aborted):
            await gated(method, reached.append, token=token)

        assert [reason] == [error.reason for error in aborts]
        assert [] == reached

    async def test_who_may_not_call_learns_nothing_of_the_request(
        self, aborts: list[HadirError]
    ) -> None:
        """Permission is checked before anything is read."""
        with pytest.raises(Aborted):
            await gated(FOR_DEVICES, content=b"\xff\xff")

        assert ["UNAUTHENTICATED"] == [error.reason for error in aborts]

    async def test_a_token_has_a_limit(self, aborts: list[HadirError]) -> None:
        """A header of a megabyte is not hashed."""
        with pytest.raises(Aborted):
            await gated(FOR_DEVICES, token="x" * 1_000_000)

        assert ["UNAUTHENTICATED"] == [error.reason for error in aborts]
        assert 0 < int(aborts[0].metadata["characters"]) < METADATA_CHARACTERS_MAX


class TestRequest:
    """What reaches a servicer is a complete message."""

    async def test_bytes_that_are_no_message_are_refused(self, aborts: list[HadirError]) -> None:
        """With an error of ours, not as a failure of the server."""
        for content in (b"\xff\xff", b"\x0a\x02\xff\xfe"):
            with pytest.raises(Aborted):
                await gated(OPEN_TO_ALL, content=content)

        assert ["MESSAGE_INVALID"] * 2 == [error.reason for error in aborts]

    @settings(deadline=None, max_examples=25)
    @given(st.binary(max_size=40))
    def test_any_bytes_are_a_message_or_refused(self, content: bytes) -> None:
        """Nothing else is raised."""
        handler = SimpleNamespace(
            request_streaming=False, request_deserializer=session_pb2.Session.FromString
        )
        try:
            assert isinstance(interceptor._decoded(handler, content), session_pb2.Session)
        except HadirError as error:
            assert error.reason == "MESSAGE_INVALID"

    async def test_required_fields_are_checked(self, aborts: list[HadirError]) -> None:
        """For every unary method at once."""
        with pytest.raises(Aborted):
            await gated(OPEN_TO_ALL, content=b"")

        assert [{"field": "device_id"}] == [error.metadata for error in aborts]

    async def test_the_language_is_that_of_the_header(self) -> None:
        """Indonesian unless asked otherwise."""
        said: list[str] = []
        for language in ("", "en-GB"):
            await gated(OPEN_TO_ALL, lambda _: said.append(call.language()), language=language)

        assert ["id", "en"] == said


class TestErrors:
    """What servicers raise."""

    async def test_ours_keep_their_reason(self, aborts: list[HadirError]) -> None:
        """The same object."""
        error = UnitUnknown("no such unit")

        def fail(_request: Message) -> None:
            raise error

        with pytest.raises(Aborted):
            await gated(OPEN_TO_ALL, fail)

        assert [error] == aborts

    async def test_others_become_internal(self, aborts: list[HadirError]) -> None:
        """Without the text of the cause."""

        def fail(_request: Message) -> None:
            raise ValueError("/srv/secret")

        with pytest.raises(Aborted):
            await gated(OPEN_TO_ALL, fail)

        assert ["INTERNAL"] == [error.reason for error in aborts]
        assert "/srv/secret" not in str(aborts[0])

    async def test_a_cancelled_call_stays_cancelled(self, aborts: list[HadirError]) -> None:
        """The client left: there is nobody to tell."""

        def leave(_request: Message) -> None:
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await gated(OPEN_TO_ALL, leave)

        assert [] == aborts


class TestStreams:
    """The same for methods that stream."""

    async def test_errors_after_the_first_answer_are_turned_too(
        self, aborts: list[HadirError]
    ) -> None:
        """What was sent before has arrived."""

        async def serve(requests: AsyncIterator[Message], _context: Any) -> AsyncIterator[Message]:
            async for request in requests:
                yield request
            raise UnitUnknown("no such unit")

        async def requests() -> AsyncIterator[bytes]:
            yield REQUEST
            yield REQUEST

        handler = grpc.stream_stream_rpc_method_handler(
            serve, session_pb2.CreateChallengeRequest.FromString, None
        )
        wrapped = await through(OPEN_TO_ALL, handler)
        received = []
        with pytest.raises(Aborted):
            async for response in wrapped.stream_stream(requests(), None):
                received.append(response.device_id)

        assert ["d", "d"] == received
        assert ["UNIT_UNKNOWN"] == [error.reason for error in aborts]

    async def test_methods_of_other_packages_pass_untouched(self) -> None:
        """Wrapping Watch of the health service would break it."""
        handler = grpc.unary_stream_rpc_method_handler(answer)

        assert handler is await through("/grpc.health.v1.Health/Watch", handler)
        assert await through("/hadir.v1.Nothing/Here", None) is None
