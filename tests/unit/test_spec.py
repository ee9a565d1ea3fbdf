"""Specs as JSON: all of a spec, in one line, and always the same one."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from configs import DEFAULT, load, small
from hypothesis import given
from hypothesis import strategies as st

from ablation.spec import Optimizer, Spec

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 2**63)
PARAMETERS = st.dictionaries(st.text(), NUMBERS | st.lists(NUMBERS, max_size=3), max_size=4)
OPTIMIZERS = st.builds(
    Optimizer,
    st.text(),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.text(),
    warmup_epochs=NUMBERS,
    step_epochs=COUNTS,
    step_factor=NUMBERS,
    backbone_learning_rate=st.none() | NUMBERS,
    layer_decay=NUMBERS,
)
SPECS = st.builds(
    Spec,
    backbone=st.text(),
    architecture=st.text(),
    augmentation=st.lists(st.tuples(st.text(), PARAMETERS), max_size=3).map(tuple),
    optimizer=OPTIMIZERS,
    weights=st.text(),
    image_size=COUNTS,
    batch_size=COUNTS,
    epochs=COUNTS,
    patience=COUNTS,
    precision=st.text(),
    seed=COUNTS,
    gpus=COUNTS,
    threads=COUNTS,
    resize=st.text(),
    interpolation=st.text(),
    label_smoothing=NUMBERS,
    mixup=NUMBERS,
    cutmix=NUMBERS,
    ema_decay=NUMBERS,
    balance=st.text(),
    batch_norm=st.text(),
)


@given(spec=SPECS)
def test_a_spec_survives_json(spec: Spec) -> None:
    text = spec.to_json()
    back = Spec.from_json(text)
    assert back == spec
    assert type(back.optimizer) is Optimizer
    assert back.to_json() == text


def test_specs_survive_json() -> None:
    for config in (DEFAULT, small()):
        for found in load(config).experiments.values():
            text = found.spec.to_json()
            assert "\n" not in text
            back = Spec.from_json(text)
            assert back == found.spec
            assert back.to_json() == text


@given(spec=SPECS)
def test_json_holds_every_field(spec: Spec) -> None:
    assert json.loads(spec.to_json()) == json.loads(json.dumps(asdict(spec)))


@given(spec=SPECS)
def test_equal_specs_are_one_text(spec: Spec) -> None:
    """In whatever order the parameters of a transform were written."""
    other = tuple((name, dict(reversed(parameters.items()))) for name, parameters in spec.augmentation)
    assert replace(spec, augmentation=other).to_json() == spec.to_json()


@given(spec=SPECS)
def test_keys_are_in_order_and_the_text_is_one_line(spec: Spec) -> None:
    def ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert pairs == sorted(pairs, key=lambda pair: pair[0])
        return dict(pairs)

    text = spec.to_json()
    json.loads(text, object_pairs_hook=ordered)
    assert text.isascii()
    assert text.isprintable()


def test_a_spec_cannot_be_changed() -> None:
    spec = next(iter(load(small()).experiments.values())).spec
    with pytest.raises(AttributeError):
        spec.seed = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        spec.optimizer.momentum = 1.0  # type: ignore[misc]
