"""What the kiosk's parts tell each other: images taken, and what became of them.

Knows the API's answers and nothing of cameras, streams or screens.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hadir.v1 import kiosk_pb2


@dataclass(frozen=True, slots=True)
class Shot:
    """One camera image and when it was taken."""

    jpeg: bytes = field(repr=False)
    capture_time_ms: int


@dataclass(frozen=True, slots=True)
class Online:
    """The stream is open."""

    site_name: str
    # Server's clock less the kiosk's.
    clock_offset_s: float
    # IANA name; empty where the server does not say.
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The server's answer to a frame."""

    result: kiosk_pb2.FrameResult


@dataclass(frozen=True, slots=True)
class Offline:
    """There is no stream: nothing that happens now is recorded.

    planned: the server said so, or ended a stream without pictures: no trouble of the network.
    """

    text: str
    retry_in_s: float
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The kiosk cannot go on without somebody's help."""

    text: str


@dataclass(frozen=True, slots=True)
class CameraTrouble:
    """The camera gives no image."""

    text: str


Update = Online | Answer | Offline | Ended | CameraTrouble
