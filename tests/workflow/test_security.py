"""Hostile names, archives and configurations through the whole workflow.

Each study ends well or with one line that says why, runs nothing that a name holds, and writes nothing
outside of the folders that are there for it.
"""

from __future__ import annotations

import csv
import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from own_photos import photo, write_classes
from PIL import Image
from project import SINGLE, TINY, WRITTEN, Project

MARKER = "pwned"
SHELL = (
    *("$(touch pwned)", "`touch pwned`", "; touch pwned;", "'; touch pwned; '", '"; touch pwned; "'),
    *("-rf", "* > pwned", "é&&touch pwned|%s\\"),
)


@pytest.fixture
def own(fresh: Project) -> Iterator[Project]:
    """A project for data sets of the user's own, in which nothing may be run or go astray."""
    project = replace(fresh, configs=(TINY, SINGLE))
    beside = set(project.folder.parent.iterdir())
    yield project
    assert set(project.folder.parent.iterdir()) == beside
    assert not [path for path in project.folder.rglob(MARKER) if path.is_file()]


class Watch:
    """Makes sure that a block writes only where the workflow may."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def __enter__(self) -> None:
        self.before = self.files()

    def __exit__(self, *_error: object) -> None:
        assert self.files() == self.before

    def files(self) -> set[str]:
        return {
            str(path.relative_to(self.project.folder))
            for path in self.project.folder.rglob("*")
            if path.relative_to(self.project.folder).parts[0] not in WRITTEN
            and "__pycache__" not in path.parts
        }


def configure(project: Project, **datasets: dict[str, Any]) -> None:
    """Add local data sets."""
    project.edit(
        lambda config: config.update(
            datasets={name: {"source": "local", **fields} for name, fields in datasets.items()}
        ),
        SINGLE,
    )


def refusal(project: Project, *arguments: str) -> str:
    """The one line, besides what Snakemake says of itself, with which a study is refused."""
    done = project.snakemake(*arguments)
    assert done.returncode == 1, done.stdout + done.stderr
    told = [
        line for line in done.stderr.splitlines() if not line.startswith(("Using workflow", "Config file"))
    ]
    assert len(told) == 1, done.stderr
    return told[0]


def failure(project: Project, *arguments: str) -> str:
    """The one line of the log of the step that fails."""
    done = project.snakemake(*arguments)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "Traceback" not in output
    reasons = {line.strip() for line in output.splitlines() if line.strip().startswith("error: ")}
    assert len(reasons) == 1, output
    return reasons.pop()


def manifest(project: Project, name: str) -> list[dict[str, str]]:
    path = project.folder / f"resources/datasets/{name}/manifest.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- names -----------------------------------------------------------------------------------------


def test_no_name_of_a_path_a_class_or_a_photo_reaches_a_shell(own: Project) -> None:
    datasets = {}
    for number, name in enumerate(SHELL):
        folder = Path(name) if number % 2 else Path("photos of mine", name)
        datasets[f"d{number}"] = {"path": str(folder)}
        for position, category in enumerate((name, "other")):
            (own.folder / folder / category).mkdir(parents=True)
            for k in range(2):
                (own.folder / folder / category / f"{name}{k}.jpg").write_bytes(photo(2 * position + k))
    archive = own.folder / "-x $(touch pwned).zip"
    with zipfile.ZipFile(archive, "w") as file:
        for position, category in enumerate(SHELL[:2]):
            for k in range(2):
                file.writestr(f"{category}/{SHELL[2]}{k}.jpg", photo(2 * position + k))
    datasets["zipped"] = {"path": archive.name}
    configure(own, **datasets)
    with Watch(own):
        own.run(*(f"resources/datasets/{name}/manifest.csv" for name in datasets))
    for number, name in enumerate(SHELL):
        found = manifest(own, f"d{number}")
        assert {row["category"] for row in found} == {name, "other"}
        assert {row["file"].rpartition("/")[2] for row in found} == {f"{name}{k}.jpg" for k in range(2)}
    assert {row["category"] for row in manifest(own, "zipped")} == set(SHELL[:2])


@pytest.mark.parametrize(("path", "name"), [("$(touch pwned)", "touch_pwned"), ("-rf", "rf")])
def test_no_name_on_the_command_line_reaches_a_shell(own: Project, path: str, name: str) -> None:
    write_classes(own.folder / path)
    with Watch(own):
        own.run(f"resources/datasets/{name}/manifest.csv", "--config", f"dataset={path}")
    assert len(manifest(own, name)) == 6


def test_a_study_of_hostile_names_and_odd_photos_ends_well(own: Project) -> None:
    root = own.folder / "labelled"
    root.mkdir()
    categories = ["; touch pwned", "../../x", "$(touch pwned)", "-rf"]
    names = [
        "; touch pwned.jpg",
        "$(touch pwned).jpg",
        "-rf.jpg",
        "%s.jpg",
        "a.jpg",
        "b.jpg",
        "c.jpg",
        "d.jpg",
    ]
    rows = [(name, categories[position % 4]) for position, name in enumerate(names)]
    for position, name in enumerate(names):
        (root / name).write_bytes(photo(position))
    Image.new("RGB", (20_000, 20), "red").save(root / names[0])
    Image.new("RGB", (1, 1)).save(root / names[1], "PNG")
    with (root / "label.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("filename", "category"), *rows])
    label = "'; touch pwned {x} $(touch pwned) END"
    own.edit(lambda config: config["experiments"][0].update(label=label), SINGLE)
    with Watch(own):
        own.run("--config", "dataset=labelled")
    assert {(row["file"], row["category"]) for row in manifest(own, "labelled")} == set(rows)
    run = own.folder / own.run_of("one", "labelled")
    with (run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        assert {row["true"] for row in csv.DictReader(file)} == set(categories)
    table = own.folder / "results/comparison/labelled/tiny-single/runs.csv"
    with table.open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["label"] == label


def test_what_climbs_out_in_label_csv_is_refused(own: Project) -> None:
    write_classes(own.folder / "mine")
    (own.folder / "outside.jpg").write_bytes(photo(50))
    lines = ["filename,category", "../outside.jpg,rose", "rose/0.jpg,rose", "tulip/0.jpg,tulip"]
    (own.folder / "mine/label.csv").write_text("\n".join(lines), encoding="utf-8")
    with Watch(own):
        assert "line 2 names ../outside.jpg" in failure(own, "--config", "dataset=mine")
    assert not (own.folder / "resources/datasets/mine/manifest.csv").exists()


# --- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["rose/\n.jpg", os.fsdecode(b"rose/\xe4.jpg")])
def test_names_that_are_no_text_are_refused_before_anything_runs(own: Project, file: str) -> None:
    write_classes(own.folder / "mine")
    (own.folder / "mine" / file).parent.mkdir(exist_ok=True)
    (own.folder / "mine" / file).write_bytes(photo(50))
    with Watch(own):
        assert "rename it" in refusal(own, "--config", "dataset=mine")
    assert not (own.folder / "resources").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "../../{x}.zip"},
        {"experiments": [{"name": "$(touch pwned)", "backbone": "googlenet", "augmentation": "flip"}]},
        {"datasets": {"; touch pwned": {"source": "local", "path": "."}}},
        {"datasets": {"orchids": {"published": "studies"}}, "dataset": "orchids"},
    ],
    ids=str,
)
def test_hostile_values_are_refused_before_anything_runs(own: Project, change: dict[str, Any]) -> None:
    own.edit(lambda config: config.update(change), SINGLE)
    with Watch(own):
        assert refusal(own).startswith("config: ")
    assert not (own.folder / "resources").exists()


def test_a_key_given_twice_is_refused(own: Project) -> None:
    with (own.folder / "config.yaml").open(encoding="utf-8") as file:
        last = len(file.readlines())
    own.append("config.yaml", "dataset: other\n")
    found = refusal(own)
    assert "config.yaml" in found
    assert "'dataset'" in found
    assert str(last + 1) in found


# --- archives --------------------------------------------------------------------------------------


def test_an_archive_may_unpack_to_a_configured_size(own: Project) -> None:
    with zipfile.ZipFile(own.folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for category in ("a", "b"):
            for k in range(2):
                file.writestr(f"{category}/{k}.jpg", photo(10 * ord(category) + k))
        file.writestr("a/zeros.txt", bytes(3_000_000))
    target = "resources/datasets/bomb/manifest.csv"
    configure(own, bomb={"path": "bomb.zip", "unpacked_gb": 0.002})
    with Watch(own):
        reason = failure(own, target)
    assert "bomb.zip unpacks to more than 2000000 bytes" in reason
    assert "unpacked_gb" in reason
    assert not [path for path in (own.folder / "resources").rglob("*") if path.is_file()]
    configure(own, bomb={"path": "bomb.zip", "unpacked_gb": 0.004})
    own.run(target)
    assert len(manifest(own, "bomb")) == 4
    configure(own, bomb={"path": "bomb.zip", "unpacked_gb": 0.002})
    assert "unpack bomb" in own.plan(target)


def test_a_link_in_an_archive_is_refused(own: Project) -> None:
    with zipfile.ZipFile(own.folder / "link.zip", "w") as file:
        link = zipfile.ZipInfo("a/0.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
    with Watch(own):
        assert "'a/0.jpg', which is a link" in failure(own, "--config", "dataset=link.zip")


def test_a_bomb_of_pixels_is_refused(own: Project) -> None:
    write_classes(own.folder / "mine")
    content = photo(0).replace(struct.pack(">HH", 60, 80), struct.pack(">HH", 60_000, 60_000))
    (own.folder / "mine/rose/1.jpg").write_bytes(content)
    with Watch(own):
        assert "rose/1.jpg has too many pixels" in failure(own, "--config", "dataset=mine")
