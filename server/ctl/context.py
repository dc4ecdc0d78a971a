"""What every command works with: the server, the session and the screen of one invocation."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final, TypedDict, TypeVar

import grpc.aio
import typer
from hadir.client import (
    UNARY_DEADLINE_S,
    ApiError,
    Client,
    Endpoint,
    readable_errors,
)

from server.ctl.errors import CtlError, Surroundings, describe
from server.ctl.render import Screen
from server.ctl.session import SessionStore
from server.ctl.texts import Text

PAGE_SIZE_MAX: Final = 1000

S = TypeVar("S")
T = TypeVar("T")


class CallOptions(TypedDict):
    """Arguments that every call takes."""

    metadata: tuple[tuple[str, str], ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Ctl:
    """One invocation of hadirctl."""

    endpoint: Endpoint
    screen: Screen
    store: SessionStore

    def run(self, work: Callable[["Ctl"], Coroutine[object, object, T]]) -> T:
        """Do work that speaks with the server. It must not ask people: see `errors_shown`."""
        with self.errors_shown():
            return asyncio.run(work(self))

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Show errors of the block and end the program with code 1.

        Questions are asked in such a block and never inside a running loop, which would swallow
        the first Ctrl-C at them.
        """
        try:
            with readable_errors(self.endpoint.language):
                yield
                return
        except (ApiError, CtlError) as error:
            trouble = describe(error, self._surroundings())
        except OSError as error:
            trouble = describe(_file_trouble(error), self._surroundings())
        self.screen.trouble(trouble)
        raise typer.Exit(1)

    @asynccontextmanager
    async def service(
        self, stub: Callable[[grpc.aio.Channel], S], *, signed_in: bool = True
    ) -> AsyncIterator[tuple[S, CallOptions]]:
        """Connect; yields the stub of a service and what its calls take."""
        token = self._token() if signed_in else None
        async with self._client(token) as client:
            yield stub(client.channel), {"metadata": client.metadata, "timeout": UNARY_DEADLINE_S}

    def confirm(self, question: Text, /, *, yes: bool, **values: object) -> None:
        """Ask a person before something final; scripts have nobody to ask and go on."""
        if yes or not sys.stdin.isatty():
            return
        typer.confirm(self.screen.text(question, **values), abort=True, err=True)

    def _client(self, token: str | None) -> Client:
        try:
            return Client(self.endpoint, token=token)
        except ValueError as error:
            raise CtlError(
                Text.ENDPOINT_INVALID, reason="ENDPOINT_INVALID", trouble=error
            ) from error

    def _token(self) -> str:
        session = self.store.load()
        if session is None or session.ended():
            raise CtlError(Text.NOT_LOGGED_IN, reason="NOT_LOGGED_IN", hint=Text.DO_LOGIN)
        return session.token

    def _surroundings(self) -> Surroundings:
        session = self.store.load()
        user = session.username if session else "USER"
        return Surroundings(self.screen.language, self.endpoint.address, user)


def ctl_of(context: typer.Context) -> Ctl:
    """Return what the global options have set up."""
    ctl = context.find_object(Ctl)
    if ctl is None:
        raise RuntimeError(context.command_path)
    return ctl


async def collect(
    fetch: Callable[[int, str], Awaitable[tuple[Sequence[T], str]]], limit: int | None
) -> tuple[list[T], bool]:
    """Return the rows of all pages up to a limit, and whether there are more.

    `fetch` takes the page's size and token and returns its rows and the next token.
    """
    rows: list[T] = []
    token = ""
    while limit is None or len(rows) < limit:
        size = PAGE_SIZE_MAX if limit is None else min(limit - len(rows), PAGE_SIZE_MAX)
        page, token = await fetch(size, token)
        rows.extend(page)
        if not token:
            return rows, False
    return rows, True


def _file_trouble(error: OSError) -> CtlError:
    file, trouble = error.filename or "?", error.strerror or str(error)
    return CtlError(Text.FILE_TROUBLE, reason="FILE_TROUBLE", file=file, trouble=trouble)
