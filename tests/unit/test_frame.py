"""A frame as it arrived: its digest, and what of it is never printed."""

import hashlib
from datetime import UTC, datetime

from server.domain.frame import arrived

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class TestArrived:
    """Times and bytes are kept as they came."""

    def test_carries_the_digest_of_its_bytes(self) -> None:
        """SHA-256, by which a reused image is known."""
        frame = arrived(7, b"jpeg", capture_time=NOON, receive_time=NOON, arrived_s=1.5)

        assert hashlib.sha256(b"jpeg").digest() == frame.digest
        assert (7, b"jpeg", NOON, 1.5) == (
            frame.number, frame.jpeg, frame.capture_time, frame.arrived_s,
        )  # fmt: skip

    def test_prints_no_image(self) -> None:
        """Images are never in logs, and neither is what identifies one."""
        frame = arrived(7, b"SECRET", capture_time=NOON, receive_time=NOON, arrived_s=1.5)

        assert "SECRET" not in repr(frame)
        assert "digest" not in repr(frame)
