"""Judgements and comparisons of experiments from photo x run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from made_outcomes import EMPTY, families, outcomes
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from ablation.results import comparing, judging
from ablation.results.outcomes import Outcomes


def test_one_run_has_wilsons_interval() -> None:
    found = outcomes({"a": 0.7, "b": 0.4})
    row = judging.judged(found, "validation").loc["a"]
    hits = int(found.right("a").sum())
    low, high = proportion_confint(hits, 100, method="wilson")
    assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx((low, high))
    assert (row["accuracy"], row["interval"], row["photos"]) == (hits / 100, "wilson", 100)
    assert pd.isna(row["accuracy_sd"])


def test_several_runs_have_their_deviation() -> None:
    found = outcomes({"a": 0.7, "b": 0.4}, seeds=4)
    row = judging.judged(found, "validation").loc["a"]
    assert row["accuracy_sd"] == pytest.approx(np.std(found.right("a").mean(axis=0), ddof=1))
    assert row["interval"] == "crossed"
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]


def test_the_best_alone_is_corrected_and_the_far_worse_is_out() -> None:
    table = judging.judged(outcomes({"a": 0.7, "b": 0.68, "c": 0.2}, photos=200), "validation")
    assert table["could_be_best"].tolist() == ["yes", "yes", "no"]
    assert table["p_best"].sum() == pytest.approx(1)
    best = table["accuracy"].idxmax()
    assert table["corrected_accuracy"].notna().tolist() == [name == best for name in table.index]
    assert table.loc[best, "corrected_accuracy"] < table.loc[best, "accuracy"]


def test_the_same_data_give_the_same_table() -> None:
    tables = [judging.judged(outcomes({"a": 0.6, "b": 0.5}, 3), "test") for _ in range(2)]
    pd.testing.assert_frame_equal(*tables)


def test_of_one_experiment_nothing_was_chosen() -> None:
    row = judging.judged(outcomes({"a": 0.7}), "test").iloc[0]
    assert (row["could_be_best"], row["p_best"]) == ("yes", 1)
    ends = ["accuracy", "accuracy_low", "accuracy_high"]
    corrected = ["corrected_accuracy", "corrected_low", "corrected_high"]
    assert row[corrected].tolist() == row[ends].tolist()


def test_without_runs_there_is_nothing() -> None:
    nothing = judging.judged(EMPTY, "validation")
    assert nothing.empty
    assert list(nothing.columns) == list(judging.COLUMNS)


def test_the_test_set_judges_where_there_is_one() -> None:
    one = outcomes({"a": 0.5})
    assert judging.chosen(one, EMPTY) == (one, "validation")
    assert judging.chosen(EMPTY, one) == (one, "test")


def test_each_is_compared_with_what_it_builds_on() -> None:
    found = outcomes({"none": 0.6, "flip": 0.8, "gray": 0.3})
    ladder = ["augmentation", ["none", "flip", "gray"], [["flip", "none"], ["gray", "flip"]]]
    first, second = comparing.compared(found, "validation", families(ladder))
    assert [(one.experiment, one.reference) for one in (first, second)] == [
        ("flip", "none"),
        ("gray", "flip"),
    ]
    for one in (first, second):
        better, worse = found.right(one.experiment)[:, 0], found.right(one.reference)[:, 0]
        wins, losses = int((better & ~worse).sum()), int((~better & worse).sum())
        assert (one.wins, one.losses, one.photos, one.runs) == (wins, losses, 100, 1)
        assert one.difference == pytest.approx(better.mean() - worse.mean())
        assert one.p == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)
    holm = multipletests([first.p, second.p], method="holm")[1]
    assert [first.p_holm, second.p_holm] == pytest.approx(list(holm))


def test_without_one_the_best_is_the_reference() -> None:
    found = outcomes({"a": 0.4, "b": 0.9, "c": 0.6})
    rows = comparing.compared(found, "validation", families(["backbone", ["a", "b", "c"], None]))
    assert [(one.experiment, one.reference) for one in rows] == [("a", "b"), ("c", "b")]
    assert comparing.compared(found, "validation", families(["backbone", ["a", "b"], []])) == []


def test_each_kind_is_a_family_of_its_own() -> None:
    found = outcomes({"a": 0.4, "b": 0.9})
    both = [[varies, ["a", "b"], [["a", "b"]]] for varies in ("augmentation", "backbone")]
    alone = comparing.compared(found, "test", families(both[0]))
    assert [one.p_holm for one in comparing.compared(found, "test", families(*both))] == [alone[0].p] * 2


def test_experiments_without_runs_take_no_part() -> None:
    rows = comparing.compared(
        outcomes({"a": 0.4, "b": 0.9}),
        "test",
        families(["augmentation", ["a", "x"], [["a", "x"], ["x", "b"]]]),
    )
    assert rows == []
    assert comparing.table(rows).empty


def test_runs_of_the_seeds_that_both_have_are_compared() -> None:
    several = outcomes({"a": 0.5, "b": 0.5}, seeds=3)
    found = Outcomes(**{**vars(several), "seeds": [0, 1, 2, 2, 5, 1]})
    first, second = comparing.same_seeds(found, "a", "b")
    assert first.shape == second.shape == (100, 2)
    np.testing.assert_array_equal(first, several.right("a")[:, 1:])
    # Seed 1, then seed 2, as of the other.
    np.testing.assert_array_equal(second, several.right("b")[:, [2, 0]])
