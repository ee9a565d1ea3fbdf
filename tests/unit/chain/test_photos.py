"""What the rules of data sets are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from chained import wildcards
from configs import load, small

from ablation.chain.contents import stamp
from ablation.chain.photos import Photos, check
from ablation.photos import origin
from ablation.running.errors import UserError
from ablation.study.study import Study


def study_of(tmp_path: Path, **fields: object) -> Study:
    source = {"source": "local", "path": str(tmp_path / "mine"), **fields}
    config = small()
    return load({**config, "datasets": {**config["datasets"], "mine": source}, "dataset": "mine"})


def photos_of(tmp_path: Path, **fields: object) -> Photos:
    return Photos(study_of(tmp_path, **fields))


def fill(folder: Path) -> Path:
    for name in ("rose/1.jpg", "lily/2.jpg"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


MINE = wildcards(dataset="mine")


def test_a_folder_of_the_users_is_used_where_it_lies(tmp_path: Path) -> None:
    folder = fill(tmp_path / "mine")
    photos = photos_of(tmp_path)
    assert photos.made(MINE) == []
    assert photos.root(MINE) == str(folder)
    assert photos.stamp(MINE) == stamp(folder)


def test_an_archive_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"PK")
    photos = photos_of(tmp_path, unpacked_gb=3)
    assert photos.made(MINE) == ["resources/datasets/mine/photos"]
    assert photos.downloaded(MINE) == []
    assert photos.root(MINE) == "resources/datasets/mine/photos"
    assert photos.archive(MINE) == str(tmp_path / "mine")
    assert photos.unpacked_gb(MINE) == 3
    assert photos.stamp(MINE) == stamp(tmp_path / "mine")


def test_what_is_drawn_or_downloaded() -> None:
    photos = Photos(load(small()))
    drawn, drive = wildcards(dataset="drawn"), wildcards(dataset="other")
    assert photos.archive(drive) == "resources/datasets/other/archive"
    assert photos.downloaded(drive) == ["resources/datasets/{dataset}/archive"]
    assert photos.stamp(drive) == photos.stamp(drawn) == ""
    assert photos.fields(drive) == "--id abc"
    assert photos.split(drive) == "--train-fraction 0.9 --seed 3"
    assert photos.fields(drawn) == "--photos 4 --seed 1 --size 640 480 --species 3"
    assert photos.split(drawn) == "--train-fraction 0.5 --seed 3"
    assert photos.root(drawn) == "resources/datasets/drawn/photos"


def test_another_folder_of_the_same_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "mine")
    study = study_of(tmp_path)
    check(study)
    origin.record(tmp_path / "resources/datasets/mine", fill(tmp_path / "older/mine"))
    with pytest.raises(UserError, match="its results were made from"):
        check(study)
    origin.record(tmp_path / "resources/datasets/mine", tmp_path / "mine")
    check(study)
    check(load(small()))


def test_photos_that_cannot_be_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (fill(tmp_path / "mine") / "rose/3\n.jpg").touch()
    with pytest.raises(UserError, match="rename it"):
        check(study_of(tmp_path))


@pytest.mark.parametrize("archive", [False, True])
def test_few_photos_are_of_the_same_folder(tmp_path: Path, archive: bool) -> None:
    folder = tmp_path / "mine"
    folder.write_bytes(b"PK") if archive else fill(folder)
    full = study_of(tmp_path)
    few, wanted = Photos(load({**full.config, "smoke": True})), Photos(full)
    name = wildcards(dataset="mine-smoke")
    assert few.root(name) == wanted.root(MINE)
    assert few.made(name) == wanted.made(MINE)
    assert few.split(name) == f"{wanted.split(MINE)} --few"
