"""Where the files lie that steps hand to each other, with Snakemake's wildcards in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

PHOTOS = "resources/datasets/{dataset}/photos"
ARCHIVE = "resources/datasets/{dataset}/archive"
MANIFEST = "resources/datasets/{dataset}/manifest.csv"
DUPLICATES = "resources/datasets/{dataset}/duplicates.csv"
PACK = "resources/packs/{dataset}/{size}px"
PACKED = f"{PACK}/photos.npy"
PACK_INDEX = f"{PACK}/pack.json"
WEIGHTS = "resources/weights/{source}/{backbone}.safetensors"
PRETRAINING_HISTORY = "resources/weights/{source}/{backbone}.csv"
SUMMARY = "results/summary.csv"


def runs(dataset: str) -> str:
    """Return the folder of a data set's runs."""
    return f"results/runs/{dataset}"


def comparison(dataset: str) -> str:
    """Return the folder of what compares a data set's runs."""
    return f"results/comparison/{dataset}"


def one_of(names: Iterable[str]) -> str:
    """Return the pattern of a wildcard that takes these names; one that matches nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
