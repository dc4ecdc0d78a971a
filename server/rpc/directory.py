"""DirectoryService: proto in, one call on the service, proto out."""

from collections.abc import AsyncIterator
from datetime import date

from hadir.v1 import directory_pb2, directory_pb2_grpc

from server import attendance_messages, messages
from server.clock import Clock
from server.domain.model import SiteChange, StaffAccount
from server.domain.roster import Problem
from server.domain.unit_history import UnitChange
from server.errors import ImportTooLarge, OpenFirst
from server.rpc import convert, convert_attendance
from server.rpc.call import Context, caller, language
from server.rpc.streams import Inbox, upload_limits
from server.services.accounts import Accounts
from server.services.directory import Directory
from server.services.live import LiveStreams
from server.storage.attendance import PostingChange
from server.storage.pages import key_of, number_of, page_size

IMPORT_BYTES_MAX = 32 * 1024 * 1024
# Its own error comes first; more is bytes that are none of a file.
_LIMITS = upload_limits(2 * IMPORT_BYTES_MAX)
PROBLEMS_SHOWN_MAX = 1000


class DirectoryServicer(directory_pb2_grpc.DirectoryServiceServicer):
    """Units, sites, employees and staff accounts."""

    def __init__(
        self, directory: Directory, accounts: Accounts, live: LiveStreams, clock: Clock
    ) -> None:
        self._directory = directory
        self._accounts = accounts
        self._live = live
        self._clock = clock

    async def ListUnits(
        self, request: directory_pb2.ListUnitsRequest, context: Context
    ) -> directory_pb2.ListUnitsResponse:
        """See directory.proto."""
        units = await self._directory.list_units(caller())
        return directory_pb2.ListUnitsResponse(units=[convert.unit(unit) for unit in units])

    async def PutUnit(
        self, request: directory_pb2.PutUnitRequest, context: Context
    ) -> directory_pb2.Unit:
        """See directory.proto."""
        unit = await self._directory.put_unit(
            caller(),
            convert.unit_record(request.unit),
            start=_start(request.start),
            reason=request.reason,
        )
        return convert.unit(unit)

    async def ImportUnits(
        self, request: directory_pb2.ImportUnitsRequest, context: Context
    ) -> directory_pb2.ImportUnitsResponse:
        """See directory.proto."""
        units = [convert.unit_record(unit) for unit in request.units]
        found = await self._directory.import_units(
            caller(),
            units,
            start=_start(request.start),
            reason=request.reason,
            dry_run=request.dry_run,
        )
        return directory_pb2.ImportUnitsResponse(
            stored=not found and not request.dry_run,
            unit_count=len(units),
            problems=[
                directory_pb2.UnitProblem(
                    number=number,
                    reason=reason,
                    text=messages.text(attendance_messages.FAULTS, reason, language()),
                )
                for number, reason in found[:PROBLEMS_SHOWN_MAX]
            ],
        )

    async def ListUnitChanges(
        self, request: directory_pb2.ListUnitChangesRequest, context: Context
    ) -> directory_pb2.ListUnitChangesResponse:
        """See directory.proto."""
        limit = page_size(request.page_size)
        changes = await self._directory.unit_changes(
            request.unit_id, before=number_of(request.page_token), limit=limit + 1
        )
        shown, token = convert.page(changes, limit, key=lambda change: str(change.sequence))
        return directory_pb2.ListUnitChangesResponse(
            changes=[_unit_change(change) for change in shown], next_page_token=token
        )

    async def ListSites(
        self, request: directory_pb2.ListSitesRequest, context: Context
    ) -> directory_pb2.ListSitesResponse:
        """See directory.proto."""
        sites = await self._directory.list_sites()
        return directory_pb2.ListSitesResponse(sites=[convert.site(site) for site in sites])

    async def PutSite(
        self, request: directory_pb2.PutSiteRequest, context: Context
    ) -> directory_pb2.Site:
        """See directory.proto."""
        site = convert.site_record(request.site)
        return convert.site(await self._directory.put_site(caller(), site, reason=request.reason))

    async def ListSiteChanges(
        self, request: directory_pb2.ListSiteChangesRequest, context: Context
    ) -> directory_pb2.ListSiteChangesResponse:
        """See directory.proto."""
        limit = page_size(request.page_size)
        changes = await self._directory.site_changes(
            request.site_id, before=number_of(request.page_token), limit=limit + 1
        )
        shown, token = convert.page(changes, limit, key=lambda change: str(change.sequence))
        return directory_pb2.ListSiteChangesResponse(
            changes=[_site_change(change) for change in shown], next_page_token=token
        )

    async def GetEmployee(
        self, request: directory_pb2.GetEmployeeRequest, context: Context
    ) -> directory_pb2.Employee:
        """See directory.proto."""
        return convert.employee(await self._directory.get_employee(caller(), request.nip))

    async def ListEmployees(
        self, request: directory_pb2.ListEmployeesRequest, context: Context
    ) -> directory_pb2.ListEmployeesResponse:
        """See directory.proto."""
        limit = page_size(request.page_size)
        rows = await self._directory.list_employees(
            caller(), request.unit_id, after_nip=key_of(request.page_token), limit=limit + 1
        )
        shown, token = convert.page(rows, limit, key=lambda row: row.nip)
        return directory_pb2.ListEmployeesResponse(
            employees=[convert.employee(row) for row in shown], next_page_token=token
        )

    async def ImportEmployees(
        self,
        request_iterator: AsyncIterator[directory_pb2.ImportEmployeesRequest],
        context: Context,
    ) -> directory_pb2.ImportEmployeesResponse:
        """See directory.proto."""
        # Registered like any stream: who loses the right while the file comes stores nothing.
        with self._live.open(caller(), upload=True) as live, live.guarded():
            async with Inbox(request_iterator, live, self._clock, _LIMITS) as inbox:
                opened, content = await _read_import(inbox.parts())
            result = await self._directory.import_employees(
                caller(),
                content,
                start=_start(opened.start),
                reason=opened.reason,
                dry_run=opened.dry_run,
            )
        shown = sorted(result.problems, key=lambda problem: problem.line)[:PROBLEMS_SHOWN_MAX]
        return directory_pb2.ImportEmployeesResponse(
            row_count=result.rows,
            created_count=result.created,
            updated_count=result.updated,
            unchanged_count=result.unchanged,
            problems=[_problem(problem) for problem in shown],
            problem_count=len(result.problems),
            stored=result.stored,
        )

    async def ListPostings(
        self, request: directory_pb2.ListPostingsRequest, context: Context
    ) -> directory_pb2.ListPostingsResponse:
        """See directory.proto."""
        limit = page_size(request.page_size)
        found = await self._directory.posting_changes(
            request.nip, before=number_of(request.page_token), limit=limit + 1
        )
        shown, token = convert.page(found, limit, key=lambda change: str(change.sequence))
        return directory_pb2.ListPostingsResponse(
            postings=[_posting(change) for change in shown], next_page_token=token
        )

    async def CreateStaffAccount(
        self, request: directory_pb2.CreateStaffAccountRequest, context: Context
    ) -> directory_pb2.StaffAccount:
        """See directory.proto."""
        asked = StaffAccount(request.username, convert.role(request.role), request.nip)
        account = await self._accounts.create(caller(), asked, request.password)
        return convert.account(account)

    async def CloseStaffAccount(
        self, request: directory_pb2.CloseStaffAccountRequest, context: Context
    ) -> directory_pb2.StaffAccount:
        """See directory.proto."""
        return convert.account(await self._accounts.close(caller(), request.username))

    async def ListAccountChanges(
        self, request: directory_pb2.ListAccountChangesRequest, context: Context
    ) -> directory_pb2.ListAccountChangesResponse:
        """See directory.proto."""
        limit = page_size(request.page_size)
        changes = await self._accounts.changes(
            before=number_of(request.page_token), limit=limit + 1
        )
        shown, token = convert.page(changes, limit, key=lambda change: str(change.sequence))
        return directory_pb2.ListAccountChangesResponse(
            changes=[convert.account_change(change) for change in shown], next_page_token=token
        )


def _start(text: str) -> date | None:
    """Returns the date of a change, None for today. Raises FieldInvalid."""
    return convert_attendance.day(text, "start") if text else None


def _unit_change(change: UnitChange) -> directory_pb2.UnitChange:
    return directory_pb2.UnitChange(
        sequence=change.sequence,
        unit=convert.unit(change.unit),
        start=change.start.isoformat(),
        actor=change.actor,
        reason=change.reason,
        change_time=convert.stamp(change.change_time),
    )


def _site_change(change: SiteChange) -> directory_pb2.SiteChange:
    return directory_pb2.SiteChange(
        sequence=change.sequence,
        site=convert.site(change.site),
        actor=change.actor,
        reason=change.reason,
        change_time=convert.stamp(change.change_time),
    )


def _posting(change: PostingChange) -> directory_pb2.Posting:
    return directory_pb2.Posting(
        sequence=change.sequence,
        nip=change.nip,
        start=change.start.isoformat(),
        unit_id=change.unit_id,
        site_id=change.site_id,
        actor=change.actor or "",
        reason=change.reason,
        put_time=convert.stamp(change.put_time) if change.put_time else None,
    )


async def _read_import(
    requests: AsyncIterator[directory_pb2.ImportEmployeesRequest],
) -> tuple[directory_pb2.OpenImport, bytes]:
    opened, chunks, size = None, [], 0
    async for request in requests:
        if (request.WhichOneof("message") == "open") is (opened is not None):
            raise OpenFirst("the first message must be open, and only that one")
        if opened is None:
            opened = request.open
            continue
        size += len(request.chunk)
        if size > IMPORT_BYTES_MAX:
            raise ImportTooLarge(f"an import has at most {IMPORT_BYTES_MAX} bytes")
        chunks.append(request.chunk)
    if opened is None:
        raise OpenFirst("the first message must be open")
    return opened, b"".join(chunks)


def _problem(problem: Problem) -> directory_pb2.ImportProblem:
    severity = (
        directory_pb2.PROBLEM_SEVERITY_ERROR
        if problem.is_error
        else directory_pb2.PROBLEM_SEVERITY_WARNING
    )
    return directory_pb2.ImportProblem(
        line=problem.line,
        severity=severity,
        reason=problem.reason,
        text=messages.text(messages.PROBLEMS, problem.reason, language(), value=problem.value),
    )
