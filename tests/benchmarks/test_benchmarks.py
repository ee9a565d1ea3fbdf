"""Every workload and every documented command in the smallest form, so that the benchmarks cannot rot."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from documented import DOCUMENTED, ON_GPU, ON_SLURM, commands, peers, prepare, rows, run
from own_photos import write_archive
from PIL import Image
from project import Project

from places import ROOT
from workloads import WORKLOADS

EVERYTHING = "make benchmark"
PRECISION = [one for one in DOCUMENTED if "benchmarks/precision." in one]
(SWAPPED,) = (one for one in DOCUMENTED if "benchmarks/swapped_labels.py" in one)
# All that has no test of its own, whatever it is.
OTHERS = [one for one in DOCUMENTED if one not in (EVERYTHING, SWAPPED, *PRECISION, *ON_SLURM, *ON_GPU)]


def named(command: str) -> list[str]:
    """Return the workloads among a command's words."""
    return [word for word in command.replace('"', " ").replace("=", " ").split() if word in WORKLOADS]


# The workloads that no other command names, a new one too.
UNNAMED = [name for name in WORKLOADS if not any(name in named(command) for command in OTHERS)]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A copy in which the commands run, with a user's photos in it. No figure is kept there."""
    project = Project.fresh(tmp_path / "project")
    prepare(project)
    write_archive(project.folder / "my_photos.zip")
    kept = [project.folder / "benchmarks" / name for name in ("results.csv", "results.md")]
    before = [path.read_bytes() for path in kept]
    yield project
    assert [path.read_bytes() for path in kept] == before


def require_peers(workloads: list[str]) -> None:
    """Skip what compares with the peers where they are missing; CI has them."""
    if "short_run" in workloads and peers() is None:
        reason = "the peers are missing: make .venv-benchmark/done"
        if os.environ.get("REQUIRE_PEERS"):
            pytest.fail(reason)
        pytest.skip(reason)


def check(output: str, workloads: list[str]) -> None:
    """The table says what it is worth, and has rows of these workloads."""
    assert "The smallest form (BENCHMARK_SIZES=smallest): its figures are worth nothing" in output
    found = rows(output)
    assert list(found) == workloads
    assert all(found.values()), output


@pytest.mark.slow
@pytest.mark.parametrize("command", OTHERS)
def test_command(command: str, project: Project) -> None:
    require_peers(named(command))
    check(run(project, command), named(command))


@pytest.mark.slow
@pytest.mark.parametrize("workload", UNNAMED)
def test_everything(workload: str, project: Project) -> None:
    """In parts, each its own test: make takes the workload from the environment."""
    require_peers([workload])
    check(run(project, EVERYTHING, WORKLOADS=workload), [workload])


@pytest.mark.slow
def test_precision(project: Project) -> None:
    """The study and its evaluation; here two seeds and an epoch, of tiny photos and from random weights."""

    def smaller(config: dict[str, Any]) -> None:
        config["seeds"] = [0, 1]
        for experiment in config["experiments"]:
            experiment |= {"weights": "none", "image_size": 64, "batch_size": 4, "epochs": 1}

    project.edit(smaller, "benchmarks/precision.yaml")
    study, evaluation = PRECISION
    run(project, study)
    lines = run(project, evaluation).splitlines()
    networks, columns = ("alexnet", "resnet50"), ("val_accuracy", "val_loss")
    assert [line.split()[:2] for line in lines] == [[one, of] for one in networks for of in columns]
    assert all("n = 2)" in line for line in lines)


@pytest.mark.slow
def test_swapped_labels(project: Project) -> None:
    """One label of twenty photos of two colours, which a few epochs tell apart."""
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(project.folder / "my_photos.zip", "w") as file:
        for name, colour in (("blue", (60, 60, 200)), ("red", (200, 60, 60))):
            for number in range(10):
                pixels = generator.normal(colour, 20, (64, 64, 3)).clip(0, 255).astype(np.uint8)
                content = io.BytesIO()
                Image.fromarray(pixels).save(content, "PNG")
                file.writestr(f"{name}/{number}.png", content.getvalue())
    told = run(project, SWAPPED)
    assert "1 of 20 labels swapped by seed 0" in told
    assert "1 of 1 swapped photos (100%) are among the first 2 of 20; their places: " in told


def test_documents_name_every_program() -> None:
    """So the commands are found, and no program is one that nothing runs."""
    assert EVERYTHING in DOCUMENTED
    texts = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("benchmarks/*.py")}
    programs = {name for name, text in texts.items() if "sys.argv" in text or "ArgumentParser" in text}
    assert programs >= {"run.py", "precision.py", "profile_step.py", "arrays.py"}
    assert {name for name in programs if not any(f"/{name} " in command for command in DOCUMENTED)} == set()


def test_commands_of_a_document() -> None:
    text = """Of `benchmarks/sizes.py` and `make run`.
```sh
make benchmark    # all
make test
python benchmarks/a.py 1
```
See `make benchmark
WORKLOADS=b` and [them](benchmarks/README.md).
"""
    assert commands(text) == ["make benchmark", "python benchmarks/a.py 1", "make benchmark WORKLOADS=b"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "sizes", "said"),
    [
        (["run.py", "nonsense"], "full", "error: no workload nonsense; one of: throughput, "),
        (["run.py", "--photos", "my.zip", "throughput"], "full", "error: my.zip "),
        (["sizes.py"], "tiny", "error: BENCHMARK_SIZES is 'tiny': one of full, smallest"),
    ],
)
def test_a_wrong_name(program: list[str], sizes: str, said: str) -> None:
    env = os.environ | {"BENCHMARK_SIZES": sizes}
    command, folder = [sys.executable, *program], ROOT / "benchmarks"
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert said in done.stderr.splitlines()[-1]
