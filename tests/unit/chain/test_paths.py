"""Names of files, and patterns of wildcards."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ablation.chain import paths


@given(st.lists(st.text(min_size=1), max_size=5), st.text())
def test_a_wildcard_takes_the_names_and_no_other(known: list[str], other: str) -> None:
    pattern = re.compile(paths.one_of(known))
    assert all(pattern.fullmatch(name) for name in known)
    assert bool(pattern.fullmatch(other)) == (other in known)


def test_folders() -> None:
    assert paths.runs("demo") == "results/runs/demo"
    assert paths.comparison("demo") == "results/comparison/demo"
    assert paths.PACKED.format(dataset="demo", size=64) == "resources/packs/demo/64px/photos.npy"
