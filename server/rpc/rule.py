"""RuleService: proto in, one call on the service, proto out."""

from hadir.v1 import rule_pb2, rule_pb2_grpc

from server import attendance_messages, messages
from server.rpc import convert, convert_rules
from server.rpc.call import Context, caller, language
from server.rpc.required import check_required
from server.services.rules import Rules
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
        for rule in request.rules:
            check_required(rule)
        faults = await self._rules.put(
            caller(),
            [convert_rules.rule_record(rule) for rule in request.rules],
            reason=request.reason,
            dry_run=request.dry_run,
        )
        return rule_pb2.PutRulesResponse(
            stored=not faults and not request.dry_run,
            problems=[
                rule_pb2.RuleProblem(
                    number=fault.number,
                    reason=fault.reason,
                    text=messages.text(attendance_messages.FAULTS, fault.reason, language()),
                )
                for fault in faults[:PROBLEMS_SHOWN_MAX]
            ],
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
