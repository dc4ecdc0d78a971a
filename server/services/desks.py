"""Who decides on a request now: its desk, by heads and deputies of today; always a person."""

from collections.abc import Collection, Sequence

from server.domain.attendance.approval import Desk, desk_of, may_decide
from server.domain.attendance.filing import Filed
from server.domain.model import Principal, Role
from server.errors import AccountWithoutPerson, NotYourDecision
from server.services.rules import Rules
from server.services.sight import Sight
from server.storage import directory, requests
from server.storage.database import Connection


class Desks:
    """Finds where requests lie, and whether they lie with a caller."""

    def __init__(self, rules: Rules, sight: Sight) -> None:
        self._rules = rules
        self._sight = sight

    async def of(self, connection: Connection, found: Sequence[Filed]) -> list[Desk]:
        """Returns where requests lie, one by one."""
        units, book = await directory.list_units(connection), await self._rules.book(connection)
        decided = await _decided(connection, found)
        return [
            desk_of(
                filed.levels[min(filed.steps_done, len(filed.levels) - 1)],
                units,
                book.delegations,
                unit_id=filed.unit_id,
                nip=filed.request.nip,
                day=self._sight.today(),
                decided=decided.get(filed.request.request_id, ()),
            )
            for filed in found
        ]

    async def mine(
        self, connection: Connection, principal: Principal, found: Sequence[Filed]
    ) -> list[Filed]:
        """Returns those of the requests that lie with the caller."""
        units = await directory.list_units(connection)
        acts = await self._sight.acts_for(connection, units, principal.nip)
        decided = await _decided(connection, found)
        desks = await self.of(connection, found)
        return [
            filed
            for filed, desk in zip(found, desks, strict=True)
            if principal.nip not in decided.get(filed.request.request_id, ())
            and _lies_with(desk, principal, filed, acts)
        ]

    async def check_decides(
        self, connection: Connection, principal: Principal, filed: Filed
    ) -> str:
        """Returns for the head of which unit the caller stands in ("": for nobody).

        Raises NotYourDecision.
        """
        if not await self.mine(connection, principal, [filed]):
            raise NotYourDecision("the request lies with somebody else")
        [desk] = await self.of(connection, [filed])
        return next((one.deputy_of for one in desk.approvers if one.nip == principal.nip), "")


async def _decided(connection: Connection, found: Sequence[Filed]) -> dict[str, frozenset[str]]:
    """Returns the NIPs of who decided a step before, by request."""
    ids = [filed.request.request_id for filed in found if filed.steps_done]
    decisions = await requests.decisions_of(connection, ids)
    return {key: frozenset(one.nip for one in some) for key, some in decisions.items()}


def checked_person(principal: Principal) -> str:
    """Returns the NIP of who decides or corrects. Raises AccountWithoutPerson.

    An account that belongs to nobody could be used for the own request.
    """
    if not principal.nip:
        raise AccountWithoutPerson("the account belongs to nobody", user=principal.username)
    return principal.nip


def _lies_with(desk: Desk, principal: Principal, filed: Filed, acts: Collection[str]) -> bool:
    """Whether the caller decides what lies on a desk; nobody decides the own request."""
    if principal.nip == filed.request.nip:
        return False
    if principal.role is Role.BKD:
        return desk.unit_id == ""
    return may_decide(desk, principal.nip, acts)
