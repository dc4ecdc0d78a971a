"""Passwords: strength, argon2id, the same time for unknown users, and a bounded queue."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from server.errors import Overloaded, PasswordTooWeak
from server.services import passwords
from server.services.passwords import LENGTH_MAX, LENGTH_MIN, Passwords

GOOD = "tepi laut sofifi"


@pytest.fixture(scope="module")
def real() -> Iterator[Passwords]:
    """Passwords as the server has them."""
    with ThreadPoolExecutor(1) as executor:
        yield Passwords(executor)


@pytest.fixture(scope="module")
def quick() -> Iterator[Passwords]:
    """Passwords with the cheapest hash there is."""
    with ThreadPoolExecutor(2) as executor, pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords.argon2, "PasswordHasher", lambda: cheap)
        yield Passwords(executor)


class TestHash:
    """What is stored."""

    async def test_is_argon2id_of_rfc_9106(self, real: Passwords) -> None:
        """The low-memory profile: 64 MiB, 3 passes, 4 lanes."""
        stored = await real.hash("bkd", GOOD)

        assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert await real.verify(stored, GOOD)

    async def test_is_salted(self, quick: Passwords) -> None:
        """Equal passwords do not show."""
        assert await quick.hash("bkd", GOOD) != await quick.hash("bkd", GOOD)

    @pytest.mark.parametrize(
        "password",
        [
            "",
            "elevenchars",
            "x" * 20,
            "ababababababab",
            "abcdabcdabcdabcd",
            "saya BKD-operator 7",
            "k" + "9a8b7c" * 50,
        ],
        ids=["empty", "11", "one", "two", "four", "name", "301"],
    )
    async def test_refuses_weak_ones(self, quick: Passwords, password: str) -> None:
        """Too short, too long, few characters, the user name in any case."""
        with pytest.raises(PasswordTooWeak):
            await quick.hash("bkd-operator", password)

    @pytest.mark.parametrize("length", [LENGTH_MIN, LENGTH_MAX])
    async def test_takes_both_ends_of_the_documented_length(
        self, quick: Passwords, length: int
    ) -> None:
        """12 and 256 characters."""
        password = ("rumah2&laut" * 30)[:length]

        assert await quick.verify(await quick.hash("bkd", password), password)

    async def test_takes_any_script(self, quick: Passwords) -> None:
        """Characters are counted, not bytes."""
        password = "\u043f\u0430\u0440\u043e\u043b\u044c \u4e2d\u6587 \U0001f600 laut"

        assert await quick.verify(await quick.hash("bkd", password), password)


class TestVerify:
    """A login."""

    async def test_refuses_another_password(self, quick: Passwords) -> None:
        """Case counts, and so does every character."""
        stored = await quick.hash("bkd", GOOD)

        for wrong in ("", GOOD.upper(), GOOD + " ", GOOD[:-1], "x" * 100_000):
            assert not await quick.verify(stored, wrong)

    async def test_what_is_cut_does_not_fit(self, quick: Passwords) -> None:
        """A longer password than the longest is never taken for it."""
        longest = ("rumah2&laut" * 30)[:LENGTH_MAX]
        stored = await quick.hash("bkd", longest)

        assert not await quick.verify(stored, longest + "x")

    @pytest.mark.parametrize("stored", ["", "x", "$argon2id$", "plain text password"])
    async def test_a_broken_hash_fits_nothing(self, quick: Passwords, stored: str) -> None:
        """Not even itself; no error."""
        assert not await quick.verify(stored, "plain text password")

    async def test_an_unknown_user_costs_a_hash_too(
        self, quick: Passwords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same work as for a known one: a hash with all that a real one asks for."""
        hashes = []
        fits = quick._fits
        monkeypatch.setattr(quick, "_fits", lambda *pair: hashes.append(pair[0]) or fits(*pair))

        assert not await quick.verify(None, GOOD)

        assert [quick._decoy] == hashes
        decoy, real = argon2.extract_parameters(hashes[0]), await quick.hash("bkd", GOOD)
        assert decoy == argon2.extract_parameters(real)
        with pytest.raises(VerifyMismatchError):
            quick._hasher.verify(hashes[0], GOOD)


class TestQueue:
    """Hashing takes memory and time: it waits in a bounded queue, off the loop."""

    async def test_refuses_more_than_it_can_hold(
        self, quick: Passwords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the time to wait; afterwards it works again."""
        monkeypatch.setattr(passwords, "WAITING_MAX", 3)
        gate = threading.Event()
        monkeypatch.setattr(quick, "_fits", lambda *_: gate.wait(10))
        waiting = [asyncio.create_task(quick.verify("h", GOOD)) for _ in range(3)]
        await asyncio.sleep(0)

        with pytest.raises(Overloaded) as raised:
            await quick.verify("h", GOOD)
        gate.set()

        assert [True] * 3 == await asyncio.gather(*waiting)
        assert 1 == raised.value.retry_after_s
        assert await quick.verify("h", GOOD)

    async def test_a_caller_who_leaves_frees_the_place(
        self, quick: Passwords, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Cancelled logins do not fill the queue for good."""
        monkeypatch.setattr(passwords, "WAITING_MAX", 1)
        gate = threading.Event()
        monkeypatch.setattr(quick, "_fits", lambda *_: gate.wait(10))
        for _ in range(3):
            task = asyncio.create_task(quick.verify("h", GOOD))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        gate.set()

        assert await quick.verify("h", GOOD)
