"""The report's conclusions on studies made by hand, and on the published figures."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hand_made_outcomes import of_hits
from scipy import stats

from ablation.results import findings, tables
from ablation.results.claims import NOT_REPRODUCED, REPRODUCED, UNTOLD, Part
from ablation.results.evidence import Chance, Evidence, Experiment, Ours, Published, over_runs
from ablation.results.findings import Finding
from ablation.results.outcomes import Outcomes
from ablation.running.errors import UserError
from places import ROOT

PUBLISHED = tables.read(ROOT / "studies/orchids.csv")
CLASSES, EACH = 219, 3
PHOTOS = CLASSES * EACH

# Of each experiment: backbone, architecture, augmentation, optimizer, training accuracy, training loss,
# validation accuracy and loss, parameters. A world in which the report is right.
Row = tuple[str, str, str, str, float, float, float, float, int]
WORLD: dict[str, Row] = {
    "a": ("alexnet", "original", "none", "sgd", 0.94, 0.26, 0.53, 1.9, 57),
    "b": ("alexnet", "original", "flip", "sgd", 0.92, 0.31, 0.55, 1.9, 57),
    "c": ("alexnet", "original", "rotate", "sgd", 0.86, 0.49, 0.55, 1.8, 57),
    "d": ("alexnet", "original", "jitter", "sgd", 0.70, 1.27, 0.52, 2.1, 57),
    "e": ("alexnet", "original", "gray", "sgd", 0.65, 1.49, 0.51, 2.1, 57),
    "f": ("alexnet", "original", "normalize", "sgd", 0.60, 1.33, 0.50, 2.0, 57),
    "g": ("alexnet", "fewer_layers", "normalize", "sgd", 0.008, 5.38, 0.0137, 5.3777, 46),
    "h": ("alexnet", "more_layers_wide", "normalize", "sgd", 0.005, 5.389, 0.003, 5.389, 177),
    "i": ("alexnet", "more_layers_narrow", "normalize", "sgd", 0.24, 3.04, 0.33, 2.667, 60),
    "j": ("alexnet", "softmax_output", "normalize", "sgd", 0.011, 5.386, 0.0137, 5.3847, 57),
    "k": ("resnet50", "original", "normalize", "adamw", 0.76, 0.77, 0.45, 2.8, 25),
    "l": ("resnet34", "original", "normalize", "adamw", 0.85, 0.47, 0.42, 3.3, 22),
    "m": ("resnet101", "original", "normalize", "adamw", 0.78, 0.73, 0.43, 2.5, 44),
    "n": ("resnext50_32x4d", "original", "normalize", "adamw", 0.89, 0.36, 0.54, 2.7, 25),
    "o": ("vgg11", "original", "normalize", "adamw", 0.57, 1.57, 0.27, 4.0, 129),
    "p": ("googlenet", "original", "normalize", "adamw", 0.96, 0.13, 0.63, 2.1, 6),
}


def table(world: dict[str, Row], runs: int = 3, **changes: Any) -> pd.DataFrame:
    """The table of runs; training figures differ a little from run to run."""
    fields = ("backbone", "architecture", "augmentation", "optimizer", "train_accuracy", "train_loss")
    rows = []
    for name, row in world.items():
        for seed in range(runs):
            spread = (seed - (runs - 1) / 2) * 0.002
            one = {
                **dict(zip(fields, row, strict=False)),
                "experiment": name,
                "seed": seed,
                "ended": "early_stop",
            }
            one["train_accuracy"] += spread
            one |= {"parameters": row[8] * 10**6, "weights": "imagenet", "image_size": 224}
            one |= {"learning_rate": 0.001, "batch_size": 64}
            one |= {"train_seconds": 600.0, "epochs": 40, "images_per_second": 150.0}
            rows.append(one | changes)
    return pd.DataFrame(rows)


def outcomes(world: dict[str, Row], runs: int = 3, seed: int = 0) -> Outcomes:
    hits = {name: [round(row[6] * PHOTOS)] * runs for name, row in world.items()}
    return of_hits(hits, {name: row[7] for name, row in world.items()}, CLASSES, EACH, seed)


def verdicts(world: dict[str, Row], runs: int = 3) -> dict[int, str]:
    return {one.number: one.verdict for one in findings.find(table(world, runs), outcomes(world, runs))}


def changed(name: str, **values: Any) -> dict[str, Row]:
    """The world with other figures of an experiment: train, loss, accuracy, val_loss, parameters."""
    places = {
        "backbone": 0,
        "augmentation": 2,
        "train": 4,
        "loss": 5,
        "accuracy": 6,
        "val_loss": 7,
        "parameters": 8,
    }
    row: list[Any] = list(WORLD[name])
    for key, value in values.items():
        row[places[key]] = value
    return {**WORLD, name: tuple(row)}  # type: ignore[dict-item]


def without(*names: str) -> dict[str, Row]:
    return {name: row for name, row in WORLD.items() if name not in names}


# --- each conclusion -------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [1, 3])
def test_where_the_report_is_right_it_is_reproduced(runs: int) -> None:
    found = verdicts(WORLD, runs)
    assert found == {**dict.fromkeys(range(1, 9), REPRODUCED), 9: UNTOLD}


@pytest.mark.parametrize(
    ("number", "name", "values"),
    [
        # No gap.
        (1, "a", {"train": 0.54}),
        # The last rung has the gap of the first; one widens it; the loss falls on.
        (2, "f", {"train": 0.92}),
        (2, "c", {"train": 0.99, "accuracy": 0.45}),
        (2, "d", {"loss": 0.5}),
        # No chance.
        (3, "g", {"accuracy": 0.2}),
        (4, "h", {"accuracy": 0.2}),
        # At chance; not below the original.
        (4, "i", {"accuracy": 0.005}),
        (4, "i", {"accuracy": 0.52}),
        (5, "j", {"accuracy": 0.2}),
        # No gap; better; not better than one, and than the other.
        (6, "o", {"train": 0.27}),
        (6, "m", {"accuracy": 0.53}),
        (6, "n", {"accuracy": 0.44}),
        # Not the best, not the lightest.
        (7, "k", {"accuracy": 0.64}),
        (7, "f", {"accuracy": 0.63}),
        (7, "p", {"parameters": 30}),
    ],
)
def test_where_it_is_wrong_it_is_not(number: int, name: str, values: dict[str, float]) -> None:
    found = verdicts(changed(name, **values))
    assert found[number] == NOT_REPRODUCED
    assert found[8] == (NOT_REPRODUCED if number in range(3, 8) else REPRODUCED)


@pytest.mark.parametrize(
    ("number", "name", "told"),
    [
        (
            1,
            "a",
            "would tell: an experiment of backbone: alexnet, architecture: original, augmentation: none",
        ),
        (
            2,
            "c",
            "would tell: an experiment of backbone: alexnet, architecture: original, augmentation: rotate",
        ),
        (3, "g", "would tell: an experiment of architecture: fewer_layers"),
        (4, "h", "would tell: an experiment of architecture: more_layers_wide"),
        (4, "i", "would tell: an experiment of architecture: more_layers_narrow"),
        (5, "j", "would tell: an experiment of architecture: softmax_output"),
        (6, "m", "would tell: an experiment of backbone: resnet101, architecture: original"),
        (7, "p", "would tell: an experiment of backbone: googlenet, architecture: original"),
    ],
)
def test_without_an_experiment_it_cannot_be_told(number: int, name: str, told: str) -> None:
    world = without(name)
    found = {one.number: one for one in findings.find(table(world), outcomes(world))}
    assert found[number].verdict == UNTOLD
    assert found[number].figures.split("; ").count(told) == 1
    assert found[8].verdict == (UNTOLD if number in range(3, 8) else REPRODUCED)


def test_one_without_results_is_named() -> None:
    rows = table(WORLD)
    rows.loc[rows["experiment"] == "g", ["ended", "train_accuracy"]] = ["failed", float("nan")]
    found = findings.find(rows, outcomes(without("g")))[2]
    assert (found.verdict, found.figures) == (UNTOLD, "g would tell, but has no results")


def test_a_study_of_other_things() -> None:
    """Nothing of it is in the report: nothing can be told, and nothing breaks."""
    world: dict[str, Row] = {"x": ("timm/vit", "original", "mild", "adamw", 0.9, 0.2, 0.8, 0.7, 22)}
    assert set(verdicts(world).values()) == {UNTOLD}


def test_few_photos_cannot_tell_what_many_can() -> None:
    """36 photos of 12 classes, one run: ResNeXt's 0.09 is nothing; a collapse is seen by its loss."""
    classes, each, loss = 12, 3, math.log(12)
    world = {name: (*row[:7], loss if row[6] < 0.02 else row[7], row[8]) for name, row in WORLD.items()}
    hits = {name: [3 if row[6] < 0.02 else round(row[6] * 36)] for name, row in world.items()}
    few = of_hits(hits, {name: row[7] for name, row in world.items()}, classes, each)
    found = {one.number: one for one in findings.find(table(world, 1), few)}
    assert (found[6].verdict, found[7].verdict) == (UNTOLD, UNTOLD)
    assert (found[3].verdict, found[5].verdict) == (REPRODUCED, REPRODUCED)
    assert found[3].figures.startswith(
        "g 0.0833 of 36, 0.029 to 0.218, chance 0.0833, loss 2.485, chance 2.485"
    )
    lower = replace(few, log_true=np.where(np.array(few.experiments)[:, None] == "g", -2.0, few.log_true))
    assert findings.find(table(world, 1), lower)[2].verdict == UNTOLD


def test_the_softmax_over_classes_counts_where_it_is() -> None:
    harmless = ("alexnet", "softmax_classes", "normalize", "sgd", 0.6, 5.0, 0.52, 5.0, 57)
    assert verdicts({**WORLD, "q": harmless})[5] == NOT_REPRODUCED
    harmful = (*harmless[:6], 0.3, *harmless[7:])
    assert verdicts({**WORLD, "q": harmful})[5] == REPRODUCED


# --- what is compared with what --------------------------------------------------------------------


@pytest.mark.parametrize(("column", "value"), [("image_size", 64), ("weights", "none")])
def test_what_differs_in_more_is_not_compared(column: str, value: object) -> None:
    rows = table(WORLD)
    rows.loc[rows["experiment"] == "f", column] = value
    found = {one.number: one for one in findings.find(rows, outcomes(WORLD))}
    assert (found[2].verdict, found[7].verdict) == (UNTOLD, UNTOLD)
    same = "augmentation: normalize, weights: imagenet, image_size: 224"
    told = f"beside p, would tell: an experiment of backbone: alexnet, architecture: original, {same}"
    assert told in found[7].figures


def test_backbones_have_optimizers_of_their_own_and_edits_have_not() -> None:
    rows = table(WORLD)
    rows.loc[rows["experiment"] == "f", "optimizer"] = "adamw"
    found = {one.number: one for one in findings.find(rows, outcomes(WORLD))}
    assert (found[4].verdict, found[7].verdict) == (UNTOLD, REPRODUCED)


def test_in_a_grid_what_is_trained_alike_is_compared() -> None:
    """Each pair once, so that findings of n learning rates take n steps and not n^2."""
    row = ("resnet34", "original", "normalize", "adamw", 0.9, 0.2, 0.45, 2.0, 6)
    world = {f"{net}-{rate}": (net, *row[1:]) for net in ("resnet34", "googlenet") for rate in (1, 2, 3)}
    # The last has no other of its rate.
    world["googlenet-4"] = ("googlenet", *row[1:])
    rows = table(world)
    rows["learning_rate"] = rows["experiment"].str[-1].astype(float)
    seen = []

    def claims(_evidence: Evidence, one: Experiment, other: Experiment) -> Iterator[Part]:
        seen.append((one.name, other.name))
        return iter(())

    evidence = Ours(rows, outcomes(world))
    findings.pairs(evidence, claims, {"backbone": "googlenet"}, {"backbone": "resnet34"}, findings.SETTING)
    alike = [(f"googlenet-{rate}", f"resnet34-{rate}") for rate in (1, 2, 3)]
    assert seen == [*alike, *(("googlenet-4", f"resnet34-{rate}") for rate in (1, 2, 3))]


def test_each_that_is_found_has_to_bear_it_out() -> None:
    second = ("googlenet", "original", "normalize", "adamw", 0.9, 0.2, 0.45, 2.0, 6)
    assert verdicts({**WORLD, "q": second})[7] == NOT_REPRODUCED


def test_runs_are_matched_by_their_seeds() -> None:
    """Of seeds 0, 1, 2 and 2, 3: two of each are compared, 2 with 2 first."""
    world = {"k": WORLD["k"], "p": WORLD["p"]}
    rows = table(world)
    rows.loc[rows["experiment"] == "p", "seed"] += 2
    both = of_hits({"k": [10, 20, 30], "p": [40, 50]}, {"k": 1.0, "p": 1.0}, CLASSES, EACH)
    ours = Ours(rows, replace(both, seeds=[0, 1, 2, 2, 3]))
    one, other = ours.experiments
    assert (ours._matched(one, other), ours._matched(other, one)) == ([2, 0], [2, 3])
    assert ours.difference(one, other).value == pytest.approx((30 + 10 - 40 - 50) / 2 / PHOTOS)


def test_figures_of_folds_are_averaged() -> None:
    """A run has a row a fold; its training accuracy is their mean."""
    rows = pd.concat([table(WORLD, fold=0), table(WORLD, fold=1)])
    rows.loc[rows["fold"] == 1, "train_accuracy"] -= 0.1
    its = replace(outcomes(WORLD), folds=np.arange(PHOTOS) % 2)
    ours = Ours(rows, its)
    assert ours.training(ours.experiments[0]).value == pytest.approx(0.94 - 0.05)
    assert findings.find(rows, its)[0].verdict == REPRODUCED


def test_a_run_that_the_table_has_not_is_refused() -> None:
    with pytest.raises(UserError, match=r"no results of p, seed 0, which the outcomes have: delete both"):
        findings.find(table(without("p")), outcomes(WORLD))


# --- evidence --------------------------------------------------------------------------------------


def test_chance_is_one_by_the_classes() -> None:
    found = Chance.of(np.repeat(np.arange(219), 3))
    assert (found.accuracy, found.loss) == pytest.approx((1 / 219, math.log(219)))
    uneven = np.array([0] * 6 + [2] * 2)
    assert Chance.of(uneven).accuracy == 0.75
    assert Chance.of(uneven).loss == pytest.approx(stats.entropy([6, 2]))


def test_the_mean_over_runs_is_students() -> None:
    values = np.array([0.5, 0.7, 0.75])
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    found = over_runs(values)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert (found.freedom, over_runs(values[:1]).low) == (2, 0.5)


@pytest.mark.parametrize("runs", [1, 3])
def test_no_gap_is_rarely_called_one(runs: int) -> None:
    """Photos and runs are drawn with a mean of 0.6, which is the training accuracy too."""
    generator = np.random.default_rng(4)
    photos, repetitions, called = 100, 400, 0
    base = of_hits({"a": [1] * runs}, {"a": 1.0}, 10, 10)
    rows = table({"a": WORLD["a"]}, runs)
    rows["train_accuracy"] = 0.6
    for _ in range(repetitions):
        chances = generator.beta(1.2, 0.8, size=photos)
        hits = generator.random((runs, photos)) < chances
        ours = Ours(rows, replace(base, predicted=np.where(hits, base.true, base.true + 1)))
        (one,) = ours.experiments
        called += ours.training(one).less(ours.accuracy(one)).two_sided() <= 0.05
    # 5% and three standard deviations of so many repetitions.
    assert called / repetitions < 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)


# --- the published figures -------------------------------------------------------------------------


@functools.cache
def beside_published() -> list[Finding]:
    return findings.find(table(WORLD), outcomes(WORLD), PUBLISHED)


def published(number: int) -> str:
    return beside_published()[number - 1].published


def test_a_published_run_has_its_own_interval() -> None:
    theirs = Published(PUBLISHED, Chance(1 / 219, math.log(219)))
    (one,) = theirs.find(backbone="alexnet", augmentation="none", architecture="original")
    interval = stats.binomtest(362, 657).proportion_ci(method="wilson")
    found = theirs.accuracy(one)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert theirs.said(one) == "alexnet-none (best loss) 0.5510 of 657, 0.513 to 0.589"


def test_what_published_runs_tell_by_themselves() -> None:
    """One run each on 657 photos: what is far apart is told, what is within 5 points is not."""
    assert published(1).startswith(
        "bear it out: alexnet-none (best loss) 0.5510 of 657, 0.513 to 0.589, train"
    )
    assert published(3).startswith("bear it out: ")
    assert published(4).startswith("bear it out: ")
    assert published(5).startswith("bear it out: ")
    assert published(6).startswith("cannot tell: ")
    # What follows from others, and what no table has.
    assert published(8) == published(9) == ""


def test_published_runs_are_compared_at_the_same_point() -> None:
    """GoogLeNet's last epoch with those of others; with AlexNet's best loss its own, which is not better."""
    assert (
        "googlenet (last) 0.6058 of 657, 0.568 to 0.642, against resnet50 (last) 0.4490 of 657"
        in published(7)
    )
    assert (
        "googlenet (best loss) 0.5205 of 657, 0.482 to 0.559, against alexnet-normalize (best loss)"
        in published(7)
    )
    assert "(last) 0.6058 of 657, 0.568 to 0.642, against alexnet" not in published(7)


def test_without_published_figures_the_column_is_empty() -> None:
    assert {one.published for one in findings.find(table(WORLD), outcomes(WORLD))} == {""}


def test_published_figures_that_lack_columns_are_not_judged() -> None:
    some = PUBLISHED[["experiment", "point", "val_loss", "val_acc"]]
    missing = "backbone, architecture, augmentation, optimizer, train_loss, train_acc, val_photos"
    found = findings.find(table(WORLD), outcomes(WORLD), some)
    assert {one.published for one in found} == {f"are not judged, since their table has no column {missing}"}


@pytest.mark.parametrize(
    ("column", "value"), [("val_acc", None), ("val_acc", 55.1), ("val_acc", "0,55"), ("val_photos", 0)]
)
def test_rows_without_figures_are_not_published(column: str, value: object) -> None:
    some = PUBLISHED.astype(object)
    some.loc[some["experiment"] == "alexnet-none", column] = value
    world = {"a": WORLD["a"]}
    found = findings.find(table(world), outcomes(world), some)[0].published
    assert (
        found == "cannot tell: not published: backbone: alexnet, architecture: original, augmentation: none"
    )


# --- the files -------------------------------------------------------------------------------------


def test_the_table_round_trips(tmp_path: Path) -> None:
    found = beside_published()
    findings.write(found, tmp_path / "findings.csv")
    with (tmp_path / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["number", "conclusion", "verdict", "figures", "published"]
    read = [Finding(int(row.pop("number")), **row) for row in rows]  # type: ignore[arg-type]
    assert read == found
    assert [one.number for one in found] == list(range(1, 10))


def test_the_page_has_everything() -> None:
    found = beside_published()
    page = findings.page(found, drawn=False, weights="ImageNet's")
    assert page.startswith("# Findings\n")
    assert page.endswith("\n")
    for one in found:
        assert f"## {one.number}. {one.conclusion}\n\n**{one.verdict}**\n\n- " in page
        for part in (one.figures + "; " + one.published.partition(": ")[2]).split("; "):
            assert not part or f"- {part}\n" in page
    assert page.count("The published figures bear it out.\n\n- ") == 4


def test_the_first_line_says_that_photos_are_drawn() -> None:
    found = findings.find(table(WORLD), outcomes(WORLD))
    first = findings.page(found, drawn=True, weights="not ImageNet's").partition("\n")[0]
    assert first.startswith("The photos are drawn and the weights not ImageNet's: ")


def test_speed_is_told_and_not_judged() -> None:
    one = findings.find(table(WORLD), outcomes(WORLD))[8]
    assert one.verdict == UNTOLD
    assert one.figures.startswith("p 15.0 s an epoch, validating included, 150 training photos a second; ")


def test_an_experiment_is_called_by_its_name_and_point() -> None:
    assert str(Experiment("a", "b", "c", "d", "e")) == "a"
    assert str(Experiment("a", "b", "c", "d", "e", point="best_loss")) == "a (best loss)"
