"""ForensicService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator

from hadir.v1 import forensic_pb2, forensic_pb2_grpc

from server import forensic_messages, messages
from server.domain.forensics.model import Finding
from server.rpc import convert, convert_attendance
from server.rpc.call import Context, language
from server.services.forensics import Forensics

FINDINGS_A_MESSAGE = 100


class ForensicServicer(forensic_pb2_grpc.ForensicServiceServicer):
    """Findings for BKD."""

    def __init__(self, forensics: Forensics) -> None:
        self._forensics = forensics

    async def ListFindings(
        self, request: forensic_pb2.ListFindingsRequest, context: Context
    ) -> AsyncIterator[forensic_pb2.ListFindingsResponse]:
        """See forensic.proto."""
        first = convert_attendance.day(request.first, "first")
        last = convert_attendance.day(request.last, "last")
        found = await self._forensics.findings(first, last, request.nip)
        for start in range(0, len(found), FINDINGS_A_MESSAGE):
            some = found[start : start + FINDINGS_A_MESSAGE]
            yield forensic_pb2.ListFindingsResponse(findings=[_finding(one) for one in some])

    async def SampleRequests(
        self, request: forensic_pb2.SampleRequestsRequest, context: Context
    ) -> forensic_pb2.SampleRequestsResponse:
        """See forensic.proto."""
        permits = await self._forensics.sample(
            convert_attendance.day(request.first, "first"),
            convert_attendance.day(request.last, "last"),
            request.seed,
            request.per_approver,
        )
        return forensic_pb2.SampleRequestsResponse(
            request_ids=[permit.request_id for permit in permits]
        )


def _finding(one: Finding) -> forensic_pb2.Finding:
    evidence = one.evidence
    return forensic_pb2.Finding(
        kind=one.kind.value,
        text=messages.text(forensic_messages.FINDINGS, one.kind.value, language()),
        nips=one.nips,
        first_time=convert.stamp(one.first),
        last_time=convert.stamp(one.last),
        strength=one.strength,
        figures=[
            forensic_pb2.Figure(name=figure.name, value=figure.value, limit=figure.limit)
            for figure in evidence.figures
        ],
        event_ids=evidence.event_ids,
        device_ids=evidence.device_ids,
        coordinates=[
            forensic_pb2.Coordinate(latitude=latitude, longitude=longitude)
            for latitude, longitude in evidence.coordinates
        ],
        request_ids=evidence.request_ids,
        documents=evidence.documents,
        actors=evidence.actors,
        annulled_request_ids=evidence.annulled,
        changes=evidence.changes,
        reasons=evidence.reasons,
        state=f"FINDING_STATE_{one.state.value}",
    )
