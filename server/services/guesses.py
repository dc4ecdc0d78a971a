"""Wrong passwords: guessing is slow, and whoever guesses locks nobody else out.

Counted in memory by account and address, by address, and by account: a guess costs no write, and a
restart forgives a few. Whom one address stands for behind a proxy or NAT cannot be told, so an
address from which an account was logged in to has more tries, and none of the limits that it
shares with strangers. Estimate: 5 us a try, 5 MB when full.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from server.errors import AccountLocked

# Wrong passwords in a row for one account from one address, and from one that it knows.
FAILED_LOGINS_MAX = 5
FAILED_AT_HOME_MAX = 20
# From one address within the lockout, for whatever names.
FAILED_OF_ADDRESS_MAX = 100
# In a row for one account, from all addresses that it does not know (NIST SP 800-63B: 100 at most);
# beyond it they have one try a pause together, which is a delay and no lock.
FAILED_ELSEWHERE_MAX = 100
LOCKOUT_S = 15 * 60.0
PAUSE_S = 10.0
# Entries of each kind; the longest unused is forgotten first.
REMEMBERED_MAX = 10_000

Key = tuple[str, ...]


@dataclass(slots=True)
class _Count:
    since_s: float
    failed: int = 0
    locked_until_s: float = 0.0


class _Limit:
    """So many failures of a key, and a pause behind the last of them.

    in_a_row: a good one ends the count, else it was none and the count is one of the last pause's
    length. lasting: the count goes on behind the pause, so that each further failure makes one.
    """

    def __init__(
        self, most: int, pause_s: float, *, in_a_row: bool = True, lasting: bool = False
    ) -> None:
        self._most = most
        self._pause_s = pause_s
        self._in_a_row = in_a_row
        self._lasting = lasting
        self._counts: OrderedDict[Key, _Count] = OrderedDict()

    def wait_s(self, key: Key, now_s: float) -> float:
        """Returns for how long a key has to wait, 0 or less for not at all."""
        count = self._counts.get(key)
        return 0.0 if count is None else count.locked_until_s - now_s

    def add(self, key: Key, now_s: float) -> None:
        """Counts a failure of a key that need not wait."""
        count = self._counts.pop(key, None)
        if count is None or self._is_over(count, now_s):
            count = _Count(now_s)
        count.failed += 1
        if count.failed >= self._most:
            count.locked_until_s = now_s + self._pause_s
        self._counts[key] = count
        if len(self._counts) > REMEMBERED_MAX:
            self._counts.popitem(last=False)

    def forgive(self, key: Key) -> None:
        """Takes back the failure that was none."""
        if self._in_a_row:
            self._counts.pop(key, None)
        elif (count := self._counts.get(key)) is not None:
            count.failed, count.locked_until_s = max(0, count.failed - 1), 0.0

    def _is_over(self, count: _Count, now_s: float) -> bool:
        paused = not self._lasting and count.locked_until_s > 0
        return paused or (not self._in_a_row and now_s - count.since_s > self._pause_s)


class Guesses:
    """Says who may try a password now. monotonic: seconds that never run backwards."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now_s = monotonic
        self._strange = _Limit(FAILED_LOGINS_MAX, LOCKOUT_S)
        self._at_home = _Limit(FAILED_AT_HOME_MAX, LOCKOUT_S)
        self._address = _Limit(FAILED_OF_ADDRESS_MAX, LOCKOUT_S, in_a_row=False)
        self._elsewhere = _Limit(FAILED_ELSEWHERE_MAX, PAUSE_S, lasting=True)
        self._homes: OrderedDict[Key, None] = OrderedDict()

    def begin(self, username: str, address: str) -> None:
        """Counts a try as failed before it is made, so that parallel guesses count each.

        username: of an account, empty where there is none of the name. Raises AccountLocked.
        """
        now_s, limits = self._now_s(), self._limits(username, address)
        wait_s = max(limit.wait_s(key, now_s) for limit, key in limits)
        if wait_s > 0:
            seconds = max(1, round(wait_s))
            raise AccountLocked("too many failed logins", retry_after_s=wait_s, seconds=seconds)
        for limit, key in limits:
            limit.add(key, now_s)

    def was_right(self, username: str, address: str) -> None:
        """Takes back what `begin` counted."""
        for limit, key in self._limits(username, address):
            limit.forgive(key)

    def know(self, username: str, address: str) -> None:
        """Notes that an account was logged in to from an address."""
        self._homes[username, address] = None
        self._homes.move_to_end((username, address))
        if len(self._homes) > REMEMBERED_MAX:
            self._homes.popitem(last=False)

    def _limits(self, username: str, address: str) -> list[tuple[_Limit, Key]]:
        if not username:
            return [(self._address, (address,))]
        pair = (username, address)
        if pair in self._homes:
            return [(self._at_home, pair)]
        return [
            (self._strange, pair),
            (self._address, (address,)),
            (self._elsewhere, (username,)),
        ]
