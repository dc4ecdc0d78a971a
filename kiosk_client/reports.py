"""What went wrong at a kiosk, reported for the evaluation of the trial; never in its way.

At most one report of a kind waits, and one of a kind is made in half an hour. A report that cannot
be sent now is sent when the kiosk is online again, or never.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

import grpc
from hadir.client import ApiError, readable_errors
from hadir.v1 import kiosk_pb2, trial_pb2, trial_pb2_grpc

from kiosk_client.updates import Answer, CameraTrouble, Offline, Online

if TYPE_CHECKING:
    from collections.abc import Callable

    from hadir.client import Client

    from kiosk_client.updates import Update

EVERY_S: Final = 1800.0
DEADLINE_S: Final = 5.0
TEXT_CHARS_MAX: Final = 200
# What waiting mends; whatever else the server says of a report, the report is dropped.
_LATER: Final = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
_REFUSED: Final = {
    kiosk_pb2.FACE_STATE_NOT_RECOGNISED: "NOT_RECOGNISED",
    kiosk_pb2.FACE_STATE_SPOOF_SUSPECTED: "SPOOF_SUSPECTED",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something to report, without names or faces."""

    problem: trial_pb2.TrialProblem
    text: str


def trouble_of(update: Update) -> Trouble | None:
    """Return what an update of the kiosk says about trouble, None if nothing."""
    match update:
        case Offline(text=text, planned=False):
            return Trouble(trial_pb2.TRIAL_PROBLEM_NETWORK, text)
        case CameraTrouble(text=text):
            return Trouble(trial_pb2.TRIAL_PROBLEM_CAMERA, text)
        case Answer(result=result):
            states = {face.state for face in result.faces} & _REFUSED.keys()
            names = ", ".join(sorted(_REFUSED[state] for state in states))
            return Trouble(trial_pb2.TRIAL_PROBLEM_RECOGNITION, names) if names else None
        case _:
            return None


class TrialReports:
    """Notes trouble and reports it while the kiosk is online."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._noted_s: dict[trial_pb2.TrialProblem, float] = {}
        self._waiting: dict[trial_pb2.TrialProblem, trial_pb2.ReportProblemRequest] = {}
        self._online = False
        self._wake = asyncio.Event()

    def note(self, update: Update) -> None:
        """Note what an update says; returns at once."""
        if isinstance(update, Online | Offline):
            self._online = isinstance(update, Online)
        trouble, now_s = trouble_of(update), self._clock()
        if trouble and now_s - self._noted_s.get(trouble.problem, -inf) >= EVERY_S:
            self._noted_s[trouble.problem] = now_s
            self._waiting[trouble.problem] = trial_pb2.ReportProblemRequest(
                report_id=str(uuid.uuid4()),
                problem=trouble.problem,
                text=trouble.text[:TEXT_CHARS_MAX],
            )
        if self._online and self._waiting:
            self._wake.set()

    async def run(self) -> None:
        """Send what waits whenever there is something, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.send()

    async def send(self) -> None:
        """Send what waits, each once; what does not arrive waits for the next connection."""
        for problem, request in list(self._waiting.items()) if self._online else ():
            if not await self._sent(request):
                self._online = False
                return
            self._waiting.pop(problem, None)

    async def _sent(self, request: trial_pb2.ReportProblemRequest) -> bool:
        """Send a report; False if it may go later."""
        stub = trial_pb2_grpc.TrialServiceStub(self._client.channel)
        try:
            with readable_errors(self._client.endpoint.language):
                await stub.ReportProblem(
                    request, metadata=self._client.metadata, timeout=DEADLINE_S
                )
        except ApiError as error:
            return error.code not in _LATER
        return True
