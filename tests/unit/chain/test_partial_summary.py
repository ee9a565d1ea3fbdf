"""The summary of a study of which some runs failed, made by the steps that make the whole one."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from chained import Job, Workflow, training
from configs import load, small

from ablation.chain import partial_summary, paths
from ablation.study.study import Study

SUMMARY = Path(paths.SUMMARY)
RUNS, COMPARISON = "results/runs/drawn", "results/comparison/drawn"
FIGURES = "train_loss,train_accuracy,val_loss,val_accuracy,train_seconds,val_seconds"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    plain = {"backbone": "alexnet", "augmentation": "plain", "optimizer": "sgd"}
    return load(small(experiments=[{**plain, "name": "done"}, {**plain, "name": "broken"}]))


def trained(name: str) -> None:
    folder = Path(RUNS, name, "seed0")
    folder.mkdir(parents=True)
    record: dict[str, Any] = {"parameters": 7, "ended": "epoch_limit", "train_seconds": 1.0}
    record |= {"train_photos": 6, "val_photos": 6, "classes": 3}
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "history.csv").write_text(f"epoch,{FIGURES}\n1,1.5,0.5,1.25,0.75,1.0,0.5\n", encoding="utf-8")


def failed(tmp_path: Path, *rules: str) -> Workflow:
    (tmp_path / "broken.log").write_text("error: out of memory\n", encoding="utf-8")
    job = training("broken/seed0", str(tmp_path / "broken.log"))
    outputs = {
        "collect": f"{COMPARISON}/runs.csv",
        "summarize": f"{COMPARISON}/summary.csv",
        "latest": "results/summary.csv",
    }
    workflow = Workflow([job, *(Job(rule, output=[outputs[rule]]) for rule in rules)])
    workflow.fail(job)
    return workflow


def rows() -> list[dict[str, str]]:
    with SUMMARY.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rows_of_failed_runs_say_why(study: Study, tmp_path: Path) -> None:
    trained("done")
    workflow = failed(tmp_path, "collect", "summarize", "latest")
    partial_summary.summarize(workflow, study, [])
    done, broken = rows()
    assert (done["experiment"], done["val_accuracy"], done["ended"]) == ("done", "0.75", "epoch_limit")
    assert (broken["experiment"], broken["ended"], broken["reason"]) == ("broken", "failed", "out of memory")
    # Snakemake makes them again: nothing is newer than anything, and nothing is recorded.
    made = [f"{COMPARISON}/runs.csv", f"{COMPARISON}/summary.csv", "results/summary.csv"]
    assert workflow.forgotten == made
    assert {Path(name).stat().st_mtime for name in made} == {1.0}


def test_published_figures_stand_beside(study: Study, tmp_path: Path) -> None:
    trained("done")
    published = tmp_path / "published.csv"
    published.write_text("experiment,point,val_loss,val_acc\ndone,last,1.5,0.25\n", encoding="utf-8")
    partial_summary.summarize(failed(tmp_path, "collect", "summarize", "latest"), study, [str(published)])
    assert [row["published_val_accuracy"] for row in rows()] == ["0.25", ""]


def test_nothing_is_made_that_was_not_asked_for(study: Study, tmp_path: Path) -> None:
    trained("done")
    partial_summary.summarize(failed(tmp_path), study, [])
    partial_summary.summarize(failed(tmp_path, "collect"), study, [])
    assert not SUMMARY.exists()


def test_an_older_summary_stays_where_the_rest_is_unreadable(study: Study, tmp_path: Path) -> None:
    Path(RUNS, "done", "seed0").mkdir(parents=True)
    SUMMARY.write_text("older", encoding="utf-8")
    workflow = failed(tmp_path, "collect", "summarize", "latest")
    partial_summary.summarize(workflow, study, [])
    assert SUMMARY.read_text(encoding="utf-8") == "older"
    assert workflow.forgotten == []
