"""The ranking of photos that are probably mislabelled."""

from __future__ import annotations

import csv
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hand_made_outcomes import of_outputs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from ablation.results import suspects
from ablation.results.outcomes import Outcomes
from ablation.results.suspects import Suspect


def knowing(seed: int, runs: int = 3, photos: int = 12, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Outputs, runs x photos x classes, of networks that are mostly right, and the photos' labels."""
    true = np.arange(photos) % classes
    outputs = np.round(np.random.default_rng(seed).normal(0, 1.5, (runs, photos, classes)), 2)
    outputs[:, np.arange(photos), true] += 3
    return np.round(outputs, 2), true


# --- the ranking -----------------------------------------------------------------------------------


def test_it_ranks_as_cleanlab() -> None:
    """cleanlab 2.9.0's get_label_quality_scores(true, the mean of the runs' probabilities,
    method="self_confidence"), computed once in an environment of its own on these outputs. The three runs
    have 11, 10 and 11 of 12 right, so that all vote.
    """
    outputs, true = knowing(7)
    found = suspects.of(of_outputs(outputs, true))
    scores = [0.764606649, 0.887749513, 0.673613697, 0.599984728, 0.792479169, 0.880648462]
    scores += [0.835370016, 0.763664495, 0.526887078, 0.689533703, 0.976754984, 0.583583247]
    order = [8, 11, 3, 2, 9, 7, 0, 4, 6, 5, 1, 10]
    assert [one.file for one in found] == [f"{photo % 3}/{photo}.jpg" for photo in order]
    assert [one.self_confidence for one in found] == pytest.approx([scores[one] for one in order], abs=1e-7)
    assert {one.runs for one in found} == {3}


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(4, 30), st.integers(2, 5))
def test_each_column_is_what_it_says(seed: int, runs: int, photos: int, classes: int) -> None:
    """By loops over photos and runs, from the outputs themselves."""
    outputs, true = knowing(seed, runs, photos, classes)
    outcomes = of_outputs(outputs, true)
    probabilities = special.softmax(outputs, axis=2)
    floor = Counter(true.tolist()).most_common(1)[0][1] / photos
    voting = []
    for run in range(runs):
        hits = sum(outputs[run, photo].argmax() == true[photo] for photo in range(photos))
        if stats.binomtest(int(hits), photos).proportion_ci(method="wilson").low > floor:
            voting.append(run)
    found = suspects.of(outcomes)
    assert len(found) == (photos if voting else 0)
    assert [one.self_confidence for one in found] == sorted(one.self_confidence for one in found)
    for one in found:
        photo = outcomes.files.index(one.file)
        own = [probabilities[run, photo, true[photo]] for run in voting]
        guesses = [int(outputs[run, photo].argmax()) for run in voting]
        others = Counter(guess for guess in guesses if guess != true[photo])
        assert one.true == f"class {true[photo]}"
        assert one.self_confidence == pytest.approx(sum(own) / len(own), rel=1e-5)
        assert one.wrong == pytest.approx(others.total() / len(voting))
        assert one.runs == len(voting)
        if not others:
            assert (one.taken_for, one.confidence) == (None, None)
            continue
        assert one.taken_for is not None
        taken = int(one.taken_for.removeprefix("class "))
        assert others[taken] == max(others.values())
        sure = [
            probabilities[run, photo, taken]
            for run, guess in zip(voting, guesses, strict=True)
            if guess == taken
        ]
        assert one.confidence == pytest.approx(sum(sure) / len(sure), rel=1e-5)


def test_swapped_labels_come_first() -> None:
    """Networks that know the photos, of which two are labelled as something else."""
    outputs, truth = knowing(1, runs=4, photos=60)
    given_labels = truth.copy()
    given_labels[[7, 31]] = (truth[[7, 31]] + 1) % 3
    found = suspects.of(of_outputs(outputs + 2 * np.eye(3)[truth], given_labels))
    assert {one.file.partition("/")[2] for one in found[:2]} == {"7.jpg", "31.jpg"}
    assert [one.taken_for for one in found[:2]] == [
        f"class {truth[int(one.file.partition('/')[2].removesuffix('.jpg'))]}" for one in found[:2]
    ]


@pytest.mark.parametrize(
    ("guesses", "expected"),
    [
        # More often goes before surer, surer before the first class.
        ([(1, 0.5), (1, 0.5), (2, 0.9)], (1, 0.5)),
        ([(1, 0.5), (2, 0.9)], (2, 0.9)),
        ([(2, 0.9), (1, 0.5)], (2, 0.9)),
        ([(2, 0.75), (1, 0.75)], (1, 0.75)),
        # One that is right is no guess of another class.
        ([(0, 0.9), (0, 0.8), (2, 0.5)], (2, 0.5)),
    ],
)
def test_what_a_photo_is_taken_for(guesses: list[tuple[int, float]], expected: tuple[int, float]) -> None:
    """Of the first photo; all others are right, by which each run votes."""
    true = np.arange(30) % 3
    probabilities = np.full((len(guesses), 30, 3), 0.01)
    probabilities[:, np.arange(30), true] = 0.98
    for run, (label, probability) in enumerate(guesses):
        probabilities[run, 0] = (1 - probability) / 2
        probabilities[run, 0, label] = probability
    (one,) = [one for one in suspects.of(of_outputs(np.log(probabilities), true)) if one.file == "0/0.jpg"]
    assert (one.taken_for, one.confidence) == (f"class {expected[0]}", pytest.approx(expected[1], rel=1e-6))


# --- who votes -------------------------------------------------------------------------------------


def with_hits(hits: list[int], true: np.ndarray) -> Outcomes:
    """Runs that have so many photos right, and are sure of all: the first ones of the manifest."""
    outputs = np.zeros((len(hits), len(true), 3))
    for run, its in enumerate(hits):
        guesses = np.where(np.arange(len(true)) < its, true, (true + 1) % 3)
        outputs[run, np.arange(len(true)), guesses] = 5
    return of_outputs(outputs, true)


def test_runs_at_chance_have_no_vote() -> None:
    """Of 36 photos of three classes 12 are by chance, and 18 the first whose interval is above: 0.345."""
    outcomes = with_hits([36, 12, 17, 18, 0], np.arange(36) % 3)
    assert stats.binomtest(17, 36).proportion_ci(method="wilson").low < 1 / 3
    assert stats.binomtest(18, 36).proportion_ci(method="wilson").low > 1 / 3
    assert suspects.voters(outcomes).tolist() == [True, False, False, True, False]
    without = with_hits([36, 18], np.arange(36) % 3)
    assert suspects.of(outcomes) == suspects.of(without)


def test_chance_is_the_commonest_class() -> None:
    """Of photos of which 30 of 36 are of one class, 30 right are nothing, 36 are."""
    true = np.array([0] * 30 + [1] * 3 + [2] * 3)
    assert suspects.voters(with_hits([30, 36], true)).tolist() == [False, True]


def test_who_votes_is_said() -> None:
    true = np.arange(36) % 3
    assert suspects.voting(with_hits([36, 20], true)) == "suspects.csv ranks photos by 2 of 2 runs"
    assert suspects.voting(with_hits([36, 12], true)) == (
        "suspects.csv ranks photos by 1 of 2 runs; "
        "of the others none is told from always guessing the commonest class"
    )
    none = with_hits([12, 12], true)
    assert suspects.of(none) == []
    assert suspects.voting(none).startswith("suspects.csv names no photo: none of the 2 runs is told from")


# --- the file --------------------------------------------------------------------------------------


def test_the_table_round_trips(tmp_path: Path) -> None:
    rows = [
        Suspect("a, b/1.jpg", 'the "iris"', "été", 1e-17, 1 / 3, 1.0, 4),
        Suspect("two\nlines.jpg", "lily", None, 0.1 + 0.2, None, 0.0, 4),
    ]
    suspects.write(rows, tmp_path / "suspects.csv")
    with (tmp_path / "suspects.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    names = ["file", "true", "taken_for", "self_confidence", "confidence", "wrong", "runs"]
    assert list(found[0]) == names
    read = [
        Suspect(
            row["file"],
            row["true"],
            row["taken_for"] or None,
            float(row["self_confidence"]),
            float(row["confidence"]) if row["confidence"] else None,
            float(row["wrong"]),
            int(row["runs"]),
        )
        for row in found
    ]
    assert read == rows


def test_without_a_vote_the_table_has_its_head_alone(tmp_path: Path) -> None:
    suspects.write([], tmp_path / "suspects.csv")
    assert (tmp_path / "suspects.csv").read_text(encoding="utf-8").count("\n") == 1


def test_probabilities_of_nearly_nothing_do_not_break_it() -> None:
    """exp of a logarithm below float32's smallest."""
    outputs, true = knowing(2, photos=36)
    outputs[:, 0] = [-2000.0, 2000.0, 0.0]
    first = suspects.of(of_outputs(outputs, true))[0]
    assert (first.file, first.self_confidence, first.confidence) == ("0/0.jpg", 0.0, 1.0)
    assert not math.isnan(first.wrong)
