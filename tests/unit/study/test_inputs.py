"""Paths of the user's: those that are there, and those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from configs import load, refusal, small

from ablation.study import inputs


def test_a_path_that_begins_with_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-rf").mkdir()
    assert load(small(dataset="-rf")).dataset.path == tmp_path / "-rf"
    assert inputs.usable("-x.pth") == tmp_path / "-x.pth"
    assert inputs.usable("x/-x.pth") == Path("x/-x.pth")


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b/2.jpg", "a/1.jpg", ".cache/x.jpg", "a/.DS_Store", "label.csv", "readme.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert inputs.photo_files(tmp_path) == [
        str(tmp_path / name) for name in ("a/1.jpg", "b/2.jpg", "label.csv")
    ]


@pytest.mark.parametrize("path", ["/nowhere/photos.zip", "photos.tar.gz", "./photos", "~/no such folder/x"])
def test_a_path_that_is_not_there(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"dataset is {path!r}, but there is no such file" in refusal(small(dataset=path))
    fields = {"source": "local", "path": path}
    datasets = {**small()["datasets"], "mine": fields}
    message = refusal(small(dataset="mine", datasets=datasets))
    assert "datasets.mine.path" in message
    # A data set that is not the study's need not be here.
    load(small(datasets=datasets))


@pytest.mark.parametrize(
    "path",
    [
        *("x" * 300, "~nobody-of-this-name/x.zip", "a\nb/c.zip", "a\0b.zip", "\ud800/a.zip"),
        *("{size}.zip", "a/{ x , y}/b.zip"),
    ],
)
def test_a_path_that_cannot_be(path: str) -> None:
    refusal(small(dataset=path))
    refusal(
        small(dataset="mine", datasets={**small()["datasets"], "mine": {"source": "local", "path": path}})
    )
