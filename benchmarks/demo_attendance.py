"""The demo's last step: a recognised face becomes a day that can be argued about."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
from hadir.client import Client, readable_errors
from hadir.v1 import (
    attendance_pb2,
    attendance_pb2_grpc,
    request_pb2,
    request_pb2_grpc,
    rule_pb2,
    rule_pb2_grpc,
)
from rich.console import Console

from benchmarks import local
from benchmarks.bkd import Bkd

WIT = ZoneInfo("Asia/Jayapura")
ALL = "provinsi"


async def play(
    console: Console, bkd: Client, phone: Client, *, head: tuple[str, str, str], folder: Path
) -> None:
    """Sets the phase, shows a day with its reasons, decides on a request, and saves a recap.

    head: address, user name and password of the head who decides.
    """
    today = datetime.now(WIT).date()
    with readable_errors():
        await _begin_trial(bkd, today.isoformat())
        console.print("  BKD: the whole province is in the trial phase from today")
        await _show_day(console, phone, today.isoformat())
        request_id = await _ask(console, phone, today.isoformat())
        address, username, password = head
        async with local.connected(address) as desk:
            await Bkd(desk).login(username, password)
            await _decide(console, desk, request_id)
        await _recap(console, bkd, f"{today:%Y-%m}", folder)


async def _begin_trial(bkd: Client, today: str) -> None:
    rule = rule_pb2.Rule(
        subject=ALL, start=today, phase=rule_pb2.Phase(phase=rule_pb2.PHASE_KIND_TRIAL)
    )
    request = rule_pb2.PutRulesRequest(rules=[rule], reason="uji coba dimulai")
    stub = rule_pb2_grpc.RuleServiceStub(bkd.channel)
    await stub.PutRules(request, metadata=bkd.metadata)


async def _show_day(console: Console, phone: Client, today: str) -> None:
    stub = attendance_pb2_grpc.AttendanceServiceStub(phone.channel)
    answer: attendance_pb2.WhyDayResponse = await stub.WhyDay(
        attendance_pb2.WhyDayRequest(date=today), metadata=phone.metadata
    )
    status = attendance_pb2.DayStatus.Name(answer.day.status).removeprefix("DAY_STATUS_")
    console.print(f"[bold]The employee asks why today is {status}[/]")
    for line in answer.lines:
        console.print(f"  {line.text}")


async def _ask(console: Console, phone: Client, today: str) -> str:
    stub = request_pb2_grpc.RequestServiceStub(phone.channel)
    proof: request_pb2.Document = await stub.UploadDocument(_letter(), metadata=phone.metadata)
    asked: request_pb2.Request = await stub.SubmitRequest(
        request_pb2.SubmitRequestRequest(
            request_id=str(uuid.uuid4()),
            kind=request_pb2.REQUEST_KIND_IZIN,
            first=today,
            last=today,
            reason="anak sakit, pulang lebih awal",
            document_ids=[proof.document_id],
        ),
        metadata=phone.metadata,
    )
    desk = asked.desk_unit_id or "BKD"
    console.print(f"[bold]The employee asks for izin, with a document[/]  {asked.text}: {desk}")
    return asked.request_id


def _letter() -> Iterator[request_pb2.UploadDocumentRequest]:
    """Yields the messages that upload a picture of a letter, here a white page."""
    opened = request_pb2.OpenUpload(upload_id=str(uuid.uuid4()))
    yield request_pb2.UploadDocumentRequest(open=opened)
    page = cv2.imencode(".png", np.full((400, 300), 255, np.uint8))[1].tobytes()
    yield request_pb2.UploadDocumentRequest(part=request_pb2.DocumentPart(content=page))


async def _decide(console: Console, head: Client, request_id: str) -> None:
    stub = request_pb2_grpc.RequestServiceStub(head.channel)
    waiting: request_pb2.ListRequestsResponse = await stub.ListDesk(
        request_pb2.ListDeskRequest(), metadata=head.metadata
    )
    if request_id not in {one.request_id for one in waiting.requests}:
        console.print("  it lies with somebody else than this head")
        return
    decided: request_pb2.Request = await stub.DecideRequest(
        request_pb2.DecideRequestRequest(
            request_id=request_id, accept=True, reason="sudah menelepon saya"
        ),
        metadata=head.metadata,
    )
    console.print(f"[bold]The head decides[/]  {decided.text}")


async def _recap(console: Console, bkd: Client, month: str, folder: Path) -> None:
    stub = attendance_pb2_grpc.AttendanceServiceStub(bkd.channel)
    request = attendance_pb2.ExportRecapRequest(
        unit_id=ALL,
        month=month,
        kind=attendance_pb2.RECAP_KIND_TPP,
        format=attendance_pb2.RECAP_FORMAT_PDF,
    )
    name, content = "", b""
    async for part in stub.ExportRecap(request, metadata=bkd.metadata):
        name, content = name or part.file_name, content + part.content
    file = folder / name
    file.write_bytes(content)
    console.print(
        f"[bold]BKD prints the TPP recap[/]  {file}: trial days never count, and it says so"
    )
