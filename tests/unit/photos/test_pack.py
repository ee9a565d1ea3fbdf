"""Loading packs: damage and changes that are noticed, whatever they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packs import SIZE
from PIL import Image

from ablation.photos import indexing, manifest, pack, packing
from ablation.running.errors import UserError


def test_pixels_without_their_index_are_refused(root: Path, listed: Path, packed: Path) -> None:
    """Killed between the renaming of its two files, a build leaves a pack that does not load."""
    packing.build(root, listed, SIZE + 1, root.parent / "other")
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
    manifest.write(indexing.index(folder / "photos", 0.5, 0).entries, folder / "manifest.csv")
    packing.build(folder / "photos", folder / "manifest.csv", 2, folder / "pack")
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
