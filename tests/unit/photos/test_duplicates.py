"""Duplicates: which photos are called the same one, and two labels."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scenes import scaled, scene

from ablation.photos import duplicates
from ablation.photos.manifest import Entry
from ablation.photos.pairs import Pair
from ablation.running.errors import UserError
from places import SCHEMA


def encoded(photo: Image.Image, file_format: str, **options: Any) -> Image.Image:
    """The photo after it was written and read again."""
    buffer = io.BytesIO()
    photo.save(buffer, file_format, **options)
    return Image.open(buffer).convert("RGB")


def are_near(one: Image.Image, other: Image.Image) -> bool:
    return near_among([one, other]) == [(0, 1)]


def near_among(photos: list[Image.Image]) -> list[tuple[int, int]]:
    prints = [duplicates.fingerprint(photo) for photo in photos]
    found = duplicates.near_pairs(
        np.stack([one.hash for one in prints]), np.stack([one.thumbnail for one in prints])
    )
    return sorted((i, j) for i, j, _ in found.tolist())


# --- which photos are near -------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.5, 1, 2])
@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {}), ("WEBP", {"quality": 80}), *(("JPEG", {"quality": q}) for q in (30, 60, 95))],
)
def test_a_photo_encoded_anew_is_near(file_format: str, options: dict[str, int], factor: float) -> None:
    for seed in range(5):
        assert are_near(scene(seed), encoded(scaled(scene(seed), factor), file_format, **options))


def test_distinct_photos_are_not_near() -> None:
    assert near_among([scene(seed) for seed in range(300)]) == []


def test_photos_of_one_colour_are_not_near() -> None:
    flat = [Image.new("RGB", (40, 30), (level, level // 2, 90)) for level in range(0, 256, 5)]
    assert near_among([*flat, *flat]) == []
    noise = np.random.default_rng(0).normal(128, 3, (20, 60, 80, 3)).astype(np.uint8)
    assert near_among([Image.fromarray(one) for one in noise]) == []


def test_photos_alike_in_all_but_colour_are_not_near() -> None:
    pixels = np.asarray(scene(0, (64, 64)), np.float32).mean(axis=2, keepdims=True)
    # The same brightness in two colours, by the weights that Pillow gives to red, green and blue.
    red, blue = (
        Image.fromarray((pixels * tint).astype(np.uint8)) for tint in ([1, 0.5, 0.1], [0.1, 0.833, 0.743])
    )
    assert imagehash.phash(red, 16) - imagehash.phash(blue, 16) <= duplicates.MAX_DISTANCE
    assert near_among([red, blue]) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (3, 2)])
def test_every_size_has_a_fingerprint(size: tuple[int, int]) -> None:
    found = duplicates.fingerprint(scene(0, size))
    assert (found.hash.shape, found.hash.dtype) == ((4,), np.uint64)
    assert (found.thumbnail.shape, found.thumbnail.dtype) == ((8, 8, 3), np.uint8)


def test_the_hash_is_that_of_the_library() -> None:
    for seed in range(5):
        photo = scene(seed, (64, 64))
        bits = np.unpackbits(duplicates.fingerprint(photo).hash.view(np.uint8)).astype(bool)
        assert imagehash.ImageHash(bits.reshape(16, 16)) - imagehash.phash(photo, 16) == 0


# --- the search, against the library's own distance ------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    photos=st.integers(1, 40),
    originals=st.integers(1, 6),
    flips=st.integers(0, 40),
    shift=st.integers(0, 12),
    block=st.integers(1, 50),
)
def test_the_pairs_are_those_of_every_photo_with_every_other(
    seed: int, photos: int, originals: int, flips: int, shift: int, block: int
) -> None:
    random_ = np.random.default_rng(seed)
    chosen = random_.integers(0, originals, photos)
    bits = random_.integers(0, 2, (originals, 256)).astype(bool)[chosen]
    for row in bits:
        row[random_.choice(256, int(random_.integers(0, flips + 1)), replace=False)] ^= True
    tones = random_.integers(20, 230, (originals, 8, 8, 3))
    tones[random_.random(originals) < 0.2] = 77
    thumbnails = (tones[chosen] + random_.integers(0, shift + 1, (photos, 1, 1, 1))).astype(np.uint8)
    hashes = np.packbits(bits, axis=1).view(np.uint64)

    library = [imagehash.ImageHash(row.reshape(16, 16)) for row in bits]
    exact = thumbnails.astype(float)
    limit = duplicates.MAX_COLOUR_DIFFERENCE
    plain = [np.sqrt(((one - one.mean((0, 1))) ** 2).mean()) <= limit for one in exact]
    expected = [
        (i, j, library[i] - library[j])
        for i in range(photos)
        for j in range(i + 1, photos)
        if library[i] - library[j] <= duplicates.MAX_DISTANCE
        and np.sqrt(((exact[i] - exact[j]) ** 2).mean()) <= limit
        and not plain[i]
        and not plain[j]
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "_BLOCK", block)
        found = duplicates.near_pairs(hashes, thumbnails)
    assert sorted(map(tuple, found.tolist())) == expected


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=8))
def test_distances_are_the_library_s(hashes: list[bytes]) -> None:
    words = np.stack([np.frombuffer(one, np.uint64) for one in hashes])
    library = [imagehash.ImageHash(np.unpackbits(np.frombuffer(one, np.uint8))) for one in hashes]
    assert duplicates.hamming(words, words).tolist() == [[a - b for b in library] for a in library]


def test_opposite_hashes_differ_in_all_bits() -> None:
    ends = np.array([[0] * 4, [2**64 - 1] * 4], np.uint64)
    assert duplicates.hamming(ends, ends).tolist() == [[0, 256], [256, 0]]


# --- find ------------------------------------------------------------------------------------------


def entry(file: str, digest: str, category: str = "a", split: str = "train") -> Entry:
    return Entry(file, digest * 64, ["a", "b"].index(category), category, split)


def test_pairs_across_the_split_come_first_and_then_the_manifest_s_order() -> None:
    entries = [
        entry("a/1", "1"),
        entry("a/2", "1"),
        entry("a/3", "2"),
        entry("a/4", "1", split="val"),
        entry("b/1", "2", "b", "val"),
        entry("b/2", "3", "b"),
    ]
    plain = duplicates.fingerprint(Image.new("RGB", (9, 9), "red"))
    found = duplicates.find(entries, {one.file: plain for one in entries})
    assert found == [
        Pair("a/1", "a", "train", "a/4", "a", "val", "identical", 0),
        Pair("a/2", "a", "train", "a/4", "a", "val", "identical", 0),
        Pair("a/3", "a", "train", "b/1", "b", "val", "identical", 0),
        Pair("a/1", "a", "train", "a/2", "a", "train", "identical", 0),
    ]
    assert [pair.contradictory for pair in found] == [False, False, True, False]


def test_equal_bytes_are_identical_and_a_new_encoding_is_near() -> None:
    entries = [entry(str(i), digest) for i, digest in enumerate("1123")]
    photos = [scene(0), scene(0), encoded(scene(0), "JPEG", quality=40), scene(1)]
    prints = {str(i): duplicates.fingerprint(photo) for i, photo in enumerate(photos)}
    found = [(pair.first, pair.second, pair.kind) for pair in duplicates.find(entries, prints)]
    assert found == [("0", "1", "identical"), ("0", "2", "near"), ("1", "2", "near")]


def test_nothing_is_found_in_nothing() -> None:
    assert duplicates.find([], {}) == []


# --- two labels ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "mode", "words"),
    [
        ("identical", "refuse", ("are the same photo", "`duplicates: allow`")),
        ("identical", "refuse_near", ("are the same photo", "`duplicates: allow`")),
        ("near", "refuse_near", ("are nearly the same photo", "`duplicates: refuse`")),
    ],
)
def test_two_labels_are_refused(kind: str, mode: str, words: tuple[str, ...]) -> None:
    good = Pair("rose/1", "rose", "train", "rose/2", "rose", "val", kind, 0)
    bad = Pair("rose/1", "rose", "train", "tulip/2", "tulip", "train", kind, 0)
    duplicates.refuse_contradictory([good], Path("p"), mode)
    with pytest.raises(UserError) as caught:
        duplicates.refuse_contradictory([good, bad], Path("p"), mode)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    for part in ("p/rose/1", "p/tulip/2", *words, "one is rose", "other tulip", "remove"):
        assert part in text
    assert "such pairs" not in text
    with pytest.raises(UserError, match="the first of 2 such pairs"):
        duplicates.refuse_contradictory([bad, good, bad], Path("p"), mode)


@pytest.mark.parametrize(("kind", "mode"), [("near", "refuse"), ("near", "allow"), ("identical", "allow")])
def test_two_labels_that_are_not_refused(kind: str, mode: str) -> None:
    pair = Pair("rose/1", "rose", "train", "tulip/2", "tulip", "train", kind, 0)
    duplicates.refuse_contradictory([pair], Path("p"), mode)


def test_modes_are_those_of_the_schema() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert schema["properties"]["duplicates"]["enum"] == list(duplicates.MODES)
