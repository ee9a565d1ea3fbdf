"""Configurations broken at random: each is refused in one line, or its names and words are safe."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Callable
from typing import Any

from configs import DEFAULT, load, small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablation.running.errors import UserError
from ablation.spec import Spec
from ablation.study import study

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [0, 1, 63, 2**63, 10**400, 2**12_000, "1e-3", "alexnet", "drawn", "none", "x" * 100_000]
    )
    | st.sampled_from(
        ["", " ", "a\nb", "a\0b", "\ud800", "~x/y.zip", "x" * 300, "../../x", "-rf", "; touch pwned"]
    )
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.sets(st.integers(), max_size=2)
    | st.tuples(st.integers())
)
KEYS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["source", "path", "name"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def containers(value: Any) -> list[Any]:
    """Every mapping and list of a configuration, itself included."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, (dict, list)) else []
    return own + [found for each in inner for found in containers(each)]


def mutate(config: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Delete, replace or insert something somewhere."""
    target = draw(st.sampled_from(containers(config)))
    places = list(target) if isinstance(target, dict) else list(range(len(target)))
    actions = ["delete", "replace", "insert", "copy", "repeat", "rename"]
    action = draw(st.sampled_from(actions)) if places else "insert"
    if action == "insert":
        value = draw(VALUES)
        if isinstance(target, dict):
            target[draw(KEYS)] = value
        else:
            target.insert(draw(st.integers(0, len(target))), value)
        return
    place = draw(st.sampled_from(places))
    if action == "delete":
        del target[place]
    elif action == "replace":
        target[place] = draw(VALUES)
    elif action == "rename" and isinstance(target, dict):
        target[draw(KEYS | st.sampled_from(places))] = target.pop(place)
    elif action == "repeat" and isinstance(target, list):
        target += [copy.deepcopy(target[place])] * draw(st.sampled_from([1, 2, 5000]))
    else:
        target[place] = copy.deepcopy(draw(st.sampled_from(containers(config))))


def check_names(found: study.Study) -> None:
    """Whatever is accepted has names that stay in their folders and words that a shell takes as they are."""
    for run in found.runs():
        assert re.fullmatch(r"[a-z0-9][a-z0-9._+-]{0,199}/seed[0-9]+", run)
        assert ".." not in run
    for name in (*found.datasets, *found.weight_sources):
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name)
        assert ".." not in name
    for one in found.datasets.values():
        values = {key: value for key, value in one.fields.items() if f"--{key}" in one.arguments()}
        words = re.sub(r"(--\w+)=", r"\1 ", " ".join(shlex.split(one.arguments()))).split(" ")
        expected = [
            word
            for key, value in sorted(values.items())
            for word in (f"--{key}", *map(str, value if isinstance(value, list) else [value]))
        ]
        assert words == (expected or [""])
        assert set(one.fields) - set(values) <= {"path", "published", "unpacked_gb"}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(1, 3), st.sampled_from([small(), small(), DEFAULT]))
def test_a_broken_configuration_is_a_user_error(
    data: st.DataObject, mutations: int, whole: dict[str, Any]
) -> None:
    config = copy.deepcopy(whole)
    for _ in range(mutations):
        mutate(config, data.draw)
    message = ""
    try:
        found = load(config)
    except UserError as error:
        message = str(error)
    else:
        found.table()
        found.datasets_from("drawn", "local")
        check_names(found)
        for experiment in found.experiments.values():
            text = experiment.spec.to_json()
            assert Spec.from_json(text).to_json() == text
            assert "NaN" not in text
            assert "Infinity" not in text
    assert len(message.splitlines()) <= 1
    assert len(message) < 5000
