"""Checking against the schema: its defaults, and what is no configuration at all."""

from __future__ import annotations

from typing import Any

import pytest
from configs import load, refusal, small


def test_defaults_are_filled_in() -> None:
    config = small()
    for key in ("weights", "split"):
        del config[key]
    config["weight_sources"]["none"] = {"source": "none"}
    found = load(config)
    assert found.experiments["one"].seeds == (0,)
    assert found.experiments["one"].spec.weights == "none"
    assert found.experiments["one"].spec.precision == "auto"
    assert (found.dataset.train_fraction, found.dataset.split_seed) == (0.7, 0)
    assert found.dataset.fields["size"] == [640, 480]
    assert found.experiments["resnet34"].spec.optimizer.schedule == "constant"


@pytest.mark.parametrize("config", [None, [], "text", 5], ids=repr)
def test_a_configuration_that_is_no_mapping(config: Any) -> None:
    assert "the top level" in refusal(config)
