"""What a training keeps goes whole, and nothing else goes with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from on_disk import names

from ablation.running import kept


@pytest.mark.parametrize("there", [(), (kept.CHECKPOINT,), (kept.LOCK,), (kept.CHECKPOINT, kept.LOCK)])
def test_what_a_training_keeps_goes_and_its_results_stay(tmp_path: Path, there: tuple[str, ...]) -> None:
    for name in (*there, "history.csv", "weights.safetensors", "other.pt"):
        (tmp_path / name).touch()
    for _ in range(2):
        kept.clear(tmp_path)
        assert names(tmp_path) == ["history.csv", "other.pt", "weights.safetensors"]


def test_half_a_checkpoint_of_a_killed_training_goes_as_well(tmp_path: Path) -> None:
    killed = subprocess.Popen(["true"])
    killed.wait()
    (tmp_path / f".checkpoint.{killed.pid}.part.pt").touch()
    (tmp_path / f".history.{killed.pid}.part.csv").touch()
    kept.clear(tmp_path)
    assert names(tmp_path) == [f".history.{killed.pid}.part.csv"]
