"""Takes enrolment images from a camera, in threads: a camera blocks. Needs OpenCV."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import cv2

from server.ctl.convert import encode_jpeg
from server.ctl.errors import CtlError
from server.ctl.texts import Text

# A person needs a moment between two images to move the head.
INTERVAL_S: Final = 0.5
FRAMES_MAX: Final = 120


async def camera_shots(number: int) -> AsyncGenerator[tuple[str, bytes], None]:
    """Yield name and JPEG of images from a camera until nobody wants more, or the limit."""
    capture = await asyncio.to_thread(_open, number)
    try:
        for index in range(1, FRAMES_MAX + 1):
            yield f"camera-{number}/{index}", await asyncio.to_thread(_take, capture, number)
            await asyncio.sleep(INTERVAL_S)
    finally:
        capture.release()


def _open(number: int) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(number)
    if not capture.isOpened():
        raise _unavailable(number)
    return capture


def _take(capture: cv2.VideoCapture, number: int) -> bytes:
    # The frame that waits in the driver's buffer is as old as the wait.
    capture.grab()
    taken, image = capture.read()
    if not taken:
        raise _unavailable(number)
    return encode_jpeg(image)


def _unavailable(number: int) -> CtlError:
    return CtlError(Text.CAMERA_UNAVAILABLE, reason="CAMERA_UNAVAILABLE", number=number)
