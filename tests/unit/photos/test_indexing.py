"""Indexing: labels, hashes, the split and its steadiness, and what is refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ablation.photos.indexing import _drawn as drawn_parts
from ablation.photos.indexing import index
from ablation.photos.manifest import Entry, read, write
from ablation.running.errors import UserError


def add(root: Path, *names: str) -> Path:
    """Write a small photo of its own colour under each name."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = tuple(hashlib.sha256(name.encode()).digest()[:3])
        Image.new("RGB", (2, 2), colour).save(path, "PNG")
    return root


def classes(root: Path, **counts: int) -> Path:
    return add(root, *(f"{name}/{i:03}.png" for name, count in counts.items() for i in range(count)))


def splits(entries: list[Entry]) -> dict[str, str]:
    return {entry.file: entry.split for entry in entries}


def counts(entries: list[Entry]) -> dict[str, tuple[int, int]]:
    found = Counter((entry.category, entry.split) for entry in entries)
    return {category: (found[category, "train"], found[category, "val"]) for category, _ in found}


def test_entries(tmp_path: Path) -> None:
    classes(tmp_path, **{"10": 3, "2": 2})
    entries = index(tmp_path, 0.7, 0).entries
    assert [(entry.file, entry.label, entry.category) for entry in entries] == [
        ("2/000.png", 0, "2"),
        ("2/001.png", 0, "2"),
        ("10/000.png", 1, "10"),
        ("10/001.png", 1, "10"),
        ("10/002.png", 1, "10"),
    ]
    for entry in entries:
        assert entry.sha256 == hashlib.sha256((tmp_path / entry.file).read_bytes()).hexdigest()


def test_219_classes_of_10_split_into_1533_and_657(tmp_path: Path) -> None:
    classes(tmp_path, **{str(i): 10 for i in range(219)})
    entries = index(tmp_path, 0.7, 0).entries
    assert Counter(entry.split for entry in entries) == {"train": 1533, "val": 657}
    assert set(counts(entries).values()) == {(7, 3)}
    assert [entry.label for entry in entries] == [i for i in range(219) for _ in range(10)]
    # Not the same places in every class, as one generator for all would draw them again and again.
    drawn = {tuple(entry.split for entry in entries[i : i + 10]) for i in range(0, 2190, 10)}
    assert len(drawn) > 50


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(2, 12), min_size=2, max_size=3),
    hundredths=st.integers(1, 99),
    seed=st.integers(0, 2**32),
)
def test_the_size_of_each_split(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], hundredths: int, seed: int
) -> None:
    root = classes(tmp_path_factory.mktemp("photos"), **{f"c{i}": n for i, n in enumerate(sizes)})
    found = counts(index(root, hundredths / 100, seed).entries)
    for i, n in enumerate(sizes):
        half_up = int(Fraction(hundredths, 100) * n + Fraction(1, 2))
        train = min(max(half_up, 1), n - 1)
        assert found[f"c{i}"] == (train, n - train)


@pytest.mark.parametrize(
    ("fraction", "n", "train"),
    [(0.7, 10, 7), (0.5, 5, 3), (0.25, 10, 3), (0.145, 100, 15), (0.01, 10, 1), (0.99, 10, 9), (0.9, 2, 1)],
)
def test_halves_are_rounded_up_and_no_part_is_empty(
    tmp_path: Path, fraction: float, n: int, train: int
) -> None:
    found = counts(index(classes(tmp_path, a=n, b=n), fraction, 0).entries)
    assert found == {"a": (train, n - train), "b": (train, n - train)}


def test_the_split_depends_on_the_seed_alone(tmp_path: Path) -> None:
    classes(tmp_path, a=10, b=10)
    assert index(tmp_path, 0.7, 1).entries == index(tmp_path, 0.7, 1).entries
    assert splits(index(tmp_path, 0.7, 1).entries) != splits(index(tmp_path, 0.7, 2).entries)


def test_every_photo_is_drawn_equally_often(tmp_path: Path) -> None:
    classes(tmp_path, a=4, b=4)
    drawn = Counter(
        entry.file
        for seed in range(200)
        for entry in index(tmp_path, 0.5, seed).entries
        if entry.split == "train"
    )
    # Each of 8 photos trains in about half of 200 seeds; five standard deviations are 35.
    assert all(abs(drawn[file] - 100) < 35 for file in drawn)
    assert len(drawn) == 8


def test_a_change_in_one_class_leaves_the_others(tmp_path: Path) -> None:
    classes(tmp_path, a=10, c=10)
    before = splits(index(tmp_path, 0.7, 3).entries)
    add(tmp_path, "a/new.png", "b/000.png", "b/001.png")
    after = splits(index(tmp_path, 0.7, 3).entries)
    assert {file: after[file] for file in before if file.startswith("c")} == {
        file: split for file, split in before.items() if file.startswith("c")
    }


def test_where_the_folder_lies_does_not_matter(tmp_path: Path) -> None:
    one, other = (index(classes(tmp_path / name, a=10, b=10), 0.7, 3).entries for name in ("one", "other"))
    assert one == other


def test_a_split_made_by_folders_is_kept(tmp_path: Path) -> None:
    add(tmp_path, "train/a/1.png", "train/a/2.png", "train/b/1.png", "valid/a/3.png", "valid/b/2.png")
    assert splits(index(tmp_path, 0.1, 0).entries) == {
        "train/a/1.png": "train",
        "train/a/2.png": "train",
        "train/b/1.png": "train",
        "valid/a/3.png": "val",
        "valid/b/2.png": "val",
    }


def test_every_decoded_photo_is_handed_on(tmp_path: Path) -> None:
    seen: list[tuple[str, tuple[int, int], str]] = []
    entries = index(
        classes(tmp_path, a=3, b=2), 0.5, 0, lambda file, photo: seen.append((file, photo.size, photo.mode))
    ).entries
    assert sorted(seen) == [(entry.file, (2, 2), "RGB") for entry in entries]
    assert index(tmp_path, 0.5, 0).entries == entries


def test_built_entries_are_read_back(tmp_path: Path) -> None:
    entries = index(classes(tmp_path / "photos", **{" a": 3, 'b, "c"': 2, "\u00e4": 2}), 0.5, 0).entries
    write(entries, tmp_path / "manifest.csv")
    assert read(tmp_path / "manifest.csv") == entries


# --- what index refuses ----------------------------------------------------------------------------


def test_a_class_of_one_photo_is_refused(tmp_path: Path) -> None:
    classes(tmp_path, a=3, b=1)
    with pytest.raises(UserError, match=r"only one photo of class b \(b/000\.png\): add another"):
        index(tmp_path, 0.7, 0)


@pytest.mark.parametrize(
    ("content", "match"),
    [(b"", "is empty: remove it"), (b"text", "cannot be read"), (None, "cannot be read")],
)
def test_a_bad_photo_is_named(tmp_path: Path, content: bytes | None, match: str) -> None:
    classes(tmp_path, a=3, b=3)
    bad = tmp_path / "b" / "001.png"
    bad.write_bytes(bad.read_bytes()[:45] if content is None else content)
    with pytest.raises(UserError, match=rf"b/001\.png {match}"):
        index(tmp_path, 0.7, 0)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classes(tmp_path, a=2, b=2)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    with pytest.raises(UserError, match="too many pixels"):
        index(tmp_path, 0.7, 0)


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_a_fraction_out_of_range(tmp_path: Path, fraction: float) -> None:
    with pytest.raises(UserError, match="train_fraction"):
        index(classes(tmp_path, a=2, b=2), fraction, 0)


def test_a_negative_seed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="seed"):
        index(classes(tmp_path, a=2, b=2), 0.5, -1)


# --- bad photos that are left out -------------------------------------------------------------------


def spoil(root: Path, *names: str) -> None:
    for name in names:
        (root / name).write_bytes(b"no photo")


def test_all_bad_photos_are_named_at_once(tmp_path: Path) -> None:
    spoil(classes(tmp_path, a=4, b=4), "a/000.png", "b/001.png", "b/003.png")
    told: list[str] = []
    with pytest.raises(UserError, match=r"^3 photos cannot be used.*a/000\.png cannot.*b/003\.png cannot"):
        index(tmp_path, 0.5, 0, tell=told.append)
    assert [line.split(" is unreadable: cannot be read as a photo (")[0] for line in told] == [
        "one folder for each of 2 classes (a, b)",
        *(str(tmp_path / name) for name in ("a/000.png", "b/001.png", "b/003.png")),
    ]


def test_what_is_left_out_is_recorded_and_the_rest_is_as_if_it_had_not_been_there(tmp_path: Path) -> None:
    root = classes(tmp_path / "photos", a=5, b=4)
    spoil(root, "a/001.png")
    (root / "b/notes.md").touch()
    found = index(root, 0.5, 0, leave_out=True)
    assert [(one.file, one.why.split(" (")[0]) for one in found.reading.left_out] == [
        ("a/001.png", "unreadable: cannot be read as a photo"),
        ("b/notes.md", ".md"),
    ]
    assert [photo.file for photo in found.reading.photos] == [entry.file for entry in found.entries]
    (root / "a/001.png").unlink()
    assert found.entries == index(root, 0.5, 0).entries
    assert found.checked.kinds == {"PNG": 8}


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (("b/000.png",), r"only one photo of class b \(b/001\.png\) beside 1 bad one \(b/000\.png\): add"),
        (
            ("b/000.png", "b/001.png"),
            r"no photo of class b beside 2 bad ones \(b/000\.png, b/001\.png\): add",
        ),
    ],
)
def test_a_class_that_bad_photos_leave_too_small(tmp_path: Path, bad: tuple[str, ...], match: str) -> None:
    spoil(classes(tmp_path, a=3, b=2, c=2), *bad)
    with pytest.raises(UserError, match=match):
        index(tmp_path, 0.5, 0, leave_out=True)


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (
            "val/b/0.png",
            r"no photo of class b that validates beside 1 bad one \(val/b/0\.png\): add one there",
        ),
        ("train/a/0.png", r"no photo of class a that trains beside 1 bad one \(train/a/0\.png\): add one"),
    ],
)
def test_a_part_that_bad_photos_leave_empty(tmp_path: Path, bad: str, match: str) -> None:
    add(
        tmp_path,
        "train/a/0.png",
        *(f"{split}/b/{k}.png" for split, n in (("train", 2), ("val", 1)) for k in range(n)),
    )
    add(tmp_path, "val/a/0.png", "val/a/1.png")
    spoil(tmp_path, bad)
    with pytest.raises(UserError, match=match):
        index(tmp_path, 0.5, 0, leave_out=True)


@given(
    sizes=st.lists(st.integers(2, 30), min_size=2, max_size=4),
    fractions=st.tuples(st.floats(0.05, 0.95), st.floats(0, 0.95)),
)
def test_each_class_has_a_test_set_and_photos_left(sizes: list[int], fractions: tuple[float, float]) -> None:
    train_fraction, test_fraction = fractions
    for number, size in enumerate(sizes):
        names = [f"{photo}.jpg" for photo in range(size)]
        drawn = drawn_parts(names, str(number), (train_fraction, test_fraction), 0)
        parts = Counter(drawn.values())
        assert drawn.keys() == set(names)
        assert parts["train"] >= 1
        assert parts["val"] >= 1
        assert parts["test"] == (0 if test_fraction == 0 or size == 2 else parts["test"])
        if test_fraction > 0 and 0 < parts["test"] < size - 2:
            assert abs(parts["test"] - test_fraction * size) <= max(0.5, 1 - test_fraction * size)
        # What is no test photo is split as if those were not there.
        rest = size - parts["test"]
        assert abs(parts["train"] - train_fraction * rest) <= 1


def test_a_test_set_takes_its_photos_from_the_end() -> None:
    """So that the photos that train are mostly those that did."""
    names = [f"{photo}.jpg" for photo in range(100)]
    before = drawn_parts(names, "a", (0.7, 0), 0)
    after = drawn_parts(names, "a", (0.7, 0.2), 0)
    train = {name for name, part in after.items() if part == "train"}
    assert train < {name for name, part in before.items() if part == "train"}
    assert all(before[name] == "val" for name, part in after.items() if part == "test")
