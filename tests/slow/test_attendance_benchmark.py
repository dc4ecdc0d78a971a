"""`hadir-bench attendance` on a small province: it runs to its end and measures what it names."""

import json
import subprocess
import sys

PATIENCE_S = 120


def test_small(tmp_path):
    """A hundred people, one month: every figure is there, and took some time."""
    file = tmp_path / "attendance.json"
    command = ["attendance", "--people", "100", "--days", "31", "--json", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.main", *command],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    figures = json.loads(file.read_text())["results"]
    assert 3 == len(figures)
    assert all(figure["seconds"] > 0 for figure in figures)
    assert all(figure["what"] in file.with_suffix(".md").read_text() for figure in figures)
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
