"""A study's experiments as links to their runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from configs import load, small

from ablation.chain import links, paths

FOLDER = Path("results/comparison/drawn/default/runs")


def test_links_lead_to_the_runs_and_follow_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = load(small())
    links.make(study)
    for name, one in study.experiments.items():
        run = Path(paths.runs("drawn"), one.folder, "seed0")
        run.mkdir(parents=True)
        assert (FOLDER / name / "seed0").samefile(run)
    kept = (FOLDER / "one").lstat().st_ctime_ns
    config = small()
    config["experiments"][1] = {"name": "renamed", "backbone": "resnet34", "augmentation": "flipped"} | {
        "optimizer": "adamw",
        "epochs": 7,
    }
    changed = load(config)
    links.make(changed)
    assert sorted(path.name for path in FOLDER.iterdir()) == ["one", "renamed"]
    assert (FOLDER / "one").lstat().st_ctime_ns == kept
    assert (FOLDER / "renamed").readlink().name == changed.experiments["renamed"].folder
    # The runs themselves stay.
    assert all(Path(paths.runs("drawn"), one.folder).is_dir() for one in study.experiments.values())
