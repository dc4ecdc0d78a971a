"""Makes baseline JPEG of any image. The only module, with the camera, that needs OpenCV."""

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from server.ctl.images import JPEG_BYTES_MAX, SIDE_PX_MIN

if TYPE_CHECKING:
    from cv2.typing import MatLike

# What an image is reduced to: faces stay far larger than the 112 pixels that are compared.
CONVERTED_PX_MAX: Final = 1280
_QUALITIES: Final = (95, 85, 70, 50)


def to_jpeg(content: bytes) -> bytes | None:
    """Return an image file as an upright baseline JPEG; None if it is none, or too small."""
    # Decoding turns the image upright by its EXIF data, which the server would not read.
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    if image is None or min(image.shape[:2]) < SIDE_PX_MIN:
        return None
    return encode_jpeg(image)


def encode_jpeg(image: "MatLike") -> bytes:
    """Return an image (BGR) as a baseline JPEG within the server's limits."""
    scale = CONVERTED_PX_MAX / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    jpeg = b""
    for quality in _QUALITIES:
        jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= JPEG_BYTES_MAX:
            break
    return jpeg
