"""Records attendance events exactly once, and reads them for those who may."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from server import metrics, traces
from server.domain.direction import kind_of_sighting, left_already, local_day, repeated
from server.domain.model import DeviceState, Event, EventKind, Principal
from server.domain.refusal import CheckInRefused, Refusal
from server.errors import DeviceRevoked, RequestIdReused
from server.services.changes import Changes
from server.services.sight import Sight
from server.storage import devices, directory, events
from server.storage.database import Connection, Database, Work
from server.storage.events import Refusal as RefusalRow

# Events so near may have come from one image, of two people, or sent again after a lost answer.
AT_ONCE = timedelta(minutes=2)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that is on disk; `replayed` if an earlier try or sighting stored it."""

    event: Event
    replayed: bool


class EventLog:
    """Writes events in the transaction that also judges whether they are new.

    turn: what readers of whole units wait for, so that they leave connections to everybody else.
    """

    def __init__(
        self,
        database: Database,
        sight: Sight,
        changes: Changes,
        *,
        repeat_minutes: float,
        turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        self._turn = turn
        self._database = database
        self._sight = sight
        self._changes = changes
        self._cooldown = timedelta(minutes=repeat_minutes)

    async def record_phone(
        self, event: Event, request_id: str, content_digest: bytes, *, credited_s: float = 0.0
    ) -> Recorded:
        """Stores a phone's event with its request id, or returns what is stored already.

        The event has the digest of its image. credited_s: how much it is dated back, for the log.
        Raises DeviceRevoked if the phone lost its binding meanwhile, RequestIdReused,
        CheckInRefused if an event was recorded from the very same image.
        """

        async def work(connection: Connection) -> Recorded:
            await _check_rights(connection, event)
            known = await stored_event(connection, event.nip, request_id, content_digest)
            if known is not None:
                return Recorded(known, replayed=True)
            if await events.frame_was_used(connection, event.frame_digest):
                raise CheckInRefused(Refusal.FRAMES_REUSED)
            # A second check-out is a later one, and the last one of the day counts.
            near = await self._near(connection, event) if event.kind is EventKind.IN else ()
            same = repeated(near, event.event_time, event.kind, self._cooldown)
            if same is None:
                await events.insert_event(connection, event)
            stored = same or event
            await events.insert_request(
                connection,
                nip=event.nip,
                request_id=request_id,
                content_digest=content_digest,
                event_id=stored.event_id,
                now=event.create_time,
            )
            return Recorded(stored, replayed=same is not None)

        return await self._stored(work, credited_s=round(credited_s, 1))

    async def record_sighting(
        self, event: Event, zone: ZoneInfo, frames: Collection[bytes]
    ) -> Recorded:
        """Stores a kiosk's event as IN or OUT, unless it repeats one of the last minutes.

        That is a check-in, or a check-out at the same kiosk in the same minute. The event's kind is
        decided here, by what the employee's local day holds already. frames: digests of the images
        of the last minute. Raises DeviceRevoked, CheckInRefused if an earlier event was recorded
        from one of them: a camera takes no image twice.
        """

        async def work(connection: Connection) -> Recorded:
            await _check_rights(connection, event)
            moment, (start, end) = event.event_time, local_day(event.event_time, zone)
            early = min(start, moment - self._cooldown)  # just after midnight, of the day before
            known = await events.between(connection, event.nip, early, end)
            same = repeated(known, moment, None, self._cooldown) or left_already(known, event)
            if same is not None:
                return Recorded(same, replayed=True)
            if await events.frames_were_used(connection, frames, event.event_time - AT_ONCE):
                raise CheckInRefused(Refusal.FRAMES_REUSED)
            today = [one for one in known if start <= one.event_time]
            kind = kind_of_sighting(today, moment)
            stored = replace(event, kind=kind)
            await events.insert_event(connection, stored)
            return Recorded(stored, replayed=False)

        return await self._stored(work)

    async def refuse(self, refusal: RefusalRow) -> None:
        """Keeps a refused check-in."""
        with traces.step("refuse", reason=refusal.reason):
            await self._database.write(
                lambda connection: events.insert_refusal(connection, refusal)
            )
        log.info("check_in_refused", device_id=refusal.device_id, reason=refusal.reason)

    async def own(
        self,
        principal: Principal,
        *,
        start: datetime | None,
        end: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Event]]:
        """Returns the caller's own events, newest first, with their sequence."""
        async with self._database.read() as connection:
            return await events.page(
                connection, nip=principal.nip, start=start, end=end, before=before, limit=limit
            )

    async def of_unit(
        self,
        principal: Principal,
        unit_id: str,
        *,
        start: datetime | None,
        end: datetime | None,
        before: int | None,
        limit: int,
    ) -> list[tuple[int, Event]]:
        """Returns the events of a unit and those below, newest first. Raises UnitUnknown."""
        async with self._turn(), self._database.read() as connection:
            unit_ids = await self._sight.subtree(connection, principal, unit_id)
            return await events.page(
                connection, unit_ids=unit_ids, start=start, end=end, before=before, limit=limit
            )

    async def _stored(self, work: Work[Recorded], *, credited_s: float = 0.0) -> Recorded:
        """Writes an event, and says to logs, metrics, traces and watchers what is on disk."""
        with traces.step("record") as span:
            recorded = await self._database.write(work)
            event = recorded.event
            span.note(kind=event.kind.value, source=event.source.value, replayed=recorded.replayed)
        if not recorded.replayed:
            metrics.EVENTS.labels(event.source.value, event.kind.value).inc()
            self._changes.note(event.nip)
        log.info(
            "event_recorded",
            event_id=event.event_id,
            kind=event.kind.value,
            source=event.source.value,
            device_id=event.device_id,
            replayed=recorded.replayed,
            credited_s=credited_s,
        )
        return recorded

    async def _near(self, connection: Connection, event: Event) -> Sequence[Event]:
        start, end = event.event_time - self._cooldown, event.event_time + self._cooldown
        return await events.between(connection, event.nip, start, end)


async def stored_event(
    connection: Connection, nip: str, request_id: str, content_digest: bytes
) -> Event | None:
    """Returns the event that a request id stands for. Raises RequestIdReused."""
    found = await events.find_request(connection, nip, request_id)
    if found is None:
        return None
    event, digest = found
    if digest != content_digest:
        raise RequestIdReused("the request id was used for another check-in")
    return event


async def _check_rights(connection: Connection, event: Event) -> None:
    """Raises DeviceRevoked, EmployeeInactive: rights may have ended since the stream began."""
    device, employee = await devices.states_of(connection, event.device_id, event.nip)
    if device is not DeviceState.ACTIVE:
        raise DeviceRevoked("the device was revoked by BKD")
    directory.assert_active(employee, event.nip)
