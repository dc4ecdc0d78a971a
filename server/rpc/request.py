"""RequestService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator, Sequence

from hadir.v1 import request_pb2, request_pb2_grpc

from server.clock import Clock
from server.domain.document import BYTES_MAX
from server.errors import FieldInvalid, OpenFirst, PageTokenInvalid
from server.rpc import convert, convert_attendance
from server.rpc.call import Context, caller, language
from server.rpc.streams import Inbox, upload_limits
from server.services.documents import Documents
from server.services.live import LiveStreams
from server.services.requests import CaseFile, Requests
from server.storage.pages import key_of, page_size
from server.storage.requests import cursor_of, is_cursor

DESK_SHOWN_MAX = 200
# Of an upload: whatever comes beyond a document is none.
_LIMITS = upload_limits(2 * BYTES_MAX)
YEAR_MIN, YEAR_MAX = 2001, 2198


class RequestServicer(request_pb2_grpc.RequestServiceServicer):
    """Requests of employees, decisions, documents."""

    def __init__(
        self, requests: Requests, documents: Documents, live: LiveStreams, clock: Clock
    ) -> None:
        self._requests = requests
        self._documents = documents
        self._live = live
        self._clock = clock

    async def SubmitRequest(
        self, request: request_pb2.SubmitRequestRequest, context: Context
    ) -> request_pb2.Request:
        """See request.proto."""
        draft = convert_attendance.draft(request)
        return _shown(await self._requests.submit(caller(), draft))

    async def WithdrawRequest(
        self, request: request_pb2.WithdrawRequestRequest, context: Context
    ) -> request_pb2.Request:
        """See request.proto."""
        return _shown(await self._requests.withdraw(caller(), request.request_id))

    async def ListOwnRequests(
        self, request: request_pb2.ListOwnRequestsRequest, context: Context
    ) -> request_pb2.ListRequestsResponse:
        """See request.proto."""
        limit = page_size(request.page_size)
        before = _cursor(request.page_token)
        cases = await self._requests.list_own(caller(), before=before, limit=limit + 1)
        return _page(cases, limit)

    async def ListUnitRequests(
        self, request: request_pb2.ListUnitRequestsRequest, context: Context
    ) -> request_pb2.ListRequestsResponse:
        """See request.proto."""
        limit = page_size(request.page_size)
        cases = await self._requests.list_unit(
            caller(),
            request.unit_id,
            pending_only=request.pending_only,
            before=_cursor(request.page_token),
            limit=limit + 1,
        )
        return _page(cases, limit)

    async def ListDesk(
        self, request: request_pb2.ListDeskRequest, context: Context
    ) -> request_pb2.ListRequestsResponse:
        """See request.proto."""
        cases = await self._requests.list_desk(caller(), DESK_SHOWN_MAX)
        return request_pb2.ListRequestsResponse(requests=[_shown(case) for case in cases])

    async def GetRequest(
        self, request: request_pb2.GetRequestRequest, context: Context
    ) -> request_pb2.Request:
        """See request.proto."""
        return _shown(await self._requests.get(caller(), request.request_id))

    async def GetQuota(
        self, request: request_pb2.GetQuotaRequest, context: Context
    ) -> request_pb2.Quota:
        """See request.proto."""
        if not YEAR_MIN <= request.year <= YEAR_MAX:
            raise FieldInvalid("the year is out of range", field="year")
        quota = await self._requests.quota(caller(), request.nip or caller().nip, request.year)
        if quota is None:
            return request_pb2.Quota()
        return request_pb2.Quota(
            year=quota.year,
            granted=quota.granted,
            carried_over=quota.carried_over,
            remote=quota.remote,
            used=quota.used,
            pending=quota.pending,
            left=quota.left,
        )

    async def DecideRequest(
        self, request: request_pb2.DecideRequestRequest, context: Context
    ) -> request_pb2.Request:
        """See request.proto."""
        case = await self._requests.decide(
            caller(),
            request.request_id,
            accepted=request.accept,
            reason=request.reason,
            step=request.step,
        )
        return _shown(case)

    async def AnnulRequest(
        self, request: request_pb2.AnnulRequestRequest, context: Context
    ) -> request_pb2.Request:
        """See request.proto."""
        return _shown(await self._requests.annul(caller(), request.request_id, request.reason))

    async def UploadDocument(
        self,
        request_iterator: AsyncIterator[request_pb2.UploadDocumentRequest],
        context: Context,
    ) -> request_pb2.Document:
        """See request.proto."""
        document = None
        with self._live.open(caller(), upload=True) as live, live.guarded():
            async with Inbox(request_iterator, live, self._clock, _LIMITS) as inbox:
                async for message in inbox.parts():
                    if (message.WhichOneof("message") == "open") is (document is not None):
                        raise OpenFirst("open comes first and once, then parts")
                    if document is None:
                        document = await self._documents.begin(caller(), message.open.upload_id)
                    elif not document.complete:
                        part = message.part
                        document = await self._documents.append(document, part.offset, part.content)
            if document is None:
                raise OpenFirst("the first message must be open")
            return convert_attendance.document(await self._documents.finish(document))

    async def GetUpload(
        self, request: request_pb2.GetUploadRequest, context: Context
    ) -> request_pb2.Document:
        """See request.proto."""
        found = await self._documents.find(caller(), request.upload_id)
        return convert_attendance.document(found) if found else request_pb2.Document()

    async def DiscardUpload(
        self, request: request_pb2.DiscardUploadRequest, context: Context
    ) -> request_pb2.DiscardUploadResponse:
        """See request.proto."""
        await self._documents.discard(caller(), request.upload_id)
        return request_pb2.DiscardUploadResponse()

    async def DownloadDocument(
        self, request: request_pb2.DownloadDocumentRequest, context: Context
    ) -> AsyncIterator[request_pb2.DownloadDocumentResponse]:
        """See request.proto."""
        document = await self._requests.document(caller(), request.document_id)
        media_type = document.media_type
        async for part in self._documents.content(document):
            yield request_pb2.DownloadDocumentResponse(media_type=media_type, content=part)
            media_type = ""


def _cursor(token: str) -> str:
    cursor = key_of(token)
    if cursor and not is_cursor(cursor):
        raise PageTokenInvalid("page_token is not one of ours")
    return cursor


def _shown(case: CaseFile) -> request_pb2.Request:
    return convert_attendance.request(case, language())


def _page(cases: Sequence[CaseFile], limit: int) -> request_pb2.ListRequestsResponse:
    shown, token = convert.page(list(cases), limit, key=lambda case: cursor_of(case.filed))
    return request_pb2.ListRequestsResponse(
        requests=[_shown(case) for case in shown], next_page_token=token
    )
