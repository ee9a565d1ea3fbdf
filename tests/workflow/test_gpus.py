"""The GPUs of a machine (pretended ones): as many trainings at once as they take, each on its own."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from project import ROOT, SINGLE, TINY, Project

from ablation.chain.resources import machine_memory
from ablation.spec import Optimizer, Spec

# In place of the training: leases a GPU as that does, and ends only when enough others have one too.
STAND_IN = """
import os, sys, time
from pathlib import Path
from ablation.running import environment, lease

run = Path(sys.argv[sys.argv.index("--run") + 1])
places, needed = Path("places"), int(os.environ["NEEDED"])
held = lease.take(environment.gpus())
gpu = os.environ["CUDA_VISIBLE_DEVICES"]
(places / f"{gpu}-{run.parent.name}").touch()
deadline = time.monotonic() + 120
while len(os.listdir(places)) < needed:
    assert time.monotonic() < deadline, "the other trainings did not begin"
    time.sleep(0.05)
for name in "history.csv weights.safetensors record.json outputs.npy".split():
    (run / name).write_text(gpu)
"""
EXPERIMENTS = [f"one-{epochs}" for epochs in range(1, 7)]


@pytest.fixture
def machine(fresh: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project on a machine that seems to have three GPUs."""
    for number in range(3):
        (fresh.folder / f"dev/nvidia{number}").parent.mkdir(exist_ok=True)
        (fresh.folder / f"dev/nvidia{number}").touch()
    (fresh.folder / "places").mkdir()
    environment = fresh.folder / "workflow/scripts/ablation/running/environment.py"
    text = environment.read_text(encoding="utf-8")
    assert 'DEVICES = Path("/dev")' in text
    environment.write_text(text.replace('Path("/dev")', 'Path("dev")'), encoding="utf-8")
    (fresh.folder / "workflow/scripts/train.py").write_text(STAND_IN, encoding="utf-8")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    project = Project(fresh.folder, configs=(TINY, SINGLE))
    project.edit(lambda config: config["experiments"][0].update(epochs=list(range(1, 7))), SINGLE)
    return project


def train(project: Project, *arguments: str) -> tuple[str, Counter[str]]:
    """Run all trainings; return what Snakemake printed and how many ran on each GPU."""
    histories = [f"{project.run_of(name)}/history.csv" for name in EXPERIMENTS]
    output = project.run(*histories, "--cores", "8", "--verbose", *arguments)
    return output, Counter((project.folder / path).read_text(encoding="utf-8") for path in histories)


def at_once(output: str) -> int:
    """How many trainings Snakemake says it runs at once."""
    told = re.search(r'^Provided resources: gpu=Resource\("gpu", (\d+)\)$', output, flags=re.M)
    assert told, output
    return int(told[1])


def test_each_training_has_a_gpu_of_its_own(machine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDED", "3")
    output, used = train(machine)
    assert at_once(output) == 3
    assert set(used) == {"0", "1", "2"}
    # The first three began together.
    first = sorted((machine.folder / "places").iterdir(), key=lambda path: path.stat().st_mtime_ns)[:3]
    assert {path.name[0] for path in first} == {"0", "1", "2"}


def opened(process: int) -> set[str]:
    """The files that a process has open."""
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.add(str(link.readlink()))
    return found


@pytest.mark.parametrize("script", ["train", "pretrain"])
def test_the_real_ones_wait_for_a_gpu(machine: Project, tmp_path: Path, script: str) -> None:
    """And fail when they have one, because there is no pack."""
    spec = Spec(
        "resnet34",
        "original",
        (),
        Optimizer("sgd", 0.1, 0.0, 0.0, "constant"),
        "none",
        64,
        4,
        1,
        1,
        "fp32",
        0,
    )
    shutil.copy2(ROOT / f"workflow/scripts/{script}.py", machine.folder / "workflow/scripts")
    folder = tmp_path / f"ablation-gpus-{os.getuid()}"
    folder.mkdir()
    lease = folder / "1.0"
    with lease.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        arguments = ["--spec", spec.to_json(), "--pack", "none"]
        arguments += ["--run", "run"] if script == "train" else ["--output", "w", "--history", "h"]
        process = subprocess.Popen(
            [sys.executable, f"workflow/scripts/{script}.py", *arguments],
            cwd=machine.folder,
            env=os.environ | {"CUDA_VISIBLE_DEVICES": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        while str(lease) not in opened(process.pid):
            assert process.poll() is None, process.communicate()
        assert process.poll() is None
    assert "none is not a readable pack" in process.communicate()[1]
    assert process.returncode == 1


def test_only_visible_gpus(machine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDED", "2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    output, used = train(machine)
    assert at_once(output) == 2
    assert set(used) == {"0", "2"}


def test_shared(machine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDED", "6")
    output, used = train(machine, "--config", "gpu_share=2")
    assert at_once(output) == 6
    assert used == {"0": 2, "1": 2, "2": 2}


def test_fewer_at_once_than_there_are_gpus(machine: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEEDED", "1")
    output, used = train(machine, "--resources", "gpu=1")
    assert at_once(output) == 1
    assert used == {"0": 6}


def test_without_gpus_as_many_as_there_are_cores_and_memory_for(machine: Project) -> None:
    for device in (machine.folder / "dev").iterdir():
        device.unlink()
    output = machine.run("resources/datasets/demo/manifest.csv", "--verbose")
    assert f'Provided resources: mem_mb=Resource("mem_mb", {machine_memory()})' in output
    output = machine.run("-n", f"{machine.run_of('one-1')}/history.csv", "--verbose")
    (resources,) = [line for line in output.split("rule train:")[1].splitlines() if "resources:" in line]
    assert "gpu=0" in resources
    assert "mem_mb=1" in resources


def test_idle_cores_are_named_with_the_value_that_uses_them(
    machine: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEEDED", "1")

    def told(gpus: str, *arguments: str) -> list[str]:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", gpus)
        output, _ = train(machine, *arguments, "--forcerun", "train")
        return re.findall("^Mind: the trainings .*", output, flags=re.M)

    assert told("", "--cores", "13") == [
        "Mind: the trainings of this run use 6 of 13 cores. recipe.threads: 2 in place of 1 can make them "
        "faster; every run of the study (6) then trains anew."
    ]
    assert told("", "--cores", "11") == []
    assert told("", "--cores", "13", "--touch") == []
    assert told("0", "--cores", "13") == []
    machine.edit(lambda config: config["recipe"].update(threads=2))
    assert told("", "--cores", "13") == []
    (wider,) = told("", "--cores", "31")
    assert "use 12 of 31 cores. recipe.threads: 5 in place of 2 can" in wider
