"""Days in a world: moves its clock to a time of a workday, and records punches of the past."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.client import ApiError
from hadir.v1 import attendance_pb2, request_pb2
from ulid import ULID

from server.domain.model import Event, EventKind, EventSource, Scores
from tests.functional.world import Api, World

WIT = ZoneInfo("Asia/Jayapura")
_PIXELS = np.random.default_rng(5).integers(0, 255, (60, 90, 3), np.uint8)
PROOF = cv2.imencode(".png", _PIXELS)[1].tobytes()
SCORES = Scores(0.9, 0.4, 0.0, 0.1, None)


def moment(day: date, clock: str) -> datetime:
    """Returns a local time of a date in WIT, as UTC."""
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=WIT).astimezone(UTC)


def stamp(when: datetime) -> Timestamp:
    """Returns a time as the API writes it."""
    found = Timestamp()
    found.FromDatetime(when)
    return found


def go_to(world: World, clock: str, *, day: date | None = None) -> date:
    """Moves the clock to a local time: of a date, or of the next day that holds office hours.

    A Tuesday to Thursday: neither Friday's hours nor a weekend before it.
    """
    if day is None:
        day = world.clock.now().astimezone(WIT).date() + timedelta(days=1)
        while day.weekday() not in {1, 2, 3} or day in _holidays(day.year):
            day += timedelta(days=1)
    ahead = moment(day, clock) - world.clock.now()
    assert ahead > timedelta(), "the clock of a world runs forwards"
    world.clock.advance(seconds=ahead.total_seconds())
    return day


def _holidays(year: int) -> set[date]:
    from server.domain.attendance.calendar import national

    return {free.day for free in national([year])}


async def punch(world: World, number: int, kind: str, when: datetime, **fields: Any) -> str:
    """Records a punch of a person's phone through the log of events. Returns the event's id."""
    person = world.seed.people[number]
    event = Event(
        event_id=str(ULID()),
        nip=person.nip,
        display_name=person.display_name,
        unit_id=person.unit_id,
        kind=EventKind[kind],
        source=EventSource.PHONE,
        event_time=when,
        device_time=when,
        clock_disputed=False,
        site_id="kantor-gubernur",
        distance_m=0.0,
        device_id=world.seed.phones[number].device_id,
        scores=SCORES,
        create_time=when,
        frame_digest=uuid.uuid4().bytes,
        seal=b"seal",
        **fields,
    )
    log = world.app.services.event_log
    recorded = await log.record_phone(event, str(uuid.uuid4()), uuid.uuid4().bytes)
    return recorded.event.event_id


async def phone_api(world: World, number: int, language: str = "id") -> Api:
    """Returns the API as a person's phone sees it."""
    return Api((await world.phone(number, language=language)).client)


async def put_rules(bkd: Api, *rules: Any, reason: str = "pengujian") -> Any:
    """Stores rules."""
    return await bkd.call("PutRules", rules=rules, reason=reason)


async def own_day(api: Api, day: date) -> attendance_pb2.AttendanceDay:
    """Returns a day of the caller."""
    answer = await api.call("GetOwnDays", first=day.isoformat(), last=day.isoformat())
    return answer.days[0]


def status(day: attendance_pb2.AttendanceDay) -> str:
    """Returns what a day is."""
    return attendance_pb2.DayStatus.Name(day.status).removeprefix("DAY_STATUS_")


def state(request: request_pb2.Request) -> str:
    """Returns how far a request is."""
    return request_pb2.RequestState.Name(request.state).removeprefix("REQUEST_STATE_")


async def submit(api: Api, kind: str, first: date, last: date | None = None, **fields: Any) -> Any:
    """Files a request."""
    values = {"request_id": str(uuid.uuid4()), "reason": "ban bocor di jalan", **fields}
    return await api.call(
        "SubmitRequest",
        kind=f"REQUEST_KIND_{kind}",
        first=first.isoformat(),
        last=(last or first).isoformat(),
        **values,
    )


async def permit(api: Api, day: date, **fields: Any) -> Any:
    """Files an izin for a day, with a document."""
    proof = await upload(api, PROOF)
    return await submit(api, "IZIN", day, **{"document_ids": [proof.document_id], **fields})


async def leave(api: Api, first: date, last: date, kind: str, *, letter: date) -> Any:
    """Files a cuti of a type, with a letter of a date."""
    fields = {"number": "850/7/2026", "letter_date": letter.isoformat()}
    return await submit(api, "CUTI", first, last, leave=f"LEAVE_TYPE_{kind}", **fields)


async def upload(api: Api, content: bytes, *, upload_id: str = "", start: int = 0) -> Any:
    """Uploads a document from a byte on, in parts of 1,000 bytes."""
    opened = request_pb2.OpenUpload(upload_id=upload_id or str(uuid.uuid4()))
    messages = [request_pb2.UploadDocumentRequest(open=opened)]
    for offset in range(start, len(content), 1000):
        part = request_pb2.DocumentPart(offset=offset, content=content[offset : offset + 1000])
        messages.append(request_pb2.UploadDocumentRequest(part=part))
    return await api.upload("UploadDocument", messages)


@asynccontextmanager
async def watching(api: Api, unit_id: str) -> AsyncIterator[Any]:
    """Opens the board of a unit; yields (first rows by NIP, the call to read on)."""
    async with api.listen("WatchUnit", unit_id=unit_id) as call:
        rows: dict[str, Any] = {}
        while True:
            message = await call.read()
            rows.update(by_nip(message.employees))
            if message.complete:
                break
        yield rows, call


async def gather(world: World, head: int, staff: Iterable[int]) -> None:
    """Puts the units of some people below that of a head."""
    bkd = await world.bkd()
    above = world.seed.people[head].unit_id
    below = {world.seed.people[number].unit_id for number in staff} - {above}
    for unit in (await bkd.call("ListUnits")).units:
        if unit.unit_id in below:
            unit.parent_unit_id = above
            await bkd.call("PutUnit", unit=unit, reason="pengujian")


async def appoint(world: World, unit_id: str, nip: str) -> None:
    """Makes somebody the head of a unit, or nobody."""
    bkd = await world.bkd()
    unit = next(u for u in (await bkd.call("ListUnits")).units if u.unit_id == unit_id)
    unit.head_nip = nip
    await bkd.call("PutUnit", unit=unit)


def fault_of(error: pytest.ExceptionInfo[ApiError]) -> str:
    """Returns what is wrong with a request or document."""
    return error.value.metadata["fault"]


def by_nip(employees: Iterable[attendance_pb2.EmployeeDays]) -> dict[str, Any]:
    """Returns the first day of each employee."""
    return {one.nip: one.days[0] for one in employees}
