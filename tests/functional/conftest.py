"""Servers for functional tests: each module gets its own copy of one seeded province."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog

from server.domain.challenge import Challenge, Step, new_challenge
from server.services import checkin
from tests.conftest import Cast
from tests.functional.seeding import make_seed
from tests.functional.world import Seed, World, open_world

OpenCopy = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture(scope="session", autouse=True)
def _quiet():
    """Keeps the servers' log lines below warnings out of the tests' output."""
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def seed(cast: Cast, shared_models: None, tmp_path_factory: pytest.TempPathFactory) -> Seed:
    """The province that every server begins with."""
    return asyncio.run(make_seed(tmp_path_factory.mktemp("seed"), cast))


@pytest.fixture(scope="session")
def open_copy(cast: Cast, seed: Seed, tmp_path_factory: pytest.TempPathFactory) -> OpenCopy:
    """Opens a server on a fresh copy of the province, with other settings if need be."""

    def opened(**changes: Any) -> AbstractAsyncContextManager[World]:
        return open_world(copy_of(seed, tmp_path_factory.mktemp("copy")), seed, cast, **changes)

    return opened


@pytest.fixture(scope="session")
def new_copy(seed: Seed, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes fresh copies of the province, for servers in processes of their own."""
    return lambda: copy_of(seed, tmp_path_factory.mktemp("copy"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(open_copy: OpenCopy) -> AsyncIterator[World]:
    """The server that the tests of a module share."""
    async with open_copy() as opened:
        yield opened


@pytest.fixture
def later(world: World) -> None:
    """Lets time pass between two tests: nothing repeats an event or adds to refusals before."""
    world.clock.advance(minutes=11)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Fixes the steps of the challenges to come; the nonce stays random."""

    def fix(*names: str) -> None:
        chosen = tuple(Step(name) for name in names)
        monkeypatch.setattr(
            checkin, "new_challenge", lambda: Challenge(new_challenge().nonce, chosen)
        )

    return fix


def copy_of(seed: Seed, directory: Path) -> Path:
    """Copies the files of a closed server; the database has no open log then."""
    for name in ("hadir.db", "hadir.key"):
        shutil.copy2(seed.directory / name, directory / name)
    return directory
