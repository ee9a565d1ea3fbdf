"""The figures of a study can be drawn from little and from much."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pictures import picture
from PIL import Image
from summaries import LADDER, families, summary

from ablation.results.figures.given import MOST_ROWS, Given
from ablation.results.figures.groups import told_apart
from ablation.results.figures.study import STUDY_FIGURES


@pytest.mark.parametrize("count", [2, 6])
def test_study_figure(tmp_path: Path, count: int) -> None:
    names = LADDER[:count]
    STUDY_FIGURES["augmentations"].draw(Given(summary(names), families(names)), tmp_path / "x.png")
    assert picture(tmp_path / "x.png") == (960, int((0.42 * count + 1.9) * 120))


def test_each_group_has_a_heading(tmp_path: Path) -> None:
    table = summary(LADDER).assign(backbone=["alexnet"] * 3 + ["vgg11"] * 3)
    STUDY_FIGURES["augmentations"].draw(Given(table, families(LADDER[:3], LADDER[3:])), tmp_path / "x.png")
    assert picture(tmp_path / "x.png") == (960, int((0.42 * 8 + 1.9) * 120))
    rows = table.set_index("experiment")
    assert told_apart(rows, [LADDER[:3], LADDER[3:]]) == ["alexnet", "vgg11"]
    rows.loc[LADDER[3:], ["image_size", "learning_rate"]] = [64, 0.01]
    assert told_apart(rows, [LADDER[:3], LADDER[3:]]) == [
        "alexnet, learning rate 0.001, 224 px",
        "vgg11, learning rate 0.01, 64 px",
    ]


def test_study_figure_of_thousands_shows_the_most_accurate(tmp_path: Path) -> None:
    names = [f"rung{number}" for number in range(2000)]
    table = summary(names)
    table["accuracy"] = np.random.default_rng(0).permutation(2000) / 2000
    table["could_be_best"] = "no"
    figure = STUDY_FIGURES["augmentations"]
    figure.draw(Given(table, families(names)), tmp_path / "all.png")
    best = set(table.nlargest(MOST_ROWS, "accuracy")["experiment"])
    figure.draw(Given(table[table["experiment"].isin(best)], families(names)), tmp_path / "best.png")
    size = picture(tmp_path / "all.png")
    assert size == picture(tmp_path / "best.png")
    # But for the title they are the same picture.
    rows = [np.asarray(Image.open(tmp_path / name))[100:] for name in ("all.png", "best.png")]
    assert (rows[0] == rows[1]).all()


@pytest.mark.parametrize("varies", ["augmentation", "architecture", "backbone", "experiment"])
def test_every_study_figure(tmp_path: Path, varies: str) -> None:
    table = summary(["one", "two"])
    STUDY_FIGURES[f"{varies}s"].draw(
        Given(table, families(["one", "two"], varies=varies)), tmp_path / "x.png"
    )
    assert picture(tmp_path / "x.png")[0] == 960


@pytest.mark.filterwarnings("error")  # matplotlib warns when labels leave no room
@pytest.mark.parametrize("label", ["{} " + "x" * 200, "${}$ or $5_{{", "$\\frac$ {}", "100% of {}"])
def test_study_figure_with_difficult_labels(tmp_path: Path, label: str) -> None:
    table = summary(["none", "flip"], label)
    STUDY_FIGURES["augmentations"].draw(Given(table, families(["none", "flip"])), tmp_path / "x.png")
    assert picture(tmp_path / "x.png")[0] == 960


def test_study_figure_with_all_and_nothing_right(tmp_path: Path) -> None:
    table = summary(["none", "flip"]).assign(accuracy=[0.0, 1.0], accuracy_low=0, accuracy_high=1)
    STUDY_FIGURES["augmentations"].draw(Given(table, families(["none", "flip"])), tmp_path / "x.png")
    picture(tmp_path / "x.png")


def test_without_labels_there_are_no_intervals(tmp_path: Path) -> None:
    none = ["accuracy", "accuracy_low", "accuracy_high", "photos", "judged_on", "commonest_accuracy"]
    table = summary(["none", "flip"]).assign(**dict.fromkeys([*none, "could_be_best"], np.nan))
    STUDY_FIGURES["experiments"].draw(Given(table, families()), tmp_path / "x.png")
    picture(tmp_path / "x.png")


def test_experiments_that_have_no_row_are_left_out(tmp_path: Path) -> None:
    names = [*LADDER[:2], "another"]
    STUDY_FIGURES["augmentations"].draw(Given(summary(LADDER[:2]), families(names)), tmp_path / "x.png")
    assert picture(tmp_path / "x.png") == (960, int((0.42 * 2 + 1.9) * 120))


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        STUDY_FIGURES["augmentations"].draw(
            Given(summary(LADDER), families(LADDER)), tmp_path / f"{name}.png"
        )
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
