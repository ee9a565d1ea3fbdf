"""Names that files and Snakemake can have, and those that they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from configs import load, one, refusal, small

BAD_NAMES = ["../x", "A", "a..b", "", "a/b", "a b", "-a", ".a", "a\n", "é", "a" * 101, 5, None, True, ["a"]]


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_experiments_need_names_that_files_can_have(name: Any) -> None:
    message = refusal(one(name=name))
    assert "experiments[0].name" in message
    assert repr(name) in message


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name.__hash__], ids=repr)
@pytest.mark.parametrize("section", ["datasets", "weight_sources", "optimizers", "augmentations"])
def test_sections_need_names_that_files_can_have(section: str, name: Any) -> None:
    config = small()
    config[section][name] = next(iter(config[section].values()))
    message = refusal(config)
    assert section in message
    assert repr(name) in message


@pytest.mark.parametrize("name", ["a", "0", "a-b_c.d", "x" * 99 + "y"])
def test_names_that_files_can_have(name: str) -> None:
    assert list(load(one(name=name)).experiments) == [name]


@pytest.mark.parametrize("name", ["x" * 20, "a-" + "bc" * 20])
def test_names_that_snakemake_takes_for_a_loop(name: str) -> None:
    assert "experiments[0]" in refusal(one(name=name))
    for section in ("datasets", "weight_sources"):
        config = small()
        config[section][name] = config[section].pop(next(reversed(config[section])))
        assert name in refusal(config)


def test_long_file_names_give_names_that_files_can_have(tmp_path: Path) -> None:
    loop, path = tmp_path / f"{'x' * 240}.zip", tmp_path / f"{'x' * 99}y{'z' * 100}.zip"
    for file in (loop, path):
        file.write_bytes(b"")
    assert load(small(dataset=str(path))).dataset.name == "x" * 99 + "y"
    assert "for a loop" in refusal(small(dataset=str(loop)))


def test_names_made_of_many_values_still_fit_a_file() -> None:
    long = {f"{letter}{'x9' * 40}{letter}": [] for letter in "abc"}
    config = one(augmentation=list(long), optimizer=["sgd", "adamw"], name="n" + "x9" * 40 + "n")
    config["augmentations"] |= long
    assert list(load(config).experiments)
    config["experiments"][0]["weights"] = ["start", "w" + "x9" * 40 + "w"]
    config["weight_sources"]["w" + "x9" * 40 + "w"] = {"source": "none"}
    assert "at most 200" in refusal(config)


@pytest.mark.parametrize("key", [None, 3, True, 1.5])
def test_a_backbone_whose_name_is_no_text(key: Any) -> None:
    config = small()
    config["weight_sources"]["learned"]["overrides"] = {key: {"epochs": 3}}
    where = "config: weight_sources.learned.overrides"
    assert refusal(config).startswith(f"{where} is '{key}', no known backbone; ")
