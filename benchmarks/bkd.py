"""What BKD does at its desk, as calls on the API: seed the province, enrol, hand out devices."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from hadir.client import Client, readable_errors
from hadir.v1 import (
    device_admin_pb2,
    device_admin_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
    enrollment_pb2,
    enrollment_pb2_grpc,
    event_pb2,
    event_pb2_grpc,
    frame_pb2,
    options_pb2,
    session_pb2,
    session_pb2_grpc,
)

from benchmarks import province
from kiosk_client.duplex import Duplex

NOTICE = "demo-1"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class EnrolledFace:
    """How an enrolment went: the outcome of each picture, and what was stored (None if not)."""

    outcomes: list[str]
    stored: enrollment_pb2.Enrollment | None


class Bkd:
    """A staff session with the calls that the demo and the tests need."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._directory = directory_pb2_grpc.DirectoryServiceStub(client.channel)
        self._devices = device_admin_pb2_grpc.DeviceAdminServiceStub(client.channel)
        self._enrollment = enrollment_pb2_grpc.EnrollmentServiceStub(client.channel)
        self._events = event_pb2_grpc.EventServiceStub(client.channel)

    async def login(self, username: str, password: str) -> None:
        """Opens the session."""
        stub = session_pb2_grpc.SessionServiceStub(self._client.channel)
        request = session_pb2.OpenStaffSessionRequest(username=username, password=password)
        with readable_errors():
            session = await stub.OpenStaffSession(request)
        self._client.token = session.token

    async def change_password(self, old: str, new: str) -> None:
        """Changes the own password: a first one, which another chose, before anything else."""
        stub = session_pb2_grpc.SessionServiceStub(self._client.channel)
        request = session_pb2.ChangePasswordRequest(old_password=old, new_password=new)
        with readable_errors():
            await stub.ChangePassword(request, metadata=self._client.metadata)

    async def seed(
        self, people: list[province.DemoEmployee]
    ) -> directory_pb2.ImportEmployeesResponse:
        """Stores the sites and offices of the demo province and imports its employees."""
        meta = self._client.metadata
        with readable_errors():
            for site in province.site_messages():
                await self._directory.PutSite(
                    directory_pb2.PutSiteRequest(site=site), metadata=meta
                )
            for unit in province.unit_messages():
                await self._directory.PutUnit(
                    directory_pb2.PutUnitRequest(unit=unit), metadata=meta
                )
            answer: directory_pb2.ImportEmployeesResponse = await self._directory.ImportEmployees(
                _import(province.roster_csv(people)), metadata=meta
            )
        return answer

    async def enrol(self, nip: str, pictures: Iterable[bytes]) -> EnrolledFace:
        """Enrols an employee; pictures are sent one by one, each after the answer to the last."""
        call = self._enrollment.Enroll(metadata=self._client.metadata)
        requests, outcomes, stored = _frames(pictures), list[str](), None
        async with Duplex(call, language=self._client.endpoint.language) as duplex:
            await duplex.write(_open(nip))
            while stored is None and (response := await duplex.read()) is not None:
                if response.HasField("enrollment"):
                    stored = response.enrollment
                    continue
                progress = response.progress
                if progress.frame_number:
                    name = frame_pb2.FrameOutcome.Name(progress.outcome)
                    outcomes.append(name.removeprefix("FRAME_OUTCOME_"))
                await duplex.write(next(requests))
        return EnrolledFace(outcomes, stored)

    async def phone_code(self, nip: str) -> str:
        """Issues an activation code for an employee's phone."""
        request = device_admin_pb2.IssueActivationCodeRequest(nip=nip)
        with readable_errors():
            issued: device_admin_pb2.ActivationCode = await self._devices.IssueActivationCode(
                request, metadata=self._client.metadata
            )
        return issued.code

    async def kiosk_code(self, site_id: str) -> str:
        """Issues an activation code for a site's kiosk."""
        request = device_admin_pb2.IssueActivationCodeRequest(site_id=site_id)
        with readable_errors():
            issued: device_admin_pb2.ActivationCode = await self._devices.IssueActivationCode(
                request, metadata=self._client.metadata
            )
        return issued.code

    async def rebind(self, nip: str, reason: str) -> device_admin_pb2.RebindDeviceResponse:
        """Replaces an employee's phone."""
        request = device_admin_pb2.RebindDeviceRequest(nip=nip, reason=reason)
        with readable_errors():
            answer: device_admin_pb2.RebindDeviceResponse = await self._devices.RebindDevice(
                request, metadata=self._client.metadata
            )
        return answer

    async def history(self, nip: str) -> list[device_admin_pb2.BindingChange]:
        """Returns what happened to an employee's phones."""
        request = device_admin_pb2.ListBindingHistoryRequest(nip=nip)
        with readable_errors():
            answer = await self._devices.ListBindingHistory(request, metadata=self._client.metadata)
        return list(answer.changes)

    async def appoint_head(self, unit_id: str, nip: str, *, username: str, password: str) -> None:
        """Makes an employee the head of a unit, with an account."""
        meta = self._client.metadata
        with readable_errors():
            units = await self._directory.ListUnits(directory_pb2.ListUnitsRequest(), metadata=meta)
            unit = next(unit for unit in units.units if unit.unit_id == unit_id)
            unit.head_nip = nip
            await self._directory.PutUnit(directory_pb2.PutUnitRequest(unit=unit), metadata=meta)
            await self._directory.CreateStaffAccount(
                directory_pb2.CreateStaffAccountRequest(
                    username=username, role=options_pb2.ROLE_HEAD, password=password, nip=nip
                ),
                metadata=meta,
            )

    async def events(self, unit_id: str) -> list[event_pb2.Event]:
        """Returns the newest events of a unit."""
        request = event_pb2.ListUnitEventsRequest(unit_id=unit_id)
        with readable_errors():
            answer = await self._events.ListUnitEvents(request, metadata=self._client.metadata)
        return list(answer.events)


def _open(nip: str) -> enrollment_pb2.EnrollRequest:
    consent = enrollment_pb2.Consent(notice_version=NOTICE, confirmed=True)
    consent.confirm_time.GetCurrentTime()
    return enrollment_pb2.EnrollRequest(
        open=enrollment_pb2.OpenEnrollment(nip=nip, consent=consent)
    )


def _frames(pictures: Iterable[bytes]) -> Iterator[enrollment_pb2.EnrollRequest]:
    for number, jpeg in enumerate(pictures, 1):
        frame = frame_pb2.Frame(frame_number=number, jpeg=jpeg)
        frame.capture_time.GetCurrentTime()
        yield enrollment_pb2.EnrollRequest(frame=frame)
    yield enrollment_pb2.EnrollRequest(commit=enrollment_pb2.CommitEnrollment())


async def _import(content: bytes) -> AsyncIterator[directory_pb2.ImportEmployeesRequest]:
    yield directory_pb2.ImportEmployeesRequest(open=directory_pb2.OpenImport())
    for start in range(0, len(content), CHUNK_BYTES):
        yield directory_pb2.ImportEmployeesRequest(chunk=content[start : start + CHUNK_BYTES])
