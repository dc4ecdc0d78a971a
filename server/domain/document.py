"""Which documents are taken with requests: PDF, JPEG and PNG by what their bytes say, up to 5 MiB.

A document is opaque: nothing here or elsewhere on the server renders it. The checks keep out what
is cut off, and what is something else behind a harmless beginning.
"""

import enum
import hashlib
from dataclasses import dataclass

BYTES_MAX = 5 * 1024 * 1024
# A PDF ends with its mark, and perhaps some bytes of a printer or a line end.
_PDF_TAIL_BYTES = 1024
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG_HEAD, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
# Start of frame, by the kinds of JPEG there are (ITU-T T.81, table B.1), without DHT, JPG and DAC.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


class MediaType(enum.Enum):
    """The types that are taken, by their IANA names."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


class DocumentFault(enum.Enum):
    """Why a document is not taken."""

    EMPTY = "EMPTY"
    TOO_LARGE = "TOO_LARGE"
    TYPE_UNKNOWN = "TYPE_UNKNOWN"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True)
class Checked:
    """A document that may be kept; digest: SHA-256."""

    media_type: MediaType
    digest: bytes


def check(content: bytes) -> Checked | DocumentFault:
    """Returns the type and the digest of a whole document, or why it is not taken."""
    if not content:
        return DocumentFault.EMPTY
    if len(content) > BYTES_MAX:
        return DocumentFault.TOO_LARGE
    for media_type, begins, is_whole in (
        (MediaType.PDF, content.startswith(b"%PDF-"), _is_pdf),
        (MediaType.PNG, content.startswith(_PNG_HEAD[:8]), _is_png),
        (MediaType.JPEG, content.startswith(_JPEG_HEAD), _is_jpeg),
    ):
        if begins:
            whole = is_whole(content)
            digest = hashlib.sha256(content).digest()
            return Checked(media_type, digest) if whole else DocumentFault.DAMAGED
    return DocumentFault.TYPE_UNKNOWN


def _is_pdf(content: bytes) -> bool:
    version, tail = content[5:8], content[-_PDF_TAIL_BYTES:]
    known = version[:1] in {b"1", b"2"} and version[1:2] == b"." and version[2:].isdigit()
    return known and b"%%EOF" in tail and b"startxref" in content[-2 * _PDF_TAIL_BYTES :]


def _is_png(content: bytes) -> bool:
    return content.startswith(_PNG_HEAD) and content.endswith(_PNG_END) and b"IDAT" in content


def _is_jpeg(content: bytes) -> bool:
    """Whether segments lead to a frame and a scan, and the image ends where the file does."""
    if not content.endswith(_JPEG_END):
        return False
    place, framed = 2, False
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF or marker in _JPEG_ALONE:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _JPEG_SCAN:
            return framed
        framed = framed or marker in _JPEG_FRAMES
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return False
