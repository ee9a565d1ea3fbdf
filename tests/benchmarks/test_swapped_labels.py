"""The benchmark of suspects.csv, but for the study that it runs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from own_photos import photo

import swapped_labels
from ablation.running.errors import UserError


def classes(folder: Path, photos: int = 10, names: tuple[str, ...] = ("lily", "rose", "tulip")) -> Path:
    """Write so many photos of each class, with the same names in each."""
    for place, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in range(photos):
            (folder / name / f"{number}.jpg").write_bytes(photo(100 * place + number, size=8))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")}


def test_one_in_twenty_lies_in_another_class(tmp_path: Path) -> None:
    source = classes(tmp_path / "mine", photos=20)
    before = contents(source)
    moved = swapped_labels.swap(source, tmp_path / "swapped", seed=1)
    after = contents(tmp_path / "swapped")
    assert contents(source) == before
    assert sorted(after.values()) == sorted(before.values())
    truth = {content: path.partition("/")[0] for path, content in before.items()}
    wrong = [path for path, content in after.items() if truth[content] != path.partition("/")[0]]
    assert len(wrong) == 3
    assert sorted(wrong) == sorted(moved)


def test_the_seed_says_which(tmp_path: Path) -> None:
    source = classes(tmp_path / "mine")
    drawn = [swapped_labels.swap(source, tmp_path / str(n), seed) for n, seed in enumerate((0, 0, 1, 2, 3))]
    assert drawn[0] == drawn[1]
    assert len({tuple(one) for one in drawn}) > 1
    assert contents(tmp_path / "0") == contents(tmp_path / "1")


def test_at_least_one_of_few_photos(tmp_path: Path) -> None:
    moved = swapped_labels.swap(classes(tmp_path / "mine", photos=2), tmp_path / "swapped", seed=0)
    counts = Counter(path.partition("/")[0] for path in contents(tmp_path / "swapped"))
    assert len(moved) == 1
    assert sorted(counts.values()) == [1, 2, 3]


def test_one_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mine holds only one class"):
        swapped_labels.swap(classes(tmp_path / "mine", names=("rose",)), tmp_path / "swapped", seed=0)


def test_places_and_what_is_said_of_them(tmp_path: Path) -> None:
    table = tmp_path / "suspects.csv"
    ranking = [f"rose/{number}.jpg" for number in range(15)]
    table.write_text("file,true\n" + "".join(f"{one},rose\n" for one in ranking), encoding="utf-8")
    assert swapped_labels.read(table) == ranking
    found = swapped_labels.places(["rose/11.jpg", "rose/1.jpg", "rose/0.jpg", "rose/2.jpg"], ranking)
    assert found == [1, 2, 3, 12]
    # A tenth of 15, rounded up.
    said = "2 of 4 swapped photos (50%) are among the first 2 of 15; their places: 1, 2, 3, 12"
    assert swapped_labels.report(found, 15) == said
    with pytest.raises(ValueError, match="lily"):
        swapped_labels.places(["lily/0.jpg"], ranking)


def test_a_ranking_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "suspects.csv").write_text("file,true\n", encoding="utf-8")
    with pytest.raises(UserError, match="no run is told from always guessing the commonest class"):
        swapped_labels.read(tmp_path / "suspects.csv")


def test_the_command_runs_the_quick_study_by_folds(tmp_path: Path) -> None:
    found = swapped_labels.command(tmp_path / "project", tmp_path / "swapped", folds=3)
    config = found[found.index("--config") + 1 :]
    assert config == ["study=quick", f"dataset={tmp_path / 'swapped'}", "split={folds: 3}"]
