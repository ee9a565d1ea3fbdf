"""Photos of odd sizes, and those made to fill the memory."""

from __future__ import annotations

import threading
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile import FOUR, _no_hang, refused, write_photos  # noqa: F401
from hostile_photos import BOMBS, NOISE, encoded, opened, png
from PIL import Image

from ablation.photos import indexing, manifest, pack, packing
from ablation.photos import photo as photos

# What Pillow says about damage in passing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::DeprecationWarning:PIL")


@pytest.mark.parametrize("size", [(1, 1), (20_000, 20), (20, 20_000), (1, 65_000)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_odd_sizes_are_photos(tmp_path: Path, size: tuple[int, int], kind: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.new("RGB", size, "red"), kind))
    found = opened(path)
    assert found is not None
    assert found.size == size


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_decompression_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(BOMBS[bomb]())
    refused(lambda: photos.photo(path), "a.png")


def test_more_pixels_than_announced_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(4, 4, 8, 2, zlib.compress(bytes(100_000_000), 1)))
    found = opened(path)
    assert found is None or found.size == (4, 4)


def test_16_bit_photos_take_little_more_memory_than_their_pixels(tmp_path: Path) -> None:
    side = 4000
    path = tmp_path / "a.png"
    path.write_bytes(png(side, side, 16, 0, zlib.compress(bytes((2 * side + 1) * side), 1)))
    tracemalloc.start()
    assert opened(path) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * side**2


def test_large_photos_are_opened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    NOISE.save(path)
    convert, busy, most = photos._rgb, [0], [0]

    def slow(*given: Any) -> Any:
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        event.wait(0.01)
        busy[0] -= 1
        return convert(*given)

    event = threading.Event()
    monkeypatch.setattr(photos, "_rgb", slow)
    monkeypatch.setattr(photos, "_LARGE", NOISE.width * NOISE.height - 1)
    threads = [threading.Thread(target=photos.photo, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


@pytest.mark.parametrize("size", [(20_000, 20), (20, 20_000), (1, 1)])
def test_odd_sizes_reach_the_pack(tmp_path: Path, size: tuple[int, int]) -> None:
    root = write_photos(tmp_path / "photos", *FOUR)
    Image.new("RGB", size, "red").save(root / "b/1.png")
    manifest.write(indexing.index(root, 0.5, 0).entries, tmp_path / "manifest.csv")
    packing.build(root, tmp_path / "manifest.csv", 64, tmp_path / "pack")
    found = pack.load(tmp_path / "pack")
    assert found.photos.shape == (4, 64, 64, 3)
    assert np.abs(found.photos[found.files.index("b/1.png")].astype(int) - (255, 0, 0)).max() == 0
