"""Drawing a data set: the same bytes every time, its files, and what is refused."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from on_disk import contents
from PIL import Image

from ablation.photos.drawn import drawing
from ablation.photos.drawn.drawing import draw, photo
from ablation.photos.drawn.species import species_of
from ablation.running.errors import UserError
from places import SCRIPTS

SMALL = (64, 48)


def labels(folder: Path) -> list[tuple[str, int]]:
    with (folder / "label.csv").open(newline="", encoding="utf-8") as file:
        return [(row["filename"], int(row["category"])) for row in csv.DictReader(file)]


def pixels(seed: int, species: int, number: int, size: tuple[int, int]) -> NDArray[np.float64]:
    return np.asarray(photo(seed, species, number, size), np.float64)


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    draw(tmp_path / "a", 3, 2, 5, SMALL)
    draw(tmp_path / "b", 3, 2, 5, SMALL)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_gives_the_same_bytes(tmp_path: Path, hash_seed: str) -> None:
    draw(tmp_path / "a", 2, 2, 5, SMALL)
    code = "from pathlib import Path; from ablation.photos.drawn.drawing import draw; "
    code += f"draw(Path('b'), 2, 2, 5, {SMALL})"
    variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=variables, check=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_photos_do_not_depend_on_the_order_of_drawing() -> None:
    wanted = pixels(5, 1, 1, SMALL)
    species_of.cache_clear()
    pixels(5, 3, 0, SMALL)
    np.testing.assert_array_equal(pixels(5, 1, 1, SMALL), wanted)


@pytest.mark.parametrize(("species", "photos"), [(2, 5), (4, 3)], ids=["more photos", "more species"])
def test_more_keeps_the_earlier_files(tmp_path: Path, species: int, photos: int) -> None:
    draw(tmp_path / "few", 2, 3, 7, SMALL)
    draw(tmp_path / "more", species, photos, 7, SMALL)
    few, more = contents(tmp_path / "few"), contents(tmp_path / "more")
    assert len(more) == species * photos + 1
    del few["label.csv"]
    assert few.items() <= more.items()
    assert set(labels(tmp_path / "few")) <= set(labels(tmp_path / "more"))


def test_seeds_give_other_names_and_other_photos(tmp_path: Path) -> None:
    draw(tmp_path / "a", 2, 2, 1, SMALL)
    draw(tmp_path / "b", 2, 2, 2, SMALL)
    one, two = contents(tmp_path / "a"), contents(tmp_path / "b")
    assert one.keys() & two.keys() == {"label.csv"}
    assert not set(one.values()) & set(two.values())


def test_label_csv(tmp_path: Path) -> None:
    draw(tmp_path, 12, 3, 4, (40, 32))
    lines = (tmp_path / "label.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "filename,category"
    rows = labels(tmp_path)
    assert [category for _, category in rows] == [s for s in range(12) for _ in range(3)]
    names = [name for name, _ in rows]
    assert all(re.fullmatch(r"[a-z0-9]{10}\.jpg", name) for name in names)
    assert len(set(names)) == 36
    assert {path.name for path in tmp_path.iterdir()} == {*names, "label.csv"}


def test_files_are_rgb_jpegs_that_lie_both_ways(tmp_path: Path) -> None:
    draw(tmp_path, 4, 10, 3, SMALL)
    sizes = []
    for name, _ in labels(tmp_path):
        with Image.open(tmp_path / name) as image:
            image.load()
            assert (image.format, image.mode) == ("JPEG", "RGB")
            sizes.append(image.size)
    assert set(sizes) == {(64, 48), (48, 64)}
    assert 10 <= sizes.count((64, 48)) <= 30


def test_default_size(tmp_path: Path) -> None:
    draw(tmp_path, 1, 1, 3)
    with Image.open(tmp_path / labels(tmp_path)[0][0]) as image:
        assert sorted(image.size) == [480, 640]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 1, SMALL), "species is 0"),
        ((1, 0, 1, SMALL), "photos is 0"),
        ((1, 1, -1, SMALL), "seed is -1"),
        ((1, 1, 1, (64, 31)), "32 pixels or more"),
        ((1, 1, 1, (48, 64)), "long side, short side"),
    ],
)
def test_refusals(tmp_path: Path, arguments: tuple[int, int, int, tuple[int, int]], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        draw(tmp_path / "new", *arguments)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_an_older_folder_is_replaced(tmp_path: Path) -> None:
    draw(tmp_path / "photos", 2, 2, 1, SMALL)
    (tmp_path / "photos" / "mine.txt").touch()
    draw(tmp_path / "photos", 1, 2, 2, SMALL)
    draw(tmp_path / "fresh", 1, 2, 2, SMALL)
    assert contents(tmp_path / "photos") == contents(tmp_path / "fresh")


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, MemoryError])
def test_a_failure_midway_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: bool, raised: type[BaseException]
) -> None:
    if older:
        draw(tmp_path / "photos", 1, 1, 1, SMALL)
    before = {path.name: contents(path) for path in tmp_path.iterdir()}
    drawn_photos = []

    def fail_late(*arguments: Any) -> Image.Image:
        if len(drawn_photos) == 3:
            raise raised
        drawn_photos.append(photo(*arguments))
        return drawn_photos[-1]

    monkeypatch.setattr(drawing, "photo", fail_late)
    with pytest.raises(raised):
        draw(tmp_path / "photos", 2, 2, 2, SMALL)
    assert {path.name: contents(path) for path in tmp_path.iterdir()} == before
