"""EventService: proto in, one call on the service, proto out."""

from hadir.v1 import event_pb2, event_pb2_grpc

from server.domain.model import Event
from server.rpc import convert
from server.rpc.call import Context, caller
from server.services.events import EventLog
from server.storage.pages import number_of, page_size


class EventServicer(event_pb2_grpc.EventServiceServicer):
    """Own events, and those of a unit."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log

    async def ListOwnEvents(
        self, request: event_pb2.ListOwnEventsRequest, context: Context
    ) -> event_pb2.ListEventsResponse:
        """See event.proto."""
        limit = page_size(request.page_size)
        rows = await self._event_log.own(
            caller(),
            start=convert.optional_time(request, "start_time"),
            end=convert.optional_time(request, "end_time"),
            before=number_of(request.page_token),
            limit=limit + 1,
        )
        return _response(rows, limit)

    async def ListUnitEvents(
        self, request: event_pb2.ListUnitEventsRequest, context: Context
    ) -> event_pb2.ListEventsResponse:
        """See event.proto."""
        limit = page_size(request.page_size)
        rows = await self._event_log.of_unit(
            caller(),
            request.unit_id,
            start=convert.optional_time(request, "start_time"),
            end=convert.optional_time(request, "end_time"),
            before=number_of(request.page_token),
            limit=limit + 1,
        )
        return _response(rows, limit)


def _response(rows: list[tuple[int, Event]], limit: int) -> event_pb2.ListEventsResponse:
    shown, token = convert.page(rows, limit, key=lambda row: str(row[0]))
    return event_pb2.ListEventsResponse(
        events=[convert.event(event) for _, event in shown], next_page_token=token
    )
