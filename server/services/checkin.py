"""Check-in on the employee's phone: place, challenge, face, liveness, seal, event.

`receive` is called for every frame as it arrives, `observe` for those there is time to look at.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import structlog
from ulid import ULID

from server import metrics
from server.clock import Clock
from server.domain import place
from server.domain.challenge import (
    SECONDS_MAX,
    SECONDS_MIN,
    Progress,
    Step,
    new_challenge,
)
from server.domain.face import Face, Vector
from server.domain.frame import Frame
from server.domain.model import (
    Device,
    Employee,
    Event,
    EventKind,
    EventSource,
    Location,
    Principal,
    Scores,
    Site,
)
from server.domain.quality import CHALLENGE, FrameOutcome
from server.domain.refusal import CheckInRefused, Refusal
from server.domain.seal import FrameChain, request_digest, seal_payload
from server.domain.timing import CLOCK_SKEW_MAX, FrameTiming, Moment
from server.domain.trail import BestFront, FaceTrail
from server.errors import (
    LocationInvalid,
    NotEnrolled,
    RequestIdInvalid,
    Unauthenticated,
)
from server.gallery.gallery import Gallery
from server.services.admission import AWAITED_FPS_MAX, CHECK_IN_FPS_MAX, Admission
from server.services.events import EventLog, Recorded, stored_event
from server.services.finish import finish
from server.services.keys import signature_fits
from server.services.refusals import check_refusals
from server.services.seen import SeenFrames
from server.services.thresholds import Thresholds
from server.services.usable import BACKGROUND_AREA_MAX, Look, look_at_one
from server.storage import devices, directory
from server.storage import events as event_rows
from server.storage.database import Database
from server.vision.detector import Gaze
from server.vision.pipeline import Pipeline, Timings

REUSED_FRAMES_MAX = 2
# A template that was loaded anew differs from itself by rounding at most.
_SAME_TEMPLATE = 1e-4
_ELSEWHERE = frozenset({Refusal.OUTSIDE_GEOFENCE, Refusal.MOCK_LOCATION})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CheckInRequest:
    """What a phone asks for; request_id is a UUID that the phone keeps for its retries."""

    request_id: str
    kind: EventKind
    location: Location
    device_time: datetime


@dataclass(frozen=True, slots=True)
class Guidance:
    """What became of a frame, and what to do now (None when all steps are done).

    next_frame_s: how long after this frame the next should be sent, in seconds; 0 for no wish.
    """

    look: Look
    steps_done: int
    step: Step | None
    next_frame_s: float = 0.0


class CheckIns:
    """Opens check-ins. place_waived: whether no geofence applies to an employee (NIP) now."""

    def __init__(
        self,
        database: Database,
        pipeline: Pipeline,
        gallery: Gallery,
        thresholds: Thresholds,
        event_log: EventLog,
        *,
        clock: Clock,
        accuracy_m_max: float,
        place_waived: Callable[[str], Awaitable[bool]],
        admission: Admission,
    ) -> None:
        self.pipeline = pipeline
        self.thresholds = thresholds
        self.event_log = event_log
        self.clock = clock
        self.seen = SeenFrames()
        self.admission = admission
        self._database = database
        self.gallery = gallery
        self._accuracy_m_max = accuracy_m_max
        self._place_waived = place_waived

    async def open(
        self, principal: Principal, request: CheckInRequest
    ) -> "CheckInSession | Recorded":
        """Returns a new session, or what the request id stands for already.

        Raises CheckInRefused (place), RequestIdInvalid, RequestIdReused, LocationInvalid,
        NotEnrolled, EmployeeInactive, TooManyRefusals.
        """
        _checked(request)
        content = request_digest(request.kind, request.location)
        async with self._database.read() as connection:
            stored = await stored_event(connection, principal.nip, request.request_id, content)
            if stored is not None:
                return Recorded(stored, replayed=True)
            await check_refusals(connection, principal.device_id, self.clock.now())
            employee = await directory.active_employee(connection, principal.nip)
            device = await devices.get_device(connection, principal.device_id)
            site = await directory.get_site(connection, employee.site_id)
        if device is None:
            raise Unauthenticated("no valid session")
        verdict = await self._judged(employee, site, request)
        if verdict.refusal is not None:
            if verdict.refusal in _ELSEWHERE:
                # Late by the way, not by the machine.
                self.admission.settle(principal.device_id)
            await self.event_log.refuse(
                event_rows.Refusal(
                    device_id=principal.device_id,
                    reason=verdict.refusal.value,
                    refuse_time=self.clock.now(),
                    nip=principal.nip,
                    distance_m=verdict.distance_m,
                )
            )
            raise CheckInRefused(verdict.refusal, distance_m=verdict.distance_m)
        person = self.gallery.person(employee.nip)
        if person is None:
            raise NotEnrolled("the employee must be enrolled first")
        return CheckInSession(
            self,
            employee,
            device,
            request,
            zone=_zone_of(site),
            template=person.mean,
            distance_m=verdict.distance_m,
        )

    async def zone_of(self, site_id: str) -> tzinfo:
        """Returns the time zone of a site, UTC where it is gone."""
        async with self._database.read() as connection:
            return _zone_of(await directory.get_site(connection, site_id))

    async def _judged(
        self, employee: Employee, site: Site | None, request: CheckInRequest
    ) -> place.PlaceVerdict:
        fence = site.geofence if site else None
        verdict = place.judge(request.location, fence, self._accuracy_m_max)
        if verdict.refusal is Refusal.OUTSIDE_GEOFENCE and await self._place_waived(employee.nip):
            return place.PlaceVerdict(None, verdict.distance_m)
        return verdict


class CheckInSession:
    """One check-in in progress. The challenge is valid in this session, once."""

    def __init__(
        self,
        owner: CheckIns,
        employee: Employee,
        device: Device,
        request: CheckInRequest,
        *,
        zone: tzinfo,
        template: Vector,
        distance_m: float,
    ) -> None:
        self.employee = employee
        self.device = device
        self.zone = zone
        self.distance_m = distance_m
        self.challenge = new_challenge()
        self.opened_time = owner.clock.now()
        comes = request.kind is EventKind.IN
        self._credit_s = owner.admission.credit_s(device.device_id) if comes else 0.0
        self._opened_s = owner.clock.monotonic()
        self._owner = owner
        self._request = request
        self._progress = Progress(self.challenge.steps)
        self._chain = FrameChain(self.challenge.nonce)
        self._timing = FrameTiming(self._opened_s)
        self._gaze = Gaze(counts_from=BACKGROUND_AREA_MAX)
        self._frozen = False
        self._looked_twice = False
        self.over = self._refused = False
        self._first: Frame | None = None
        self._put_off_s = 0.0
        self._last_number = 0
        self._reused = 0
        self._template = template
        self._trail = FaceTrail(
            template,
            verification=owner.thresholds.verification,
            continuity=owner.thresholds.continuity,
        )

    @property
    def expire_time(self) -> datetime:
        """When the challenge ends."""
        return self.opened_time + timedelta(seconds=SECONDS_MAX)

    @property
    def complete(self) -> bool:
        """Whether all steps are done."""
        return self._progress.step is None

    @property
    def doubted(self) -> bool:
        """Whether another face or an old image was shown: to be kept even if given up."""
        return self._trail.met_strangers or self._reused > 0

    def ask_first(self) -> float:
        """Returns how long from now the first frame should be sent, in seconds.

        A check-in is dated back by it: what the server asks for makes nobody late.
        """
        self._put_off_s = self._owner.admission.first_frame_s(self)
        return self._put_off_s

    def receive(self, frame: Frame) -> FrameOutcome | None:
        """Takes note of a frame as it arrives; the outcome if nobody need look at it."""
        if self._frozen:
            return FrameOutcome.SUPERSEDED
        if self._first is None:
            self._first = replace(frame, jpeg=b"")  # its times count, not its image
        self._chain.add(frame.number, frame.capture_time, frame.digest)
        self._last_number = frame.number
        self._timing.observe(Moment(frame.captured_s, frame.arrived_s))
        if self._owner.seen.was_seen(frame.digest):
            self._reused += 1
            return FrameOutcome.DUPLICATE
        return None

    async def observe(self, frame: Frame) -> Guidance:
        """Looks at a frame. Raises CheckInRefused as soon as the check-in cannot succeed."""
        self._check_time()
        look = await look_at_one(
            self._owner.pipeline,
            frame,
            CHALLENGE,
            wanted=self._to_compare,
            gaze=self._gaze,
            traced=True,
        )
        face = look.face
        if face is not None:
            # Only images of a face: two black ones are alike and no replay.
            self._owner.seen.remember(frame.digest)
        if face is not None and look.outcome is FrameOutcome.USABLE:
            self._follow(face, frame)
        elif look.outcome in {FrameOutcome.NO_FACE, FrameOutcome.SEVERAL_FACES}:
            self._trail.interrupt()
        if self._progress.failed:
            raise CheckInRefused(Refusal.CHALLENGE_MISMATCH)
        # A quick turn, or few frames from a slow network, hides relief: no reason yet to accuse.
        if self.complete and not self._looked_twice and not self._trail.has_relief:
            self._looked_twice = True
            self._progress.look_again()
        return replace(self.guidance(look), next_frame_s=self._next_frame_s(frame))

    def pass_over(self, outcome: FrameOutcome) -> Guidance:
        """Answers a frame that nobody looks at. Raises CheckInRefused when time or trust is up."""
        self._check_time()
        if self._reused >= REUSED_FRAMES_MAX:
            raise CheckInRefused(Refusal.FRAMES_REUSED)
        return self.guidance(Look(outcome, Timings()))

    def guidance(self, look: Look) -> Guidance:
        """Returns a look with where the challenge stands."""
        return Guidance(look, self._progress.done, self._progress.step)

    def freeze(self) -> int:
        """Ends the taking of frames. Returns the number of the last one that is sealed."""
        self._frozen = True
        return self._last_number

    async def seal(self, signature: bytes) -> Recorded:
        """Judges everything and records the event. Raises CheckInRefused, DeviceRevoked."""
        self._check_time()
        if not self._frozen or not self.complete or self._first is None:
            raise CheckInRefused(Refusal.SEAL_INVALID)
        self._check_seal(signature)  # first: what nobody signed proves nothing of a face
        self._check_frames()
        self._check_enrolment()
        best = self._trail.best
        assert best is not None, "a sealed check-in has matching fronts"
        event = self._event(self._first, best, signature)
        # Judged: who hangs up from here on gave nothing up, and gets the receipt with the next try.
        self.over = True
        return await finish(self._record(event))

    async def _record(self, event: Event) -> Recorded:
        """Stores the event or why it was refused, and does what must follow it."""
        content = request_digest(self._request.kind, self._request.location)
        device_id = self.device.device_id
        try:
            with self._owner.admission.excused(device_id, self._opened_s - self._credit_s):
                recorded = await self._owner.event_log.record_phone(
                    event, self._request.request_id, content, credited_s=self._credit_s
                )
        except CheckInRefused as refused:
            await self.refuse(refused.refusal)
            raise
        self._owner.admission.settle(device_id)
        metrics.CHECK_INS.labels("RECORDED").inc()
        return recorded

    async def leave(self, *, given_up: bool) -> None:
        """Keeps what ends without an answer; given_up: the phone left, not the server.

        Who tries faces and hangs up is counted like who waits for the answer, and who hangs up for
        another challenge like who fails one.
        """
        if self.over:
            return
        if self.doubted:
            await self.refuse(Refusal.FACE_MISMATCH)
        elif given_up:
            await self.refuse(Refusal.ABANDONED)

    async def refuse(self, refusal: Refusal) -> None:
        """Ends this session with a refusal that is kept, once."""
        if self._refused:
            return
        self._frozen = self.over = self._refused = True
        metrics.CHECK_INS.labels(refusal.value).inc()
        await self._owner.event_log.refuse(
            event_rows.Refusal(
                device_id=self.device.device_id,
                reason=refusal.value,
                refuse_time=self._owner.clock.now(),
                nip=self.employee.nip,
                similarity=self._trail.best.score if self._trail.best else None,
                relief=self._trail.relief,
                passive=self._trail.passive,
                distance_m=self.distance_m,
            )
        )

    def _next_frame_s(self, frame: Frame) -> float:
        if self.complete:
            return 0.0
        shown = self._progress.completes_next
        return self._owner.admission.next_frame_s(
            self,
            frame.arrived_s,
            faces=int(self._trail.compares_next or shown),
            fps_max=CHECK_IN_FPS_MAX if shown else AWAITED_FPS_MAX,
        )

    def _to_compare(self, face: Face) -> bool:
        """Whether a good face is compared: no step is completed by one that was not."""
        return self._trail.must_compare(face.box) or self._progress.completes(face.measures)

    def _follow(self, face: Face, frame: Frame) -> None:
        """Takes a good face into the challenge and the cues, if it is the employee's."""
        if face.embedding is None:
            self._trail.pass_over(face, frame.captured_s)
        else:
            front = Step.FRONT in self._progress.shows(face.measures)
            if not self._trail.follow(face, frame.captured_s, frame.digest, front=front):
                return
        self._progress.observe(face.measures)

    def _check_time(self) -> None:
        if self._owner.clock.monotonic() - self._opened_s > SECONDS_MAX:
            raise CheckInRefused(Refusal.CHALLENGE_EXPIRED)

    def _check_frames(self) -> None:
        if self._reused >= REUSED_FRAMES_MAX:
            raise CheckInRefused(Refusal.FRAMES_REUSED)
        quick = self._owner.clock.monotonic() - self._opened_s < SECONDS_MIN
        if self._timing.fault is not None or quick:
            raise CheckInRefused(Refusal.FRAME_TIMING)
        if not self._trail.matches:
            raise CheckInRefused(Refusal.FACE_MISMATCH)
        if not self._trail.is_live:
            raise CheckInRefused(Refusal.SPOOF_SUSPECTED)

    def _check_enrolment(self) -> None:
        """Raises NotEnrolled if the face was erased or replaced since the session began."""
        person = self._owner.gallery.person(self.employee.nip)
        if person is None or not np.allclose(person.mean, self._template, atol=_SAME_TEMPLATE):
            self.over = True  # ended by us: nothing that the person gave up
            raise NotEnrolled("the employee's face was erased or replaced meanwhile")

    def _check_seal(self, signature: bytes) -> None:
        payload = seal_payload(
            device_id=self.device.device_id,
            nip=self.employee.nip,
            request_id=self._request.request_id,
            kind=self._request.kind,
            nonce=self.challenge.nonce,
            location=self._request.location,
            chain_head=self._chain.head,
        )
        if not signature_fits(self.device.public_key, signature, payload):
            raise CheckInRefused(Refusal.SEAL_INVALID)

    def _event_time(self, first: Frame) -> datetime:
        """Returns the moment that counts: of the first frame; of coming, less what we made it late.

        Who was turned away and came back as told is not late because the machine was full, nor who
        sent the first frame later because we asked for it later. Leaving is dated back by nothing:
        that would make it early.
        """
        if self._request.kind is not EventKind.IN:
            return first.receive_time
        if self._credit_s:
            return self.opened_time - timedelta(seconds=self._credit_s)
        return max(self.opened_time, first.receive_time - timedelta(seconds=self._put_off_s))

    def _event(self, first: Frame, best: BestFront, signature: bytes) -> Event:
        skew = max(
            abs(self._request.device_time - self.opened_time),
            abs(first.capture_time - first.receive_time),
        )
        return Event(
            event_id=str(ULID()),
            nip=self.employee.nip,
            display_name=self.employee.display_name,
            unit_id=self.employee.unit_id,
            kind=self._request.kind,
            source=EventSource.PHONE,
            event_time=self._event_time(first),
            device_time=first.capture_time,
            clock_disputed=skew > CLOCK_SKEW_MAX,
            site_id=self.employee.site_id,
            distance_m=self.distance_m,
            device_id=self.device.device_id,
            scores=Scores(
                best.score,
                self._owner.thresholds.verification,
                0.0,
                self._trail.relief,
                self._trail.passive,
            ),
            create_time=self._owner.clock.now(),
            location=self._request.location,
            frame_digest=best.digest,
            fingerprint=best.fingerprint,
            seal=signature,
            nonce=self.challenge.nonce,
            chain_head=self._chain.head,
        )


def _zone_of(site: Site | None) -> tzinfo:
    return ZoneInfo(site.time_zone) if site else UTC


def _checked(request: CheckInRequest) -> None:
    try:
        canonical = str(UUID(request.request_id))
    except ValueError:
        canonical = ""
    if canonical != request.request_id:
        raise RequestIdInvalid("request_id is no UUID in lower case with hyphens")
    if not place.is_location(request.location):
        raise LocationInvalid("the location is not on the globe or has no accuracy")
