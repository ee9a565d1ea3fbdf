"""A study as an RO-Crate, read back by the library's own reader, with every hash counted again."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hand_made_runs import run
from rocrate.rocrate import ROCrate

from ablation.results import crate
from ablation.results.columns import RUNS
from ablation.running.errors import UserError

CODE = [("train.py", "0123456789ab"), ("ablation/training/loop.py", "ba9876543210")]
STUDY = {
    **{"study": "quick", "data_set": "<script>", "version": "0.1.0", "packages": ["torch 2.14.1"]},
    **{"command": "snakemake", "config": "dataset: <script>\n"},
}


@pytest.fixture
def places(tmp_path: Path) -> crate.Places:
    runs, comparison = tmp_path / "runs", tmp_path / "comparison"
    comparison.mkdir()
    for seed in (0, 1):
        run(runs, "one", seed=seed)
        record = runs / f"one/seed{seed}/record.json"
        its = json.loads(record.read_text()) | {"weights_sha256": "ab" * 32, "device": "cpu", "torch": "2"}
        record.write_text(json.dumps(its))
        (runs / f"one/seed{seed}/spec.json").write_text("{}")
    (runs / "one/seed0/weights.safetensors").write_bytes(b"weights")
    for name in crate.TABLES:
        (comparison / name).write_text(f"{name}\n")
    rows = [
        {"experiment": "one", "seed": seed, "folder": "one", "ended": "epoch_limit", "image_size": 64}
        for seed in (0, 1)
    ]
    # Two experiments may share a run, and one may have failed.
    rows += [rows[0] | {"experiment": "same"}, rows[0] | {"folder": "failed", "ended": "failed"}]
    numbers = {"parameters", "train_accuracy", "val_loss", "val_accuracy", "val_photos", "classes"}
    table = pd.DataFrame([dict.fromkeys(RUNS) | dict.fromkeys(numbers, 1.0) | row for row in rows])
    table.to_csv(comparison / "runs.csv", index=False)
    return crate.Places(comparison, runs, runs / "manifest.csv")


@pytest.fixture
def found(places: crate.Places, tmp_path: Path) -> ROCrate:
    crate.write(places, STUDY, CODE, tmp_path / "crate.zip")
    with zipfile.ZipFile(tmp_path / "crate.zip") as file:
        file.extractall(tmp_path / "opened")
    return ROCrate(tmp_path / "opened")


def actions(found: ROCrate) -> list[Any]:
    return found.get_by_type("CreateAction")


def test_every_file_is_there_with_its_hash(found: ROCrate, tmp_path: Path) -> None:
    files = {one.id: one for one in found.data_entities}
    of_runs = {f"runs/one/seed{seed}/{name}" for seed in (0, 1) for name in crate.OF_RUN}
    assert set(files) == {*crate.TABLES, "manifest.csv", "config.yaml", *of_runs}
    for name, one in files.items():
        content = (tmp_path / "opened" / name).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["contentSize"] == str(len(content))


def test_each_run_is_an_action_of_the_workflow_on_photos_and_weights(found: ROCrate) -> None:
    assert found.root_dataset["conformsTo"].id == crate.PROFILE
    one, other = actions(found)
    assert (one["name"], other["name"]) == ("Train one/seed0", "Train one/seed1")
    assert {each["instrument"].id for each in (one, other)} == {"#workflow"}
    assert [each.id for each in one["object"]] == ["manifest.csv", f"#starting-weights/{'ab' * 32}"]
    results = [each.id for each in one["result"]]
    assert results == [*(f"runs/one/seed0/{name}" for name in crate.OF_RUN), "#weights/one/seed0"]
    assert one["result"][-1]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    # Deleted ones are left out.
    assert "#weights/one/seed1" not in [each.id for each in other["result"]]
    assert one["startTime"] <= one["endTime"]
    workflow = found.get("#workflow")
    assert workflow["identifier"] == [f"{name} {value}" for name, value in CODE]
    assert found.datePublished.isoformat() >= other["endTime"][:10]


def test_without_the_manifest_it_is_refused(places: crate.Places, tmp_path: Path) -> None:
    places.manifest.unlink()
    with pytest.raises(UserError, match="which says by hashes what trained: run snakemake check"):
        crate.write(places, STUDY, CODE, tmp_path / "crate.zip")
    assert not (tmp_path / "crate.zip").exists()
