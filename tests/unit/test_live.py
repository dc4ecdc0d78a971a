"""Open streams: limits, endings by revocation, and the drain."""

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from server.domain.model import Principal, Role
from server.errors import (
    DeviceRevoked,
    ServerDraining,
    SessionEnded,
    StreamReplaced,
    TooManyStreams,
)
from server.services import live
from server.services.live import STREAMS_PER_CALLER_MAX, LiveStreams

EXPIRE = datetime(2026, 11, 24, tzinfo=UTC)


def phone(number: int = 1, session: int = 1) -> Principal:
    """Returns a phone with a session."""
    return Principal(
        Role.EMPLOYEE, bytes([session]), EXPIRE, device_id=f"D{number}", nip=f"N{number}"
    )


def staff(name: str = "bkd") -> Principal:
    """Returns a staff account."""
    return Principal(Role.BKD, name.encode(), EXPIRE, username=name)


class TestOpen:
    """Who may have how many."""

    def test_a_stream_counts_until_it_ends(self) -> None:
        """However it ends."""
        streams = LiveStreams()
        with streams.open(phone()) as stream:
            assert 1 == len(streams)
            assert (None, False, False) == (stream.error, stream.draining, stream.wake.is_set())
        with pytest.raises(ZeroDivisionError), streams.open(phone()):
            raise ZeroDivisionError

        assert 0 == len(streams)

    @pytest.mark.parametrize("caller", [phone(), staff()])
    def test_a_caller_has_two_at_most(self, caller: Principal) -> None:
        """One that hangs and one that works; others are not concerned."""
        streams = LiveStreams()
        with ExitStack() as stack:
            for _ in range(STREAMS_PER_CALLER_MAX):
                stack.enter_context(streams.open(caller))
            with pytest.raises(TooManyStreams) as raised:
                stack.enter_context(streams.open(caller))
            stack.enter_context(streams.open(phone(2)))

            assert 5 == raised.value.retry_after_s
            assert STREAMS_PER_CALLER_MAX + 1 == len(streams)
        with streams.open(caller):
            assert 1 == len(streams)

    def test_another_session_of_the_device_is_the_same_caller(self) -> None:
        """Logging in again is no way around."""
        streams = LiveStreams()
        with (
            streams.open(phone(session=1)),
            streams.open(phone(session=2)),
            pytest.raises(TooManyStreams),
            streams.open(phone(session=3)),
        ):
            pass

    def test_a_caller_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The newest of its streams stays, and those of others; what ends still counts."""
        streams = LiveStreams()
        with (
            streams.open(phone(), alone=True) as older,
            streams.open(phone(), alone=True) as newer,
            streams.open(phone(2), alone=True) as other,
        ):
            assert isinstance(older.error, StreamReplaced)
            assert 5 == older.error.retry_after_s
            with pytest.raises(TooManyStreams), streams.open(phone(), alone=True):
                pass
            monkeypatch.setattr(live, "STREAMS_MAX", 3)
            with pytest.raises(TooManyStreams), streams.open(phone(2), alone=True):
                pass
            assert [None, None] == [newer.error, other.error]

    def test_the_server_has_a_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """For all callers together."""
        monkeypatch.setattr(live, "STREAMS_MAX", 3)
        streams = LiveStreams()
        with ExitStack() as stack:
            for number in range(3):
                stack.enter_context(streams.open(phone(number)))
            with pytest.raises(TooManyStreams), streams.open(phone(9)):
                pass


class TestEnd:
    """A revocation reaches the streams that are open."""

    def test_ends_the_streams_of_a_device(self) -> None:
        """Both of them, and no other."""
        streams, error = LiveStreams(), DeviceRevoked()
        with (
            streams.open(phone(1)) as first,
            streams.open(phone(1, session=2)) as second,
            streams.open(phone(2)) as other,
        ):
            streams.end_devices(error, device_id="D1")

            assert [error, error, None] == [s.error for s in (first, second, other)]
            assert [True, True, False] == [s.wake.is_set() for s in (first, second, other)]

    def test_ends_the_streams_of_an_employees_phones(self) -> None:
        """Not those of a head who happens to be that employee."""
        streams, error = LiveStreams(), DeviceRevoked()
        head = Principal(Role.HEAD, b"head", EXPIRE, nip="N1", username="kepala")
        with (
            streams.open(phone(1)) as first,
            streams.open(phone(2)) as other,
            streams.open(head) as staff_stream,
        ):
            streams.end_devices(error, nip="N1")

            assert [error, None, None] == [s.error for s in (first, other, staff_stream)]

    def test_nobody_is_named_by_nothing(self) -> None:
        """Staff have no device, kiosks no NIP: an empty name ends no stream."""
        streams = LiveStreams()
        kiosk = Principal(Role.KIOSK, b"kiosk", EXPIRE, device_id="K1", site_id="kantor")
        with streams.open(staff()) as first, streams.open(kiosk) as second:
            streams.end_devices(DeviceRevoked())

            assert [None, None] == [first.error, second.error]

    def test_ends_every_stream(self) -> None:
        """When nothing else is safe."""
        streams, error = LiveStreams(), SessionEnded()
        with streams.open(staff()) as first, streams.open(phone()) as second:
            streams.end_all(error)

            assert [error, error] == [first.error, second.error]

    def test_ends_the_streams_of_a_session(self) -> None:
        """Not those of the device's other session."""
        streams, error = LiveStreams(), SessionEnded()
        with (
            streams.open(phone(session=1)) as first,
            streams.open(phone(session=2)) as second,
        ):
            streams.end_session(b"\x02", error)

            assert [None, error] == [first.error, second.error]

    def test_ends_the_streams_of_an_account(self) -> None:
        """When it is closed; phones have no user name."""
        streams, error = LiveStreams(), SessionEnded()
        with (
            streams.open(staff()) as first,
            streams.open(staff("kepala")) as second,
            streams.open(phone()) as third,
        ):
            streams.end_account("bkd", error)

            assert [error, None, None] == [s.error for s in (first, second, third)]

    def test_a_session_may_be_kept(self) -> None:
        """The one that changed its password."""
        streams, error = LiveStreams(), SessionEnded()
        other = Principal(Role.BKD, b"other", EXPIRE, username="bkd")
        with streams.open(staff()) as first, streams.open(other) as second:
            streams.end_account("bkd", error, but=b"other")

            assert [error, None] == [first.error, second.error]

    def test_the_first_reason_counts(self) -> None:
        """A phone that was revoked reads that, not that its session ended."""
        streams, error = LiveStreams(), DeviceRevoked()
        with streams.open(phone()) as stream:
            streams.end_devices(error, device_id="D1")
            streams.end_session(b"\x01", SessionEnded())

            assert error is stream.error


class TestDrain:
    """Before the server stops."""

    def test_tells_the_open_ones_and_refuses_new_ones(self) -> None:
        """Running work may end; who comes is told when to try again."""
        streams = LiveStreams()
        with streams.open(phone()) as stream:
            streams.begin_drain()

            assert (True, True, None) == (stream.draining, stream.wake.is_set(), stream.error)
            with pytest.raises(ServerDraining) as raised, streams.open(phone(2)):
                pass
            assert 2 == raised.value.retry_after_s
