"""All figures: from little, much and difficult data, as PNG and SVG, with the same bytes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from evaluations import history, predicted
from pictures import picture
from summaries import LADDER, families, summary

from ablation.results.figures.evaluated import Evaluated
from ablation.results.figures.given import Given, Rung
from ablation.results.figures.run import RUN_FIGURES, RunFigure
from ablation.results.figures.study import STUDY_FIGURES, StudyFigure
from places import ROOT, SCRIPTS

HOSTILE = [
    *("$5 or $10", "<script>alert(1)</script>", "وردة جورية", "100% _a_^b {c}"),
    *("x" * 80, "many words " * 8, "$\\frac$", "été\nrose"),
]
GRID = {"backbone": ["alexnet", "vgg11", "resnet34"] * 2, "augmentation": ["none"] * 3 + ["flip"] * 3}
# What is empty where the manifest was deleted, and where all runs of an experiment failed.
JUDGED = ("accuracy", "accuracy_low", "accuracy_high", "photos", "judged_on", "commonest_accuracy")
MEASURED = ("parameters", "train_accuracy", "val_accuracy", "train_seconds", "host_joules")
pytestmark = pytest.mark.filterwarnings("error")


def table(names: list[str]) -> pd.DataFrame:
    count = len(names)
    seconds, joules = np.linspace(2, 9000, count), np.full(count, np.nan)
    return summary(names).assign(train_seconds=seconds, host_joules=joules, device_joules=joules)


def compared(names: list[str]) -> pd.DataFrame:
    """The comparisons of each with the one before it."""
    pairs = list(zip(names[1:], names, strict=False))
    difference = np.linspace(-0.9, 0.9, len(pairs))
    return pd.DataFrame(
        {
            "varies": "augmentation",
            "experiment": [one for one, _ in pairs],
            "reference": [other for _, other in pairs],
            "difference": difference,
            "low": difference - 0.1,
            "high": difference + 0.1,
            "p_holm": np.linspace(0, 1, len(pairs)),
        }
    )


def suspected(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": [f"{k}.jpg" for k in range(len(names))],
            "true": names,
            "taken_for": names[::-1],
            "self_confidence": 0.1,
            "confidence": 0.9,
            "wrong": 0.5,
            "runs": 2,
        }
    )


def given(names: list[str], folder: Path, rows: pd.DataFrame | None = None) -> Given:
    """A ladder of these rungs, whose names are those of classes too."""
    predicted(folder / "run", folder / "pack", [f"{k}.jpg" for k in range(len(names))], names)
    photos = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    return Given(
        table(names) if rows is None else rows,
        families(names),
        compared(names),
        ("augmentation", "backbone"),
        suspected(names),
        folder / "pack",
        [Rung(name, photos, k % 2 == 0) for k, name in enumerate(names)],
    )


def small(folder: Path) -> Given:
    return given(LADDER, folder)


def hostile(folder: Path) -> Given:
    return given(HOSTILE, folder)


def of_one(folder: Path) -> Given:
    return given(["one"], folder)


def ends(folder: Path) -> Given:
    rows = table(["none", "flip"]).assign(
        accuracy=[0.0, 1.0], accuracy_low=[0, 0.7], accuracy_high=[0.3, 1], train_accuracy=[1.0, 0.0]
    )
    return given(["none", "flip"], folder, rows)


def without_labels(folder: Path) -> Given:
    rows = table(LADDER).assign(**dict.fromkeys([*JUDGED, "could_be_best"], np.nan))
    found = given(LADDER, folder, rows)
    return Given(rows, found.families, compared([]), found.grid, suspected([]), found.pack)


def with_failures(folder: Path) -> Given:
    rows = table(LADDER)
    for column in (*JUDGED, *MEASURED):
        rows[column] = rows[column].astype(object).where(rows.index > 0, None)
    numbers = [name for name in (*JUDGED, *MEASURED) if name != "judged_on"]
    rows[numbers] = rows[numbers].astype(float)
    return given(LADDER, folder, rows)


def all_failed(folder: Path) -> Given:
    rows = table(LADDER).assign(**dict.fromkeys([*JUDGED, *MEASURED, "could_be_best"], np.nan))
    return given(LADDER, folder, rows)


def without_photos(folder: Path) -> Given:
    found = given(LADDER, folder)
    return Given(found.summary, found.families, found.comparisons, found.grid, found.suspects, folder / "no")


CASES = [hostile, of_one, ends, without_labels, with_failures, all_failed, without_photos]


def check(figure: RunFigure | StudyFigure, name: str, folder: Path) -> None:
    """Look at the files of a figure: those that it says, which can be read."""
    files = sorted(path.name for path in folder.iterdir())
    assert files == sorted(figure.files(name))
    assert min(picture(folder / f"{name}.png")) > 100
    if not figure.photos:
        drawing = (folder / f"{name}.svg").read_text(encoding="utf-8")
        assert ET.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"
        # Neither when nor by what, and no letters that need a font.
        assert "<dc:date>" not in drawing
        assert "<text" not in drawing


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("name", STUDY_FIGURES)
def test_a_figure_of_a_study(tmp_path: Path, name: str, case: Callable[[Path], Given]) -> None:
    data = case(tmp_path)
    varies = STUDY_FIGURES[name].varies or "augmentation"
    data = replace(data, families=families(list(data.summary["experiment"]), varies=varies))
    if name == "grid":
        rows = data.summary.head(6)
        data = Given(rows.assign(**{k: v[: len(rows)] for k, v in GRID.items()}), grid=data.grid)
    STUDY_FIGURES[name].draw(data, tmp_path / "out" / f"{name}.png")
    check(STUDY_FIGURES[name], name, tmp_path / "out")


def classes(count: int) -> list[str]:
    return [*HOSTILE, *(f"class {k}" for k in range(count))][:count]


@pytest.mark.parametrize("count", [1, 2, 8, 219])
@pytest.mark.parametrize("name", RUN_FIGURES)
def test_a_figure_of_a_run(tmp_path: Path, name: str, count: int) -> None:
    run = tmp_path / "alexnet/seed0"
    history(run, 1 if count == 1 else 50)
    # One photo of each but the last class, which has none.
    predicted(run, tmp_path / "pack", [f"{k}.jpg" for k in range(max(count - 1, 1))], classes(count))
    RUN_FIGURES[name].draw(Evaluated(run, tmp_path / "pack"), tmp_path / "out" / f"{name}.png")
    check(RUN_FIGURES[name], name, tmp_path / "out")


def draw_all(data: Given, run: Path, folder: Path) -> None:
    of = Evaluated(run, run.parent / "pack")
    for name, figure in RUN_FIGURES.items():
        figure.draw(of, folder / f"{name}.png")
    for name, other in STUDY_FIGURES.items():
        its = replace(data, families=families(LADDER, varies=other.varies or "augmentation"))
        if name == "grid":
            its = replace(data, summary=data.summary.assign(**GRID))
        other.draw(its, folder / f"{name}-of-study.png")


def test_the_same_data_gives_the_same_bytes_whatever_the_style_of_the_user(tmp_path: Path) -> None:
    data = small(tmp_path)
    history(tmp_path / "again", 3)
    (tmp_path / "again/history.csv").rename(tmp_path / "run/history.csv")
    draw_all(data, tmp_path / "run", tmp_path / "one")
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red", "text.parse_math": True}):
        draw_all(data, tmp_path / "run", tmp_path / "two")
    assert dict(matplotlib.rcParams) == before
    # In another process, whose hashes of texts are others.
    code = f"""
        import sys
        sys.path[:0] = {[str(Path(__file__).parent), str(SCRIPTS), *sys.path]!r}
        from pathlib import Path
        import test_every
        run, data = Path({str(tmp_path / "run")!r}), test_every.small(Path({str(tmp_path / "other")!r}))
        test_every.draw_all(data, run, Path({str(tmp_path / "three")!r}))
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=300)
    one, two, three = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("one", "two", "three")
    )
    assert one.keys() == two.keys() == three.keys()
    assert [name for name in one if not one[name] == two[name] == three[name]] == []


FIGURES: list[tuple[str, RunFigure | StudyFigure]] = [*RUN_FIGURES.items(), *STUDY_FIGURES.items()]


@pytest.mark.parametrize(("name", "figure"), FIGURES, ids=[name for name, _ in FIGURES])
def test_captions_say_how_to_read_it(name: str, figure: RunFigure | StudyFigure) -> None:
    assert 1 <= figure.caption.count(". ") + 1 <= 3
    assert figure.caption.endswith(".")
    # Snakemake reads {x} as a wildcard.
    assert "{" not in figure.caption + figure.title
    if name in RUN_FIGURES:
        text = (ROOT / f"workflow/report/{name}.rst").read_text(encoding="utf-8")
        assert " ".join(text.split()) == figure.caption
