"""What a person in front of the kiosk sees, and the images a kiosk takes."""

from __future__ import annotations

import io
import threading
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import simplejpeg
from hadir.v1 import event_pb2, kiosk_pb2
from rich.console import Console

from kiosk_client.camera import JPEG_BYTES_MAX, SourceError, encode, open_source
from kiosk_client.screen import HOLD_S, LineScreen, PanelScreen
from kiosk_client.updates import Answer, CameraTrouble, Ended, Offline, Online, Update
from kiosk_client.wording import masked_nip, printable

if TYPE_CHECKING:
    from pathlib import Path

NIP = "19900101********1001"
FAST = 200.0


def recognised(*, already: bool = False, track: int = 1) -> kiosk_pb2.FaceResult:
    """Return a recognised face with its stored event."""
    event = event_pb2.Event(
        event_id="01EVENT", nip=NIP, display_name="Siti", kind=event_pb2.EVENT_KIND_IN
    )
    event.event_time.FromSeconds(1_700_000_000)
    return kiosk_pb2.FaceResult(
        track_number=track,
        state=kiosk_pb2.FACE_STATE_RECOGNISED,
        event=event,
        already_recorded=already,
    )


class TestWords:
    """Nobody reads "recorded" unless the server has stored the event."""

    def test_a_stored_event(self) -> None:
        """Kind, time, name, masked NIP."""
        lines = shown(answer(recognised()), language="id")

        (line,) = lines
        assert "MASUK" in line
        assert f"Siti · {NIP} · tercatat" in line

    def test_an_event_of_an_earlier_sighting(self) -> None:
        """It says so."""
        assert "sudah tercatat sebelumnya" in shown(answer(recognised(already=True)))[0]
        english = shown(answer(recognised(already=True)), language="en")[0]
        assert "was recorded before" in english

    @pytest.mark.parametrize("state", kiosk_pb2.FaceState.values())
    def test_without_an_event_nothing_is_recorded(self, state: kiosk_pb2.FaceState) -> None:
        """Whatever state the face is in."""
        face = kiosk_pb2.FaceResult(track_number=1, state=state, text="Lihat ke kamera")
        (line,) = shown(answer(face))

        assert "tercatat" not in line.replace("belum tercatat", "")

    def test_one_line_for_each_change(self) -> None:
        """The same face in the same state is said once."""
        look = kiosk_pb2.FaceResult(track_number=1, state=kiosk_pb2.FACE_STATE_LOOK_AGAIN)
        updates = [answer(look), answer(look), answer(recognised()), answer(recognised())]

        assert len(shown(*updates)) == 2

    def test_the_connection(self) -> None:
        """Offline is plain; the waiting time alone makes no new line."""
        lines = shown(
            Online("Jalan 40", 0.0),
            Offline("Server tidak menjawab.", 1.0),
            Offline("Server tidak menjawab.", 2.0),
            Online("Jalan 40", 600.0),
            CameraTrouble("Kamera 0"),
            Ended("Dicabut."),
        )

        assert len(lines) == 5
        assert "Terhubung: Jalan 40" in lines[0]
        assert "TIDAK TERHUBUNG" in lines[1]
        assert "belum tercatat" in lines[1]
        assert "10 menit" in lines[2]
        assert "KIOSK BERHENTI" in lines[4]

    def test_texts_cannot_move_the_cursor(self) -> None:
        """Names come from imports."""
        assert printable("a\x1b[2Jb\n") == "a [2Jb "
        assert masked_nip("199001012015011001") == "1990**********1001"
        assert masked_nip(NIP) == NIP


class TestPanels:
    """The display shows what the lines say."""

    def test_a_recorded_face_stays_readable_for_a_moment(self) -> None:
        """And goes away afterwards."""
        now = [0.0]
        screen = PanelScreen(clock=lambda: now[0])
        screen.show(Online("Jalan 40", 0.0))
        assert "Silakan" in drawn(screen)

        screen.show(answer(recognised()))
        screen.show(answer())
        assert "Siti" in drawn(screen)
        assert "Jalan 40" in drawn(screen)

        now[0] = HOLD_S + 1
        assert "Siti" not in drawn(screen)

    def test_offline_hides_every_face(self) -> None:
        """An old "recorded" would be read as the next person's."""
        screen = PanelScreen()
        screen.show(answer(recognised()))
        screen.show(Offline("Server tidak menjawab.", 3.0))

        text = drawn(screen)
        assert "TIDAK TERHUBUNG" in text
        assert "Siti" not in text
        screen.show(Online("Jalan 40", 0.0))
        assert "TIDAK TERHUBUNG" not in drawn(screen)
        assert "Siti" not in drawn(screen)

    def test_a_missing_camera_stays_on_the_screen(self) -> None:
        """Also while the connection comes and goes; the first answer clears it."""
        screen = PanelScreen("en")
        for update in (CameraTrouble("Camera 0"), Offline("Silent.", 1.0), Online("Jalan 40", 0.0)):
            screen.show(update)
        assert "CAMERA GIVES NO IMAGE" in drawn(screen)

        screen.show(answer())
        assert "NO IMAGE" not in drawn(screen)

    def test_markup_in_names_is_text(self) -> None:
        """Rich would hide it otherwise."""
        face = recognised()
        face.event.display_name = "[red]Siti[/red]"
        screen = PanelScreen()
        screen.show(answer(face))

        assert "[red]Siti[/red]" in drawn(screen)


def answer(*faces: kiosk_pb2.FaceResult) -> Answer:
    """Return an update with faces."""
    return Answer(kiosk_pb2.FrameResult(frame_number=1, faces=faces))


def shown(*updates: Update, language: str = "id") -> list[str]:
    """Return the lines that updates make."""
    lines: list[str] = []
    with LineScreen(language, write=lines.append) as screen:
        for update in updates:
            screen.show(update)
    return lines


def drawn(screen: PanelScreen) -> str:
    """Return the panels as text."""
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(screen.render())
    return console.export_text()


def picture(path: Path, *, width: int = 320, height: int = 240, grey: int = 90) -> None:
    """Write an image."""
    cv2.imwrite(str(path), np.full((height, width, 3), grey, dtype=np.uint8))


class TestSources:
    """Every source gives baseline JPEGs in the size that the server takes."""

    def test_a_folder_in_the_order_of_names(self, tmp_path: Path) -> None:
        """PNG or JPEG; other files are not images."""
        for name, grey in (("b.png", 200), ("a.jpg", 50)):
            picture(tmp_path / name, grey=grey)
        (tmp_path / "c.txt").write_text("no image")
        source = open_source(f"dir:{tmp_path}", frames_per_second=FAST)

        shots = [source.read(), source.read()]

        assert source.read() is None
        greys = [simplejpeg.decode_jpeg(shot.jpeg).mean() for shot in shots if shot]
        assert greys == pytest.approx([50, 200], abs=2)
        assert all(abs(shot.capture_time_ms - time.time() * 1000) < 5000 for shot in shots if shot)

    def test_a_folder_again_and_again(self, tmp_path: Path) -> None:
        """With --loop."""
        picture(tmp_path / "a.jpg")
        source = open_source(f"dir:{tmp_path}", frames_per_second=FAST, loop=True)

        assert all(source.read() is not None for _ in range(3))

    def test_images_come_when_they_are_due(self, tmp_path: Path) -> None:
        """Not faster than asked for."""
        picture(tmp_path / "a.jpg")
        source = open_source(f"dir:{tmp_path}", frames_per_second=50, loop=True)
        start_s = time.monotonic()
        for _ in range(6):
            source.read()

        assert time.monotonic() - start_s >= 0.1

    def test_a_video_file(self, tmp_path: Path) -> None:
        """Images between the ones that are due are skipped."""
        path = tmp_path / "film.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 100.0, (320, 240))
        for grey in range(0, 200, 20):
            writer.write(np.full((240, 320, 3), grey, dtype=np.uint8))
        writer.release()
        source = open_source(f"file:{path}", frames_per_second=50)

        greys = []
        while (shot := source.read()) is not None:
            greys.append(float(simplejpeg.decode_jpeg(shot.jpeg).mean()))

        assert greys == pytest.approx([0, 40, 80, 120, 160], abs=6)

    def test_closing_ends_a_read_that_waits(self, tmp_path: Path) -> None:
        """So the kiosk stops when it is told to."""
        picture(tmp_path / "a.jpg")
        source = open_source(f"dir:{tmp_path}", frames_per_second=0.01, loop=True)
        source.read()
        threading.Timer(0.05, source.close).start()
        start_s = time.monotonic()

        assert source.read() is None
        assert time.monotonic() - start_s < 50

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("webcam", "camera:0"),
            ("camera:x", "camera:0"),
            ("dir:/missing", "does not exist"),
            ("file:/missing.mp4", "cannot be opened"),
            ("camera:97", "Kamera 97"),
        ],
    )
    def test_trouble_says_what_to_do(self, text: str, part: str) -> None:
        """Before the kiosk starts, or while it waits for the camera."""
        with pytest.raises(SourceError, match=part):
            open_source(text, frames_per_second=5)

    def test_large_and_noisy_images_are_made_to_fit(self) -> None:
        """At most 1,280 pixels a side and the bytes that the server takes, always baseline."""
        noise = np.random.default_rng(1).integers(0, 255, (1500, 1000, 3), dtype=np.uint8)
        jpeg = encode(noise)

        height, width, *_ = simplejpeg.decode_jpeg_header(jpeg)
        assert (height, width) == (1280, 853)
        assert len(jpeg) <= JPEG_BYTES_MAX
        assert b"\xff\xc0" in jpeg
        assert b"\xff\xc2" not in jpeg[:1000]

    def test_small_images_are_made_to_fit(self) -> None:
        """At least 64 pixels a side."""
        header = simplejpeg.decode_jpeg_header(encode(np.zeros((20, 30, 3), dtype=np.uint8)))

        assert header[:2] == (64, 64)
