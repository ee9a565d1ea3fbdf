"""A competition's form, with a template of names and without."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from ablation.prediction import submission, tables
from ablation.prediction.predicting import Classified
from ablation.running.errors import UserError

CLASSES = {"test/a.jpg": "3", "test/b.jpg": "7", "test/c.jpg": "3"}


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    names = ["3", "7"]
    found = [
        Classified(file, np.array([one == name for name in names], float)) for file, one in CLASSES.items()
    ]
    tables.write(found, names, tmp_path / "new.csv")
    return tmp_path / "new.csv"


def made(predictions: Path, template: str | None = None, suffix: str = ".csv") -> list[list[str]]:
    its = None
    if template is not None:
        its = predictions.with_name(f"template{suffix}")
        its.write_text(template, encoding="utf-8")
    submission.write(predictions, predictions.with_name("submission.csv"), its)
    with predictions.with_name("submission.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_without_a_template(predictions: Path) -> None:
    assert made(predictions) == [["filename", "category"], *map(list, CLASSES.items())]


@pytest.mark.parametrize(
    ("template", "header", "names"),
    [
        ("filename,category\nc.jpg,0\na.jpg,0\nb.jpg,0\n", ["filename", "category"], "c.jpg a.jpg b.jpg"),
        ("id;label\nb;0\na;0\nc;0\n", ["id", "label"], "b a c"),
        (
            "filename\ntest/a.jpg\ntest/b.jpg\nC.JPG\n",
            ["filename", "category"],
            "test/a.jpg test/b.jpg C.JPG",
        ),
        ("a.jpg,0\nb.jpg,0\nc.jpg,0\n", ["filename", "category"], "a.jpg b.jpg c.jpg"),
    ],
)
def test_names_and_order_are_the_templates(
    predictions: Path, template: str, header: list[str], names: str
) -> None:
    wanted = [[name, CLASSES[f"test/{Path(name).stem.lower()}.jpg"]] for name in names.split()]
    assert made(predictions, template) == [header, *wanted]


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("filename,category\na.jpg,\nb.jpg,\nc.jpg,\nd.jpg,\n", "names 1 photo (d.jpg) without a prediction"),
        (
            "filename,category\na.jpg,\n",
            "does not name 2 photos (test/b.jpg, test/c.jpg) that were classified",
        ),
        (
            "filename,category\nx.jpg,\ny.jpg,\n",
            "names 2 photos (x.jpg, y.jpg) without a prediction, and does not",
        ),
    ],
)
def test_other_photos_are_refused_in_one_line(predictions: Path, template: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        made(predictions, template)
    assert said in str(caught.value)
    assert str(caught.value).endswith("give the photos that it names, all of them and no others")
    assert "\n" not in str(caught.value)
    assert not predictions.with_name("submission.csv").exists()


def test_a_name_that_may_be_two_photos_is_refused(tmp_path: Path) -> None:
    found = [Classified(file, np.array([1.0, 0.0])) for file in ("one/a.jpg", "two/a.jpg")]
    tables.write(found, ["x", "y"], tmp_path / "new.csv")
    with pytest.raises(UserError, match=r"names 1 photo \(a\.jpg\) that may be several photos"):
        made(tmp_path / "new.csv", "filename,category\na.jpg,\n")


def test_a_template_that_is_not_there_or_no_table(predictions: Path) -> None:
    with pytest.raises(UserError, match=r"gone\.csv does not exist"):
        submission.write(predictions, predictions.with_name("s.csv"), predictions.with_name("gone.csv"))
    with pytest.raises(UserError, match="is no table: save it as CSV"):
        made(predictions, "", ".csv")
