"""Who stood above whom on a date: for permits that somebody below the one who asked decided."""

from collections.abc import Mapping, Sequence
from datetime import date

from server.domain.attendance.approval import Delegation, acts_for
from server.domain.attendance.model import Posting
from server.domain.attendance.plan import posting_on
from server.domain.model import Unit
from server.domain.unit_history import UnitHistory
from server.domain.units import subtree


class Seniority:
    """Answers for any date; postings: by NIP, of all who are asked about as the one below."""

    def __init__(
        self,
        history: UnitHistory,
        delegations: Sequence[Delegation],
        postings: Mapping[str, Sequence[Posting]],
    ) -> None:
        self._history = history
        self._delegations = delegations
        self._postings = postings
        self._units: dict[date, list[Unit]] = {}

    def head_of(self, unit_id: str, day: date) -> str:
        """Returns the NIP of the head of a unit on a date, empty if it had none."""
        heads = (unit.head_nip for unit in self._on(day) if unit.unit_id == unit_id)
        return next(heads, "")

    def is_below(self, nip: str, above: str, day: date) -> bool:
        """Whether somebody served in or below a unit whose head another was, or stood in for."""
        posting = posting_on(self._postings.get(nip, ()), day)
        if posting is None or not above or nip == above:
            return False
        units = self._on(day)
        return posting.unit_id in subtree(units, acts_for(units, self._delegations, above, day))

    def _on(self, day: date) -> list[Unit]:
        if day not in self._units:
            self._units[day] = self._history.on(day)
        return self._units[day]
