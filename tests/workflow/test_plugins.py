"""Plugins: the examples of docs/extending.md, word for word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from own_photos import write_archive
from plans import PAGE
from project import Project
from tables import rows

from places import ROOT

TEXT = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"in `(plugins/\w+\.py)`.*?```python\n(.*?)```", TEXT, re.DOTALL))
((CONFIG, STUDY),) = re.findall(r"in `(mine\.yaml)`.*?```yaml\n(.*?)```", TEXT, re.DOTALL)
MEASURE, COMMAND = re.findall(r"```sh\n(.*?\n)```", TEXT)[:2]
# Of the test: photos and trainings that take seconds.
SMALL = {"recipe": {"image_size": 64, "epochs": 1}}
OVERLAY = "small.yaml"
PLAIN, SOLARIZED = "plain-normalize 0", "plain-solarized 0"
ALEXNET, NO_DROPOUT = "alexnet-original 0", "alexnet-no_dropout 0"


@pytest.fixture(scope="module")
def ran(sources: Project, projects: Path) -> Project:
    """The documented study, run by its command. Not to be changed."""
    home = projects / "plugins_home"
    home.mkdir()
    write_archive(home / "my_photos.zip", photos=6)
    project = sources.copy(home / "project")
    project.pretend_environment()
    (project.folder / "plugins").mkdir()
    for name, text in EXAMPLES.items():
        (project.folder / name).write_text(text, encoding="utf-8")
    (project.folder / CONFIG).write_text(STUDY, encoding="utf-8")
    (project.folder / OVERLAY).write_text(yaml.safe_dump(SMALL), encoding="utf-8")
    project.shell(COMMAND.replace(CONFIG, f"{CONFIG} {OVERLAY}"))
    # By the whole path, as the tests name the photos: the page has the words.
    words = ("--config", f"dataset={home / 'my_photos.zip'}")
    Project(project.folder, configs=(CONFIG, OVERLAY)).run(*words)
    return project


@pytest.fixture
def mine(ran: Project, place: Path) -> Project:
    """A copy of it. The photos stay where they are."""
    return Project(ran.copy(place).folder, configs=(CONFIG, OVERLAY))


def plan(project: Project, photos: Path) -> set[str]:
    return project.plan("--config", f"dataset={photos}")


def test_the_documented_study(ran: Project) -> None:
    (comparison,) = (ran.folder / "results/comparison/my_photos").iterdir()
    table = {row["experiment"]: row for row in rows(comparison / "summary.csv")}
    assert set(table) == {one.split()[0] for one in (PLAIN, SOLARIZED, ALEXNET, NO_DROPOUT)}
    assert {row["backbone"] for row in table.values()} == {"small", "alexnet"}
    assert {row["ended"] for row in table.values()} == {"epoch_limit"}
    assert (comparison / "overfitting.png").stat().st_size
    assert "The further below the line, the more." in (comparison / "report.html").read_text(encoding="utf-8")
    run_folder = next((comparison / "runs/plain-solarized").glob("seed0"))
    assert "ReLU" in (run_folder / "model.txt").read_text(encoding="utf-8")


def test_the_documented_numbers_are_those_that_are_measured(ran: Project) -> None:
    head, line = (line.split(",") for line in ran.shell(MEASURE).splitlines())
    measured = dict(zip(head, line, strict=True))
    (given,) = re.findall(r"own\(build, (.*?)\)", EXAMPLES["plugins/small.py"])
    for one in given.split(", "):
        name, _, value = one.partition("=")
        assert measured[name] == value


def with_all(*runs: str) -> set[str]:
    """All steps of these runs, and what follows from them."""
    return {f"{step} {one}" for step in ("train", "evaluate") for one in runs} | AFTER


AFTER = {
    *("collect", "summarize", "answer", "find", "suspect", "show_suspects", "explain", "latest", *PAGE),
    *(f"compare {name}" for name in ("augmentations", "architectures", "experiments", "ladder", "costs")),
    *("compare comparisons", "compare overfitting"),
}


@pytest.mark.parametrize(
    ("name", "old", "new", "stale"),
    [
        ("solarize", "1 - some", "0.9 - some", with_all(SOLARIZED) | {"show_rungs"}),
        ("dropout", "nn.Identity()", "nn.Dropout(0.1)", with_all(NO_DROPOUT)),
        ("small", "nn.ReLU()", "nn.SiLU()", with_all(PLAIN, SOLARIZED) | {"show_rungs"}),
        ("overfitting", "canvas(6, 4)", "canvas(7, 4)", {"compare overfitting", *PAGE}),
        ("solarize", "TRANSFORMS = {", "# Of one.\nTRANSFORMS = {", set()),
        ("dropout", "Have the classifier", "Let the classifier", set()),
    ],
)
def test_an_edit_makes_stale_what_its_row_decides(
    name: str, old: str, new: str, stale: set[str], mine: Project, ran: Project
) -> None:
    path = mine.folder / f"plugins/{name}.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert plan(mine, ran.folder.parent / "my_photos.zip") == stale


RUN_FIGURE = """
from ablation.results.figures.canvas import canvas, save, styled
from ablation.results.figures.run import RunFigure


@styled
def draw(of, path):
    figure, axes = canvas(4, 3)
    axes.hist([one.probability for one in of.guesses])
    save(figure, path)


RUN_FIGURES = {"sureness": RunFigure("Sureness", "How sure it is.", draw)}
"""


def test_a_figure_of_each_run_is_drawn_for_finished_runs(mine: Project, ran: Project) -> None:
    photos = ran.folder.parent / "my_photos.zip"
    (mine.folder / "plugins/sureness.py").write_text(RUN_FIGURE, encoding="utf-8")
    assert plan(mine, photos) == {
        *(f"evaluate {one}" for one in (PLAIN, SOLARIZED, ALEXNET, NO_DROPOUT)),
        *PAGE,
    }
    mine.run("--config", f"dataset={photos}")
    assert len(list(mine.folder.glob("results/runs/my_photos/*/seed0/sureness.png"))) == 4
    page = (mine.folder / "results/report.html").read_text(encoding="utf-8")
    assert "How sure it is." in page
    assert plan(mine, photos) == set()


def test_its_network_is_exported_and_classifies(mine: Project, ran: Project) -> None:
    photos = ran.folder.parent / "my_photos.zip"
    words = ("--config", f"dataset={photos}", "model=plain-normalize")
    told = mine.run("results/predictions/new.csv", *words, f"photos={photos}")
    assert "12 photos were classified by one network" in told
    mine.run("results/export/plain-normalize/seed0/", *words)
    (export,) = mine.folder.glob("results/export/plain-normalize/seed0")
    assert (export / "model.onnx").stat().st_size


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"weights": "imagenet"}, "small is a network of your own; choose weights whose source is"),
        ({"plugins": "nowhere"}, "config: plugins is 'nowhere', "),
        ({"plugins": None}, "config: plugins is "),
        ({"plugins": "docs"}, "config: plugins is 'docs', where no Python file has one of the tables"),
    ],
)
def test_refusals(changes: dict[str, object], told: str, fresh: Project) -> None:
    (fresh.folder / "plugins").mkdir()
    for name, text in EXAMPLES.items():
        (fresh.folder / name).write_text(text, encoding="utf-8")
    (fresh.folder / CONFIG).write_text(yaml.safe_dump(yaml.safe_load(STUDY) | changes), encoding="utf-8")
    done = Project(fresh.folder, configs=(CONFIG,)).snakemake("-n")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("Using", "Config file"))]
    assert len(lines) == 1
    assert told in lines[0]


def test_the_examples_are_in_the_document() -> None:
    assert len(EXAMPLES) == 4
    assert COMMAND.startswith("snakemake --configfile mine.yaml")
