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
    pictures = ("experiments.png", "backbones.png", "backbones.svg", "suspects.png")
    for name in (*pictures, "summary.csv", "runs/curves.png"):
        Path("study", name).touch()
    leftovers.remove("study", ["study/experiments.png", "study/augmentations.svg", "study/suspects.png"])
    there = {path.relative_to("study").as_posix() for path in Path("study").rglob("*") if path.is_file()}
    assert there == {"experiments.png", "suspects.png", "summary.csv", "runs/curves.png"}
    told = [
        f"Removed study/backbones.{kind}: the study no longer has what it compared" for kind in ("png", "svg")
    ]
    assert capsys.readouterr().out.splitlines() == told
    leftovers.remove("study", ["study/experiments.png", "study/suspects.png"])
    leftovers.remove("none", [])
    assert capsys.readouterr().out == ""
