"""The answer says what the tables say: each of its figures is in one of them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_outcomes import EMPTY, families, outcomes

from ablation.results import answering, comparing, judging
from ablation.results.outcomes import Outcomes

LADDER = ["none", "flip", "rotate", "gray"]
RUNGS = families(["augmentation", LADDER, [list(pair) for pair in zip(LADDER[1:], LADDER, strict=False)]])
FIGURE = re.compile(r"\d[\d,]*\.?\d*")


def told(
    found: Outcomes, text: str = RUNGS, judged_on: str = "validation"
) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """An answer with the two tables that it is made of."""
    judged = judging.judged(found, judged_on)
    seeds = max(found.seeds, default=0) + 1
    summary = judged.rename_axis("experiment").reset_index().assign(seeds=seeds)
    comparisons = comparing.table(comparing.compared(found, judged_on, text))
    return answering.answer(summary, comparisons), summary, comparisons


def test_a_clear_winner() -> None:
    text, summary, _ = told(outcomes(dict(zip(LADDER, (0.2, 0.25, 0.3, 0.95), strict=True)), photos=400))
    best = summary.set_index("experiment").loc["gray"]
    corrected = [best[f"corrected_{name}"] for name in ("accuracy", "low", "high")]
    first, *rest = text.splitlines()
    expected = "right of {:.2f} of new photos (95% interval {:.2f} to {:.2f})".format(*corrected)
    reached = f"Here it reached {best['accuracy']:.2f}, and was chosen for that."
    assert first == f"Take gray: expect it to be {expected}. {reached}"
    assert rest[0] == "None of the others is as good."
    assert any(line.startswith("gray is better than rotate (+0.") for line in rest)
    assert text.endswith("more (seeds=3) tell what to expect when it is trained again.\n")


def test_noise_is_called_so() -> None:
    text, _, comparisons = told(outcomes(dict.fromkeys(LADDER, 0.5), seeds=3))
    assert "Nothing can be said of flip, rotate and gray: " in text
    assert "is better" not in text
    assert "is worse" not in text
    assert "may be as good." in text
    assert (comparisons["p_holm"] > 0.05).all()
    assert "3 runs of each of 4 experiments." in text
    assert "One run tells" not in text


@given(st.lists(st.floats(0.05, 0.95), min_size=4, max_size=4), st.integers(1, 3), st.integers(0, 99))
def test_every_figure_is_in_the_tables(accuracies: list[float], seeds: int, seed: int) -> None:
    found = outcomes(dict(zip(LADDER, accuracies, strict=True)), seeds, photos=60, seed=seed)
    text, summary, comparisons = told(found)
    # The names hold none.
    cells = [*summary.to_numpy().ravel(), *comparisons.to_numpy().ravel()]
    numbers = [abs(cell) for cell in cells if isinstance(cell, (int, float)) and np.isfinite(cell)]
    known = {f"{number:.2f}" for number in numbers} | {f"{number:.2g}" for number in numbers}
    known |= {f"{int(number)}" for number in numbers} | {answering.rounded(int(number)) for number in numbers}
    # Of the sentences, and how many experiments there are.
    known |= {"0.001", "95", "3", str(len(summary))}
    assert {figure.rstrip(".,") for figure in FIGURE.findall(text)} <= known


def test_without_results_it_says_so() -> None:
    summary = pd.DataFrame({"experiment": ["a"], "accuracy": [np.nan]})
    text = answering.answer(summary, comparing.table([]))
    assert text == "Nothing can be said: no run has results on photos whose labels are known.\n"
    assert judging.judged(EMPTY, "test").empty


def test_of_one_experiment_there_are_no_others() -> None:
    text, _, _ = told(outcomes({"none": 0.5}))
    first, last = text.splitlines()
    assert re.fullmatch(r"Take none: expect .*\)\. Here it reached 0\.\d\d\.", first)
    assert ", 1 run of one experiment. One run tells" in last


def test_of_many_some_are_named() -> None:
    names = [f"rung{letter}" for letter in "abcdefghij"]
    text, _, _ = told(outcomes(dict.fromkeys(names, 0.5)), families(["backbone", names, None]))
    assert "Each of the other 9 may be as good." in text


@pytest.mark.parametrize(
    ("photos", "expected"), [(7, "7"), (42, "42"), (3141, "3,100"), (1955, "2,000"), (123456, "120,000")]
)
def test_numbers_of_photos_are_no_more_exact_than_they_are(photos: int, expected: str) -> None:
    assert answering.rounded(photos) == expected


@pytest.mark.parametrize(("judged_on", "words"), [("test", "of the test set"), ("folds", "has not seen it")])
def test_it_says_what_it_rests_on(judged_on: str, words: str) -> None:
    text, _, _ = told(outcomes({"none": 0.5, "flip": 0.4}), judged_on=judged_on)
    assert f"This rests on 100 photos{',' if judged_on == 'folds' else ''} " in text
    assert words in text
