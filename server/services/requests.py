"""Employees' requests: filed once, decided along their chain, never by the one who asked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import structlog
from ulid import ULID

from server.clock import Clock
from server.domain.attendance import filing
from server.domain.attendance.approval import ApprovalLevel, chain_of, grows, longest
from server.domain.attendance.filing import Filed, PunchClaim
from server.domain.attendance.model import LeaveType, Request, RequestKind, RequestState
from server.domain.attendance.quota import Quota
from server.domain.model import Employee, Principal, Role
from server.errors import (
    AlreadyDecided,
    ClaimOutdated,
    DocumentUnknown,
    EmployeeUnknown,
    NotAccepted,
    NotYourDecision,
    RequestIdReused,
    RequestInvalid,
    RequestOverlaps,
    RequestUnknown,
)
from server.services.changes import Changes
from server.services.claims import Claims
from server.services.desks import Desks, checked_person
from server.services.devices import checked_reason
from server.services.documents import checked_uuid
from server.services.quotas import Quotas
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import directory, documents, requests
from server.storage.database import Connection, Database
from server.storage.documents import Document
from server.storage.requests import Correction, Decision

# Waiting requests are looked through for a desk so many at once, the oldest first.
DESK_PAGE = 500
# Around a request, so far beyond what makes a chain longer, other parts of one absence are looked
# for: free days lie between them.
NEAR = timedelta(days=92)
CHAIN_DAYS_MAX = 366

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Draft:
    """What an employee asks for; request_id is a UUID that the phone keeps for its retries."""

    request_id: str
    kind: RequestKind
    first: date
    last: date
    reason: str
    leave: LeaveType | None = None
    number: str = ""
    letter_date: date | None = None
    place: str = ""
    claim: PunchClaim | None = None
    document_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A request with what was decided on it, and where it lies ("" is BKD; None: decided)."""

    filed: Filed
    decisions: tuple[Decision, ...]
    display_name: str
    desk_unit_id: str | None


class Requests:
    """Files requests and decides on them."""

    def __init__(
        self,
        database: Database,
        rules: Rules,
        sight: Sight,
        *,
        claims: Claims,
        desks: Desks,
        quotas: Quotas,
        changes: Changes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._rules = rules
        self._sight = sight
        self._claims = claims
        self._desks = desks
        self._quotas = quotas
        self._changes = changes
        self._clock = clock

    async def submit(self, principal: Principal, draft: Draft) -> CaseFile:
        """Files an employee's request, once for a request_id.

        Raises RequestInvalid with what is wrong, RequestOverlaps, RequestIdReused,
        DocumentUnknown.
        """
        checked_uuid(draft.request_id, "request_id")
        digest = _digest(draft)

        async def work(connection: Connection) -> Filed:
            known = await requests.find(connection, draft.request_id)
            if known is not None:
                filed, before = known
                if before != digest or filed.request.nip != principal.nip:
                    raise RequestIdReused("the request id was used for another request")
                return filed
            employee = await directory.active_employee(connection, principal.nip)
            filed = await self._checked(connection, employee, draft)
            await requests.insert_filed(connection, filed, digest)
            if draft.document_ids:
                await documents.attach(connection, draft.document_ids, draft.request_id)
            return filed

        await self._rules.warm()
        filed = await self._database.write(work)
        self._changes.note(principal.nip)
        log.info("request_filed", request_id=draft.request_id, kind=draft.kind.value)
        return await self._case(filed)

    async def withdraw(self, principal: Principal, request_id: str) -> CaseFile:
        """Takes an own request back. Raises RequestUnknown, AlreadyDecided."""

        async def work(connection: Connection) -> Filed:
            filed = await _found(connection, request_id)
            if filed.request.nip != principal.nip:
                raise RequestUnknown("no such request")
            if filed.request.state is RequestState.WITHDRAWN:
                return filed
            _check_pending(filed)
            level = filed.levels[filed.steps_done].value
            return await self._decided(
                connection,
                filed,
                self._decision(filed, RequestState.WITHDRAWN, level, actor=principal.nip),
                steps_done=filed.steps_done,
            )

        filed = await self._database.write(work)
        self._changes.note(principal.nip)
        return await self._case(filed)

    async def decide(
        self, principal: Principal, request_id: str, *, accepted: bool, reason: str, step: int = 0
    ) -> CaseFile:
        """Decides the step that a request is at; step: which one is meant, 0 for any.

        A claimed punch is judged again by what is known at each acceptance. Raises
        AccountWithoutPerson; RequestUnknown, also where not the caller's to see; NotYourDecision;
        AlreadyDecided; ClaimOutdated; ReasonRequired.
        """
        nip, reason = checked_person(principal), checked_reason(reason)

        async def work(connection: Connection) -> Filed:
            filed = await self._seen(connection, principal, request_id)
            _check_pending(filed, step)
            deputy_of = await self._desks.check_decides(connection, principal, filed)
            fault = await self._fault_of_claim(connection, filed) if accepted else ""
            if fault:
                raise ClaimOutdated("the claimed punch would not count any more", fault=fault)
            state, done = filing.next_state(filed, accepted=accepted)
            said = RequestState.ACCEPTED if accepted else RequestState.REJECTED
            level = filed.levels[filed.steps_done].value
            decision = replace(
                self._decision(filed, said, level, actor=principal.username),
                nip=nip,
                deputy_of=deputy_of,
                reason=reason,
            )
            filed = await self._decided(connection, filed, decision, state=state, steps_done=done)
            if state is RequestState.ACCEPTED and filed.claim is not None:
                await self._add_punch(connection, filed, filed.claim, decision)
            return filed

        await self._rules.warm()
        filed = await self._database.write(work)
        self._changes.note(filed.request.nip)
        log.info("request_decided", request_id=request_id, accepted=accepted)
        return await self._case(filed)

    async def annul(self, principal: Principal, request_id: str, reason: str) -> CaseFile:
        """Annuls an accepted request of somebody else; again, it answers what was done.

        Raises AccountWithoutPerson, RequestUnknown, NotYourDecision, NotAccepted, ReasonRequired.
        """
        nip, reason = checked_person(principal), checked_reason(reason)

        async def work(connection: Connection) -> Filed:
            filed = await _found(connection, request_id)
            if filed.request.nip == nip:
                raise NotYourDecision("nobody annuls the own request")
            if filed.request.state is RequestState.ANNULLED:
                return filed
            if filed.request.state is not RequestState.ACCEPTED:
                raise NotAccepted("the request is not accepted", state=filed.request.state.value)
            level = ApprovalLevel.BKD.value
            decision = self._decision(filed, RequestState.ANNULLED, level, actor=principal.username)
            decision = replace(decision, nip=nip, reason=reason)
            return await self._decided(connection, filed, decision, steps_done=filed.steps_done)

        filed = await self._database.write(work)
        self._changes.note(filed.request.nip)
        log.info("request_annulled", request_id=request_id, actor=nip)
        return await self._case(filed)

    async def get(self, principal: Principal, request_id: str) -> CaseFile:
        """Returns a request that the caller may see. Raises RequestUnknown."""
        async with self._database.read() as connection:
            filed = await self._seen(connection, principal, request_id)
        return await self._case(filed)

    async def quota(self, principal: Principal, nip: str, year: int) -> Quota | None:
        """Returns annual leave: of the caller's own, or of who serves where the caller sees.

        Raises EmployeeUnknown.
        """
        async with self._database.read() as connection:
            if principal.role is Role.EMPLOYEE and nip != principal.nip:
                raise EmployeeUnknown("no such employee", nip=nip[:18])
            if principal.role is not Role.EMPLOYEE:
                units = await self._sight.units(connection, principal)
                if await directory.get_employee(connection, nip, unit_ids=units) is None:
                    raise EmployeeUnknown("no such employee", nip=nip[:18])
            return await self._quotas.of_year(connection, nip, year)

    async def list_own(self, principal: Principal, *, before: str, limit: int) -> list[CaseFile]:
        """Returns the caller's requests, newest first."""
        async with self._database.read() as connection:
            found = await requests.page(connection, nip=principal.nip, before=before, limit=limit)
            return await self._cases(connection, found)

    async def list_unit(
        self, principal: Principal, unit_id: str, *, pending_only: bool, before: str, limit: int
    ) -> list[CaseFile]:
        """Returns the requests of a unit and those below, newest first. Raises UnitUnknown."""
        async with self._database.read() as connection:
            unit_ids = await self._sight.subtree(connection, principal, unit_id)
            found = await requests.page(
                connection,
                unit_ids=unit_ids,
                pending_only=pending_only,
                before=before,
                limit=limit,
            )
            return await self._cases(connection, found)

    async def list_desk(self, principal: Principal, limit: int) -> list[CaseFile]:
        """Returns what waits for the caller to decide, oldest first."""
        mine: list[Filed] = []
        after, more = "", True
        async with self._database.read() as connection:
            while more and len(mine) < limit:
                some = await requests.waiting(connection, after=after, limit=DESK_PAGE)
                mine += await self._desks.mine(connection, principal, some)
                more = len(some) == DESK_PAGE
                after = requests.cursor_of(some[-1]) if some else ""
            return await self._cases(connection, mine[:limit])

    async def document(self, principal: Principal, document_id: str) -> Document:
        """Returns a document that the caller may see. Raises DocumentUnknown."""
        async with self._database.read() as connection:
            found = (await documents.get_documents(connection, [document_id])).get(document_id)
            own = found is not None and found.nip == principal.nip
            if not own or principal.role is not Role.EMPLOYEE:
                try:
                    await self._seen(connection, principal, found.request_id if found else "")
                except RequestUnknown:
                    raise DocumentUnknown("no such document") from None
        if found is None or not found.complete:
            raise DocumentUnknown("no such document")
        return found

    async def _checked(self, connection: Connection, employee: Employee, draft: Draft) -> Filed:
        """Returns the request as it will be filed. Raises RequestInvalid and others."""
        site = await directory.get_site(connection, employee.site_id)
        zone = ZoneInfo(site.time_zone) if site else self._sight.zone
        today = self._sight.today(zone)
        book = await self._rules.book(connection)
        table = book.chains_on(today)
        request = Request(
            request_id=draft.request_id,
            nip=employee.nip,
            kind=draft.kind,
            first=draft.first,
            last=draft.last,
            state=RequestState.PENDING,
            number=draft.number.strip(),
            leave=draft.leave,
        )
        filed = Filed(
            request=request,
            unit_id=employee.unit_id,
            reason=draft.reason.strip(),
            submit_time=self._clock.now(),
            levels=chain_of(table, request),
            letter_date=draft.letter_date,
            place=draft.place.strip(),
            claim=draft.claim,
            document_ids=draft.document_ids,
        )
        if faults := filing.faults_of(filed, table, today, zone):
            raise RequestInvalid("the request is not taken", fault=faults[0])
        fault = await self._fault_of_claim(connection, filed)
        if fault := fault or await self._quotas.fault_of(connection, request):
            raise RequestInvalid("the request is not taken", fault=fault)
        await _check_documents(connection, filed)
        near_by = NEAR + timedelta(days=min(longest(table), CHAIN_DAYS_MAX))
        first, last = request.first - near_by, request.last + near_by
        near = await requests.of_days(connection, [employee.nip], first, last)
        others = [one.request for one in near if one.request.state in filing.OPEN_STATES]
        other = filing.overlapping(request, others)
        if other is not None:
            raise RequestOverlaps("another request covers these days", request_id=other.request_id)
        if not others or not grows(table, request):
            return filed
        is_workday = await self._quotas.workdays(connection, employee.nip, first, last)
        return replace(filed, levels=chain_of(table, request, others, is_workday))

    async def _fault_of_claim(self, connection: Connection, filed: Filed) -> str:
        """Returns why a claimed punch would not count, empty if it would or none is claimed."""
        if filed.claim is None:
            return ""
        request = filed.request
        return await self._claims.fault_of(connection, request.nip, request.first, filed.claim)

    async def _seen(self, connection: Connection, principal: Principal, request_id: str) -> Filed:
        """Returns a request that the caller may see; one that is not there takes as much work.

        Raises RequestUnknown.
        """
        units = await self._sight.units(connection, principal)
        filed = await _found(connection, request_id)
        if principal.role is Role.EMPLOYEE:
            seen = filed.request.nip == principal.nip
        else:
            seen = units is None or filed.unit_id in units
        if not seen:
            raise RequestUnknown("no such request")
        return filed

    async def _decided(
        self,
        connection: Connection,
        filed: Filed,
        decision: Decision,
        *,
        state: RequestState | None = None,
        steps_done: int,
    ) -> Filed:
        state = state or decision.state
        approver = decision.nip or decision.actor
        await requests.insert_decision(connection, decision)
        await requests.move(
            connection,
            filed.request.request_id,
            state=state,
            steps_done=steps_done,
            approver=approver,
        )
        return replace(
            filed,
            request=replace(filed.request, state=state, approver=approver),
            steps_done=steps_done,
        )

    def _decision(self, filed: Filed, state: RequestState, level: str, *, actor: str) -> Decision:
        now = self._clock.now()
        return Decision(filed.request.request_id, state, level, actor, "", "", "", now)

    async def _add_punch(
        self, connection: Connection, filed: Filed, claim: PunchClaim, decision: Decision
    ) -> None:
        await requests.insert_correction(
            connection,
            Correction(
                event_id=str(ULID()),
                nip=filed.request.nip,
                kind=claim.kind,
                event_time=claim.punch_time,
                actor=decision.nip,
                reason=filed.reason[:500],
                create_time=decision.decide_time,
                request_id=filed.request.request_id,
                username=decision.actor,
            ),
        )

    async def _case(self, filed: Filed) -> CaseFile:
        async with self._database.read() as connection:
            [case] = await self._cases(connection, [filed])
        return case

    async def _cases(self, connection: Connection, found: Sequence[Filed]) -> list[CaseFile]:
        desks = await self._desks.of(connection, found)
        ids = [filed.request.request_id for filed in found]
        decisions = await requests.decisions_of(connection, ids)
        names = await directory.names_of(connection, {filed.request.nip for filed in found})
        return [
            CaseFile(
                filed,
                tuple(decisions.get(filed.request.request_id, ())),
                names.get(filed.request.nip, ""),
                desk.unit_id if filed.request.state is RequestState.PENDING else None,
            )
            for filed, desk in zip(found, desks, strict=True)
        ]


def _check_pending(filed: Filed, step: int = 0) -> None:
    if filed.request.state is not RequestState.PENDING or step not in {0, filed.step}:
        raise AlreadyDecided("the request is decided", state=filed.request.state.value)


async def _found(connection: Connection, request_id: str) -> Filed:
    found = await requests.find(connection, request_id)
    if found is None:
        raise RequestUnknown("no such request")
    return found[0]


async def _check_documents(connection: Connection, filed: Filed) -> None:
    """Raises DocumentUnknown unless all are the employee's, complete and of no other request."""
    known = await documents.get_documents(connection, filed.document_ids)
    for document_id in filed.document_ids:
        document = known.get(document_id)
        if document is None or document.nip != filed.request.nip or not document.complete:
            raise DocumentUnknown("no such document", document_id=document_id[:64])
        if document.request_id:
            raise DocumentUnknown("the document proves another request", document_id=document_id)


def _digest(draft: Draft) -> bytes:
    claim = draft.claim
    content = [
        draft.kind.value,
        draft.first.isoformat(),
        draft.last.isoformat(),
        draft.reason,
        draft.leave.value if draft.leave else "",
        draft.number,
        draft.letter_date.isoformat() if draft.letter_date else "",
        draft.place,
        [claim.kind.value, claim.punch_time.isoformat()] if claim else [],
        sorted(draft.document_ids),
    ]
    return hashlib.sha256(json.dumps(content).encode()).digest()
