"""hadirctl against a fake server on a real socket: employees, faces, devices, events."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from google.rpc import code_pb2
from hadir.v1 import device_admin_pb2 as admin
from hadir.v1 import device_pb2, enrollment_pb2, event_pb2, frame_pb2
from hadir.v1 import directory_pb2 as directory

from server.ctl import camera, enrolling
from server.ctl.errors import CtlError
from server.ctl.images import is_acceptable, read_jpeg
from server.ctl.inputs import read_moment
from tests.unit.ctl_world import (  # noqa: F401
    CODE,
    GOOD,
    MORNING,
    NEEDED,
    NIP,
    NO_FACE,
    TWIN,
    WIT,
    Hadirctl,
    World,
    ctl,
    image,
    pages,
    pictures,
    shared,
    stamp,
    world,
)

if TYPE_CHECKING:
    from pathlib import Path


class TestEmployees:
    """Import, list, show."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        """Return a CSV file of several chunks."""
        file = tmp_path / "simpeg.csv"
        file.write_text("nip,name,unit_id,site_id,state\n" + f"{NIP},Siti,biro,,\n" * 20_000)
        return file

    def test_an_import_arrives_in_chunks(self, world: World, ctl: Hadirctl, file: Path) -> None:
        """The file arrives whole, in chunks, after the opening message."""
        answer = directory.ImportEmployeesResponse(row_count=7, created_count=1, stored=True)
        world.answers["ImportEmployees"] = answer

        result = ctl("employee", "import", str(file))

        assert result.exit_code == 0
        opening, *chunks = world.asked["ImportEmployees"]
        assert opening.WhichOneof("message") == "open"
        assert len(chunks) > 1
        assert b"".join(it.chunk for it in chunks) == file.read_bytes()
        assert "7 baris: 1 baru" in result.stdout

    @pytest.mark.parametrize(("dry_run", "grave", "code"), [(0, 1, 1), (1, 1, 1), (1, 0, 0)])
    def test_problems_are_listed_by_line(
        self, world: World, ctl: Hadirctl, file: Path, *, dry_run: int, grave: int, code: int
    ) -> None:
        """Problems are shown; the exit code says whether the file could be stored."""
        answer = directory.ImportEmployeesResponse(problem_count=1200)
        answer.problems.add(line=7, severity=1 + grave, reason="NIP_FORM", text="Bentuk NIP.")
        world.answers["ImportEmployees"] = answer

        result = ctl("employee", "import", str(file), *["--dry-run"] * dry_run)

        assert result.exit_code == code
        row = next(line for line in result.stdout.splitlines() if "NIP_FORM" in line)
        severity = "kesalahan" if grave else "peringatan"
        assert row.split() == ["7", severity, "NIP_FORM", "Bentuk", "NIP."]
        assert "Hanya 1 masalah pertama" in result.stderr

    def test_a_refused_import_is_an_error(self, world: World, ctl: Hadirctl, file: Path) -> None:
        """What the server says of the file is shown, and the command fails."""
        world.refuse("ImportEmployees", code_pb2.INVALID_ARGUMENT, "CSV_INVALID", "CSV rusak.")

        result = ctl("employee", "import", str(file))

        assert result.exit_code == 1
        assert "CSV rusak. (CSV_INVALID)\n→ Kolom: nip" in result.stderr

    def test_all_pages_are_listed(self, world: World, ctl: Hadirctl) -> None:
        """Without a limit every page is fetched; with one the rest is mentioned."""
        known = [directory.Employee(nip=f"{NIP[:-1]}{digit}") for digit in range(3)]
        answer = pages(directory.ListEmployeesResponse, "employees", known)
        world.answers["ListEmployees"] = answer

        everyone = ctl.json("employee", "list", "--unit", "biro")
        some = ctl("employee", "list", "--limit", "2")

        assert [it["nip"] for it in everyone] == [it.nip for it in known]
        assert "2 baris." in some.stderr
        assert "--limit" in some.stderr

    def test_times_are_shown_in_the_chosen_zone(self, world: World, ctl: Hadirctl) -> None:
        """07:28 in Sofifi is 05:28 in Jakarta."""
        world.answers["GetEmployee"] = directory.Employee(nip=NIP, update_time=stamp(MORNING))

        shown = ctl("employee", "show", NIP, "--zone", "Asia/Jakarta").stdout

        assert "2022-02-07 05:28:14 WIB" in shown


class TestEnroll:
    """Enrolment streams."""

    CONSENT = ("--notice-version", "2022-02", "--consent-confirmed")

    def test_files_are_sent_while_they_help(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Frames go one by one, numbered, as baseline JPEG; then the commit."""
        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert result.exit_code == 0
        opening, *frames, commit = world.asked["Enroll"]
        assert opening.open.consent.notice_version == "2022-02"
        assert opening.open.consent.confirmed
        assert [it.frame.frame_number for it in frames] == [1, 2, 3, 4]
        assert all(is_acceptable(it.frame.jpeg) for it in frames)
        assert commit.WhichOneof("message") == "commit"
        assert "2  1.png  USABLE  2/3  Bagus" in result.stderr
        assert "terdaftar dengan 4 templat" in result.stderr

    def test_too_few_good_images_store_nothing(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Without enough good images there is no commit, and it is said what to do."""
        world.outcomes += [GOOD, *[NO_FACE] * 4]
        files = [str(file) for file in sorted(pictures.glob("*.[jp]*g"))]

        result = ctl("enroll", NIP, "--images", *files, *self.CONSENT)

        assert result.exit_code == 1
        assert "5  4.jpg  NO_FACE  1/3  Lihat ke kamera" in result.stderr
        assert "Hanya 1 dari 3 gambar diterima; tidak ada yang disimpan." in result.stderr
        assert world.asked["Enroll"][-1].WhichOneof("message") == "frame"

    @pytest.mark.parametrize(
        ("outcome", "hint"),
        [
            (frame_pb2.FRAME_OUTCOME_DIFFERENT_PERSON, "Periksa apakah NIP"),
            (frame_pb2.FRAME_OUTCOME_LOOKS_LIKE_ANOTHER, "Periksa NIP dan orangnya. Kembar?"),
        ],
    )
    def test_another_persons_face_is_not_a_lack_of_images(
        self,
        world: World,
        ctl: Hadirctl,
        pictures: Path,
        outcome: frame_pb2.FrameOutcome,
        hint: str,
    ) -> None:
        """Where the face is somebody else's, the person is to be checked; a twin is named."""
        world.outcomes += [outcome] * 5

        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert f"(TOO_FEW_FRAMES)\n→ {hint}" in result.stderr
        resembles = outcome == frame_pb2.FRAME_OUTCOME_LOOKS_LIKE_ANOTHER
        assert resembles is (f"({TWIN})" in result.stderr)

    def test_a_busy_server_gets_the_frame_again(
        self, world: World, ctl: Hadirctl, pictures: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """JSON has the outcome of every frame; one that was not looked at is sent again."""
        monkeypatch.setattr(enrolling, "BUSY_WAIT_S", 0.01)
        world.outcomes += [frame_pb2.FRAME_OUTCOME_OVERLOADED] * 2

        answer = ctl.json("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        sources = [frame["source"] for frame in answer["frames"]]
        assert sources == ["0.jpg", "0.jpg", "0.jpg", "1.png", "2.jpg", "3.png"]
        assert answer["frames"][0]["outcome"] == "OVERLOADED"
        assert answer["enrollment"]["template_count"] == 4

    def test_the_servers_refusal_is_shown(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """An error that ends the stream is read, with its reason."""
        world.refuse("Enroll", code_pb2.NOT_FOUND, "EMPLOYEE_UNKNOWN", "Tidak dikenal.")

        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT)

        assert result.exit_code == 1
        assert "Tidak dikenal. (EMPLOYEE_UNKNOWN)" in result.stderr

    def test_a_twin_is_named_with_a_reason(
        self, world: World, ctl: Hadirctl, pictures: Path
    ) -> None:
        """Whom the face resembles goes with the opening; neither half goes alone."""
        twin = ("--resembles", TWIN, "--reason", "kembar, KTP dibandingkan")

        result = ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT, *twin)
        asked = list(world.asked.pop("Enroll"))
        halves = [
            ctl("enroll", NIP, "--images", str(pictures), *self.CONSENT, *half)
            for half in (twin[:2], twin[2:])
        ]

        assert result.exit_code == 0
        expected = enrollment_pb2.Resemblance(nip=TWIN, reason="kembar, KTP dibandingkan")
        assert asked[0].open.resemblance == expected
        assert [1, 1] == [half.exit_code for half in halves]
        assert "Enroll" not in world.asked

    def test_a_camera_is_released_when_it_is_enough(
        self, world: World, ctl: Hadirctl, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """At a camera the enrolment ends with the last image that is needed."""
        used: list[object] = []

        def open_camera(number: int) -> SimpleNamespace:
            used.append(number)
            return SimpleNamespace(
                isOpened=lambda: True,
                grab=lambda: True,
                read=lambda: (True, image(1)),
                release=lambda: used.append("released"),
            )

        monkeypatch.setattr(cv2, "VideoCapture", open_camera)
        monkeypatch.setattr(camera, "INTERVAL_S", 0.01)

        assert ctl("enroll", NIP, "--camera", "2", *self.CONSENT).exit_code == 0
        assert used == [2, "released"]
        assert len(world.asked["Enroll"]) == 1 + NEEDED + 1

    def test_status_and_proof_of_erasure(self, world: World, ctl: Hadirctl) -> None:
        """What is stored is shown, and what was erased is proved."""
        world.answers["GetEnrollment"] = enrollment_pb2.Enrollment(model_version="sface-2021dec")
        proof = enrollment_pb2.EraseEnrollmentResponse(erased_digest=b"\xab\xcd")
        world.answers["EraseEnrollment"] = proof

        assert "sface-2021dec" in ctl("enroll-status", NIP).stdout
        assert "abcd" in ctl("enroll-erase", NIP, "--reason", "pensiun").stdout
        expected = enrollment_pb2.EraseEnrollmentRequest(nip=NIP, reason="pensiun")
        assert world.asked["EraseEnrollment"] == [expected]


class TestImages:
    """What is sent of an image file."""

    @pytest.mark.parametrize(
        ("name", "size", "options"),
        [
            ("fits.jpg", (96, 96), []),
            ("progressive.jpg", (96, 96), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
            ("wide.png", (200, 2000), []),
            ("noisy.png", (1000, 1000), [cv2.IMWRITE_PNG_COMPRESSION, 0]),
        ],
    )
    def test_every_image_becomes_a_fitting_jpeg(
        self, tmp_path: Path, name: str, size: tuple[int, int], options: list[int]
    ) -> None:
        """A baseline JPEG within the limits stays as it is, everything else is converted."""
        file = tmp_path / name
        cv2.imwrite(str(file), image(1, size), options)
        content = file.read_bytes()

        jpeg = read_jpeg(file)

        assert is_acceptable(jpeg)
        assert (jpeg == content) is (name == "fits.jpg") is is_acceptable(content)

    def test_a_phones_rotation_is_applied(self, tmp_path: Path) -> None:
        """An image that EXIF turns by 90 degrees arrives upright."""
        plain = cv2.imencode(".jpg", np.zeros((80, 120, 3), np.uint8))[1].tobytes()
        turned = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
        file = tmp_path / "phone.jpg"
        file.write_bytes(plain[:2] + b"\xff\xe1\0" + bytes([len(turned) + 2]) + turned + plain[2:])

        decoded = cv2.imdecode(np.frombuffer(read_jpeg(file), np.uint8), cv2.IMREAD_COLOR)

        assert decoded is not None
        assert decoded.shape[:2] == (120, 80)

    @pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xc0\x00"])
    def test_what_is_no_image_is_refused(self, tmp_path: Path, content: bytes) -> None:
        """A file that cannot be read as an image is an error, not a frame."""
        file = tmp_path / "a.jpg"
        file.write_bytes(content)

        with pytest.raises(CtlError) as caught:
            read_jpeg(file)

        assert caught.value.reason == "IMAGE_UNUSABLE"


class TestDevices:
    """Phones and kiosks."""

    def test_codes_for_phones_and_kiosks(self, world: World, ctl: Hadirctl) -> None:
        """A code is issued for an employee, or for a site."""
        world.answers["IssueActivationCode"] = CODE

        assert CODE.code in ctl("device", "activate-code", NIP).stdout
        assert CODE.code in ctl("kiosk", "activate-code", "kg").stdout
        phone, kiosk = world.asked["IssueActivationCode"]
        assert (phone.nip, kiosk.site_id) == (NIP, "kg")

    def test_rebinding(self, world: World, ctl: Hadirctl) -> None:
        """The old phone is named and the new code shown; programs get both."""
        rebind = ("device", "rebind", NIP, "--reason", "telepon hilang")
        old = device_pb2.Device(device_id="old-phone")
        world.answers["RebindDevice"] = admin.RebindDeviceResponse(
            revoked_device=old, activation_code=CODE
        )

        result, answer = ctl(*rebind), ctl.json(*rebind)

        assert "old-phone" in result.stderr
        assert CODE.code in result.stdout
        expected = admin.RebindDeviceRequest(nip=NIP, reason="telepon hilang")
        assert world.asked["RebindDevice"] == [expected, expected]
        assert answer["revoked_device"]["device_id"] == "old-phone"
        assert answer["activation_code"]["code"] == CODE.code

    def test_revoking(self, world: World, ctl: Hadirctl) -> None:
        """The reason goes along."""
        world.answers["RevokeDevice"] = device_pb2.Device(device_id="device-1")

        result = ctl("device", "revoke", "device-1", "--reason", "rusak")

        assert result.stdout == "Perangkat device-1 dicabut.\n"
        expected = admin.RevokeDeviceRequest(device_id="device-1", reason="rusak")
        assert world.asked["RevokeDevice"] == [expected]

    def test_lists(self, world: World, ctl: Hadirctl) -> None:
        """All pages of devices; kiosks are devices of that kind."""
        known = [
            device_pb2.Device(device_id=f"device-{it}", activate_time=stamp(MORNING))
            for it in range(3)
        ]
        world.answers["ListDevices"] = pages(admin.ListDevicesResponse, "devices", known)

        listed = ctl.json("device", "list")
        kiosks = ctl("kiosk", "list", "--active", "--limit", "1")

        assert [it["device_id"] for it in listed] == ["device-0", "device-1", "device-2"]
        assert "2022-02-07 07:28:14 WIT" in kiosks.stdout
        expected = admin.ListDevicesRequest(kind="DEVICE_KIND_KIOSK", active_only=True, page_size=1)
        assert world.asked["ListDevices"][-1] == expected

    def test_history(self, world: World, ctl: Hadirctl) -> None:
        """Each change has its action and reason."""
        answer = admin.ListBindingHistoryResponse()
        answer.changes.add(action="BINDING_ACTION_REVOKED", reason="telepon hilang")
        world.answers["ListBindingHistory"] = answer

        shown = ctl("device", "history", NIP).stdout

        assert "perangkat dicabut" in shown
        assert "telepon hilang" in shown


class TestEvents:
    """Attendance of a unit."""

    def test_events_are_shown_in_local_time(self, world: World, ctl: Hadirctl) -> None:
        """Time, direction, source and scores of each event are shown."""
        event = event_pb2.Event(
            kind="EVENT_KIND_IN",
            source="EVENT_SOURCE_KIOSK",
            event_time=stamp(MORNING),
            clock_disputed=True,
            scores=event_pb2.Scores(similarity=0.61, threshold=0.4),
        )
        world.answers["ListUnitEvents"] = event_pb2.ListEventsResponse(events=[event])

        shown = ctl("events", "biro", "--from", "2022-02-07", "--to", "2022-02-07").stdout

        for part in ("2022-02-07 07:28:14 WIT", "MASUK", "kios", "0.610 ≥ 0.400", "diragukan"):
            assert part in shown
        (request,) = world.asked["ListUnitEvents"]
        assert request.start_time == stamp(datetime(2022, 2, 7, tzinfo=WIT))
        assert request.end_time == stamp(datetime(2022, 2, 8, tzinfo=WIT))

    def test_unset_bounds_stay_unset(self, world: World, ctl: Hadirctl) -> None:
        """Without bounds the request has none; nothing found is said."""
        result = ctl("events", "biro")

        (request,) = world.asked["ListUnitEvents"]
        assert request == event_pb2.ListUnitEventsRequest(unit_id="biro", page_size=200)
        assert (result.exit_code, result.stderr) == (0, "Tidak ada data.\n")

    @pytest.mark.parametrize(
        ("value", "first", "end"),
        [
            ("today", datetime(2022, 2, 8, tzinfo=WIT), datetime(2022, 2, 9, tzinfo=WIT)),
            ("kemarin", datetime(2022, 2, 7, tzinfo=WIT), datetime(2022, 2, 8, tzinfo=WIT)),
            ("2022-02-07T07:28:14", MORNING, MORNING),
            ("2022-02-06T22:28:14Z", MORNING, MORNING),
        ],
    )
    def test_moments(self, value: str, first: datetime, end: datetime) -> None:
        """Days are those of the zone: at 15:30 UTC it is already tomorrow in Sofifi."""
        now = datetime(2022, 2, 7, 15, 30, tzinfo=UTC)

        assert read_moment(value, WIT, now) == stamp(first)
        assert read_moment(value, WIT, now, end=True) == stamp(end)
