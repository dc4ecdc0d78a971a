"""The models themselves: folding, both runtimes, batches, packs of others, and no network.

Models that are not shipped are looked for in HADIR_MODELS and their sample images in
HADIR_SPOOF_IMAGES; without them those tests are skipped.
"""

import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from server.domain.face import Image
from server.errors import ModelInvalid
from server.vision import align, jpeg, weights
from server.vision.antispoof import FILES
from server.vision.embedder import SFace, unit
from server.vision.pack import Pack, load_antispoof, load_pack, sface_model
from server.vision.session import OrtSession, Runtime, open_session

ROOT = Path(__file__).resolve().parents[2]
SCRFD_FILE = "det_500m.onnx"
PEOPLE_ON_SAMPLE = 6
BOTH_FILES = (weights.YUNET_FILE, weights.SFACE_FILE)
RUNTIMES = [
    Runtime.ONNXRUNTIME,
    pytest.param(
        Runtime.OPENVINO,
        marks=pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is for x86-64"),
    ),
]


def file_of(variable: str, fallback: str, name: str) -> Path:
    """Returns a file that is not part of this repository, or skips the test."""
    named = os.environ.get(variable)
    path = (Path(named) if named else ROOT.parent / "shared" / fallback) / name
    if not path.is_file():
        pytest.skip(f"needs {name}: set {variable} to its folder")
    return path


def original(name: str) -> bytes:
    """Returns a shipped model as it is on disk."""
    return weights.read_checked(weights.default_model_path(name), weights.SHA256[name])


def detector_model() -> bytes:
    """Returns the default detector as the server runs it."""
    return weights.with_dynamic_image(weights.fold(original(weights.YUNET_FILE)))


@pytest.fixture(scope="module")
def sample() -> Image:
    """A photo of six people."""
    return jpeg.decode((resources.files("insightface") / "data/images/t1.jpg").read_bytes())


@pytest.fixture(scope="module")
def default() -> Pack:
    """The default pack on ONNX Runtime."""
    return load_pack("default", runtime=Runtime.ONNXRUNTIME, detect_side=640)


@pytest.fixture(scope="module")
def crops(default: Pack, sample: Image) -> list[Image]:
    """The six aligned faces."""
    found = default.detector.detect(sample)
    assert PEOPLE_ON_SAMPLE == len(found)
    return [align.crop(sample, face.landmarks) for face in found]


@pytest.fixture(scope="module")
def batch(crops: list[Image]) -> np.ndarray:
    """Eight faces as the embedder's network takes them."""
    stacked = np.stack([*crops, *(crop[:, ::-1] for crop in crops[:2])])
    return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2), np.float32)


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns the cosine of each pair of rows."""
    return (unit(left) * unit(right)).sum(axis=-1)


class TestFold:
    """The folded models calculate what the quantised files say."""

    @pytest.mark.parametrize("name", BOTH_FILES)
    def test_every_constant(self, name: str) -> None:
        """Each folded constant is what the standard's own DequantizeLinear makes of the file."""
        model = onnx.load_model_from_string(original(name))
        tensors = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
        reference = dict(tensors)
        for node in model.graph.node:
            if node.op_type in {"DequantizeLinear", "Reshape"} and set(node.input) <= set(
                reference
            ):
                inputs = {key: reference[key] for key in node.input}
                reference[node.output[0]] = ReferenceEvaluator(node).run(None, inputs)[0]

        folded = weights.fold(original(name)).graph

        count = 0
        for one in folded.initializer:
            np.testing.assert_array_equal(reference[one.name], numpy_helper.to_array(one))
            count += one.name not in tensors
        assert count >= 27
        assert 1 == len(folded.input)
        assert not {node.op_type for node in folded.node} & {"DequantizeLinear"}

    def test_embedder(self, batch: np.ndarray) -> None:
        """The embedder gives the outputs of the quantised graph in the reference runtime."""
        model = onnx.load_model_from_string(original(weights.SFACE_FILE))
        (expected,) = ReferenceEvaluator(model).run(None, {"data": batch[:1]})

        (found,) = OrtSession(sface_model()).run(batch[:1])

        np.testing.assert_allclose(found, expected, atol=1e-4)

    def test_detector(self, sample: Image) -> None:
        """So does the detector, at the size that the file is made for."""
        model = onnx.load_model_from_string(original(weights.YUNET_FILE))
        view = np.zeros((1, 3, 640, 640), np.float32)
        view[0] = sample[100:740, 300:940].transpose(2, 0, 1)
        expected = ReferenceEvaluator(model).run(None, {"input": view})

        found = OrtSession(detector_model()).run(view)

        assert 12 == len(expected) == len(found)
        for left, right in zip(found, expected, strict=True):
            np.testing.assert_allclose(left, right, atol=1e-4)


class TestRuntimes:
    """Both runtimes, whatever is asked of them at once."""

    @pytest.mark.parametrize("runtime", RUNTIMES[1:])
    def test_embeddings_agree(self, runtime: Runtime, batch: np.ndarray) -> None:
        """An employee enrolled on one runtime is recognised on the other."""
        (left,) = open_session(sface_model(), Runtime.ONNXRUNTIME).run(batch)
        (right,) = open_session(sface_model(), runtime).run(batch)

        assert cosines(left, right).min() >= 0.998

    @pytest.mark.parametrize("runtime", RUNTIMES[1:])
    def test_detections_agree(self, runtime: Runtime, default: Pack, sample: Image) -> None:
        """Both detectors find the same faces, within two pixels."""
        other = load_pack("default", runtime=runtime, detect_side=640)

        left, right = default.detector.detect(sample), other.detector.detect(sample)

        assert len(left) == len(right)
        for one, two in zip(left, right, strict=True):
            assert np.abs(one.landmarks - two.landmarks).max() < 2

    @pytest.mark.parametrize("runtime", RUNTIMES)
    @pytest.mark.parametrize("count", [1, 2, 4, 8])
    def test_batch_equals_single(self, runtime: Runtime, count: int, batch: np.ndarray) -> None:
        """A face gets the same embedding alone and among others."""
        session = open_session(sface_model(), runtime)
        single = np.concatenate([session.run(batch[row : row + 1])[0] for row in range(count)])

        (together,) = session.run(batch[:count])

        assert (count, SFace.dimension) == together.shape
        assert cosines(single, together).min() > 0.9999

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_sizes_of_one_detector(self, runtime: Runtime) -> None:
        """The detector takes frames of any multiple of 32, one or several, in any order."""
        session = open_session(detector_model(), runtime, precise=True)  # as the server runs it
        views = np.random.default_rng(3).uniform(0, 255, (2, 3, 160, 256)).astype(np.float32)
        for height, width in ((256, 320), (160, 160), (480, 640)):
            outputs = session.run(np.zeros((1, 3, height, width), np.float32))
            assert (1, height * width // 64, 1) == outputs[0].shape

        both = session.run(views)

        for row in range(2):
            for alone, among in zip(session.run(views[row : row + 1]), both, strict=True):
                np.testing.assert_allclose(among[row], alone[0], atol=0.05)

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_threads(self, runtime: Runtime, batch: np.ndarray) -> None:
        """Calls of several threads at once do not mix, nor does a later call change a result."""
        session = open_session(sface_model(), runtime)
        expected = [session.run(batch[row : row + 1])[0] for row in range(len(batch))]
        rows = list(range(len(batch))) * 4

        with ThreadPoolExecutor(4) as executor:
            found = list(executor.map(lambda row: session.run(batch[row : row + 1])[0], rows))

        for row, vector in zip(rows, found, strict=True):
            np.testing.assert_allclose(vector, expected[row], atol=1e-5)

    def test_default_of_this_machine(self, crops: list[Image], default: Pack) -> None:
        """What AUTO takes here embeds as ONNX Runtime does, and says what runs."""
        loaded = load_pack("default", runtime=Runtime.AUTO, detect_side=320)

        found = cosines(loaded.embedder.embed(crops), default.embedder.embed(crops))

        assert found.min() >= 0.998
        assert loaded.commercial_use
        assert default.model_version == loaded.model_version
        assert "sface-2021dec-fb143eea0783" == loaded.model_version
        assert "onnxruntime" in loaded.runtimes


class TestInvalid:
    """Files that are not what they should be."""

    @pytest.mark.parametrize("name", BOTH_FILES)
    def test_changed(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A default model with one changed byte is refused."""
        for each in BOTH_FILES:
            content = bytearray(original(each))
            content[len(content) // 2] ^= each == name
            (tmp_path / each).write_bytes(content)
        monkeypatch.setattr(weights, "default_model_path", lambda each: tmp_path / each)

        with pytest.raises(ModelInvalid, match=f"{name} has another SHA-256"):
            load_pack("default", runtime=Runtime.AUTO, detect_side=320)

    def test_missing(self, tmp_path: Path) -> None:
        """So is one that is not there."""
        with pytest.raises(ModelInvalid, match="cannot read"):
            weights.read_checked(tmp_path / "none.onnx", "")

    @pytest.mark.parametrize("name", ["", "sface", "insightface", "insightface:/no/such/folder"])
    def test_unknown_pack(self, name: str) -> None:
        """A name that stands for no pack is told."""
        with pytest.raises(ModelInvalid):
            load_pack(name, runtime=Runtime.AUTO, detect_side=320)

    def test_damaged_file_of_others(self, tmp_path: Path) -> None:
        """A file in a folder of others that is no model is told by name."""
        (tmp_path / "detector.onnx").write_bytes(b"no model")

        with pytest.raises(ModelInvalid, match=r"detector\.onnx"):
            load_pack(f"insightface:{tmp_path}", runtime=Runtime.AUTO, detect_side=320)

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_damaged_antispoof(self, tmp_path: Path, runtime: Runtime) -> None:
        """So is a liveness model."""
        for name, _ in FILES:
            (tmp_path / name).write_bytes(b"no model")

        with pytest.raises(ModelInvalid, match="MiniFASNet"):
            load_antispoof(tmp_path, runtime=runtime)

    def test_missing_antispoof(self, tmp_path: Path) -> None:
        """And a folder without them."""
        with pytest.raises(ModelInvalid, match="MiniFASNet"):
            load_antispoof(tmp_path, runtime=Runtime.AUTO)


@pytest.fixture(scope="module")
def scrfd() -> Path:
    """A detector of insightface."""
    return file_of("HADIR_MODELS", "models", SCRFD_FILE)


@pytest.fixture(scope="module")
def folder(scrfd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with that detector, and SFace in the place of insightface's recogniser."""
    folder = tmp_path_factory.mktemp("pack")
    shutil.copy(scrfd, folder / SCRFD_FILE)
    (folder / "w_sface.onnx").write_bytes(sface_model())
    return folder


class TestInsightface:
    """A folder of insightface's models, run by its own classes."""

    def test_finds_and_embeds(
        self, folder: Path, sample: Image, crops: list[Image], default: Pack
    ) -> None:
        """SCRFD finds the six people; the recogniser gets the colours and range that it needs."""
        name = f"insightface:{folder}"
        loaded = load_pack(name, runtime=Runtime.AUTO, detect_side=640)

        found = loaded.detector.detect(sample)
        assert PEOPLE_ON_SAMPLE == len(found)
        own = loaded.embedder.embed([align.crop(sample, face.landmarks) for face in found])
        expected = default.embedder.embed(crops)
        assert cosines(loaded.embedder.embed(crops), expected).min() > 0.999
        assert list(range(PEOPLE_ON_SAMPLE)) == sorted((own @ expected.T).argmax(axis=1))
        assert sum((own @ expected.T).max(axis=1) > 0.9) >= 4  # two of them look aside
        assert (SFace.dimension, False) == (loaded.embedder.dimension, loaded.commercial_use)
        assert loaded.model_version.startswith("w_sface-")

    def test_detector_alone(self, scrfd: Path, tmp_path: Path, default: Pack) -> None:
        """A folder without a recogniser is completed with SFace."""
        shutil.copy(scrfd, tmp_path / SCRFD_FILE)

        loaded = load_pack(f"insightface:{tmp_path}", runtime=Runtime.ONNXRUNTIME, detect_side=320)

        assert default.model_version == loaded.model_version
        assert not loaded.commercial_use

    def test_recogniser_alone(self, tmp_path: Path) -> None:
        """A folder without a detector is no pack."""
        (tmp_path / "w_sface.onnx").write_bytes(sface_model())

        with pytest.raises(ModelInvalid, match="no SCRFD detector"):
            load_pack(f"insightface:{tmp_path}", runtime=Runtime.AUTO, detect_side=320)


class TestAntispoof:
    """MiniFASNet, where its files are installed."""

    @pytest.mark.parametrize("runtime", RUNTIMES)
    def test_samples_of_its_authors(self, runtime: Runtime, default: Pack) -> None:
        """The live sample is judged live, and both attacks are not."""
        folder = file_of("HADIR_MODELS", "models", FILES[0][0]).parent
        network = load_antispoof(folder, runtime=runtime)
        scores = {}
        for name in ("T1", "F1", "F2"):
            path = file_of("HADIR_SPOOF_IMAGES", "data/spoof-dev", f"image_{name}.jpg")
            # Their EXIF turns them upright, which OpenCV heeds.
            image = np.ascontiguousarray(cv2.imread(str(path))[:, :, ::-1])
            box = default.detector.detect(image)[0].box
            scores[name] = network.live_probability(image, box)

        assert scores["T1"] > 0.9
        assert max(scores["F1"], scores["F2"]) < 0.5


class TestNoNetwork:
    """Nothing is looked up, fetched or reported when models are loaded."""

    def test_loads_without_a_connection(self, tmp_path: Path) -> None:
        """A new process loads and runs all packs, and never asks for a name or a connection."""
        named = os.environ.get("HADIR_MODELS")
        folder = Path(named) if named else ROOT.parent / "shared" / "models"
        if (folder / SCRFD_FILE).is_file():
            shutil.copy(folder / SCRFD_FILE, tmp_path / SCRFD_FILE)
        (tmp_path / "w_sface.onnx").write_bytes(sface_model())

        done = subprocess.run(
            [sys.executable, "-c", LOAD_EVERYTHING, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            cwd=ROOT,
        )

        assert (0, "[]") == (done.returncode, done.stdout.strip()), done.stderr

    def test_notices_a_connection(self) -> None:
        """The watch of that process would tell."""
        attempt = "import socket\ntry:\n    socket.create_connection(('localhost', 9), 1)\nexcept OSError: pass\n"
        code = WATCH + attempt + "print([event for event in seen])"

        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
        )

        assert "socket.getaddrinfo" in done.stdout


WATCH = textwrap.dedent(
    """
    import sys
    seen = []

    def watch(event, args):
        if event.startswith(("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.")):
            seen.append(event)
            raise OSError("no network here")

    sys.addaudithook(watch)
    """
)
LOAD_EVERYTHING = WATCH + textwrap.dedent(
    """
    from importlib.util import find_spec
    from pathlib import Path
    import numpy as np
    from server.vision.pack import load_pack
    from server.vision.session import Runtime

    names, runtimes = ["default"], [Runtime.ONNXRUNTIME]
    if len(list(Path(sys.argv[1]).glob("*.onnx"))) > 1:
        names.append("insightface:" + sys.argv[1])
    if find_spec("openvino"):
        runtimes.append(Runtime.OPENVINO)
    for name in names:
        for runtime in runtimes:
            pack = load_pack(name, runtime=runtime, detect_side=320)
            pack.detector.detect(np.zeros((240, 320, 3), np.uint8))
            pack.embedder.embed([np.zeros((112, 112, 3), np.uint8)])
    print(seen)
    """
)
