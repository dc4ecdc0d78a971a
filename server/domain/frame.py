"""A camera frame as it arrived, before anyone looked at it."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Frame:
    """One camera image with its times; arrived_s is monotonic, digest the SHA-256 of the bytes."""

    number: int
    jpeg: bytes = field(repr=False)
    capture_time: datetime
    receive_time: datetime
    arrived_s: float
    digest: bytes = field(repr=False)

    @property
    def captured_s(self) -> float:
        """When it was taken by the device's clock, in seconds."""
        return self.capture_time.timestamp()


def arrived(
    number: int, jpeg: bytes, *, capture_time: datetime, receive_time: datetime, arrived_s: float
) -> Frame:
    """Returns a frame with its digest."""
    digest = hashlib.sha256(jpeg).digest()
    return Frame(number, jpeg, capture_time, receive_time, arrived_s, digest)
