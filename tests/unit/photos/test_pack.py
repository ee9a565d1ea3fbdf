"""Packs: their pixels against Pillow, their order, and damage that is noticed."""

from __future__ import annotations

import io
import json
import shutil
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from ablation.photos import manifest, pack
from ablation.photos.photo import photo
from ablation.running.errors import UserError
from ablation.running.files import sha256

SIZE = 20
KINDS = {"a": ("RGB", "png"), "b": ("L", "png"), "c": ("RGBA", "png"), "d": ("RGB", "jpg"), "e": ("P", "png")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photos of three classes in several modes and shapes; the classes' order is not the names'."""
    rng = np.random.default_rng(0)
    for position, category in enumerate(("10", "2", "rose")):
        for name, (mode, suffix) in KINDS.items():
            height, width = rng.integers(5, 60, 2)
            image = Image.fromarray(rng.integers(0, 256, (height, width, 4), dtype=np.uint8), "RGBA")
            path = tmp_path / "photos" / category / f"{name}{position}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            (image if mode == "RGBA" else image.convert("RGB").convert(mode)).save(path)
    return tmp_path / "photos"


@pytest.fixture
def listed(root: Path) -> Path:
    """The manifest of the photos."""
    path = root.parent / "manifest.csv"
    manifest.write(manifest.build(root, 0.6, 0), path)
    return path


@pytest.fixture
def packed(root: Path, listed: Path) -> Path:
    """A pack of the photos."""
    folder = root.parent / "pack"
    pack.build(root, listed, SIZE, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_pixels_equal_pillows(root: Path, listed: Path, packed: Path) -> None:
    found = pack.load(packed)
    entries = manifest.read(listed)
    assert found.photos.shape == (len(entries), SIZE, SIZE, 3)
    assert found.photos.dtype == np.uint8
    for entry, pixels in zip(entries, found.photos, strict=True):
        resized = photo(root / entry.file).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(pixels, np.asarray(resized))


def test_pixels_equal_torchvisions_resize(root: Path, packed: Path) -> None:
    from torchvision.transforms import Resize

    found = pack.load(packed)
    resized = Resize((SIZE, SIZE))(Image.open(root / found.files[0]).convert("RGB"))
    np.testing.assert_array_equal(found.photos[0], np.asarray(resized))


def test_order_labels_and_splits_are_the_manifests(listed: Path, packed: Path) -> None:
    found = pack.load(packed)
    entries = manifest.read(listed)
    assert found.files == [entry.file for entry in entries]
    assert found.labels.tolist() == [entry.label for entry in entries]
    assert found.labels.dtype == np.int64
    assert found.training.tolist() == [entry.split == "train" for entry in entries]
    assert found.training.sum() == 9
    assert [found.categories[label] for label in found.labels] == [entry.category for entry in entries]
    assert found.categories == list(dict.fromkeys(entry.category for entry in entries))


def test_the_same_photos_give_the_same_bytes(root: Path, listed: Path, packed: Path) -> None:
    pack.build(root, listed, SIZE, root.parent / "again")
    assert contents(root.parent / "again") == contents(packed)
    assert json.loads((packed / pack.INDEX).read_text())["manifest_sha256"] == sha256(listed)


@pytest.mark.parametrize("at_once", [1, 4, 15, 100])
def test_how_many_are_decoded_at_once_does_not_matter(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(pack, "DECODED_AT_ONCE", at_once)
    pack.build(root, listed, SIZE, root.parent / "again")
    assert contents(root.parent / "again") == contents(packed)


def test_the_file_is_what_numpy_saves(packed: Path) -> None:
    photos = np.load(packed / pack.PHOTOS, mmap_mode="r")
    assert isinstance(photos, np.memmap)
    saved = io.BytesIO()
    np.save(saved, np.array(photos))
    assert saved.getvalue() == (packed / pack.PHOTOS).read_bytes()


def test_the_memory_does_not_grow_with_the_photos(
    root: Path, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "DECODED_AT_ONCE", 1)
    tracemalloc.start()
    pack.build(root, listed, 200, root.parent / "large")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (root.parent / "large" / pack.PHOTOS).stat().st_size / 2


def changed(path: Path) -> None:
    Image.new("RGB", (9, 9), "red").save(path)


@pytest.mark.parametrize("damage", [changed, Path.unlink], ids=["changed", "missing"])
def test_a_changed_photo_is_refused_by_name(
    root: Path, listed: Path, packed: Path, damage: Callable[[Path], None]
) -> None:
    before = contents(packed)
    file = manifest.read(listed)[7].file
    damage(root / file)
    for folder in (packed, root.parent / "new"):
        with pytest.raises(UserError, match=f"{file} changed since it was indexed") as caught:
            pack.build(root, listed, SIZE, folder)
        assert len(str(caught.value).splitlines()) == 1
    # The pack from before is whole, and the new one did not begin.
    assert contents(packed) == before
    assert contents(root.parent / "new") == {}
    pack.load(packed)


def test_a_failure_midway_leaves_the_old_pack(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(packed)

    def fail(_path: Path) -> Image.Image:
        raise MemoryError

    monkeypatch.setattr(pack, "photo", fail)
    with pytest.raises(MemoryError):
        pack.build(root, listed, SIZE, packed)
    assert contents(packed) == before


def test_a_failure_between_the_files_leaves_the_old_pack(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(packed)

    def fail(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(pack.json, "dumps", fail)
    with pytest.raises(KeyboardInterrupt):
        pack.build(root, listed, SIZE + 1, packed)
    assert contents(packed) == before


def test_pixels_without_their_index_are_refused(root: Path, listed: Path, packed: Path) -> None:
    """Killed between the renaming of its two files, a build leaves a pack that does not load."""
    pack.build(root, listed, SIZE + 1, root.parent / "other")
    shutil.copy(root.parent / "other" / pack.PHOTOS, packed)
    with pytest.raises(UserError, match=r"photos\.npy is not what pack\.json describes: delete"):
        pack.load(packed)


def shorten(folder: Path, keep: float) -> None:
    content = (folder / pack.PHOTOS).read_bytes()
    (folder / pack.PHOTOS).write_bytes(content[: int(keep * len(content))])


def flip(folder: Path, position: int) -> None:
    content = bytearray((folder / pack.PHOTOS).read_bytes())
    content[position] ^= 1
    (folder / pack.PHOTOS).write_bytes(content)


def index(folder: Path, text: str) -> None:
    (folder / pack.INDEX).write_text(text)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "half the pixels": lambda folder: shorten(folder, 0.5),
    "no pixels": lambda folder: shorten(folder, 0),
    "last pixel": lambda folder: flip(folder, -1),
    "magic": lambda folder: flip(folder, 0),
    "header's bracket": lambda folder: flip(folder, 10),
    "header's text": lambda folder: flip(folder, 21),
    "pixels missing": lambda folder: (folder / pack.PHOTOS).unlink(),
    "other array": lambda folder: np.save(folder / pack.PHOTOS, np.array(5)),
    "index missing": lambda folder: (folder / pack.INDEX).unlink(),
    "index empty": lambda folder: index(folder, ""),
    "index cut": lambda folder: index(folder, (folder / pack.INDEX).read_text()[:-9]),
    "index without keys": lambda folder: index(folder, "{}"),
    "index a list": lambda folder: index(folder, "[]"),
    "index not text": lambda folder: (folder / pack.INDEX).write_bytes(b"\xff\xfe\x00"),
    "both missing": lambda folder: [path.unlink() for path in folder.iterdir()] and None,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_refused(packed: Path, damage: Callable[[Path], None]) -> None:
    damage(packed)
    with pytest.raises(UserError, match="run again") as caught:
        pack.load(packed)
    assert str(packed) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a readable pack"):
        pack.load(tmp_path / "nowhere")


# --- what a pack says about itself ------------------------------------------------------------------


def first_label(index: dict[str, Any]) -> None:
    index["labels"][0] = 1 - index["labels"][0]


def first_split(index: dict[str, Any]) -> None:
    index["splits"][0] = "val" if index["splits"][0] == "train" else "train"


def two_files(index: dict[str, Any]) -> None:
    index["files"][:2] = reversed(index["files"][:2])


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "label": first_label,
    "split": first_split,
    "files": two_files,
    "category": lambda index: index["categories"].__setitem__(0, "other"),
    "manifest's hash": lambda index: index.update(manifest_sha256="0" * 64),
    "something added": lambda index: index.update(more=1),
    "something missing": lambda index: index.pop("splits"),
    "no hash": lambda index: index.pop("sha256"),
    "another hash": lambda index: index.update(sha256="0" * 64),
    "no text as hash": lambda index: index.update(sha256=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_index_is_refused(packed: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = packed / pack.INDEX
    index = json.loads(path.read_text())
    change(index)
    path.write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"delete .*run again") as caught:
        pack.load(packed)
    assert str(packed) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_hash_tells_data_of_trainings_apart(root: Path, packed: Path) -> None:
    def found(size: int = SIZE, fraction: float = 0.6, seed: int = 0) -> str:
        path, folder = root.parent / "other.csv", root.parent / "other"
        manifest.write(manifest.build(root, fraction, seed), path)
        pack.build(root, path, size, folder)
        return pack.load(folder).sha256

    assert found() == pack.load(packed).sha256
    others = [found(size=SIZE + 1), found(fraction=0.4), found(seed=1)]
    Image.new("RGB", (9, 9), "red").save(root / "rose" / "a2.png")
    others.append(found())
    assert len({pack.load(packed).sha256, *others}) == 5


# --- any damage -------------------------------------------------------------------------------------


def plain(found: pack.Pack) -> dict[str, Any]:
    """What a pack holds, to compare."""
    return {
        key: value.tolist() if hasattr(value, "tolist") else value for key, value in asdict(found).items()
    }


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of four photos of 2 x 2 pixels."""
    folder = tmp_path_factory.mktemp("tiny")
    for position, name in enumerate(("a/1.png", "a/2.png", "b/3.png", "b/4.png")):
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 3), (position, 50 * position, 9)).save(path)
    manifest.write(manifest.build(folder / "photos", 0.5, 0), folder / "manifest.csv")
    pack.build(folder / "photos", folder / "manifest.csv", 2, folder / "pack")
    return folder / "pack"


def assert_refused_or_equal(tiny: Path, folder: Path, name: str, content: bytes) -> bool:
    """Put other bytes in the place of a file; return whether the pack is refused."""
    shutil.copytree(tiny, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(content)
    try:
        found = pack.load(folder)
    except UserError:
        return True
    assert plain(found) == plain(pack.load(tiny))
    return False


@pytest.mark.parametrize("name", [pack.PHOTOS, pack.INDEX])
@settings(max_examples=200, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_means_nothing(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, name: str, place: int, value: int
) -> None:
    content = bytearray((tiny / name).read_bytes())
    content[place % len(content)] ^= value
    refused = assert_refused_or_equal(tiny, tmp_path_factory.mktemp("changed"), name, bytes(content))
    assert refused or name == pack.INDEX


@pytest.mark.parametrize("name", [pack.PHOTOS, pack.INDEX])
@settings(max_examples=50, deadline=None)
@given(length=st.integers(0, 10_000))
@example(length=0)
@example(length=-1)
def test_a_cut_file_is_refused(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, name: str, length: int
) -> None:
    content = (tiny / name).read_bytes()
    content = content[: length % len(content)]
    assert assert_refused_or_equal(tiny, tmp_path_factory.mktemp("cut"), name, content)


@settings(max_examples=50, deadline=None)
@given(key=st.integers(0, 6), value=st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_anything_in_the_index_is_refused(
    tiny: Path, tmp_path_factory: pytest.TempPathFactory, key: int, value: Any
) -> None:
    index = json.loads((tiny / pack.INDEX).read_text())
    index[list(index)[key]] = value
    folder = tmp_path_factory.mktemp("anything")
    assert_refused_or_equal(tiny, folder, pack.INDEX, json.dumps(index).encode())
    assert assert_refused_or_equal(tiny, folder, pack.INDEX, json.dumps(value).encode())
