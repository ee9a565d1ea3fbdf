"""The words by which people call the parts of a split: train, val and test in many ways."""

from __future__ import annotations

import re
from collections.abc import Collection

TRAIN, VAL, TEST = "train", "val", "test"
_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "evaluation"), VAL),
    **dict.fromkeys(("test", "testing", "tst"), TEST),
}
# What else the name of such a folder holds, as in train_images or Test Set.
_BESIDE = {"set", "split", "data", "images", "image", "imgs", "img", "photos", "pictures", "files"}
# trainLabels, TestSet.
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[\s_\-.]+")
# trainset, val2017.
_TAIL = re.compile(r"(set|(19|20)[0-9]{2})$")


def of_word(word: str) -> str | None:
    """Return `TRAIN`, `VAL` or `TEST` for a word that means it, in any case, else None."""
    return _WORDS.get(word.strip().casefold())


def of_folders(names: Collection[str]) -> dict[str, str | None]:
    """Return which part of a split each of the folders beside each other is, by its name; None for others.

    A name is a part's if it is its word, but for words like `images` and for what all names share: of
    seg_train and seg_test `seg`.
    """
    tokens = {name: _tokens(name) for name in names}
    shared = set.intersection(*map(set, tokens.values())) if len(tokens) > 1 else set()
    return {
        name: of_word(left[0]) if len(left) == 1 else None
        for name, own in tokens.items()
        for left in [[token for token in own if token not in shared | _BESIDE]]
    }


def of_table(stem: str) -> str | None:
    """Return which part of a split a table's name speaks of, as train_labels or TestGroundTruth, if one."""
    found = {part for token in _tokens(stem) if (part := of_word(token))}
    return found.pop() if len(found) == 1 else None


def _tokens(name: str) -> list[str]:
    apart = _BETWEEN.split(_HUMP.sub("_", name).casefold())
    return [_TAIL.sub("", token) or token for token in apart if token]
