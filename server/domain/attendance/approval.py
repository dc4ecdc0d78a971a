"""Who decides on a request: chains by kind and length, deputies (Plt., Plh.), never oneself."""

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from server.domain.attendance.model import LeaveType, Request, RequestKind
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


def chain_of(table: ChainTable | None, request: Request) -> tuple[ApprovalLevel, ...]:
    """Returns who decides on a request: the first chain that fits, else the head alone."""
    days = (request.last - request.first).days + 1
    for chain in table.chains if table else ():
        if (
            chain.levels
            and days >= chain.days_min
            and (not chain.kinds or request.kind in chain.kinds)
            and (not chain.leaves or request.leave in chain.leaves)
        ):
            return chain.levels
    return (ApprovalLevel.HEAD,)


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
