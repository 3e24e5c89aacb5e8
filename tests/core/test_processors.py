"""The number of processors, and how threads wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqnet.core.processors import limit_spinning, processor_limits, usable_processors


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"):
        monkeypatch.delenv(name, raising=False)


def system(root: Path, group: str, files: dict[str, str]) -> Path:
    """Returns a folder with the kernel's files of control groups."""
    for name, content in ({"proc/self/cgroup": group} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_the_affinity_of_the_process_is_a_limit() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert processor_limits()["affinity"] == 1
        assert usable_processors() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(("text", "expected"), [("3", 3), ("3,2", 3), (" 3 ", 3)])
@pytest.mark.parametrize("name", ["OMP_NUM_THREADS", "SLURM_CPUS_PER_TASK"])
def test_variables_are_limits(monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: int) -> None:
    monkeypatch.setenv(name, text)
    assert processor_limits()[name] == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "1.5"])
def test_variables_that_are_not_numbers_are_not_limits(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert "OMP_NUM_THREADS" not in processor_limits()


def test_the_least_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "64")
    assert usable_processors() == 1


@pytest.mark.parametrize(
    ("group", "files", "expected"),
    [
        ("0::/\n", {"cpu.max": "100000 100000"}, 1),
        ("0::/\n", {"cpu.max": "150000 100000"}, 2),
        ("0::/\n", {"cpu.max": "20000 100000"}, 1),
        ("0::/\n", {"cpu.max": "max 100000"}, None),
        ("0::/\n", {}, None),
        # The smallest quota of the group and its parents counts, as for a step of a batch job.
        ("0::/slurm/job/step\n", {"slurm/job/cpu.max": "300000 100000", "slurm/job/step/cpu.max": "max 100000"}, 3),
        ("0::/a/b\n", {"a/cpu.max": "500000 100000", "a/b/cpu.max": "700000 100000"}, 5),
        # Version 1: one folder for two controllers, with or without a link for each.
        (
            "4:memory:/x\n3:cpu,cpuacct:/job\n",
            {"cpu,cpuacct/job/cpu.cfs_quota_us": "400000", "cpu,cpuacct/job/cpu.cfs_period_us": "100000"},
            4,
        ),
        ("1:cpu:/job\n", {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ("1:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("1:cpuset:/\n", {"cpuset/cpu.cfs_quota_us": "100000", "cpuset/cpu.cfs_period_us": "100000"}, None),
    ],
)
def test_quotas_of_control_groups_are_limits(
    tmp_path: Path, group: str, files: dict[str, str], expected: int | None
) -> None:
    root = system(tmp_path, group, {f"sys/fs/cgroup/{name}": content for name, content in files.items()})
    assert processor_limits(root).get("control group") == expected


def test_a_system_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert "control group" not in processor_limits(tmp_path)


@pytest.mark.parametrize("own", [{"OMP_WAIT_POLICY": "active"}, {"KMP_BLOCKTIME": "200"}, {"GOMP_SPINCOUNT": "9"}])
def test_settings_of_the_user_for_waiting_threads_stay(own: dict[str, str]) -> None:
    environment = dict(own)
    limit_spinning(environment)
    assert environment.items() >= own.items()
    assert "OMP_WAIT_POLICY" not in own or environment == own


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have another OpenMP")
def test_the_program_has_openmp_sleep_soon_where_it_waits() -> None:
    """As OpenMP itself prints when PyTorch loads it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "KMP_"))}
    done = subprocess.run(
        [sys.executable, "-m", "seqnet", "train", "nothing.safetensors", "-o", "m.safetensors"],
        env=environment | {"OMP_DISPLAY_ENV": "VERBOSE"}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert "GOMP_SPINCOUNT = '1500'" in done.stderr
