"""What an edit of the code would run again: what it decides, and nothing for comments and formatting."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from plans import (
    COMPARISON,
    EXPLAINED,
    FIGURES,
    LATEST,
    PAGE,
    PRETRAINED,
    PRETRAINING,
    RUNS,
    SUMMARY,
    jobs,
    whole,
)
from project import Project

# An hour before anything was made; Snakemake by itself only asks whether a file is newer.
LONG_AGO = 3600


LIBRARY = "workflow/scripts/ablation"
# Whatever the code does after it, it is another code.
EDIT = "EDITED = True\n"


def test_figure_code_edited(study: Project) -> None:
    study.append(f"{LIBRARY}/results/figures/canvas.py", EDIT)
    assert (
        study.plan()
        == jobs(RUNS, "evaluate") | FIGURES | EXPLAINED | {"show_rungs", "check_photos demo"} | PAGE
    )


@pytest.mark.parametrize("module", ["run", "evaluated", "confusion"])
def test_figures_of_runs_edited(study: Project, module: str) -> None:
    study.append(f"{LIBRARY}/results/figures/{module}.py", EDIT)
    assert study.plan() == jobs(RUNS, "evaluate") | PAGE


@pytest.mark.parametrize(
    ("module", "stale"),
    [
        # The table itself: a figure that is added makes no other stale.
        ("study", set()),
        ("costs", {"compare costs"}),
        ("comparisons", {"compare comparisons"}),
        ("suspects", {"show_suspects"}),
        ("rungs", {"show_rungs"}),
        ("given", FIGURES | {"show_rungs"}),
    ],
)
def test_one_figure_of_the_study_edited(study: Project, module: str, stale: set[str]) -> None:
    study.append(f"{LIBRARY}/results/figures/{module}.py", EDIT)
    assert study.plan() == (stale | PAGE if stale else set())


def test_what_one_figure_of_the_study_says_edited(study: Project) -> None:
    path = study.folder / f"{LIBRARY}/results/figures/study.py"
    text = path.read_text(encoding="utf-8")
    assert text.count('"What accuracy costs"') == 1
    path.write_text(text.replace('"What accuracy costs"', '"What it costs"'), encoding="utf-8")
    assert study.plan() == {"compare costs", *PAGE}


def test_the_table_alone_needs_no_figure(study: Project) -> None:
    for path in study.study_folder.glob("*.png"):
        path.unlink()
    study.append(f"{LIBRARY}/results/figures/canvas.py", EDIT)
    assert study.plan("results/summary.csv") == set()


@pytest.mark.parametrize(
    "name",
    [
        "training/augmentation.py",
        "training/loop.py",
        "training/state.py",
        "training/distributed/layers.py",
        "networks/build.py",
        "spec.py",
    ],
)
def test_training_code_edited(study: Project, name: str) -> None:
    study.append(f"{LIBRARY}/{name}", EDIT)
    assert study.plan() == {PRETRAINING, *whole(*RUNS), *COMPARISON}


def test_initialisation_edited(study: Project) -> None:
    study.append(f"{LIBRARY}/networks/initialisation.py", EDIT)
    assert study.plan() == {PRETRAINING, *whole(*PRETRAINED), *COMPARISON}


@pytest.mark.parametrize(
    "name",
    [
        "scripts/explain.py",
        *(
            f"scripts/ablation/prediction/{name}.py"
            for name in ("layers", "activation", "placing", "explaining")
        ),
        "scripts/ablation/results/figures/activations.py",
    ],
)
def test_code_of_the_winners_maps_edited(study: Project, name: str) -> None:
    study.append(f"workflow/{name}", EDIT)
    assert study.plan() == EXPLAINED | PAGE


def test_evaluation_code_edited(study: Project) -> None:
    study.append(f"{LIBRARY}/results/predictions.py", EDIT)
    assert study.plan() == jobs(RUNS, "evaluate") | EXPLAINED | PAGE


def test_script_edited(study: Project) -> None:
    study.append("workflow/scripts/evaluate.py", EDIT)
    assert study.plan() == jobs(RUNS, "evaluate") | PAGE


def test_plan_names_the_edited_file(study: Project) -> None:
    study.append(f"{LIBRARY}/training/augmentation.py", EDIT)
    plan = study.run("-n", f"{study.run_of('alexnet-original')}/history.csv")
    assert "train: its code was changed: augmentation.py (alexnet-original seed 0)\n" in plan


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        ("tables", COMPARISON),
        ("collecting", COMPARISON),
        ("metrics", COMPARISON),
        ("validation", COMPARISON | jobs(RUNS, "evaluate")),
        ("summarizing", SUMMARY | FIGURES | EXPLAINED),
        ("statistics/wilson", {"find", "suspect"} | SUMMARY | FIGURES | EXPLAINED | jobs(RUNS, "evaluate")),
        ("answering", {"answer", *LATEST, *PAGE}),
        ("findings", {"find", *PAGE}),
        ("suspects", {"suspect", "show_suspects", *PAGE}),
        ("floor", set()),
    ],
)
def test_comparison_code_edited(study: Project, name: str, stale: set[str]) -> None:
    study.append(f"{LIBRARY}/results/{name}.py", EDIT)
    assert study.plan() == stale


@pytest.mark.parametrize(
    "name", ["study/study.py", "study/experiments.py", "chain/runs.py", "running/environment.py"]
)
def test_code_that_decides_no_result_edited(study: Project, name: str) -> None:
    study.append(f"{LIBRARY}/{name}", EDIT)
    study.append("workflow/rules/common.smk", "# A remark.\n")
    assert study.plan() == set()


def library_files(project: Project) -> list[Path]:
    return [
        path for path in project.source_files() if "workflow/scripts" in str(path) and path.suffix == ".py"
    ]


def test_comments_added(study: Project) -> None:
    for path in library_files(study):
        text = path.read_text(encoding="utf-8")
        path.write_text(f"# A remark.\n{text}\n\n# Another.\n", encoding="utf-8")
    assert study.plan() == set()


def test_code_formatted_another_way(study: Project) -> None:
    """Python's own formatter leaves out comments, breaks no line and quotes as it likes."""
    for path in library_files(study):
        path.write_text(ast.unparse(ast.parse(path.read_text(encoding="utf-8"))), encoding="utf-8")
    assert study.plan() == set()


def test_docstrings_edited(study: Project) -> None:
    for path in library_files(study):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'"""(\w)', r'"""Well: \1', text), encoding="utf-8")
    assert study.plan() == set()


# --- what a configuration chooses by name -----------------------------------------------------------

CHOICES = {
    "transform": (
        f"{LIBRARY}/training/transforms/table.py",
        'TRANSFORMS: Mapping[str, type[Transform]] = Table(\n    "TRANSFORMS",\n    {',
    ),
    "edit": (f"{LIBRARY}/networks/edits.py", 'EDITS: Mapping[str, Edit] = Table(\n    "EDITS",\n    {'),
    "head": (
        f"{LIBRARY}/networks/heads.py",
        'HEADS: Mapping[str, Callable[[Any, int], None]] = Table(\n    "HEADS",\n    {',
    ),
    "backbone": (
        f"{LIBRARY}/networks/backbones.py",
        'BACKBONES: Mapping[str, Backbone] = Table(\n    "BACKBONES",\n    {',
    ),
}
ADDED = {
    "transform": (
        "from dataclasses import dataclass\n\n\n@dataclass(frozen=True)\nclass Negative(Transform):\n"
        "    def apply(self, photos, drawn):\n        return 1 - photos",
        '"negative": Negative,',
    ),
    "edit": (
        "def no_dropout(net: Any) -> None:\n    net.classifier[0].p = 0.0",
        '"no_dropout": Edit(no_dropout),',
    ),
    "head": (
        "def frozen(net: Any, classes: int) -> None:\n    extend_fc(net.requires_grad_(False), classes)",
        '"frozen": frozen,',
    ),
    "backbone": ("", '"resnet18": Backbone("extend_fc", 33, 12, 1.8, 700, {}),'),
}


def add(study: Project, kind: str) -> None:
    """Add what it takes before a table, and its row as the table's first."""
    name, table = CHOICES[kind]
    (definition, row), path = ADDED[kind], study.folder / name
    text = path.read_text(encoding="utf-8")
    assert table in text
    path.write_text(text.replace(table, f"{definition}\n\n\n{table}\n    {row}\n"), encoding="utf-8")


@pytest.mark.parametrize("kind", CHOICES)
def test_one_added(study: Project, kind: str) -> None:
    add(study, kind)
    assert study.plan() == set()


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("transform", {"augmentation": "negative"}),
        ("edit", {"backbone": "alexnet", "architecture": "no_dropout"}),
        ("backbone", {"backbone": "resnet18"}),
    ],
)
def test_one_added_and_used(study: Project, kind: str, changes: dict[str, str]) -> None:
    add(study, kind)
    experiment = {"backbone": "googlenet", "optimizer": "tiny", "augmentation": "flip", "weights": "none"}

    def use(config: dict[str, Any]) -> None:
        config["augmentations"] = {"negative": ["negative"]} if kind == "transform" else {}
        config["experiments"].append({**experiment, **changes, "name": "new"})

    study.edit(use)
    assert study.plan() == whole("new 0") | COMPARISON | {"show_rungs"}


NORMALIZED = RUNS[1:]
HUE = "def hue(photos: Tensor, turns: Tensor) -> Tensor:\n"
ROTATE = "def rotate(photos: Tensor, degrees: Tensor) -> Tensor:\n"
MINIMUM = "    minimum_size: int | None = None\n"
ONE_CHANGED = [
    # The pretraining turns its photos too, but leaves their colours alone.
    ("colour", HUE, f"{HUE}    turns = turns * 1\n", {"show_rungs", *whole(*NORMALIZED)}),
    ("geometry", ROTATE, f"{ROTATE}    degrees = degrees * 1\n", {PRETRAINING, *whole(*RUNS)}),
    ("edit", "net.features[:6]", "net.features[:7]", whole(RUNS[3])),
    ("edit", "nn.Softmax(dim=0)", "nn.Softmax(0)", set()),
    ("edit", MINIMUM, f"    smallest: int = 0\n{MINIMUM}", whole(RUNS[3])),
    ("head", "nn.Sequential(net.fc, nn.ReLU()", "nn.Sequential(net.fc, nn.GELU()", whole(*PRETRAINED)),
    ("head", "net.classifier[-1] = nn", "net.classifier[6] = nn", whole(*RUNS[2:])),
    (
        "backbone",
        'GOOGLENET = {"aux_logits": False, "transform_input": True',
        'GOOGLENET = {"aux_logits": False, "transform_input": False',
        {PRETRAINING, *whole(*PRETRAINED)},
    ),
    (
        "backbone",
        '"alexnet": Backbone("replace_last_layer", 63',
        '"alexnet": Backbone("replace_last_layer", 62',
        whole(*RUNS[2:]),
    ),
    (
        "backbone",
        '"vgg11": Backbone("replace_last_layer", 32',
        '"vgg11": Backbone("replace_last_layer", 31',
        set(),
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "stale"), ONE_CHANGED)
def test_one_changed(study: Project, kind: str, old: str, new: str, stale: set[str]) -> None:
    name = CHOICES[kind][0] if kind in CHOICES else f"{LIBRARY}/training/transforms/{kind}.py"
    path = study.folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert study.plan() == (stale | COMPARISON if stale else set())
