"""TensorBoard's files of runs, read by TensorBoard's own reader."""

from __future__ import annotations

import json
import os
from pathlib import Path

import hand_made_runs
import pytest
import stages
import tracked_runs
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata
from tensorboard.util import tensor_util

from ablation.chain import paths
from ablation.results import event_files
from ablation.results.tracked import MEASURES, Tracked
from ablation.training.history import Epoch

# In the order of the alphabet, as classes are numbered; the second is the commonest.
HOSTILE = ["$x$ \u202e\u7167\u7247 {x} &amp;", '<script>alert("1")<b>', "`| <td>"]


def read(folder: Path) -> EventAccumulator:
    """All that is in a folder; nothing is thinned out."""
    found = EventAccumulator(str(folder), size_guidance=dict.fromkeys(("scalars", "images", "tensors"), 0))
    found.Reload()
    return found


def written(run: Tracked, folder: Path) -> EventAccumulator:
    event_files.write(run, folder / paths.EVENT_FILE)
    return read(folder)


def test_each_epoch_is_a_step(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    found = written(run, tmp_path / "out")
    names = [f"epoch/{name}" for name in MEASURES]
    assert found.Tags()["scalars"] == [*names, *run.row]
    for name in names:
        events = found.Scalars(name)
        assert [one.step for one in events] == [1, 2, 3, 4]
        assert [one.value for one in events] == pytest.approx([epoch[name] for epoch in run.epochs], rel=1e-7)
        # Relative times are those that were measured.
        assert [one.wall_time for one in events] == run.seconds == [4, 7, 10, 14]


def test_a_long_training_has_all_its_epochs(tmp_path: Path) -> None:
    history = [Epoch(step, 1 / step, 0.5, 2 / step, 0.25, 1.0, 0.5) for step in range(1, 1201)]
    found = written(tracked_runs.run(tmp_path / "runs", history=history), tmp_path / "out")
    assert [one.step for one in found.Scalars("epoch/val_loss")] == list(range(1, 1201))


def test_what_came_of_it_stands_at_the_last_epoch(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    found = written(run, tmp_path / "out")
    for name, value in run.row.items():
        (event,) = found.Scalars(name)
        assert (event.step, event.value) == (4, pytest.approx(value, rel=1e-7))
    (accuracy,) = found.Scalars("run/val_accuracy")
    assert accuracy.value == 0.5


def test_the_picture_is_the_runs(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    (picture,) = written(run, tmp_path / "out").Images("curves")
    assert picture.encoded_image_string == run.curves.read_bytes()
    assert (picture.width, picture.height) == (1080, 432)


def test_values_are_in_the_form_of_the_hparams_plugin(tmp_path: Path) -> None:
    run = tracked_runs.run(tmp_path / "runs")
    found = written(run, tmp_path / "out")
    content = found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(content)
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in start.hparams.items()}
    assert values == run.values
    assert {"backbone", "architecture", "augmentation", "seed", "fold"} < values.keys()
    # Runs of one name in two studies below one --logdir are two.
    assert (start.group_name, start.start_time_secs) == ("demo/default/alexnet-flip/seed0", 0)
    content = found.SummaryMetadata(metadata.SESSION_END_INFO_TAG).plugin_data.content
    end = metadata.parse_session_end_info_plugin_data(content)
    assert (end.status, end.end_time_secs) == (api_pb2.STATUS_SUCCESS, 14)


def test_names_of_any_kind_are_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of classes, labels and experiments: in a block of code, where no sign means anything."""
    monkeypatch.setattr(hand_made_runs, "CATEGORIES", HOSTILE)
    run = tracked_runs.run(tmp_path / "runs", "a.b_c-0.001", label=f"  {HOSTILE[0]} ```")
    (text,) = written(run, tmp_path / "out").Tensors("about")
    told = tensor_util.make_ndarray(text.tensor_proto).item().decode()
    assert all(line.startswith("    ") for line in told.split("\n"))
    assert json.loads(told) == run.tags
    assert run.tags["commonest_class"] == HOSTILE[1]
    assert run.tags["experiment"] == "a.b_c-0.001"


def test_the_same_run_has_the_same_bytes(tmp_path: Path) -> None:
    """Whenever its files were copied, and whenever it is written, also by another process."""
    run = tracked_runs.run(tmp_path / "runs")
    event_files.write(run, tmp_path / "one")
    os.utime(tmp_path / "runs/alexnet-flip/seed0/record.json", (0, 0))
    event_files.write(tracked_runs.run(tmp_path / "again"), tmp_path / "other")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    said = json.dumps(tracked_runs.line(tmp_path / "third"))
    its = ("--runs", tmp_path / "third", "--manifest", tmp_path / "third/manifest.csv", "--run", said)
    for seed in ("1", "2"):
        done = stages.run("track_tensorboard", *its, "--output", tmp_path / seed, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / seed).read_bytes() == (tmp_path / "one").read_bytes()
