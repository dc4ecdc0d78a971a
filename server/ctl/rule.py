"""Commands of rules: put files of them, import holidays and shifts, see who changed what."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from google.protobuf.json_format import MessageToDict
from hadir.v1 import rule_pb2
from hadir.v1.rule_pb2_grpc import RuleServiceStub

from server.ctl.context import Ctl, collect, ctl_of
from server.ctl.help import examples
from server.ctl.inputs import read_date
from server.ctl.render import Columns
from server.ctl.rule_files import Numbered, holidays_of, put_rules, rules_of, shifts_of
from server.ctl.texts import Text

LIMIT_DEFAULT: Final = 200

app = typer.Typer(
    no_args_is_help=True,
    help="Rules of attendance: schedules, phases, percentages, holidays, shifts, deputies.",
)


class PhaseName(StrEnum):
    """A phase, as people type it."""

    SOCIALISATION = "socialisation"
    TRIAL = "trial"
    OFFICIAL = "official"


def _content(change: rule_pb2.RuleChange) -> str:
    kind = change.rule.WhichOneof("content")
    if kind is None:
        return ""
    data = MessageToDict(getattr(change.rule, kind), preserving_proto_field_name=True)
    return json.dumps(data, ensure_ascii=False)[:120]


COLUMNS: Columns[rule_pb2.RuleChange] = {
    Text.NUMBER: lambda change: change.sequence,
    Text.TIME: lambda change: change.change_time,
    Text.KIND: lambda it: rule_pb2.RuleKind.Name(it.kind).removeprefix("RULE_KIND_"),
    Text.SUBJECT: lambda change: change.rule.subject,
    Text.FIRST: lambda change: change.rule.start,
    Text.SUPERSEDED: lambda change: change.superseded,
    Text.ACTOR: lambda change: change.actor,
    Text.REASON: lambda change: change.reason,
    Text.RULE: _content,
}
PROBLEM_COLUMNS: Columns[rule_pb2.RuleProblem] = {
    Text.LINE: lambda problem: problem.number,
    Text.PROBLEM_CODE: lambda problem: problem.reason,
    Text.PROBLEM: lambda problem: problem.text,
}

Why = Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only report problems.")]
RuleFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="See the example below.")
]
KINDS = tuple(
    name.removeprefix("RULE_KIND_") for name, number in rule_pb2.RuleKind.items() if number
)
KINDS_HELP = f"One of {', '.join(KINDS)}."


@app.command(
    "list",
    epilog=examples(
        "hadirctl rule list --current",
        "hadirctl rule list --kind SCHEDULE --subject biro-umum",
        "hadirctl rule list --json --current",
    ),
)
def list_rules(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Option(help=KINDS_HELP)] = "",
    subject: Annotated[str, typer.Option(help="Unit or NIP.")] = "",
    current: Annotated[bool, typer.Option("--current", help="Only what holds.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Rows at most.")] = LIMIT_DEFAULT,
) -> None:
    """Show who changed which rule when, and why; newest first."""
    name = f"RULE_KIND_{kind.upper() or 'UNSPECIFIED'}"
    if name not in rule_pb2.RuleKind.keys():  # noqa: SIM118  no mapping
        raise typer.BadParameter(f"{kind}: {', '.join(KINDS)}", param_hint="--kind")
    request = rule_pb2.ListRulesRequest(kind=name, subject=subject, current_only=current)
    ctl_of(context).run(partial(_list, request=request, limit=limit))


@app.command(
    epilog=examples(
        "hadirctl rule put ramadan-2027.toml --reason 'SE Gubernur 12/2027' --dry-run",
        note="A TOML or JSON file with a list `rules`, each with `subject` (unit or NIP; empty for "
        "all), `start` (YYYY-MM-DD) and one of schedule, phase, cut_table, discipline, free_day, "
        "shift, quota, chain, delegation, forensic_limits, withdrawn. `rule list --json` shows the "
        "form of each; server/ctl/examples/ramadan.toml is a file to begin with.",
    )
)
def put(context: typer.Context, file: RuleFile, *, reason: Why, dry_run: DryRun = False) -> None:
    """Store the rules of a file, all or none."""
    _put_and_exit(ctl_of(context), partial(rules_of, file), reason=reason, dry_run=dry_run)


@app.command(
    epilog=examples(
        "hadirctl rule phase biro-umum official --from 2027-01-01 --reason 'SK Gubernur 4/2026'"
    )
)
def phase(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="Id of the unit; '' for all.")],
    name: PhaseName,
    *,
    start: Annotated[str, typer.Option("--from", help="First day.")],
    reason: Why,
    dry_run: DryRun = False,
) -> None:
    """Set the phase of a unit from a day on. Only official days count for TPP."""
    ctl = ctl_of(context)

    def rules() -> list[Numbered]:
        day = read_date(start, ctl.screen.zone, datetime.now(UTC))
        content = rule_pb2.Phase(phase=f"PHASE_KIND_{name.name}")
        return [(1, rule_pb2.Rule(subject=unit, start=day, phase=content))]

    _put_and_exit(ctl, rules, reason=reason, dry_run=dry_run)


@app.command(
    epilog=examples(
        "hadirctl rule holidays cuti-bersama-2027.csv --reason 'SKB 3 Menteri 2027'",
        note="Columns: date, name, kind (JOINT_LEAVE, NATIONAL, REGIONAL, WORKDAY), decree. "
        "Commas or semicolons.",
    )
)
def holidays(
    context: typer.Context, file: RuleFile, *, reason: Why, dry_run: DryRun = False
) -> None:
    """Import free days: cuti bersama, holidays of the province, holidays taken back."""
    _put_and_exit(ctl_of(context), partial(holidays_of, file), reason=reason, dry_run=dry_run)


@app.command(
    epilog=examples(
        "hadirctl rule shifts rsud-desember.csv --reason 'roster Desember'",
        note="Columns: nip, date, shift (a name of the unit's schedule; empty: off). Long rosters "
        "are stored in parts, after all of them have been checked.",
    )
)
def shifts(context: typer.Context, file: RuleFile, *, reason: Why, dry_run: DryRun = False) -> None:
    """Import the shifts of employees."""
    _put_and_exit(ctl_of(context), partial(shifts_of, file), reason=reason, dry_run=dry_run)


def _put_and_exit(
    ctl: Ctl, rules: Callable[[], list[Numbered]], *, reason: str, dry_run: bool
) -> None:
    answer = ctl.run(partial(_put, rules=rules, reason=reason, dry_run=dry_run))
    if answer.problems:
        raise typer.Exit(1)


async def _put(
    ctl: Ctl, *, rules: Callable[[], list[Numbered]], reason: str, dry_run: bool
) -> rule_pb2.PutRulesResponse:
    answer = await put_rules(ctl, rules(), reason=reason, dry_run=dry_run)
    if answer.problems and not ctl.screen.as_json:
        ctl.screen.records(answer.problems, PROBLEM_COLUMNS)
    text = Text.RULES_STORED if answer.stored else Text.RULES_DRY
    count, problems = answer.rule_count, len(answer.problems)
    ctl.screen.done(answer, text, count=count, problems=problems)
    if answer.problems:
        ctl.screen.note(Text.IMPORT_REFUSED, style="bold red")
    return answer


async def _list(ctl: Ctl, *, request: rule_pb2.ListRulesRequest, limit: int) -> None:
    async with ctl.service(RuleServiceStub) as (stub, options):

        async def fetch(size: int, token: str) -> tuple[Sequence[rule_pb2.RuleChange], str]:
            request.page_size, request.page_token = size, token
            page: rule_pb2.ListRulesResponse = await stub.ListRules(request, **options)
            return page.changes, page.next_page_token

        found, more = await collect(fetch, limit)
    ctl.screen.page(found, COLUMNS, more=more, limit=limit)
