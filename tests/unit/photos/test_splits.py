"""The words of a split in the names of folders and tables."""

from __future__ import annotations

import pytest

from ablation.photos import splits


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        (["train", "val", "test"], ["train", "val", "test"]),
        (["Training", "Testing"], ["train", "test"]),
        (["TRAIN", "Valid"], ["train", "val"]),
        (["train_images", "test_images"], ["train", "test"]),
        (["seg_train", "seg_test"], ["train", "test"]),
        (["Training Set", "dev-set"], ["train", "val"]),
        (["trainset", "testset"], ["train", "test"]),
        (["train2017", "val2017"], ["train", "val"]),
        (["train"], ["train"]),
        (["train", "plane"], ["train", None]),
        (["steam train", "bullet train"], [None, None]),
        (["train_a", "train_b"], [None, None]),
        (["images"], [None]),
        (["2019", "2020"], [None, None]),
        ([], []),
    ],
)
def test_folders_beside_each_other(names: list[str], parts: list[str | None]) -> None:
    assert splits.of_folders(names) == dict(zip(names, parts, strict=True))


@pytest.mark.parametrize(
    ("stem", "part"),
    [
        ("train", "train"),
        ("trainLabels", "train"),
        ("ISIC_2019_Training_GroundTruth", "train"),
        ("labels_val", "val"),
        ("Testing_set", "test"),
        ("train_val", None),
        ("labels", None),
        ("latest", None),
    ],
)
def test_tables(stem: str, part: str | None) -> None:
    assert splits.of_table(stem) == part
