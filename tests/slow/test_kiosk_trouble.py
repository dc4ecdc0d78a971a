"""A running kiosk reports trouble for the evaluation of the trial."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from hadir.client import Endpoint
from hadir.v1 import kiosk_pb2, kiosk_pb2_grpc, session_pb2_grpc, trial_pb2, trial_pb2_grpc

from kiosk_client.main import RunOptions, run_kiosk
from kiosk_client.reports import trouble_of
from kiosk_client.screen import LineScreen
from kiosk_client.updates import Offline
from tests.slow.test_kiosk_client import (
    IDENTITY,
    FakeServer,
    abort,
    answer_all,
    collect,
    ends,
    forget,
    ready,
    result,
    write_images,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slow.test_kiosk_client import Answers, Context, Requests


async def recognise_nobody(requests: Requests, _: Context) -> Answers:
    """Answer every frame with a face that is not recognised."""
    await anext(requests)
    yield ready()
    face = kiosk_pb2.FaceResult(state=kiosk_pb2.FACE_STATE_NOT_RECOGNISED)
    async for request in requests:
        yield result(request.frame.frame_number, face)


class ReportServer(trial_pb2_grpc.TrialServiceServicer):
    """Keeps reports."""

    def __init__(self) -> None:
        self.reports: asyncio.Queue[trial_pb2.ReportProblemRequest] = asyncio.Queue()

    async def ReportProblem(
        self, request: trial_pb2.ReportProblemRequest, _: Context
    ) -> trial_pb2.ReportProblemResponse:
        """Keep a report."""
        self.reports.put_nowait(request)
        return trial_pb2.ReportProblemResponse()


class TestTrouble:
    """Beside the stream."""

    async def test_refused_faces_are_one_report(self, tmp_path: Path) -> None:
        """However many frames show them."""
        write_images(tmp_path, 3)
        options = RunOptions(f"dir:{tmp_path}", loop=True, frames_per_second=50, headless=True)
        kiosk, trial = FakeServer(recognise_nobody), ReportServer()
        server = grpc.aio.server()
        kiosk_pb2_grpc.add_KioskServiceServicer_to_server(kiosk, server)
        session_pb2_grpc.add_SessionServiceServicer_to_server(kiosk, server)
        trial_pb2_grpc.add_TrialServiceServicer_to_server(trial, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()

        async with asyncio.timeout(60):
            endpoint = Endpoint(f"127.0.0.1:{port}")
            running = asyncio.create_task(
                run_kiosk(endpoint, IDENTITY, options, screen=LineScreen(write=forget))
            )
            report = await trial.reports.get()
            running.cancel()
            await asyncio.wait({running})
        await server.stop(None)

        assert report.problem == trial_pb2.TRIAL_PROBLEM_RECOGNITION
        assert report.text == "NOT_RECOGNISED"
        assert trial.reports.empty()

    @pytest.mark.parametrize(
        ("code", "reason", "network"),
        [("DEADLINE_EXCEEDED", "STREAM_IDLE", False), ("UNAVAILABLE", "STORAGE_UNAVAILABLE", True)],
    )
    async def test_silence_is_no_trouble_of_the_network(
        self, code: str, reason: str, *, network: bool
    ) -> None:
        """A camera without pictures is told apart from a connection that broke."""

        async def ended(requests: Requests, context: Context) -> Answers:
            await anext(requests)
            yield ready()
            await abort(context, grpc.StatusCode[code], reason)

        seen = await collect(FakeServer(ended, answer_all), ends(1, Offline))

        assert network is (trouble_of(seen[-1]) is not None)
