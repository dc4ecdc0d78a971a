"""Password hashes (argon2id, RFC 9106 low-memory profile), off the event loop."""

import asyncio
from concurrent.futures import Executor

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import PasswordTooWeak

LENGTH_MIN, LENGTH_MAX = 12, 256


class Passwords:
    """Hashes and verifies passwords in a bounded executor: each takes 64 MiB and some 50 ms."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._hasher = argon2.PasswordHasher()  # argon2id, t=3, m=64 MiB, p=4
        # Verified for unknown users, so that they cost the same time.
        self._decoy = self._hasher.hash("no account has this password")

    async def hash(self, username: str, password: str) -> str:
        """Returns the hash in PHC form. Raises PasswordTooWeak."""
        if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
            raise PasswordTooWeak(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
        if username.lower() in password.lower() or len(set(password)) < 5:
            raise PasswordTooWeak("a password must not hold the user name or few characters only")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits; None stands for an unknown user."""
        loop = asyncio.get_running_loop()
        fits = await loop.run_in_executor(
            self._executor, self._fits, password_hash or self._decoy, password[: LENGTH_MAX + 1]
        )
        return fits and password_hash is not None

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
