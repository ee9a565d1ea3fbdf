"""Keys given twice in a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from configs import LAUGHS
from hostile import _no_hang, outcome  # noqa: F401

from ablation.running.errors import UserError
from ablation.study import repeated_keys
from places import ROOT


def repeated(tmp_path: Path, text: str) -> Any:
    """The error with which a file of this text is refused; None if it passes."""
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return outcome(lambda: repeated_keys.refuse([path]))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: 1\nb: 2\na: 3\n", ["lines 1 and 3", "'a'"]),
        ("recipe: {epochs: 1, epochs: 2}", ["line 1", "'epochs'"]),
        ("recipe:\n  epochs: 1\n  'epochs': 2\n", ["lines 2 and 3", "'epochs'"]),
        ("x:\n- {}\n- a: 1\n  a: 1\n", ["lines 3 and 4"]),
        ("x: &x {b: 1}\ny: {<<: *x, c: {d: 1, d: 2}}\n", ["line 2", "'d'"]),
        ('{"a": {\n\t"b": 1,\n\t"b": 2}}', ["lines 2 and 3", "'b'"]),
    ],
)
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str, parts: list[str]) -> None:
    error = repeated(tmp_path, text)
    assert isinstance(error, UserError)
    assert str(error).startswith(f"config: {tmp_path / 'config.yaml'}, ")
    assert all(part in str(error) for part in parts), str(error)


@pytest.mark.parametrize("path", [ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")], ids=str)
def test_no_key_of_ours_is_given_twice(path: Path) -> None:
    repeated_keys.refuse([path])


@pytest.mark.parametrize(
    "text",
    [
        *("", "- a\n- a\n", "{a: 1, b: {a: 2}}", "x: &a [*a, *a]\ny: *a\n", "a: 1\n'1': 2\n1: 3\n"),
        *(
            "a: [",
            "a: \x00",
            "[" * 5000,
            "a: !!python/object/apply:os.system [touch pwned]",
            "\n".join(LAUGHS),
        ),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_holds_no_repeated_key_passes(tmp_path: Path, text: str) -> None:
    assert repeated(tmp_path, text) is None
    (tmp_path / "config.yaml").write_bytes(b"a: \xff")
    repeated_keys.refuse([tmp_path / "config.yaml", tmp_path / "nowhere.yaml", tmp_path])
