"""What the page of a study says: which runs have pictures, what is left out, what a run's page has."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ablation.results.figures.run import RUN_FIGURES
from ablation.results.report import contents
from ablation.results.report.contents import MOST_SHOWN, Places


def runs(seeds: dict[str, int], failed: frozenset[str] = frozenset()) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "experiment": name,
            "label": name,
            "folder": f"of-{name}",
            "seed": seed,
            "fold": None,
            "ended": "failed" if name in failed else "epoch_limit",
            "reason": "out of memory" if name in failed else None,
        }
        for name, count in seeds.items()
        for seed in range(count)
    )


@given(
    st.dictionaries(st.sampled_from([f"one{k}" for k in range(40)]), st.integers(1, 6), min_size=1),
    st.data(),
)
def test_the_best_and_what_others_build_on_have_pictures(seeds: dict[str, int], data: st.DataObject) -> None:
    ranked = data.draw(st.permutations(sorted(seeds)))
    references = data.draw(st.lists(st.sampled_from(ranked), max_size=3))
    shown = contents.chosen(runs(seeds), ranked, references)
    total = sum(seeds.values())
    assert len(shown) == min(total, MOST_SHOWN)
    assert f"of-{ranked[0]}/seed0" in shown
    assert {f"of-{name}/seed0" for name in references} <= shown
    assert {f"of-{name}/seed0" for name in ranked[: MOST_SHOWN // 2]} <= shown


def test_a_run_that_failed_has_none() -> None:
    table = runs({"one": 2, "other": 1}, frozenset({"other"}))
    assert contents.chosen(table, ["other", "one"], []) == {"of-one/seed0", "of-one/seed1"}


@pytest.mark.parametrize(("fold", "name"), [(None, "a/seed3"), (0, "a/seed3"), (2.0, "a/seed3-fold2")])
def test_a_run_is_called_as_its_folder(fold: float | None, name: str) -> None:
    assert contents.key(pd.Series({"folder": "a", "seed": 3.0, "fold": fold})) == name


def test_the_best_epoch_is_by_exact_losses() -> None:
    losses = ["5.39301", "5.39299", "5.392990", "6"]
    epochs = [
        {"train_loss": "1", "val_loss": loss, "train_accuracy": "0", "val_accuracy": "0"} for loss in losses
    ]
    assert contents.best(epochs) == 1
    assert [row[1] for row in contents.history(epochs)] == [5.393, 5.393, 5.393, 6.0]
    assert contents.best([]) is None


@pytest.fixture
def places(tmp_path: Path) -> Places:
    folder = tmp_path / "runs/of-one/seed0"
    folder.mkdir(parents=True)
    (folder / "history.csv").write_text(
        "epoch,train_loss,train_accuracy,val_loss,val_accuracy\n1,2,0.5,3,0.25\n"
    )
    rows = [("a.jpg", "rose", "lily", 0.5), ("b.jpg", "rose", "rose", 0.9), ("c.jpg", "lily", "rose", 0.75)]
    lines = [",".join(map(str, row)) for row in rows]
    (folder / "predictions.csv").write_text("\n".join(["file,true,predicted,probability", *lines]) + "\n")
    (folder / "record.json").write_text(json.dumps({"device": "cpu"}))
    (folder / "spec.json").write_text(json.dumps({"epochs": 1}))
    for name in RUN_FIGURES:
        Image.new("RGB", (2, 2)).save(folder / f"{name}.png")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "of-one-seed0.log").write_text("".join(f"line {k}\n" for k in range(40)))
    return Places(tmp_path / "comparison", tmp_path / "runs", logs, tmp_path / "card", tmp_path / "graph.svg")


def test_a_runs_page(places: Places) -> None:
    (run,) = (one for _, one in runs({"one": 1}).iterrows())
    found = contents.page(run, places, pictured=True).data
    assert found["history"] == [[2, 3, 0.5, 0.25]]
    assert found["mistakes"] == [["c.jpg", "lily", "rose", "0.75"], ["a.jpg", "rose", "lily", "0.50"]]
    assert (found["record"], found["spec"]) == ({"device": "cpu"}, {"epochs": 1})
    assert found["log"] == [f"line {k}" for k in range(25, 40)]
    # The curves are drawn in the browser.
    titles = [one.title for name, one in RUN_FIGURES.items() if name != "curves"]
    assert [one["title"] for one in found["pictures"]] == titles
    assert found["folder"] == "../runs/of-one/seed0"
    small = contents.page(run, places, pictured=False).data
    assert small["pictures"] == []
    assert (small["spec"], small["log"]) == (found["spec"], found["log"])


def test_what_was_deleted_is_left_out(places: Places) -> None:
    (run,) = (one for _, one in runs({"gone": 1}, frozenset({"gone"})).iterrows())
    found = contents.page(run, places, pictured=False).data
    assert (found["history"], found["best"], found["mistakes"], found["record"]) == ([], None, [], None)
    assert (found["reason"], found["log"], found["spec"]) == ("out of memory", [], None)


def test_what_records_differ_in_is_counted() -> None:
    records = [{"device": "cpu", "torch": "2", "precision": "bf16", "threads": 1}] * 2
    other = records[0] | {"device": "NVIDIA H200"}
    told = dict(contents.trained_with([{"record": one} for one in (*records, other, None)]))
    assert told["device"] == "cpu (2 of 3 runs), NVIDIA H200 (1 of 3 runs)"
    assert told["PyTorch"] == "2"
