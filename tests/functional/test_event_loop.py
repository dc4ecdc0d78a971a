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
# The aim is 20 ms on a machine of its own; threads of a busy one take the interpreter for longer.
BOUND_MS = 150.0
EMPLOYEES = 1000


class TestEventLoop:
    """One callback of the loop is short, whatever the server does meanwhile."""

    async def test_busy_morning(self, new_copy, seed, cast, record_property):
        """A check-in, a walk past a kiosk, an enrolment and a large import at the same time."""
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

        slow = sorted(
            (record["took_ms"], record["handle"])
            for record in records
            if record["event"] == "slow_callback"
        )
        longest_ms = slow[-1][0] if slow else 0.0
        record_property("longest_callback_ms", longest_ms)
        print(f"longest callbacks: {[ms for ms, _ in slow[-5:]]} ms")  # noqa: T201  shown by -rP
        assert result.recorded
        assert 2 == len(walked.recognised)
        assert (EMPLOYEES, True) == (imported.row_count, imported.stored)
        assert "USABLE" in outcomes
        assert 0 == code
        assert longest_ms < BOUND_MS, slow[-3:]
