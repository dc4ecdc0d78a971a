"""Where a kiosk's images come from: a camera, a video file or a folder of images.

Reading blocks until the next image is due, so it runs in its own thread. Knows no network.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np
import simplejpeg

from kiosk_client.updates import Shot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Image = NDArray[np.uint8]

# The server takes 64 to 1,920 pixels a side and 524,288 bytes; faces at a kiosk need less.
LONG_SIDE_PX_MAX: Final = 1280
SHORT_SIDE_PX_MIN: Final = 64
JPEG_BYTES_MAX: Final = 524_288
JPEG_QUALITIES_PERCENT: Final = (85, 70, 50, 30)
CAMERA_SIZE_PX: Final = (1280, 720)
# Frames a second of a video file that does not say.
VIDEO_FPS_DEFAULT: Final = 25.0
# A camera that gives nothing for this many reads in a row is gone.
FAILED_READS_MAX: Final = 10
FAILED_READ_PAUSE_S: Final = 0.1
IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class SourceError(Exception):
    """A source gives no images; the message says what to do."""


class Source(Protocol):
    """Gives images, each when it is due."""

    def read(self) -> Shot | None:
        """Return the next image, or None at the end. Blocks; SourceError if there is none."""

    def close(self) -> None:
        """Let go of the device; a `read` that waits comes back soon."""


class _Clock:
    """Waits until the next image is due, and no longer once closed."""

    def __init__(self, frames_per_second: float) -> None:
        self._interval_s = 1 / frames_per_second
        self._due_s = time.monotonic()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._due_s

    def tick(self) -> None:
        self._due_s = max(self._due_s + self._interval_s, time.monotonic())

    def wait(self) -> None:
        self._closed.wait(max(0.0, self._due_s - time.monotonic()))
        self.tick()

    def pause(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def close(self) -> None:
        self._closed.set()


class CameraSource:
    """A camera of this machine. Every image is grabbed, so that none is old; few are decoded."""

    def __init__(self, number: int, *, frames_per_second: float) -> None:
        self._clock = _Clock(frames_per_second)
        self._number = number
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            raise SourceError(self._trouble())
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, CAMERA_SIZE_PX[0])
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, CAMERA_SIZE_PX[1])

    def read(self) -> Shot | None:
        """Return the newest image once it is due."""
        failed = 0
        while not self._clock.closed:
            if not self._capture.grab():
                failed += 1
                if failed >= FAILED_READS_MAX:
                    raise SourceError(self._trouble())
                self._clock.pause(FAILED_READ_PAUSE_S)
            elif self._clock.due:
                self._clock.tick()
                captured_ms = now_ms()
                ok, image = self._capture.retrieve()
                if ok:
                    return Shot(encode(np.asarray(image, dtype=np.uint8)), captured_ms)
        self._capture.release()
        return None

    def close(self) -> None:
        """End a `read` that waits; the reading thread releases the camera."""
        self._clock.close()

    def _trouble(self) -> str:
        return (
            f"Kamera {self._number} tidak memberi gambar; periksa kabel dan program lain yang "
            f"memakainya. / Camera {self._number} gives no image; check its cable and other "
            "programs that use it."
        )


class VideoSource:
    """A video file, played at its own speed; images between the ones that are due are skipped."""

    def __init__(self, path: Path, *, frames_per_second: float, loop: bool = False) -> None:
        self._clock = _Clock(frames_per_second)
        self._path, self._loop = path, loop
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            message = f"Video tidak dapat dibuka. / The video cannot be opened: {path}"
            raise SourceError(message)
        own_fps = self._capture.get(cv2.CAP_PROP_FPS) or VIDEO_FPS_DEFAULT
        self._step = max(1, round(own_fps / frames_per_second))

    def read(self) -> Shot | None:
        """Return the next image once it is due."""
        self._clock.wait()
        image = None if self._clock.closed else self._next()
        if image is None:
            self._capture.release()
            return None
        return Shot(encode(image), now_ms())

    def close(self) -> None:
        """End a `read` that waits."""
        self._clock.close()

    def _next(self) -> Image | None:
        ok, image = self._capture.read()
        if not ok and self._loop:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            ok, image = self._capture.read()
        if not ok:
            return None
        for _ in range(self._step - 1):
            self._capture.grab()
        return np.asarray(image, dtype=np.uint8)


class FolderSource:
    """The images of a folder, by name, each shown once or over and over."""

    def __init__(self, path: Path, *, frames_per_second: float, loop: bool = False) -> None:
        self._clock = _Clock(frames_per_second)
        self._loop = loop
        self._paths = image_files(path)
        self._next: Iterator[Path] = iter(self._paths)

    def read(self) -> Shot | None:
        """Return the next image once it is due."""
        self._clock.wait()
        if self._clock.closed:
            return None
        path = next(self._next, None)
        if path is None and self._loop:
            self._next = iter(self._paths)
            path = next(self._next)
        return None if path is None else Shot(encode(read_image(path)), now_ms())

    def close(self) -> None:
        """End a `read` that waits."""
        self._clock.close()


def open_source(text: str, *, frames_per_second: float, loop: bool = False) -> Source:
    """Open `camera:0`, `file:video.mp4` or `dir:folder`."""
    kind, _, value = text.partition(":")
    if kind == "camera" and value.isdigit():
        return CameraSource(int(value), frames_per_second=frames_per_second)
    if kind == "file" and value:
        return VideoSource(Path(value), frames_per_second=frames_per_second, loop=loop)
    if kind == "dir" and value:
        return FolderSource(Path(value), frames_per_second=frames_per_second, loop=loop)
    message = (
        f"Sumber gambar tidak dikenal. / Unknown source {text!r}: use camera:0, file:video.mp4 or "
        "dir:folder."
    )
    raise SourceError(message)


def encode(image: Image) -> bytes:
    """Return an image (BGR) as the baseline JPEG that the server takes."""
    image = _fitted(image)
    for quality in JPEG_QUALITIES_PERCENT:
        jpeg: bytes = simplejpeg.encode_jpeg(
            np.ascontiguousarray(image), quality=quality, colorspace="BGR", colorsubsampling="420"
        )
        if len(jpeg) <= JPEG_BYTES_MAX:
            break
    return jpeg


def image_files(path: Path) -> list[Path]:
    """Return the images of a folder in the order of their names."""
    if not path.is_dir():
        message = f"Folder tidak ada. / The folder does not exist: {path}"
        raise SourceError(message)
    found = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        message = f"Folder tidak berisi gambar. / The folder holds no images: {path}"
        raise SourceError(message)
    return found


def read_image(path: Path) -> Image:
    """Read an image file as BGR."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        message = f"Gambar tidak dapat dibaca. / The image cannot be read: {path}"
        raise SourceError(message)
    return np.asarray(image, dtype=np.uint8)


def now_ms() -> int:
    """Return the device's clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _fitted(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = min(1.0, LONG_SIDE_PX_MAX / max(height, width))
    size = tuple(max(SHORT_SIDE_PX_MIN, round(side * scale)) for side in (width, height))
    if size == (width, height):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
