"""A virtual person: one still photo of a face, warped as a turning head into simulated frames.

For demos, load and tests. The frames are simulated: an ellipsoidal head with a nose moves a face
detector's landmarks as a real turn does, which is also the proof that a challenge of head turns
alone does not stop a digital injection. Knows neither the server nor any model.

Head space, used throughout: the unit is the distance between the eyes, the origin is the head's
centre behind the middle of the face, x points to the image's right, y down, z to the camera.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import simplejpeg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

RGB = tuple[int, int, int]

# Right eye, left eye, right and left mouth corner of an upright frontal face (ArcFace alignment).
_TEMPLATE: Final = np.array([-0.5 - 0.577j, 0.5 - 0.577j, -0.414 + 0.577j, 0.414 + 0.577j])
_TEMPLATE_INDEX: Final = [0, 1, 3, 4]
_NOSE_INDEX: Final = 2

# On a still turned further, the eyes' distance no longer tells the size of the head.
_EYE_DISTANCE_MIN: Final = 0.85
# Half axes of the head: wider and less deep than a skull, because a face is flatter in front.
_HEAD: Final = np.array([1.35, 2.0, 1.2])
# The nose is a bump on the ellipsoid: its height at the tip, and how far it spreads from there
# to the sides, up the ridge and down to the lip. The ellipsoid itself already bulges 0.14 there.
_NOSE_HEIGHT: Final = 0.2
_NOSE_SPREAD_X: Final = 0.2
_NOSE_SPREAD_UP: Final = 0.32
_NOSE_SPREAD_DOWN: Final = 0.15
_NOSE_ITERATIONS: Final = 3
# The rim of the head (as 1 - radius^2) over which the turned head passes into the still shoulders.
_RIM: Final = 0.3

# What is kept of the still: an oval that fades out, and the rectangle around it.
_OVAL: Final = (1.4, 1.95)
_OVAL_FADE: Final = 1.3
_BORDER_FADE: Final = 0.35
_HALF_WIDTH: Final = _OVAL[0] * _OVAL_FADE
_HALF_HEIGHT: Final = _OVAL[1] * _OVAL_FADE

_STILL_UNIT_PX_MIN: Final = 8.0
_TEXTURE_UNIT_PX_MAX: Final = 160.0
_TEXTURE_LEVELS: Final = 4
_GRID_PX: Final = 4
_PAPER_MARGIN_UNITS: Final = 0.12
_PAPER_WHITE: Final = 235
# Focal length over frame width of a webcam that sees 60 degrees.
_FOCAL: Final = 0.87
_NOISE_OFFSETS: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Pose:
    """How and where a head is held, relative to the still it is made from.

    The warp is believable for a yaw of up to 35 and a pitch of up to 20 degrees either way.

    Attributes:
        yaw_degrees: positive when the person turns to the own left, so that the nose moves to
            the right of the (unmirrored) image.
        pitch_degrees: positive when the person looks up.
        roll_degrees: positive when the head tilts clockwise as seen in the image.
        eye_distance_px: how far apart the eyes are in the rendered frame at yaw 0, above 0;
            less than that if the still shows the face more than half turned away.
        center: the middle of the face at yaw and pitch 0, as fractions of frame width and height.

    """

    yaw_degrees: float = 0.0
    pitch_degrees: float = 0.0
    roll_degrees: float = 0.0
    eye_distance_px: float = 75.0
    center: tuple[float, float] = (0.5, 0.45)


@dataclass(frozen=True, slots=True)
class Gradient:
    """A background that runs from one colour at the top to another at the bottom."""

    top: RGB
    bottom: RGB


@dataclass(frozen=True, slots=True)
class Camera:
    """What the simulated camera adds to the scene.

    Attributes:
        width: of the frame, in pixels.
        height: of the frame, in pixels.
        light: gain on all grey levels, 1.0 leaves them as they are.
        blur_sigma_px: standard deviation of the Gaussian blur, 0 for none.
        noise_sigma: standard deviation of the sensor noise in grey levels, 0 for none.
        background: one colour or a vertical gradient.

    """

    width: int = 640
    height: int = 480
    light: float = 1.0
    blur_sigma_px: float = 0.0
    noise_sigma: float = 2.0
    background: RGB | Gradient = Gradient((196, 200, 204), (142, 146, 152))


_CAMERA: Final = Camera()


@dataclass(frozen=True, slots=True)
class _Texture:
    """The still, upright and cropped, at one resolution."""

    rgb: NDArray[np.uint8]
    alpha: NDArray[np.float32]
    unit_px: float

    def sample(
        self, x: NDArray[np.float32], y: NDArray[np.float32]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Return colour and opacity at points given in head space."""
        height, width = self.alpha.shape
        column = x * np.float32(self.unit_px) + np.float32((width - 1) / 2)
        row = y * np.float32(self.unit_px) + np.float32((height - 1) / 2)
        rgb = cv2.remap(self.rgb, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.remap(self.alpha, column, row, cv2.INTER_LINEAR)
        return np.asarray(rgb, np.uint8), np.asarray(alpha, np.float32)

    def halved(self) -> _Texture:
        """Return the same picture with half the pixels each way."""
        size = (self.rgb.shape[1] // 2, self.rgb.shape[0] // 2)
        rgb = cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, size, interpolation=cv2.INTER_AREA)
        return _Texture(np.asarray(rgb, np.uint8), np.asarray(alpha, np.float32), self.unit_px / 2)


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle of the frame in pixels, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def grid(self) -> NDArray[np.complex128]:
        """Return the middles (x + iy, frame pixels) of cells of _GRID_PX each way."""
        middle = (_GRID_PX - 1) / 2
        x = np.arange(self.left, self.right, _GRID_PX) + middle
        y = np.arange(self.top, self.bottom, _GRID_PX) + middle
        return np.asarray(x[np.newaxis, :] + 1j * y[:, np.newaxis], np.complex128)

    def fill(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Interpolate values at the grid to every pixel of the box."""
        rows, columns = values.shape
        size = (columns * _GRID_PX, rows * _GRID_PX)
        full = cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(full, np.float32)[: self.bottom - self.top, : self.right - self.left]


class VirtualPerson:
    """A person made from one still photo; one instance may serve several threads."""

    def __init__(self, image: NDArray[np.uint8], landmarks: NDArray[np.floating]) -> None:
        """Cut the face out of a still.

        Args:
            image: RGB, height x width x 3; best frontal, with some room around the head.
            landmarks: 5 x 2 pixels: right eye, left eye, nose tip, right and left mouth corner.
                Right is the person's own, which is on the left of the image.

        Raises:
            ValueError: if a shape or the type does not fit, or the face is too small.

        """
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            message = f"image must be uint8 height x width x 3, not {image.dtype} {image.shape}"
            raise ValueError(message)
        if landmarks.shape != (5, 2):
            message = f"landmarks must be 5 x 2, not {landmarks.shape}"
            raise ValueError(message)
        points = landmarks[:, 0] + 1j * landmarks[:, 1]
        turn, center = _similarity(_TEMPLATE, points[_TEMPLATE_INDEX])
        if not abs(turn) >= _STILL_UNIT_PX_MIN:
            message = f"eyes must be {_STILL_UNIT_PX_MIN} px apart or more, not {abs(turn):.1f}"
            raise ValueError(message)
        self._points: NDArray[np.complex128] = (points - center) / turn
        eye_distance = float(abs(self._points[1] - self._points[0]))
        self._eye_distance = max(_EYE_DISTANCE_MIN, eye_distance)
        self._textures = [_cut(image, turn, center)]  # finest first
        while len(self._textures) < _TEXTURE_LEVELS:
            self._textures.append(self._textures[-1].halved())

    def render(
        self, pose: Pose, camera: Camera = _CAMERA, *, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return one frame of the person, RGB, camera.height x camera.width x 3."""
        return render_crowd([(self, pose)], camera, rng=rng)

    def render_print(
        self, pose: Pose, camera: Camera = _CAMERA, *, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        """Return one frame of the same still printed on flat paper and held at `pose`.

        It is the attack that the flat-print cue has to catch: the nose follows the plane.
        """
        frame = _background(camera.width, camera.height, camera.background).copy()
        texture = self._texture(self._unit_px(pose))
        margin = round(_PAPER_MARGIN_UNITS * texture.unit_px)
        height, width = texture.rgb.shape[0] + 2 * margin, texture.rgb.shape[1] + 2 * margin
        paper = np.full((height, width, 3), _PAPER_WHITE, np.uint8)
        paper[margin:-margin, margin:-margin] = texture.rgb
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        flat = (corners - (width / 2, height / 2)) / texture.unit_px
        points = np.column_stack([flat, np.zeros(4)])
        held = self._project(points, pose, camera, focal_px=_FOCAL * camera.width)
        homography = cv2.getPerspectiveTransform(corners - 0.5, held.astype(np.float32))
        size = (camera.width, camera.height)
        cv2.warpPerspective(paper, homography, size, frame, borderMode=cv2.BORDER_TRANSPARENT)
        return _expose(frame, camera, rng)

    def landmarks(self, pose: Pose, camera: Camera = _CAMERA) -> NDArray[np.float64]:
        """Return where `render` puts the five landmarks: 5 x 2 pixels, in the order given.

        Exact for landmarks that stay clear of the rim of the turned head.
        """
        x, y = self._points.real, self._points.imag
        inside = np.maximum(0.0, 1 - (x / _HEAD[0]) ** 2 - (y / _HEAD[1]) ** 2)
        z = _HEAD[2] * np.sqrt(inside) + _nose(x, y, self._points[_NOSE_INDEX])
        return self._project(np.column_stack([x, y, z]), pose, camera)

    def paint(self, frame: NDArray[np.uint8], pose: Pose) -> None:
        """Draw the person over a frame (RGB, height x width x 3) in place, without the camera."""
        height, width = frame.shape[:2]
        unit_px = self._unit_px(pose)
        texture = self._texture(unit_px)
        box = _box(pose, unit_px, width, height)
        if box.left >= box.right or box.top >= box.bottom:
            return
        flat = (box.grid() - _center_px(pose, width, height)) / (unit_px * _spin(pose))
        still = self._unturn(flat, pose)
        rgb, alpha = texture.sample(box.fill(still.real), box.fill(still.imag))
        region = frame[box.top : box.bottom, box.left : box.right]
        region[:] = cv2.blendLinear(rgb, region, alpha, 1 - alpha)

    def _unit_px(self, pose: Pose) -> float:
        return pose.eye_distance_px / self._eye_distance

    def _texture(self, unit_px: float) -> _Texture:
        """Return the coarsest texture that still has a pixel for every pixel of the frame."""
        fine = [texture for texture in self._textures if texture.unit_px >= unit_px]
        return fine[-1] if fine else self._textures[0]

    def _project(
        self, points: NDArray[np.float64], pose: Pose, camera: Camera, focal_px: float = math.inf
    ) -> NDArray[np.float64]:
        """Turn points (n x 3, head space) and project them to the frame (n x 2 pixels)."""
        turned = points @ _rotation(pose).T
        unit_px = self._unit_px(pose)
        near = 1 - turned[:, 2] * unit_px / focal_px
        flat = (turned[:, 0] + 1j * turned[:, 1]) / near * unit_px * _spin(pose)
        flat += _center_px(pose, camera.width, camera.height)
        return np.column_stack([flat.real, flat.imag])

    def _unturn(self, flat: NDArray[np.complex128], pose: Pose) -> NDArray[np.complex128]:
        """Return which point of the still is seen where: a ray is cast at the turned head.

        Both are head space without depth. Rays that miss the head see the still as it is. The
        back of the head, which no still shows, is the mirrored front.
        """
        if pose.yaw_degrees == 0 and pose.pitch_degrees == 0:
            return flat
        to_right, to_bottom, ray = _rotation(pose)
        x, y, z = np.multiply.outer(to_right, flat.real) + np.multiply.outer(to_bottom, flat.imag)
        seen, inside, bump = flat, np.zeros(flat.shape), np.zeros(flat.shape)
        for _ in range(_NOSE_ITERATIONS):
            depth, inside = _hit(np.stack([x, y, z - bump]), ray)
            seen = x + depth * ray[0] + 1j * (y + depth * ray[1])
            bump = _nose(seen.real, seen.imag, self._points[_NOSE_INDEX])
        weight = _smoothstep(inside / _RIM)
        return np.asarray(flat + weight * (seen - flat), np.complex128)


def render_crowd(
    people: Sequence[tuple[VirtualPerson, Pose]],
    camera: Camera = _CAMERA,
    *,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Return one frame of several people, RGB; who is nearer (eyes further apart) is in front."""
    frame = _background(camera.width, camera.height, camera.background).copy()
    for person, pose in sorted(people, key=lambda entry: entry[1].eye_distance_px):
        person.paint(frame, pose)
    return _expose(frame, camera, rng)


def encode(frame: NDArray[np.uint8], quality_percent: int = 85) -> bytes:
    """Return a frame (RGB, height x width x 3) as a baseline JPEG; quality is 1 to 100."""
    rows = np.ascontiguousarray(frame)
    jpeg: bytes = simplejpeg.encode_jpeg(
        rows, quality_percent, colorspace="RGB", colorsubsampling="420"
    )
    return jpeg


def path(
    poses: Sequence[Pose], frames_between: int, *, sway_degrees: float = 0.0
) -> Iterator[Pose]:
    """Move through key poses, slowly away from each and slowly into the next (cosine easing).

    Args:
        poses: the key poses; each is itself yielded.
        frames_between: how many poses to put between two key poses, 0 or more.
        sway_degrees: amplitude of a slow natural sway of yaw and pitch on top, 0 for none.

    """
    count = 0
    for start, end in pairwise(poses):
        for step in range(frames_between + 1):
            share = (1 - math.cos(math.pi * step / (frames_between + 1))) / 2
            yield _sway(_between(start, end, share), count, sway_degrees)
            count += 1
    if poses:
        yield _sway(poses[-1], count, sway_degrees)


def _similarity(
    source: NDArray[np.complex128], target: NDArray[np.complex128]
) -> tuple[complex, complex]:
    """Return the least-squares turn and shift with target = turn * source + shift."""
    centred = source - source.mean()
    turn = complex(np.vdot(centred, target - target.mean()) / np.vdot(centred, centred))
    return turn, complex(target.mean() - turn * source.mean())


def _cut(image: NDArray[np.uint8], turn: complex, center: complex) -> _Texture:
    """Cut the head out of the still, upright, with an opacity that fades to the sides."""
    shrink = min(1.0, _TEXTURE_UNIT_PX_MAX / abs(turn))
    if shrink < 1:
        small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        image = np.asarray(small, np.uint8)
    unit_px = abs(turn) * shrink
    turn, center = turn / abs(turn), center * shrink
    width, height = round(2 * _HALF_WIDTH * unit_px), round(2 * _HALF_HEIGHT * unit_px)
    shift = center - turn * complex((width - 1) / 2, (height - 1) / 2)
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (width, height)
    rgb = cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    border = _border_opacity(image.shape[0], image.shape[1], unit_px)
    inside = np.asarray(cv2.warpAffine(border, matrix, size, flags=flags), np.float32)
    return _Texture(np.asarray(rgb, np.uint8), inside * _oval_opacity(width, height), unit_px)


def _border_opacity(height: int, width: int, unit_px: float) -> NDArray[np.float32]:
    """Return an opacity that falls to 0 at the borders of the still."""
    x = np.minimum(np.arange(width), np.arange(width)[::-1])
    y = np.minimum(np.arange(height), np.arange(height)[::-1])
    fade_px = _BORDER_FADE * unit_px
    return np.outer(_smoothstep(y / fade_px), _smoothstep(x / fade_px)).astype(np.float32)


def _oval_opacity(width: int, height: int) -> NDArray[np.float32]:
    """Return an opacity of 1 over the head that falls to 0 at the sides of the crop."""
    x = np.linspace(-_OVAL_FADE, _OVAL_FADE, width)
    y = np.linspace(-_OVAL_FADE, _OVAL_FADE, height)
    radius = np.hypot(x[np.newaxis, :], y[:, np.newaxis])
    return _smoothstep((_OVAL_FADE - radius) / (_OVAL_FADE - 1)).astype(np.float32)


def _rotation(pose: Pose) -> NDArray[np.float64]:
    """Return the 3 x 3 turn of the head: a nod, then a turn about the neck."""
    yaw, pitch = math.radians(pose.yaw_degrees), math.radians(pose.pitch_degrees)
    cos, sin = math.cos(yaw), math.sin(yaw)
    up, back = math.cos(pitch), math.sin(pitch)
    return np.array([[cos, sin * back, sin * up], [0, up, -back], [-sin, cos * back, cos * up]])


def _spin(pose: Pose) -> complex:
    """Return the roll as a factor on x + iy."""
    return cmath.rect(1.0, math.radians(pose.roll_degrees))


def _center_px(pose: Pose, width: int, height: int) -> complex:
    return complex(pose.center[0] * width - 0.5, pose.center[1] * height - 0.5)


def _box(pose: Pose, unit_px: float, width: int, height: int) -> _Box:
    """Return the part of the frame that the crop of the still covers."""
    corner, mirrored = complex(_HALF_WIDTH, _HALF_HEIGHT), complex(_HALF_WIDTH, -_HALF_HEIGHT)
    corners = np.array([corner, mirrored, -corner, -mirrored])
    corners = corners * unit_px * _spin(pose) + _center_px(pose, width, height)
    return _Box(
        left=max(0, math.floor(corners.real.min())),
        top=max(0, math.floor(corners.imag.min())),
        right=min(width, math.ceil(corners.real.max())),
        bottom=min(height, math.ceil(corners.imag.max())),
    )


def _hit(
    origin: NDArray[np.float64], ray: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far along the rays (origin 3 x h x w) they meet the head ellipsoid.

    The second array is how far inside its outline they pass: 1 in the middle, 0 on the outline,
    negative where they miss, and there the distance is that of the closest approach.
    """
    scaled = origin / _HEAD[:, np.newaxis, np.newaxis]
    direction = ray / _HEAD
    square = float(direction @ direction)
    along = np.tensordot(direction, scaled, axes=1) / square
    inside = 1 - (scaled**2).sum(axis=0) + along**2 * square
    return np.sqrt(np.maximum(inside, 0) / square) - along, inside


def _nose(x: NDArray[np.float64], y: NDArray[np.float64], tip: complex) -> NDArray[np.float64]:
    """Return how far the nose rises over the ellipsoid at points in head space."""
    across, down = (x - tip.real) / _NOSE_SPREAD_X, y - tip.imag
    spread = np.where(down < 0, _NOSE_SPREAD_UP, _NOSE_SPREAD_DOWN)
    return np.asarray(_NOSE_HEIGHT * np.exp(-(across**2 + (down / spread) ** 2) / 2), np.float64)


def _smoothstep(share: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(share, 0, 1)
    return np.asarray(clipped**2 * (3 - 2 * clipped), np.float64)


@lru_cache(maxsize=8)
def _background(width: int, height: int, background: RGB | Gradient) -> NDArray[np.uint8]:
    """Return an empty scene; shared, so copy it before drawing."""
    scale = background if isinstance(background, Gradient) else Gradient(background, background)
    rows = np.linspace(scale.top, scale.bottom, height)
    scene = np.repeat(rows.round().astype(np.uint8)[:, np.newaxis], width, axis=1)
    scene.setflags(write=False)
    return scene


@lru_cache(maxsize=4)
def _noise_bank(count: int, sigma: float) -> NDArray[np.int16]:
    """Return fixed Gaussian noise: drawing it anew costs more than the rest of the frame."""
    noise = np.random.default_rng(0).standard_normal(count, dtype=np.float32)
    bank: NDArray[np.int16] = np.rint(noise * np.float32(sigma)).astype(np.int16)
    bank.setflags(write=False)
    return bank


def _expose(
    frame: NDArray[np.uint8], camera: Camera, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Blur, light and noise; the noise is a stretch of the bank from a random offset on."""
    if camera.blur_sigma_px > 0:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), camera.blur_sigma_px), np.uint8)
    if camera.light != 1:
        frame = np.asarray(cv2.convertScaleAbs(frame, alpha=camera.light), np.uint8)
    if camera.noise_sigma > 0:
        bank = _noise_bank(frame.size + _NOISE_OFFSETS, camera.noise_sigma)
        offset = int(rng.integers(_NOISE_OFFSETS))
        noise = bank[offset : offset + frame.size].reshape(frame.shape)
        frame = np.asarray(cv2.add(frame, noise, dtype=cv2.CV_8U), np.uint8)
    return frame


def _between(start: Pose, end: Pose, share: float) -> Pose:
    """Return the pose that is a share (0 to 1) of the way from start to end."""
    pairs = zip(_numbers(start), _numbers(end), strict=True)
    yaw, pitch, roll, eye_distance, x, y = (one + share * (two - one) for one, two in pairs)
    return Pose(yaw, pitch, roll, eye_distance, (x, y))


def _numbers(pose: Pose) -> list[float]:
    angles = [pose.yaw_degrees, pose.pitch_degrees, pose.roll_degrees]
    return [*angles, pose.eye_distance_px, *pose.center]


def _sway(pose: Pose, count: int, degrees: float) -> Pose:
    """Add the sway of frame number `count`; the two periods share no small multiple."""
    return replace(
        pose,
        yaw_degrees=pose.yaw_degrees + degrees * math.sin(count * math.tau / 37),
        pitch_degrees=pose.pitch_degrees + degrees / 2 * math.sin(count * math.tau / 23),
    )
