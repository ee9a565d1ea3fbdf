"""The photos that the benchmarks measure on."""

from __future__ import annotations

from pathlib import Path

import pytest
from own_photos import write_archive, write_classes

import photos
from sizes import SMALLEST


def test_an_archive(tmp_path: Path) -> None:
    write_archive(tmp_path / "my_photos.zip")
    root = photos.source(tmp_path / "my_photos.zip", tmp_path / "work")
    assert len(list(root.rglob("*.jpg"))) == 6
    photos.arrange(root, tmp_path / "work", training=7)
    linked = tmp_path / "work/photos"
    assert len(list(linked.glob("train/*/*.jpg"))) == 7
    assert {path.name for path in linked.glob("*/*")} == {"rose", "tulip"}


def test_a_folder(tmp_path: Path) -> None:
    write_classes(tmp_path / "mine")
    assert photos.source(tmp_path / "mine", tmp_path / "work") == tmp_path / "mine"


def test_drawn_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "SIZES", SMALLEST)
    root = photos.source(None, tmp_path / "work")
    assert len(list(root.rglob("*.jpg"))) == SMALLEST.species * SMALLEST.photos
