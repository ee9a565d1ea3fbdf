"""Packs: their pixels against Pillow, their order, and damage that is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation import pack
from ablation.datasets import manifest
from ablation.datasets.photos import photo
from ablation.errors import UserError
from ablation.files import sha256

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


def test_pixels_without_their_index_are_refused(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped between its two files, a build leaves a pack that does not load."""

    def fail(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(pack.json, "dumps", fail)
    with pytest.raises(KeyboardInterrupt):
        pack.build(root, listed, SIZE + 1, packed)
    with pytest.raises(UserError, match="delete"):
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
