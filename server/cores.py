"""How many cores this process may use: by its affinity and its control group's quota."""

import math
import os
from pathlib import Path

PROC, CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Returns the number of cores, at least 1; the host may have more."""
    by_affinity = len(os.sched_getaffinity(0))
    quota = quota_cores(PROC, CGROUPS)
    return by_affinity if quota is None else max(1, min(by_affinity, math.ceil(quota)))


def quota_cores(membership: Path, root: Path) -> float | None:
    """Returns the CPU time that the control groups allow, in cores; None without a quota.

    Version 2 (cpu.max) and 1 (cpu.cfs_quota_us); a group's quota binds those below it. Inside a
    container the own group may be mounted as the root.
    """
    quotas = []
    for line in _text(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root if not controllers else root / "cpu"
        group = base / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder == root.parent:
                break
            quotas.append(_quota_of(folder))
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota_of(folder: Path) -> float | None:
    allowed, _, period = _text(folder / "cpu.max").partition(" ")
    if not allowed:
        allowed, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
    if not period.strip() or allowed.strip() in {"max", "-1", ""}:
        return None
    return int(allowed) / int(period)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
