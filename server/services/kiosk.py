"""Recognition at a kiosk: several faces a frame, tracks that vote, events recorded once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from ulid import ULID

from server import metrics
from server.clock import Clock
from server.domain.face import BoundingBox, Face
from server.domain.frame import Frame
from server.domain.match import Decision
from server.domain.model import (
    Employee,
    Event,
    EventKind,
    EventSource,
    Principal,
    Scores,
    Site,
)
from server.domain.quality import RECOGNITION, FrameOutcome, judge
from server.domain.refusal import CheckInRefused
from server.domain.timing import CLOCK_SKEW_MAX
from server.domain.track import FaceState, Track, Tracker
from server.errors import EmployeeInactive, EmployeeUnknown, SiteUnknown, StreamReplaced
from server.gallery.gallery import Gallery
from server.services.admission import WALK_UP_PUT_OFF_S_MAX, Admission
from server.services.events import EventLog, Recorded
from server.services.finish import finish
from server.services.identify import identify
from server.services.live import LiveStream
from server.services.thresholds import Thresholds
from server.services.usable import analyze, usable
from server.storage import directory
from server.storage.database import Database
from server.storage.events import Refusal
from server.vision.detector import Gaze
from server.vision.line import Urgency
from server.vision.pipeline import Gate, Pipeline, Timings

DIGESTS_KEPT = 64
# Of the frames of so many seconds none was in an earlier event, or it is a recording.
FRESH_S = 60.0
# A face that has its answer is embedded again this often only: is it still the same person?
RECHECK_S = 0.6
ANSWERED_OVERLAP_MIN = 0.5
# Faces are followed for so long without a search for others: who comes is dated at most so late.
FOLLOWED_S_MAX = 0.4

# A stream on which something came so lately is in use.
IN_USE_S = 3.0
# What its client has hung up is told so meanwhile, and no sign of two devices.
HANGS_UP_S = 0.3
# Two devices with one key take turns every few seconds: once in so long is enough for BKD.
TOLD_EVERY = timedelta(minutes=10)
CONNECTED_TWICE = "CONNECTED_TWICE"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a kiosk shows for one face; recorded where the state is RECOGNISED."""

    track: int
    box: BoundingBox
    state: FaceState
    outcome: FrameOutcome = FrameOutcome.USABLE
    recorded: Recorded | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What became of a frame.

    next_frame_s: how long after this frame the next should be sent, in seconds; 0 for no wish.
    """

    outcome: FrameOutcome
    sightings: tuple[Sighting, ...] = ()
    timings: Timings = field(default_factory=Timings)
    next_frame_s: float = 0.0


class Kiosks:
    """Opens kiosk sessions. fps_max: frames a second that a kiosk is asked for at most."""

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        gallery: Gallery,
        thresholds: Thresholds,
        event_log: EventLog,
        *,
        clock: Clock,
        admission: Admission,
        fps_max: float,
    ) -> None:
        self.admission = admission
        self.fps_max = fps_max
        self.pipeline = pipeline
        self.gallery = gallery
        self.thresholds = thresholds
        self.event_log = event_log
        self.clock = clock
        self._database = database
        # When BKD was told last that a kiosk is connected twice, by device.
        self._told: dict[str, datetime] = {}

    async def open(self, principal: Principal, device_time: datetime) -> "KioskSession":
        """Begins a stream. Raises SiteUnknown."""
        async with self._database.read() as connection:
            site = await directory.get_site(connection, principal.site_id)
        if site is None:
            raise SiteUnknown("the kiosk's site does not exist")
        skew = device_time - self.clock.now()
        return KioskSession(self, principal, site, clock_disputed=abs(skew) > CLOCK_SKEW_MAX)

    @asynccontextmanager
    async def alone(self, live: LiveStream) -> AsyncIterator[None]:
        """Tells BKD if a newer stream of the kiosk ends this one while it is in use.

        After a fault of the network the older one has been silent, or hangs up by itself.
        """
        try:
            yield
        except StreamReplaced:
            if self.clock.monotonic() - live.heard_s < IN_USE_S:
                await asyncio.sleep(HANGS_UP_S)
                await finish(self._told_twice(live.principal.device_id))
            raise

    async def _told_twice(self, device_id: str) -> None:
        metrics.KIOSKS_TWICE.inc()
        log.warning("kiosk_connected_twice", device_id=device_id)
        now, last = self.clock.now(), self._told.get(device_id)
        if last is None or now - last >= TOLD_EVERY:
            self._told[device_id] = now
            await self.event_log.refuse(Refusal(device_id, CONNECTED_TWICE, now))

    async def active_employee(self, nip: str) -> Employee:
        """Returns an employee in service. Raises EmployeeUnknown, EmployeeInactive."""
        async with self._database.read() as connection:
            return await directory.active_employee(connection, nip)


class KioskSession:
    """One stream of a kiosk."""

    def __init__(
        self, owner: Kiosks, principal: Principal, site: Site, *, clock_disputed: bool
    ) -> None:
        self.site = site
        self._owner = owner
        self._principal = principal
        self._zone = ZoneInfo(site.time_zone)
        self._clock_disputed = clock_disputed
        self._tracker = Tracker()
        self._gaze = Gaze()
        self._searched_s = 0.0
        self._recorded: dict[int, Recorded] = {}
        # When they arrived.
        self._digests: dict[bytes, float] = {}

    async def observe(self, frame: Frame) -> FrameResult:
        """Looks at a frame and records whoever is recognised beyond doubt."""
        if self._is_repeated(frame):
            return FrameResult(FrameOutcome.DUPLICATE)
        self._gaze.may_follow = self._may_follow(frame)
        analysis = await analyze(
            self._owner.pipeline,
            frame,
            self._gate(frame),
            Urgency.PERSON if self._awake() else Urgency.IDLE,
            gaze=self._gaze,
        )
        if isinstance(analysis, FrameOutcome):
            return FrameResult(analysis)
        frame = replace(frame, jpeg=b"")  # tracks keep frames: their times count, not their images
        if not self._gaze.followed:
            self._searched_s = frame.arrived_s
        tracks = self._tracker.follow(analysis.faces, frame)
        self._forget_gone()
        sightings = [
            await self._sighting(track, face, frame)
            for track, face in zip(tracks, analysis.faces, strict=True)
        ]
        for sighting in sightings:
            metrics.FACES.labels(sighting.state.value).inc()
        outcome = FrameOutcome.USABLE if sightings else FrameOutcome.NO_FACE
        wait_s = self._next_frame_s(sightings, frame)
        return FrameResult(outcome, tuple(sightings), analysis.timings, wait_s)

    def _next_frame_s(self, sightings: Sequence[Sighting], frame: Frame) -> float:
        """Returns when the next frame of people should come; an empty view gives way to theirs."""
        awake = self._awake()
        if not awake:
            return 0.0
        done = {FaceState.RECOGNISED, FaceState.UNUSABLE}
        return self._owner.admission.next_frame_s(
            self,
            frame.arrived_s,
            faces=sum(one.state not in done and one.track in awake for one in sightings),
            fps_max=self._owner.fps_max,
            put_off_s_max=WALK_UP_PUT_OFF_S_MAX,
        )

    def _resting(self) -> list[Track]:
        """Returns the tracks without an event that rest; see Track.rest_s."""
        return [one for one in self._tracker.resting() if one.number not in self._recorded]

    def _awake(self) -> frozenset[int]:
        """Returns the tracks that do not rest."""
        return self._tracker.numbers.difference(one.number for one in self._resting())

    def _may_follow(self, frame: Frame) -> bool:
        """Whether all in view have their events, none is missed, and others were looked for."""
        numbers = self._tracker.numbers
        settled = numbers <= self._recorded.keys() and len(numbers) == len(self._gaze.boxes)
        return settled and frame.arrived_s - self._searched_s < FOLLOWED_S_MAX

    def _gate(self, frame: Frame) -> Gate:
        """Lets good faces through, but those that were checked just now and need it no more.

        They have their answer, or rest.
        """
        good, now_s = usable(RECOGNITION), frame.arrived_s
        answered = self._tracker.boxes(self._recorded, checked_since_s=now_s - RECHECK_S)
        resting = [one for one in self._resting() if now_s - one.checked_s < one.rest_s]
        return lambda face: (
            good(face)
            and all(face.box.overlap(box) < ANSWERED_OVERLAP_MIN for box in answered)
            and not any(one.is_still(face) for one in resting)
        )

    async def _sighting(self, track: Track, face: Face, frame: Frame) -> Sighting:
        if face.embedding is None:
            return self._unseen(track, face, frame)
        decision = await identify(
            self._owner.gallery, self._owner.thresholds, face.embedding, self.site.site_id
        )
        known = self._recorded.get(track.number)
        other = known is not None and decision.nip not in {"", known.event.nip}
        if other or track.is_other_person(face, self._owner.thresholds.continuity):
            track.begin_anew(frame)
            self._recorded.pop(track.number, None)
        track.observe(face, decision)
        known = self._recorded.get(track.number)
        if known is not None:
            return Sighting(track.number, face.box, FaceState.RECOGNISED, recorded=known)
        state = track.judge()
        winner = track.winner()
        if state is FaceState.RECOGNISED and winner is not None:
            try:
                known = await finish(self._record(track, winner, frame))
            except CheckInRefused as reused:
                await self._suspect(track, winner, frame, reused.refusal.value)
                return Sighting(track.number, face.box, FaceState.SPOOF_SUSPECTED)
            if known is None:
                return Sighting(track.number, face.box, FaceState.NOT_RECOGNISED)
            return Sighting(track.number, face.box, state, recorded=known)
        if state is FaceState.SPOOF_SUSPECTED:
            await self._suspect(track, winner, frame, state.value)
        return Sighting(track.number, face.box, state)

    def _unseen(self, track: Track, face: Face, frame: Frame) -> Sighting:
        """Returns the answer for a face that was not embedded: not good enough, or not needed."""
        outcome = judge(face.measures, RECOGNITION)
        if outcome is not FrameOutcome.USABLE:
            track.interrupt()
            return Sighting(track.number, face.box, FaceState.UNUSABLE, outcome)
        track.pass_over(frame)
        known = self._recorded.get(track.number)
        state = track.judge()
        if known is not None:
            state = FaceState.RECOGNISED
        elif state is FaceState.RECOGNISED:
            state = FaceState.LOOK_AGAIN  # only what was compared just now is recorded
        return Sighting(track.number, face.box, state, recorded=known)

    async def _record(self, track: Track, winner: Decision, frame: Frame) -> Recorded | None:
        """Stores the event; None for an employee who left the service since the first vote."""
        try:
            employee = await self._owner.active_employee(winner.nip)
            event = self._event(track, winner, frame, employee)
            since_s = frame.arrived_s - FRESH_S
            frames = [digest for digest, came_s in self._digests.items() if came_s >= since_s]
            recorded = await self._owner.event_log.record_sighting(event, self._zone, frames)
        except (EmployeeInactive, EmployeeUnknown):
            return None
        self._recorded[track.number] = recorded
        return recorded

    def _event(self, track: Track, winner: Decision, frame: Frame, employee: Employee) -> Event:
        event_time, device_time = track.began(frame)
        return Event(
            event_id=str(ULID()),
            nip=employee.nip,
            display_name=employee.display_name,
            unit_id=employee.unit_id,
            kind=EventKind.IN,  # decided with the day's events, in the same transaction
            source=EventSource.KIOSK,
            event_time=event_time,
            device_time=device_time,
            clock_disputed=self._clock_disputed or abs(device_time - event_time) > CLOCK_SKEW_MAX,
            site_id=self.site.site_id,
            distance_m=0.0,
            device_id=self._principal.device_id,
            scores=Scores(
                winner.similarity,
                winner.threshold,
                winner.margin,
                track.relief,
                track.passive_score,
            ),
            create_time=self._owner.clock.now(),
            frame_digest=frame.digest,
        )

    async def _suspect(
        self, track: Track, winner: Decision | None, frame: Frame, reason: str
    ) -> None:
        """Keeps a suspected spoof, once a track, which begins anew."""
        known = track.suspected
        refusal = Refusal(
            device_id=self._principal.device_id,
            reason=reason,
            refuse_time=self._owner.clock.now(),
            nip=winner.nip if winner else "",
            similarity=winner.similarity if winner else None,
            relief=track.relief,
            passive=track.passive_score,
        )
        track.suspect(frame)
        if not known:
            await self._owner.event_log.refuse(refusal)

    def _is_repeated(self, frame: Frame) -> bool:
        repeated = frame.digest in self._digests
        self._digests[frame.digest] = frame.arrived_s
        if len(self._digests) > DIGESTS_KEPT:
            del self._digests[next(iter(self._digests))]
        return repeated

    def _forget_gone(self) -> None:
        """Drops what is kept for tracks that the tracker gave up."""
        alive = self._tracker.numbers
        self._recorded = {key: kept for key, kept in self._recorded.items() if key in alive}
