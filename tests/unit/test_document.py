"""Which documents are taken: by their bytes, whole, not too large."""

import hashlib
import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import attendance_messages
from server.domain.document import BYTES_MAX, Checked, DocumentFault, MediaType, check

PICTURE = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", PICTURE)[1].tobytes()


def pdf() -> bytes:
    """Returns a small document as matplotlib writes it."""
    from matplotlib.figure import Figure

    target = io.BytesIO()
    Figure().savefig(target, format="pdf")
    return target.getvalue()


PDF = pdf()
WHOLE = {MediaType.JPEG: JPEG, MediaType.PNG: PNG, MediaType.PDF: PDF}


class TestTaken:
    """Real files."""

    @pytest.mark.parametrize("media_type", WHOLE)
    def test_by_its_bytes(self, media_type):
        """With the digest of all of it."""
        content = WHOLE[media_type]

        assert Checked(media_type, hashlib.sha256(content).digest()) == check(content)

    def test_progressive_jpeg(self):
        """Scanners write them; frames of check-ins may not, documents may."""
        assert MediaType.JPEG is check(PROGRESSIVE).media_type


class TestRefused:
    """What is not what it says."""

    @pytest.mark.parametrize(
        ("content", "fault"),
        [
            (b"", DocumentFault.EMPTY),
            (JPEG[:1] * (BYTES_MAX + 1), DocumentFault.TOO_LARGE),
            (b"PK\x03\x04 a spreadsheet", DocumentFault.TYPE_UNKNOWN),
            (b"<html><script>", DocumentFault.TYPE_UNKNOWN),
            (b"GIF89a", DocumentFault.TYPE_UNKNOWN),
            (b"MZ" + PDF, DocumentFault.TYPE_UNKNOWN),
            (b"%PDF-1.7 and no more", DocumentFault.DAMAGED),
            (b"%PDF-x.y" + PDF[8:], DocumentFault.DAMAGED),
            (PNG + b"PK\x03\x04", DocumentFault.DAMAGED),
            (JPEG + b"PK\x03\x04", DocumentFault.DAMAGED),
            (JPEG[:2] + JPEG[-2:], DocumentFault.DAMAGED),
            (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9", DocumentFault.DAMAGED),
        ],
    )
    def test_named(self, content, fault):
        """Empty, large, unknown, damaged; archives behind an image are damaged."""
        assert fault is check(content)

    @settings(deadline=None, max_examples=60)
    @given(st.sampled_from(list(WHOLE)), st.floats(0.0, 0.999))
    def test_cut_off(self, media_type, part):
        """A file that lost its end is never taken."""
        content = WHOLE[media_type]

        assert isinstance(check(content[: int(part * (len(content) - 8))]), DocumentFault)

    @settings(deadline=None, max_examples=200)
    @given(st.binary(max_size=400), st.sampled_from([b"", b"%PDF-1.4", b"\xff\xd8\xff", PNG[:16]]))
    def test_any_bytes_are_answered(self, rest, head):
        """Nothing raises, whatever comes."""
        assert isinstance(check(head + rest), Checked | DocumentFault)

    def test_people_can_read_why(self):
        """In both languages."""
        assert [] == [f for f in DocumentFault if not all(attendance_messages.FAULTS[f.value])]
