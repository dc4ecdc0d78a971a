"""Between messages of the API and records of the domain, both ways. The place for `Any`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from hadir.v1 import (
    device_admin_pb2,
    device_pb2,
    directory_pb2,
    enrollment_pb2,
    event_pb2,
    frame_pb2,
    options_pb2,
    session_pb2,
)

from server.domain import geo
from server.domain.face import BoundingBox
from server.domain.model import (
    AccountChange,
    BindingChange,
    Consent,
    Device,
    DeviceKind,
    Employee,
    Event,
    EventKind,
    Location,
    Principal,
    Role,
    Site,
    StaffAccount,
    Unit,
)
from server.domain.quality import FrameOutcome
from server.errors import FieldInvalid
from server.services.devices import IssuedCode
from server.storage.enrollments import Enrollment
from server.storage.pages import token_of
from server.vision.pipeline import Timings

T = TypeVar("T")


def stamp(moment: datetime | None) -> Timestamp | None:
    """Returns a timestamp; None stays None."""
    if moment is None:
        return None
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def time(message: Timestamp) -> datetime:
    """Returns an aware UTC time. Raises FieldInvalid outside the years 1 to 9999."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise FieldInvalid("a time is out of range", field="time") from None


def optional_time(message: Any, field: str) -> datetime | None:
    """Returns a time, None where the field is unset."""
    return time(getattr(message, field)) if message.HasField(field) else None


def page(items: list[T], limit: int, key: Callable[[T], str]) -> tuple[list[T], str]:
    """Returns a page and its next token, of one item more than a page holds."""
    if len(items) <= limit:
        return items, ""
    return items[:limit], token_of(key(items[limit - 1]))


def role(number: int) -> Role:
    """Returns a role. Raises FieldInvalid for an unknown number."""
    try:
        return Role(options_pb2.Role.Name(number).removeprefix("ROLE_"))
    except ValueError:
        raise FieldInvalid("the role is unknown", field="role") from None


def device_kind(number: int) -> DeviceKind | None:
    """Returns a kind of device, None for unspecified. Raises FieldInvalid."""
    if number == device_pb2.DEVICE_KIND_UNSPECIFIED:
        return None
    try:
        name = device_pb2.DeviceKind.Name(number)
    except ValueError:
        raise FieldInvalid("the kind is unknown", field="kind") from None
    return DeviceKind(name.removeprefix("DEVICE_KIND_"))


def event_kind(number: int) -> EventKind:
    """Returns a kind of event. Raises FieldInvalid."""
    try:
        return EventKind(event_pb2.EventKind.Name(number).removeprefix("EVENT_KIND_"))
    except ValueError:
        raise FieldInvalid("the kind is unknown", field="kind") from None


def location(message: event_pb2.Location) -> Location:
    """Returns a location, unchecked."""
    return Location(message.latitude, message.longitude, message.accuracy_m, message.mock)


def session(principal: Principal, token: str = "") -> session_pb2.Session:
    """Returns a session; the token only where it is opened."""
    return session_pb2.Session(
        token=token,
        expire_time=stamp(principal.expire_time),
        role=f"ROLE_{principal.role.value}",
        device_id=principal.device_id,
        username=principal.username,
        first_password=principal.first_password,
    )


def device(record: Device) -> device_pb2.Device:
    """Returns a device, without its key."""
    return device_pb2.Device(
        device_id=record.device_id,
        kind=f"DEVICE_KIND_{record.kind.value}",
        state=f"DEVICE_STATE_{record.state.value}",
        nip=record.nip,
        display_name=record.display_name,
        site_id=record.site_id,
        model=record.model,
        activate_time=stamp(record.activate_time),
        revoke_time=stamp(record.revoke_time),
        revoke_reason=record.revoke_reason,
        revoke_actor=record.revoke_actor,
    )


def activation_code(issued: IssuedCode) -> device_admin_pb2.ActivationCode:
    """Returns an activation code, the only time it is shown."""
    return device_admin_pb2.ActivationCode(code=issued.code, expire_time=stamp(issued.expire_time))


def binding_change(change: BindingChange) -> device_admin_pb2.BindingChange:
    """Returns an entry of the history of phones."""
    return device_admin_pb2.BindingChange(
        action=f"BINDING_ACTION_{change.action.value}",
        change_time=stamp(change.change_time),
        device_id=change.device_id,
        actor=change.actor,
        reason=change.reason,
    )


def event(record: Event, *, nip: str | None = None) -> event_pb2.Event:
    """Returns an event; `nip` replaces the number where it must be masked."""
    scores = event_pb2.Scores(
        similarity=record.scores.similarity,
        threshold=record.scores.threshold,
        margin=record.scores.margin,
        relief=record.scores.relief,
        passive=record.scores.passive,
    )
    return event_pb2.Event(
        event_id=record.event_id,
        nip=record.nip if nip is None else nip,
        display_name=record.display_name,
        unit_id=record.unit_id,
        kind=f"EVENT_KIND_{record.kind.value}",
        source=f"EVENT_SOURCE_{record.source.value}",
        event_time=stamp(record.event_time),
        device_time=stamp(record.device_time),
        clock_disputed=record.clock_disputed,
        site_id=record.site_id,
        distance_m=record.distance_m,
        device_id=record.device_id,
        scores=scores,
        create_time=stamp(record.create_time),
        voided=record.voided,
    )


def unit(record: Unit) -> directory_pb2.Unit:
    """Returns a unit."""
    return directory_pb2.Unit(
        unit_id=record.unit_id,
        display_name=record.display_name,
        parent_unit_id=record.parent_unit_id,
        site_id=record.site_id,
        head_nip=record.head_nip,
    )


def unit_record(message: directory_pb2.Unit) -> Unit:
    """Returns the unit of a message, unchecked."""
    return Unit(
        message.unit_id,
        message.display_name,
        message.parent_unit_id,
        message.site_id,
        message.head_nip,
    )


def site(record: Site) -> directory_pb2.Site:
    """Returns a site."""
    message = directory_pb2.Site(
        site_id=record.site_id, display_name=record.display_name, time_zone=record.time_zone
    )
    fence = record.geofence
    if isinstance(fence, geo.Circle):
        message.circle.center.latitude, message.circle.center.longitude = fence.center
        message.circle.radius_m = fence.radius_m
    else:
        for latitude, longitude in fence.corners:
            message.polygon.corners.add(latitude=latitude, longitude=longitude)
    return message


def site_record(message: directory_pb2.Site) -> Site:
    """Returns the site of a message, unchecked; no fence becomes a polygon without corners."""
    fence: geo.Geofence
    if message.HasField("circle"):
        center = message.circle.center
        fence = geo.Circle((center.latitude, center.longitude), message.circle.radius_m)
    else:
        fence = geo.Polygon(
            tuple((corner.latitude, corner.longitude) for corner in message.polygon.corners)
        )
    return Site(message.site_id, message.display_name, message.time_zone, fence)


def employee(record: Employee) -> directory_pb2.Employee:
    """Returns an employee."""
    return directory_pb2.Employee(
        nip=record.nip,
        display_name=record.display_name,
        unit_id=record.unit_id,
        site_id=record.site_id,
        state=f"EMPLOYEE_STATE_{record.state.value}",
        enrolled=record.enrolled,
        phone_bound=record.phone_bound,
        update_time=stamp(record.update_time),
    )


def account(record: StaffAccount) -> directory_pb2.StaffAccount:
    """Returns a staff account, without its password."""
    return directory_pb2.StaffAccount(
        username=record.username,
        role=f"ROLE_{record.role.value}",
        nip=record.nip,
        close_time=stamp(record.close_time),
    )


def account_change(record: AccountChange) -> directory_pb2.AccountChange:
    """Returns an entry of the log of staff accounts."""
    return directory_pb2.AccountChange(
        username=record.username,
        role=f"ROLE_{record.role.value}" if record.role else None,
        nip=record.nip,
        action=f"ACCOUNT_ACTION_{record.action.value}",
        actor=record.actor,
        actor_nip=record.actor_nip,
        change_time=stamp(record.change_time),
    )


def consent(message: enrollment_pb2.Consent) -> Consent:
    """Returns the record of a notice."""
    return Consent(message.notice_version, time(message.confirm_time))


def enrollment(record: Enrollment) -> enrollment_pb2.Enrollment:
    """Returns what is stored of a face, without the face."""
    return enrollment_pb2.Enrollment(
        nip=record.nip,
        template_count=record.template_count,
        model_version=record.model_version,
        create_time=stamp(record.create_time),
        actor=record.actor,
        consent=enrollment_pb2.Consent(
            notice_version=record.consent.notice_version,
            confirmed=True,
            confirm_time=stamp(record.consent.confirm_time),
        ),
    )


def outcome(value: FrameOutcome) -> str:
    """Returns the API's name of what became of a frame."""
    return f"FRAME_OUTCOME_{value.value}"


def box(value: BoundingBox) -> frame_pb2.Box:
    """Returns where a face is."""
    return frame_pb2.Box(x=value.left, y=value.top, width=value.width, height=value.height)


def timings(value: Timings) -> frame_pb2.FrameTimings:
    """Returns what a frame cost."""
    return frame_pb2.FrameTimings(
        queue_ms=value.queue_ms,
        decode_ms=value.decode_ms,
        detect_ms=value.detect_ms,
        embed_ms=value.embed_ms,
        batch=value.batch,
    )
