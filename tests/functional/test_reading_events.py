"""Who may read which events: employees their own, heads their tree, BKD all; page by page."""

import asyncio
from datetime import UTC, timedelta

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.client import ApiError
from hadir.v1 import directory_pb2, event_pb2, options_pb2

from server.storage.database import READERS_MAX
from tests.functional.seeding import import_csv
from tests.functional.world import PASSWORD, Api, World, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN, OUT = event_pb2.EVENT_KIND_IN, event_pb2.EVENT_KIND_OUT


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def events(world: World, cast) -> list[event_pb2.Event]:
    """Three events of the first unit, one each of the second and of another site, oldest first."""
    found = []
    for number, kind in ((0, IN), (1, IN), (3, IN), (0, OUT), (0, IN)):
        world.clock.advance(hours=1)
        phone = await world.phone(number)
        result = await phone.check_in(kind, world.place(number), cast.actor(number))
        found.append(result.receipt.event)
    return found


def unlike(first: ApiError, second: ApiError, *keys: str) -> list[str]:
    """Returns in what two errors differ, but for the request id and what was asked for."""
    same = ("code", "reason", "message", "retry_after_s")
    found = [name for name in same if getattr(first, name) != getattr(second, name)]
    known = {*keys, "request_id"}
    if set(first.metadata) != set(second.metadata) or set(first.metadata) - known:
        found.append("metadata")
    return found


async def error_of(api: Api, name: str, **fields) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await api.call(name, **fields)
    return caught.value


class TestOwnEvents:
    """A phone reads the events of its employee, and of nobody else."""

    async def test_newest_first(self, world, events):
        """An employee's events come newest first, as they were on the receipts."""
        phone = await world.phone(0)

        page = await Api(phone.client).call("ListOwnEvents")

        assert [events[4], events[3], events[0]] == list(page.events)
        assert "" == page.next_page_token

    async def test_pages(self, world, events):
        """Pages of one hold each event once, in order; the last page has no token."""
        api, token, seen = Api((await world.phone(0)).client), "", []

        for _ in range(3):
            page = await api.call("ListOwnEvents", page_size=1, page_token=token)
            seen += page.events
            token = page.next_page_token

        assert [events[4], events[3], events[0]] == seen
        assert "" == token

    async def test_period(self, world, events):
        """The start of a period belongs to it, the end does not."""
        api = Api((await world.phone(0)).client)
        period = {"start_time": events[0].event_time, "end_time": events[3].event_time}

        page = await api.call("ListOwnEvents", **period)

        assert [events[0]] == list(page.events)

    async def test_bad_pages(self, world):
        """A negative size, a foreign token and a time out of range are refused by name."""
        api = Api((await world.phone(0)).client)

        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await api.call("ListOwnEvents", page_size=-1)
        for token in ("x", "OTIzNDU", "====", "MU5vTnVtYmVy", "ä"):
            with refused("PAGE_TOKEN_INVALID", "INVALID_ARGUMENT"):
                await api.call("ListOwnEvents", page_token=token)
        with refused("FIELD_INVALID", "INVALID_ARGUMENT"):
            await api.call("ListOwnEvents", start_time=Timestamp(seconds=10**15))


class TestUnitEvents:
    """BKD reads everything, a head the own tree only."""

    async def test_bkd_sees_all(self, world, events):
        """The top unit holds the events of all units below it."""
        bkd = await world.bkd()

        page = await bkd.call("ListUnitEvents", unit_id="provinsi")

        assert events[::-1] == list(page.events)

    async def test_head_sees_own_unit(self, world, events):
        """A head reads the events of the own unit, with the number of the employee."""
        head = await world.head()

        page = await head.call("ListUnitEvents", unit_id="bkd")

        assert [events[4], events[3], events[0]] == list(page.events)
        assert {world.seed.people[0].nip} == {event.nip for event in page.events}

    async def test_own_unit_of_bkd(self, world, events):
        """One unit holds its own events alone."""
        bkd = await world.bkd()

        page = await bkd.call("ListUnitEvents", unit_id="inspektorat")

        assert [events[1]] == list(page.events)

    @pytest.mark.parametrize("method", ["ListUnitEvents", "ListEmployees"])
    @pytest.mark.parametrize("unit_id", ["inspektorat", "provinsi"])
    async def test_foreign_unit(self, world, events, method, unit_id):
        """A unit of somebody else, or above the own, looks like one that does not exist."""
        head = await world.head()

        foreign = await error_of(head, method, unit_id=unit_id)
        absent = await error_of(head, method, unit_id="tidak-ada")

        assert ("NOT_FOUND", "UNIT_UNKNOWN") == (foreign.code.name, foreign.reason)
        assert [] == unlike(foreign, absent, "unit_id")

    async def test_head_of_a_tree(self, world, events):
        """The head of the top unit reads the units below it, as soon as the unit says so."""
        bkd, nip = await world.bkd(), world.seed.people[3].nip
        role = options_pb2.ROLE_HEAD
        await bkd.call(
            "CreateStaffAccount", username="sekda", password=PASSWORD, role=role, nip=nip
        )
        secretary = await world.staff("sekda")
        before = await error_of(secretary, "ListUnitEvents", unit_id="provinsi")
        top = directory_pb2.Unit(unit_id="provinsi", display_name="Provinsi", head_nip=nip)
        await bkd.call("PutUnit", unit=top)

        page = await secretary.call("ListUnitEvents", unit_id="provinsi")

        assert "UNIT_UNKNOWN" == before.reason
        assert events[::-1] == list(page.events)

    async def test_pages(self, world, events):
        """Events that arrive while one turns the pages do not move what is on them."""
        bkd = await world.bkd()

        first = await bkd.call("ListUnitEvents", unit_id="provinsi", page_size=2)
        second = await bkd.call(
            "ListUnitEvents", unit_id="provinsi", page_size=3, page_token=first.next_page_token
        )

        assert events[:-3:-1] == list(first.events)
        assert events[2::-1] == list(second.events)
        assert "" == second.next_page_token

    async def test_period(self, world, events):
        """A period cuts the list on both sides."""
        bkd = await world.bkd()
        start, end = Timestamp(), Timestamp()
        start.FromDatetime(events[1].event_time.ToDatetime(UTC) - timedelta(minutes=1))
        end.FromDatetime(events[3].event_time.ToDatetime(UTC) + timedelta(minutes=1))

        page = await bkd.call("ListUnitEvents", unit_id="provinsi", start_time=start, end_time=end)

        assert events[3:0:-1] == list(page.events)


class TestEmployeesOfAHead:
    """Master data follows the same tree."""

    async def test_foreign_employee(self, world):
        """An employee of another unit looks like one who does not exist."""
        head = await world.head()

        foreign = await error_of(head, "GetEmployee", nip=world.seed.people[1].nip)
        absent = await error_of(head, "GetEmployee", nip="199001012015011999")

        assert ("NOT_FOUND", "EMPLOYEE_UNKNOWN") == (foreign.code.name, foreign.reason)
        assert [] == unlike(foreign, absent, "nip")

    async def test_own_people(self, world):
        """A head lists the own people and sees one of them."""
        head, own = await world.head(), world.seed.people[0]
        expected = sorted(one.nip for one in world.seed.employees if one.unit_id == "bkd")

        page = await head.call("ListEmployees")
        one = await head.call("GetEmployee", nip=own.nip)

        assert expected == [employee.nip for employee in page.employees]
        assert own.display_name == one.display_name

    async def test_own_units(self, world):
        """A head sees the own unit alone; BKD sees all of them."""
        head, bkd = await world.head(), await world.bkd()

        seen = await head.call("ListUnits")
        every = await bkd.call("ListUnits")

        assert ["bkd"] == [unit.unit_id for unit in seen.units]
        assert 16 == len(every.units)

    async def test_moved_employee(self, world):
        """Whoever moves to another unit is out of the old head's sight; the past events stay."""
        bkd, head = await world.bkd(), await world.head()
        moved = next(one for one in world.seed.employees[1:] if one.unit_id == "bkd")
        row = f"nip,name,unit_id\n{moved.nip},{moved.display_name},pangan\n"
        before = await head.call("GetEmployee", nip=moved.nip)
        await import_csv(bkd, row.encode())

        after = await error_of(head, "GetEmployee", nip=moved.nip)

        assert "bkd" == before.unit_id
        assert "EMPLOYEE_UNKNOWN" == after.reason


class TestTurns:
    """Who reads about many people waits for a turn, and leaves connections to everybody else."""

    async def test_with_reports(self, world, events):
        """Events of units and the summary of the trial; the own events are nobody's report."""
        bkd, phone = await world.bkd(), Api((await world.phone(0)).client)
        day = str(world.clock.now().date())
        async with world.app.services.event_log._turn():
            waiting = [
                *(asyncio.create_task(world.events()) for _ in range(READERS_MAX)),
                asyncio.create_task(bkd.call("SummariseTrial", first=day, last=day)),
            ]
            own = await phone.call("ListOwnEvents")
            done, _ = await asyncio.wait(waiting, timeout=0.5)
        found = await asyncio.gather(*waiting)

        assert set() == done
        assert 3 == len(own.events)
        assert len(events) == len(found[0])
