"""The kiosk's words: what the screen says for a face and for the connection, in two languages.

Says "recorded" for an event that the server has stored and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hadir.v1 import event_pb2, kiosk_pb2

if TYPE_CHECKING:
    from kiosk_client.updates import Offline, Online

CLOCK_OFFSET_S_MAX: Final = 300.0
NAME_CHARS_MAX: Final = 60
TEXT_CHARS_MAX: Final = 240
_NIP_DIGITS: Final = 18
_NIP_SHOWN: Final = 4
_DASH: Final = "\N{EN DASH}"

_TEXTS: Final = {
    "offline": (
        f"TIDAK TERHUBUNG {_DASH} absensi belum tercatat",
        f"NOT CONNECTED {_DASH} attendance is not recorded",
    ),
    "retry": ("Mencoba lagi dalam {:.0f} detik.", "Trying again in {:.0f} seconds."),
    "online": ("Terhubung: {}", "Connected: {}"),
    "connecting": ("Menghubungkan ke server …", "Connecting to the server …"),
    "ended": (
        f"KIOSK BERHENTI {_DASH} absensi tidak tercatat",
        f"KIOSK STOPPED {_DASH} nothing is recorded",
    ),
    "camera": ("KAMERA TIDAK ADA GAMBAR", "CAMERA GIVES NO IMAGE"),
    "clock": (
        "Jam kiosk berbeda {:.0f} menit dari server; perbaiki jam kiosk.",
        "The kiosk's clock is {:.0f} minutes off the server's; set it right.",
    ),
    "welcome": ("Silakan lihat ke kamera.", "Please look at the camera."),
    "in": ("MASUK", "IN"),
    "out": ("PULANG", "OUT"),
    "recorded": ("tercatat", "recorded"),
    "already": ("sudah tercatat sebelumnya", "was recorded before"),
    "unusable": ("BELUM JELAS", "NOT CLEAR YET"),
    "look": ("LIHAT KE KAMERA", "LOOK AT THE CAMERA"),
    "turn": ("TOLEH SEDIKIT", "TURN YOUR HEAD A LITTLE"),
    "unknown": (
        f"TIDAK DIKENALI {_DASH} absensi belum tercatat",
        f"NOT RECOGNISED {_DASH} not recorded",
    ),
    "spoof": ("TAMPILKAN WAJAH ASLI", "SHOW YOUR REAL FACE"),
}
_STATES: Final = {
    kiosk_pb2.FACE_STATE_UNUSABLE: ("unusable", "yellow"),
    kiosk_pb2.FACE_STATE_LOOK_AGAIN: ("look", "cyan"),
    kiosk_pb2.FACE_STATE_TURN_HEAD: ("turn", "cyan"),
    kiosk_pb2.FACE_STATE_NOT_RECOGNISED: ("unknown", "yellow"),
    kiosk_pb2.FACE_STATE_SPOOF_SUSPECTED: ("spoof", "red"),
}


@dataclass(frozen=True, slots=True)
class FaceView:
    """One face as it is shown."""

    track_number: int
    title: str
    detail: str
    style: str
    recorded: bool = False


@dataclass(slots=True)
class Wording:
    """The screen's own words in one language, with times of the site once it is known."""

    language: str = "id"
    _zone: tzinfo | None = None

    def text(self, name: str, *values: object) -> str:
        """Return a text, with its values."""
        indonesian, english = _TEXTS[name]
        return (english if self.language.startswith("en") else indonesian).format(*values)

    def face(self, face: kiosk_pb2.FaceResult) -> FaceView:
        """Describe a face; a state that this kiosk does not know asks for another look."""
        stored = face.state == kiosk_pb2.FACE_STATE_RECOGNISED and bool(face.event.event_id)
        if stored:
            return self._stored(face)
        name, style = _STATES.get(face.state, ("look", "cyan"))
        return FaceView(
            face.track_number,
            self.text(name),
            printable(face.text, chars_max=TEXT_CHARS_MAX),
            style,
        )

    def _stored(self, face: kiosk_pb2.FaceResult) -> FaceView:
        event = face.event
        kind = {event_pb2.EVENT_KIND_IN: "in", event_pb2.EVENT_KIND_OUT: "out"}.get(event.kind)
        moment = event.event_time.ToDatetime(tzinfo=UTC).astimezone(self._zone)
        at = moment.strftime("%H:%M:%S")
        said = self.text("already" if face.already_recorded else "recorded")
        title = f"{self.text(kind)} {at}" if kind else at
        detail = f"{printable(event.display_name)}\n{masked_nip(event.nip)}\n{said}"
        return FaceView(face.track_number, title, detail, "green", recorded=True)

    def offline(self, update: Offline) -> str:
        """Describe a broken connection in one line."""
        retry = self.text("retry", max(1.0, update.retry_in_s))
        return f"{self.text('offline')}. {printable(update.text, chars_max=TEXT_CHARS_MAX)} {retry}"

    def online(self, update: Online) -> str:
        """Describe an open stream in one line; from here on times are those of its site."""
        self._zone = _zone(update.time_zone)
        line = self.text("online", printable(update.site_name))
        if abs(update.clock_offset_s) <= CLOCK_OFFSET_S_MAX:
            return line
        return f"{line}. {self.text('clock', abs(update.clock_offset_s) / 60)}"


def _zone(name: str) -> tzinfo | None:
    """Return a time zone; None, which is this machine's, for a name that is not known here."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def masked_nip(nip: str) -> str:
    """Return the NIP as it came; a whole one, which no server should send, is masked here."""
    nip = printable(nip)
    if len(nip) == _NIP_DIGITS and nip.isdigit():
        return nip[:_NIP_SHOWN] + "*" * (_NIP_DIGITS - 2 * _NIP_SHOWN) + nip[-_NIP_SHOWN:]
    return nip


def printable(text: str, *, chars_max: int = NAME_CHARS_MAX) -> str:
    """Return text without control characters, which would move a terminal's cursor."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return clean if len(clean) <= chars_max else clean[: chars_max - 1] + "…"
