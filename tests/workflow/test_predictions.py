"""New photos classified by what a study trained, by the commands of the documents, word for word."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from own_photos import class_photos, photo, write_classes
from project import Project
from tables import rows

from places import ROOT

COMMAND = re.compile(r"^snakemake results/(?:predictions|submissions|export|explained)/.*$", re.MULTILINE)
DOCUMENT, README = (
    COMMAND.findall((ROOT / name).read_text(encoding="utf-8")) for name in ("docs/prediction.md", "README.md")
)
NAMES = ("a.jpg", "b.jpg", "c.jpg")


def write_new(home: Path) -> Path:
    """Write an archive of new photos, of which one cannot be read."""
    home.mkdir(parents=True)
    with zipfile.ZipFile(home / "new_photos.zip", "w") as file:
        for number, name in enumerate(NAMES):
            file.writestr(name, photo(50 + number))
        file.writestr("broken.jpg", b"")
    return home / "new_photos.zip"


@pytest.fixture
def project(sources: Project, place: Path) -> Project:
    """A copy of the project; beside it a data set with a test set and what else the commands name."""
    home = place
    with zipfile.ZipFile(write_new(home).parent / "my_photos.zip", "w") as file:
        for name, content in class_photos(6).items():
            file.writestr(f"train/{name}", content)
        for number, name in enumerate(NAMES):
            file.writestr(f"test/{name}", photo(70 + number))
    (home / "sample_submission.csv").write_text("id,flower\nc,\na,\nb,\n", encoding="utf-8")
    project = replace(sources.copy(home / "project"), configs=())
    project.pretend_environment()
    return project


def shorten(config: dict[str, Any]) -> None:
    """Few epochs of each experiment of the quick study."""
    config["recipe"] |= {"epochs": 2, "image_size": 64}
    config["experiments"][1] |= {"epochs": 4, "head_epochs": 2}


def test_the_documents_commands_one_after_the_other(project: Project) -> None:
    project.edit(shorten, "studies/quick.yaml")
    assert DOCUMENT[:1] == README
    assert len(DOCUMENT) == 6
    said = [project.shell(command) for command in DOCUMENT]
    results = project.folder / "results"
    winner = (results / "comparison/my_photos/quick/winner.txt").read_text(encoding="utf-8").strip()
    assert f"{winner} has the highest accuracy of 2 experiments" in said[0]
    assert "1 photo (broken.jpg) cannot be read, listed in results/predictions/new-broken.csv" in said[0]
    assert said[0].count("Done") == 1
    assert "\nDone: results/predictions/new.csv\n" in said[0]
    new = rows(results / "predictions/new.csv")
    assert [row["file"] for row in new] == list(NAMES)
    assert "3 photos were classified by one network (results/runs/my_photos/probe-" not in said[0]
    assert "unsure" in said[1]
    test = {row["file"]: row for row in rows(results / "predictions/test.csv")}
    assert sorted(test) == [f"test/{one}" for one in NAMES]
    # The third command asks for it by the winner again, in the order of the template.
    form = rows(results / "submissions/test.csv")
    assert [(row["id"], row["flower"]) for row in form] == [
        (name, test[f"test/{name}.jpg"]["class"]) for name in "cab"
    ]
    for name in ("winner", "tuned/seed0"):
        assert sorted(path.name for path in (results / "export" / name).glob("[!.]*")) == [
            *("README.md", "model.onnx", "model.pt2", "predict_onnx.py", "weights.safetensors")
        ]
    explained = {path.name for path in (results / "explained/tuned/seed0").glob("[!.]*")}
    assert "activations.png" in explained
    assert len(explained) > 1
    assert "tuned/seed0: Grad-CAM of layer bn2 (2 x 2 places)" in said[5]
    # What is as it was is not made again.
    assert "Nothing to be done" in project.shell(DOCUMENT[4])


def test_what_makes_predictions_stale(own: Project) -> None:
    write_classes(own.folder / "new", seed=50)
    asked = ("results/predictions/new.csv", "--config", "dataset=mine", "photos=new")
    assert own.plan(*asked) == {"choose", "predict new"}
    own.run(*asked)
    assert own.plan(*asked) == set()
    (own.folder / "new/rose/0.jpg").write_bytes(photo(99))
    assert own.plan(*asked) == {"predict new"}
    own.run(*asked)
    # Where the named experiment is the winner, all that decides is as it was.
    assert own.plan(*asked, "model=one") == set()
    weights = own.folder / own.run_of("one", "mine") / "weights.safetensors"
    weights.rename(weights.with_suffix(".moved"))
    assert own.plan(*asked, "model=one") == set()
    other = own.plan("results/predictions/other.csv", *asked[1:], "model=one")
    assert {"train one 0", "predict other"} <= other
    weights.with_suffix(".moved").rename(weights)
    own.append("workflow/scripts/ablation/prediction/tables.py", "\n\nNEW = 1\n")
    assert own.plan(*asked) == {"predict new"}
    refused = own.snakemake("results/predictions/new.csv", "--config", "dataset=mine")
    assert refused.returncode == 1
    assert "no photos are named that are to be classified: write --config photos=PATH" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) < 6
