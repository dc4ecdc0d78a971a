"""Finds image files and reads them as the JPEG that enrolment takes. OpenCV only where needed."""

import asyncio
import struct
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from server.ctl.errors import CtlError
from server.ctl.inputs import read_file
from server.ctl.texts import Text

IMAGES_MAX: Final = 100
SOURCE_MIB_MAX: Final = 32
JPEG_BYTES_MAX: Final = 524_288
SIDE_PX_MIN: Final = 64
SIDE_PX_MAX: Final = 1920
SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})

_START: Final = b"\xff\xd8"
_MARKER, _BASELINE, _EXIF, _SCAN = 0xFF, 0xC0, 0xE1, 0xDA
_GREY_OR_COLOUR: Final = (1, 3)


def list_images(paths: Sequence[Path]) -> list[Path]:
    """Return the files that are named, and the images of the folders that are named, by name."""
    found = [file for path in paths for file in _files(path)]
    where = ", ".join(str(path) for path in paths)
    if not found:
        raise CtlError(Text.NO_IMAGES, reason="NO_IMAGES", where=where)
    if len(found) > IMAGES_MAX:
        raise CtlError(
            Text.TOO_MANY_IMAGES, reason="TOO_MANY_IMAGES", count=len(found), limit=IMAGES_MAX
        )
    return found


async def file_shots(files: Sequence[Path]) -> AsyncGenerator[tuple[str, bytes], None]:
    """Yield name and JPEG of each image file."""
    for file in files:
        yield file.name, await asyncio.to_thread(read_jpeg, file)


def read_jpeg(file: Path) -> bytes:
    """Return an image file as the JPEG that the server takes; as it is where it already fits."""
    content = read_file(file, limit_mib=SOURCE_MIB_MAX)
    if is_acceptable(content):
        return content
    with opencv_needed():
        from server.ctl.convert import to_jpeg
    jpeg = to_jpeg(content)
    if jpeg is None:
        raise CtlError(Text.IMAGE_UNUSABLE, reason="IMAGE_UNUSABLE", file=file.name)
    return jpeg


def is_acceptable(content: bytes) -> bool:
    """Return whether bytes are a baseline JPEG within the limits that needs no turning."""
    if not content.startswith(_START) or len(content) > JPEG_BYTES_MAX:
        return False
    for marker, segment in _segments(content):
        if marker == _EXIF:
            return False
        if marker == _BASELINE:
            height, width, components = struct.unpack_from(">xHHB", segment)
            sides_fit = all(SIDE_PX_MIN <= side <= SIDE_PX_MAX for side in (height, width))
            return sides_fit and components in _GREY_OR_COLOUR
    return False


@contextmanager
def opencv_needed() -> Iterator[None]:
    """Tell how to install OpenCV where an import of the block misses it."""
    try:
        yield
    except ImportError as error:
        raise CtlError(
            Text.OPENCV_MISSING, reason="OPENCV_MISSING", hint=Text.DO_INSTALL
        ) from error


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
    return [path]


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker and content of each segment before the scan, as far as they make sense."""
    position = len(_START)
    while position + 4 <= len(jpeg) and jpeg[position] == _MARKER:
        marker = jpeg[position + 1]
        (length,) = struct.unpack_from(">H", jpeg, position + 2)
        segment = jpeg[position + 4 : position + 2 + length]
        if marker == _SCAN or len(segment) != length - 2:
            return
        yield marker, segment
        position += 2 + length
