"""Methods times roles times units, people and requests: what is not yours is not there.

The cells come from the descriptors: a new method with such a field is asked here by itself.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.client import ApiError, readable_errors
from hadir.v1 import directory_pb2, rule_pb2
from sqlalchemy import event

from server.domain.model import Role
from tests.functional.attendance_world import (
    PROOF,
    WIT,
    gather,
    go_to,
    phone_api,
    put_rules,
    submit,
    upload,
)
from tests.functional.test_access import TABLE
from tests.functional.world import METHODS, PASSWORD, Api, World

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEAD, BELOW, ELSEWHERE = 0, 1, 3
# What a request may name that belongs to somebody.
NAMED = ("unit_id", "nip", "request_id", "document_id", "upload_id")
# The phone makes this id itself, and a retry gets the own request back: see test_requests.py.
OWN_IDS = {("SubmitRequest", "request_id")}
CELLS = [
    (name, field, role)
    for name, method in sorted(METHODS.items())
    for field in NAMED
    for role in (Role.EMPLOYEE, Role.HEAD)
    if role in TABLE[name]
    and field in method.input_type.fields_by_name
    and (name, field) not in OWN_IDS
]
UNIT_METHODS = [name for name, field, role in CELLS if (field, role) == ("unit_id", Role.HEAD)]
MISSING = {"unit_id": "tidak-ada", "nip": "199912312024121001"}


@dataclass(frozen=True)
class Said:
    """What a call came to; statements: how many of SQL the server ran for it."""

    code: str
    reason: str = ""
    message: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    statements: int = 0


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """Notes the statements that the server runs."""
    found: list[str] = []
    database = world.app.services.trial._database
    engines = [database._readers.sync_engine, database._writer.sync_engine]

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        found.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield found
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def said(world: World, api: Api, name: str, field: str, identity: str) -> Said:
    """Calls a method with an id, its other fields filled; the id itself is cut out of the answer."""
    today = world.clock.now().astimezone(WIT).date()
    gone = Timestamp(seconds=int(world.clock.now().timestamp()) - 60)
    filled = {
        "first": today.isoformat(), "last": today.isoformat(), "date": today.isoformat(),
        "month": f"{today:%Y-%m}", "year": today.year, "reason": "alasan yang cukup",
        "kind": 1, "format": 1, "username": "akun-baru", "password": PASSWORD, "role": 6,
        "event_time": gone,
    }  # fmt: skip
    fields = METHODS[name].input_type.fields_by_name
    values = {key: value for key, value in filled.items() if key in fields} | {field: identity}
    code, reason, message, metadata = "OK", "", "", ()
    with counted(world) as statements:
        try:
            if name == "WatchUnit":
                async with api.listen(name, **values) as stream:
                    with readable_errors():
                        await stream.read()
            elif METHODS[name].server_streaming:
                await api.read(name, **values)
            else:
                await api.call(name, **values)
        except ApiError as error:
            code, reason = error.code.name, error.reason
            message = error.message.replace(identity, "")
            metadata = tuple(
                sorted((k, v.replace(identity, "")) for k, v in error.metadata.items())
            )
    metadata = tuple(pair for pair in metadata if "request" not in pair[0] or pair[1] == "")
    return Said(code, reason, message, metadata, len(statements))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def day(world: World) -> date:
    """A day some time after the province began, with one office below the head's."""
    world.clock.advance(days=5)
    found = go_to(world, "12:00")
    await gather(world, HEAD, [BELOW])
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def foreign(world: World, day: date) -> dict[str, str]:
    """One of each kind that belongs to another office."""
    person = world.seed.people[ELSEWHERE]
    phone, upload_id = await phone_api(world, ELSEWHERE), str(uuid.uuid4())
    proof = await upload(phone, PROOF)
    await upload(phone, PROOF, upload_id=upload_id)
    asked = await submit(phone, "SAKIT", day, document_ids=[proof.document_id])
    return {
        "unit_id": person.unit_id,
        "nip": person.nip,
        "request_id": asked.request_id,
        "document_id": proof.document_id,
        "upload_id": upload_id,
    }


async def caller(world: World, role: Role) -> Api:
    """A new session of an employee or of the head, of one and the same person."""
    return await (phone_api(world, HEAD) if role is Role.EMPLOYEE else world.staff("kepala"))


class TestForeign:
    """Employees and heads, before what belongs to another office."""

    @pytest.mark.parametrize(
        ("name", "field", "role"), CELLS, ids=[f"{n}-{f}-{r.value}" for n, f, r in CELLS]
    )
    async def test_not_yours_is_not_there(self, world, foreign, name, field, role):
        """The same code, reason, words and metadata, after as many statements of SQL."""
        api = await caller(world, role)
        await said(world, api, name, field, foreign[field])  # whatever is kept is kept from here on

        theirs = await said(world, api, name, field, foreign[field])
        nowhere = await said(world, api, name, field, MISSING.get(field, str(uuid.uuid4())))

        assert ("OK" if field == "upload_id" else "NOT_FOUND") == theirs.code
        assert nowhere == theirs

    @pytest.mark.parametrize(
        ("name", "field"),
        sorted({(name, field) for name, field, _ in CELLS if Role.BKD in TABLE[name]}),
    )
    async def test_it_is_there_for_bkd(self, world, foreign, name, field):
        """So the cells above compare something with nothing."""
        answer = await said(world, await world.staff("bkd"), name, field, foreign[field])

        assert "NOT_FOUND" != answer.code

    async def test_every_such_method_is_asked(self):
        """As many cells as the API has."""
        by_role = [role for *_, role in CELLS]

        assert (7, 16) == (by_role.count(Role.EMPLOYEE), by_role.count(Role.HEAD))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def units(world: World, day: date) -> dict[str, str]:
    """The head's unit, one below, one above, and one that was the head's."""
    bkd, people = await world.staff("bkd"), world.seed.people
    unit = directory_pb2.Unit(unit_id="bekas", display_name="Kantor bekas")
    for head_nip in (people[HEAD].nip, ""):
        unit.head_nip = head_nip
        await bkd.call("PutUnit", unit=unit)
    return {
        "own": people[HEAD].unit_id,
        "below": people[BELOW].unit_id,
        "above": "provinsi",
        "former": "bekas",
    }


class TestHeads:
    """A head, before units that are related to the own."""

    @pytest.mark.parametrize("name", UNIT_METHODS)
    @pytest.mark.parametrize("relation", ["own", "below", "above", "former"])
    async def test_units(self, world, units, name, relation):
        """Own and below are seen; above and former are as if they were not there."""
        head = await world.staff("kepala")

        answer = await said(world, head, name, "unit_id", units[relation])
        nowhere = await said(world, head, name, "unit_id", "tidak-ada")

        if relation in {"own", "below"}:
            assert "OK" == answer.code
        else:
            assert nowhere == answer


class TestDeputies:
    """Who stands in for a head sees and decides what the head does, on the days of the letter."""

    async def test_before_within_and_after(self, world, day, foreign):
        """Every method with a unit, an employee or a request of the office."""
        start = day + timedelta(days=1)
        deputy = rule_pb2.Delegation(
            nip=world.seed.people[HEAD].nip,
            last=(start + timedelta(days=1)).isoformat(),
            kind="DELEGATION_KIND_PLH",
            number="800/12",
        )
        subject = foreign["unit_id"]
        await put_rules(
            await world.staff("bkd"),
            rule_pb2.Rule(subject=subject, start=start.isoformat(), delegation=deputy),
        )
        asked = [(n, f) for n, f, role in CELLS if role is Role.HEAD and n != "DecideRequest"]

        seen = []
        for _ in range(4):
            head = await world.staff("kepala")
            codes = {
                (await said(world, head, name, field, foreign[field])).code for name, field in asked
            }
            seen.append(codes)
            world.clock.advance(days=1)

        assert [{"NOT_FOUND"}, {"OK"}, {"OK"}, {"NOT_FOUND"}] == seen


# What a person of BKD gets for the own NIP, where BKD alone names one; empty: it is only read.
OWN = {
    "CorrectAttendance": "NOT_YOUR_DECISION",
    "CreateStaffAccount": "OWN_ACCOUNT",
    "EraseEnrollment": "OWN_NIP",
    "GetEnrollment": "",
    "IssueActivationCode": "OWN_NIP",
    "ListBindingHistory": "",
    "ListFindings": "",
    "ListPostings": "",
    "RebindDevice": "OWN_NIP",
}


class TestOwnNip:
    """A person of BKD arranges nothing for the own attendance."""

    @pytest.mark.parametrize(("name", "reason"), OWN.items())
    async def test_own(self, world, name, reason):
        """Another person of BKD does it; to look is no harm."""
        officer, own = await world.officer(), world.seed.employees[-1].nip

        answer = await said(world, officer, name, "nip", own)

        if reason:
            assert ("PERMISSION_DENIED", reason) == (answer.code, answer.reason)
        else:
            assert "PERMISSION_DENIED" != answer.code

    @pytest.mark.parametrize("name", [name for name, reason in OWN.items() if reason])
    async def test_of_somebody_else(self, world, name):
        """So the cells above are refused for whose it is."""
        answer = await said(world, await world.officer(), name, "nip", world.seed.employees[-2].nip)

        assert "PERMISSION_DENIED" != answer.code

    async def test_every_such_method_is_asked(self):
        """All that BKD alone may call, of the API's own declarations."""
        named = {n for n, method in METHODS.items() if "nip" in method.input_type.fields_by_name}

        assert {name for name in named if TABLE[name] == {Role.BKD}} == set(OWN)
