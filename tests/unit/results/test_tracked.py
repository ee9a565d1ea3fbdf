"""What trackers are given of a finished run: the project's own numbers, under its own names."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest
import tracked_runs
from hand_made_runs import HISTORY

from ablation.results import collecting, tracked, validation
from ablation.running.errors import UserError
from ablation.spec import Spec


def test_the_row_is_that_of_the_table_of_runs(tmp_path: Path) -> None:
    said = tracked_runs.line(tmp_path)
    photos = validation.photos(tmp_path / "manifest.csv")
    (row,) = collecting.collect([said], tmp_path, photos).runs.to_dict("records")
    found = tracked.of(said, tmp_path, photos).row
    assert {"run/val_accuracy", "run/best_epoch", "run/macro_f1", "run/train_seconds"} <= found.keys()
    assert found == {name: row[name.removeprefix("run/")] for name in found}
    # All that is measured and a number: not what the run could not measure, nor what it was told to be.
    measured = {
        name for name, value in row.items() if isinstance(value, (int, float)) and not math.isnan(value)
    }
    assert {name.removeprefix("run/") for name in found} == measured - said.keys()


def test_epochs_are_those_of_the_history(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path)
    assert run.epochs == [
        {f"epoch/{name}": getattr(one, name) for name in tracked.MEASURES} for one in HISTORY
    ]
    steps = [later - earlier for earlier, later in pairwise([0.0, *run.seconds])]
    assert steps == pytest.approx([one.train_seconds + one.val_seconds for one in HISTORY])
    assert run.ended == (tmp_path / "alexnet-flip/seed0/record.json").stat().st_mtime


def test_values_are_all_of_the_spec(tmp_path: Path) -> None:
    """And what the study calls the two of them that are no single values."""
    said = tracked_runs.line(tmp_path, augmentation="flipped")
    found = tracked.values(said)
    spec, optimizer = dict(said["spec"]), said["spec"]["optimizer"]
    back = {name: found.get(f"optimizer.{name}") for name in optimizer}
    rest = {name: found.get(name) for name in spec}
    whole = rest | {"optimizer": back, "augmentation": json.loads(str(found["transforms"]))}
    assert Spec.from_json(json.dumps(whole)) == tracked_runs.SPEC
    assert (found["augmentation"], found["optimizer"]) == ("flipped", said["optimizer"])
    assert None not in found.values()


def test_tags_say_what_it_is(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path, label="AlexNet, flipped")
    record = validation.record_of(tmp_path / "alexnet-flip/seed0")
    assert run.tags == {
        **{"study": "default", "data_set": "demo", "experiment": "alexnet-flip"},
        **{"label": "AlexNet, flipped", "folder": "alexnet-flip", "commonest_class": "lily"},
        **{name: record[name] for name in ("manifest_sha256", "torch", "device", "precision", "ended")},
    }
    assert (run.study, run.name) == ("demo/default", "alexnet-flip/seed0")


def test_without_a_manifest_what_takes_labels_is_left_out(tmp_path: Path) -> None:
    said = tracked_runs.line(tmp_path)
    run = tracked.of(said, tmp_path, None)
    whole = tracked.of(said, tmp_path, validation.photos(tmp_path / "manifest.csv"))
    assert run.row.items() < whole.row.items()
    assert {"run/macro_f1", "run/balanced_accuracy"} <= whole.row.keys() - run.row.keys()
    assert "commonest_class" not in run.tags


def test_damaged_files_are_told_in_one_line(tmp_path: Path) -> None:
    said = tracked_runs.line(tmp_path)
    (tmp_path / "alexnet-flip/seed0/history.csv").write_text("epoch\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"alexnet-flip/seed0 has no readable results .*: delete it"):
        tracked.of(said, tmp_path, None)
