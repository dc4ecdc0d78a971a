"""SQL of employees' requests, the decisions on them, and the punches that corrections added."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.attendance.approval import ApprovalLevel
from server.domain.attendance.filing import Filed, PunchClaim, levels_text
from server.domain.attendance.model import (
    Added,
    LeaveType,
    Punch,
    PunchSource,
    Request,
    RequestKind,
    RequestState,
)
from server.domain.model import EventKind
from server.storage.parts import in_parts
from server.storage.schema import (
    attendance_requests,
    corrections,
    documents,
    request_decisions,
)
from server.storage.times import pack, unpack

_R = attendance_requests.c


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided at a step of a chain.

    actor: user name, or the NIP of who took the own request back. nip: of who decided, else empty.
    deputy_of: the unit for whose head the actor stood in.
    """

    request_id: str
    state: RequestState
    level: str
    actor: str
    nip: str
    deputy_of: str
    reason: str
    decide_time: datetime


@dataclass(frozen=True, slots=True)
class Correction:
    """A punch that was added, by an accepted request or by BKD.

    actor: NIP of who accepted it; username: the account used, empty where it was not kept.
    """

    event_id: str
    nip: str
    kind: EventKind
    event_time: datetime
    actor: str
    reason: str
    create_time: datetime
    request_id: str = ""
    username: str = ""


async def insert_filed(connection: AsyncConnection, filed: Filed, content_digest: bytes) -> None:
    """Stores a new request."""
    request, claim = filed.request, filed.claim
    await connection.execute(
        insert(attendance_requests).values(
            request_id=request.request_id,
            nip=request.nip,
            unit_id=filed.unit_id,
            kind=request.kind.value,
            leave=request.leave.value if request.leave else "",
            first=request.first.isoformat(),
            last=request.last.isoformat(),
            reason=filed.reason,
            number=request.number,
            letter_date=filed.letter_date.isoformat() if filed.letter_date else "",
            place=filed.place,
            punch_kind=claim.kind.value if claim else "",
            punch_time=pack(claim.punch_time) if claim else None,
            levels=levels_text(filed.levels),
            content_digest=content_digest,
            submit_time=pack(filed.submit_time),
            state=request.state.value,
            steps_done=filed.steps_done,
            approver=request.approver,
        )
    )


async def move(
    connection: AsyncConnection,
    request_id: str,
    *,
    state: RequestState,
    steps_done: int,
    approver: str,
) -> None:
    """Says where a request lies now."""
    await connection.execute(
        update(attendance_requests)
        .where(_R.request_id == request_id)
        .values(state=state.value, steps_done=steps_done, approver=approver)
    )


async def insert_decision(connection: AsyncConnection, decision: Decision) -> None:
    """Appends a decision."""
    await connection.execute(
        insert(request_decisions).values(
            request_id=decision.request_id,
            decision=decision.state.value,
            level=decision.level,
            actor=decision.actor,
            nip=decision.nip,
            deputy_of=decision.deputy_of,
            reason=decision.reason,
            decide_time=pack(decision.decide_time),
        )
    )


async def decisions_of(
    connection: AsyncConnection, request_ids: Collection[str]
) -> dict[str, list[Decision]]:
    """Returns the decisions on requests, oldest first, by request."""
    columns = request_decisions.c
    statement = select(request_decisions).order_by(columns.sequence)
    found: dict[str, list[Decision]] = {}
    for some in in_parts(request_ids):
        for row in await connection.execute(statement.where(columns.request_id.in_(some))):
            found.setdefault(row.request_id, []).append(_decision(row))
    return found


async def find(connection: AsyncConnection, request_id: str) -> tuple[Filed, bytes] | None:
    """Returns a request and the digest of what was asked for."""
    statement = select(attendance_requests).where(_R.request_id == request_id)
    row = (await connection.execute(statement)).first()
    # Also for a request that is not there: who may not see one learns nothing from the time.
    found = await _with_documents(connection, [row] if row else [])
    return (found[0], row.content_digest) if row else None


async def first_submitted(connection: AsyncConnection) -> date:
    """Returns the date (UTC) of the first request there is; date.max if there is none."""
    first = (await connection.execute(select(func.min(_R.submit_time)))).scalar()
    return date.max if first is None else unpack(first).date()


async def of_days(
    connection: AsyncConnection, nips: Collection[str], first: date, last: date
) -> list[Filed]:
    """Returns the requests of employees that touch the days first to last, without documents."""
    touches = and_(_R.first <= last.isoformat(), _R.last >= first.isoformat())
    found: list[Filed] = []
    for some in in_parts(nips):
        statement = select(attendance_requests).where(touches, _R.nip.in_(some))
        found += [_filed(row, ()) for row in await connection.execute(statement)]
    return await _with_annulments(connection, found)


async def page(
    connection: AsyncConnection,
    *,
    nip: str = "",
    unit_ids: Collection[str] | None = None,
    pending_only: bool = False,
    before: str = "",
    limit: int,
) -> list[Filed]:
    """Returns requests, newest first, before a cursor (`cursor_of`).

    nip: of one employee. unit_ids: filed in these units.
    """
    conditions: list[ColumnElement[bool]] = []
    if nip:
        conditions.append(_R.nip == nip)
    if unit_ids is not None:
        conditions.append(_R.unit_id.in_(sorted(unit_ids)))
    if pending_only:
        conditions.append(_R.state == RequestState.PENDING.value)
    if before:
        stamp, _, request_id = before.partition(":")
        at = int(stamp)
        older = and_(_R.submit_time == at, _R.request_id < request_id)
        conditions.append((_R.submit_time < at) | older)
    statement = (
        select(attendance_requests)
        .where(*conditions)
        .order_by(_R.submit_time.desc(), _R.request_id.desc())
        .limit(limit)
    )
    return await _with_documents(connection, list(await connection.execute(statement)))


async def waiting(connection: AsyncConnection, *, after: str = "", limit: int) -> list[Filed]:
    """Returns requests that are not decided, oldest first, after a cursor (`cursor_of`)."""
    statement = select(attendance_requests).where(_R.state == RequestState.PENDING.value)
    if after:
        stamp, _, request_id = after.partition(":")
        at = int(stamp)
        same = and_(_R.submit_time == at, _R.request_id > request_id)
        statement = statement.where((_R.submit_time > at) | same)
    statement = statement.order_by(_R.submit_time, _R.request_id).limit(limit)
    return await _with_documents(connection, list(await connection.execute(statement)))


async def waiting_nips(connection: AsyncConnection, first: date, last: date) -> list[str]:
    """Returns the NIP of each request that is not decided and touches the days first to last."""
    touches = and_(_R.first <= last.isoformat(), _R.last >= first.isoformat())
    statement = select(_R.nip).where(_R.state == RequestState.PENDING.value, touches)
    return list((await connection.execute(statement)).scalars())


def cursor_of(filed: Filed) -> str:
    """Returns where a page ends."""
    return f"{pack(filed.submit_time)}:{filed.request.request_id}"


def is_cursor(text: str) -> bool:
    """Whether a text is a cursor of ours."""
    return re.fullmatch(r"\d{1,18}:[0-9a-f-]{36}", text) is not None


async def insert_correction(connection: AsyncConnection, correction: Correction) -> None:
    """Appends a punch."""
    await connection.execute(
        insert(corrections).values(
            event_id=correction.event_id,
            nip=correction.nip,
            kind=correction.kind.value,
            event_time=pack(correction.event_time),
            request_id=correction.request_id or None,
            actor=correction.actor,
            reason=correction.reason,
            create_time=pack(correction.create_time),
            username=correction.username,
        )
    )


async def find_correction(connection: AsyncConnection, event_id: str) -> Correction | None:
    """Returns a punch that was added."""
    statement = select(corrections).where(corrections.c.event_id == event_id)
    row = (await connection.execute(statement)).first()
    return _correction(row) if row else None


async def corrected_punches(
    connection: AsyncConnection, nips: Collection[str], start: datetime, end: datetime
) -> list[tuple[str, Punch]]:
    """Returns (NIP, punch) of corrections with start <= event_time < end that nobody annulled."""
    columns = corrections.c
    statement = (
        select(corrections)
        .outerjoin(attendance_requests, _R.request_id == columns.request_id)
        .where(columns.event_time >= pack(start), columns.event_time < pack(end))
        .where(func.coalesce(_R.state, "") != RequestState.ANNULLED.value)
    )
    found: list[tuple[str, Punch]] = []
    for some in in_parts(nips):
        rows = await connection.execute(statement.where(columns.nip.in_(some)))
        found += [(row.nip, _punch(row)) for row in rows]
    return found


async def _with_annulments(connection: AsyncConnection, found: list[Filed]) -> list[Filed]:
    """Returns requests, the annulled ones with the reason."""
    ids = [one.request.request_id for one in found if one.request.state is RequestState.ANNULLED]
    reasons = {
        request_id: decisions[-1].reason
        for request_id, decisions in (await decisions_of(connection, ids)).items()
    }
    return [
        replace(one, request=replace(one.request, annul_reason=reasons[one.request.request_id]))
        if one.request.request_id in reasons
        else one
        for one in found
    ]


async def _with_documents(connection: AsyncConnection, rows: list[Row[Any]]) -> list[Filed]:
    ids = [row.request_id for row in rows]
    columns = documents.c
    found: dict[str, list[str]] = {}
    attached = await connection.execute(
        select(columns.request_id, columns.document_id)
        .where(columns.request_id.in_(ids))
        .order_by(columns.create_time, columns.document_id)
    )
    for document in attached:
        found.setdefault(document.request_id, []).append(document.document_id)
    return [_filed(row, tuple(found.get(row.request_id, ()))) for row in rows]


def _filed(row: Row[Any], document_ids: tuple[str, ...]) -> Filed:
    claim = None
    if row.punch_time is not None:
        claim = PunchClaim(EventKind(row.punch_kind), unpack(row.punch_time))
    return Filed(
        request=Request(
            request_id=row.request_id,
            nip=row.nip,
            kind=RequestKind(row.kind),
            first=date.fromisoformat(row.first),
            last=date.fromisoformat(row.last),
            state=RequestState(row.state),
            approver=row.approver,
            number=row.number,
            leave=LeaveType(row.leave) if row.leave else None,
        ),
        unit_id=row.unit_id,
        reason=row.reason,
        submit_time=unpack(row.submit_time),
        levels=tuple(map(ApprovalLevel, row.levels.split(","))),
        steps_done=row.steps_done,
        letter_date=date.fromisoformat(row.letter_date) if row.letter_date else None,
        place=row.place,
        claim=claim,
        document_ids=document_ids,
    )


def _punch(row: Row[Any]) -> Punch:
    moment = unpack(row.event_time)
    added = Added(row.request_id or "", row.actor, row.reason)
    return Punch(row.event_id, EventKind(row.kind), moment, PunchSource.CORRECTION, added)


def _correction(row: Row[Any]) -> Correction:
    return Correction(
        event_id=row.event_id,
        nip=row.nip,
        kind=EventKind(row.kind),
        event_time=unpack(row.event_time),
        actor=row.actor,
        reason=row.reason,
        create_time=unpack(row.create_time),
        request_id=row.request_id or "",
        username=row.username,
    )


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        request_id=row.request_id,
        state=RequestState(row.decision),
        level=row.level,
        actor=row.actor,
        nip=row.nip,
        deputy_of=row.deputy_of,
        reason=row.reason,
        decide_time=unpack(row.decide_time),
    )
