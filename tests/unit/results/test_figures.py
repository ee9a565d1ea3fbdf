"""What the figures compare, and that they can be drawn from little."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from ablation.networks.edits import EDITS
from ablation.photos import pack
from ablation.results import figures
from ablation.results.figures import RUN_FIGURES, STUDY_FIGURES
from ablation.running.files import sha256
from ablation.study import study
from places import ROOT

LADDER = ["none", "flip", "rotate", "jitter", "gray", "normalize"]
OTHERS = ["resnet34", "resnet50", "resnet101", "resnext50_32x4d", "vgg11", "googlenet"]


def compared(*rows: str) -> list[dict[str, str | int]]:
    """Experiments given as backbone/architecture/augmentation, and /image size where it is not 224."""
    keys = ("backbone", "architecture", "augmentation", "image_size")
    return [
        {"experiment": row, "image_size": 224, **dict(zip(keys, row.split("/"), strict=False))}
        for row in rows
    ]


def picture(path: Path) -> tuple[int, int]:
    """The size of a PNG that can be opened and is not blank."""
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert len(np.unique(np.asarray(image.convert("L")))) > 10
        return image.size


# --- what is compared ------------------------------------------------------------------------------


def test_the_default_study() -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    rows = study.load(config, ROOT / "workflow/schemas/config.schema.yaml").compared()
    found = {name: figure.experiments(rows) for name, figure in STUDY_FIGURES.items()}
    assert found == {
        "augmentations": [f"alexnet-{rung}" for rung in LADDER],
        "architectures": ["alexnet-normalize", *(f"alexnet-{edit}" for edit in EDITS)],
        "backbones": OTHERS,  # AlexNet is trained on larger photos
    }


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        (["alexnet/original/none"], []),
        # Nothing that differs in one thing only.
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
    assert figures.applicable(compared(*rows)) == expected  # type: ignore[arg-type]


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("rose", "rose"), ("", ""), ("x" * 9, "x" * 9), ("abcdefghij", "abcd…ghij"), ("a\n b", "a b")],
)
def test_short(text: str, expected: str) -> None:
    assert figures.short(text, 9) == expected


# --- figures of a run ------------------------------------------------------------------------------


def history(run: Path, epochs: int) -> None:
    run.mkdir(parents=True)
    with (run / "history.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "train_seconds"]
        )
        writer.writerows([epoch, 2 / epoch, 0.5, 3 / epoch, 0.4, 1.0] for epoch in range(1, epochs + 1))


def predicted(run: Path, folder: Path, names: list[str], classes: list[str]) -> None:
    """Write the predictions of a run and its pack, which holds a training photo more."""
    run.mkdir(parents=True, exist_ok=True)
    folder.mkdir()
    with (run / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "true", "predicted", "probability", "loss"])
        for number, name in enumerate(names):
            taken_for = classes[0] if number % 3 == 0 else classes[number % len(classes)]
            writer.writerow([name, classes[number % len(classes)], taken_for, 0.5, 0.7])
    rng = np.random.default_rng(0)
    np.save(folder / pack.PHOTOS, rng.integers(0, 256, (len(names) + 1, 8, 8, 3), dtype=np.uint8))
    count = len(names) + 1
    index = {
        "manifest_sha256": "",
        "photos_sha256": sha256(folder / pack.PHOTOS),
        "categories": classes,
        "files": ["training.jpg", *names],
        "labels": [0] * count,
        "splits": ["train"] + ["val"] * len(names),
    }
    index["sha256"] = pack.own_sha256(index)
    (folder / pack.INDEX).write_text(json.dumps(index), encoding="utf-8")


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_curves(tmp_path: Path, epochs: int) -> None:
    run = tmp_path / "alexnet/seed0"
    history(run, epochs)
    figures.curves(run, tmp_path, run / "curves.png")
    assert picture(run / "curves.png") == (1080, 432)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (5, 1), (6, 2), (20, 4), (57, 4)])
def test_samples(tmp_path: Path, count: int, rows: int) -> None:
    run = tmp_path / "alexnet/seed0"
    predicted(run, tmp_path / "pack", [f"{n}.jpg" for n in range(count)], ["rose", "lily", "iris"])
    figures.samples(run, tmp_path / "pack", run / "samples.png")
    assert picture(run / "samples.png") == (1080, int((2.15 * rows + 0.4) * 120))


def test_samples_show_the_photos_of_their_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    shown: list[Any] = []
    titles: list[str] = []
    monkeypatch.setattr(Axes, "imshow", lambda _self, photo: shown.append(np.array(photo)))
    monkeypatch.setattr(Axes, "set_title", lambda _self, text, **_: titles.append(text))
    names = [f"{n}.jpg" for n in range(4)]
    predicted(tmp_path / "a/seed0", tmp_path / "pack", names, ["rose", "lily"])
    figures.samples(tmp_path / "a/seed0", tmp_path / "pack", tmp_path / "x.png")
    photos = np.load(tmp_path / "pack" / pack.PHOTOS)
    np.testing.assert_array_equal(np.stack(shown), photos[1:])
    assert titles == ["rose (50%)", "lily (50%)", "rose (50%)", "lily, taken for rose\n(50%)"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name", ["x" * 200, "many words " * 20, "$5 or $10_{", "$\\frac$", "100% _a_^b {c}", "été\nrose"]
)
def test_samples_of_classes_with_difficult_names(tmp_path: Path, name: str) -> None:
    run = tmp_path / "alexnet/seed0"
    predicted(run, tmp_path / "pack", ["a/1.jpg", "a/2.jpg"], [name, "lily"])
    figures.samples(run, tmp_path / "pack", run / "samples.png")
    assert picture(run / "samples.png")[0] == 1080


# --- figures of a study ----------------------------------------------------------------------------


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
    best = set(table.nlargest(figures.MOST_ROWS, "val_accuracy")["experiment"])
    STUDY_FIGURES["augmentations"].draw(table[table["experiment"].isin(best)], tmp_path / "best.png")
    size = picture(tmp_path / "all.png")
    assert size == picture(tmp_path / "best.png")
    # But for the title they are the same picture.
    rows = [np.asarray(Image.open(tmp_path / name))[100:] for name in ("all.png", "best.png")]
    assert (rows[0] == rows[1]).all()


@pytest.mark.parametrize("varies", ["augmentation", "architecture", "backbone"])
def test_every_study_figure(tmp_path: Path, varies: str) -> None:
    table = runs(["one", "two"]).assign(augmentation="none")
    table[varies] = ["original", "fewer_layers"]
    name = {"augmentation": "augmentations", "architecture": "architectures", "backbone": "backbones"}[varies]
    STUDY_FIGURES[name].draw(table, tmp_path / "x.png")
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
    run = tmp_path / "alexnet/seed0"
    history(run, 3)
    predicted(run, tmp_path / "pack", ["1.jpg", "2.jpg"], ["rose", "lily"])
    for folder in ("one", "two"):
        for name, draw in RUN_FIGURES.items():
            draw(run, tmp_path / "pack", tmp_path / folder / f"{name}.png")
        STUDY_FIGURES["augmentations"].draw(runs(LADDER, 2), tmp_path / folder / "study.png")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in ("one", "two"))
    assert set(one) == {"curves.png", "samples.png", "study.png"}
    assert one == two
