"""Wrong passwords: who has to wait, and who has not."""

from types import SimpleNamespace

import pytest

from server.errors import AccountLocked
from server.rpc.call import address_of
from server.services import guesses
from server.services.guesses import (
    FAILED_AT_HOME_MAX,
    FAILED_ELSEWHERE_MAX,
    FAILED_LOGINS_MAX,
    FAILED_OF_ADDRESS_MAX,
    LOCKOUT_S,
    PAUSE_S,
    Guesses,
)

HOME, AWAY = "10.1.0.7", "10.9.0.1"


class Clock:
    """Seconds as a test wants them."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """The clock of the test."""
    return Clock()


@pytest.fixture
def guard(clock: Clock) -> Guesses:
    """Nobody has tried anything yet."""
    return Guesses(clock)


def fail(guard: Guesses, count: int, username: str = "siti", address: str = AWAY) -> int:
    """Returns how many of so many wrong passwords are tried."""
    tried = 0
    for _ in range(count):
        try:
            guard.begin(username, address)
        except AccountLocked:
            continue
        tried += 1
    return tried


def log_in(guard: Guesses, username: str = "siti", address: str = HOME) -> None:
    """Logs in with the right password. Raises AccountLocked."""
    guard.begin(username, address)
    guard.was_right(username, address)
    guard.know(username, address)


class TestStranger:
    """From an address that the account does not know."""

    def test_waits_after_five(self, guard: Guesses, clock: Clock) -> None:
        """The right password too, for 15 minutes, with how long in the answer."""
        tried = fail(guard, 20)
        with pytest.raises(AccountLocked) as locked:
            log_in(guard, address=AWAY)
        clock.now_s += LOCKOUT_S - 1
        still = fail(guard, 1)
        clock.now_s += 1
        log_in(guard, address=AWAY)

        assert (FAILED_LOGINS_MAX, 0) == (tried, still)
        assert (LOCKOUT_S, "900") == (locked.value.retry_after_s, locked.value.metadata["seconds"])

    def test_each_lock_counts_anew(self, guard: Guesses, clock: Clock) -> None:
        """Five more, and no more, once it is over."""
        fail(guard, 20)
        clock.now_s += LOCKOUT_S

        assert FAILED_LOGINS_MAX == fail(guard, 20)


class TestOwner:
    """Who guesses elsewhere locks the owner out of nothing."""

    def test_at_home(self, guard: Guesses) -> None:
        """Whatever happens at other addresses, however many they are."""
        log_in(guard)
        for number in range(100):
            fail(guard, 20, address=f"10.9.0.{number}")

        log_in(guard)

    def test_at_a_new_address(self, guard: Guesses) -> None:
        """Where nobody guesses, a few who guess elsewhere are no matter."""
        for number in range(FAILED_ELSEWHERE_MAX // FAILED_LOGINS_MAX - 1):
            fail(guard, 20, address=f"10.9.0.{number}")

        log_in(guard)

    def test_who_shares_the_address(self, guard: Guesses) -> None:
        """Has more tries of the account there, which are not without end."""
        log_in(guard)
        fail(guard, FAILED_AT_HOME_MAX - 1, address=HOME)
        log_in(guard)

        assert FAILED_AT_HOME_MAX == fail(guard, 2 * FAILED_AT_HOME_MAX, address=HOME)
        with pytest.raises(AccountLocked):
            log_in(guard)


class TestMany:
    """Guessing at many names, or from many places."""

    def test_names(self, guard: Guesses, clock: Clock) -> None:
        """An address has so many wrong tries in all, also of names that nobody has."""
        named = sum(fail(guard, 1, username=f"staf-{number}") for number in range(60))
        unknown = fail(guard, 60, username="")
        with pytest.raises(AccountLocked):
            log_in(guard, address=AWAY)
        log_in(guard, address=HOME)
        clock.now_s += LOCKOUT_S
        log_in(guard, address=AWAY)

        assert (60, FAILED_OF_ADDRESS_MAX - 60) == (named, unknown)

    def test_right_ones_use_up_nothing(self, guard: Guesses) -> None:
        """An office behind one address logs in, each its own account."""
        for number in range(3 * FAILED_OF_ADDRESS_MAX):
            log_in(guard, username=f"staf-{number}")

    def test_slow_ones_do_not_add_up(self, guard: Guesses, clock: Clock) -> None:
        """People mistype now and then, for weeks."""
        for _ in range(3 * FAILED_OF_ADDRESS_MAX):
            clock.now_s += LOCKOUT_S / 10
            assert 1 == fail(guard, 1, username="")

    def test_addresses(self, guard: Guesses, clock: Clock) -> None:
        """From a hundred on, addresses that the account does not know have one try a pause."""
        tried = sum(fail(guard, 20, address=f"10.9.0.{number}") for number in range(100))
        clock.now_s += PAUSE_S
        next_one = fail(guard, 1, address="10.8.0.1")
        at_once = fail(guard, 1, address="10.8.0.2")
        clock.now_s += PAUSE_S
        log_in(guard, address="10.8.0.2")

        assert (FAILED_ELSEWHERE_MAX, 1, 0) == (tried, next_one, at_once)
        assert FAILED_LOGINS_MAX == fail(guard, 20, address="10.8.0.3")

    def test_memory(self, guard: Guesses, monkeypatch: pytest.MonkeyPatch) -> None:
        """The longest unused is forgotten; what is in use is not."""
        monkeypatch.setattr(guesses, "REMEMBERED_MAX", 10)
        for number in range(30):
            log_in(guard, username=f"staf-{number}")
            fail(guard, 1, username=f"kepala-{number}")

        counts = guard._strange._counts, guard._elsewhere._counts, guard._homes
        assert [10, 10, 10] == [len(kept) for kept in counts]
        assert ("staf-29", HOME) in guard._homes


class TestAddress:
    """What of a peer is its address."""

    @pytest.mark.parametrize(
        ("peer", "address"),
        [
            ("ipv4:192.0.2.7:50123", "192.0.2.7"),
            ("ipv6:%5B::1%5D:50123", "::/64"),
            ("ipv6:[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
            ("ipv6:[fe80::1%25eth0]:443", "fe80::/64"),
            ("ipv6:[::ffff:192.0.2.7]:443", "192.0.2.7"),
            ("unix:/run/hadir.sock", "unix"),
            ("unix:", "unix"),
            ("", ""),
        ],
    )
    def test_of_a_peer(self, peer: str, address: str) -> None:
        """Without the port; of IPv6 the network, whose addresses are one owner's."""
        assert address == address_of(SimpleNamespace(peer=lambda: peer))
