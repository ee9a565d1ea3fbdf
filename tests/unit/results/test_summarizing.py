"""The table of experiments from that of runs, and published figures beside it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_made_runs import VALIDATION, failed, run, write_outputs

from ablation.results import collecting, judging, summarizing, tables, validation
from ablation.running.errors import UserError
from ablation.training.history import Epoch
from places import ROOT

PUBLISHED = ROOT / "studies/orchids.csv"


def summarized(study: list[dict[str, Any]], runs: Path, published: Path | None = None) -> pd.DataFrame:
    """The summary as a user gets it: through both files."""
    listed = runs / "manifest.csv"
    photos = validation.photos(listed) if listed.exists() else None
    found = collecting.collect(study, runs, photos)
    tables.write(found.runs, runs / "runs.csv")
    judged = judging.judged(*judging.chosen(found.validated, found.tested))
    summary = summarizing.summarize(tables.read(runs / "runs.csv"), judged, published)
    tables.write(summary, runs / "summary.csv")
    return tables.read(runs / "summary.csv")


# --- one row an experiment -------------------------------------------------------------------------


def test_the_columns_of_the_summary(tmp_path: Path) -> None:
    found = summarized([run(tmp_path, "a")], tmp_path)
    assert list(found.columns) == [
        *("experiment", "label", "backbone", "architecture", "augmentation", "optimizer", "weights"),
        *("image_size", "batch_size", "learning_rate", "seeds"),
        *("accuracy", "accuracy_low", "accuracy_high", "accuracy_sd", "interval", "judged_on", "photos"),
        *("could_be_best", "p_best", "corrected_accuracy", "corrected_low", "corrected_high"),
        *("parameters", "epochs", "best_epoch", "train_photos"),
        *("train_loss", "train_accuracy", "val_loss", "val_accuracy"),
        *("balanced_accuracy", "macro_f1", "commonest_accuracy", "temperature", "ece", "calibrated_ece"),
        *("last_train_accuracy", "last_val_loss", "last_val_accuracy"),
        *("best_val_accuracy", "nested_val_accuracy", "test_loss", "test_accuracy"),
        *("train_seconds", "images_per_second"),
        *("peak_host_mib", "peak_device_mib", "host_joules", "device_joules"),
        *("published_val_loss", "published_val_accuracy", "ended", "reason"),
        *("study", "data_set", "folder"),
    ]
    row = found.iloc[0]
    assert (row["seeds"], row["best_epoch"], row["train_loss"], row["images_per_second"]) == (1, 2, 1.1, 12.0)


def test_one_seed_is_copied_exactly(tmp_path: Path) -> None:
    summarized([run(tmp_path, "a")], tmp_path)
    lines = (tmp_path / "summary.csv").read_text().splitlines()
    assert lines[1:] == [
        "a,a,alexnet,original,normalize,sgd,none,224,16,0.001,1,"
        # Wilson's interval of 8 of 16, and all of it again, for nothing was chosen.
        "0.5,0.27999563610326017,0.7200043638967398,,wilson,validation,16,yes,1.0,"
        "0.5,0.27999563610326017,0.7200043638967398,57000003,4,2,30,1.1,0.5,0.30000000000000004,0.5,"
        "0.4047619047619048,0.36507936507936506,0.375,"
        # The temperature, and the errors of confidences without it and with it.
        "1.4426950408889632,0.07611688476582915,0.0,"
        "1.0,0.9,0.75,0.75,,,,14.0,12.0,812.5,,321.0,,,,epoch_limit,"
        ",default,demo,a"
    ]


def test_seeds_are_averaged(tmp_path: Path) -> None:
    worse = [
        Epoch(1, 3.0, 0.0, 2.0, 0.0, 1.0, 1.0),
        Epoch(2, 2.0, 0.25, 1.0, 0.25, 1.0, 1.0),
        Epoch(3, 1.5, 0.5, 0.7, 0.25, 3.0, 1.0),
    ]
    study = [
        run(tmp_path, "b", 3),
        run(tmp_path, "a", 0, worse),
        run(tmp_path, "b", 4, worse, peak_host_mib=100.5),
    ]
    found = summarized(study, tmp_path).set_index("experiment")
    assert list(found.index) == ["b", "a"]
    assert found["seeds"].tolist() == [2, 1]
    row = found.loc["b"]
    assert (row["epochs"], row["best_epoch"], row["parameters"]) == (3.5, 2.5, 57_000_003)
    assert row["val_loss"] == pytest.approx((0.1 + 0.2 + 0.7) / 2)
    assert row["val_accuracy"] == pytest.approx((0.5 + 0.25) / 2)
    assert row["train_loss"] == pytest.approx((1.1 + 1.5) / 2)
    assert row["train_accuracy"] == pytest.approx(0.5)
    assert row["last_val_loss"] == pytest.approx((0.9 + 0.7) / 2)
    assert row["best_val_accuracy"] == pytest.approx((0.75 + 0.25) / 2)
    assert row["train_seconds"] == pytest.approx((14 + 8) / 2)
    assert row["images_per_second"] == pytest.approx((12 + 30 * 3 / 5) / 2)
    assert (row["peak_host_mib"], row["host_joules"]) == ((812.5 + 100.5) / 2, 321)
    assert found.loc["a", "best_epoch"] == 3


def test_metrics_of_seeds_are_averaged(tmp_path: Path) -> None:
    study = [run(tmp_path, "a"), run(tmp_path, "a", 1)]
    write_outputs(tmp_path / "a/seed1", np.eye(3, dtype=np.float32)[VALIDATION])
    summarized(study, tmp_path)
    runs, row = tables.read(tmp_path / "runs.csv"), tables.read(tmp_path / "summary.csv").iloc[0]
    assert runs["commonest_class"].tolist() == ["lily", "lily"]
    assert (runs.loc[1, "balanced_accuracy"], runs.loc[1, "macro_f1"]) == (1, 1)
    for name in ("balanced_accuracy", "macro_f1", "commonest_accuracy"):
        assert row[name] == pytest.approx(runs[name].mean())
    assert row["commonest_accuracy"] == 6 / 16


def test_counts_read_as_integers(tmp_path: Path) -> None:
    study = [run(tmp_path, name) for name in ("a", "b")]
    found = summarized(study, tmp_path)
    for column in ("parameters", "epochs", "best_epoch", "seeds"):
        assert found[column].dtype == "int64"
    assert "57000003" in (tmp_path / "summary.csv").read_text()
    assert "57000003.0" not in (tmp_path / "summary.csv").read_text()


def test_a_count_reads_as_integer_whatever_the_others_are(tmp_path: Path) -> None:
    later = [Epoch(epoch, 1.0, 0.0, 2.0 - epoch, 0.0, 1.0, 1.0) for epoch in (1, 2, 3)]
    study = [run(tmp_path, "a"), run(tmp_path, "b", 0), run(tmp_path, "b", 1, later), failed("c", reason="x")]
    summarized(study, tmp_path)
    with (tmp_path / "summary.csv").open(encoding="utf-8", newline="") as file:
        assert [row["best_epoch"] for row in csv.DictReader(file)] == ["2", "2.5", ""]


def test_runs_beyond_the_study_do_not_count(tmp_path: Path) -> None:
    study = [run(tmp_path, "a"), run(tmp_path, "a", 1)]
    assert summarized(study[:1], tmp_path)["seeds"].tolist() == [1]


@pytest.mark.parametrize("names", [["0.001", "1e-05"], ["1", "02"], ["true", "false"], ["none", "nan"]])
def test_experiments_called_after_a_value(tmp_path: Path, names: list[str]) -> None:
    study = [run(tmp_path, name, augmentation=names[0]) for name in names]
    found = summarized(study, tmp_path)
    assert found["experiment"].tolist() == names
    assert found["augmentation"].tolist() == [names[0]] * 2
    assert tables.read(tmp_path / "runs.csv")["label"].tolist() == names


# --- how runs ended --------------------------------------------------------------------------------


def test_the_summary_says_how_each_run_ended(tmp_path: Path) -> None:
    endings = ["early_stop", "interrupted", "epoch_limit"]
    study = [run(tmp_path, "b", seed, ended=ended) for seed, ended in enumerate(endings)]
    found = summarized([*study, run(tmp_path, "a", ended="early_stop")], tmp_path)
    assert found["ended"].tolist() == ["early_stop interrupted epoch_limit", "early_stop"]
    assert found["reason"].isna().all()


def test_a_failed_experiment_has_a_row_and_a_reason(tmp_path: Path) -> None:
    study = [run(tmp_path, "a"), failed("b", reason="the loss is not finite, in epoch 3"), run(tmp_path, "c")]
    found = summarized(study, tmp_path).set_index("experiment")
    assert list(found.index) == ["a", "b", "c"]
    row = found.loc["b"]
    assert (row["seeds"], row["ended"]) == (0, "failed")
    assert row["reason"] == "the loss is not finite, in epoch 3"
    numbers = found.columns[found.columns.get_loc("parameters") : found.columns.get_loc("ended")]
    assert row[list(numbers)].isna().all()
    assert found.loc["a", "val_loss"] == found.loc["c", "val_loss"] == 0.1 + 0.2
    assert "57000003," in (tmp_path / "summary.csv").read_text()


def test_a_failed_seed_does_not_count(tmp_path: Path) -> None:
    whole = summarized([run(tmp_path, "a", 0), run(tmp_path, "a", 1)], tmp_path).iloc[0]
    study = [run(tmp_path / "b", "a", 0), failed("a", 1), run(tmp_path / "b", "a", 2), failed("a", 3, "no")]
    part = summarized(study, tmp_path / "b").iloc[0]
    assert (part["seeds"], part["ended"]) == (2, "epoch_limit failed epoch_limit failed")
    assert part["reason"] == "seed 1: out of memory; seed 3: no"
    different = ["ended", "reason", "label", "backbone", "architecture", "augmentation", "optimizer"]
    different += ["image_size"]
    assert part.drop(different).equals(whole.drop(different))


def test_all_failed(tmp_path: Path) -> None:
    found = summarized([failed("a"), failed("b")], tmp_path)
    assert found["ended"].tolist() == ["failed", "failed"]
    assert tuple(found.columns) == summarizing.SUMMARY


# --- published figures -----------------------------------------------------------------------------


def test_published_figures_stand_beside_ours(tmp_path: Path) -> None:
    # resnet101 was published at both points, resnet50 at its last epoch only, the last one not at all.
    names = ["resnet101", "alexnet-none", "resnet50", "alexnet-softmax_classes"]
    found = summarized([run(tmp_path, name) for name in names], tmp_path, PUBLISHED)
    assert found["experiment"].tolist() == names
    assert found["published_val_loss"].tolist()[:3] == [2.4263, 1.8528, 2.8185]
    assert found["published_val_accuracy"].tolist()[:3] == [0.3805, 0.5510, 0.4490]
    assert found.loc[3, ["published_val_loss", "published_val_accuracy"]].isna().all()


def test_the_best_loss_goes_before_the_last_epoch_in_any_order(tmp_path: Path) -> None:
    lines = PUBLISHED.read_text().splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n")
    one, other = (summarizing.read_published(path)["val_loss"].to_dict() for path in (PUBLISHED, turned))
    assert one == other
    assert len(one) == 16


def test_without_published_figures_the_columns_are_empty(tmp_path: Path) -> None:
    found = summarized([run(tmp_path, "alexnet-none")], tmp_path)
    assert found[["published_val_loss", "published_val_accuracy"]].isna().all(axis=None)
    assert (
        (tmp_path / "summary.csv")
        .read_text()
        .splitlines()[1]
        .endswith(",,,epoch_limit,,default,demo,alexnet-none")
    )


def test_published_figures_without_a_column(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("experiment,val_loss\na,1.0\n")
    with pytest.raises(UserError, match=r"p\.csv has no column point, val_acc"):
        summarizing.read_published(tmp_path / "p.csv")


@pytest.mark.parametrize("content", [None, b"", b"a,b\n1,2,3\n4,5,6,7\n", b"\xff\xfe\xfa"])
def test_published_figures_that_are_no_table(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"p\.csv") as caught:
        summarizing.read_published(path)
    assert len(str(caught.value).splitlines()) == 1
