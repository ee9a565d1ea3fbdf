"""Every key of config.yaml: described, its examples are accepted, and what is beyond its range is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from configs import DEFAULT, load, refusal
from snakemake.utils import update_config

import config_keys
from ablation.study import schema
from config_keys import ENTRY, Key
from places import SCHEMA

WHOLE: dict[str, Any] = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
KEYS = list(config_keys.keys(WHOLE))
IDS = [f"{key}-{key.source}" if key.source else str(key) for key in KEYS]
# What a schema of this dialect may say; anything else is a mistake in it, such as a text without its quotes.
WORDS = {
    *("$schema", "$ref", "$defs", "title", "description", "examples", "default", "x-otherwise"),
    *("type", "enum", "enumDescriptions", "const", "pattern", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems", "uniqueItems"),
    *("properties", "additionalProperties", "propertyNames", "required", "minProperties", "maxProperties"),
    *("items", "if", "then", "else"),
}
# What an experiment or an optimizer needs besides, for an example to be accepted.
EXPERIMENT = {"name": "one", "backbone": "resnet34", "augmentation": "flip", "optimizer": "adamw"}
NEEDED: dict[str, dict[str, Any]] = {
    "step_epochs": {"schedule": "step"},
    "step_factor": {"schedule": "step", "step_epochs": 30},
    "architecture": {"backbone": "alexnet"},
    "momentum": {"optimizer": "sgd"},
}
BACKBONES = {"timm": "resnet50.a1_in1k", "package": "tf_efficientnet_lite0"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the examples' files are: at home, and in the project's folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_photos.zip").touch()
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/mine.py").write_text("EDITS = {}\n", encoding="utf-8")
    (tmp_path / "weights").mkdir()
    for backbone in ("resnet34", "resnet50"):
        (tmp_path / f"weights/{backbone}.pth").touch()


def base() -> dict[str, Any]:
    """The default configuration with a single experiment and room for every example."""
    config = copy.deepcopy(DEFAULT)
    config["recipe"] |= {"epochs": 100, "image_size": 224}
    config["experiments"] = [dict(EXPERIMENT)]
    return config


def first(part: dict[str, Any]) -> dict[str, Any]:
    """An entry with an example of each field that it needs."""
    its = part["properties"]
    return {name: config_keys.resolved(its[name], WHOLE)["examples"][0] for name in part["required"]}


def placed(key: Key, value: Any) -> dict[str, Any]:
    """A configuration that is used with a value at a key."""
    config = base()
    section, *_ = key.place
    if section == "experiments" and len(key.place) > 1:
        config["experiments"] = [{**EXPERIMENT, **NEEDED.get(key.name, {}), key.name: value}]
        return config
    inside = key.place[1:]
    entry: Any = config.setdefault(section, {}) if inside else config
    if key.source:
        entry = config[section]["one"] = first(WHOLE["$defs"][section][key.source])
        use(config, section, key.source)
        inside = inside[1:]
    elif section == "optimizers" and inside:
        needed = {"algorithm": "sgd"} if key.name == "momentum" else NEEDED.get(key.name, {})
        entry = config[section]["adamw"] = {**config[section]["adamw"], **needed}
        inside = inside[1:]
    if section in ("only", "reference"):
        config["experiments"] = DEFAULT["experiments"]
    if not inside:
        update_config(config, {section: value})
        return config
    for step in inside[:-1]:
        named = {"<weights>": "resnet50.a1_in1k", "<backbone>": "resnet34"}.get(step, step)
        entry = entry.setdefault(named, {})
    entry[inside[-1]] = value
    return config


def use(config: dict[str, Any], section: str, source: str) -> None:
    """Have the study use the entry `one` of a section."""
    if section == "datasets":
        config["dataset"] = "one"
    else:
        config["weights"] = "one"
        # timm's tags are of weights.
        network = BACKBONES.get(source, "resnet34").partition(".")[0]
        config["experiments"][0]["backbone"] = f"timm/{network}" if source == "timm" else network


# --- the schema itself -----------------------------------------------------------------------------


def parts(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of the schema that says what a value may be."""
    yield path, part
    for name, inner in part.get("properties", {}).items():
        yield from parts(inner, f"{path}/{name}")
    for name, inner in part.get("$defs", {}).items():
        # Two of the definitions are tables of definitions.
        for own, one in inner.items() if name in config_keys.BY_SOURCE else [("", inner)]:
            yield from parts(one, f"{path}/{name}/{own}")
    for word in ("items", "additionalProperties", "propertyNames", "if", "then", "else"):
        if isinstance(part.get(word), dict):
            yield from parts(part[word], f"{path}/{word}")


def test_the_schema_says_nothing_by_accident() -> None:
    found = {path: part.keys() - WORDS for path, part in parts(WHOLE)}
    assert len(found) > 200
    assert {path: words for path, words in found.items() if words} == {}


def test_no_key_is_left_out() -> None:
    """Each property in the file is a key; of what several refer to, a key for each."""
    assert {key.name for key in KEYS if len(key.place) == 1} == set(WHOLE["properties"])
    for kind in ("datasets", "weight_sources"):
        for source, its in WHOLE["$defs"][kind].items():
            found = {key.place[2] for key in KEYS if key.place[0] == kind and key.source == source}
            assert found == set(its["properties"])
    for section in ("recipe", "split"):
        its = WHOLE["properties"][section]["properties"]
        assert {key.name for key in KEYS if key.place[0] == section and len(key.place) == 2} == set(its)
    entries = WHOLE["properties"]["experiments"]["items"]["properties"]
    assert {key.name for key in KEYS if key.place[:2] == ("experiments", ENTRY)} == set(entries)
    fields = WHOLE["properties"]["optimizers"]["additionalProperties"]["properties"]
    assert {key.name for key in KEYS if key.place[0] == "optimizers" and len(key.place) == 3} == set(fields)
    assert sum(str(key).endswith("labels.file") for key in KEYS) == 4
    assert sum("overrides.<backbone>" in str(key) for key in KEYS) == 5


@pytest.mark.parametrize("key", KEYS, ids=IDS)
def test_a_key_is_described(key: Key) -> None:
    assert key.part["description"]
    assert key.part["examples"]
    # What holds if it is not given is said once.
    assert [key.required, "default" in key.part, "x-otherwise" in key.part].count(True) == 1
    assert config_keys.allowed(key)
    if "enumDescriptions" in key.part:
        assert len(key.part["enumDescriptions"]) == len(key.part["enum"])


# --- examples --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=IDS)
def test_an_example_is_accepted_and_differs_from_what_holds_without_it(key: Key) -> None:
    for example in key.part["examples"]:
        load(placed(key, example))
        assert example != key.part.get("default", key)


# --- ranges ----------------------------------------------------------------------------------------


def beyond(part: dict[str, Any]) -> Iterator[Any]:
    """Values right outside of what a part of the schema allows, and of another type."""
    step = 1 if part.get("type") == "integer" else 1e-9
    if "minimum" in part:
        yield part["minimum"] - step
    if "maximum" in part:
        yield part["maximum"] + (1 if part["maximum"] > 1e6 else max(step, part["maximum"] * step))
    for limit in ("exclusiveMinimum", "exclusiveMaximum"):
        if limit in part:
            yield part[limit]
    if "pattern" in part:
        yield from ("", "\n")
    if "enum" in part or "const" in part:
        yield "no such thing"
    if part.get("type") == "array":
        example = part["examples"][0]
        if "minItems" in part:
            yield example[: part["minItems"] - 1]
        if "maxItems" in part:
            yield [*example, *example]
        if part.get("uniqueItems"):
            yield [example[0], example[0]]
        if "minimum" in part["items"]:
            yield [part["items"]["minimum"] - 1, *example[1:]]
        if "maximum" in part["items"]:
            yield [part["items"]["maximum"] + 1, *example[1:]]
    yield None


@pytest.mark.parametrize("key", KEYS, ids=IDS)
def test_what_is_beyond_its_range_is_refused(key: Key) -> None:
    for value in beyond(key.part):
        message = refusal(replaced(key, value))
        assert key.name in message, message


def replaced(key: Key, value: Any) -> dict[str, Any]:
    """As `placed`, but not merged into what stands there."""
    if len(key.place) == 1:
        return {**base(), key.name: value}
    return placed(key, value)


NUMBERS = [key for key in KEYS if key.part.get("type") in ("integer", "number")]


@pytest.mark.parametrize("key", NUMBERS, ids=list(map(str, NUMBERS)))
def test_the_ends_of_a_range_belong_to_it(key: Key) -> None:
    """By the schema: other keys may ask for more."""
    for limit in ("minimum", "maximum"):
        if limit in key.part:
            schema.check(placed(key, key.part[limit]), SCHEMA)
