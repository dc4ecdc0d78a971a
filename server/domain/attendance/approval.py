"""Who decides on a request: chains by kind and length, deputies (Plt., Plh.), never oneself."""

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from server.domain.attendance.model import LeaveType, Request, RequestKind
from server.domain.attendance.quota import IsWorkday
from server.domain.model import Unit


class ApprovalLevel(enum.Enum):
    """Who decides a step of a chain."""

    HEAD = "HEAD"
    HEAD_ABOVE = "HEAD_ABOVE"
    BKD = "BKD"


@dataclass(frozen=True, slots=True)
class Chain:
    """Who decides, one after the other, on requests of days_min calendar days or more.

    kinds, leaves: empty for all.
    """

    levels: tuple[ApprovalLevel, ...]
    kinds: frozenset[RequestKind] = frozenset()
    leaves: frozenset[LeaveType] = frozenset()
    days_min: int = 0

    def takes(self, request: Request) -> bool:
        """Whether a request is of this chain's kinds, however long it is."""
        of_kind = not self.kinds or request.kind in self.kinds
        return of_kind and (not self.leaves or request.leave in self.leaves)


@dataclass(frozen=True, slots=True)
class ChainTable:
    """A version of chains, deadlines and proofs; of the chains the first that fits decides.

    correction_days: calendar days after a day within which it may be corrected.
    documents_needed, letters_needed: kinds that need a document, a letter's number and date.
    """

    version: str
    start: date
    chains: tuple[Chain, ...] = ()
    correction_days: int = 0
    documents_needed: frozenset[RequestKind] = frozenset()
    letters_needed: frozenset[RequestKind] = frozenset()


class DelegationKind(enum.Enum):
    """How a deputy acts: the post is vacant (PLT), or the head is away (PLH)."""

    PLT = "PLT"
    PLH = "PLH"


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who acts for the head of a unit from start to last (included); number: of the letter."""

    unit_id: str
    start: date
    nip: str
    last: date
    kind: DelegationKind
    number: str


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who may decide a step.

    deputy_of: the unit for whose head this one acts, empty for heads themselves.
    """

    nip: str
    deputy_of: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a request lies: with the heads of a unit (unit_id), or with BKD (empty)."""

    unit_id: str
    approvers: tuple[Approver, ...] = field(default=())


def chain_of(
    table: ChainTable | None,
    request: Request,
    others: Collection[Request] = (),
    is_workday: IsWorkday = lambda _: True,
) -> tuple[ApprovalLevel, ...]:
    """Returns who decides on a request: the first chain that fits, else the head alone.

    others: what else the employee has asked for and nobody refused. To a chain the requests that it
    takes are one absence if no workday lies between them: cut into parts it is as long as before.
    """
    for chain in table.chains if table else ():
        if not chain.levels or not chain.takes(request):
            continue
        parts = [one for one in others if chain.takes(one)]
        if _absence_days(request, parts, is_workday) >= chain.days_min:
            return chain.levels
    return (ApprovalLevel.HEAD,)


def longest(table: ChainTable | None) -> int:
    """Returns from how many days on a request goes the longest way, 0 without chains."""
    return max((chain.days_min for chain in table.chains), default=0) if table else 0


def grows(table: ChainTable | None, request: Request) -> bool:
    """Whether another chain would decide if the request were a part of a longer absence."""
    days = (request.last - request.first).days + 1
    chains = table.chains if table else ()
    return any(chain.takes(request) and chain.days_min > days for chain in chains)


def _absence_days(request: Request, parts: Iterable[Request], is_workday: IsWorkday) -> int:
    """Returns the calendar days of a request with the parts that adjoin it, or one of those."""
    first, last, left = request.first, request.last, list(parts)
    while near := [one for one in left if _adjoins(one, first, last, is_workday)]:
        first = min(first, *(one.first for one in near))
        last = max(last, *(one.last for one in near))
        left = [one for one in left if one not in near]
    return (last - first).days + 1


def _adjoins(one: Request, first: date, last: date, is_workday: IsWorkday) -> bool:
    """Whether no workday lies between a request and the days first to last."""
    day, end = (last, one.first) if one.first > last else (one.last, first)
    while (day := day + timedelta(days=1)) < end:
        if is_workday(day):
            return False
    return True


def acting(delegations: Iterable[Delegation], day: date) -> list[Delegation]:
    """Returns the delegations that hold on a day."""
    return [one for one in delegations if one.start <= day <= one.last]


def desk_of(
    level: ApprovalLevel,
    units: Iterable[Unit],
    delegations: Sequence[Delegation],
    *,
    unit_id: str,
    nip: str,
    day: date,
    decided: Collection[str] = (),
) -> Desk:
    """Returns where the request of an employee (nip, of unit_id) lies at a level of its chain.

    The level counts units that have a head, or a deputy on that day, other than the employee: the
    own request of a head goes to the head above. Who decided a step before (decided, NIPs) decides
    no other: with one person as head of both, it goes on up. Where none is left, BKD decides.
    """
    if level is ApprovalLevel.BKD:
        return Desk("")
    by_id = {unit.unit_id: unit for unit in units}
    acting_now = acting(delegations, day)
    skip = 1 if level is ApprovalLevel.HEAD_ABOVE else 0
    seen: set[str] = set()
    while (unit := by_id.get(unit_id)) and unit.unit_id not in seen:
        seen.add(unit.unit_id)
        approvers = _approvers(unit, acting_now, nip)
        if approvers and unit.head_nip != nip:
            left = tuple(one for one in approvers if one.nip not in decided)
            if skip == 0 and left:
                return Desk(unit.unit_id, left)
            skip = max(0, skip - 1)
        unit_id = unit.parent_unit_id
    return Desk("")


def acts_for(
    units: Iterable[Unit], delegations: Iterable[Delegation], nip: str, day: date
) -> frozenset[str]:
    """Returns the ids of the units whose head somebody is, or for whose head one acts that day."""
    own = {unit.unit_id for unit in units if nip and unit.head_nip == nip}
    return frozenset(own | {one.unit_id for one in acting(delegations, day) if one.nip == nip})


def may_decide(desk: Desk, nip: str, acts: Collection[str]) -> bool:
    """Whether somebody who acts for some units may decide what lies on a desk of a unit."""
    return desk.unit_id in acts and any(one.nip == nip for one in desk.approvers)


def _approvers(unit: Unit, delegations: Iterable[Delegation], nip: str) -> tuple[Approver, ...]:
    found = [Approver(unit.head_nip)] if unit.head_nip else []
    found += [Approver(one.nip, unit.unit_id) for one in delegations if one.unit_id == unit.unit_id]
    return tuple(approver for approver in found if approver.nip != nip)
