"""Stamps tell files from others put in their place, whatever their times say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablation.chain.stamps import COMPARED_BYTES, stamp


def put(path: Path, size: int, time: float = 1_000_000_000) -> Path:
    path.write_bytes(b"x" * size)
    os.utime(path, (time, time))
    return path


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_small_file_of_another_size(tmp_path: Path, seconds: int) -> None:
    first = stamp([put(tmp_path / "a.jpg", 10)])
    assert stamp([put(tmp_path / "a.jpg", 11, 1_000_000_000 + seconds)]) != first


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_of_a_small_file_the_time_does_not_count(tmp_path: Path, seconds: int) -> None:
    """A newer one is compared by Snakemake, by content."""
    first = stamp([put(tmp_path / "a.jpg", COMPARED_BYTES)])
    assert stamp([put(tmp_path / "a.jpg", COMPARED_BYTES, 1_000_000_000 + seconds)]) == first


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_of_a_large_file_the_time_counts(tmp_path: Path, seconds: int) -> None:
    first = stamp([put(tmp_path / "a.jpg", COMPARED_BYTES + 1)])
    assert stamp([put(tmp_path / "a.jpg", COMPARED_BYTES + 1, 1_000_000_000 + seconds)]) != first


def test_names_count_and_what_is_no_file_does_not(tmp_path: Path) -> None:
    one, other = put(tmp_path / "a.jpg", 10), put(tmp_path / "b.jpg", 10)
    assert stamp([one]) != stamp([other])
    assert stamp([one, other]) != stamp([one])
    assert stamp([one, tmp_path, tmp_path / "missing"]) == stamp([one])
    assert stamp([]) == stamp(iter([]))
