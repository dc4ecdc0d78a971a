"""How many cores a process may use: affinity and quota, not the host's number."""

import os
from pathlib import Path

import pytest

from server.cores import quota_cores, usable_cores


@pytest.fixture
def group(tmp_path):
    """Makes a control group's files. Returns (membership file, root)."""

    def made(line: str, files: dict[str, str]) -> tuple[Path, Path]:
        membership, root = tmp_path / "cgroup", tmp_path / "root"
        membership.write_text(line + "\n")
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
        return membership, root

    return made


class TestQuota:
    """What the control groups allow."""

    @pytest.mark.parametrize(
        ("line", "files", "cores"),
        [
            ("0::/", {"cpu.max": "150000 100000\n"}, 1.5),
            ("0::/", {"cpu.max": "max 100000\n"}, None),
            ("0::/a/b", {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n"}, 2.0),
            ("0::/a/b", {"a/cpu.max": "100000 100000\n", "a/b/cpu.max": "400000 100000\n"}, 1.0),
            ("0::/gone", {"cpu.max": "300000 100000\n"}, 3.0),
            (
                "4:cpu,cpuacct:/x",
                {"cpu/x/cpu.cfs_quota_us": "50000\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
                0.5,
            ),
            (
                "4:cpu,cpuacct:/x",
                {"cpu/x/cpu.cfs_quota_us": "-1\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
                None,
            ),
            ("3:memory:/x", {"cpu/x/cpu.cfs_quota_us": "1\n"}, None),
        ],
        ids=["own", "none", "parent", "smaller parent", "container", "v1", "v1 none", "other"],
    )
    def test_is_the_smallest_on_the_way_up(self, group, line, files, cores):
        """Version 1 and 2, from the own group to the root."""
        assert cores == quota_cores(*group(line, files))

    def test_no_groups(self, tmp_path):
        """A system without control groups sets no quota."""
        assert quota_cores(tmp_path / "none", tmp_path) is None


class TestUsable:
    """The number that sizes the worker threads."""

    def test_affinity_limits(self):
        """A process kept to one core has one."""
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            assert 1 == usable_cores()
        finally:
            os.sched_setaffinity(0, before)

    @pytest.mark.parametrize(("quota", "cores"), [(0.5, 1), (1.2, 2), (64.0, None)])
    def test_quota_limits(self, monkeypatch, quota, cores):
        """Rounded up: a share of a core still runs one thread."""
        monkeypatch.setattr("server.cores.quota_cores", lambda *_: quota)

        assert (cores or len(os.sched_getaffinity(0))) >= usable_cores()
        assert usable_cores() >= 1
        assert cores is None or min(cores, len(os.sched_getaffinity(0))) == usable_cores()
