"""The figures of a run, drawn from little and from difficult names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluations import history, predicted
from pictures import picture

from ablation.photos import pack
from ablation.results.figures import curves, samples
from ablation.results.figures.evaluated import Evaluated
from ablation.results.figures.run import RUN_FIGURES


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_curves(tmp_path: Path, epochs: int) -> None:
    run = tmp_path / "alexnet/seed0"
    history(run, epochs)
    curves.draw(Evaluated(run, tmp_path), run / "curves.png")
    assert picture(run / "curves.png") == (1080, 432)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (5, 1), (6, 2), (20, 4), (57, 4)])
def test_samples(tmp_path: Path, count: int, rows: int) -> None:
    run = tmp_path / "alexnet/seed0"
    predicted(run, tmp_path / "pack", [f"{n}.jpg" for n in range(count)], ["rose", "lily", "iris"])
    samples.draw(Evaluated(run, tmp_path / "pack"), run / "samples.png")
    assert picture(run / "samples.png") == (1080, int((2.15 * rows + 0.4) * 120))


def test_samples_show_the_photos_of_their_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    shown: list[Any] = []
    titles: list[str] = []
    monkeypatch.setattr(Axes, "imshow", lambda _self, photo: shown.append(np.array(photo)))
    monkeypatch.setattr(Axes, "set_title", lambda _self, text, **_: titles.append(text))
    names = [f"{n}.jpg" for n in range(4)]
    predicted(tmp_path / "a/seed0", tmp_path / "pack", names, ["rose", "lily"])
    samples.draw(Evaluated(tmp_path / "a/seed0", tmp_path / "pack"), tmp_path / "x.png")
    photos = np.load(tmp_path / "pack" / pack.PHOTOS)
    np.testing.assert_array_equal(np.stack(shown), photos[1:])
    assert titles == ["rose (50%)", "lily (50%)", "rose (50%)", "lily, taken for rose\n(50%)"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "name", ["x" * 200, "many words " * 20, "$5 or $10_{", "$\\frac$", "100% _a_^b {c}", "été\nrose"]
)
def test_samples_of_classes_with_difficult_names(tmp_path: Path, name: str) -> None:
    run = tmp_path / "alexnet/seed0"
    predicted(run, tmp_path / "pack", ["a/1.jpg", "a/2.jpg"], [name, "lily"])
    samples.draw(Evaluated(run, tmp_path / "pack"), run / "samples.png")
    assert picture(run / "samples.png")[0] == 1080


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    run = tmp_path / "alexnet/seed0"
    history(run, 3)
    predicted(run, tmp_path / "pack", ["1.jpg", "2.jpg"], ["rose", "lily"])
    for folder in ("one", "two"):
        for name, figure in RUN_FIGURES.items():
            figure.draw(Evaluated(run, tmp_path / "pack"), tmp_path / folder / f"{name}.png")
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / f).iterdir()} for f in ("one", "two"))
    assert set(one) == {file for name, figure in RUN_FIGURES.items() for file in figure.files(name)}
    assert one == two
