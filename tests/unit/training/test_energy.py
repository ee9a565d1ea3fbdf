"""Counters of energy: on a made-up powercap folder, and by a stand-in for NVIDIA's library."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from powercap import write_zone

from ablation.training import energy
from ablation.training.energy import Counter

NVML = r"""
#include <stdio.h>
#include <string.h>
static int started;
int nvmlInit_v2(void) { started = 1; return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **gpu) {
    static const char *names[] = {"GPU-a", "GPU-b"};
    if (!started) return 1;
    for (long k = 0; k < 2; k++)
        if (!strcmp(uuid, names[k])) { *gpu = (void *)(k + 0x700000000000); return 0; }
    return 6;
}
int nvmlDeviceGetTotalEnergyConsumption(void *gpu, unsigned long long *millijoules) {
    char path[4096];
    snprintf(path, sizeof path, "FOLDER/%ld", (long)gpu - 0x700000000000);
    FILE *file = fopen(path, "r");
    if (!file) return 3;
    int read = fscanf(file, "%llu", millijoules);
    fclose(file);
    return read != 1;
}
"""


def test_packages_and_their_memory_count_once(tmp_path: Path) -> None:
    """Cores lie within a package, `psys` contains all, and mmio is another view of package 0."""
    for name, kind, joules in (
        ("intel-rapl:0", "package-0", 10),
        ("intel-rapl:0:0", "core", 7),
        ("intel-rapl:0:1", "dram", 3),
        ("intel-rapl:1", "package-1", 20),
        ("intel-rapl:2", "psys", 100),
        ("intel-rapl-mmio:0", "package-0", 10),
    ):
        write_zone(tmp_path / name, kind, joules)
    (tmp_path / "intel-rapl").mkdir()
    counters = energy.of_processors(tmp_path)
    assert [counter.last for counter in counters] == [10, 3, 20]
    assert [counter.update() for counter in counters] == [0, 0, 0]
    write_zone(tmp_path / "intel-rapl:0:1", "dram", 5.5)
    assert [counter.update() for counter in counters] == [0, 2.5, 0]


def test_a_counter_that_wrapped_counts_on(tmp_path: Path) -> None:
    zone = tmp_path / "intel-rapl:0"
    write_zone(zone, "package-0", 990, wraps=1000)
    (counter,) = energy.of_processors(tmp_path)
    for joules, spent in ((998, 8), (5, 15), (5, 15), (4, 1014)):
        write_zone(zone, "package-0", joules, wraps=1000)
        assert counter.update() == pytest.approx(spent)


@given(start=st.integers(0, 999), steps=st.lists(st.integers(0, 999), max_size=20))
def test_what_is_spent_is_the_sum_of_all_steps(start: int, steps: list[int]) -> None:
    total = start
    counter = Counter(lambda: total % 1000, 1000)
    for step in steps:
        total += step
        counter.update()
    assert counter.spent == sum(steps)


def test_a_machine_without_counters_has_none(tmp_path: Path) -> None:
    assert energy.of_processors(tmp_path) == []
    assert energy.of_processors(tmp_path / "missing") == []


@pytest.fixture(scope="module")
def nvml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "nvml.c").write_text(NVML.replace("FOLDER", str(folder)))
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", folder / "nvml.c"], check=True
    )
    return folder


def test_gpus_are_read_by_their_uuid(nvml: Path) -> None:
    for number, millijoules in enumerate((1_500, 2**40)):
        (nvml / str(number)).write_text(str(millijoules))
    second, first = energy.of_gpus(["GPU-b", "GPU-a"], str(nvml / energy.NVML))
    assert (first.last, second.last) == (1.5, 2**40 / 1000)
    (nvml / "1").write_text(str(2**40 + 250))
    assert (first.update(), second.update()) == (0, pytest.approx(0.25))


def test_gpus_that_count_no_energy_are_refused(nvml: Path) -> None:
    library = str(nvml / energy.NVML)
    with pytest.raises(OSError, match="error 6"):
        energy.of_gpus(["MIG-a"], library)
    (nvml / "0").unlink(missing_ok=True)
    with pytest.raises(OSError, match="error 3"):
        energy.of_gpus(["GPU-a"], library)
    with pytest.raises(OSError, match="missing"):
        energy.of_gpus(["GPU-a"], str(nvml / "missing.so"))
