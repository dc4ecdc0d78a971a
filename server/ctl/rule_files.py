"""Files of rules: read with the line of each rule, and put in parts that a server takes."""

import json
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, cast

from google.protobuf.json_format import ParseDict, ParseError
from hadir.client import ApiError
from hadir.v1 import rule_pb2
from hadir.v1.rule_pb2_grpc import RuleServiceStub

from server.ctl.context import Ctl
from server.ctl.errors import CtlError
from server.ctl.inputs import read_csv, read_file
from server.ctl.texts import Text

FILE_MIB_MAX: Final = 4
RULES_AT_ONCE_MAX: Final = 5000
# No kind of free day: the server says so, together with all other problems.
UNKNOWN_KIND: Final = 99

# A rule and what people know it by: its line in the file, or its place in a list.
Numbered = tuple[int, rule_pb2.Rule]


def rules_of(file: Path) -> list[Numbered]:
    """Return the rules of a TOML or JSON file by their place in the list."""
    try:
        text = read_file(file, limit_mib=FILE_MIB_MAX).decode()
        data = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
        rules = data["rules"] if isinstance(data, dict) else data
        return [(number, ParseDict(rule, rule_pb2.Rule())) for number, rule in enumerate(rules, 1)]
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, ParseError) as error:
        raise CtlError(
            Text.RULES_UNREADABLE,
            reason="RULES_UNREADABLE",
            hint=Text.DO_RULES,
            file=file.name,
            trouble=str(error)[:200],
        ) from error


def holidays_of(file: Path) -> list[Numbered]:
    """Return the free days of a CSV file by line; an unknown kind is left to the server."""
    return [
        (
            line,
            rule_pb2.Rule(
                start=row["date"],
                free_day=rule_pb2.FreeDay(
                    name=row["name"],
                    kind=_number_of(row["kind"]),
                    decree=row.get("decree") or "",
                ),
            ),
        )
        for line, row in read_csv(file, {"date", "name", "kind"})
    ]


def shifts_of(file: Path) -> list[Numbered]:
    """Return the shifts of a CSV file by line."""
    return [
        (
            line,
            rule_pb2.Rule(
                subject=row["nip"], start=row["date"], shift=rule_pb2.ShiftDay(shift=row["shift"])
            ),
        )
        for line, row in read_csv(file, {"nip", "date", "shift"})
    ]


async def put_rules(
    ctl: Ctl, rules: Sequence[Numbered], *, reason: str, dry_run: bool
) -> rule_pb2.PutRulesResponse:
    """Put rules, in parts if they are many, and return all problems by the rules' numbers.

    Nothing is stored before every part has passed a dry run. If a later part fails nevertheless,
    people are told how much is stored; putting the file again does no harm.
    """
    parts = list(_parts(rules)) or [[]]
    tries = [*parts] if dry_run or len(parts) > 1 else []
    total = rule_pb2.PutRulesResponse(rule_count=len(rules))
    with ctl.screen.progress(counted=True) as progress:
        title = ctl.screen.text(Text.CHECKING)
        bar = progress.add_task(title, total=len(rules))
        for part in tries:
            total.problems.extend((await _put(ctl, part, reason, dry_run=True)).problems)
            progress.advance(bar, len(part))
        if not dry_run and not total.problems:
            progress.reset(bar, description=ctl.screen.text(Text.STORING))
            for done, part in enumerate(parts):
                with _told_if_partly(ctl, sum(map(len, parts[:done]))):
                    answer = await _put(ctl, part, reason, dry_run=False)
                total.problems.extend(answer.problems)
                total.stored = answer.stored
                progress.advance(bar, len(part))
    total.problems.sort(key=lambda problem: problem.number)
    return total


class _told_if_partly:  # noqa: N801  reads as a statement
    """Tells people how many rules are stored if the block fails."""

    def __init__(self, ctl: Ctl, stored: int) -> None:
        self._ctl, self._stored = ctl, stored

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: object, __: object) -> None:
        if isinstance(error, ApiError) and self._stored:
            self._ctl.screen.note(Text.RULES_PARTLY, style="bold red", count=self._stored)


async def _put(
    ctl: Ctl, part: Sequence[Numbered], reason: str, *, dry_run: bool
) -> rule_pb2.PutRulesResponse:
    rules = [rule for _, rule in part]
    request = rule_pb2.PutRulesRequest(rules=rules, reason=reason, dry_run=dry_run)
    async with ctl.service(RuleServiceStub) as (stub, options):
        answer: rule_pb2.PutRulesResponse = await stub.PutRules(request, **options)
    for problem in answer.problems:
        problem.number = part[problem.number - 1][0]
    return answer


def _parts(rules: Sequence[Numbered]) -> Iterator[Sequence[Numbered]]:
    """Yield parts of rules, those of one subject and date together: the server compares them."""
    if len(rules) <= RULES_AT_ONCE_MAX:
        yield rules
        return
    ordered = sorted(rules, key=_key)
    start = 0
    while start < len(ordered):
        end = min(start + RULES_AT_ONCE_MAX, len(ordered))
        while start + 1 < end < len(ordered) and _key(ordered[end - 1]) == _key(ordered[end]):
            end -= 1
        yield ordered[start:end]
        start = end


def _key(one: Numbered) -> tuple[str, str]:
    return one[1].subject, one[1].start


def _number_of(kind: str) -> rule_pb2.FreeKind:
    name = f"FREE_KIND_{kind.upper()}"
    known = name in rule_pb2.FreeKind.keys()  # noqa: SIM118  no mapping
    return cast("rule_pb2.FreeKind", rule_pb2.FreeKind.Value(name) if known else UNKNOWN_KIND)
