"""duplicates.csv: written, counted, missing and damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos import pairs
from ablation.photos.pairs import Pair
from ablation.running.errors import UserError
from places import SCRIPTS

HEADER = "first,first_category,first_split,second,second_category,second_split,kind,distance\n"


def test_pairs_are_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / pairs.FILE
    found = [
        Pair('a "1", x.jpg', "a", "train", "\u00e4.jpg", "a", "val", "near", 3),
        Pair("1.jpg", "a", "val", "2.jpg", "a", "train", "identical", 0),
        Pair("1.jpg", "train", "val", "2.jpg", "val", "val", "identical", 0),
    ]
    pairs.write(found, path)
    assert path.read_text(encoding="utf-8").startswith(HEADER)
    assert pairs.read(path) == found
    assert [pair.across for pair in found] == [True, True, False]


def test_no_file_or_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / pairs.FILE
    assert pairs.read(path) == []
    rows = (
        b"\xff,",
        b'"a',
        b"1,a,train,2,b,val,near",
        b"1,a,train,2,b,val,near,x",
        b"1,a,train,2,b,val,far,3",
    )
    for content in (b"first;second\n1;2\n", *(HEADER.encode() + row for row in rows)):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"duplicates\.csv is damaged"):
            pairs.read(path)


# Names that a photo or a class can have: others are refused (tree.UNWRITABLE).
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
KINDS = st.sampled_from([pairs.IDENTICAL, pairs.NEAR])


@given(found=st.lists(st.builds(Pair, *[TEXTS] * 6, KINDS, st.integers(0, 256)), max_size=3))
def test_pairs_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, found: list[Pair]
) -> None:
    path = tmp_path_factory.getbasetemp() / "pairs" / pairs.FILE
    pairs.write(found, path)
    assert pairs.read(path) == found


def test_counted() -> None:
    near, same = (Pair("1", "a", "train", "2", "b", "val", kind, 0) for kind in (pairs.NEAR, pairs.IDENTICAL))
    assert pairs.counted([near]) == "1 pair of photos (1 nearly the same)"
    assert pairs.counted([near, same, near]) == "3 pairs of photos (1 identical, 2 nearly the same)"
    assert str(near) == "1 (a, train) and 2 (b, val), nearly the same"


def test_reading_needs_the_standard_library_only() -> None:
    code = (
        "import sys; from ablation.photos import pairs; print({'numpy', 'PIL', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
