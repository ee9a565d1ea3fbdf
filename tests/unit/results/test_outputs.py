"""The outputs of a run's best weights, written and read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ablation.results import outputs
from ablation.running.errors import UserError


def test_outputs_round_trip(tmp_path: Path) -> None:
    made = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    outputs.write(made, tmp_path / "outputs.npy")
    assert np.array_equal(outputs.read(tmp_path / "outputs.npy"), made)
    assert [file.name for file in tmp_path.iterdir()] == ["outputs.npy"]


@pytest.mark.parametrize("content", [b"", b"no array", np.float64([[1.0]]), np.float32([1.0]), np.array({})])
def test_other_files_are_refused(tmp_path: Path, content: bytes | np.ndarray) -> None:
    path = tmp_path / "outputs.npy"
    path.write_bytes(content) if isinstance(content, bytes) else np.save(path, content)
    with pytest.raises(UserError, match=r"outputs\.npy is not readable .*: delete it and run again"):
        outputs.read(path)
