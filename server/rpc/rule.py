"""RuleService: proto in, one call on the service, proto out."""

from collections.abc import Iterable, Sequence

from hadir.v1 import rule_pb2, rule_pb2_grpc

from server import attendance_messages, messages
from server.domain.attendance.rules import Rule
from server.errors import FieldInvalid, FieldRequired
from server.rpc import convert, convert_rules
from server.rpc.call import Context, caller, language
from server.rpc.required import check_required
from server.services.rules import RuleFault, Rules
from server.storage.pages import number_of, page_size

PROBLEMS_SHOWN_MAX = 1000


class RuleServicer(rule_pb2_grpc.RuleServiceServicer):
    """The rules that BKD edits."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def PutRules(
        self, request: rule_pb2.PutRulesRequest, context: Context
    ) -> rule_pb2.PutRulesResponse:
        """See rule.proto."""
        known, problems = _read(request.rules)
        if known or not problems:
            faults = await self._rules.put(
                caller(),
                list(known.values()),
                reason=request.reason,
                dry_run=request.dry_run or bool(problems),
            )
            problems += _problems(faults, list(known))
        problems.sort(key=lambda problem: problem.number)
        return rule_pb2.PutRulesResponse(
            stored=not problems and not request.dry_run,
            problems=problems[:PROBLEMS_SHOWN_MAX],
            rule_count=len(request.rules),
        )

    async def ListRules(
        self, request: rule_pb2.ListRulesRequest, context: Context
    ) -> rule_pb2.ListRulesResponse:
        """See rule.proto."""
        limit = page_size(request.page_size)
        changes = await self._rules.list(
            kind=convert_rules.kind(request.kind),
            subject=request.subject,
            current_only=request.current_only,
            before=number_of(request.page_token),
            limit=limit + 1,
        )
        shown, token = convert.page(changes, limit, key=lambda change: str(change.sequence))
        return rule_pb2.ListRulesResponse(
            changes=[convert_rules.change(change) for change in shown], next_page_token=token
        )


def _read(
    rules: Iterable[rule_pb2.Rule],
) -> tuple[dict[int, Rule], list[rule_pb2.RuleProblem]]:
    """Returns the rules by their place in the list, and which of them cannot be read."""
    known, problems = {}, []
    for number, rule in enumerate(rules, 1):
        try:
            check_required(rule)
            known[number] = convert_rules.rule_record(rule)
        except (FieldRequired, FieldInvalid) as error:
            text = messages.text(messages.ERRORS, error.reason, language(), **error.metadata)
            problems.append(rule_pb2.RuleProblem(number=number, reason=error.reason, text=text))
    return known, problems


def _problems(faults: Iterable[RuleFault], numbers: Sequence[int]) -> list[rule_pb2.RuleProblem]:
    """Returns what is wrong; numbers: the place in the list of each rule that was looked at."""
    return [
        rule_pb2.RuleProblem(
            number=numbers[fault.number - 1],
            reason=fault.reason,
            text=messages.text(attendance_messages.FAULTS, fault.reason, language()),
        )
        for fault in faults
    ]
