"""Names of folders, photos and the project itself that mean something to YAML, a shell or Snakemake."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from own_photos import write_archive, write_classes
from project import SINGLE, TINY, Project

ODD = 'it\'s "odd" $(touch pwned)\\'
# With the names that data sets get from them.
NAMES = {"album #2": "album_2", "1e3": "1e3", "a: {x}<v2>": "a_x_v2", ODD: "it_s_odd_touch_pwned"}


@pytest.fixture
def own(fresh: Project) -> Iterator[Project]:
    project = replace(fresh, configs=(TINY, SINGLE))
    yield project
    assert not list(project.folder.rglob("pwned"))


def files(project: Project, dataset: str) -> set[str]:
    path = project.folder / f"resources/datasets/{dataset}/manifest.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(("name", "dataset"), NAMES.items())
def test_the_folder_that_was_typed_is_used(own: Project, name: str, dataset: str) -> None:
    for other in ("album", "1000.0", "x"):
        write_classes(own.folder / other, photos=2)
    write_classes(own.folder / name, photos=4)
    (own.folder / name / "rose/0.jpg").rename(own.folder / name / "rose/{x}<v2>#.jpg")
    target, typed = f"resources/packs/{dataset}/64px/photos.npy", ("--config", f"dataset={name}")
    own.run(target, *typed)
    assert len(files(own, dataset)) == 8
    assert "rose/{x}<v2>#.jpg" in files(own, dataset)
    assert own.plan(target, *typed) == set()


@pytest.mark.parametrize(("name", "dataset"), [("{x} <v2>.zip", "x_v2"), ("a #2.zip", "a_2")])
def test_an_archive_of_any_name(own: Project, name: str, dataset: str) -> None:
    write_archive(own.folder / "a", photos=2)
    write_archive(own.folder / name)
    own.run(f"resources/datasets/{dataset}/manifest.csv", "--config", f"dataset={name}")
    assert len(files(own, dataset)) == 6


def test_a_job_that_snakemake_starts_gets_the_same_folder(own: Project) -> None:
    """A `run` block starts a Snakemake of its own, as a cluster does."""
    for folder in (ODD, "it", "odd"):
        write_classes(own.folder / folder)
    code = "Path(output[0]).write_text(f\"{config['dataset']} {workflow.is_main_process}\")"
    own.append("Snakefile", f"\n\nrule told:\n    output: 'told.txt'\n    run:\n        {code}\n")
    own.run("told.txt", "--config", "speed=eager", f"dataset={ODD}")
    assert (own.folder / "told.txt").read_text(encoding="utf-8") == f"{ODD} False"


def test_a_comment_in_a_file_is_no_part_of_a_path_in_silence(own: Project) -> None:
    for folder in ("album", "album #2"):
        write_classes(own.folder / folder)
    path = own.folder / SINGLE
    path.write_text(path.read_text(encoding="utf-8") + "\ndataset: album #2\n", encoding="utf-8")
    done = own.snakemake("-n")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.endswith("but there is 'album #2': write the one that is meant in quotes")
    path.write_text(path.read_text(encoding="utf-8").replace("album #2", '"album #2"'), encoding="utf-8")
    own.run("resources/datasets/album_2/manifest.csv")


@pytest.mark.parametrize("name", ["#2 <v>", ODD, "2024", "\u7167\u7247", "-x"])
def test_the_project_may_lie_in_a_folder_of_any_name(sources: Project, place: Path, name: str) -> None:
    project = sources.copy(place / name)
    project.run("resources/packs/garden/48px/photos.npy")
    assert project.plan("resources/packs/garden/48px/photos.npy") == set()
    assert not list(place.rglob("pwned"))


@pytest.mark.parametrize("name", ["{x}", "a{"])
def test_a_project_in_a_folder_with_braces_is_refused_in_one_line(
    sources: Project, place: Path, name: str
) -> None:
    project = sources.copy(place / name)
    done = project.snakemake("-n")
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if not line.startswith(("Using", "Config"))]
    why = "Snakemake replaces what stands in braces: rename that folder"
    assert told == [f"the project lies in {project.folder}, and {why}"]


def test_no_list_of_photos_on_the_terminal(own: Project) -> None:
    write_classes(own.folder / "mine")
    output = own.run("--config", "dataset=mine", "--until", "pack")
    assert "rose/0.jpg" not in output
    assert max(map(len, output.splitlines())) < 2000
