"""What a study leaves is what the reference says: every file, every column, every key."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from own_photos import photo, write_classes
from project import SINGLE, TINY, Project
from tables import rows

import study_files
from ablation.chain import paths
from study_files import File

# The names in <> of a path: no folder but of a step's log, and of backbones such as timm/resnet50.
WILD = re.compile(r"<[^>]+>")
MANY = ("<step>", "<backbone>", "<photo>", "<model>")
PARTICULAR = {"<way>": "[^/]*", "<name>": "[^/]+(?<!-broken)"}


def pattern(file: File) -> re.Pattern[str]:
    """What a file's path looks like."""
    names = WILD.findall(file.path)
    text = re.escape(WILD.sub("\0", file.path))
    for name in names:
        wild = ".+" if name in MANY else PARTICULAR.get(name, "[^/]+")
        text = text.replace("\0", wild, 1)
    return re.compile(text)


def left(folder: Path) -> Iterator[str]:
    """The files of a project that it made."""
    for top in ("results", "resources", "logs"):
        for path in sorted((folder / top).rglob("*")):
            # A link is left too, whatever it leads to.
            # And in a folder that it made as one, Snakemake leaves its own note.
            if (path.is_file() or path.is_symlink()) and path.name not in (
                ".gitkeep",
                ".snakemake_timestamp",
            ):
                yield path.relative_to(folder).as_posix()


@pytest.fixture(scope="module")
def whole(finished: Project, workshop: Path) -> Project:
    """A finished study, then one of the user's own photos, looked at and trained on."""
    project = finished.copy(workshop / "whole")
    write_classes(project.folder / "mine/train")
    (project.folder / "mine/test").mkdir()
    (project.folder / "mine/test/0.jpg").write_bytes(photo(100))
    (project.folder / "mine/notes.docx").write_text("roses", encoding="utf-8")
    own = Project(project.folder, configs=(TINY, SINGLE))
    # Two networks that differ in nothing else, and each at two rates, for the figures of such.
    several = {"backbone": ["googlenet", "alexnet"], "learning_rate": [0.01, 0.02]}
    own.edit(lambda config: config["experiments"][0].update(several), SINGLE)
    own.run("check", "all", "list", "--config", "dataset=mine", "trackers=tensorboard,mlflow")
    name = next(iter(rows(project.folder / "results/summary.csv")))["experiment"]
    after = [f"results/{kind}/{name}/seed0" for kind in ("export", "explained")]
    words = ("dataset=mine", "photos=mine/train", "wanted_accuracy=0.5")
    own.run("crate", "results/predictions/new.csv", *after, "--config", *words)
    own.run("results/submissions/new.csv", "--config", *words)
    return own


def test_every_file_that_is_left_is_in_the_reference(whole: Project) -> None:
    patterns = [pattern(file) for file in study_files.FILES]
    unknown = [path for path in left(whole.folder) if not any(one.fullmatch(path) for one in patterns)]
    assert unknown == []


def test_every_file_in_the_reference_is_left(whole: Project) -> None:
    """But for what passes, and what this study has none of."""
    found = list(left(whole.folder))
    missing = [one.path for one in study_files.FILES if not any(map(pattern(one).fullmatch, found))]
    passing = [one.path for one in study_files.FILES if one.passing]
    downloaded = [f"resources/datasets/{study_files.DATASET}/archive"]
    assert sorted(missing) == sorted([*passing, *downloaded])


def test_every_table_has_its_columns_and_each_json_its_keys(whole: Project) -> None:
    seen = set()
    for path in left(whole.folder):
        for file in study_files.FILES:
            if file.columns and pattern(file).fullmatch(path):
                seen.add(file.path)
                if path.endswith(".csv"):
                    found, described = header(whole.folder / path), list(file.columns)
                    if file.some_columns:
                        described = [one for one in described if one in found]
                    assert found == described, path
                    continue
                keys = set(json_keys(json.loads((whole.folder / path).read_text(encoding="utf-8"))))
                assert keys <= file.columns.keys(), path
                # Of an empty list nothing tells what its entries have.
                assert all("[]" in key for key in file.columns.keys() - keys), path
    assert seen == {file.path for file in study_files.FILES if file.columns}


def test_the_entries_of_lists_are_as_described(whole: Project) -> None:
    """Of the user's photos one waits, and one file is left out."""
    path = paths.READING.format(dataset="mine")
    keys = set(json_keys(json.loads((whole.folder / path).read_text(encoding="utf-8"))))
    assert keys == study_files.of_reading().keys()


def test_tables_of_the_reference_are_all_that_are_left(whole: Project) -> None:
    """A table or a JSON file has its columns described, or is a copy of one that has."""
    for path in left(whole.folder):
        if path.endswith((".csv", ".json")):
            file = next(one for one in study_files.FILES if pattern(one).fullmatch(path))
            assert file.columns or file.what.startswith("A copy of"), path


def header(path: Path) -> list[str]:
    """The columns of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def json_keys(value: dict[str, Any], above: str = "") -> Iterator[str]:
    """The keys of a JSON file as the reference writes them: waiting[].file, optimizer.momentum."""
    for key, inner in value.items():
        yield f"{above}{key}"
        # Names of formats and of sizes are no keys.
        if isinstance(inner, dict) and key not in ("kinds", "sizes"):
            yield from json_keys(inner, f"{above}{key}.")
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            yield from json_keys(inner[0], f"{above}{key}[].")
