"""The script that classifies, as people call it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from flowers import Flowers
from scipy import special

from ablation.photos import manifest
from ablation.prediction import tables
from ablation.results import calibration, validation
from ablation.running import errors
from places import SCRIPTS


def run_script(*arguments: object, status: int = 0) -> tuple[str, str]:
    """Run it; return what it prints and what it says beside."""
    command = [sys.executable, SCRIPTS / "predict.py", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_photo_by_weights_alone(flowers: Flowers) -> None:
    run = flowers.runs["crop"]
    photo = flowers.photos / flowers.files[0]
    told, beside = run_script("--weights", run.folder / "weights.safetensors", photo)
    (row,) = special.softmax(run.outputs()[:1].astype(np.float64), 1)
    names, order = ["10", "2", "rose"], (-row).argsort()
    best, *others = [f"{names[number]} {row[number]:.6f}" for number in order]
    assert told == f"{photo}: {best} ({', '.join(others)})\n"
    assert beside == (
        "confidences are the networks' own, not fitted to validation photos (--manifest, with --run)\n"
    )


def test_an_archive_by_an_ensemble_into_a_table_and_a_submission(flowers: Flowers, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    for file in flowers.files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(flowers.photos / file, folder / file)
    (folder / "broken.jpg").touch()
    archive = shutil.make_archive(str(tmp_path / "new"), "zip", folder)
    (tmp_path / "names.csv").write_text(
        "id,label\n" + "".join(f"{Path(one).stem},\n" for one in flowers.files)
    )
    runs = [part for run in flowers.runs.values() for part in ("--run", run.folder)]
    output, form = tmp_path / "out/predictions.csv", tmp_path / "out/submission.csv"
    more = ("--manifest", flowers.manifest, "--accuracy", "0.01", "--output", output, "--submission", form)
    told, beside = run_script(*runs, *more, "--template", tmp_path / "names.csv", archive)
    assert told == ""
    first, unread, last = beside.splitlines()
    assert first.startswith("unsure below a confidence of ")
    by = f"the mean of {len(runs) // 2} networks"
    assert last.startswith(f"{len(flowers.files)} photos were classified by {by}")
    assert unread == f"1 photo (broken.jpg) cannot be read, listed in {tables.beside(output)}"
    photos = validation.photos(flowers.manifest)
    mean = np.mean(
        [
            calibration.probabilities(
                outputs, calibration.temperature(outputs, photos.labels[photos.validating])
            )
            for outputs in (run.outputs() for run in flowers.runs.values())
        ],
        axis=0,
    )
    found = {row["file"]: row for row in rows(output)}
    assert sorted(found) == sorted(flowers.files)
    for file, each in zip(flowers.files, mean, strict=True):
        assert found[file]["class"] == photos.categories[int(each.argmax())]
        assert float(found[file]["confidence"]) == pytest.approx(each.max(), abs=2e-6)
    assert rows(tables.beside(output)) == [{"file": "broken.jpg", "why": "is empty"}]
    wanted = [{"id": Path(file).stem, "label": found[file]["class"]} for file in flowers.files]
    assert rows(form) == wanted
    # What was unpacked is gone.
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "predictions-broken.csv",
        "predictions.csv",
        "submission.csv",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no network is named: give --run FOLDER, or --weights FILE"),
        (("--weights", "w", "--manifest", "m"), "--manifest is for runs with their outputs"),
        (("--run", "r", "--accuracy", "0.9"), "--accuracy is of validation photos"),
        (("--run", "r", "--submission", "s.csv"), "--submission is made from the predictions"),
        (("--run", "r", "--template", "t.csv"), "--template is for a submission"),
        (("--run", "nowhere"), "nowhere does not exist: name the folder of a finished run"),
        (("--run", "r", "--threads", "0"), "--threads is 0: make it 1 or more"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, which has PyTorch already."""
    import predict as script

    monkeypatch.setattr(sys, "argv", ["predict.py", *arguments, "photo.jpg"])
    with pytest.raises(SystemExit) as ended:
        errors.run(script.main)
    assert str(ended.value.code).startswith("error: ")
    assert said in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def test_nothing_that_can_be_read(flowers: Flowers, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    told, beside = run_script("--run", flowers.runs["crop"].folder, tmp_path / "empty.jpg", status=1)
    assert told == ""
    assert beside.splitlines()[1:] == [
        f"{tmp_path / 'empty.jpg'}: is empty",
        f"1 photo ({tmp_path / 'empty.jpg'}) cannot be read",
        "error: no photo was classified: give photos that can be read",
    ]


def test_a_manifest_of_other_photos(flowers: Flowers, tmp_path: Path) -> None:
    entries = manifest.read(flowers.manifest)
    manifest.write(entries[:-1], tmp_path / "other.csv")
    photo = flowers.photos / flowers.files[0]
    run = flowers.runs["crop"].folder
    _, beside = run_script("--run", run, "--manifest", tmp_path / "other.csv", photo, status=1)
    assert "was trained on other photos, or another split, than the manifest has" in beside
