"""A kiosk's trouble becomes few reports, sent when there is a connection, never in its way."""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
import pytest
from hadir.client import Client, Endpoint
from hadir.v1 import kiosk_pb2, trial_pb2, trial_pb2_grpc

from kiosk_client.reports import EVERY_S, TrialReports, trouble_of
from kiosk_client.updates import Answer, CameraTrouble, Offline, Online, Update

ONLINE, OFFLINE = Online("Kantor", 0.0), Offline("Server tidak menjawab.", 1.0)
CAMERA = CameraTrouble("camera:0")
NETWORK = trial_pb2.TRIAL_PROBLEM_NETWORK


def answer(*states: str) -> Answer:
    """Return the answer to a frame with such faces."""
    faces = [kiosk_pb2.FaceResult(state=f"FACE_STATE_{state}") for state in states]
    return Answer(kiosk_pb2.FrameResult(faces=faces))


class FakeServer(trial_pb2_grpc.TrialServiceServicer):
    """Takes reports, or ends the calls with a code."""

    def __init__(self) -> None:
        self.taken: list[trial_pb2.ReportProblemRequest] = []
        self.refuse: grpc.StatusCode | None = None
        self.calls = 0

    async def ReportProblem(
        self, request: trial_pb2.ReportProblemRequest, context: Any
    ) -> trial_pb2.ReportProblemResponse:
        """Take a report."""
        self.calls += 1
        if self.refuse is not None:
            await context.abort(self.refuse, "no")
        self.taken.append(request)
        return trial_pb2.ReportProblemResponse()


class TestTrouble:
    """What is reported."""

    @pytest.mark.parametrize(
        ("update", "problem"),
        [
            (OFFLINE, "NETWORK"),
            (Offline("Server sedang dimulai ulang.", 1.0, planned=True), None),
            (CAMERA, "CAMERA"),
            (answer("NOT_RECOGNISED", "RECOGNISED"), "RECOGNITION"),
            (answer("SPOOF_SUSPECTED"), "RECOGNITION"),
            (answer("RECOGNISED", "LOOK_AGAIN"), None),
            (answer(), None),
            (ONLINE, None),
        ],
    )
    def test_kinds(self, update: Update, problem: str | None) -> None:
        """Connections, cameras and faces; neither an announced restart nor who is recognised."""
        trouble = trouble_of(update)
        name = trial_pb2.TrialProblem.Name(trouble.problem) if trouble else None

        assert name == (f"TRIAL_PROBLEM_{problem}" if problem else None)


class TestSending:
    """When it is reported."""

    async def scene(self, *updates: Update | float, refuse: Any = None) -> FakeServer:
        """Play updates; numbers let so many seconds pass. Returns the server afterwards."""
        fake, now_s = FakeServer(), [0.0]
        fake.refuse = refuse
        server = grpc.aio.server()
        trial_pb2_grpc.add_TrialServiceServicer_to_server(fake, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with Client(Endpoint(f"127.0.0.1:{port}"), token="t") as client:
            reports = TrialReports(client, clock=lambda: now_s[0])
            for update in updates:
                if isinstance(update, float):
                    now_s[0] += update
                else:
                    reports.note(update)
                    await reports.send()
        await server.stop(None)
        return fake

    @pytest.mark.asyncio
    async def test_after_the_connection_came_back(self) -> None:
        """One report of many breaks."""
        fake = await self.scene(OFFLINE, OFFLINE, 1.0, OFFLINE, ONLINE)

        assert [NETWORK] == [one.problem for one in fake.taken]
        assert "Server tidak menjawab." == fake.taken[0].text

    @pytest.mark.asyncio
    async def test_one_of_a_kind_in_half_an_hour(self) -> None:
        """Kinds do not wait for each other."""
        fake = await self.scene(
            ONLINE, CAMERA, CAMERA, answer("NOT_RECOGNISED"), EVERY_S - 1.0, CAMERA, 1.0, CAMERA
        )

        assert ["CAMERA", "RECOGNITION", "CAMERA"] == [
            trial_pb2.TrialProblem.Name(one.problem).removeprefix("TRIAL_PROBLEM_")
            for one in fake.taken
        ]

    @pytest.mark.asyncio
    async def test_a_refused_report_is_dropped(self) -> None:
        """The server has enough of them."""
        fake = await self.scene(ONLINE, CAMERA, ONLINE, refuse=grpc.StatusCode.RESOURCE_EXHAUSTED)

        assert 1 == fake.calls

    @pytest.mark.asyncio
    async def test_a_report_that_does_not_arrive_is_sent_again(self) -> None:
        """When the kiosk is online again, not with every frame."""
        fake = await self.scene(
            ONLINE, CAMERA, answer(), answer(), ONLINE, refuse=grpc.StatusCode.UNAVAILABLE
        )

        assert 2 == fake.calls
