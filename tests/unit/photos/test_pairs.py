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


def test_pairs_across_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "new" / pairs.FILE
    found = [
        Pair('a "1", x.jpg', "a", "train", "\u00e4.jpg", "a", "val", "near", 3),
        Pair("1.jpg", "a", "val", "2.jpg", "a", "train", "identical", 0),
        Pair("1.jpg", "train", "val", "2.jpg", "val", "val", "identical", 0),
    ]
    pairs.write(found, path)
    assert path.read_text(encoding="utf-8").startswith(HEADER)
    assert pairs.across(path) == 2


def test_no_file_or_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / pairs.FILE
    assert pairs.across(path) == 0
    for content in (b"first;second\n1;2\n", HEADER.encode() + b"\xff,", HEADER.encode() + b'"a'):
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"duplicates\.csv is damaged"):
            pairs.across(path)


# Names that a photo or a class can have: others are refused (tree.UNWRITABLE).
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))


@given(found=st.lists(st.builds(Pair, *[TEXTS] * 7, st.integers(0, 256)), max_size=3))
def test_pairs_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, found: list[Pair]
) -> None:
    path = tmp_path_factory.getbasetemp() / "pairs" / pairs.FILE
    pairs.write(found, path)
    assert pairs.read(path) == found


@pytest.mark.parametrize("row", ["a,b,c,d,e,f,near", "a,b,c,d,e,f,near,1,2", "a,b,c,d,e,f,near,x"])
def test_a_row_that_is_no_pair(tmp_path: Path, row: str) -> None:
    path = tmp_path / pairs.FILE
    path.write_text(f"{HEADER}{row}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"duplicates\.csv is damaged"):
        pairs.read(path)


def test_counting_needs_the_standard_library_only() -> None:
    code = (
        "import sys; from ablation.photos import pairs; print({'numpy', 'PIL', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
