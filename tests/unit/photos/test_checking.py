"""Looking at all photos once: the bad ones, formats, sizes, and what a person should know of them."""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path

import numpy as np
import pillow_heif
import profiles
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ablation.photos import checking
from ablation.photos.tree import LeftOut
from ablation.running.errors import UserError

GOOD = ("JPEG", "PNG", "WEBP", "AVIF")


def write(path: Path, kind: str = "PNG", size: tuple[int, int] = (6, 4)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path, kind)
    return path


def wide(path: Path, largest: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array([[0, largest]], np.uint16)).save(path, "PNG")
    return path


def test_good_photos(tmp_path: Path) -> None:
    names = [write(tmp_path / f"{k}.jpg", kind, (k + 3, 5)).name for k, kind in enumerate((*GOOD, "PNG"))]
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 70))).save(buffer)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    seen: dict[str, tuple[int, int]] = {}
    found = checking.check(tmp_path, [*names, "a.jpg"], lambda name, photo: seen.update({name: photo.size}))
    assert found.hashes == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in [*names, "a.jpg"]
    }
    assert found.kinds == {"PNG": 2, "JPEG": 1, "WEBP": 1, "AVIF": 1, "HEIC": 1}
    assert next(iter(found.kinds)) == "PNG"
    assert found.sizes == {"smallest": (3, 5), "median": (5, 5), "largest": (64, 70)}
    assert seen.keys() == found.hashes.keys()
    assert (found.bad, found.notes) == ((), ())


@pytest.mark.parametrize("threads", [1, 4])
@settings(max_examples=30, deadline=None)
@given(good=st.lists(st.booleans(), min_size=1, max_size=8))
def test_every_bad_photo_is_found_in_one_pass(
    tmp_path_factory: pytest.TempPathFactory, threads: int, good: list[bool]
) -> None:
    root = tmp_path_factory.mktemp("photos")
    names = [f"{k}.png" for k in range(len(good))]
    for name, is_good in zip(names, good, strict=True):
        write(root / name)
        if not is_good:
            (root / name).write_bytes((root / name).read_bytes()[:40])
    seen: list[str] = []
    found = checking.check(root, names, lambda name, _photo: seen.append(name), threads)
    bad = [name for name, is_good in zip(names, good, strict=True) if not is_good]
    assert [one.file for one in found.bad] == bad
    assert all(one.why.startswith("unreadable: cannot be read as a photo (") for one in found.bad)
    assert sorted(seen) == sorted(found.hashes) == sorted(set(names) - set(bad))
    assert sum(found.kinds.values()) == len(found.hashes)
    if not bad:
        checking.refuse(found.bad, root)
        return
    with pytest.raises(UserError, match=r"or say `bad_photos: leave_out` in config\.yaml") as caught:
        checking.refuse(found.bad, root)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert [name for name in names if f"{root / name} " in message] == bad[:3]
    assert (f"{len(bad)} photos cannot be used, each of which is in the log" in message) == (len(bad) > 1)


def test_thousands_of_bad_photos_stay_one_short_line(tmp_path: Path) -> None:
    bad = [LeftOut(f"{k}.png", "unreadable: is empty") for k in range(5000)]
    with pytest.raises(UserError) as caught:
        checking.refuse(bad, tmp_path)
    assert len(str(caught.value)) < 1000
    assert "5000 photos" in str(caught.value)


def test_a_lock_on_a_file_says_nothing_about_the_photo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `leave_out`, what another process holds for a moment must not be left out for good."""

    def refuse(*_: object) -> str:
        raise PermissionError(13, os.strerror(13), "a.png")

    write(tmp_path / "a.png")
    monkeypatch.setattr(checking.files, "sha256", refuse)
    with pytest.raises(UserError, match=r"a\.png cannot be read \(Permission denied\): restore the photo"):
        checking.check(tmp_path, ["a.png"])


@pytest.mark.parametrize(
    ("largest", "told"),
    [
        ([4095, 1000], "use 12 bits at most, .* by 16 and index again"),
        ([1023, 2], "use 10 bits at most, .* by 64 "),
        ([32767, 4095], "use 15 bits at most, .* by 2 "),
        ([4095, 32768], None),
        ([65535, 65535], None),
    ],
)
def test_16_bit_photos_that_come_out_dark(tmp_path: Path, largest: list[int], told: str | None) -> None:
    """By what the brightest of all needs: photos of 12 bits beside those of 16 are dark ones."""
    names = [wide(tmp_path / f"{k}.png", value).name for k, value in enumerate(largest)]
    names.append(write(tmp_path / "eight.png").name)
    made_eight, *notes = checking.check(tmp_path, names).notes
    assert made_eight == "the 16 bits of 2 photos (0.png, 1.png) are made 8"
    if told is None:
        assert notes == []
    else:
        (note,) = notes
        assert note.startswith("Mind: 2 photos (0.png, 1.png) of 16 bits ")
        assert re.search(told, note)


def test_animations_are_counted(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    for name in ("a.gif", "b.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    write(tmp_path / "c.png")
    (note,) = checking.check(tmp_path, ["a.gif", "b.webp", "c.png"]).notes
    assert note == "of 2 photos (a.gif, b.webp) with several frames or pages the first is taken"


def test_conversions_are_counted(tmp_path: Path) -> None:
    """Each alone, and all of one photo; not a profile of sRGB nor an alpha that hides nothing."""
    adobe = profiles.rgb(profiles.ADOBE, profiles.gamma(profiles.ADOBE_GAMMA))
    srgb = profiles.rgb(profiles.SRGB, profiles.srgb_curve())
    colour, clear = (200, 30, 90, 255), (200, 30, 90, 254)
    for name, fill, profile in (
        ("adobe.png", colour[:3], adobe),
        ("srgb.png", colour[:3], srgb),
        ("broken.png", colour[:3], adobe[:200]),
        ("opaque.png", colour, None),
        ("clear.png", clear, None),
        ("both.png", clear, adobe),
    ):
        mode = "RGB" if len(fill) == 3 else "RGBA"
        Image.new(mode, (5, 4), fill).save(tmp_path / name, icc_profile=profile)
    palette = Image.new("P", (5, 4))
    palette.save(tmp_path / "key.gif", transparency=0)
    pixels = np.full((4, 5), 65535, np.uint16)
    Image.fromarray(pixels).save(tmp_path / "grey.png", icc_profile=profiles.grey(profiles.gamma(1.8)))
    tifffile.imwrite(tmp_path / "deep.tif", np.full((4, 5, 3), 65535, np.uint16), photometric="rgb")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert checking.check(tmp_path, names).notes == (
        "the colours of 3 photos (adobe.png, both.png, grey.png) are turned from an embedded profile's into "
        "sRGB's",
        "the transparent parts of 3 photos (both.png, clear.png, key.gif) are laid on white",
        "the 16 bits of 2 photos (deep.tif, grey.png) are made 8",
    )
