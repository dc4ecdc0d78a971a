"""Who sees which units: heads and their deputies the own tree, BKD all, by the date at hand."""

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from server.clock import Clock
from server.domain.attendance.approval import Delegation, acts_for
from server.domain.attendance.rules import RuleKind
from server.domain.model import Principal, Role, Unit
from server.domain.units import subtree
from server.errors import UnitUnknown
from server.storage import directory, rules
from server.storage.database import Connection


class Sight:
    """Knows what a caller may see. zone: of the province, where a date has no site."""

    def __init__(self, clock: Clock, zone: ZoneInfo) -> None:
        self.zone = zone
        self._clock = clock

    def today(self, zone: ZoneInfo | None = None) -> date:
        """Returns the date now, in a zone or in the province's."""
        return self._clock.now().astimezone(zone or self.zone).date()

    async def acts_for(
        self, connection: Connection, units: Iterable[Unit], nip: str
    ) -> frozenset[str]:
        """Returns the units whose head somebody is or stands in for today."""
        changes = await rules.list_current(connection, [RuleKind.DELEGATION])
        delegations = [c.rule.content for c in changes if isinstance(c.rule.content, Delegation)]
        return acts_for(units, delegations, nip, self.today())

    async def units(self, connection: Connection, principal: Principal) -> frozenset[str] | None:
        """Returns the units that a caller may see; None for all."""
        if principal.role is not Role.HEAD:
            return None
        known = await directory.list_units(connection)
        return subtree(known, await self.acts_for(connection, known, principal.nip))

    async def subtree(
        self, connection: Connection, principal: Principal, unit_id: str
    ) -> frozenset[str]:
        """Returns a unit and those below, of "" all that the caller may see.

        Raises UnitUnknown, also where not the caller's.
        """
        known = await directory.list_units(connection)
        visible = await self.units(connection, principal)
        if not unit_id:
            return frozenset(unit.unit_id for unit in known) if visible is None else visible
        wanted = subtree(known, [unit_id])
        if not wanted or (visible is not None and unit_id not in visible):
            raise UnitUnknown("no such unit", unit_id=unit_id)
        return wanted
