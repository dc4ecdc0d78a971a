"""Punches that BKD adds with a reason; never to the own attendance."""

import structlog
from ulid import ULID

from server.clock import Clock
from server.domain.attendance.filing import PunchClaim
from server.domain.model import Principal
from server.errors import NotYourDecision, RequestInvalid
from server.services.changes import Changes
from server.services.desks import checked_person
from server.services.devices import checked_reason
from server.storage import directory, requests
from server.storage.database import Connection, Database
from server.storage.requests import Correction

log = structlog.get_logger()


class Corrections:
    """Adds what is missing; events stay as they are."""

    def __init__(self, database: Database, *, changes: Changes, clock: Clock) -> None:
        self._database = database
        self._changes = changes
        self._clock = clock

    async def correct(
        self, principal: Principal, nip: str, claim: PunchClaim, reason: str
    ) -> Correction:
        """Adds a punch.

        Raises AccountWithoutPerson, EmployeeUnknown, NotYourDecision, ReasonRequired,
        RequestInvalid.
        """
        actor, reason = checked_person(principal), checked_reason(reason)
        if actor == nip:
            raise NotYourDecision("nobody corrects the own attendance")
        now = self._clock.now()
        if claim.punch_time > now:
            raise RequestInvalid("the request is not taken", fault="PUNCH_TIME_WRONG")
        correction = Correction(str(ULID()), nip, claim.kind, claim.punch_time, actor, reason, now)

        async def work(connection: Connection) -> None:
            await directory.active_employee(connection, nip)
            await requests.insert_correction(connection, correction)

        await self._database.write(work)
        self._changes.note(nip)
        log.info("attendance_corrected", event_id=correction.event_id, actor=actor)
        return correction
