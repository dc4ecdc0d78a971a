"""What a request must say when it is filed, by its kind: dates, letter, documents, deadline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from server.domain.attendance.approval import ApprovalLevel, ChainTable
from server.domain.attendance.model import (
    Person,
    Punch,
    PunchSource,
    Request,
    RequestKind,
    RequestState,
)
from server.domain.attendance.plan import Planner, WorkTimes, posting_on
from server.domain.attendance.punches import Attended, attend
from server.domain.attendance.requests import in_time
from server.domain.model import EventKind

# The longest leave is unpaid leave of 3 years (PP 11/2017).
DAYS_MAX = 3 * 366
REASON_MIN, REASON_MAX = 3, 1000
TEXT_MAX = 200
DOCUMENTS_MAX = 5
# What concerns one day that is over or running, and may be asked for until a deadline.
OF_ONE_DAY = frozenset(
    {
        RequestKind.LATE_REASON,
        RequestKind.EARLY_REASON,
        RequestKind.FORGOTTEN_CHECK_OUT,
        RequestKind.CORRECTION,
    }
)
# What may name the punch that should be there.
_WITH_PUNCH = frozenset({RequestKind.FORGOTTEN_CHECK_OUT, RequestKind.CORRECTION})
# The check-in of a shift that begins at midnight may lie on the evening before, the check-out of a
# night shift on the day behind it; `fault_of_claim` knows the plan and is exact.
_ONE_DAY = timedelta(days=1)
OPEN_STATES = frozenset({RequestState.PENDING, RequestState.ACCEPTED})


@dataclass(frozen=True, slots=True)
class PunchClaim:
    """The punch that a correction says is missing."""

    kind: EventKind
    punch_time: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """A request as it lies in the files.

    unit_id: of the employee when it was filed. levels: who decides, one after the other; steps_done
    of them have. letter_date: of request.number. document_ids: proofs, in the order given.
    """

    request: Request
    unit_id: str
    reason: str
    submit_time: datetime
    levels: tuple[ApprovalLevel, ...]
    steps_done: int = 0
    letter_date: date | None = None
    place: str = ""
    claim: PunchClaim | None = None
    document_ids: tuple[str, ...] = ()

    @property
    def days(self) -> int:
        """Calendar days, both ends included."""
        return (self.request.last - self.request.first).days + 1

    @property
    def step(self) -> int:
        """Which of the levels decides next, from 1; 0 if none does."""
        return self.steps_done + 1 if self.request.state is RequestState.PENDING else 0

    def judged(self) -> Request:
        """Returns the request as days are derived from it.

        A claimed punch that was accepted is a punch of its own: it waives nothing.
        """
        if self.claim is None or self.request.state is RequestState.ANNULLED:
            return self.request
        return replace(self.request, state=RequestState.WITHDRAWN)


def faults_of(filed: Filed, table: ChainTable | None, today: date, zone: ZoneInfo) -> list[str]:
    """Returns why a request cannot be filed, as reasons; empty if it can. today: at the site."""
    request, kind = filed.request, filed.request.kind
    single = kind in OF_ONE_DAY
    deadline = table.correction_days if table else 0
    letters = table.letters_needed if table else frozenset()
    documents = table.documents_needed if table else frozenset()
    claim = filed.claim
    checks = (
        (request.last < request.first, "DATES_REVERSED"),
        (filed.days > DAYS_MAX, "TOO_MANY_DAYS"),
        (single and filed.days != 1, "ONE_DAY_ONLY"),
        (single and request.first > today, "DAY_NOT_COME"),
        (single and not in_time(request.first, today, deadline), "DEADLINE_PASSED"),
        ((kind is RequestKind.CUTI) != (request.leave is not None), "LEAVE_TYPE_WRONG"),
        (not REASON_MIN <= len(filed.reason.strip()) <= REASON_MAX, "REASON_REQUIRED"),
        (max(len(request.number), len(filed.place)) > TEXT_MAX, "TEXT_TOO_LONG"),
        (
            kind in letters and not (request.number.strip() and filed.letter_date),
            "LETTER_REQUIRED",
        ),
        (kind is RequestKind.TUGAS_LUAR and not filed.place.strip(), "PLACE_REQUIRED"),
        (bool(filed.letter_date and filed.letter_date > today), "LETTER_FROM_THE_FUTURE"),
        (kind in documents and not filed.document_ids, "DOCUMENT_REQUIRED"),
        (len(filed.document_ids) > DOCUMENTS_MAX, "TOO_MANY_DOCUMENTS"),
        (claim is not None and kind not in _WITH_PUNCH, "PUNCH_NOT_ASKED"),
        (claim is not None and not _fits(claim, filed, zone), "PUNCH_TIME_WRONG"),
    )
    return [reason for wrong, reason in checks if wrong]


def fault_of_claim(
    claim: PunchClaim, planner: Planner, person: Person, day: date, punches: Iterable[Punch] = ()
) -> str:
    """Returns why a claimed punch would not count for its day, empty if it would.

    It must be of that day, as the plan divides punches, in the window that its kind needs, and come
    before the first check-in or after the last check-out there is; on a day without work any time
    of it will do. punches: those of the day, and any others.
    """
    plans, edges = planner.span(person, day, day)
    work, moment = plans[1].work, claim.punch_time
    if posting_on(person.postings, day) is None:
        return "NOT_IN_SERVICE"
    if not edges[0] <= moment < edges[1]:
        return "PUNCH_OF_ANOTHER_DAY"
    if work is None:
        return ""
    if not _is_open(work, claim.kind, moment):
        return "PUNCH_OUTSIDE_WINDOW"
    own = [punch for punch in punches if edges[0] <= punch.event_time < edges[1]]
    return "" if _has_effect(claim, work, own) else "PUNCH_WITHOUT_EFFECT"


def _is_open(work: WorkTimes, kind: EventKind, moment: datetime) -> bool:
    """Whether a moment lies in the window of check-ins or check-outs."""
    if kind is EventKind.OUT:
        return work.out_open <= moment < work.out_close
    return work.in_open <= moment < work.in_close


def _has_effect(claim: PunchClaim, work: WorkTimes, punches: Sequence[Punch]) -> bool:
    """Whether a claimed punch gives the day another arrival or departure."""
    claimed = Punch("", claim.kind, claim.punch_time, PunchSource.CORRECTION)
    before, after = attend(work, punches), attend(work, [*punches, claimed])
    return _times(before) != _times(after)


def _times(attended: Attended) -> list[datetime | None]:
    return [punch and punch.event_time for punch in (attended.arrival, attended.departure)]


def _fits(claim: PunchClaim, filed: Filed, zone: ZoneInfo) -> bool:
    """Whether the punch lies on the day or one of those beside it, and is not to come."""
    midnight = datetime.combine(filed.request.first, datetime.min.time(), tzinfo=zone)
    within = midnight - _ONE_DAY <= claim.punch_time < midnight + 2 * _ONE_DAY
    only_out = filed.request.kind is RequestKind.FORGOTTEN_CHECK_OUT
    fits_kind = claim.kind is EventKind.OUT or not only_out
    return within and fits_kind and claim.punch_time <= filed.submit_time


def overlapping(request: Request, others: Iterable[Request]) -> Request | None:
    """Returns another open request of the same kind for one of the days, None if there is none."""
    return next(
        (
            other
            for other in others
            if other.kind is request.kind
            and other.state in OPEN_STATES
            and other.request_id != request.request_id
            and other.first <= request.last
            and request.first <= other.last
        ),
        None,
    )


def next_state(filed: Filed, *, accepted: bool) -> tuple[RequestState, int]:
    """Returns the state and the steps done after one more decision."""
    if not accepted:
        return RequestState.REJECTED, filed.steps_done + 1
    done = filed.steps_done + 1
    state = RequestState.ACCEPTED if done >= len(filed.levels) else RequestState.PENDING
    return state, done


def levels_text(levels: Sequence[ApprovalLevel]) -> str:
    """Returns levels as they are stored."""
    return ",".join(level.value for level in levels)
