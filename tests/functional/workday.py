"""A day's work in short: a little of everything that a server does, and what of it is nobody's."""

import base64

import pytest
from hadir.client import ApiError
from hadir.v1 import event_pb2

from benchmarks.phone import Phone
from benchmarks.walker import walk
from tests.functional.world import PASSWORD, STEP_S, World

WRONG = "sandi-yang-keliru"


async def work(world: World) -> dict[str, object]:
    """Does a little of everything. Returns what must, and must not, be told of it."""
    errors: list[ApiError] = []

    async def fail(call) -> None:
        with pytest.raises(ApiError) as caught:
            await call
        errors.append(caught.value)

    bkd, person = await world.bkd(), world.seed.people[4]
    await fail(world.staff("bkd", WRONG))
    await fail(world.anyone.call("ListSites"))
    await fail((await world.operator()).call("GetEmployee", nip=person.nip))
    await fail(bkd.call("GetEmployee", nip="199001012015011999"))
    pictures = list(world.cast.actor(4).enrolment())[:3]
    await world.enrol(person.nip, pictures)
    code = (await bkd.call("IssueActivationCode", nip=person.nip)).code
    phone = Phone(world.client(), step_s=STEP_S)
    await phone.activate(code)
    await phone.login()
    result = await phone.check_in(event_pb2.EVENT_KIND_IN, world.place(4), world.cast.actor(4))
    refusal = await phone.check_in(
        event_pb2.EVENT_KIND_IN, world.place(4, north_m=900), world.cast.actor(4)
    )
    kiosk = await world.kiosk()
    walked = await walk(kiosk.client, world.cast.actor(0).walk(18), frames_per_second=15)
    await bkd.call("EraseEnrollment", nip=person.nip, reason="Permintaan pegawai")
    return {
        "errors": errors,
        "event_ids": [result.receipt.event.event_id, walked.recognised[0].event.event_id],
        "refused": refusal.refusal is not None,
        "secrets": [
            *(api.client.token for api in (bkd, kiosk)),
            phone.client.token,
            PASSWORD,
            WRONG,
            code,
            code.replace("-", ""),
            *(base64.b64encode(picture[:60]).decode()[:60] for picture in pictures),
        ],
        "people": [
            *(one.nip for one in world.seed.employees),
            *(one.display_name for one in world.seed.people.values()),
        ],
    }
