"""Find photos that a data set holds twice: byte for byte, or encoded or resized anew.

Two photos are near duplicates when their perceptual hashes and their colours agree. The hash alone sees
only where a photo is bright and where dark, which all photos of one round thing on white have in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
from PIL import Image

from ablation.photos.manifest import Entry
from ablation.photos.pairs import IDENTICAL, NEAR, Pair
from ablation.running.errors import UserError

Hashes = np.ndarray[Any, np.dtype[np.uint64]]
Thumbnails = np.ndarray[Any, np.dtype[np.uint8]]
Matches = np.ndarray[Any, np.dtype[np.int64]]

# Which photos may not have two labels: identical ones, nearly the same ones as well, or none.
REFUSE, REFUSE_NEAR, ALLOW = MODES = ("refuse", "refuse_near", "allow")

HASH_SIDE = 16
THUMBNAIL_SIDE = 8
# Measured on 170 real photos (500 pixels), the demo's 120 drawn ones (640 x 480) and the garden's 1200
# (256 x 192). Encoded anew (20 ways: JPEG of quality 30 to 95, PNG, WebP, at half to double the size), a
# photo's hash changed by at most 10, 22 and 42 of 256 bits and its thumbnail by 1.7, 2.0 and 3.4 of 255
# levels: none of 29,800 is missed. Distinct photos differ by at least 90, 80 and 54 bits, and by 23, 13 and
# 9 levels; 16 pairs among 20,000 drawn photos have hashes as near, but none of them colours. A hash of side
# 8 does not tell photos apart: 8 bits against 4. Nor does the hash alone where all show one thing on white.
MAX_DISTANCE = 48
MAX_COLOUR_DIFFERENCE = 4.0
# What imagehash.phash shrinks a photo to (its highfreq_factor is 4); done here once, for both.
_SHRUNK_SIDE = 4 * HASH_SIDE
# Bounds the memory: so many times so many pairs at once, 200 MB even if all of them are near.
_BLOCK = 256
# Of a mean of 192 levels in float32, more than ever comes of it.
_ROUNDING = 0.01


@dataclass(frozen=True)
class Fingerprint:
    """What photos are compared by: `hash`, uint64 4 (256 bits), and `thumbnail`, uint8 8 x 8 x 3."""

    hash: Hashes
    thumbnail: Thumbnails


def fingerprint(photo: Image.Image) -> Fingerprint:
    """Return the fingerprint of an RGB photo of any size; its aspect ratio does not count."""
    # The gap makes it seven times faster on a photo of 12 megapixels; what is above was measured with it.
    shrunk = photo.resize((_SHRUNK_SIDE, _SHRUNK_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    bits = imagehash.phash(shrunk, HASH_SIDE).hash
    thumbnail = shrunk.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BOX)
    return Fingerprint(np.packbits(bits).view(np.uint64), np.asarray(thumbnail))


def find(entries: Sequence[Entry], fingerprints: Mapping[str, Fingerprint]) -> list[Pair]:
    """Return every pair of duplicates among a manifest's entries: those across the split first.

    `fingerprints` are by file. Within each part the order is the manifest's.
    """
    matches = dict.fromkeys(_identical(entries), (IDENTICAL, 0))
    if entries:
        prints = [fingerprints[entry.file] for entry in entries]
        near = near_pairs(np.stack([one.hash for one in prints]), np.stack([one.thumbnail for one in prints]))
        for i, j, distance in near.tolist():
            matches.setdefault((i, j), (NEAR, distance))
    pairs = [_pair(entries[i], entries[j], *matches[i, j]) for i, j in sorted(matches)]
    return sorted(pairs, key=lambda pair: not pair.across)


def near_pairs(hashes: Hashes, thumbnails: Thumbnails) -> Matches:
    """Return P rows (i, j, distance), i < j, of the photos that are near, in no particular order.

    `hashes` is uint64 N x 4, `thumbnails` uint8 N x 8 x 8 x 3. Only photos as bright are compared, which
    takes N^2 / 2 comparisons if all are; the memory grows with N and P only.
    """
    colours = thumbnails.reshape(len(thumbnails), -1, 3).astype(np.float32)
    contrast = _rms(colours - colours.mean(axis=1, keepdims=True), axis=(1, 2))
    # A photo of one colour has no pattern: its hash is that of all others, or is noise.
    kept = np.nonzero(contrast > MAX_COLOUR_DIFFERENCE)[0]
    # Colours differ by no less than their means do, so photos that are far apart in this order are not near.
    brightness = colours[kept].mean(axis=(1, 2))
    order = np.argsort(brightness)
    kept, brightness = kept[order], brightness[order]
    hashes, colours = hashes[kept], colours.reshape(len(colours), -1)[kept]
    found = [np.empty((0, 3), np.int64)]
    for top in range(0, len(kept), _BLOCK):
        brightest = brightness[top : top + _BLOCK][-1] + MAX_COLOUR_DIFFERENCE + _ROUNDING
        for left in range(top, int(np.searchsorted(brightness, brightest, "right")), _BLOCK):
            distances = hamming(hashes[top : top + _BLOCK], hashes[left : left + _BLOCK])
            rows, columns = np.nonzero(distances <= MAX_DISTANCE)
            i, j = rows + top, columns + left
            near = (i < j) & (_rms(colours[i] - colours[j], axis=1) <= MAX_COLOUR_DIFFERENCE)
            ends = np.sort(np.stack([kept[i], kept[j]], axis=1), axis=1)
            found.append(np.column_stack([ends, distances[rows, columns]])[near])
    return np.concatenate(found)


def hamming(some: Hashes, others: Hashes) -> np.ndarray[Any, np.dtype[np.uint16]]:
    """Return the bits, M x N, in which hashes uint64 M x 4 and N x 4 differ: 0 to 256."""
    # 16 bits, since 256 does not fit into the 8 that bitwise_count returns.
    distances = np.zeros((len(some), len(others)), np.uint16)
    for word in range(some.shape[1]):
        distances += np.bitwise_count(some[:, word, None] ^ others[None, :, word])
    return distances


def refuse_contradictory(pairs: Iterable[Pair], root: Path, mode: str = REFUSE) -> None:
    """Raise `UserError` if a photo has two labels, naming the first such pair.

    By the mode `refuse` only identical photos are refused: nearly the same ones may rightly have two, as one
    part with a scratch and without it.
    """
    refused = {REFUSE: (IDENTICAL,), REFUSE_NEAR: (IDENTICAL, NEAR), ALLOW: ()}[mode]
    contradictory = [pair for pair in pairs if pair.contradictory and pair.kind in refused]
    if contradictory:
        pair = contradictory[0]
        more = f" (the first of {len(contradictory)} such pairs)" if len(contradictory) > 1 else ""
        if pair.kind == IDENTICAL:
            same, mode, use = "the same photo", ALLOW, "use all such photos"
        else:
            same, mode, use = "nearly the same photo", REFUSE, "refuse identical photos alone"
        raise UserError(
            f"{root / pair.first} and {root / pair.second} are {same}, but the class of one is "
            f"{pair.first_category} and of the other {pair.second_category}{more}: remove the wrong one, "
            f"or say `duplicates: {mode}` in config.yaml to {use}"
        )


def _identical(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """Return the pairs (i, j), i < j, of equal SHA-256."""
    by_hash: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        by_hash[entry.sha256].append(position)
    return [pair for positions in by_hash.values() for pair in combinations(positions, 2)]


def _pair(first: Entry, second: Entry, kind: str, distance: int) -> Pair:
    return Pair(
        *(first.file, first.category, first.split),
        *(second.file, second.category, second.split),
        kind,
        distance,
    )


def _rms(
    differences: np.ndarray[Any, np.dtype[np.float32]], axis: int | tuple[int, ...]
) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.sqrt(np.mean(differences**2, axis=axis, dtype=np.float32))
