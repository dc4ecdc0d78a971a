"""Password hashes (argon2id, RFC 9106 low-memory profile), off the event loop."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import Overloaded, PasswordTooWeak

LENGTH_MIN, LENGTH_MAX = 12, 256
WAITING_MAX = 32

T = TypeVar("T")


class Passwords:
    """Hashes and verifies passwords in a bounded executor: each takes 64 MiB and some 50 ms."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._waiting = 0
        self._hasher = argon2.PasswordHasher()  # argon2id, t=3, m=64 MiB, p=4
        # Verified for unknown users, so that they cost the same time.
        self._decoy = _decoy(self._hasher)

    def check_room(self) -> None:
        """Raises Overloaded if too many wait: before a try is counted against an account."""
        if self._waiting >= WAITING_MAX:
            raise Overloaded("too many logins wait", retry_after_s=1)

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        self.check_room()
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._executor, work, *arguments)
        finally:
            self._waiting -= 1

    async def hash(self, username: str, password: str) -> str:
        """Returns the hash in PHC form. Raises PasswordTooWeak."""
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise PasswordTooWeak(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
        if username.lower() in password.lower() or len(set(password)) < 5:
            raise PasswordTooWeak("a password must not hold the user name or few characters only")
        return await self._run(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; None stands for an unknown user."""
        stored = password_hash or self._decoy
        fits = await self._run(self._fits, stored, password[: LENGTH_MAX + 1])
        return fits and password_hash is not None

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def _decoy(hasher: argon2.PasswordHasher) -> str:
    """Returns a hash of no password in PHC form; to verify costs what each other costs.

    Made of random bytes: to hash something would take a start 0.2 s of processor time.
    """
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        for length in (hasher.salt_len, hasher.hash_len)
    )
    return f"$argon2id$v=19${costs}${salt}${digest}"
