"""Packing: the pixels against Pillow's, their order, and builds that fail."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from on_disk import contents
from packs import SIZE
from PIL import Image

from ablation.photos import indexing, manifest, pack, packing
from ablation.photos.photo import photo
from ablation.running.errors import UserError
from ablation.running.files import sha256


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
    packing.build(root, listed, SIZE, root.parent / "again")
    assert contents(root.parent / "again") == contents(packed)
    assert json.loads((packed / pack.INDEX).read_text())["manifest_sha256"] == sha256(listed)


@pytest.mark.parametrize("at_once", [1, 4, 15, 100])
def test_how_many_are_decoded_at_once_does_not_matter(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(packing, "DECODED_AT_ONCE", at_once)
    packing.build(root, listed, SIZE, root.parent / "again")
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
    monkeypatch.setattr(packing, "DECODED_AT_ONCE", 1)
    tracemalloc.start()
    packing.build(root, listed, 200, root.parent / "large")
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
            packing.build(root, listed, SIZE, folder)
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

    monkeypatch.setattr(packing, "photo", fail)
    with pytest.raises(MemoryError):
        packing.build(root, listed, SIZE, packed)
    assert contents(packed) == before


def test_a_failure_between_the_files_leaves_the_old_pack(
    root: Path, listed: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(packed)

    def fail(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(packing.json, "dumps", fail)
    with pytest.raises(KeyboardInterrupt):
        packing.build(root, listed, SIZE + 1, packed)
    assert contents(packed) == before


def test_the_hash_tells_data_of_trainings_apart(root: Path, packed: Path) -> None:
    def found(size: int = SIZE, fraction: float = 0.6, seed: int = 0) -> str:
        path, folder = root.parent / "other.csv", root.parent / "other"
        manifest.write(indexing.index(root, fraction, seed).entries, path)
        packing.build(root, path, size, folder)
        return pack.load(folder).sha256

    assert found() == pack.load(packed).sha256
    others = [found(size=SIZE + 1), found(fraction=0.4), found(seed=1)]
    Image.new("RGB", (9, 9), "red").save(root / "rose" / "a2.png")
    others.append(found())
    assert len({pack.load(packed).sha256, *others}) == 5
