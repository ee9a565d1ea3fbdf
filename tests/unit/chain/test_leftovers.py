"""Pictures that a study has no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablation.chain import leftovers


def test_what_the_study_has_no_longer_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("study/runs").mkdir(parents=True)
    for name in ("experiments.png", "backbones.png", "summary.csv", "runs/curves.png"):
        Path("study", name).touch()
    leftovers.remove("study", ["study/experiments.png", "study/augmentations.png"])
    there = {path.relative_to("study").as_posix() for path in Path("study").rglob("*") if path.is_file()}
    assert there == {"experiments.png", "summary.csv", "runs/curves.png"}
    told = "Removed study/backbones.png: the study no longer has what it compared\n"
    assert capsys.readouterr().out == told
    leftovers.remove("study", ["study/experiments.png"])
    leftovers.remove("none", [])
    assert capsys.readouterr().out == ""
