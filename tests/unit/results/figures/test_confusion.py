"""The confusion matrix: its counts, the order of its classes, and the pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from ablation.results.figures import confusion
from ablation.results.figures.confusion import Pair
from ablation.results.figures.evaluated import Guess

NAMES = ["rose", "lily", "iris", "$5 or $10", "zinnia"]
GUESSES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=40)


def guesses(pairs: list[tuple[str, str]]) -> list[Guess]:
    return [Guess(f"{k}.jpg", true, predicted, 0.5) for k, (true, predicted) in enumerate(pairs)]


@given(GUESSES)
def test_counts_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    true, predicted = zip(*pairs, strict=True)
    expected = confusion_matrix(true, predicted, labels=NAMES)
    np.testing.assert_array_equal(confusion.matrix(guesses(pairs), NAMES), expected)


def test_no_photo_gives_no_count() -> None:
    assert not confusion.matrix([], NAMES).any()


@given(GUESSES)
def test_the_most_confused_classes_are_neighbours(pairs: list[tuple[str, str]]) -> None:
    counts = confusion.matrix(guesses(pairs), NAMES)
    order = confusion.neighbours(counts)
    assert sorted(order) == list(range(len(NAMES)))
    both = np.triu(counts + counts.T, k=1)
    if both.any():
        one, other = np.unravel_index(both.argmax(), both.shape)
        assert abs(order.index(int(one)) - order.index(int(other))) == 1


def test_classes_that_nobody_confuses_stay_in_their_order() -> None:
    assert confusion.neighbours(np.diag([3, 1, 2])) == [0, 1, 2]
    counts = np.diag([3, 3, 3, 3])
    counts[3, 1] = 1
    assert confusion.neighbours(counts) == [0, 1, 3, 2]


def test_the_order_of_pairs() -> None:
    pairs = [
        *([("lily", "rose")] * 2 + [("lily", "lily")] * 3),
        *([("rose", "iris")] * 2 + [("rose", "rose")]),
        *([("iris", "lily"), ("iris", "rose")]),
        *([("zinnia", "iris")] * 4),
    ]
    assert confusion.most_confused(confusion.matrix(guesses(pairs), NAMES), NAMES) == [
        Pair("zinnia", "iris", 4, 4),
        # Of ties the class with fewer photos, then the first by labels.
        Pair("rose", "iris", 2, 3),
        Pair("lily", "rose", 2, 5),
        Pair("iris", "rose", 1, 2),
        Pair("iris", "lily", 1, 2),
    ]


def test_no_more_pairs_than_have_room() -> None:
    many = [f"c{k}" for k in range(219)]
    counts = confusion.matrix(guesses([(name, many[k - 1]) for k, name in enumerate(many)]), many)
    assert len(confusion.most_confused(counts, many)) == confusion.MOST_PAIRS == 15


def test_one_photo_can_be_seen() -> None:
    """Beside cells of many photos that of a single one has a colour, and more photos have more of it."""
    shades = confusion.shaded(np.array([1, 2, 50]), 50, "#D55E00")
    lightness = shades @ (0.299, 0.587, 0.114)
    assert lightness[0] < 0.85
    assert (np.diff(lightness) < 0).all()
    np.testing.assert_allclose(confusion.shaded(np.array([1]), 1, "#D55E00"), [[0xD5 / 255, 0x5E / 255, 0]])
