"""The rule file to begin with holds the hours of the regulation."""

from datetime import date
from pathlib import Path

from server.ctl import rule_files
from server.domain.attendance.hours import Schedule
from server.domain.attendance.starter import FIVE_DAYS, FIVE_DAYS_RAMADAN
from server.rpc.convert_rules import rule_record

FILE = Path(rule_files.__file__).parent / "examples" / "ramadan.toml"


def test_ramadan():
    """As the hours that a server begins with, and other ones for the month."""
    [(_, message)] = rule_files.rules_of(FILE)
    rule = rule_record(message)

    assert ("", date(2027, 2, 8)) == (rule.subject, rule.start)
    assert isinstance(rule.content, Schedule)
    assert FIVE_DAYS == rule.content.week
    [ramadan] = rule.content.overrides
    assert FIVE_DAYS_RAMADAN == ramadan.week
