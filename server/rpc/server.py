"""Builds the gRPC server: servicers, gate, health, reflection, transport limits."""

from dataclasses import dataclass

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from hadir.v1 import (
    attendance_pb2,
    attendance_pb2_grpc,
    checkin_pb2,
    checkin_pb2_grpc,
    device_admin_pb2,
    device_admin_pb2_grpc,
    device_pb2,
    device_pb2_grpc,
    directory_pb2,
    directory_pb2_grpc,
    enrollment_pb2,
    enrollment_pb2_grpc,
    event_pb2,
    event_pb2_grpc,
    forensic_pb2,
    forensic_pb2_grpc,
    kiosk_pb2,
    kiosk_pb2_grpc,
    ledger_pb2,
    ledger_pb2_grpc,
    month_pb2,
    month_pb2_grpc,
    request_pb2,
    request_pb2_grpc,
    rule_pb2,
    rule_pb2_grpc,
    session_pb2,
    session_pb2_grpc,
    trial_pb2,
    trial_pb2_grpc,
)

from server.clock import Clock
from server.errors import SettingsInvalid
from server.rpc.attendance import AttendanceServicer
from server.rpc.checkin import CheckInServicer
from server.rpc.device import DeviceServicer
from server.rpc.device_admin import DeviceAdminServicer
from server.rpc.directory import DirectoryServicer
from server.rpc.enrollment import EnrollmentServicer
from server.rpc.event import EventServicer
from server.rpc.forensic import ForensicServicer
from server.rpc.interceptor import Gate, before_password, roles_by_method
from server.rpc.kiosk import KioskServicer
from server.rpc.ledger import LedgerServicer
from server.rpc.month import MonthServicer
from server.rpc.request import RequestServicer
from server.rpc.rule import RuleServicer
from server.rpc.session import SessionServicer
from server.rpc.trial import TrialServicer
from server.services.accounts import Accounts
from server.services.attendance import Attendance
from server.services.checkin import CheckIns
from server.services.corrections import Corrections
from server.services.devices import Devices
from server.services.directory import Directory
from server.services.documents import Documents
from server.services.endings import Endings
from server.services.enrollment import Enrollments
from server.services.events import EventLog
from server.services.forensics import Forensics
from server.services.kiosk import Kiosks
from server.services.ledger import Ledger
from server.services.live import STREAMS_MAX, LiveStreams
from server.services.months import Months
from server.services.requests import Requests
from server.services.rules import Rules
from server.services.sessions import Sessions
from server.services.trial import Trial
from server.services.upkeep import Upkeep
from server.storage.database import Database
from server.traces import Traces

FILES = (
    attendance_pb2.DESCRIPTOR,
    checkin_pb2.DESCRIPTOR,
    device_admin_pb2.DESCRIPTOR,
    device_pb2.DESCRIPTOR,
    directory_pb2.DESCRIPTOR,
    enrollment_pb2.DESCRIPTOR,
    event_pb2.DESCRIPTOR,
    forensic_pb2.DESCRIPTOR,
    kiosk_pb2.DESCRIPTOR,
    ledger_pb2.DESCRIPTOR,
    month_pb2.DESCRIPTOR,
    request_pb2.DESCRIPTOR,
    rule_pb2.DESCRIPTOR,
    session_pb2.DESCRIPTOR,
    trial_pb2.DESCRIPTOR,
)
CHECK_IN = "/hadir.v1.CheckInService/CheckIn"
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
# Larger than any frame may be: one of 10 MB is an outcome in its stream and no end of it. A stream
# holds one such message at a time, so STREAMS_PER_CONNECTION_MAX bounds the memory of a connection.
RECEIVED_BYTES_MAX = 12 * 1024 * 1024
STREAMS_PER_CONNECTION_MAX = 200
# All streams that may be open (services/live.py), and calls beside them.
CALLS_MAX = STREAMS_MAX + 500
KEEPALIVE_MS = 20_000
# Half-open and silent connections free their slot.
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", RECEIVED_BYTES_MAX),
    ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_concurrent_streams", STREAMS_PER_CONNECTION_MAX),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.server_handshake_timeout_ms", 10_000),
)


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that the API serves."""

    accounts: Accounts
    attendance: Attendance
    checkins: CheckIns
    corrections: Corrections
    devices: Devices
    directory: Directory
    documents: Documents
    endings: Endings
    enrollments: Enrollments
    event_log: EventLog
    forensics: Forensics
    kiosks: Kiosks
    ledger: Ledger
    months: Months
    requests: Requests
    rules: Rules
    sessions: Sessions
    trial: Trial
    upkeep: Upkeep
    live: LiveStreams
    clock: Clock
    storage: Database


class RpcServer:
    """A gRPC server with its health."""

    def __init__(self, services: Services, traces: Traces, *, idle_s: float) -> None:
        gate = Gate(
            roles_by_method(iter(FILES)),
            services.sessions.find,
            before_password=before_password(iter(FILES)),
            early={CHECK_IN: services.checkins.admission.refuse_known},
            traces=traces,
        )
        self._server = grpc.aio.server(
            interceptors=[gate], options=OPTIONS, maximum_concurrent_rpcs=CALLS_MAX
        )
        self._health = health.aio.HealthServicer()
        self.port = 0
        _add(self._server, services, idle_s=idle_s)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [s.full_name for file in FILES for s in file.services_by_name.values()]
        reflection.enable_server_reflection(
            [*names, health.SERVICE_NAME, reflection.SERVICE_NAME], self._server
        )

    async def start(self, listen: str, credentials: grpc.ServerCredentials | None) -> None:
        """Listens; `port` is the real one. Raises SettingsInvalid if the address is taken."""
        try:
            if credentials is None:
                self.port = self._server.add_insecure_port(listen)
            else:
                self.port = self._server.add_secure_port(listen, credentials)
        except RuntimeError as error:
            raise SettingsInvalid(
                f"cannot listen on {listen}; is another server running?"
            ) from error
        await self._server.start()

    async def set_serving(self, *, serving: bool) -> None:
        """Tells health checks whether to send work here."""
        status = health_pb2.HealthCheckResponse.ServingStatus
        await self._health.set("", status.SERVING if serving else status.NOT_SERVING)

    async def stop(self, grace_s: float) -> None:
        """Takes no new calls and lets the running ones end within the grace."""
        await self._server.stop(grace_s)


def _add(server: grpc.aio.Server, services: Services, *, idle_s: float) -> None:
    live, clock = services.live, services.clock
    attendance_pb2_grpc.add_AttendanceServiceServicer_to_server(
        AttendanceServicer(services.attendance, services.months, services.corrections, live),
        server,
    )
    month_pb2_grpc.add_MonthServiceServicer_to_server(MonthServicer(services.months), server)
    forensic_pb2_grpc.add_ForensicServiceServicer_to_server(
        ForensicServicer(services.forensics), server
    )
    request_pb2_grpc.add_RequestServiceServicer_to_server(
        RequestServicer(services.requests, services.documents, live, clock), server
    )
    trial_pb2_grpc.add_TrialServiceServicer_to_server(TrialServicer(services.trial), server)
    ledger_pb2_grpc.add_LedgerServiceServicer_to_server(LedgerServicer(services.ledger), server)
    rule_pb2_grpc.add_RuleServiceServicer_to_server(RuleServicer(services.rules), server)
    checkin_pb2_grpc.add_CheckInServiceServicer_to_server(
        CheckInServicer(services.checkins, live, clock, idle_s=idle_s), server
    )
    device_pb2_grpc.add_DeviceServiceServicer_to_server(DeviceServicer(services.devices), server)
    device_admin_pb2_grpc.add_DeviceAdminServiceServicer_to_server(
        DeviceAdminServicer(services.devices), server
    )
    directory_pb2_grpc.add_DirectoryServiceServicer_to_server(
        DirectoryServicer(services.directory, services.accounts, live, clock), server
    )
    enrollment_pb2_grpc.add_EnrollmentServiceServicer_to_server(
        EnrollmentServicer(services.enrollments, live, clock), server
    )
    event_pb2_grpc.add_EventServiceServicer_to_server(EventServicer(services.event_log), server)
    kiosk_pb2_grpc.add_KioskServiceServicer_to_server(
        KioskServicer(services.kiosks, live, clock, idle_s=idle_s), server
    )
    session_pb2_grpc.add_SessionServiceServicer_to_server(
        SessionServicer(services.sessions), server
    )
