"""Nothing blocks the event loop: what is slow runs in threads of its own."""

import asyncio
from pathlib import Path

import pytest
from hadir.v1 import event_pb2

from benchmarks import province
from benchmarks.walker import walk
from tests.functional.processes import run_server
from tests.functional.seeding import import_csv

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROBE = Path(__file__).with_name("loop_probe.py")
# The aim is 20 ms by the clock on a machine of its own. A busy one interrupts the loop for longer
# than any callback works, so there is a bound for either: work, and work with interruptions.
USED_MS_MAX = 40.0
TOOK_MS_MAX = 500.0
EMPLOYEES = 10_000


class TestEventLoop:
    """One callback of the loop is short, whatever the server does meanwhile."""

    async def test_busy_morning(self, new_copy, seed, cast, record_property):
        """A check-in, a walk past a kiosk, an enrolment and the province imported, at the same time."""
        people = province.employees(EMPLOYEES, seed=5)
        frames = [*cast.actor(1).walk(18), *cast.actor(2).walk(18)]
        pictures = list(cast.actor(4).enrolment())
        async with run_server(new_copy(), seed, cast, str(PROBE)) as (world, process):
            bkd, phone, kiosk = await world.bkd(), await world.phone(0), await world.kiosk()

            result, walked, imported, (outcomes, _) = await asyncio.gather(
                phone.check_in(event_pb2.EVENT_KIND_IN, world.place(0), cast.actor(0)),
                walk(kiosk.client, frames, frames_per_second=10),
                import_csv(bkd, province.roster_csv(people)),
                world.enrol(seed.people[4].nip, pictures),
            )
            process.stop()
            code = await process.exit_code()
            records = process.records()

        callbacks = [record for record in records if record["event"] == "callback"]
        by_use = sorted(callbacks, key=lambda record: record["used_ms"])[-3:]
        took_ms = max((record["took_ms"] for record in callbacks), default=0.0)
        used_ms = max((record["used_ms"] for record in callbacks), default=0.0)
        record_property("longest_callback_ms", took_ms)
        print(f"longest callback: {took_ms} ms by the clock, {used_ms} ms of work")  # noqa: T201
        assert result.recorded
        assert 2 == len(walked.recognised)
        assert (EMPLOYEES, True) == (imported.row_count, imported.stored)
        assert "USABLE" in outcomes
        assert 0 == code
        assert used_ms < USED_MS_MAX, by_use
        assert took_ms < TOOK_MS_MAX
