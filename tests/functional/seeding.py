"""Makes the province that every test begins with, through the API, once a session."""

from pathlib import Path
from typing import Any

from hadir.client import Client
from hadir.device import activate
from hadir.v1 import directory_pb2, options_pb2

from benchmarks import province
from server.services.accounts import create_first_account
from server.storage import migrate
from server.storage.vault import write_key_file
from tests.functional.world import PASSWORD, Api, Seed, World, open_world

EMPLOYEES = 30
# Persons 0 to 2 work at the first site, person 3 at the second; person 4 is not enrolled.
ROLES = {0: 0, 1: 1, 2: 2, 3: 7, 4: 3}
ENROLLED = (0, 1, 2, 3)


async def make_seed(directory: Path, cast: Any) -> Seed:
    """Returns a province with sites, units, employees, staff, faces, phones and kiosks."""
    employees = province.employees(EMPLOYEES)
    seed = Seed(directory, employees)
    seed.people = {person: employees[index] for person, index in ROLES.items()}
    migrate.upgrade(directory / "hadir.db")
    write_key_file(directory / "hadir.key")
    await create_first_account(directory / "hadir.db", "bkd", PASSWORD)
    async with open_world(directory, seed, cast) as world:
        bkd = await world.bkd()
        await _put_master_data(bkd, seed)
        await _put_staff(world, bkd, seed)
        for number in ENROLLED:
            await world.enrol(seed.people[number].nip, cast.actor(number).enrolment())
            await _activate_phone(world, bkd, seed, number)
        for site in province.SITES:
            code = await bkd.call("IssueActivationCode", site_id=site.site_id)
            seed.kiosks[site.site_id] = await activate(
                world.anyone.client, code.code, model="Kiosk"
            )
    return seed


async def _put_master_data(bkd: Api, seed: Seed) -> None:
    for site in province.site_messages():
        await bkd.call("PutSite", site=site)
    for unit in province.unit_messages():
        await bkd.call("PutUnit", unit=unit)
    await import_csv(bkd, province.roster_csv(seed.employees))
    first = province.unit_messages()[1]
    first.head_nip = seed.people[0].nip
    await bkd.call("PutUnit", unit=first)


async def _put_staff(world: World, bkd: Api, seed: Seed) -> None:
    head = {"role": options_pb2.ROLE_HEAD, "nip": seed.people[0].nip}
    await bkd.call("CreateStaffAccount", username="kepala", password=PASSWORD, **head)
    role = options_pb2.ROLE_OPERATOR
    await bkd.call("CreateStaffAccount", username="operator", password=PASSWORD, role=role)
    for username in ("kepala", "operator"):
        await world.staff(username)


async def _activate_phone(world: World, bkd: Api, seed: Seed, number: int) -> None:
    code = await bkd.call("IssueActivationCode", nip=seed.people[number].nip)
    client: Client = world.anyone.client
    seed.phones[number] = await activate(client, code.code, model="Simulated phone")


async def import_csv(
    bkd: Api, content: bytes, *, dry_run: bool = False, start: str = "", reason: str = ""
) -> directory_pb2.ImportEmployeesResponse:
    """Imports a file of employees, whose changes hold from start on, or today."""
    opened = directory_pb2.OpenImport(dry_run=dry_run, start=start, reason=reason)
    parts = [content[start : start + 2**20] for start in range(0, len(content), 2**20)]
    requests = [directory_pb2.ImportEmployeesRequest(open=opened)]
    requests += [directory_pb2.ImportEmployeesRequest(chunk=part) for part in parts]
    return await bkd.upload("ImportEmployees", requests)
