"""Enrolment of faces, attended by BKD: good, different frames of one person, and of nobody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import cv2
import numpy as np
import structlog

from server.clock import Clock
from server.domain.face import Face, Image, Vector
from server.domain.frame import Frame
from server.domain.match import mean_template, similarity
from server.domain.model import Consent, Employee, Principal
from server.domain.nip import mask
from server.domain.quality import ENROLMENT, FrameOutcome
from server.errors import (
    ConsentRequired,
    DataInvalid,
    EmployeeUnknown,
    FieldInvalid,
    LooksLikeAnother,
    NothingEnrolled,
    TooFewFrames,
)
from server.gallery.gallery import Gallery
from server.gallery.snapshot import Person
from server.services.devices import assert_not_own, checked_reason
from server.services.finish import finish
from server.services.rules import FOUNDER
from server.services.thresholds import Thresholds
from server.services.usable import Look, look_at_one
from server.storage import directory, enrollment_changes, enrollments
from server.storage.database import Connection, Database
from server.storage.enrollment_changes import EnrollmentChange
from server.storage.enrollments import Enrollment, Erasure
from server.storage.vault import Vault
from server.vision.pipeline import Pipeline

FRAMES_NEEDED = 3
FRAMES_KEPT_MAX = 8
NOTICE_LENGTH_MAX = 60
# Frames more alike than this add nothing; the next picture of a video is above 0.98.
ALIKE_MIN = 0.97

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Another enrolled employee with such a face, and how it was made sure that they are two."""

    nip: str
    reason: str


@dataclass(slots=True)
class EnrollmentSession:
    """One enrolment in progress: nothing of it is stored before the commit.

    resemblance: the one employee whom the face may look like. resembled_nip: whom the last frame
    looked like that was refused for it.
    """

    principal: Principal
    nip: str
    consent: Consent
    resemblance: Resemblance | None = None
    resembled_nip: str = ""
    faces: list[Face] = field(default_factory=list, repr=False)

    @property
    def vectors(self) -> Vector:
        """The accepted embeddings, n x d."""
        return np.stack([face.embedding for face in self.faces if face.embedding is not None])


class Enrollments:
    """Enrols, shows and erases faces, and keeps the gallery as the storage is.

    `ended` is called after a face was erased.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        pipeline: Pipeline,
        gallery: Gallery,
        thresholds: Thresholds,
        *,
        clock: Clock,
        ended: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._ended = ended
        self._vault = vault
        self._pipeline = pipeline
        self._gallery = gallery
        self._thresholds = thresholds
        self._clock = clock
        # Storage and gallery change in the same order.
        self._changing = asyncio.Lock()
        # Whose stored face cannot be read: nobody recognises them until they are enrolled again.
        self.unreadable: set[str] = set()

    @property
    def gallery_size(self) -> int:
        """How many people can be recognised."""
        return self._gallery.snapshot.size

    async def open(
        self,
        principal: Principal,
        nip: str,
        consent: Consent,
        *,
        confirmed: bool,
        resemblance: Resemblance | None = None,
    ) -> EnrollmentSession:
        """Begins an enrolment.

        Raises OwnNip, ConsentRequired, EmployeeUnknown, EmployeeInactive, and of a resemblance
        ReasonRequired, FieldInvalid, NothingEnrolled.
        """
        assert_not_own(principal, nip)
        if not confirmed:
            raise ConsentRequired("the employee has not confirmed the notice")
        if not 0 < len(consent.notice_version) <= NOTICE_LENGTH_MAX:
            raise FieldInvalid("notice_version is too long", field="notice_version")
        async with self._database.read() as connection:
            await directory.active_employee(connection, nip)
        if resemblance is not None:
            resemblance = self._checked(resemblance, nip)
        return EnrollmentSession(principal, nip, consent, resemblance)

    async def observe(self, session: EnrollmentSession, frame: Frame) -> Look:
        """Looks at a frame and keeps its face if it is good, new and the same person's."""
        look = await look_at_one(self._pipeline, frame, ENROLMENT)
        if look.outcome is not FrameOutcome.USABLE or look.face is None:
            return look
        assert look.face.embedding is not None, "a usable face passed the gate"
        outcome = await self._fits(session, look.face.embedding)
        if outcome is FrameOutcome.USABLE and len(session.faces) < FRAMES_KEPT_MAX:
            session.faces.append(look.face)
        return look.with_outcome(outcome)

    async def commit(self, session: EnrollmentSession) -> Enrollment:
        """Stores the enrolment. Raises TooFewFrames, LooksLikeAnother."""
        if len(session.faces) < FRAMES_NEEDED:
            raise TooFewFrames(
                f"{len(session.faces)} good frames, needs {FRAMES_NEEDED}",
                accepted=len(session.faces),
                needed=FRAMES_NEEDED,
            )
        return await finish(self._commit(session))

    async def get(self, nip: str) -> Enrollment:
        """Returns what is stored. Raises EmployeeUnknown, NothingEnrolled."""
        async with self._database.read() as connection:
            if await directory.get_employee(connection, nip) is None:
                raise EmployeeUnknown("no such employee", nip=nip[:18])
            found = await enrollments.get(connection, nip)
        if found is None:
            raise NothingEnrolled("the employee has no enrolment", nip=nip)
        return found

    async def erase(self, principal: Principal, nip: str, reason: str) -> Erasure:
        """Erases an employee's face for good and returns the proof. Raises OwnNip."""
        assert_not_own(principal, nip)
        reason = checked_reason(reason)
        await self.get(nip)
        erasure = await finish(self._erase(principal.username, nip, reason))
        if erasure is None:
            raise NothingEnrolled("the employee has no enrolment", nip=nip)
        return erasure

    async def erase_left(self, days: int) -> int:
        """Erases the faces of who was recorded as out of service so many days ago, with proof.

        Returns how many.
        """
        before = self._clock.now() - timedelta(days=days)
        async with self._database.read() as connection:
            nips = await enrollments.of_who_left(connection, before)
        reason = f"{days} hari setelah berhenti"
        erased = [
            await finish(self._erase(FOUNDER, nip, reason, left_before=before)) for nip in nips
        ]
        return sum(erasure is not None for erasure in erased)

    def _checked(self, resemblance: Resemblance, nip: str) -> Resemblance:
        if resemblance.nip == nip:
            raise FieldInvalid("nobody resembles himself", field="resemblance.nip")
        if self._gallery.person(resemblance.nip) is None:
            raise NothingEnrolled("who is resembled is not enrolled", nip=resemblance.nip[:18])
        return replace(resemblance, reason=checked_reason(resemblance.reason))

    async def load_gallery(self) -> int:
        """Builds the gallery from storage. Returns how many people can be recognised.

        Who cannot be read is left out: one damaged row keeps nobody else from work. Raises
        DataInvalid if nobody can: that is another key file.
        """
        async with self._changing:
            self.unreadable.clear()
            await self._gallery.load([person async for person in self._people()])
        return self._gallery.snapshot.size

    async def warn_outdated(self) -> None:
        """Says how many enrolments another model made: nobody of them is recognised."""
        async with self._database.read() as connection:
            count = await enrollments.count_outdated(connection, self._pipeline.model_version)
        if count:
            log.warning("enrolments_outdated", count=count, do="hadir-server reembed")

    async def reembed(self) -> int:
        """Makes new templates from the stored crops where another model made them.

        Returns how many employees; run while no server uses the database.
        """
        async with self._database.read() as connection:
            old = await enrollments.outdated(connection, self._pipeline.model_version)
        for enrollment in old:
            await self._reembed_one(enrollment)
        return len(old)

    async def _reembed_one(self, old: Enrollment) -> None:
        async with self._database.read() as connection:
            images = await enrollments.images(connection, self._vault, old.nip)
        singles = await self._pipeline.embed([_unpacked(image) for image in images])
        new = replace(old, model_version=self._pipeline.model_version)
        # Of retired employees too: who comes back into service is recognised again.
        await self._database.write(lambda connection: self._put(connection, new, singles, images))

    async def _store(
        self,
        enrollment: Enrollment,
        singles: Vector,
        images: list[bytes],
        resemblance: Resemblance | None,
    ) -> Employee:
        """Stores an enrolment of an employee who is in service now, and returns the employee."""

        async def work(connection: Connection) -> Employee:
            employee = await directory.active_employee(connection, enrollment.nip)
            await self._log(connection, enrollment, singles, resemblance)
            await self._put(connection, enrollment, singles, images)
            return employee

        return await self._database.write(work)

    async def _log(
        self,
        connection: Connection,
        enrollment: Enrollment,
        singles: Vector,
        resemblance: Resemblance | None,
    ) -> None:
        """Keeps that a face takes the place of the earlier one, and how like it is."""
        nip = enrollment.nip
        earlier, mean = await enrollment_changes.earlier_face(
            connection, self._vault, nip, enrollment.model_version
        )
        await enrollment_changes.insert_change(
            connection,
            EnrollmentChange(
                nip,
                enrollment.actor,
                enrollment.actor_nip,
                enrollment.create_time,
                enrollment.template_count,
                earlier,
                None if mean is None else similarity(mean, mean_template(singles)),
                self._thresholds.verification,
                resembles=resemblance.nip if resemblance else "",
                reason=resemblance.reason if resemblance else "",
            ),
        )

    async def _put(
        self, connection: Connection, enrollment: Enrollment, singles: Vector, images: list[bytes]
    ) -> None:
        templates = enrollments.Templates(singles, mean_template(singles))
        face = enrollments.Face(enrollment, templates, images)
        await enrollments.put(connection, self._vault, [face])

    async def _fits(self, session: EnrollmentSession, probe: Vector) -> FrameOutcome:
        session.resembled_nip = await self._twin(session, probe)
        if session.resembled_nip:
            return FrameOutcome.LOOKS_LIKE_ANOTHER
        if not session.faces:
            return FrameOutcome.USABLE
        if similarity(probe, mean_template(session.vectors)) < self._thresholds.verification:
            return FrameOutcome.DIFFERENT_PERSON
        if float((session.vectors @ probe).max()) > ALIKE_MIN:
            return FrameOutcome.TOO_SIMILAR
        return FrameOutcome.USABLE

    async def _twin(self, session: EnrollmentSession, probe: Vector) -> str:
        """Returns the NIP of another enrolled employee with this face, empty if there is none.

        Whom the face is known to resemble is none: once both are enrolled the margin of a search
        keeps either from being taken for the other, and nothing does as long as one is missing.
        """
        threshold = self._thresholds.identification(self._gallery.snapshot.size)
        expected = {session.nip, session.resemblance.nip if session.resemblance else ""}
        for candidate in await self._gallery.search(probe, len(expected) + 1):
            if candidate.nip not in expected and candidate.similarity >= threshold:
                return candidate.nip
        return ""

    async def _commit(self, session: EnrollmentSession) -> Enrollment:
        singles = session.vectors
        mean = mean_template(singles)
        enrollment = Enrollment(
            nip=session.nip,
            template_count=len(singles),
            model_version=self._pipeline.model_version,
            consent=session.consent,
            actor=session.principal.username,
            create_time=self._clock.now(),
            actor_nip=session.principal.nip,
        )
        images = [_packed(face.crop) for face in session.faces]
        async with self._changing:
            if twin := await self._twin(session, mean):
                raise LooksLikeAnother("the face looks like another enrolled employee", nip=twin)
            employee = await self._store(enrollment, singles, images, session.resemblance)
            await self._gallery.put(Person(session.nip, employee.site_id, mean))
            self.unreadable.discard(session.nip)
        log.info("enrolled", actor=enrollment.actor, templates=len(singles))
        if session.resemblance is not None:
            log.warning("enrolled_with_resemblance", actor=enrollment.actor, nip=mask(session.nip))
        return enrollment

    async def _erase(
        self, actor: str, nip: str, reason: str, *, left_before: datetime | None = None
    ) -> Erasure | None:
        """Erases a face; None if there is none, or its owner came back since `left_before`."""

        async def work(connection: Connection) -> Erasure | None:
            if left_before is not None and not await enrollments.of_who_left(
                connection, left_before, nips=[nip]
            ):
                return None
            return await enrollments.erase(
                connection, nip, reason=reason, actor=actor, now=self._clock.now()
            )

        async with self._changing:
            erasure = await self._database.write(work, fold=True)
            if erasure is not None:
                await self._gallery.remove(nip)
                self.unreadable.discard(nip)
                log.info("enrolment_erased", actor=actor)
        await self._ended()
        return erasure

    async def _people(self) -> AsyncIterator[Person]:
        faults, readable = list[DataInvalid](), 0

        def skip(nip: str, template_id: str, fault: DataInvalid) -> None:
            self.unreadable.add(nip)
            faults.append(fault)
            log.error("enrolment_unreadable", template_id=template_id, do="enrol this person again")

        async with self._database.read() as connection:
            async for item in enrollments.stream_means(
                connection, self._vault, self._pipeline.model_version, skip=skip
            ):
                readable += 1
                yield Person(item.nip, item.site_id, item.vector)
        if faults and not readable:
            raise faults[0]


def _packed(crop: Image) -> bytes:
    """Returns a crop as PNG: no loss, for the models to come."""
    done, content = cv2.imencode(".png", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
    assert done
    return content.tobytes()


def _unpacked(content: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise DataInvalid("a stored crop is no image")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
