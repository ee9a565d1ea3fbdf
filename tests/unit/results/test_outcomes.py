"""Photo x run, from networks of one holdout, of folds, and on a test set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ablation.photos.pack import Index
from ablation.results import outcomes
from ablation.results.outcomes import Outcome
from ablation.running.errors import UserError

LABELS = np.array([0, 0, 1, 1, 2, 2])
INDEX = Index(LABELS, np.zeros(6, dtype=bool), list("abcdef"), ["daisy", "lily", "rose"])


def made(photos: str, seed: int = 0) -> Outcome:
    """What a network makes of photos, by their names."""
    chosen = np.array([name in photos for name in INDEX.files])
    outputs = np.random.default_rng(seed).normal(size=(chosen.sum(), 3)).astype(np.float32)
    return Outcome.of(outputs, LABELS[chosen], chosen)


@given(st.integers(0, 1000), st.integers(2, 5), st.floats(0.1, 50))
def test_probabilities_are_those_of_torch(seed: int, classes: int, scale: float) -> None:
    outputs = (np.random.default_rng(seed).normal(size=(7, classes)) * scale).astype(np.float32)
    true = np.arange(7) % classes
    found = Outcome.of(outputs, true, np.ones(7, dtype=bool))
    logs = torch.log_softmax(torch.from_numpy(outputs).double(), 1).numpy()
    np.testing.assert_allclose(found.log_true, logs[np.arange(7), true], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.log_predicted, logs.max(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found.predicted, outputs.argmax(1))


def test_one_holdout() -> None:
    ones = [("a", 0, made("ace")), ("a", 1, made("ace", 1)), ("b", 0, made("ace", 2))]
    found = outcomes.of(INDEX, ones)
    assert (found.files, found.true.tolist(), found.folds) == (["a", "c", "e"], [0, 1, 2], None)
    assert (found.experiments, found.seeds) == (["a", "a", "b"], [0, 1, 0])
    assert found.names() == ["a", "b"]
    expected = np.stack([one.predicted for *_, one in ones[:2]], 1) == np.array([[0], [1], [2]])
    np.testing.assert_array_equal(found.right("a"), expected)


def test_folds_are_one_run() -> None:
    first, second = made("ace"), made("bdf", 1)
    found = outcomes.of(INDEX, [("a", 0, first), ("a", 0, second)])
    assert (found.files, found.experiments) == (list("abcdef"), ["a"])
    assert found.folds is not None
    assert found.folds.tolist() == [1, 2] * 3
    np.testing.assert_array_equal(found.predicted[0, ::2], first.predicted)
    np.testing.assert_array_equal(found.log_true[0, 1::2], second.log_true)


def test_a_run_that_lacks_a_fold_is_left_out() -> None:
    whole = [("a", 0, made("ace")), ("a", 0, made("bdf"))]
    found = outcomes.of(INDEX, [*whole, ("a", 1, made("ace")), ("b", 0, made("bdf"))])
    assert (found.experiments, found.seeds) == (["a"], [0])


def test_on_a_test_set_each_network_is_a_run() -> None:
    found = outcomes.of(INDEX, [("a", 0, made("ab", 1)), ("a", 0, made("ab", 2)), ("a", 3, made("ab", 3))])
    assert (found.experiments, found.seeds, found.folds) == (["a"] * 3, [0, 0, 3], None)


def test_nothing_is_empty(tmp_path: Path) -> None:
    for found in (outcomes.of(INDEX, []), outcomes.of(None, [])):
        assert found.names() == []
        outcomes.write(found, tmp_path / "x.npz")
        assert outcomes.read(tmp_path / "x.npz").predicted.shape == (0, 0)


@pytest.mark.parametrize("folds", [False, True])
def test_what_is_written_is_read(tmp_path: Path, folds: bool) -> None:
    ones = [("1", 0, made("ace")), *([("1", 0, made("bdf"))] if folds else [])]
    found = outcomes.of(INDEX, ones)
    for name in ("one", "two"):
        outcomes.write(found, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    read = outcomes.read(tmp_path / "one")
    for name, value in vars(found).items():
        np.testing.assert_array_equal(getattr(read, name), value)
        assert type(getattr(read, name)) is type(value)


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100])
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.npz is damaged \(.*\): delete it and run again"):
        outcomes.read(tmp_path / "x.npz")
