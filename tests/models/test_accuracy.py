"""hadir-bench with the real models: accuracy on a few people of LFW, and the pipeline's speed."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.lfw import by_person, find_images
from benchmarks.main import app
from server.domain.calibration import Calibration

ROOT = Path(__file__).resolve().parents[2]
GALLERY_PEOPLE = 18
GALLERY_IMAGES = 3
IMPOSTORS = 30


def lfw_directory() -> Path:
    """Returns the folder of images, or skips the tests."""
    named = os.environ.get("HADIR_LFW")
    directory = Path(named) if named else ROOT.parent / "shared" / "data" / "lfw-dev"
    if not directory.is_dir():
        pytest.skip("needs LFW images: set HADIR_LFW to a folder of Name/Name_0001.jpg")
    return directory


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs the command once on 84 images; returns the folder with what it wrote."""
    images = find_images(lfw_directory())
    people = by_person(list(images)).values()
    gallery = [group[:GALLERY_IMAGES] for group in people if len(group) >= GALLERY_IMAGES]
    alone = [group for group in people if len(group) == 1]
    folder = tmp_path_factory.mktemp("accuracy")
    for group in (*gallery[:GALLERY_PEOPLE], *alone[:IMPOSTORS]):
        for name in group:
            copy = folder / "few" / images[name].parent.name / images[name].name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(images[name], copy)
    (folder / "few" / "pairs.txt").write_text(pairs_file(gallery[:GALLERY_PEOPLE]))
    options = {"--lfw": "few", "--json": "out.json"}
    options |= {"--calibration": "calibration.json", "--cache": "cache.npz"}
    arguments = [text for name, path in options.items() for text in (name, str(folder / path))]

    result = CliRunner().invoke(app, ["accuracy", *arguments])

    assert result.exit_code == 0, result.output
    (folder / "out.txt").write_text(result.output)
    return folder


def pairs_file(gallery: list[list[str]]) -> str:
    """Makes a View 1 file: each person's first two images, and first images of neighbours."""
    firsts = ["{}\t{}".format(*group[0].rsplit("_", 1)) for group in gallery]
    seconds = [group[1].rpartition("_")[2] for group in gallery]
    matched = [f"{first}\t{second}\n" for first, second in zip(firsts, seconds, strict=True)]
    neighbours = zip(firsts, firsts[1:] + firsts[:1], strict=True)
    return f"{len(firsts)}\n" + "".join(matched + [f"{a}\t{b}\n" for a, b in neighbours])


@pytest.fixture(scope="module")
def report(outputs: Path) -> dict[str, Any]:
    """The JSON report."""
    content: dict[str, Any] = json.loads((outputs / "out.json").read_text())
    return content


class TestAccuracy:
    """What must hold on any few dozen people."""

    def test_every_image_has_a_face(self, report: dict[str, Any]) -> None:
        """LFW was collected with a face detector."""
        assert report["results"]["images_without_face"] == []
        assert report["results"]["images"] == GALLERY_PEOPLE * GALLERY_IMAGES + IMPOSTORS

    def test_pairs_are_told_apart(self, report: dict[str, Any]) -> None:
        """At most one of 36 pairs is judged wrongly."""
        assert report["results"]["verification"]["accuracy"] > 0.97

    def test_people_are_found(self, report: dict[str, Any]) -> None:
        """Nearly all probes find their person, and the server names nobody wrongly."""
        one, two = report["results"]["identification"]

        assert one["mated_probes"] == 2 * GALLERY_PEOPLE
        assert one["rank1"] >= 0.94
        assert two["rank1"] >= 0.94
        assert two["tpir_at_fpir"][0]["tpir"] >= 0.9
        assert two["server"]["named_wrongly"] == 0
        assert two["server"]["fpir"] <= 1 / IMPOSTORS


class TestReport:
    """What a reader of the figures needs."""

    def test_names_machine_commit_and_settings(self, outputs: Path, report: dict[str, Any]) -> None:
        """Figures without their origin cannot be compared."""
        printed = (outputs / "out.txt").read_text()

        assert report["settings"]["data"] == "few"
        assert report["machine"]["cores"] >= 1
        assert report["versions"]["numpy"]
        assert all(word in printed for word in ("machine", "commit", "settings", "versions"))

    def test_writes_curves_and_calibration(self, outputs: Path, report: dict[str, Any]) -> None:
        """The PNG is one, and the server can read the calibration."""
        calibration = Calibration.parse((outputs / "calibration.json").read_text())

        assert (outputs / "out.png").read_bytes().startswith(b"\x89PNG")
        assert "| images | gallery |" in (outputs / "out.md").read_text()
        assert calibration.model_version == report["settings"]["model_version"]


class TestPipeline:
    """The speed benchmark, which needs no LFW."""

    def test_measures_every_stage(self, tmp_path: Path) -> None:
        """A short run finds and embeds the virtual person, and reports each stage."""
        path = tmp_path / "speed.json"

        result = CliRunner().invoke(
            app, ["pipeline", "--seconds", "0.5", "--runtime", "auto", "--json", str(path)]
        )

        assert result.exit_code == 0, result.output
        (row,) = json.loads(path.read_text())["results"]
        assert row["frames"] > 0
        assert min(row["decode_ms"], row["detect_ms"], row["embed_ms"], row["cpu_ms"]) > 0
        assert f"| {row['frames_per_second']:.1f} | 1.00 |" in path.with_suffix(".md").read_text()
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
