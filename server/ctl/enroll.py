"""Commands of enrolment: enroll, enroll-status, enroll-erase."""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from hadir.v1 import directory_pb2, enrollment_pb2
from hadir.v1.directory_pb2_grpc import DirectoryServiceStub
from hadir.v1.enrollment_pb2_grpc import EnrollmentServiceStub

from server.ctl.context import Ctl, ctl_of
from server.ctl.enrolling import Enrolling
from server.ctl.errors import CtlError
from server.ctl.help import Nip, examples
from server.ctl.images import file_shots, list_images, opencv_needed
from server.ctl.render import Columns, as_data
from server.ctl.texts import Text

STATUS_COLUMNS: Columns[enrollment_pb2.Enrollment] = {
    Text.NIP: lambda enrolment: enrolment.nip,
    Text.TEMPLATES: lambda it: it.template_count,
    Text.MODEL_VERSION: lambda it: it.model_version,
    Text.TIME: lambda enrolment: enrolment.create_time,
    Text.ACTOR: lambda enrolment: enrolment.actor,
    Text.NOTICE: lambda it: it.consent.notice_version,
    Text.CONSENT_TIME: lambda it: it.consent.confirm_time,
}
PROOF_COLUMNS: Columns[enrollment_pb2.EraseEnrollmentResponse] = {
    Text.ERASED_TEMPLATES: lambda it: it.template_count,
    Text.ERASED_IMAGES: lambda it: it.image_count,
    Text.DIGEST: lambda it: it.erased_digest.hex(),
    Text.TIME: lambda proof: proof.erase_time,
}


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command(
        epilog=examples(
            "hadirctl enroll 197001011995031001 --images faces/siti/ "
            "--notice-version 2022-02 --consent-confirmed",
            "hadirctl enroll 197001011995031001 --images siti-*.png "
            "--notice-version 2022-02 --consent-confirmed",
            "hadirctl enroll 197001011995031001 --camera 0 "
            "--notice-version 2022-02 --consent-confirmed",
            "hadirctl enroll 197001011995031001 --images faces/siti/ --notice-version 2022-02 "
            "--consent-confirmed --resembles 197001011995031002 "
            "--reason 'twin sister, both identity cards compared'",
            note="At least 3 good, different images of one face are needed. Nothing is stored "
            "before enough were accepted. PNG and other images are converted to JPEG. A face that "
            "looks like another employee's is refused and that employee named: mostly the NIP is "
            "wrong. If they are two persons, enrol the second too, with --resembles: kiosks then "
            "tell them apart or send both to their phones; until then they know one of them alone.",
        )
    )(enroll)
    app.command(epilog=examples("hadirctl enroll-status 197001011995031001"))(enroll_status)
    app.command(
        epilog=examples("hadirctl enroll-erase 197001011995031001 --reason 'pensiun 1 Maret'")
    )(enroll_erase)


def enroll(
    context: typer.Context,
    nip: Nip,
    more_images: Annotated[
        list[Path] | None, typer.Argument(metavar="FILES", exists=True, show_default=False)
    ] = None,
    *,
    images: Annotated[
        list[Path] | None,
        typer.Option(exists=True, show_default=False, help="Folder or file; several may follow."),
    ] = None,
    camera: Annotated[int | None, typer.Option(min=0, help="Number of a camera here.")] = None,
    notice_version: Annotated[
        str, typer.Option(help="Version of the notice that the employee was given.")
    ],
    consent_confirmed: Annotated[
        bool, typer.Option("--consent-confirmed", help="The employee has confirmed the notice.")
    ] = False,
    resembles: Annotated[
        str | None,
        typer.Option(
            metavar="NIP",
            show_default=False,
            help="Another enrolled employee with such a face, a twin perhaps; needs --reason.",
        ),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            show_default=False,
            help="How you made sure that they are two persons, 3 to 500 characters; logged.",
        ),
    ] = None,
) -> None:
    """Enrol an employee's face, in the employee's presence; replaces an earlier enrolment."""
    paths = [*(images or ()), *(more_images or ())]
    consent = enrollment_pb2.Consent(notice_version=notice_version, confirmed=consent_confirmed)
    consent.confirm_time.GetCurrentTime()
    resemblance = None
    if resembles or reason:
        resemblance = enrollment_pb2.Resemblance(nip=resembles, reason=reason)
    opening = enrollment_pb2.OpenEnrollment(nip=nip, consent=consent, resemblance=resemblance)
    ctl_of(context).run(partial(_enroll, opening=opening, paths=paths, camera=camera))


def enroll_status(context: typer.Context, nip: Nip) -> None:
    """Show what is stored of an employee's face, without the face."""
    ctl_of(context).run(partial(_status, nip=nip))


def enroll_erase(
    context: typer.Context,
    nip: Nip,
    *,
    reason: Annotated[str, typer.Option(help="Why, 3 to 500 characters; kept.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase an employee's templates and images for good and show the proof."""
    ctl = ctl_of(context)
    # A wrong digit must not erase another person: the question names who it is.
    name = ctl.run(partial(_name, nip=nip))
    ctl.confirm(Text.ASK_ERASE, yes=yes, nip=nip, name=name)
    ctl.run(partial(_erase, nip=nip, reason=reason))


async def _enroll(
    ctl: Ctl,
    *,
    opening: enrollment_pb2.OpenEnrollment,
    paths: Sequence[Path],
    camera: int | None,
) -> None:
    if not opening.consent.confirmed:
        raise CtlError(Text.CONSENT_MISSING, reason="CONSENT_REQUIRED", hint=Text.DO_CONFIRM)
    if bool(paths) is (camera is not None):
        raise CtlError(Text.ONE_SOURCE, reason="SOURCE_REQUIRED")
    if bool(opening.resemblance.nip) is not bool(opening.resemblance.reason):
        raise CtlError(Text.RESEMBLANCE_PAIR, reason="REASON_REQUIRED")
    shots = file_shots(list_images(paths)) if camera is None else _camera_shots(camera)
    async with ctl.service(EnrollmentServiceStub) as (stub, options):
        enrolling = Enrolling(stub.Enroll(metadata=options["metadata"]), ctl.screen)
        # A person at a camera may go as soon as it is enough; files are used while they help.
        enough = await enrolling.send(opening, shots, at_most_needed=camera is not None)
        enrolment = await enrolling.commit() if enough else None
    _show_enrolment(ctl, enrolling, enrolment)


def _show_enrolment(
    ctl: Ctl, enrolling: Enrolling, enrolment: enrollment_pb2.Enrollment | None
) -> None:
    if ctl.screen.as_json:
        stored = None if enrolment is None else as_data(enrolment)
        ctl.screen.data({"frames": enrolling.frames, "enrollment": stored})
    if enrolment is None:
        raise CtlError(
            Text.TOO_FEW_IMAGES,
            reason="TOO_FEW_FRAMES",
            hint=enrolling.hint,
            accepted=enrolling.progress.accepted_count,
            needed=enrolling.progress.needed_count,
        )
    ctl.screen.note(
        Text.ENROLL_DONE, style="bold green", nip=enrolment.nip, count=enrolment.template_count
    )


def _camera_shots(number: int) -> AsyncGenerator[tuple[str, bytes], None]:
    with opencv_needed():
        from server.ctl.camera import camera_shots
    return camera_shots(number)


async def _status(ctl: Ctl, *, nip: str) -> None:
    request = enrollment_pb2.GetEnrollmentRequest(nip=nip)
    async with ctl.service(EnrollmentServiceStub) as (stub, options):
        enrolment: enrollment_pb2.Enrollment = await stub.GetEnrollment(request, **options)
    ctl.screen.record(enrolment, STATUS_COLUMNS)


async def _name(ctl: Ctl, *, nip: str) -> str:
    async with ctl.service(DirectoryServiceStub) as (stub, options):
        request = directory_pb2.GetEmployeeRequest(nip=nip)
        employee: directory_pb2.Employee = await stub.GetEmployee(request, **options)
    return employee.display_name


async def _erase(ctl: Ctl, *, nip: str, reason: str) -> None:
    erase = enrollment_pb2.EraseEnrollmentRequest(nip=nip, reason=reason)
    async with ctl.service(EnrollmentServiceStub) as (stub, options):
        proof: enrollment_pb2.EraseEnrollmentResponse = await stub.EraseEnrollment(erase, **options)
    ctl.screen.note(Text.ENROLL_ERASED, nip=nip)
    ctl.screen.record(proof, PROOF_COLUMNS)
