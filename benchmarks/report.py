"""What every report of a benchmark says of its origin: machine, commit, versions, settings.

Figures without these cannot be compared; every command prints and stores them.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console

from server.cores import usable_cores

_ROOT = Path(__file__).resolve().parent.parent
_GIT_SECONDS_MAX = 10
# Extensions that decide how fast a CPU runs the models.
_CPU_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
_PACKAGES = (
    "hadir",
    "numpy",
    "onnxruntime",
    "openvino",
    "opencv-python-headless",
    "simplejpeg",
    "insightface",
    "faiss-cpu",
    "grpcio",
)


def origin(command: str, settings: Mapping[str, object]) -> dict[str, Any]:
    """Returns what a JSON report begins with.

    command: the subcommand of hadir-bench. settings: what was asked of it; of paths only
    the last part is told.
    """
    return {
        "command": f"hadir-bench {command}",
        "settings": {key: _plain(value) for key, value in settings.items()},
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(),
        "machine": machine(),
        "versions": versions(),
    }


def machine() -> dict[str, Any]:
    """Returns CPU model, its extensions, cores in all and cores this process may use, OS."""
    cpu = _cpu_info()
    flags = set(cpu.get("flags", "").split())
    family, model = cpu.get("cpu family", "?"), cpu.get("model", "?")
    return {
        "cpu": f"{cpu.get('model name') or platform.processor() or platform.machine()}",
        "cpu_family_model": f"{family}/{model}",
        "cpu_extensions": [flag for flag in _CPU_FLAGS if flag in flags],
        "cores": os.cpu_count(),
        "cores_usable": usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def git_commit() -> str:
    """Returns the commit of the checkout, with "-dirty" if files differ from it, or "unknown"."""
    describe = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    command = ["git", "--no-optional-locks", *describe]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=_ROOT, capture_output=True, text=True, timeout=_GIT_SECONDS_MAX, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def versions() -> dict[str, str]:
    """Returns the versions of the packages that figures depend on, where installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def print_origin(console: Console, report: Mapping[str, Any]) -> None:
    """Prints the first lines of a report made by `origin`."""
    for label, text in _origin_lines(report):
        console.print(f"[bold]{label:9}[/bold] {text}", highlight=False, soft_wrap=True)


def origin_text(report: Mapping[str, Any]) -> str:
    """Returns the same lines, and the time, as a list of Markdown."""
    lines = (*_origin_lines(report), ("measured", report["measured"]))
    return "\n".join(f"- {label}: {text}" for label, text in lines)


def _origin_lines(report: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    machine_ = report["machine"]
    extensions = ", ".join(machine_["cpu_extensions"]) or "no vector extensions known"
    settings = ", ".join(f"{key} {value}" for key, value in report["settings"].items())
    packages = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    cores = f"{machine_['cores_usable']} of {machine_['cores']} cores"
    return (
        ("machine", f"{machine_['cpu']} ({extensions}), {cores}, {machine_['system']}"),
        ("commit", report["commit"]),
        ("settings", settings),
        ("versions", f"Python {machine_['python']}, {packages}"),
    )


def write_json(path: Path, report: Mapping[str, Any]) -> None:
    """Writes a report; folders that are missing are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return value.name
    return value if value is None or isinstance(value, int | float | bool | str) else str(value)


def _cpu_info() -> dict[str, str]:
    """Returns the lines of the first processor in /proc/cpuinfo, or nothing elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    rows = (line.partition(":") for line in text.split("\n\n", maxsplit=1)[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in rows}
