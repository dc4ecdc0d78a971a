"""Required fields: read from the API's descriptors, found at any depth."""

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hadir.v1 import (
    checkin_pb2,
    device_admin_pb2,
    device_pb2,
    directory_pb2,
    enrollment_pb2,
    event_pb2,
    kiosk_pb2,
    session_pb2,
)

from server.errors import FieldRequired
from server.rpc.required import check_required

NOW = Timestamp(seconds=1_795_478_400)
OPEN = checkin_pb2.OpenCheckIn(
    request_id="r", kind=1, location=event_pb2.Location(latitude=0), device_time=NOW
)


def without(message: Message, *fields: str) -> Message:
    """Returns a copy that lacks fields."""
    copy = type(message)()
    copy.CopyFrom(message)
    for field in fields:
        copy.ClearField(field)
    return copy


def missing(message: Message) -> str:
    """Returns the field that is reported, empty if none is."""
    try:
        check_required(message)
    except FieldRequired as error:
        return error.metadata["field"]
    return ""


def site(**geofence: Message) -> directory_pb2.PutSiteRequest:
    """Returns a request that is complete but for its geofence."""
    return directory_pb2.PutSiteRequest(
        site=directory_pb2.Site(
            site_id="kantor", display_name="Kantor", time_zone="Asia/Jayapura", **geofence
        )
    )


class TestKinds:
    """Texts, bytes, enums, numbers, messages, lists."""

    @pytest.mark.parametrize("field", ["request_id", "kind", "location", "device_time"])
    def test_each_field_alone(self, field: str) -> None:
        """Named in the error."""
        assert field == missing(without(OPEN, field))

    def test_what_is_complete_passes(self) -> None:
        """With default values inside of messages that are set: 0 degrees is a place."""
        assert missing(OPEN) == ""

    @pytest.mark.parametrize(
        ("message", "field"),
        [
            (checkin_pb2.SealCheckIn(signature=b""), "signature"),
            (device_pb2.ActivateDeviceRequest(activation_code="c", signature=b"s"), "public_key"),
            (directory_pb2.Circle(center=directory_pb2.LatLng()), "radius_m"),
            (directory_pb2.Polygon(), "corners"),
            (session_pb2.OpenStaffSessionRequest(username="", password="p"), "username"),
            (device_admin_pb2.RebindDeviceRequest(nip="n"), "reason"),
        ],
    )
    def test_empty_is_missing(self, message: Message, field: str) -> None:
        """Empty bytes, 0, an empty list, an empty text."""
        assert field == missing(message)

    def test_the_first_one_is_named(self) -> None:
        """In the order of the API."""
        assert missing(checkin_pb2.OpenCheckIn()) == "request_id"

    @pytest.mark.parametrize(
        "message",
        [
            directory_pb2.ListUnitsRequest(),
            event_pb2.ListOwnEventsRequest(),
            directory_pb2.OpenImport(dry_run=False),
        ],
    )
    def test_messages_without_required_fields_pass_empty(self, message: Message) -> None:
        """A bool that is false is a value."""
        assert missing(message) == ""


class TestDepth:
    """Messages inside of messages."""

    def test_finds_fields_of_nested_messages(self) -> None:
        """Two levels down."""
        assert missing(directory_pb2.PutSiteRequest()) == "site"
        assert missing(site(circle=directory_pb2.Circle(radius_m=5))) == "center"
        assert missing(site(polygon=directory_pb2.Polygon())) == "corners"
        assert missing(site(circle=directory_pb2.Circle(center={}, radius_m=50))) == ""

    def test_an_unset_branch_is_not_looked_at(self) -> None:
        """A oneof asks for one of its messages, not for all."""
        assert missing(checkin_pb2.CheckInRequest(open=OPEN)) == ""
        assert missing(kiosk_pb2.IdentifyRequest()) == ""

    def test_messages_of_a_stream_are_checked_alike(self) -> None:
        """By the branch that is set."""
        opened = enrollment_pb2.OpenEnrollment(
            nip="n", consent=enrollment_pb2.Consent(notice_version="1")
        )

        assert missing(enrollment_pb2.EnrollRequest(open=opened)) == "confirm_time"
        assert missing(checkin_pb2.CheckInRequest(frame={"frame_number": 1})) == "capture_time"
