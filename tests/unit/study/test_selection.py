"""Some experiments of a study: by name or pattern, as fnmatch has them."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from configs import load, refusal, small
from hypothesis import given
from hypothesis import strategies as st

from ablation.study.selection import selected

NAMES = ["one", "resnet34", "googlenet"]


@pytest.mark.parametrize(
    ("only", "names"),
    [(["one"], ["one"]), (["*net*"], NAMES[1:]), (["google*", "one"], ["one", "googlenet"]), (["*"], NAMES)],
)
def test_experiments_keep_their_order(only: list[str], names: list[str]) -> None:
    study = load(small(only=only))
    assert list(study.experiments) == names
    assert study.name == "default-part"
    assert not study.whole


def test_all_without() -> None:
    assert list(load(small()).experiments) == NAMES
    assert load(small()).whole


def test_what_is_called_as_no_experiment_is_refused() -> None:
    assert "only is 'on', no known experiment; did you mean 'one'?" in refusal(small(only=["on"]))
    assert "only is 'vgg*', no known pattern of experiments; one of: one" in refusal(
        small(only=["one", "vgg*"])
    )


@given(st.lists(st.text("ab[]*?-", min_size=1), min_size=1, unique=True), st.text("ab[]*?-", min_size=1))
def test_a_name_always_selects_its_experiment(names: list[str], pattern: str) -> None:
    experiments = {name: name for name in names}
    for name in names:
        assert name in selected(experiments, [name])
    expected = [name for name in names if fnmatchcase(name, pattern) or name == pattern]
    if expected:
        assert list(selected(experiments, [pattern])) == expected
