"""Names of files, and patterns of wildcards."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

from configs import load, small
from hypothesis import given
from hypothesis import strategies as st

from ablation.chain import paths
from ablation.chain.photos import Photos
from ablation.spec import Spec


def spec() -> Spec:
    return next(iter(load(small()).experiments.values())).spec


@given(st.lists(st.text(min_size=1), max_size=5), st.text())
def test_a_wildcard_takes_the_names_and_no_other(known: list[str], other: str) -> None:
    pattern = re.compile(paths.one_of(known))
    assert all(pattern.fullmatch(name) for name in known)
    assert bool(pattern.fullmatch(other)) == (other in known)


def test_folders() -> None:
    assert paths.runs("demo") == "results/runs/demo"
    assert paths.comparison("demo", "quick") == "results/comparison/demo/quick"
    assert paths.of_study("x/demo/quick") == "x/demo/quick/runs"


def test_a_pack_is_named_after_how_its_photos_were_made_square() -> None:
    for resize, interpolation, way in (
        ("squash", "bilinear", ""),
        ("crop", "bilinear", "-crop-bilinear"),
        ("squash", "lanczos", "-squash-lanczos"),
        ("pad", "bicubic", "-pad-bicubic"),
    ):
        one = replace(spec(), resize=resize, interpolation=interpolation)
        assert paths.packed("demo", one) == f"resources/packs/demo/{one.image_size}px{way}/photos.npy"
        said = Photos.way(None, SimpleNamespace(way=way))  # type: ignore[arg-type]
        assert said == (f"--resize {resize} --interpolation {interpolation}" if way else "")
