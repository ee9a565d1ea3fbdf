"""What the figures of a study compare, and that they can be drawn from little."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pictures import picture
from PIL import Image

from ablation.networks.edits import EDITS
from ablation.results.figures.study import MOST_ROWS, STUDY_FIGURES, applicable
from ablation.study import study
from places import ROOT

LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]
OTHERS = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11", "googlenet"]


# --- what is compared ------------------------------------------------------------------------------


def compared(*rows: str) -> list[dict[str, str | int]]:
    """Experiments given as backbone/architecture/augmentation, and /image size where it is not 224."""
    keys = ("backbone", "architecture", "augmentation", "image_size")
    return [
        {"experiment": row, "image_size": 224, **dict(zip(keys, row.split("/"), strict=False))}
        for row in rows
    ]


def test_the_default_study() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    rows = study.load(config, ROOT / "workflow/schemas/config.schema.yaml").compared()
    found = {name: figure.experiments(rows) for name, figure in STUDY_FIGURES.items()}
    assert found == {
        "augmentations": [f"alexnet-{rung}" for rung in LADDER],
        "architectures": ["alexnet-normalize", *(f"alexnet-{edit}" for edit in EDITS)],
        "backbones": OTHERS,  # AlexNet is trained on larger photos
        "experiments": [row["experiment"] for row in rows],
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        (["alexnet/original/none"], []),
        # Nothing that differs in one thing only: all experiments are in one picture anyhow.
        (["alexnet/original/none", "vgg11/original/flip"], []),
        (["alexnet/original/none", "alexnet/original/flip"], ["augmentations"]),
        (["alexnet/original/none", "vgg11/original/none"], ["backbones"]),
        (["alexnet/original/none/64", "vgg11/original/none"], []),
        (["alexnet/original/none", "alexnet/fewer_layers/none"], ["architectures"]),
        # Edits are compared without their original too, but not over augmentations or backbones.
        (["alexnet/softmax_output/none", "alexnet/fewer_layers/none"], ["architectures"]),
        (["alexnet/softmax_output/none", "vgg11/softmax_output/none"], []),
        (["alexnet/softmax_output/none", "alexnet/softmax_output/flip"], []),
    ],
)
def test_figures_need_something_to_compare(rows: list[str], expected: list[str]) -> None:
    every = ["experiments"] if len(rows) > 1 else []
    assert applicable(compared(*rows)) == expected + every  # type: ignore[arg-type]


def test_the_largest_group_is_compared() -> None:
    rows = compared(
        *("vgg11/original/none", "vgg11/original/flip"),
        *("alexnet/original/none", "alexnet/original/flip", "alexnet/original/gray"),
    )
    expected = [row["experiment"] for row in rows[2:]]
    assert STUDY_FIGURES["augmentations"].experiments(rows) == expected


def test_experiments_of_one_value_stand_together_and_once() -> None:
    rows = [
        {
            "experiment": name,
            "backbone": backbone,
            "architecture": "original",
            "augmentation": "none",
            "image_size": 64,
        }
        for name, backbone in (("a", "alexnet"), ("v", "vgg11"), ("a", "alexnet"), ("slow", "alexnet"))
    ]
    assert STUDY_FIGURES["backbones"].experiments(rows) == ["a", "slow", "v"]


# --- how it is drawn -------------------------------------------------------------------------------


def runs(names: list[str], seeds: int = 1, label: str = "{}") -> pd.DataFrame:
    """The table of runs of experiments that differ in everything a figure may compare."""
    return pd.DataFrame(
        {
            "experiment": name,
            "label": label.format(name),
            "backbone": "alexnet",
            "architecture": "original",
            "augmentation": name,
            "image_size": 224,
            "seed": seed,
            "parameters": 57_000_003,
            "train_accuracy": 0.9,
            "val_accuracy": 0.1 * (position + 1) + 0.01 * seed,
            "val_photos": 30,
            "classes": 3,
        }
        for position, name in enumerate(names)
        for seed in range(seeds)
    )


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("count", [2, 6])
def test_study_figure(tmp_path: Path, count: int, seeds: int) -> None:
    table = runs(LADDER[:count], seeds)
    STUDY_FIGURES["augmentations"].draw(table, tmp_path / "x.png")
    assert picture(tmp_path / "x.png") == (960, int((0.42 * count + 1.7) * 120))


def test_study_figure_of_thousands_shows_the_most_accurate(tmp_path: Path) -> None:
    names = [f"rung{number}" for number in range(2000)]
    table = runs(names).assign(val_accuracy=np.random.default_rng(0).permutation(2000) / 2000)
    STUDY_FIGURES["augmentations"].draw(table, tmp_path / "all.png")
    best = set(table.nlargest(MOST_ROWS, "val_accuracy")["experiment"])
    STUDY_FIGURES["augmentations"].draw(table[table["experiment"].isin(best)], tmp_path / "best.png")
    size = picture(tmp_path / "all.png")
    assert size == picture(tmp_path / "best.png")
    # But for the title they are the same picture.
    rows = [np.asarray(Image.open(tmp_path / name))[100:] for name in ("all.png", "best.png")]
    assert (rows[0] == rows[1]).all()


@pytest.mark.parametrize("varies", ["augmentation", "architecture", "backbone", "experiment"])
def test_every_study_figure(tmp_path: Path, varies: str) -> None:
    table = runs(["one", "two"]).assign(augmentation="none")
    table[varies] = ["original", "fewer_layers"]
    STUDY_FIGURES[f"{varies}s"].draw(table, tmp_path / "x.png")
    assert picture(tmp_path / "x.png")[0] == 960


@pytest.mark.filterwarnings("error")  # matplotlib warns when labels leave no room
@pytest.mark.parametrize("label", ["{} " + "x" * 200, "${}$ or $5_{{", "$\\frac$ {}", "100% of {}"])
def test_study_figure_with_difficult_labels(tmp_path: Path, label: str) -> None:
    STUDY_FIGURES["augmentations"].draw(runs(["none", "flip"], label=label), tmp_path / "x.png")
    assert picture(tmp_path / "x.png")[0] == 960


def test_study_figure_with_all_and_nothing_right(tmp_path: Path) -> None:
    table = runs(["none", "flip"]).assign(val_accuracy=[0.0, 1.0], train_accuracy=1.0, val_photos=1)
    STUDY_FIGURES["augmentations"].draw(table, tmp_path / "x.png")
    picture(tmp_path / "x.png")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        STUDY_FIGURES["augmentations"].draw(runs(LADDER, 2), tmp_path / f"{name}.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
