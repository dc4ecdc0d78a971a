"""Who decides on a request now: its desk, by heads and deputies of today; always a person."""

from collections.abc import Collection, Sequence

from server.domain.attendance.approval import Desk, desk_of, may_decide
from server.domain.attendance.filing import Filed
from server.domain.attendance.rules import RuleBook
from server.domain.model import Principal, Role, Unit
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
        units, book = await self._units_and_book(connection)
        return [self._desk(filed, units, book) for filed in found]

    async def mine(
        self, connection: Connection, principal: Principal, found: Sequence[Filed]
    ) -> list[Filed]:
        """Returns those of the requests that lie with the caller."""
        units, book = await self._units_and_book(connection)
        acts = await self._sight.acts_for(connection, units, principal.nip)
        return [
            filed
            for filed in found
            if _lies_with(self._desk(filed, units, book), principal, filed, acts)
        ]

    async def check_decides(
        self, connection: Connection, principal: Principal, filed: Filed
    ) -> str:
        """Returns for the head of which unit the caller stands in ("": for nobody).

        Raises NotYourDecision.
        """
        units, book = await self._units_and_book(connection)
        acts = await self._sight.acts_for(connection, units, principal.nip)
        desk = self._desk(filed, units, book)
        if not _lies_with(desk, principal, filed, acts):
            raise NotYourDecision("the request lies with somebody else")
        before = await requests.decisions_of(connection, [filed.request.request_id])
        for decision in before.get(filed.request.request_id, ()):
            if decision.nip == principal.nip or decision.actor == principal.username:
                raise NotYourDecision("who decided a step does not decide the next")
        return next((one.deputy_of for one in desk.approvers if one.nip == principal.nip), "")

    async def _units_and_book(self, connection: Connection) -> tuple[list[Unit], RuleBook]:
        return await directory.list_units(connection), await self._rules.book(connection)

    def _desk(self, filed: Filed, units: Sequence[Unit], book: RuleBook) -> Desk:
        level = filed.levels[min(filed.steps_done, len(filed.levels) - 1)]
        return desk_of(
            level,
            units,
            book.delegations,
            unit_id=filed.unit_id,
            nip=filed.request.nip,
            day=self._sight.today(),
        )


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
