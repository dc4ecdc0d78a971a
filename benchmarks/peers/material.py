"""What all sides are given: the frames, and the model files in the form that each library reads."""

import shutil
from importlib import resources
from pathlib import Path

import cv2
import numpy as np

from benchmarks import lfw
from benchmarks.actor import people_in
from benchmarks.peers.figures import PeerFailed
from benchmarks.pipeline import POSES
from benchmarks.virtual import encode, path
from server.domain.face import Image
from server.settings import DETECT_SIDE_PIXELS
from server.vision import jpeg, weights
from server.vision.detector import Detector
from server.vision.pack import load_pack, sface_model
from server.vision.session import Runtime

# More than a kiosk's stream remembers, so that no frame counts as a repeated one.
FRAMES = 96
WIDTH, HEIGHT = 640, 480
# An LFW image so enlarged has eyes about 63 pixels apart, as somebody a step from a kiosk.
FACE_SIDE = 375
WALL = 128


def make_frames(lfw_directory: Path | None) -> list[bytes]:
    """Returns VGA JPEGs with one face each, all different: photos of LFW, or a virtual person."""
    if lfw_directory is None:
        return _of_virtual_person()
    detector = _detector(DETECT_SIDE_PIXELS)
    images = lfw.find_images(lfw_directory)
    frames: list[bytes] = []
    for names in lfw.by_person(list(images)).values():
        frame = _on_a_wall(jpeg.decode(images[names[0]].read_bytes()))
        # Others in the background would be more work for some sides than for others.
        if len(detector.detect(frame)) == 1:
            frames.append(encode(frame))
        if len(frames) == FRAMES:
            return frames
    raise lfw.LfwInvalid(f"only {len(frames)} of {FRAMES} people have an image with one face")


def store_frames(frames: list[bytes], folder: Path) -> None:
    """Writes frames for the workers, in order."""
    folder.mkdir()
    for number, frame in enumerate(frames):
        (folder / f"{number:04}.jpg").write_bytes(frame)


def store_models(folder: Path, scrfd: Path | None) -> None:
    """Writes the weights that Hadir uses, folded to float, where each library looks for them.

    OpenCV and ONNX Runtime refuse the block-quantised recogniser as it is published; the folded one
    computes the same, faster.
    """
    zoo, insight = folder / "opencv_zoo", folder / "insightface"
    for directory in (zoo, insight):
        directory.mkdir(parents=True)
    sface = sface_model()
    yunet = weights.default_model_path(weights.YUNET_FILE)
    folded = weights.fold(weights.read_checked(yunet, weights.SHA256[weights.YUNET_FILE]))
    (zoo / "yunet.onnx").write_bytes(folded.SerializeToString())
    (zoo / "sface.onnx").write_bytes(sface)
    (insight / "sface.onnx").write_bytes(sface)
    if scrfd is not None:
        shutil.copy(scrfd, insight / scrfd.name)


def find_scrfd(models: Path | None) -> Path:
    """Returns insightface's detector in a directory. Raises PeerFailed."""
    if models is None:
        raise PeerFailed("--models DIR with insightface's det_500m.onnx is not given")
    found = sorted(models.glob("det_*.onnx"))
    if not found:
        raise PeerFailed(f"no det_*.onnx in {models.name}")
    return found[0]


def _of_virtual_person() -> list[bytes]:
    sample = resources.files("insightface") / "data" / "images" / "t1.jpg"
    people = people_in(jpeg.decode(sample.read_bytes()), _detector(960))
    rng = np.random.default_rng(0)
    between = FRAMES // (len(POSES) - 1) - 1
    poses = list(path(POSES, between))[:FRAMES]
    chosen = (people[number % len(people)] for number in range(FRAMES))
    return [encode(one.render(pose, rng=rng)) for one, pose in zip(chosen, poses, strict=True)]


def _on_a_wall(photo: Image) -> Image:
    frame = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    top, left = (HEIGHT - FACE_SIDE) // 2, (WIDTH - FACE_SIDE) // 2
    enlarged = cv2.resize(photo, (FACE_SIDE, FACE_SIDE), interpolation=cv2.INTER_CUBIC)
    frame[top : top + FACE_SIDE, left : left + FACE_SIDE] = enlarged
    return frame


def _detector(side: int) -> Detector:
    return load_pack("default", runtime=Runtime.AUTO, detect_side=side).detector
