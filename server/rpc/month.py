"""MonthService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator

from hadir.v1 import month_pb2, month_pb2_grpc

from server.rpc import convert, convert_attendance
from server.rpc.call import Context, caller
from server.services.months import Months, Wish
from server.storage.pages import number_of, page_size

DIFFERENCES_A_MESSAGE = 200


class MonthServicer(month_pb2_grpc.MonthServiceServicer):
    """Closings of months, and what differs from them."""

    def __init__(self, months: Months) -> None:
        self._months = months

    async def CloseMonth(
        self, request: month_pb2.CloseMonthRequest, context: Context
    ) -> month_pb2.Closing:
        """See month.proto."""
        first, last = convert_attendance.month(request.month)
        wish = Wish(
            unit_id=request.unit_id,
            first=first,
            last=last,
            version=request.version or 1,
            reason=request.reason,
            despite=request.despite,
        )
        return convert_attendance.closing(await self._months.close(caller(), wish))

    async def ListClosings(
        self, request: month_pb2.ListClosingsRequest, context: Context
    ) -> month_pb2.ListClosingsResponse:
        """See month.proto."""
        limit = page_size(request.page_size)
        before = number_of(request.page_token)
        found = await self._months.page(caller(), request.unit_id, before=before, limit=limit + 1)
        shown, token = convert.page(found, limit, key=lambda closing: str(closing.sequence))
        return month_pb2.ListClosingsResponse(
            closings=[convert_attendance.closing(one) for one in shown], next_page_token=token
        )

    async def ListDifferences(
        self, request: month_pb2.ListDifferencesRequest, context: Context
    ) -> AsyncIterator[month_pb2.ListDifferencesResponse]:
        """See month.proto."""
        first, last = convert_attendance.month(request.month)
        month = await self._months.of_unit(caller(), request.unit_id, first, last)
        yield month_pb2.ListDifferencesResponse(
            closings=[convert_attendance.closing(one) for one in month.closings]
        )
        for start in range(0, len(month.differences), DIFFERENCES_A_MESSAGE):
            some = month.differences[start : start + DIFFERENCES_A_MESSAGE]
            yield month_pb2.ListDifferencesResponse(
                differences=[
                    month_pb2.Difference(
                        nip=one.nip,
                        display_name=month.names.get(one.nip, ""),
                        closed=convert_attendance.figures(one.closed),
                        today=convert_attendance.figures(one.today),
                    )
                    for one in some
                ]
            )
