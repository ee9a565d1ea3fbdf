"""The script that shows what speaks for a class, of a run and of a study's winner."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from flowers import Flowers
from pictures import picture
from PIL import Image

from ablation.photos.photo import photo
from ablation.prediction import explaining
from ablation.results import predictions, validation
from places import SCRIPTS


def run_script(flowers: Flowers, *arguments: object, given: str = "", status: int = 0) -> str:
    """Run it on the flowers' photos; return all that it prints."""
    command = [sys.executable, SCRIPTS / "explain.py", *map(str, arguments)]
    command += ["--manifest", flowers.manifest]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == status, said
    assert "Traceback" not in said
    return said


def test_a_run_with_each_photo_as_large_as_it_is_and_the_same_bytes_twice(
    flowers: Flowers, tmp_path: Path
) -> None:
    run = flowers.runs["crop"].folder
    for name in ("one", "two"):
        out = tmp_path / name
        said = run_script(
            *(flowers, "--run", run, "--name", "crop/seed1", "--photos", flowers.photos),
            *("--each", out, "--output", out / "activations.png"),
        )
        assert said.startswith("crop/seed1: Grad-CAM of layer ")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    assert picture(tmp_path / "one/activations.png")[0] > 400
    its = validation.of_run(validation.photos(flowers.manifest), validation.record_of(run))
    right, wrong = explaining.chosen(predictions.of(run, its))
    expected = {
        f"{kind}-{number}-{whose}.jpg": photo(flowers.photos / each.file).size
        for kind, some in (("right", right), ("wrong", wrong))
        for number, each in enumerate(some, start=1)
        for whose in (("predicted",) if kind == "right" else ("predicted", "true"))
    }
    sizes = {}
    for path in (tmp_path / "one").glob("*.jpg"):
        with Image.open(path) as image:
            sizes[path.name] = image.size
    assert sizes == expected


def test_the_winner_of_a_study(flowers: Flowers, tmp_path: Path) -> None:
    summary = tmp_path / "summary.csv"
    summary.write_text("experiment,accuracy,val_accuracy\ncrop,0.5,0.5\n$5,0.9,0.4\n", encoding="utf-8")
    runs = json.dumps({"crop": "nowhere/seed0", "$5": str(flowers.runs["squash"].folder)})
    given = ("--summary", summary, "--photos", flowers.photos, "--output", tmp_path / "a.png")
    said = run_script(flowers, *given, given=runs)
    assert said.startswith("$5/seed1, the winner: Grad-CAM of layer ")
    # Without photos, as they may be deleted to save disk, it says so, and fails nothing.
    said = run_script(flowers, *given, "--photos", tmp_path / "gone", given=runs)
    assert said.startswith(f"no class-activation maps of $5/seed1, the winner: {tmp_path / 'gone'}/")
    assert len(said.splitlines()) == 1
    assert picture(tmp_path / "a.png")[0] == 1080


def test_a_study_of_which_nothing_finished(flowers: Flowers, tmp_path: Path) -> None:
    summary = tmp_path / "summary.csv"
    summary.write_text("experiment,accuracy,val_accuracy\ncrop,,\n", encoding="utf-8")
    given = ("--summary", summary, "--photos", flowers.photos, "--output", tmp_path / "a.png")
    said = run_script(flowers, *given, given="{}", status=1)
    assert "has no experiment that finished, and so no winner" in said
