"""The queue of reports: one reads at a time, few wait, and check-ins come before all."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.errors import Overloaded
from server.services.reports import REPORTS_WAITING_MAX, Reports

pytestmark = pytest.mark.asyncio


@pytest.fixture
def executor():
    """The thread of reports."""
    with ThreadPoolExecutor(1) as made:
        yield made


async def test_one_reads_at_a_time(executor):
    """Each other waits until that has read."""
    reports, reading, most = Reports(executor, lambda: False), 0, 0

    async def report() -> None:
        nonlocal reading, most
        async with reports.reading():
            reading += 1
            most = max(most, reading)
            await asyncio.sleep(0)
            reading -= 1

    await asyncio.gather(*(report() for _ in range(5)))

    assert 1 == most


async def test_who_reads_counts(executor):
    """Reports that still wait to read keep others from being let in."""
    reports, go_on = Reports(executor, lambda: False), asyncio.Event()

    async def report() -> None:
        reports.admit()
        async with reports.reading():
            await go_on.wait()

    running = [asyncio.create_task(report()) for _ in range(REPORTS_WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded) as caught:
        reports.admit()
    go_on.set()
    await asyncio.gather(*running)

    assert caught.value.retry_after_s
    reports.admit()


async def test_check_ins_come_first(executor):
    """While they need the machine no report begins."""
    with pytest.raises(Overloaded):
        Reports(executor, lambda: True).admit()
