"""Derives one attendance day from the plan of its date, its punches and requests, with the why.

A day is final when its check-out window has closed, or as soon as nothing can make it worse:
somebody came and left no earlier than due. Before, it is PENDING, never absent, and costs nothing.

The price of a day is the sum of its cuts that no request waives, at most the table's day_max. A
request that excuses the whole day has a price of its own (often 0); the lower of the two is taken,
so an accepted request never makes a day dearer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from server.domain.attendance.bands import Band, CutTable, band_of, minutes_off
from server.domain.attendance.hours import DayHours
from server.domain.attendance.model import (
    NOTHING,
    AttendanceDay,
    Cut,
    DayStatus,
    Fault,
    Punch,
    Request,
    TraceLine,
    TraceRule,
    Void,
)
from server.domain.attendance.plan import DayPlan, WorkTimes
from server.domain.attendance.punches import Attended, attend, guessed, order, seen_outside
from server.domain.attendance.requests import STATUS_OF, elsewhere, strongest, waiver

_GRAVEST_FIRST = (
    (Fault.ABSENT, DayStatus.ABSENT),
    (Fault.NO_CHECK_IN, DayStatus.NO_CHECK_IN),
    (Fault.NO_CHECK_OUT, DayStatus.NO_CHECK_OUT),
    (Fault.LATE, DayStatus.LATE),
    (Fault.EARLY, DayStatus.LEFT_EARLY),
)
_RULE_OF = {
    Fault.ABSENT: TraceRule.ABSENT,
    Fault.NO_CHECK_IN: TraceRule.NO_CHECK_IN,
    Fault.NO_CHECK_OUT: TraceRule.NO_CHECK_OUT,
    Fault.LATE: TraceRule.LATE,
    Fault.EARLY: TraceRule.LEFT_EARLY,
}

_NOTHING_COMPARED: tuple[tuple[str, ...], datetime | None, datetime | None] = ((), None, None)


@dataclass(slots=True)
class _Sum:
    """The faults of a day while they are added up."""

    lines: list[TraceLine]
    faults: list[tuple[Fault, Band | None]] = field(default_factory=list)
    late_minutes: int = 0
    late_band: str = ""
    early_minutes: int = 0
    early_band: str = ""


def derive(
    plan: DayPlan, punches: Sequence[Punch], requests: Sequence[Request], now: datetime
) -> AttendanceDay:
    """Returns the day. punches, requests: those that count for it, in any order; now: UTC."""
    if plan.work is None:
        return _without_work(plan, punches, requests)
    attended = attend(plan.work, punches)
    total = _Sum(list(plan.lines))
    _name_punches(total.lines, punches, attended)
    final = now >= plan.closes or _settled(plan.work, attended)
    _judge(total, plan.work, plan.table, attended, final=final)
    chief = strongest(requests) if requests else None
    if chief:
        total.lines.append(_of_request(TraceRule.REQUEST, chief))
    if not final:
        total.lines.append(TraceLine(TraceRule.DAY_NOT_OVER, time=now, limit=plan.closes))
    shown: frozenset[Fault] = frozenset()
    if requests:
        shown = seen_outside(plan.work, punches, attended) | guessed(attended)
    cuts = _cuts(total, plan.table, requests, shown) if final else ()
    percent, waived = NOTHING, NOTHING
    if plan.table and cuts:
        unexcused = sum((band.percent for _, band in total.faults if band), NOTHING)
        most = min(plan.table.day_max, unexcused)
        percent = min(most, _price(total.lines, plan.table, cuts, requests))
        waived = most - percent or NOTHING
    return AttendanceDay(
        day=plan.day,
        unit_id=plan.unit_id,
        status=_status(total, chief, final=final),
        phase=plan.phase,
        final=final,
        arrival=attended.arrival,
        departure=attended.departure,
        late_minutes=total.late_minutes,
        late_band=total.late_band,
        early_minutes=total.early_minutes,
        early_band=total.early_band,
        cuts=cuts,
        percent=percent,
        waived_percent=waived,
        request=chief,
        place_waived=place_waived(plan, requests) if requests else plan.rest.place_waived,
        schedule=plan.rest.schedule,
        cut_table=plan.rest.cut_table,
        why=tuple(total.lines),
    )


def place_waived(plan: DayPlan, requests: Sequence[Request]) -> bool:
    """Whether no geofence applies: by the schedule, or for duty elsewhere by a request."""
    return plan.rest.place_waived or elsewhere(requests)


def without(day: AttendanceDay, annulled: Sequence[Request]) -> AttendanceDay:
    """Returns a day that also names the requests that were annulled and change it no more."""
    lines = [
        _of_request(TraceRule.ANNULLED, one)._replace(reason=one.annul_reason)
        for one in sorted(annulled, key=_by_id)
    ]
    return day._replace(why=(*day.why, *lines))


def without_punches(
    day: AttendanceDay, punches: Sequence[Punch], voids: Mapping[str, Void]
) -> AttendanceDay:
    """Returns a day that also names the punches of its time that were voided, by whom and why."""
    lines = [
        TraceLine(
            TraceRule.VOIDED_PUNCH,
            event_ids=(punch.event_id,),
            time=punch.event_time,
            approver=voids[punch.event_id].actor,
            reason=voids[punch.event_id].reason,
        )
        for punch in sorted({punch.event_id: punch for punch in punches}.values(), key=order)
    ]
    return day._replace(why=(*day.why, *lines))


def _by_id(request: Request) -> str:
    return request.request_id


def _without_work(
    plan: DayPlan, punches: Sequence[Punch], requests: Sequence[Request]
) -> AttendanceDay:
    """A free day, or one without a schedule: punches are shown and cost nothing.

    Duty elsewhere may be checked in on the spot all the same: a roster may follow.
    """
    rest = plan.rest
    if requests:
        rest = rest._replace(place_waived=place_waived(plan, requests))
    if not punches:
        return rest
    first, last = min(punches, key=order), max(punches, key=order)
    lines = list(plan.lines)
    _name_others(lines, punches, ())
    _name_added(lines, punches)
    departure = last if last is not first else None
    return rest._replace(arrival=first, departure=departure, why=tuple(lines))


def _name_punches(lines: list[TraceLine], punches: Sequence[Punch], attended: Attended) -> None:
    used = []
    for rule, punch, limit in (
        (TraceRule.FIRST_CHECK_IN, attended.arrival, attended.begin),
        (TraceRule.LAST_CHECK_OUT, attended.departure, attended.due),
    ):
        if punch:
            used.append(punch.event_id)
            lines.append(TraceLine(rule, "", (punch.event_id,), punch.event_time, limit))
    if len(punches) > len(used):
        _name_others(lines, punches, used)
    _name_added(lines, punches)


def _name_others(lines: list[TraceLine], punches: Sequence[Punch], used: Collection[str]) -> None:
    ids = dict.fromkeys(punch.event_id for punch in sorted(punches, key=order))
    others = tuple(event_id for event_id in ids if event_id not in used)
    if others:
        lines.append(TraceLine(TraceRule.OTHER_PUNCHES, event_ids=others))


def _name_added(lines: list[TraceLine], punches: Sequence[Punch]) -> None:
    """Names who added a punch, for which request and why."""
    added = {punch.event_id: punch for punch in punches if punch.added}
    for punch in sorted(added.values(), key=order) if added else ():
        request_id, approver, reason = punch.added or ("", "", "")
        line = TraceLine(TraceRule.ADDED_PUNCH, reason, (punch.event_id,), punch.event_time)
        lines.append(line._replace(request_id=request_id, approver=approver))


def _settled(work: WorkTimes, attended: Attended) -> bool:
    """Whether no later punch can make the day worse: came, and left when due."""
    both = attended.arrival is not None and attended.departure is not None
    return both and attended.early_s <= work.hours.early_grace_s


def _judge(
    total: _Sum, work: WorkTimes, table: CutTable | None, attended: Attended, *, final: bool
) -> None:
    """Adds the faults of a day; what is still open is no fault."""
    if attended.arrival is None and attended.departure is None:
        if final:
            _add(total, Fault.ABSENT, table.absent if table else None)
        return
    _judge_arrival(total, work.hours, table, attended, final=final)
    if final:
        _judge_departure(total, work.hours, table, attended)


def _judge_arrival(
    total: _Sum, hours: DayHours, table: CutTable | None, attended: Attended, *, final: bool
) -> None:
    if attended.arrival is None:
        if final:
            band = table.no_check_in if table else None
            total.late_band = _add(total, Fault.NO_CHECK_IN, band)
        return
    late = minutes_off(attended.late_s, hours.late_grace_s, beyond_grace=hours.beyond_grace)
    if late:
        total.late_minutes = late
        band = band_of(table.late, late) if table else None
        against = (attended.arrival, attended.begin)
        total.late_band = _add(total, Fault.LATE, band, against, late)


def _judge_departure(
    total: _Sum, hours: DayHours, table: CutTable | None, attended: Attended
) -> None:
    if attended.departure is None:
        band = table.no_check_out if table else None
        total.early_band = _add(total, Fault.NO_CHECK_OUT, band)
        return
    early = minutes_off(attended.early_s, hours.early_grace_s, beyond_grace=hours.beyond_grace)
    if early:
        total.early_minutes = early
        band = band_of(table.early, early) if table else None
        against = (attended.departure, attended.due)
        total.early_band = _add(total, Fault.EARLY, band, against, early)


def _add(
    total: _Sum,
    fault: Fault,
    band: Band | None,
    against: tuple[Punch, datetime] | None = None,
    minutes: int = 0,
) -> str:
    """Adds a fault and returns its band; against: the punch and the time it was compared with."""
    code, percent = (band.code, band.percent) if band else ("", None)
    ids, moment, limit = _NOTHING_COMPARED
    if against:
        ids, moment, limit = (against[0].event_id,), against[0].event_time, against[1]
    total.faults.append((fault, band))
    total.lines.append(TraceLine(_RULE_OF[fault], "", ids, moment, limit, minutes, code, percent))
    return code


def _status(total: _Sum, chief: Request | None, *, final: bool) -> DayStatus:
    if chief:
        return STATUS_OF[chief.kind]
    if not final:
        return DayStatus.PENDING
    if not total.faults:
        return DayStatus.PRESENT
    found = [fault for fault, _ in total.faults]
    return next(status for fault, status in _GRAVEST_FIRST if fault in found)


def _cuts(
    total: _Sum,
    table: CutTable | None,
    requests: Sequence[Request],
    shown: Collection[Fault],
) -> tuple[Cut, ...]:
    cuts = []
    for fault, band in _faults(total, table, requests, shown):
        code, percent = (band.code, band.percent) if band else ("", NOTHING)
        waiving = waiver(requests, fault, shown) if requests else None
        if waiving:
            total.lines.append(_of_request(TraceRule.WAIVER, waiving, percent=percent))
        request_id = waiving.request_id if waiving else ""
        cuts.append(Cut(fault, code, percent, request_id))
    return tuple(cuts)


def _faults(
    total: _Sum,
    table: CutTable | None,
    requests: Sequence[Request],
    shown: Collection[Fault],
) -> list[tuple[Fault, Band | None]]:
    """Returns what is cut: of who came or left outside the windows, with a reason, both records.

    The day stays absent; an absence as such has no reason that these requests could give.
    """
    missing = (
        (Fault.NO_CHECK_IN, table.no_check_in if table else None),
        (Fault.NO_CHECK_OUT, table.no_check_out if table else None),
    )
    absent = [fault for fault, _ in total.faults] == [Fault.ABSENT]
    by_reason = any(fault in shown and waiver(requests, fault, shown) for fault, _ in missing)
    # A correction waives the absence itself.
    if absent and by_reason and not waiver(requests, Fault.ABSENT):
        for fault, band in missing:
            code, percent = (band.code, band.percent) if band else ("", None)
            total.lines.append(TraceLine(_RULE_OF[fault], band=code, percent=percent))
        return list(missing)
    return total.faults


def _price(
    lines: list[TraceLine],
    table: CutTable,
    cuts: Sequence[Cut],
    requests: Sequence[Request],
) -> Decimal:
    price = _sum_of(cut for cut in cuts if not cut.waived_by)
    if price > table.day_max:
        lines.append(TraceLine(TraceRule.DAY_MAX, source=table.version, percent=table.day_max))
        price = table.day_max
    whole = [request for request in requests if request.kind in STATUS_OF]
    best = min(whole, key=lambda one: (table.price(one), one.request_id), default=None)
    if best and table.price(best) < price:
        price = table.price(best)
        lines.append(_of_request(TraceRule.BETTER_BY_REQUEST, best, percent=price))
    return price


def _sum_of(cuts: Iterable[Cut]) -> Decimal:
    return sum((cut.percent for cut in cuts), NOTHING)


def _of_request(rule: TraceRule, request: Request, percent: Decimal | None = None) -> TraceLine:
    return TraceLine(
        rule,
        source=request.number,
        request_id=request.request_id,
        approver=request.approver,
        percent=percent,
    )
