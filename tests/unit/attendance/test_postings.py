"""Where somebody serves: entries of BKD, in the order in which they were put."""

from datetime import date

from server.domain.attendance.model import Posting
from server.domain.attendance.plan import postings_as_put


class TestPostings:
    """Each holds from its date on."""

    @staticmethod
    def served(*entries: tuple[int, str]) -> list[tuple[int, int | None, str]]:
        """Returns first and last day of March and the unit."""
        found = postings_as_put(Posting(date(2026, 3, day), unit, "UTC") for day, unit in entries)
        return [(one.start.day, one.end and one.end.day, one.unit_id) for one in found]

    def test_one_after_the_other(self):
        """Each until the day before the next."""
        assert [(2, 9, "a"), (10, None, "b")] == self.served((2, "a"), (10, "b"))

    def test_later_entries_replace_what_was_to_hold(self):
        """From their date on, however late they are put; of one date the later holds."""
        assert [(2, 4, "a"), (5, None, "c")] == self.served((2, "a"), (10, "b"), (5, "c"))
        assert [(2, None, "c")] == self.served((2, "a"), (10, "b"), (2, "c"))

    def test_an_end(self):
        """Who left serves nowhere, until somebody comes back."""
        assert [(2, 4, "a")] == self.served((2, "a"), (10, "b"), (5, ""))
        assert [(2, 4, "a"), (8, None, "b")] == self.served((2, "a"), (5, ""), (8, "b"))
