"""The table of runs from hand-made folders of runs."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_made_runs import CATEGORIES, failed, run

from ablation.photos import manifest
from ablation.results import collecting, outputs, validation
from ablation.running.errors import UserError
from ablation.running.files import sha256


def test_the_columns_of_a_run(tmp_path: Path) -> None:
    study = [run(tmp_path, "alexnet-none", augmentation="none")]
    photos = validation.photos(tmp_path / "manifest.csv")
    row = collecting.collect(study, tmp_path, photos).runs.iloc[0].to_dict()
    # Without folds and without a test set.
    for name in ("fold", "nested_val_accuracy", "test_loss", "test_accuracy", "test_photos"):
        assert pd.isna(row.pop(name)), name
    assert row == {
        "study": "default",
        "data_set": "demo",
        "experiment": "alexnet-none",
        "folder": "alexnet-none",
        "label": "alexnet-none",
        "augmentation": "none",
        "backbone": "alexnet",
        "architecture": "original",
        "optimizer": "sgd",
        "weights": "none",
        "image_size": 224,
        "batch_size": 16,
        "learning_rate": 0.001,
        "seed": 0,
        "reason": None,
        "parameters": 57_000_003,
        "ended": "epoch_limit",
        "epochs": 4,
        "best_epoch": 2,  # the first of the two lowest losses
        "train_loss": 1.1,
        "train_accuracy": 0.5,
        "val_loss": 0.1 + 0.2,
        "val_accuracy": 0.5,
        "last_train_accuracy": 1.0,
        "last_val_loss": 0.9,
        "last_val_accuracy": 0.75,
        "best_val_accuracy": 0.75,
        "train_seconds": 14.0,
        "images_per_second": 30 * 4 / 10.0,
        "peak_host_mib": 812.5,
        "peak_device_mib": None,
        "host_joules": 321.0,
        "device_joules": None,
        "train_photos": 30,
        "val_photos": 16,
        "classes": 3,
        # Recalls of 0 of 3, 3 of 6 and 5 of 7.
        "balanced_accuracy": pytest.approx((0 + 3 / 6 + 5 / 7) / 3),
        "macro_f1": pytest.approx((0 + 6 / (6 + 8) + 10 / (7 + 8)) / 3),
        # Lily, the first of the two classes with the most training photos.
        "commonest_accuracy": 6 / 16,
        "commonest_class": "lily",
        # Half are right: so sure should the network be, and is e / (e + 2).
        "temperature": pytest.approx(1 / math.log(2)),
        "ece": pytest.approx(math.e / (math.e + 2) - 0.5),
        "calibrated_ece": pytest.approx(0, abs=1e-9),
    }


def test_without_a_manifest_the_cells_that_take_labels_are_empty(tmp_path: Path) -> None:
    found = collecting.collect([run(tmp_path, "a")], tmp_path).runs.iloc[0]
    assert found[list(collecting.LABELLED)].isna().all()
    assert found["val_accuracy"] == 0.5


def test_of_a_failed_run_they_are_empty(tmp_path: Path) -> None:
    study = [run(tmp_path, "a"), failed("b")]
    found = collecting.collect(study, tmp_path, validation.photos(tmp_path / "manifest.csv")).runs
    there = [name for name in collecting.LABELLED if not name.startswith("test_")]
    assert found.loc[0, there].notna().all()
    assert found.loc[1, list(collecting.LABELLED)].isna().all()


def test_a_run_of_other_photos_is_named(tmp_path: Path) -> None:
    study, photos = [run(tmp_path, "a")], validation.photos(tmp_path / "manifest.csv")
    with pytest.raises(UserError, match=r"a/seed0 has no .* other photos, or another split.*: delete it"):
        collecting.collect(study, tmp_path, replace(photos, manifest_sha256="another"))


@pytest.mark.parametrize("name", ["record.json", "history.csv", "outputs.npy"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe\xfa", b"epoch,val_loss\n"])
def test_unreadable_results_are_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    study = [run(tmp_path, "a"), run(tmp_path, "b")]
    path = tmp_path / "b/seed0" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"b/seed0 has no readable results \(.*\): delete it and run again"
    ) as told:
        collecting.collect(study, tmp_path, validation.photos(tmp_path / "manifest.csv"))
    assert len(str(told.value).splitlines()) == 1


def test_one_row_a_run_in_the_studys_order(tmp_path: Path) -> None:
    study = [run(tmp_path, name, seed) for name in ("b", "a") for seed in (7, 2)]
    found = collecting.collect(study, tmp_path).runs
    assert list(zip(found["experiment"], found["seed"], strict=True)) == [
        ("b", 7),
        ("b", 2),
        ("a", 7),
        ("a", 2),
    ]


def test_results_of_an_earlier_run_do_not_stand_in_for_a_failed_one(tmp_path: Path) -> None:
    run(tmp_path, "a")
    found = collecting.collect([failed("a")], tmp_path).runs.loc[0].dropna().to_dict()
    assert found == {name: value for name, value in failed("a").items() if name != "fold"} | {
        "ended": "failed"
    }


def test_a_history_that_was_cut_short_is_named(tmp_path: Path) -> None:
    study = [run(tmp_path, "a")]
    path = tmp_path / "a/seed0/history.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]), encoding="utf-8")
    with pytest.raises(UserError, match=r"other epochs than those of which record\.json says the time"):
        collecting.collect(study, tmp_path)


def test_errors_of_confidences_are_of_the_photos_that_judge(tmp_path: Path) -> None:
    """With a test set of it, by the temperature of the validation photos."""
    study = [run(tmp_path, "a")]
    path, folder = tmp_path / "manifest.csv", tmp_path / "a/seed0"
    tests = [
        manifest.Entry(f"{category}/test.jpg", 64 * "0", label, category, manifest.TEST)
        for label, category in enumerate(CATEGORIES)
    ]
    manifest.write(sorted([*manifest.read(path), *tests], key=lambda one: (one.label, one.file)), path)
    record = json.loads((folder / "record.json").read_text())
    record |= {"manifest_sha256": sha256(path), "test_photos": 3}
    (folder / "record.json").write_text(json.dumps(record))
    # All of them are right.
    outputs.write(np.eye(3, dtype=np.float32), folder / outputs.TEST_FILE)
    row = collecting.collect(study, tmp_path, validation.photos(path)).runs.iloc[0]
    assert row["test_accuracy"] == 1
    assert row["temperature"] == pytest.approx(1 / math.log(2))
    assert row["ece"] == pytest.approx(1 - math.e / (math.e + 2))
    assert row["calibrated_ece"] == pytest.approx(0.5)
