"""Hostile configurations: an end in one line, and an end at all."""

from __future__ import annotations

import pytest
import yaml
from configs import load
from hostile import _no_hang, outcome, refused  # noqa: F401
from hypothesis import given, settings
from hypothesis import strategies as st

from ablation.study import repeated_keys


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40) | st.text("ab:{}[],&*- \n\t'\"#|>!?", max_size=40))
def test_any_text_as_a_configuration_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(text, encoding="utf-8")
    outcome(lambda: repeated_keys.refuse([path]))
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        return
    refused(lambda: load(config), "config: ")
