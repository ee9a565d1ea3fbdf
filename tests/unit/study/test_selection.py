"""Some experiments of a study: by name or pattern, as fnmatch has them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from configs import load, refusal, small
from hypothesis import given
from hypothesis import strategies as st

from ablation.study.selection import part, selected

NAMES = ["one", "resnet34", "googlenet"]


@pytest.mark.parametrize(
    ("only", "names"),
    [(["one"], ["one"]), (["*net*"], NAMES[1:]), (["google*", "one"], ["one", "googlenet"]), (["*"], NAMES)],
)
def test_experiments_keep_their_order(only: list[str], names: list[str]) -> None:
    study = load(small(only=only))
    assert list(study.experiments) == names
    assert study.name.startswith("default-part-")
    assert not study.whole


def test_each_part_has_a_name_of_its_own() -> None:
    """So that its tables lie apart from those of another part."""
    assert load(small(only=["one", "googlenet"])).name == "default-part-one+googlenet"
    assert re.fullmatch("default-part-_net_-[0-9a-f]{6}", load(small(only=["*net*"])).name)
    patterns = st.lists(st.text("ab[]*?+-_", min_size=1, max_size=40), min_size=1)

    @given(patterns, patterns)
    def apart(one: list[str], other: list[str]) -> None:
        assert (part(one) == part(other)) == ("+".join(one) == "+".join(other))
        assert re.fullmatch(r"-part-[a-z0-9_.+-]{1,67}", part(one))

    apart()


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
