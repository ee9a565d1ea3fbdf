"""Data sets of any layout, table, encoding, names and archive are read as their owners mean them."""

from __future__ import annotations

from pathlib import Path

import pytest
from grammar import DataSet, data_sets
from hypothesis import HealthCheck, given, settings

from ablation.photos import archive, indexing, layouts
from ablation.running.errors import UserError

_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


def read(data: DataSet, folder: Path) -> None:
    """Read one, from an archive if it is one; compare with the truth, or with the line that refuses it."""
    root = data.lay(folder / "data")
    if data.archive != "folder":
        archive.unpack(root, folder / "unpacked")
        root = folder / "unpacked"
    if data.refused:
        with pytest.raises(UserError, match=data.refused) as caught:
            layouts.find(root)
        assert "\n" not in str(caught.value)
        return
    found = layouts.find(root)
    tested = {file: (category, "test") for file, category in data.waiting.items() if category is not None}
    truth = data.truth | tested
    assert {one.file: (one.category, one.split) for one in found.photos} == truth
    assert {one.file for one in found.waiting} == data.waiting.keys() - tested.keys()
    assert {one.file for one in found.left_out} == data.left_out
    entries = indexing.index(root, 0.7, 0).entries
    assert {entry.file: entry.category for entry in entries} == {
        file: category for file, (category, _) in truth.items()
    }
    assert all(entry.split == (truth[entry.file][1] or entry.split) for entry in entries)


@settings(max_examples=40, deadline=None, suppress_health_check=_QUIET)
@given(data=data_sets())
def test_any_data_set(tmp_path_factory: pytest.TempPathFactory, data: DataSet) -> None:
    read(data, tmp_path_factory.mktemp("any"))


@pytest.mark.slow
@settings(max_examples=800, deadline=None, suppress_health_check=_QUIET)
@given(data=data_sets())
def test_many_data_sets(tmp_path_factory: pytest.TempPathFactory, data: DataSet) -> None:
    read(data, tmp_path_factory.mktemp("many"))
