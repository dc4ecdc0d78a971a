"""Punches that BKD adds or voids with a reason; never of the own attendance."""

import hashlib
from dataclasses import replace

import structlog
from ulid import ULID

from server.clock import Clock
from server.domain.attendance.filing import PunchClaim
from server.domain.attendance.model import Punch
from server.domain.model import Principal
from server.errors import NotYourDecision, PunchUnknown, RequestIdReused, RequestInvalid
from server.services.changes import Changes
from server.services.claims import Claims
from server.services.desks import checked_person
from server.services.devices import checked_reason
from server.services.documents import checked_uuid
from server.services.rules import Rules
from server.storage import requests, voids
from server.storage.database import Connection, Database
from server.storage.requests import Correction
from server.storage.voids import Voiding

log = structlog.get_logger()


class Corrections:
    """Adds what is missing and voids what is wrong; events stay as they are."""

    def __init__(
        self, database: Database, rules: Rules, claims: Claims, *, changes: Changes, clock: Clock
    ) -> None:
        self._database = database
        self._rules = rules
        self._claims = claims
        self._changes = changes
        self._clock = clock

    async def correct(
        self, principal: Principal, nip: str, claim: PunchClaim, reason: str, *, request_id: str
    ) -> Correction:
        """Adds a punch, once for a request_id if there is one.

        It must count for the day that it belongs to, as a claimed one must: also for the last days
        of who has left the service meanwhile.
        Raises AccountWithoutPerson, EmployeeUnknown, NotYourDecision, ReasonRequired,
        RequestIdInvalid, RequestIdReused, RequestInvalid.
        """
        actor, reason = checked_person(principal), checked_reason(reason)
        if actor == nip:
            raise NotYourDecision("nobody corrects the own attendance")
        now = self._clock.now()
        if claim.punch_time > now:
            raise RequestInvalid("the request is not taken", fault="PUNCH_TIME_WRONG")
        event_id = _event_id(request_id)
        wanted = Correction(
            event_id,
            nip,
            claim.kind,
            claim.punch_time,
            actor,
            reason,
            now,
            username=principal.username,
        )

        async def work(connection: Connection) -> Correction:
            known = await requests.find_correction(connection, event_id)
            if known is not None:
                if replace(known, create_time=now) != wanted:
                    raise RequestIdReused("the request id was used for another correction")
                return known
            if fault := await self._claims.fault_of_correction(connection, nip, claim):
                raise RequestInvalid("the punch is not added", fault=fault)
            await requests.insert_correction(connection, wanted)
            return wanted

        await self._rules.warm()
        correction = await self._database.write(work)
        self._changes.note(nip)
        log.info(
            "attendance_corrected", event_id=event_id, actor=actor, username=principal.username
        )
        return correction

    async def void(self, principal: Principal, event_id: str, reason: str) -> tuple[Punch, Voiding]:
        """Voids an event or correction of somebody else; again, it answers what was done.

        Raises AccountWithoutPerson, NotYourDecision, PunchUnknown, ReasonRequired.
        """
        actor, reason = checked_person(principal), checked_reason(reason)

        async def work(connection: Connection) -> tuple[Punch, Voiding]:
            found = await voids.find_punch(connection, event_id)
            if found is None:
                raise PunchUnknown("no such event", event_id=event_id[:26])
            nip, punch = found
            if nip == actor:
                raise NotYourDecision("nobody voids the own punch")
            known = await voids.find_void(connection, event_id)
            if known is not None:
                return punch, known
            username, now = principal.username, self._clock.now()
            voiding = Voiding(event_id, nip, actor, username, reason, now)
            await voids.insert_void(connection, voiding)
            return punch, voiding

        punch, voiding = await self._database.write(work)
        self._changes.note(voiding.nip)
        log.info("punch_voided", event_id=event_id, actor=actor, username=principal.username)
        return punch, voiding


def _event_id(request_id: str) -> str:
    """Returns the id of a correction: the same for a request_id, a new one if there is none."""
    if not request_id:
        return str(ULID())
    digest = hashlib.sha256(checked_uuid(request_id, "request_id").encode())
    return str(ULID.from_bytes(digest.digest()[:16]))
