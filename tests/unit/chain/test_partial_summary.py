"""The summary of a study of which some runs failed, made by the steps that make the whole one."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chained import Job, Workflow, training
from configs import load, small

from ablation.chain import partial_summary, paths
from ablation.photos import manifest
from ablation.results import outputs
from ablation.running.files import sha256, write_json
from ablation.study.study import Study

SUMMARY = Path(paths.SUMMARY)
RUNS, COMPARISON = "results/runs/drawn", "results/comparison/drawn/default"
FIGURES = "train_loss,train_accuracy,val_loss,val_accuracy,train_seconds,val_seconds"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    plain = {"backbone": "alexnet", "augmentation": "plain", "optimizer": "sgd"}
    return load(small(experiments=[{**plain, "name": "done"}, {**plain, "name": "broken", "epochs": 9}]))


def folder_of(study: Study, name: str) -> Path:
    return Path(RUNS, study.experiments[name].folder, "seed0")


def trained(study: Study, name: str) -> None:
    folder = folder_of(study, name)
    folder.mkdir(parents=True)
    record: dict[str, Any] = {"parameters": 7, "ended": "epoch_limit", "train_seconds": 1.5}
    record |= {"peak_host_mib": 500.0, "peak_device_mib": None, "host_joules": None, "device_joules": None}
    record |= {"train_photos": 6, "val_photos": 6, "classes": 3}
    record |= {"test_photos": 0, "folds": 0, "fold": 0, "split_seed": 0}
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "history.csv").write_text(f"epoch,{FIGURES}\n1,1.5,0.5,1.25,0.75,1.0,0.5\n", encoding="utf-8")


def failed(study: Study, tmp_path: Path, *rules: str) -> Workflow:
    (tmp_path / "broken.log").write_text("error: out of memory\n", encoding="utf-8")
    job = training(f"{study.experiments['broken'].folder}/seed0", str(tmp_path / "broken.log"))
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
    trained(study, "done")
    workflow = failed(study, tmp_path, "collect", "summarize", "latest")
    partial_summary.summarize(workflow, study, [])
    done, broken = rows()
    assert (done["experiment"], done["val_accuracy"], done["ended"]) == ("done", "0.75", "epoch_limit")
    assert (broken["experiment"], broken["ended"], broken["reason"]) == ("broken", "failed", "out of memory")
    # Snakemake makes them again: nothing is newer than anything, and nothing is recorded.
    made = [f"{COMPARISON}/runs.csv", f"{COMPARISON}/summary.csv", "results/summary.csv"]
    assert workflow.forgotten == made
    assert {Path(name).stat().st_mtime for name in made} == {1.0}


@pytest.fixture
def listed(study: Study) -> Path:
    """The manifest of six photos that train and six that validate, in three classes."""
    path = Path(paths.MANIFEST.format(dataset=study.dataset.name))
    splits = 2 * [manifest.TRAIN] + 2 * [manifest.VAL]
    entries = [
        manifest.Entry(f"{name}/{number}.png", 64 * "0", label, name, split)
        for label, name in enumerate(("iris", "lily", "rose"))
        for number, split in enumerate(splits)
    ]
    manifest.write(entries, path)
    return path


def test_metrics_and_the_notice_are_there(
    study: Study, tmp_path: Path, listed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained(study, "done")
    folder = folder_of(study, "done")
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    write_json(folder / "record.json", record | {"manifest_sha256": sha256(listed)})
    outputs.write(np.eye(3, dtype=np.float32)[[0, 1, 1, 1, 2, 2]], folder / outputs.FILE)
    partial_summary.summarize(failed(study, tmp_path, "collect", "summarize", "latest"), study, [])
    done, broken = rows()
    assert float(done["balanced_accuracy"]) == pytest.approx(5 / 6)
    assert float(done["commonest_accuracy"]) == pytest.approx(1 / 3)
    assert (broken["balanced_accuracy"], broken["commonest_accuracy"]) == ("", "")
    # 0.75 of 6 photos, as the history says, may be 0.36.
    assert capsys.readouterr().out == ""
    text = (folder / "history.csv").read_text(encoding="utf-8")
    (folder / "history.csv").write_text(text.replace("0.75", "0.5"), encoding="utf-8")
    partial_summary.summarize(failed(study, tmp_path, "collect", "summarize", "latest"), study, [])
    told = capsys.readouterr().out
    assert told.startswith(
        "Mind: no experiment that finished is better than always guessing the commonest class, iris"
    )
    assert len(told.splitlines()) == 1


def test_published_figures_stand_beside(study: Study, tmp_path: Path) -> None:
    trained(study, "done")
    published = tmp_path / "published.csv"
    published.write_text("experiment,point,val_loss,val_acc\ndone,last,1.5,0.25\n", encoding="utf-8")
    partial_summary.summarize(
        failed(study, tmp_path, "collect", "summarize", "latest"), study, [str(published)]
    )
    assert [row["published_val_accuracy"] for row in rows()] == ["0.25", ""]


def test_nothing_is_made_that_was_not_asked_for(study: Study, tmp_path: Path) -> None:
    trained(study, "done")
    partial_summary.summarize(failed(study, tmp_path), study, [])
    partial_summary.summarize(failed(study, tmp_path, "collect"), study, [])
    assert not SUMMARY.exists()


def test_an_older_summary_stays_where_the_rest_is_unreadable(study: Study, tmp_path: Path) -> None:
    folder_of(study, "done").mkdir(parents=True)
    SUMMARY.write_text("older", encoding="utf-8")
    workflow = failed(study, tmp_path, "collect", "summarize", "latest")
    partial_summary.summarize(workflow, study, [])
    assert SUMMARY.read_text(encoding="utf-8") == "older"
    assert workflow.forgotten == []
